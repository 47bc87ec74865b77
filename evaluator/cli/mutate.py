"""`activenic mutate`: makes small changes in a policy, and reports the changes that no test notices."""

from __future__ import annotations

import argparse
from collections.abc import Iterable, Sequence
from pathlib import Path

from evaluator.base.diagnostic import Diagnostic, PolicyError
from evaluator.base.shipped import shipped_path
from evaluator.base.text import quote
from evaluator.cli.effort import size_of_search
from evaluator.cli.exits import Exit
from evaluator.cli.memory import memory_of
from evaluator.cli.policy_path import add_policy_path_to, policy_path_of
from evaluator.cli.preferences import CACHE, output_choice
from evaluator.cli.progress import work_progress
from evaluator.cli.written_test import policy_in_test
from evaluator.engine import Policy, load_policy
from evaluator.policy.parameters import parse_assignments
from evaluator.policy.source.find import find_policy, shipped_names
from evaluator.policy.source.folder import TEST_SUFFIX
from evaluator.testing.case_file import PolicyCase, read_case_file
from evaluator.verify.memory import Resources
from evaluator.verify.mutants import mutants
from evaluator.workbench.append_case import write_test
from evaluator.workbench.mutate_policy import Fate, MutantResult, judge_mutants, missing_tests
from evaluator.workbench.mutation_results import OUTPUTS

_OUTPUT = output_choice(OUTPUTS)
_DESCRIPTION = (
    "Change a policy in many small ways, and run its tests for each changed policy. If no test fails for a "
    "changed policy, search the smallest host for which the changed policy and the original policy give different "
    "decisions. This host is a missing test."
)


def add_to(parser: argparse.ArgumentParser) -> None:
    """Add the description and the arguments of the subcommand."""
    parser.description = _DESCRIPTION
    parser.set_defaults(run=_run, parser=parser)
    parser.add_argument("policy", metavar="POLICY", help="a shipped policy or a policy file")
    tests = "a file with tests of the policy; may be repeated (default: NAME.test.yaml beside the policy NAME.yaml)"
    parser.add_argument("--tests", metavar="FILE", action="append", default=[], type=Path, help=tests)
    size = "search hosts with at most this number of interfaces (default: 3)"
    parser.add_argument("-n", "--size", metavar="N", type=size_of_search, default=3, help=size)
    parameter = "use this value of a parameter; by default, several values are tried; may be repeated"
    parser.add_argument("--param", metavar="NAME=VALUE", action="append", default=[], help=parameter)
    write = "append the missing tests to this file; create the file if it does not exist"
    parser.add_argument("--write-tests", metavar="FILE", type=Path, help=write)
    add_policy_path_to(parser)
    _OUTPUT.add_to(parser)
    CACHE.add_to(parser)


def _run(options: argparse.Namespace) -> int:
    search = policy_path_of(options)
    policy = load_policy(options.policy, policy_path=search)
    cases = _cases(policy, options.tests or _tests_beside(options.policy, search), search)
    parameters = parse_assignments(policy.program, options.param)
    with work_progress(sum(1 for _ in mutants(policy.program)), options) as progress:
        resources = Resources(memory_of(options), progress.show_steps)
        judged: Iterable[MutantResult] = judge_mutants(policy, cases, options.size, parameters, resources)
        results = list(progress.count(judged))
    for line in OUTPUTS[_OUTPUT.of(options)](policy, results):
        print(line)
    if options.write_tests is not None:
        name = policy_in_test(options)
        for case in missing_tests(policy, results):
            write_test(options.write_tests, case, policy.program, name, search)
    return Exit.POLICY if any(result.fate is Fate.SURVIVED for result in results) else Exit.DONE


def _tests_beside(name: str, search: Sequence[Path]) -> list[Path]:
    """Return the test file beside a policy. Raises PolicyError if it does not exist."""
    if name in shipped_names():
        shipped = shipped_path("policies", f"{name}{TEST_SUFFIX}")
        path = None if shipped is None else Path(shipped)
    else:
        source = find_policy(name, search).path
        path = None if source is None else Path(source).with_suffix(TEST_SUFFIX)
    if path is None or not path.exists():
        message, hint = f"no tests of the policy {quote(name)}", "give a test file with `--tests`"
        raise PolicyError([Diagnostic("NO_TESTS", message, hint=hint)])
    return [path]


def _cases(policy: Policy, paths: Iterable[Path], search: Sequence[Path]) -> list[PolicyCase]:
    """Return the tests of a policy in some files; tests of other policies are left out."""
    cases = (case for path in paths for case in read_case_file(path, search))
    return [case for case in cases if case.policy.digest == policy.digest]
