"""`activenic verify`: proves properties of a policy, or shows the smallest host that breaks a property."""

from __future__ import annotations

import argparse
import sys
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, TextIO

from msgspec.structs import replace

from evaluator.base.diagnostic import Diagnostic, QuestionError, require_package
from evaluator.base.shipped import shipped_path
from evaluator.base.text import did_you_mean, quote
from evaluator.cli.effort import add_effort_to
from evaluator.cli.exits import Exit
from evaluator.cli.memory import memory_of
from evaluator.cli.policy_path import add_policy_path_to, policy_path_of
from evaluator.cli.preferences import CACHE, output_choice
from evaluator.cli.progress import work_progress
from evaluator.cli.written_test import policy_in_test
from evaluator.decision.decision import Decision
from evaluator.engine import Policy, load_policy
from evaluator.policy.parameters import parse_assignments
from evaluator.policy.source.find import find_policy, shipped_names
from evaluator.render.verification import print_details, print_results
from evaluator.render.verification_document import write_document
from evaluator.render.verification_page import write_page
from evaluator.testing.case_file import PolicyCase, read_case_file
from evaluator.testing.run_cases import run_case
from evaluator.verify.memory import Resources
from evaluator.verify.property import (
    BUILT_IN,
    Claim,
    EveryClauseMatters,
    EveryRuleMatters,
    Property,
    PropertyResult,
    Refuted,
    Unchanged,
    Undecided,
)
from evaluator.verify.stated import Stated, read_stated_file
from evaluator.workbench.append_case import write_test
from evaluator.workbench.example_cases import example_cases

if TYPE_CHECKING:
    from evaluator.verify.effects import Effects
    from evaluator.verify.remembered_search import Searched

_Write = Callable[[Policy, Iterable[PropertyResult], TextIO], None]
_OUTPUTS: Mapping[str, _Write] = {"text": print_results, "json": write_document, "html": write_page}
_DETAILED_OUTPUTS: Mapping[str, _Write] = {**_OUTPUTS, "text": print_details}
_OUTPUT = output_choice(_OUTPUTS)
_DESCRIPTION = (
    "Verify a policy: prove properties of all its decisions, for hosts of every size, or find the smallest host that "
    "breaks a property."
)


def add_to(parser: argparse.ArgumentParser) -> None:
    """Add the description and the arguments of the subcommand."""
    parser.description = _DESCRIPTION
    parser.set_defaults(run=_run)
    parser.add_argument("policy", metavar="POLICY", help="a shipped policy or a policy file")
    named = "verify only the property with this name; may be repeated (default: all properties)"
    parser.add_argument("--property", metavar="NAME", dest="properties", action="append", default=[], help=named)
    tests = (
        "the test file with the claims `always` and `never` and the expected `properties` "
        "(default: NAME.test.yaml beside the policy NAME.yaml)"
    )
    parser.add_argument("--tests", metavar="FILE", type=Path, help=tests)
    add_effort_to(parser)
    parameter = "use this value of a parameter; by default, the proof is for every value; may be repeated"
    parser.add_argument("--param", metavar="NAME=VALUE", action="append", default=[], help=parameter)
    tests = "append to this file a test for each false property, with a host that breaks the property"
    parser.add_argument("--write-tests", metavar="FILE", type=Path, help=tests)
    verbose = (
        "for each counterexample, print the clauses that decided about each interface, with their values; for each "
        "clause of the policy, print a decision that changes if the clause is replaced by true or false"
    )
    parser.add_argument("-v", "--verbose", action="store_true", help=verbose)
    add_policy_path_to(parser)
    _OUTPUT.add_to(parser)
    CACHE.add_to(parser)


def _run(options: argparse.Namespace) -> int:
    require_package("the command `verify` cannot run", "cvc5", "verify")
    policy = load_policy(options.policy, policy_path=policy_path_of(options))
    stated = _stated(policy, options)
    properties = _selected(options.properties, stated)
    results: list[PropertyResult] = []
    outputs = _DETAILED_OUTPUTS if options.verbose else _OUTPUTS
    with work_progress(len(properties), options) as progress:
        resources = Resources(memory_of(options), progress.show_steps)
        verified = progress.count(_results(policy, properties, stated, options, resources))
        outputs[_OUTPUT.of(options)](policy, _collected(verified, results), sys.stdout)
    if options.write_tests is not None:
        _write_tests(policy, results, options)
    return _exit_of(results)


