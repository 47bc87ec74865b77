"""Runs `activenic diff --proof`: compares two policies for every host."""

from __future__ import annotations

import argparse
import sys
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path

from evaluator.cli.exits import Exit
from evaluator.cli.memory import memory_of
from evaluator.cli.policy_path import policy_path_of
from evaluator.cli.preferences import output_choice
from evaluator.cli.progress import work_progress
from evaluator.cli.written_test import name_in_test
from evaluator.engine import Policy, load_policy
from evaluator.render.differences_page import write_page
from evaluator.render.policy_differences import OUTPUTS, Write
from evaluator.verify.differences import Differences, PairDifferences, compare_policies, in_order
from evaluator.verify.memory import Resources
from evaluator.verify.policy_change import ChangeResult, changes_of
from evaluator.verify.policy_pair import PolicyPair, pairs_of
from evaluator.verify.search_pair import Policies
from evaluator.workbench.append_case import write_test
from evaluator.workbench.compare_policies import parse_for_each
from evaluator.workbench.difference_cases import difference_cases

_OUTPUTS: Mapping[str, Write] = {**OUTPUTS, "html": write_page}
_OUTPUT = output_choice(_OUTPUTS)


def run(options: argparse.Namespace) -> int:
    """Compare two policies for every host, print the result and return the exit status."""
    differences = _differences(options)
    _OUTPUTS[_OUTPUT.of(options)](differences, sys.stdout)
    if options.write_tests is not None:
        _write_tests(differences, options)
    if differences.has_change:
        return Exit.POLICY if options.exit_code else Exit.DONE
    return Exit.DONE if differences.is_settled else Exit.FAILED


def _differences(options: argparse.Namespace) -> Differences:
    search = policy_path_of(options)
    old, new = (load_policy(name, policy_path=search) for name in (options.old, options.new))
    pairs = pairs_of(old.program, new.program, *parse_for_each(options.param, old, new))
    total = sum(len(changes_of(pair)) for pair in pairs)
    with work_progress(total, options) as progress:
        resources = Resources(memory_of(options), progress.show_steps)
        compared = list(progress.count(_compared(old, new, pairs, options, resources)))
    of_pairs = (
        PairDifferences(pair, in_order(pair, [result for one, result in compared if one is pair])) for pair in pairs
    )
    return Differences(old, new, options.size, tuple(of_pairs))


def _compared(
    old: Policy, new: Policy, pairs: Sequence[PolicyPair], options: argparse.Namespace, resources: Resources
) -> Iterator[tuple[PolicyPair, ChangeResult]]:
    for pair in pairs:
        for result in compare_policies(Policies(old, new, pair), options.timeout, options.size, resources):
            yield pair, result


def _write_tests(differences: Differences, options: argparse.Namespace) -> None:
    """Append a test of the new policy for each host that shows a change."""
    path: Path = options.write_tests
    name = name_in_test(options.new, options)
    for case in difference_cases(differences):
        write_test(path, case, differences.new.program, name, policy_path_of(options))
