"""`activenic explain`: why, and why not, for every interface; of a question, or of a decision that is kept."""

from __future__ import annotations

import argparse
import json
import sys

from evaluator.cli.exits import OF_STATUS
from evaluator.cli.question import add_question_to, decide_on
from evaluator.decision import Decision

OUTPUTS = ("text", "json")


def add_to(commands: argparse._SubParsersAction[argparse.ArgumentParser]) -> None:
    """Add the subcommand."""
    parser = commands.add_parser(
        "explain",
        help="say why, and why not, for every interface",
        description="Say of every interface why it is or is not the answer, what it nearly owns, and the smallest "
        "change by which it would be the answer. Exits as decide does.",
        allow_abbrev=False,
    )
    add_question_to(parser)
    parser.add_argument("--output", default="text", choices=OUTPUTS, help="what to print (default: text)")
    parser.set_defaults(run=_run)


def _run(options: argparse.Namespace) -> int:
    decision = decide_on(options)
    _print(decision, options.output)
    return OF_STATUS[decision.status]


def _print(decision: Decision, output: str) -> None:
    if output == "json":
        document = {"schema_version": 1, "decision": decision.to_dict(), "explanation": decision.explain().to_dict()}
        print(json.dumps(document, indent=2))
    else:
        from evaluator.render.reasons import print_explanation  # noqa: PLC0415 -- rich, only where it is shown

        print_explanation(decision, sys.stdout)
