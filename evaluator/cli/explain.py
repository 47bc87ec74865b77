"""`activenic explain`: explains why each interface is or is not the answer of a new or logged decision."""

from __future__ import annotations

import argparse
import json
import sys
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import TextIO

from evaluator import __version__
from evaluator.audit.record import Record
from evaluator.audit.replay import replay
from evaluator.base.diagnostic import Diagnostic, RecordCode, RecordError, UnverifiedError
from evaluator.base.text import did_you_mean, quote, quote_all, visible
from evaluator.cli.exits import EXIT_OF_STATUS, Exit
from evaluator.cli.preferences import Choice, output_choice
from evaluator.cli.problems import print_problem
from evaluator.cli.question import add_question_to, decide_on
from evaluator.cli.reading import Damage, reading
from evaluator.cli.written_test import add_write_tests_to, policy_in_test, print_or_write
from evaluator.decision.decide import case_of
from evaluator.decision.decision import EXPLANATION_VERSION, Decision, Explanation
from evaluator.decision.trace import Search
from evaluator.explain.summary import no_change
from evaluator.policy.language.program import Program
from evaluator.policy.prepared import load_shipped
from evaluator.policy.source.find import shipped_names
from evaluator.render.explained import explained
from evaluator.render.output import NO_RECORD, Output, RecordInfo, WriteExplanation, output_of
from evaluator.workbench.change_case import change_case

OUTPUTS: tuple[Output[WriteExplanation], ...] = (
    Output("text", "evaluator.render.reasons:print_explanation"),
    Output("json", "evaluator.cli.explain:print_document"),
    Output("html", "evaluator.render.html.page:print_explanation"),
)
# JSON and HTML always have all details
_DETAILED_OUTPUTS = (Output[WriteExplanation]("text", "evaluator.render.reasons:print_details"), *OUTPUTS[1:])
# for a large host, the maximum numbers of interfaces with reasons and with changes (render/explained.py)
_LIMITS: Mapping[str, tuple[int | None, int | None]] = {"text": (1000, 40), "html": (None, 250)}
_DETAILED_LIMITS = {**_LIMITS, "text": (40, 40)}
_NO_LIMITS = (None, None)
_OPTIONS_WITH_LOG = frozenset(
    {"report", "log", "output", "interface", "all", "verbose", "change_as_test", "write_tests", "parser", "run"}
)


def add_to(parser: argparse.ArgumentParser) -> None:
    """Add the description and the arguments of the subcommand."""
    parser.description = (
        "Explain for every interface why it is or is not the hostActiveNic. List near misses too: for example, an "
        "interface that does not own the host address, but has an address in the same subnet. For every interface that "
        "is not the hostActiveNic, print the smallest change that makes it the hostActiveNic. The exit status is the "
        "same as for `decide`."
    )
    add_question_to(parser)
    log = "explain a decision of this log or export; give the id of the decision instead of REPORT"
    parser.add_argument("--log", metavar="FILE", type=Path, help=log)
    _output().add_to(parser)
    group = parser.add_argument_group("interfaces and level of detail")
    only = "explain only this interface; may be repeated"
    group.add_argument("--interface", metavar="NAME", action="append", help=only)
    group.add_argument(
        "--all",
        action="store_true",
        help="explain every interface, even if the host has many, and show for each interface which change would make "
        "it the hostActiveNic",
    )
    verbose = "print the clauses that decided, the values in them, and their places in the policy and in the report"
    group.add_argument("-v", "--verbose", action="store_true", help=verbose)
    test = parser.add_argument_group("a change as a policy test")
    change = (
        "print a policy test with the smallest change that makes NIC the hostActiveNic; exit 1 if no change was found"
    )
    test.add_argument("--change-as-test", metavar="NIC", help=change)
    add_write_tests_to(test)
    parser.set_defaults(run=_run)


def _output() -> Choice:
    return output_choice(output.name for output in OUTPUTS)


def _run(options: argparse.Namespace) -> int:
    mistakes = list(_mistakes(options))
    if mistakes:
        options.parser.error("; ".join(mistakes))
    damage = Damage()
    if options.log is None:
        decision, log_facts = decide_on(options), NO_RECORD
    else:
        record = _read_record(options, damage)
        if record.damage:
            _print_damaged(record, _output().of(options))
            return damage.status()
        decision, log_facts = _replay_decision(record)
    if options.change_as_test is not None:
        return damage.status(_write_change(decision, options))
    outputs = _DETAILED_OUTPUTS if options.verbose else OUTPUTS
    output_of(outputs, _output().of(options)).write(_explanation(decision, options), log_facts, sys.stdout)
    return damage.status(EXIT_OF_STATUS[decision.status])


def _mistakes(options: argparse.Namespace) -> Iterator[str]:
    if options.change_as_test is None and options.write_tests is not None:
        yield "`--write-tests` needs `--change-as-test`"
    if options.change_as_test is not None and options.output not in (None, "text"):
        yield "`--output` cannot be used with `--change-as-test`, which prints a test"
    if options.interface and options.all:
        yield "give either `--interface` or `--all`"


