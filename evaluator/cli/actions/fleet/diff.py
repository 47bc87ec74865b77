"""Runs `activenic fleet diff` for the outputs `text` and `json`."""

from __future__ import annotations

import argparse
import json

from evaluator.cli.actions.fleet.inputs import finish, inputs_of
from evaluator.cli.exits import Exit
from evaluator.cli.policy_path import policy_path_of
from evaluator.engine import load_policy
from evaluator.fleet.compare_files import (
    CompareRange,
    FleetComparison,
    RangeComparison,
    as_text,
    compare_files,
    merged,
)
from evaluator.workbench.compare_policies import parse_for_policies


def print_text(options: argparse.Namespace) -> int:
    """Print the changed answers as text."""
    for line in as_text(comparison_of(options)):
        print(line)
    return Exit.DONE


def print_json(options: argparse.Namespace) -> int:
    """Print the changed answers as JSON."""
    print(json.dumps(comparison_of(options).to_dict(), indent=2))
    return Exit.DONE


def comparison_of(options: argparse.Namespace) -> FleetComparison:
    """Compare two policies on the questions of the inputs. The arguments name the policies and the inputs."""
    policy_path = policy_path_of(options)
    old, new = (load_policy(name, policy_path=policy_path) for name in (options.old, options.new))
    parameters = parse_for_policies(options.param, old, new)

    inputs, job = inputs_of(options), CompareRange(old, new, parameters)
    results: list[RangeComparison] = []
    finish(compare_files(inputs, job, results), inputs, options)
    return merged(job, results)
