"""`activenic decide`: one report, one host, one policy, one decision."""

from __future__ import annotations

import argparse
import json
import sys

from evaluator.cli.exits import OF_STATUS
from evaluator.cli.keeping import add_keeping_to, keep, refuse_keeping_without_log
from evaluator.cli.question import add_question_to, decide_on
from evaluator.decision import Decision, Status
from evaluator.text import visible

OUTPUTS = ("text", "json", "html", "name")


def add_to(parser: argparse.ArgumentParser) -> None:
    """Add what the subcommand takes."""
    parser.description = "Decide which interface of a capability report the host's address lives on."
    add_question_to(parser)
    parser.add_argument("--output", default="text", choices=OUTPUTS, help="what to print (default: text)")
    add_keeping_to(parser)
    parser.set_defaults(run=_run)


def _run(options: argparse.Namespace) -> int:
    refuse_keeping_without_log(options)
    decision = decide_on(options)
    decision_id = keep(decision, options)
    _print(decision, options.output)
    if decision_id is not None:  # a program that reads the result finds nothing else beside it
        print(f"decision: {decision_id}", file=sys.stdout if options.output == "text" else sys.stderr)
    return OF_STATUS[decision.status]


def _print(decision: Decision, output: str) -> None:
    if output == "json":
        print(json.dumps(decision.to_dict(), indent=2))
    elif output == "html":
        from evaluator.render.html import page  # noqa: PLC0415 -- only where it is shown

        print(page(decision), end="")
    elif output == "name":
        if decision.status is Status.RESOLVED:
            print(visible(decision.host_active_nic or ""))
    else:
        from evaluator.render.text import print_decision  # noqa: PLC0415 -- rich, only where it is shown

        print_decision(decision, sys.stdout)