def _explanation(decision: Decision, options: argparse.Namespace) -> Explanation:
    """Return the explanation of the interfaces that the arguments select."""
    if options.all:
        return decision.explain()
    if not options.interface:
        limits = _DETAILED_LIMITS if options.verbose else _LIMITS
        return explained(decision, *limits.get(_output().of(options), _NO_LIMITS))
    by_text = _names_by_text(decision)
    unknown = [text for text in options.interface if text not in by_text]
    if unknown:
        hint = did_you_mean(unknown[0], by_text)
        options.parser.error(f"the report has no interface {quote_all(unknown)}" + f" ({hint})" * bool(hint))
    return decision.explain(interfaces=[by_text[text] for text in options.interface])


def _names_by_text(decision: Decision) -> dict[str, str]:
    """Return a mapping from each text that the user can give for an interface to the name of the interface.

    The user can give the name itself, or the name as activenic prints it, with escapes for unusual characters.
    """
    names = case_of(decision).report.facts.by_name
    return {**{visible(name): name for name in names}, **{name: name for name in names}}


def _write_change(decision: Decision, options: argparse.Namespace) -> int:
    """Print or append a policy test. The test has the changed question, for which an interface is the hostActiveNic."""
    name: str = _names_by_text(decision).get(options.change_as_test, options.change_as_test)
    try:
        change = change_case(decision, name)
    except KeyError:
        options.parser.error(f"the report has no interface {quote(name)}")
    if change is None:
        return _fail(f"{quote(name)} is the hostActiveNic already")
    if isinstance(change, Search):
        stopped = "; the search stopped at its limit" if change is Search.GAVE_UP else ""
        return _fail(f"{no_change(quote(name), is_rejected=name == decision.host_active_nic)}{stopped}")
    program = case_of(decision).program
    policy = policy_in_test(options) if options.log is None else _shipped_name(program)
    print_or_write(change, program, policy, options)
    return Exit.DONE


def _fail(message: str) -> int:
    print_problem(f"activenic: {message}")
    return Exit.FAILED


def _shipped_name(program: Program) -> str:
    """Return the name of the shipped policy in a record. Raises RecordError if the record has another policy."""
    shipped = (name for name in shipped_names() if load_shipped(name).digest == program.digest)
    name = next(shipped, None)
    if name is None:
        message = "the policy of this decision is not a shipped policy, so the test needs a file with the policy"
        hint = "create a test and its policy file with `activenic record-test`"
        raise RecordError([Diagnostic(RecordCode.NOT_A_TEST, message, hint=hint)])
    return name


def _read_record(options: argparse.Namespace, damage: Damage) -> Record:
    """Return the record that the options select. Raises UnverifiedError if the envelope of the record is damaged."""
    inputs = {name: value for name, value in vars(options).items() if name not in _OPTIONS_WITH_LOG}
    if options.report is None or any(value != options.parser.get_default(name) for name, value in inputs.items()):
        options.parser.error("with `--log`, give only the decision's id: its record contains all inputs")
    with reading(options.log, damage) as log:
        entry = log.entry(options.report)
        record = log.record_of(entry)
        damage.note(entry.problems or record.damage)
        return record


def _print_damaged(record: Record, output: str) -> None:
    """Print a recorded decision without an explanation, because the report or the policy in the record is damaged."""
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
    for label, value in _record_facts(record).items():
        print(f"{label}: {visible(value)}")


def _replay_decision(record: Record) -> tuple[Decision, RecordInfo]:
    """Return the decision that a replay gives, and notes about the record.

    Raises UnverifiedError if the record cannot be replayed, or if the replay gives another decision.
    """
    replayed = replay(record, __version__)
    if replayed.decision is None or not replayed.is_answer:
        raise UnverifiedError(
            Diagnostic(
                RecordCode.UNVERIFIED,
                f"the record cannot be explained: its replay class is {replayed.outcome}: {reason}",
            )
            for reason in (*replayed.reasons, *replayed.differences)
        )
    facts = {**_record_facts(record), "changed versions": "; ".join(replayed.changes) or "none"}
    return replayed.decision, RecordInfo(facts, record.envelope)


def _record_facts(record: Record) -> dict[str, str]:
    labels = ", ".join(f"{name}={value}" for name, value in sorted(record.envelope["labels"].items()))
    return {"decision": record.decision_id, "time": record.envelope["timestamp"], "labels": labels or "none"}


def print_document(explanation: Explanation, _: RecordInfo, stream: TextIO) -> None:
    """Print the decision and its explanation as one document."""
    document = {
        "schema_version": EXPLANATION_VERSION,
        "decision": explanation.decision.to_dict(),
        "explanation": explanation.to_dict(),
    }
    print(json.dumps(document, indent=2), file=stream)
