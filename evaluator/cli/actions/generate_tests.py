"""Runs `activenic test --generate`."""

from __future__ import annotations

import argparse
import sys

from evaluator.base.text import visible
from evaluator.cli.exits import Exit
from evaluator.cli.policy_path import policy_path_of
from evaluator.cli.written_test import policy_in_test
from evaluator.testing.policies import Policies
from evaluator.workbench.append_case import write_test
from evaluator.workbench.generate_tests import LARGEST_HOST, generate_tests
from evaluator.workbench.new_case import file_of_cases


def run(options: argparse.Namespace) -> int:
    """Print or append tests of a policy."""
    policies, search = Policies(policy_path_of(options)), policy_path_of(options)
    policy = policies.load(options.policy)
    generated = generate_tests(policy, policies.files(options.policy), LARGEST_HOST, {})
    name = policy_in_test(options)
    if options.write_tests is None:
        sys.stdout.write(file_of_cases(generated.tests, name))
    else:
        for case in generated.tests:
            write_test(options.write_tests, case, policy.program, name, search)
    for outcome in generated.missing:
        print(f"no small host was found for {visible(outcome)}", file=sys.stderr)
    return Exit.DONE
