"""`activenic check`: every mistake of a policy file, and the worst cost of a good one."""

from __future__ import annotations

import argparse
import sys

from evaluator.cli.exits import Exit
from evaluator.diagnostic import PolicyError, Severity
from evaluator.engine import Policy, load_policy
from evaluator.policy.asked import order_words
from evaluator.policy.cost import worst_cost
from evaluator.text import visible


def add_to(parser: argparse.ArgumentParser) -> None:
    """Add what the subcommand takes."""
    parser.description = (
        "Check policies: report every mistake with its place, and the worst cost of a good one "
        "(n: number of interfaces, m: length of the longest other list)."
    )
    parser.add_argument("policies", metavar="POLICY", nargs="+", help="a policy file, or the name of a shipped policy")
    parser.set_defaults(run=_run)


def _run(options: argparse.Namespace) -> int:
    status = Exit.DONE
    for name in options.policies:
        try:
            policy = load_policy(name)
        except PolicyError as error:
            for diagnostic in error.diagnostics:
                print(diagnostic, file=sys.stderr)
            errors = sum(diagnostic.severity is Severity.ERROR for diagnostic in error.diagnostics)
            print(f"{visible(name)}: {_plural(errors, 'error')}, {_plural(len(error.diagnostics) - errors, 'warning')}")
            status = Exit.POLICY
            continue
        for diagnostic in policy.warnings:
            print(diagnostic, file=sys.stderr)
        print(_summary(name, policy))
    return status


def _summary(name: str, policy: Policy) -> str:
    program = policy.program
    cost = worst_cost(program)
    dearest = [rule.name for rule in program.rules if rule.cost == cost]
    by_order = order_words(program)
    order = f"depends on order through {', '.join(by_order)}" if by_order else "independent of order"
    return (
        f"{visible(name)}: ok, {_plural(len(program.rules), 'rule')}, {_plural(len(policy.warnings), 'warning')}, "
        f"worst cost {cost} ({', '.join(dearest)}), {order}"
    )


def _plural(count: int, noun: str) -> str:
    return f"{count} {noun}" + "s" * (count != 1)
