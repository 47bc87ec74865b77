"""Replays a record: decides again with the inputs in the record, and compares the results. Uses no network or clock.

If the versions in the record are the current versions, the recorded document and the new document must be equal byte
for byte. If a version has changed, findings and messages may differ. The answer and the candidates after each rule must
still be the same.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from enum import StrEnum
from functools import lru_cache
from typing import Any

from msgspec import Struct

from evaluator.audit.documents import SCHEMAS, document_of
from evaluator.audit.record import Json, Record, bodies_of, engine_versions, host_document, is_erased
from evaluator.base import json_values as plain
from evaluator.base.diagnostic import Diagnostic, HostNameError, QuestionError, RecordCode, RecordError, Severity
from evaluator.base.finding import Finding
from evaluator.base.schema import is_valid
from evaluator.base.source import Source
from evaluator.base.text import json_pointer, quote, visible
from evaluator.decision.decision import Decision
from evaluator.engine import Policy
from evaluator.facts.address import in_order, parse_address
from evaluator.facts.host_addresses import HostAddresses
from evaluator.names.resolution import from_resolution
from evaluator.policy.load import program_of_texts
from evaluator.report.read import read_report_text
from evaluator.report.reading import Report

_MAX_DIFFERENCES = 20
_CACHED_POLICIES = 8  # most records of a log use few policies
_ANSWER_MEMBERS = ("status", "hostActiveNic", "interface", "candidates", "owners")
_STEP_MEMBERS = ("rule", "verb", "before", "after", "hits")
_FINDINGS_PATH = ("findings",)
_NO_CHANGE = "no version has changed: the record or this installation was altered"


class ReplayClass(StrEnum):
    """The result of comparing a record with its replay; docs/log.md describes each class."""

    EQUAL = "equal"
    SAME_ANSWER = "same answer"
    ANOTHER_ANSWER = "another answer"
    NOT_COMPARABLE = "not comparable"
    DAMAGED = "damaged"


class Replay(Struct, frozen=True):
    """The outcome of a replay.

    Each text in `differences` names a place in the decision document and the two values at this place. `reasons` states
    why the decisions cannot be compared. `changes` lists the versions that have changed since the record was written.
    `decision` is the new decision; None if deciding failed.
    """

    decision_id: str
    outcome: ReplayClass
    differences: tuple[str, ...]
    reasons: tuple[str, ...]
    changes: tuple[str, ...]
    decision: Decision | None

    @property
    def is_equal(self) -> bool:
        """Whether the new decision document has the same bytes as the recorded document."""
        return self.outcome is ReplayClass.EQUAL

    @property
    def is_answer(self) -> bool:
        """Whether the new decision gives the same answer as the recorded decision."""
        return self.outcome in (ReplayClass.EQUAL, ReplayClass.SAME_ANSWER)

    def to_dict(self) -> dict[str, object]:
        """Return the outcome as JSON-ready data."""
        return {
            "schema_version": 2,
            "decision_id": self.decision_id,
            "class": str(self.outcome),
            "equal": self.is_equal,
            "differences": list(self.differences),
            "reasons": list(self.reasons),
            "changes": list(self.changes),
        }


def replay(record: Record, version: str) -> Replay:
    """Decide again and compare the decisions.

    A record that cannot be replayed does not raise an error: its result is one of the classes of `ReplayClass`.
    """
    changes = tuple(_version_changes(record.envelope["engine"], engine_versions(version)))
    if record.damage:
        reasons = tuple(problem.message for problem in record.damage)
        return Replay(record.decision_id, ReplayClass.DAMAGED, (), reasons, changes, None)
    reasons = tuple(_missing_inputs(record))
    if reasons:
        return Replay(record.decision_id, ReplayClass.NOT_COMPARABLE, (), reasons, changes, None)
    try:
        decision = decide_again(record)
    except (RecordError, HostNameError) as error:
        return Replay(record.decision_id, ReplayClass.DAMAGED, (), _messages_of(error), changes, None)
    except QuestionError as error:
        outcome = ReplayClass.ANOTHER_ANSWER if changes else ReplayClass.DAMAGED
        return Replay(record.decision_id, outcome, (), _messages_of(error), changes or (_NO_CHANGE,), None)
    return _compare_decision(record, decision, changes)


def _missing_inputs(record: Record) -> Iterator[str]:
    """Yield the reasons why a replay is impossible: masking or erasing has removed inputs."""
    envelope = record.envelope
    for body in bodies_of(envelope):
        if is_erased(envelope, body):
            yield f"the {body.name} was erased"
    if envelope.get("replayable") is False and (envelope["masked"] or envelope["erased"]):
        yield from envelope.get("not_replayable") or ["the record is marked as not replayable"]


def _messages_of(error: QuestionError) -> tuple[str, ...]:
    """Return the messages of an error, each with its place."""
    return tuple(
        f"{problem.place}: {problem.message}" if problem.place else problem.message for problem in error.diagnostics
    )


def _compare_decision(record: Record, decision: Decision, changes: tuple[str, ...]) -> Replay:
    recorded = record.envelope["result"]
    now = document_of(decision, recorded["schema_version"])
    resolution = now.pop("resolution")
    host = record.envelope["input"]["host"]
    differences = [] if _canonical(resolution) == _canonical(host["resolution"]) else ["the resolution differs"]
    remarks = plain.loads(plain.dumps(host_document(decision.host)["remarks"]))
    differences += _differences(host["remarks"], remarks, ("input", "host", "remarks"))
    differences += _differences(recorded, now, ())
    if not differences:
        outcome = ReplayClass.EQUAL
    elif not is_valid({**recorded, "resolution": None}, SCHEMAS[recorded["schema_version"]]):
        reason = "the result in the record is not a decision document"
        return Replay(
            record.decision_id, ReplayClass.DAMAGED, tuple(_truncated(differences)), (reason,), changes, decision
        )
    elif changes and _canonical(_answer_of(recorded)) == _canonical(_answer_of(now)):
        outcome = ReplayClass.SAME_ANSWER
    else:
        outcome, changes = ReplayClass.ANOTHER_ANSWER, changes or (_NO_CHANGE,)
    return Replay(record.decision_id, outcome, tuple(_truncated(differences)), (), changes, decision)


def _canonical(value: object) -> bytes:
    return plain.dumps_sorted(value)


def _answer_of(document: Mapping[str, Any]) -> Json:
    """Return the part of a document that must be equal in every version: the answer and the interfaces in the trace."""
    trace = [{key: step[key] for key in _STEP_MEMBERS} for step in document["trace"]]
    return {**{key: document[key] for key in _ANSWER_MEMBERS}, "trace": trace}


def _truncated(differences: list[str]) -> Iterator[str]:
    yield from differences[:_MAX_DIFFERENCES]
    if len(differences) > _MAX_DIFFERENCES:
        yield f"and {len(differences) - _MAX_DIFFERENCES} more"


def decide_again(record: Record) -> Decision:
    """Return the decision on the record's inputs. Raises QuestionError if an input is missing or invalid."""
    report, host = recorded_question(record)
    policy = _policy(policy_sources(record))
    return policy.decide(report, host, parameters=record.envelope["input"]["parameters"])


