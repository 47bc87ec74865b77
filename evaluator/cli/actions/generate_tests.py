"""Runs `activenic test --generate`."""

from __future__ import annotations

import argparse
import sys

from evaluator.base.text import visible
from evaluator.cli.exits import Exit
from evaluator.cli.memory import memory_of
from evaluator.cli.policy_path import policy_path_of
from evaluator.cli.problems import print_problem
from evaluator.cli.progress import work_progress
from evaluator.cli.written_test import policy_in_test
from evaluator.policy.parameters import parse_assignments
from evaluator.testing.policies import Policies
from evaluator.verify.memory import Resources
from evaluator.workbench.append_case import write_test
from evaluator.workbench.generate_tests import DEFAULT_SIZE, generate_tests
from evaluator.workbench.new_case import file_of_cases


def run(options: argparse.Namespace) -> int:
    """Print or append tests of a policy."""
    policies, search = Policies(policy_path_of(options)), policy_path_of(options)
    policy = policies.load(options.policy)
    parameters = parse_assignments(policy.program, options.param)
    size = DEFAULT_SIZE if options.size is None else options.size
    with work_progress(None, options) as progress:
        resources = Resources(memory_of(options), progress.show_steps)
        generated = generate_tests(policy, policies.files(options.policy), size, parameters, resources)
    name = policy_in_test(options)
    if options.write_tests is None:
        sys.stdout.write(file_of_cases(generated.tests, name))
    else:
        for case in generated.tests:
            write_test(options.write_tests, case, policy.program, name, search)
    for sentence in generated.missing:
        print_problem(visible(sentence))
    return Exit.DONE
