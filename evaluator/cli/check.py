"""`activenic check`: reports every mistake in policies, and fixes a mistake if the intended meaning is certain."""

from __future__ import annotations

import argparse
import sys
from collections.abc import Callable, Iterator, Sequence
from functools import partial
from importlib.util import find_spec
from typing import cast

from msgspec.structs import replace

from evaluator.base.diagnostic import Diagnostic, QuestionError, Severity, in_order, require_package
from evaluator.base.lazy_import import entry
from evaluator.base.source import Source
from evaluator.base.text import visible
from evaluator.cli.check_fixes import NAME_OF_INPUT, STANDARD_INPUT, add_fixes_to, fixable, fixed, wants_fixes
from evaluator.cli.exits import Exit
from evaluator.cli.policy_path import add_policy_path_to, policy_path_of
from evaluator.cli.preferences import PROOFS, STRICT, output_choice
from evaluator.cli.problems import print_problem
from evaluator.cli.progress import with_progress
from evaluator.engine import Policy
from evaluator.policy.language.program import Program
from evaluator.policy.run.degree import worst_cost
from evaluator.policy.run.required_facts import order_words
from evaluator.policy.source.chain import PolicyChain, files_of
from evaluator.policy.source.find import LARGEST_POLICY
from evaluator.policy.source.problems import TOO_MANY_PROBLEMS
from evaluator.report.read import FORMATS
from evaluator.workbench.check_results.document import as_json, count, statistics, summary_of
from evaluator.workbench.check_results.lines import as_github, as_junit
from evaluator.workbench.check_results.sarif import as_sarif
from evaluator.workbench.check_text import Checked, check_policy, check_source, check_text
from evaluator.workbench.explanations import as_text, explanation_of
from evaluator.workbench.fix_text import Check
from evaluator.workbench.missing_words import missing_words
from evaluator.workbench.policy_files import find_policies

_DOCUMENTS: dict[str, Callable[[Sequence[Checked]], str]] = {
    "json": as_json,
    "sarif": as_sarif,
    "junit": as_junit,
    "github": as_github,
}
_OUTPUT = output_choice(("text", *_DOCUMENTS))
_PROVED_WARNINGS = "evaluator.workbench.proved_warnings:proved_warnings"  # needs the package cvc5
_DESCRIPTION = (
    "Check policies: report every mistake with its place, and the worst-case cost of each valid policy "
    "(n: number of interfaces, m: length of the longest list that does not contain interfaces)."
)


def add_to(parser: argparse.ArgumentParser) -> None:
    """Add the description and the arguments of the subcommand."""
    parser.description = _DESCRIPTION
    paths = (
        "policy files, folders of policies, globs, names of shipped policies, test files (their tests are not run), "
        "or `-` for standard input (default: this folder)"
    )
    parser.add_argument("policies", metavar="POLICY", nargs="*", default=["."], help=paths)
    add_policy_path_to(parser)
    STRICT.add_to(parser)
    parameter = "check the policy with this value of a parameter; may be repeated"
    parser.add_argument("--param", metavar="NAME=VALUE", action="append", default=[], help=parameter)
    lacks = "also report the words that have no value in reports of this format, and the effect on the rules"
    parser.add_argument("--for", dest="format", choices=tuple(one.name for one in FORMATS), help=lacks)
    PROOFS.add_to(parser)
    _OUTPUT.add_to(parser)
    parser.add_argument("--statistics", action="store_true", help="print how often each code occurs")
    explain = "print the meaning of a diagnostic code with a bad and a good example, and exit"
    parser.add_argument("--explain", metavar="CODE", help=explain)
    add_fixes_to(parser)
    parser.set_defaults(run=_run, parser=parser)


def _run(options: argparse.Namespace) -> int:
    if options.explain is not None:
        return _explain(options.explain)
    output = _OUTPUT.of(options)
    _refuse_mixed_output(options, output)
    results = [_judged(checked, options) for checked in _checks(options)]
    if output == "text":
        _print_text(results, options)
    else:
        document = _DOCUMENTS[output](results)
        print(document, end="\n" if document else "")
    return Exit.POLICY if any(checked.has_errors for checked in results) else Exit.DONE


def _explain(code: str) -> int:
    """Print the explanation of a code; an unknown code is a usage error."""
    try:
        print(as_text(explanation_of(code)), end="")
    except QuestionError as error:
        for problem in error.diagnostics:
            print_problem(problem)
        return Exit.USAGE
    return Exit.DONE