def recorded_question(record: Record) -> tuple[Report, HostAddresses]:
    """Return the report and the host addresses of a record.

    Raises QuestionError if the report or an address is missing or invalid.
    """
    if record.damage:
        raise RecordError(record.damage)
    if record.report is None or None in record.texts:
        raise RecordError([Diagnostic(RecordCode.ERASED, "the report or the policy of this record is missing")])
    if record.envelope.get("replayable") is False:
        reasons = record.envelope.get("not_replayable") or ["the record is marked as not replayable"]
        raise RecordError(Diagnostic(RecordCode.NOT_REPLAYABLE, reason, order=i) for i, reason in enumerate(reasons))
    inputs: Mapping[str, Any] = record.envelope["input"]
    report = read_report_text(record.report, inputs["report"]["format"], item=inputs["report"].get("item"))
    return report, host_of(inputs["host"])


def policy_sources(record: Record) -> tuple[Source, ...]:
    """Return the texts of the policy, base first; a missing text is empty.

    Raises RecordError if a text is not UTF-8.
    """
    policy = record.envelope["input"]["policy"]
    names = [text["name"] for text in policy.get("texts", [policy])]
    try:
        return tuple(Source(name, (text or b"").decode()) for name, text in zip(names, record.texts, strict=True))
    except UnicodeDecodeError:
        raise RecordError([Diagnostic(RecordCode.INVALID, "the policy of this record is not valid UTF-8")]) from None


