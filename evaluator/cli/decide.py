"""`activenic decide`: decides which interface of a report has the host's address."""

from __future__ import annotations

import argparse
import sys
from typing import TYPE_CHECKING, TextIO

from evaluator.base.lazy_import import lazy_module
from evaluator.base.status import Status
from evaluator.base.text import visible
from evaluator.cli.append import add_log_options_to, append_to_log, require_log_option
from evaluator.cli.exits import EXIT_OF_STATUS
from evaluator.cli.preferences import Choice, output_choice
from evaluator.cli.question import add_question_to, decide_on
from evaluator.decision.decision import Decision
from evaluator.render.output import NO_RECORD, Output, RecordInfo, Write, output_of

if TYPE_CHECKING:
    import json
else:
    json = lazy_module("json")

OUTPUTS: tuple[Output[Write], ...] = (
    Output("text", "evaluator.render.text:print_decision"),
    Output("json", "evaluator.cli.decide:print_document"),
    Output("html", "evaluator.render.html.page:print_page"),
    Output("name", "evaluator.cli.decide:print_name"),
)


def add_to(parser: argparse.ArgumentParser) -> None:
    """Add the description and the arguments of the subcommand."""
    parser.description = "Decide which interface of a capability report has the host's address."
    add_question_to(parser)
    _output().add_to(parser)
    add_log_options_to(parser)
    parser.set_defaults(run=_run)


def _output() -> Choice:
    return output_choice(output.name for output in OUTPUTS)


def _run(options: argparse.Namespace) -> int:
    require_log_option(options)
    decision = decide_on(options)
    decision_id = append_to_log(decision, options)
    output_of(OUTPUTS, _output().of(options)).write(decision, NO_RECORD, sys.stdout)
    if decision_id is not None:  # a program that reads standard output gets only the result
        print(f"decision: {decision_id}", file=sys.stdout if _output().of(options) == "text" else sys.stderr)
    return EXIT_OF_STATUS[decision.status]


def print_document(decision: Decision, _: RecordInfo, stream: TextIO) -> None:
    """Print the decision document."""
    print(json.dumps(decision.to_dict(), indent=2), file=stream)


def print_name(decision: Decision, _: RecordInfo, stream: TextIO) -> None:
    """If the status is `resolved`, print the name of the hostActiveNic; else print nothing."""
    if decision.status is Status.RESOLVED:
        print(visible(decision.host_active_nic or ""), file=stream)
