"""The option `--write-tests`: the file to which a command writes a new policy test."""

from __future__ import annotations

import argparse
import os
import sys
from pathlib import Path

from evaluator.cli.policy_path import policy_path_of
from evaluator.policy.language.program import Program
from evaluator.policy.source.find import find_policy, shipped_names
from evaluator.workbench.append_case import write_test
from evaluator.workbench.new_case import NewCase, file_of_case


def add_write_tests_to(parser: argparse._ActionsContainer) -> None:
    """Add the option `--write-tests`."""
    file = "append the test to this file instead of printing it; create the file if it does not exist"
    parser.add_argument("--write-tests", metavar="FILE", type=Path, help=file)


def print_or_write(case: NewCase, program: Program, policy: str, options: argparse.Namespace) -> None:
    """Print the test as a test file of `policy`, or append the test to the file in the option `--write-tests`."""
    if options.write_tests is None:
        sys.stdout.write(file_of_case(case, policy))
    else:
        write_test(options.write_tests, case, program, policy, policy_path_of(options))


def policy_in_test(options: argparse.Namespace) -> str:
    """Return `name_in_test` of the policy in the option `--policy`. Refuse `--policy -`, because it has no name."""
    if options.policy == "-":
        options.parser.error("a test needs the name of a policy file: `--policy -` has no name")
    return name_in_test(options.policy, options)


def name_in_test(policy: str, options: argparse.Namespace) -> str:
    """Return the value of the key `policy` in the test file: a shipped name, or a path relative to the test file."""
    if policy in shipped_names():
        return policy
    folder = Path.cwd() if options.write_tests is None else options.write_tests.parent
    return os.path.relpath(find_policy(policy, policy_path_of(options)).name, folder)