@lru_cache(_CACHED_POLICIES)
def _policy(sources: tuple[Source, ...]) -> Policy:
    return Policy(program_of_texts(sources))


def host_of(recorded: Mapping[str, Any]) -> HostAddresses:
    """Return the host addresses of a record, from the raw DNS responses if the record has raw responses.

    Raises RecordError if the addresses are invalid, or if they differ from the addresses in the raw responses.
    """
    if recorded["resolution"] is not None:
        host = from_resolution(recorded["resolution"])
        document = host_document(host)
        if any(document[key] != recorded[key] for key in document.keys() - {"remarks"}):
            message = "the host addresses differ from those in the raw DNS responses"
            raise RecordError([Diagnostic(RecordCode.INVALID, message, "/input/host")])
        return host
    try:
        return HostAddresses(
            answers=in_order(map(parse_address, recorded["answers"])),
            asked=recorded["asked"],
            complete=recorded["complete"],
            first=None if recorded["first"] is None else parse_address(recorded["first"]),
            remarks=tuple(map(_finding, recorded["remarks"])),
            withheld=tuple(map(parse_address, recorded["withheld"])),
        )
    except ValueError as error:
        raise RecordError([Diagnostic(RecordCode.INVALID, f"invalid host address: {error}", "/input/host")]) from None


def _finding(recorded: Mapping[str, Any]) -> Finding:
    names = {key: tuple(recorded[key]) for key in ("interfaces", "addresses")}
    return Finding(**{**recorded, **names, "rule": recorded["rule"] or "", "severity": Severity(recorded["severity"])})


def _version_changes(then: Mapping[str, object], now: Mapping[str, object]) -> Iterator[str]:
    names = {
        "version": "the engine",
        "language": "the policy language",
        "reader": "the readers of reports",
        "decision_schema": "the decision document",
    }
    for key, name in names.items():
        if then.get(key) != now[key]:
            yield f"{name} had version {quote(str(then.get(key)))}, now {quote(str(now[key]))}"


def _differences(recorded: object, now: object, path: tuple[str | int, ...]) -> Iterator[str]:
    """Yield the differences between two documents, in the order of the first document."""
    if isinstance(recorded, dict) and isinstance(now, dict):
        for key in {**recorded, **now}:
            yield from _differences(recorded.get(key), now.get(key), (*path, key))
    elif path == _FINDINGS_PATH and isinstance(recorded, list) and isinstance(now, list):
        yield from _finding_differences(recorded, now)
    elif isinstance(recorded, list) and isinstance(now, list) and len(recorded) == len(now):
        for i, (then_item, now_item) in enumerate(zip(recorded, now, strict=True)):
            yield from _differences(then_item, now_item, (*path, i))
    elif recorded != now or type(recorded) is not type(now):
        yield f"at {quote(json_pointer(path) or '/')}: recorded {_quoted(recorded)}, now {_quoted(now)}"


def _finding_differences(recorded: list[Any], now: list[Any]) -> Iterator[str]:
    """Yield the findings that are in only one of the two documents. If only the order differs, yield both lists."""
    sides = (("record", recorded, now), ("new decision", now, recorded))
    changed = [(document, finding) for document, own, other in sides for finding in own if finding not in other]
    for document, finding in changed:
        text = visible(_canonical(finding).decode())  # whole: `quote` would shorten it
        yield f"at `/findings`: only in the {document}: `{text}`"
    if not changed and _canonical(recorded) != _canonical(now):
        yield f"at `/findings`: recorded {_quoted(recorded)}, now {_quoted(now)}"


def _quoted(value: object) -> str:
    return quote(plain.dumps(value).decode())
