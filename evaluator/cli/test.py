"""`activenic test`: runs policy tests."""

from __future__ import annotations

import argparse
import re
import sys
from collections.abc import Iterable, Iterator
from fractions import Fraction
from pathlib import Path

from evaluator.base.diagnostic import Diagnostic
from evaluator.base.processes import available_processors
from evaluator.base.text import quote_all
from evaluator.cli.action import Action
from evaluator.cli.effort import size_of_search
from evaluator.cli.exits import Exit
from evaluator.cli.policy_path import add_policy_path_to, policy_path_of
from evaluator.cli.preferences import CACHE, Switch, output_choice
from evaluator.cli.problems import print_problem
from evaluator.cli.progress import with_progress
from evaluator.cli.watch import watch_runs
from evaluator.render.output import output_of
from evaluator.render.test_results.form import COVERAGE_FORMS, FORMS, View
from evaluator.testing.outcome import Demands, FileOutcome, RunOutcome
from evaluator.testing.run_cases import find_case_files
from evaluator.testing.run_files import Selection, run_files

_STRICT = Switch("strict", default=False, help="a vacuous test is an error")
_OUTPUT = output_choice(form.name for form in FORMS)
_GENERATE = Action("evaluator.cli.actions.generate_tests:run")
_PERCENT = re.compile(r"[0-9]{1,3}(\.[0-9]{1,6})?")
_DESCRIPTION = (
    "Run policy tests: the given files, and every *.test.yaml below the given folders. For a failing test, the output "
    "names the rules that cause the failure, and the values that these rules read. A test is vacuous if it passes "
    "with almost every policy, for example because the host has no interface."
)


def add_to(parser: argparse.ArgumentParser) -> None:
    """Add the description and the arguments of the subcommand."""
    parser.description = _DESCRIPTION
    parser.add_argument(
        "paths", metavar="PATH", nargs="*", default=["."], help="test files or folders (default: this folder)"
    )
    add_policy_path_to(parser)
    run = (
        "run only the tests with this text in their name; a pattern with `*`, `?` or `[` is a glob for the whole "
        "name; may be repeated"
    )
    parser.add_argument("--run", metavar="PATTERN", dest="patterns", action="append", default=[], help=run)
    parser.add_argument("-v", "--verbose", action="store_true", help="print every test by name")
    _OUTPUT.add_to(parser)
    coverage = "measure how often each rule fired or did not fire, and how often each clause was true or false"
    parser.add_argument(
        "--coverage", action="store_true", help=f"{coverage}; not needed with `--output lcov` or `--output cobertura`"
    )
    threshold = "exit with 8 if the coverage is less than N percent; measures the coverage like --coverage"
    parser.add_argument("--threshold", metavar="N", type=_percent, help=threshold)
    _STRICT.add_to(parser)
    generate = (
        "do not run tests, but print new tests for this policy: each rule fires in one test and does not fire in "
        "another test, and each clause is true in one test and false in another test"
    )
    parser.add_argument("--generate", metavar="POLICY", dest="policy", help=generate)
    size = "with --generate, search hosts with at most this number of interfaces (default: 3)"
    parser.add_argument("-n", "--size", metavar="N", type=size_of_search, help=size)
    parameter = "with --generate, use this value of a parameter; by default, several values are tried; may be repeated"
    parser.add_argument("--param", metavar="NAME=VALUE", action="append", default=[], help=parameter)
    write = "with --generate, append the tests to this file; create the file if it does not exist"
    parser.add_argument("--write-tests", metavar="FILE", type=Path, help=write)
    CACHE.add_to(parser)
    parser.add_argument("--watch", action="store_true", help="run again when a test, policy or report changes")
    parser.set_defaults(run=_run, parser=parser)


def _percent(text: str) -> Fraction:
    if _PERCENT.fullmatch(text) and Fraction(text) <= 100:
        return Fraction(text)
    raise argparse.ArgumentTypeError("must be a number from 0 to 100")


def _run(options: argparse.Namespace) -> int:
    if options.policy is not None:
        return _GENERATE(options)
    for option, value in (("-n", options.size), ("--param", options.param), ("--write-tests", options.write_tests)):
        if value not in (None, []):
            options.parser.error(f"`{option}` needs `--generate`")
    if options.watch:
        return watch_runs(lambda: _run_once(options), options.paths, policy_path_of(options))
    return _status(_run_once(options))


def _run_once(options: argparse.Namespace) -> RunOutcome:
    """Run the tests once, print the outcome and return it."""
    output, threshold = _OUTPUT.of(options), options.threshold
    with_coverage = options.coverage or threshold is not None or output in COVERAGE_FORMS
    demands = Demands(_STRICT.of(options), with_coverage, threshold)
    selection = Selection(policy_path_of(options), tuple(options.patterns), with_coverage)
    paths = find_case_files(map(Path, options.paths))
    outcomes: list[FileOutcome] = []
    files = with_progress(run_files(paths, selection, available_processors()), len(paths), options)
    output_of(FORMS, output).write(_collected(files, outcomes), demands, View(options.verbose), sys.stdout)
    run = RunOutcome(tuple(outcomes), demands)
    if run.is_empty and not run.invalid_files:
        print_problem(Diagnostic("NO_TESTS", f"no test matches {quote_all(options.patterns)}"))
    return run


def _collected(files: Iterable[FileOutcome], outcomes: list[FileOutcome]) -> Iterator[FileOutcome]:
    """Yield the outcomes and store them; print the problems of invalid files to standard error."""
    for file in files:
        for problem in file.problems:
            print_problem(problem)
        outcomes.append(file)
        yield file


def _status(run: RunOutcome) -> int:
    return Exit.DONE if run.is_success else Exit.POLICY
