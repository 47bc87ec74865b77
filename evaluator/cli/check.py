"""`activenic check`: reports every mistake in a policy file, and the worst cost of a valid policy."""

from __future__ import annotations

import argparse
import sys
from pathlib import Path

from msgspec.structs import replace

from evaluator.base.diagnostic import Diagnostic, PolicyError, Severity, in_order
from evaluator.base.text import visible
from evaluator.cli.exits import Exit
from evaluator.cli.policy_path import add_policy_path_to, policy_path_of
from evaluator.engine import Policy, load_policy
from evaluator.policy.lint.parameter_values import warnings_of
from evaluator.policy.parameters import parse_assignments
from evaluator.policy.run.degree import worst_cost
from evaluator.policy.run.required_facts import order_words


def add_to(parser: argparse.ArgumentParser) -> None:
    """Add the description and the arguments of the subcommand."""
    parser.description = (
        "Check policies: report every mistake with its place, and the worst-case cost of each valid policy "
        "(n: number of interfaces, m: length of the longest list that does not contain interfaces)."
    )
    parser.add_argument("policies", metavar="POLICY", nargs="+", help="a policy file, or the name of a shipped policy")
    add_policy_path_to(parser)
    parser.add_argument("--strict", action="store_true", help="treat warnings as errors")
    parameter = "check the policy with this value of a parameter; may be repeated"
    parser.add_argument("--param", metavar="NAME=VALUE", action="append", default=[], help=parameter)
    parser.set_defaults(run=_run)


def _run(options: argparse.Namespace) -> int:
    status, policy_path = Exit.DONE, policy_path_of(options)
    for name in options.policies:
        policy, problems = _check(name, options.param, policy_path)
        if options.strict:
            problems = tuple(replace(problem, severity=Severity.ERROR) for problem in problems)
        for problem in problems:
            print(problem, file=sys.stderr)
        errors = sum(problem.severity is Severity.ERROR for problem in problems)
        if policy is None or errors:
            warnings = len(problems) - errors
            print(f"{visible(name)}: {_plural(errors, 'error')}, {_plural(warnings, 'warning')}")
            status = Exit.POLICY
        else:
            print(_summary(name, policy, len(problems)))
    return status


def _check(
    name: str, assignments: list[str], policy_path: tuple[Path, ...]
) -> tuple[Policy | None, tuple[Diagnostic, ...]]:
    """Return the policy (None if it is invalid) and the problems of the policy and of the parameters' values."""
    try:
        policy = load_policy(name, policy_path=policy_path)
        values = parse_assignments(policy.program, assignments)
    except PolicyError as error:
        return None, error.diagnostics
    return policy, in_order((*policy.warnings, *warnings_of(policy.program, values)))


def _summary(name: str, policy: Policy, warnings: int) -> str:
    program = policy.program
    cost = worst_cost(program)
    costliest_rules = [rule.name for rule in program.rules if rule.cost == cost]
    words = order_words(program)
    order = f"depends on order through {', '.join(words)}" if words else "independent of order"
    return (
        f"{visible(name)}: ok, {_plural(len(program.rules), 'rule')}, {_plural(warnings, 'warning')}, "
        f"worst cost {cost} ({', '.join(costliest_rules)}), {order}"
    )


def _plural(count: int, noun: str) -> str:
    return f"{count} {noun}" + "s" * (count != 1)
