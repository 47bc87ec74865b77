"""`activenic new`: creates a policy with tests, or a test of a real report. The user then changes the new files."""

from __future__ import annotations

import argparse
from pathlib import Path

from evaluator.base.text import visible
from evaluator.cli.exits import Exit
from evaluator.cli.question import add_question_options_to, decide_on
from evaluator.cli.written_test import add_write_tests_to, policy_in_test, print_or_write
from evaluator.decision.decide import case_of
from evaluator.workbench.report_case import report_case
from evaluator.workbench.scaffold import BASES, write_new

_OF_POLICY = frozenset({"name", "base", "parser", "run"})


def add_to(parser: argparse.ArgumentParser) -> None:
    """Add the description and the arguments of the subcommand."""
    parser.description = (
        "Create a folder with a new policy, its tests and a README; the policy passes its tests. With `--test`, create "
        "a policy test that expects today's decision for a report."
    )
    name = "the name of the policy and of the folder, for example my-site"
    parser.add_argument("name", metavar="NAME", nargs="?", help=name)
    bases = "extend the policy `strict`, or start without a base policy (default: strict)"
    parser.add_argument("--from", dest="base", choices=BASES, help=bases)
    test = "instead of a policy, create a test of this report; - for standard input"
    parser.add_argument("--test", dest="report", metavar="REPORT", help=test)
    add_question_options_to(parser)
    add_write_tests_to(parser)
    parser.set_defaults(run=_run)


def _run(options: argparse.Namespace) -> int:
    is_test = options.report is not None or options.live
    if is_test == (options.name is not None):
        options.parser.error("give the NAME of a new policy, or `--test REPORT` for a new test")
    return _write_case(options) if is_test else _write_policy(options)


def _write_policy(options: argparse.Namespace) -> int:
    if any(
        value != options.parser.get_default(name) for name, value in vars(options).items() if name not in _OF_POLICY
    ):
        options.parser.error(
            "a new policy takes only NAME and `--from`; to create a test, use `--test REPORT` instead of NAME"
        )
    for path in write_new(Path(), options.name, options.base or BASES[0]):
        print(visible(str(path)))
    return Exit.DONE


def _write_case(options: argparse.Namespace) -> int:
    if options.base is not None:
        options.parser.error("`--from` cannot be used with `--test`")
    decision = decide_on(options)
    print_or_write(report_case(decision), case_of(decision).program, policy_in_test(options), options)
    return Exit.DONE