def _refuse_mixed_output(options: argparse.Namespace, output: str) -> None:
    """End the program with a usage error if standard output would get two kinds of output."""
    prints_text = options.diff or (wants_fixes(options) and STANDARD_INPUT in options.policies)
    if prints_text and output != "text":
        options.parser.error("`--diff` and fixes of standard input need `--output text`")


def _checks(options: argparse.Namespace) -> Iterator[Checked]:
    """Yield the result for each policy. With the options for fixes, this is the result after the fixes."""
    names = find_policies(options.policies)
    for name in with_progress(names, len(names), options):
        checked, check = _check(name, options)
        yield fixed(checked, check, options) if wants_fixes(options) else checked


def _check(name: str, options: argparse.Namespace) -> tuple[Checked, Check]:
    """Return the result for a policy, and a function that checks a changed text of this policy.

    The function uses the name, the file and the options of the policy. So fixes can be checked before they are written.
    """
    search, assignments = policy_path_of(options), options.param
    if name == STANDARD_INPUT:
        check = partial(check_text, name=NAME_OF_INPUT, policy_path=search, assignments=assignments)
        return check(sys.stdin.buffer.read(LARGEST_POLICY + 1)), check
    checked = check_policy(name, search, assignments)
    source, find = checked.source or Source(name, ""), files_of(search)
    return checked, lambda text: check_source(name, Source(source.name, text, source.path), find, assignments)


def _judged(checked: Checked, options: argparse.Namespace) -> Checked:
    """Return a result with the options applied.

    `--proofs` adds proved warnings. `--for` adds warnings about missing words. `--strict` changes warnings to errors.
    """
    problems: Sequence[Diagnostic] = in_order((*checked.diagnostics, *_proved(checked, options)))
    if options.format is not None and checked.policy is not None and checked.chain is not None:
        lacking = missing_words(checked.policy.program, checked.chain.source, options.format)
        problems = in_order((*problems, *lacking))
    if STRICT.of(options):
        problems = [
            replace(problem, severity=Severity.ERROR) if problem.severity is Severity.WARNING else problem
            for problem in problems
        ]
    return replace(checked, diagnostics=tuple(problems))


def _proved(checked: Checked, options: argparse.Namespace) -> tuple[Diagnostic, ...]:
    """Return the warnings that the solver proves; none if the solver is not installed or the policy has errors.

    Raises ExtraMissingError if the option `--proofs` is given and the solver is not installed.
    """
    if options.proofs:
        require_package("the option `--proofs` cannot be used", "cvc5", "verify")
    policy, chain = checked.policy, checked.chain
    if policy is None or chain is None or checked.has_errors or not PROOFS.of(options) or find_spec("cvc5") is None:
        return ()
    if any(warning.code == TOO_MANY_PROBLEMS for warning in policy.program.warnings):
        return ()  # no further problems are shown
    prove = cast("Callable[[Program, PolicyChain], tuple[Diagnostic, ...]]", entry(_PROVED_WARNINGS))
    return prove(policy.program, chain)


def _print_text(results: Sequence[Checked], options: argparse.Namespace) -> None:
    """Print problems to standard error, and a summary of each policy to standard output."""
    for checked in results:
        for problem in checked.diagnostics:
            print_problem(problem)
        if not (wants_fixes(options) and (options.diff or checked.name == NAME_OF_INPUT)):
            print(_summary(checked))
    line = "" if wants_fixes(options) else fixable(results)
    if line:
        print_problem(line)
    if options.statistics:
        for code, number in statistics(results):
            print(f"{number:5}  {code:24}  {summary_of(code)}".rstrip())


def _summary(checked: Checked) -> str:
    name = visible(checked.name)
    errors, warnings = (count(checked.diagnostics, one) for one in (Severity.ERROR, Severity.WARNING))
    if errors or not checked.is_valid:
        return f"{name}: {_plural(errors, 'error')}, {_plural(warnings, 'warning')}"
    if checked.policy is None:
        return f"{name}: ok, {_plural(checked.tests or 0, 'test')}"
    return f"{name}: ok, {_properties(checked.policy, warnings)}"


def _properties(policy: Policy, warnings: int) -> str:
    program = policy.program
    cost = worst_cost(program)
    costliest_rules = [rule.name for rule in program.rules if rule.cost == cost]
    words = order_words(program)
    order = f"depends on order because of {', '.join(words)}" if words else "independent of order"
    return (
        f"{_plural(len(program.rules), 'rule')}, {_plural(warnings, 'warning')}, "
        f"worst cost {cost} ({', '.join(costliest_rules)}), {order}"
    )


def _plural(count: int, noun: str) -> str:
    return f"{count} {noun}" + "s" * (count != 1)
