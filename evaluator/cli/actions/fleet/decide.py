"""Runs `activenic fleet decide`."""

from __future__ import annotations

import argparse

from evaluator.cli.actions.fleet.inputs import finish, inputs_of
from evaluator.cli.exits import Exit
from evaluator.cli.policy_path import policy_path_of
from evaluator.engine import load_policy
from evaluator.fleet.decide_files import Engine, decide_files, on_this_machine
from evaluator.fleet.rows import Asked
from evaluator.policy.parameters import parse_assignments


def run(options: argparse.Namespace) -> int:
    """Decide the questions with the processors of this machine."""
    asked = asked_of(options)
    decide_with(on_this_machine, asked, options)
    return Exit.DONE


def asked_of(options: argparse.Namespace) -> Asked:
    """Return the policy and its parameters from the arguments, and which optional columns to fill."""
    policy = load_policy(options.policy, policy_path=policy_path_of(options))
    parameters = parse_assignments(policy.program, options.param)
    return Asked(policy, parameters, options.findings, options.digest)


def decide_with(engine: Engine, asked: Asked, options: argparse.Namespace) -> None:
    """Decide the questions of the inputs with an engine, and write the result."""
    inputs = inputs_of(options)
    finish(decide_files(inputs, options.out, asked, engine), inputs, options)
