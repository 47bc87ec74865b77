"""`activenic explain`: why, and why not, for every interface; of a question, or of a decision that is kept."""

from __future__ import annotations

import argparse
import json
import os
import sys
from pathlib import Path
from typing import TextIO

from evaluator import __version__
from evaluator.audit.record import Record
from evaluator.audit.replay import replay
from evaluator.base.diagnostic import Diagnostic, RecordCode, RecordError, UnverifiedError
from evaluator.base.text import quote, visible
from evaluator.cli.exits import OF_STATUS, Exit
from evaluator.cli.policy_path import policy_path_of
from evaluator.cli.question import add_question_to, decide_on
from evaluator.cli.reading import Damage, reading
from evaluator.decision.decide import case_of
from evaluator.decision.decision import Decision
from evaluator.decision.trace import EXPLANATION_VERSION, Search
from evaluator.explain.summary import goal
from evaluator.policy.language.program import Program
from evaluator.policy.prepared import load_shipped
from evaluator.policy.source.find import find_policy, shipped_names
from evaluator.render.output import NO_RECORD, Output, RecordInfo, output_of
from evaluator.workbench.append_case import write_test
from evaluator.workbench.change_case import change_case, file_of_case

OUTPUTS: tuple[Output, ...] = (
    Output("text", "evaluator.render.reasons:print_explanation"),
    Output("json", "evaluator.cli.explain:print_document"),
    Output("html", "evaluator.render.html.page:print_page"),
)
_OF_A_RECORD = frozenset({"report", "log", "output", "change_as_test", "write_tests", "parser", "run"})


def add_to(parser: argparse.ArgumentParser) -> None:
    """Add what the subcommand takes."""
    parser.description = (
        "Say of every interface why it is or is not the answer, what it nearly owns, and the smallest "
        "change by which it would be the answer. Exits as decide does."
    )
    add_question_to(parser)
    kept = "the log or export that holds the decision; REPORT is then its id, and nothing else is asked"
    parser.add_argument("--log", metavar="FILE", type=Path, help=kept)
    names = [output.name for output in OUTPUTS]
    parser.add_argument("--output", default="text", choices=names, help="what to print (default: text)")
    test = parser.add_argument_group("a change as a policy test")
    what = "print the question by which NIC is the hostActiveNic as a policy test; 1 if no change was found"
    test.add_argument("--change-as-test", metavar="NIC", help=what)
    where = "append the test to this file, or create it, instead of printing it"
    test.add_argument("--write-tests", metavar="FILE", type=Path, help=where)
    parser.set_defaults(run=_run)


def _run(options: argparse.Namespace) -> int:
    if options.change_as_test is None and options.write_tests is not None:
        options.parser.error("`--write-tests` goes with `--change-as-test`")
    if options.change_as_test is not None and options.output != "text":
        options.parser.error("`--output` does not go with `--change-as-test`, which prints a test")
    damage = Damage()
    if options.log is None:
        decision, kept = decide_on(options), NO_RECORD
    else:
        record = _record(options, damage)
        if record.damage:
            _print_intact(record, options.output)
            return damage.status()
        decision, kept = _decided_again(record)
    if options.change_as_test is not None:
        return damage.status(_write_change(decision, options))
    output_of(OUTPUTS, options.output).write(decision, kept, sys.stdout)
    return damage.status(OF_STATUS[decision.status])


def _write_change(decision: Decision, options: argparse.Namespace) -> int:
    """Print or append the change by which an interface is the answer, as a test."""
    name: str = options.change_as_test
    try:
        found = change_case(decision, name)
    except KeyError:
        options.parser.error(f"the report has no interface {quote(name)}")
    if found is None:
        return _no_change(f"{quote(name)} is the hostActiveNic already")
    if isinstance(found, Search):
        stopped = "; the search stopped at its limit" if found is Search.GAVE_UP else ""
        return _no_change(f"no change was found by which {quote(name)} would {goal(name, decision)}{stopped}")
    case = case_of(decision)
    named = _policy_named(case.program, options)
    if options.write_tests is None:
        sys.stdout.write(file_of_case(found, named))
    else:
        write_test(options.write_tests, found, case.program, named, policy_path_of(options))
    return Exit.DONE


def _no_change(message: str) -> int:
    print(f"activenic: {message}", file=sys.stderr)
    return Exit.FAILED


def _policy_named(program: Program, options: argparse.Namespace) -> str:
    """Return how a test names the policy: a shipped one by its name, a file by its path from the test's folder."""
    if options.log is None and options.policy not in shipped_names():
        folder = Path.cwd() if options.write_tests is None else options.write_tests.parent
        path = find_policy(options.policy, policy_path_of(options)).name
        return os.path.relpath(path, folder)
    shipped = (name for name in shipped_names() if load_shipped(name).digest == program.digest)
    name = next(shipped, None)
    if name is None:
        message = "the policy of this decision is not a shipped one, so a file must stand beside the test"
        hint = "make a test of the record by `activenic record-test`"
        raise RecordError([Diagnostic(RecordCode.NOT_A_TEST, message, hint=hint)])
    return name


def _record(options: argparse.Namespace, damage: Damage) -> Record:
    """Return the record that the arguments name; UnverifiedError if it is damaged."""
    asked = {name: value for name, value in vars(options).items() if name not in _OF_A_RECORD}
    if options.report is None or any(value != options.parser.get_default(name) for name, value in asked.items()):
        options.parser.error("with `--log` give the decision's id alone: its record holds the whole question")
    with reading(options.log, damage) as log:
        entry = log.entry(options.report)
        record = log.record_of(entry)
        damage.note(entry.problems or record.damage)
        return record


def _print_intact(record: Record, output: str) -> None:
    """Print the decision as it was kept: without its report or its policy nothing can be explained."""
    if output == "json":
        document = {
            "schema_version": EXPLANATION_VERSION,
            "decision": record.envelope["result"],
            "explanation": None,
        }
        damaged = [problem.to_dict() for problem in record.damage]
        print(json.dumps({**document, "damaged": damaged}, indent=2))
        return
    result = record.envelope["result"]
    name = result["hostActiveNic"]
    print(f"{result['status']}: {'no interface' if name is None else visible(name)}")
    print("the decision cannot be explained: its record is damaged")
    for label, value in _facts(record).items():
        print(f"{label}: {visible(value)}")


def _decided_again(record: Record) -> tuple[Decision, RecordInfo]:
    """Return the decision of a record, made again, and what the record says of it; RecordError if it is broken."""
    found = replay(record, __version__)
    if found.decision is None or not found.is_answer:
        raise UnverifiedError(
            Diagnostic(
                RecordCode.UNVERIFIED, f"the record cannot be explained, its replay class is {found.outcome}: {reason}"
            )
            for reason in (*found.reasons, *found.differences)
        )
    facts = {**_facts(record), "changed since": "; ".join(found.changes) or "nothing"}
    return found.decision, RecordInfo(facts, record.envelope)


def _facts(record: Record) -> dict[str, str]:
    labels = ", ".join(f"{name}={value}" for name, value in sorted(record.envelope["labels"].items()))
    return {"decision": record.decision_id, "made": record.envelope["timestamp"], "labels": labels or "none"}


def print_document(decision: Decision, _: RecordInfo, stream: TextIO) -> None:
    """Print decision and explanation as one document."""
    document = {
        "schema_version": EXPLANATION_VERSION,
        "decision": decision.to_dict(),
        "explanation": decision.explain().to_dict(),
    }
    print(json.dumps(document, indent=2), file=stream)