def _write_tests(policy: Policy, results: list[PropertyResult], options: argparse.Namespace) -> None:
    """Append the tests of all counterexamples to a file, except tests whose names are already in the file."""
    path: Path = options.write_tests
    names = {case.name for case in read_case_file(path, policy_path_of(options))} if path.exists() else set()
    for result in results:
        example = result.verdict.counterexample if isinstance(result.verdict, Refuted) else None
        for case in () if example is None else example_cases(policy, result.of, example):
            if case.test["name"] not in names:
                write_test(path, case, policy.program, policy_in_test(options), policy_path_of(options))


def _results(
    policy: Policy,
    properties: tuple[Property, ...],
    stated: Stated,
    options: argparse.Namespace,
    resources: Resources,
) -> Iterator[PropertyResult]:
    from evaluator.verify.effects import PolicyTests, parts_without_effect  # noqa: PLC0415 -- imports cvc5
    from evaluator.verify.remembered_search import search_counterexamples  # noqa: PLC0415 -- only for a search
    from evaluator.verify.verify import Settings, verify  # noqa: PLC0415 -- imports cvc5

    parameters = parse_assignments(policy.program, options.param)
    settings = Settings(parameters, options.timeout, options.size, resources)

    def search(statements: Sequence[Claim | Unchanged], size: int) -> Searched:
        return search_counterexamples(policy, statements, size, parameters, resources)

    def find_effects(statement: EveryRuleMatters | EveryClauseMatters) -> tuple[Effects, bool]:
        return parts_without_effect(policy, statement, tests, options.size, parameters, resources)

    cases = _cases(policy, options)
    tests = PolicyTests(partial(_decisions, cases), [case.question for case in cases])
    return verify(policy.program, properties, settings, search, find_effects, stated.expectations)


def _decisions(cases: Sequence[PolicyCase], policy: Policy) -> Iterator[tuple[str, Decision]]:
    """Yield the name of each test, and the decision of `policy` about the question of this test."""
    for case in cases:
        decision = run_case(replace(case, policy=policy)).decision
        if decision is not None:
            yield case.name, decision


def _cases(policy: Policy, options: argparse.Namespace) -> tuple[PolicyCase, ...]:
    """Return the tests of the policy."""
    path = _test_file(options)
    cases = () if path is None else read_case_file(path, policy_path_of(options))
    return tuple(case for case in cases if case.policy.digest == policy.digest)


def _test_file(options: argparse.Namespace) -> Path | None:
    """Return the test file of the policy; None if the policy has no test file.

    If the package activenic is in an archive, the test file of a shipped policy cannot be read. Then return None too.
    """
    if options.tests is not None:
        given: Path = options.tests
        return given
    if options.policy in shipped_names():
        shipped = shipped_path("policies", f"{options.policy}.test.yaml")
        return None if shipped is None else Path(shipped)
    path = find_policy(options.policy, policy_path_of(options)).path
    beside = None if path is None else Path(path).with_suffix(".test.yaml")
    return beside if beside is not None and beside.exists() else None


def _stated(policy: Policy, options: argparse.Namespace) -> Stated:
    """Return the claims and expectations in the test file of the policy. Empty if the policy has no test file."""
    path = _test_file(options)
    return Stated() if path is None else read_stated_file(path, policy.program)


def _selected(names: list[str], stated: Stated) -> tuple[Property, ...]:
    """Return the properties with these names. Without names, return all. Raises QuestionError if a name is unknown."""
    known = {one.name: one for one in (*BUILT_IN, *stated.properties)}
    unknown = [name for name in names if name not in known]
    if unknown:
        message = f"unknown property {quote(unknown[0])}"
        hint = did_you_mean(unknown[0], known) or f"the properties are {', '.join(known)}"
        raise QuestionError([Diagnostic("PROPERTY_UNKNOWN", message, hint=hint)])
    return tuple(known[name] for name in names) or tuple(known.values())


def _collected(results: Iterable[PropertyResult], kept: list[PropertyResult]) -> Iterator[PropertyResult]:
    for result in results:
        kept.append(result)
        yield result


def _exit_of(results: list[PropertyResult]) -> int:
    if any(not isinstance(result.verdict, Undecided) and not result.is_as_expected for result in results):
        return Exit.POLICY
    return Exit.FAILED if any(isinstance(result.verdict, Undecided) for result in results) else Exit.DONE
