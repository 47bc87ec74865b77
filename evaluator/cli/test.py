"""`activenic test`: runs policy tests."""

from __future__ import annotations

import argparse
import sys
from pathlib import Path

from evaluator.base.diagnostic import PolicyError
from evaluator.base.text import visible
from evaluator.cli.exits import Exit
from evaluator.cli.policy_path import add_policy_path_to, policy_path_of
from evaluator.testing.run_cases import CaseResult, find_case_files, run_case_file


def add_to(parser: argparse.ArgumentParser) -> None:
    """Add the description and the arguments of the subcommand."""
    parser.description = "Run policy tests: the given files, and every *.test.yaml below the given folders."
    parser.add_argument(
        "paths", metavar="PATH", nargs="*", default=["."], help="test files or folders (default: this folder)"
    )
    add_policy_path_to(parser)
    parser.set_defaults(run=_run)


def _run(options: argparse.Namespace) -> int:
    passed = failed = broken = 0
    policy_path = policy_path_of(options)
    for path in find_case_files(map(Path, options.paths)):
        try:
            results = list(run_case_file(path, policy_path))
        except PolicyError as error:
            for diagnostic in error.diagnostics:
                print(diagnostic, file=sys.stderr)
            broken += 1
            continue
        failures = [result for result in results if not result.passed]
        passed += len(results) - len(failures)
        failed += len(failures)
        print(f"{visible(str(path))}: {len(results) - len(failures)} passed, {len(failures)} failed")
        for result in failures:
            _print_failure(result)
    print(f"{passed} passed, {failed} failed" + f", {broken} invalid files" * bool(broken))
    return Exit.POLICY if failed or broken else Exit.DONE


def _print_failure(result: CaseResult) -> None:
    print(f"  {result.case.place}: {visible(result.case.name)}")
    for difference in result.differences:
        print(f"    {difference}")
    if result.decision is not None:
        for line in result.decision.explain().summary:
            print(f"    {line}")
