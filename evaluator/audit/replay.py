"""A recorded decision is made again from its record alone, and compared. No network, no clock.

Where the record was made by today's versions, every byte must be the same. A record of an older version may hold
other findings or other words; its answer, and the candidates after each rule, must still be the same.
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

_MOST_DIFFERENCES = 20
_MOST_POLICIES = 8  # the records of one log are made of few
_ANSWER = ("status", "hostActiveNic", "interface", "candidates", "owners")
_OF_A_STEP = ("rule", "verb", "before", "after", "hits")
_FINDINGS = ("findings",)
_NO_CHANGE = "no version has changed since then: the record was altered, or this installation"


class ReplayClass(StrEnum):
    """How a record compares with the decision made again."""

    EQUAL = "equal"
    SAME_ANSWER = "same answer"
    ANOTHER_ANSWER = "another answer"
    NOT_COMPARABLE = "not comparable"
    DAMAGED = "damaged"


class Replay(Struct, frozen=True):
    """The outcome of a replay.

    `differences` are sentences with the place in the document, `reasons` say why there is nothing to compare, and
    `changes` which versions are not those of the record. `decision` is the one made now, None if none could be made.
    """

    decision_id: str
    outcome: ReplayClass
    differences: tuple[str, ...]
    reasons: tuple[str, ...]
    changes: tuple[str, ...]
    decision: Decision | None

    @property
    def is_equal(self) -> bool:
        """Whether the decision made now has the bytes of the one in the record."""
        return self.outcome is ReplayClass.EQUAL

    @property
    def is_answer(self) -> bool:
        """Whether the decision made now gives the answer in the record."""
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
    """Make the decision again and compare; a record whose decision cannot be made has a class, too."""
    changes = tuple(_changes(record.envelope["engine"], engine_versions(version)))
    if record.damage:
        reasons = tuple(problem.message for problem in record.damage)
        return Replay(record.decision_id, ReplayClass.DAMAGED, (), reasons, changes, None)
    reasons = tuple(_not_comparable(record))
    if reasons:
        return Replay(record.decision_id, ReplayClass.NOT_COMPARABLE, (), reasons, changes, None)
    try:
        decision = decide_again(record)
    except (RecordError, HostNameError) as error:
        return Replay(record.decision_id, ReplayClass.DAMAGED, (), _messages(error), changes, None)
    except QuestionError as error:
        outcome = ReplayClass.ANOTHER_ANSWER if changes else ReplayClass.DAMAGED
        return Replay(record.decision_id, outcome, (), _messages(error), changes or (_NO_CHANGE,), None)
    return _compared(record, decision, changes)


def _not_comparable(record: Record) -> Iterator[str]:
    """Yield why masking or erasing has removed what a replay needs."""
    envelope = record.envelope
    for body in bodies_of(envelope):
        if is_erased(envelope, body):
            yield f"the {body.what} was erased"
    if envelope.get("replayable") is False and (envelope["masked"] or envelope["erased"]):
        yield from envelope.get("not_replayable") or ["the record says so"]


def _messages(error: QuestionError) -> tuple[str, ...]:
    """Return what is wrong, each problem with its place."""
    return tuple(f"{one.place}: {one.message}" if one.place else one.message for one in error.diagnostics)


def _compared(record: Record, decision: Decision, changes: tuple[str, ...]) -> Replay:
    kept = record.envelope["result"]
    now = document_of(decision, kept["schema_version"])
    resolution = now.pop("resolution")
    host = record.envelope["input"]["host"]
    differences = [] if _canonical(resolution) == _canonical(host["resolution"]) else ["the resolution differs"]
    remarks = plain.loads(plain.dumps(host_document(decision.host)["remarks"]))
    differences += _compare(host["remarks"], remarks, ("input", "host", "remarks"))
    differences += _compare(kept, now, ())
    if not differences:
        outcome = ReplayClass.EQUAL
    elif not is_valid({**kept, "resolution": None}, SCHEMAS[kept["schema_version"]]):
        reason = "the result in the record is not a decision document"
        return Replay(record.decision_id, ReplayClass.DAMAGED, tuple(_first(differences)), (reason,), changes, decision)
    elif changes and _canonical(_answer(kept)) == _canonical(_answer(now)):
        outcome = ReplayClass.SAME_ANSWER
    else:
        outcome, changes = ReplayClass.ANOTHER_ANSWER, changes or (_NO_CHANGE,)
    return Replay(record.decision_id, outcome, tuple(_first(differences)), (), changes, decision)


def _canonical(value: object) -> bytes:
    return plain.dumps_sorted(value)


def _answer(document: Mapping[str, Any]) -> Json:
    """Return the part of a document that may not change with a version: the answer, and the sets of the trace."""
    trace = [{key: step[key] for key in _OF_A_STEP} for step in document["trace"]]
    return {**{key: document[key] for key in _ANSWER}, "trace": trace}


def _first(differences: list[str]) -> Iterator[str]:
    yield from differences[:_MOST_DIFFERENCES]
    if len(differences) > _MOST_DIFFERENCES:
        yield f"and {len(differences) - _MOST_DIFFERENCES} more"


def decide_again(record: Record) -> Decision:
    """Return the decision that the record's inputs give; QuestionError if they are not a question any more."""
    if record.damage:
        raise RecordError(record.damage)
    if record.report is None or None in record.texts:
        raise RecordError([Diagnostic(RecordCode.ERASED, "the report or the policy of this record is missing")])
    if record.envelope.get("replayable") is False:
        reasons = record.envelope.get("not_replayable") or ["the record says that it cannot be replayed"]
        raise RecordError(Diagnostic(RecordCode.NOT_REPLAYABLE, reason, order=i) for i, reason in enumerate(reasons))
    given: Mapping[str, Any] = record.envelope["input"]
    policy = _policy(policy_sources(record))
    report = read_report_text(record.report, given["report"]["format"], item=given["report"].get("item"))
    return policy.decide(report, host_of(given["host"]), **given["parameters"])


def policy_sources(record: Record) -> tuple[Source, ...]:
    """Return the texts of the policy, base first; RecordError if one is missing or not UTF-8."""
    policy = record.envelope["input"]["policy"]
    names = [text["name"] for text in policy.get("texts", [policy])]
    try:
        return tuple(Source(name, (text or b"").decode()) for name, text in zip(names, record.texts, strict=True))
    except UnicodeDecodeError:
        raise RecordError([Diagnostic(RecordCode.INVALID, "the policy of this record is not UTF-8")]) from None


@lru_cache(_MOST_POLICIES)
def _policy(sources: tuple[Source, ...]) -> Policy:
    return Policy(program_of_texts(sources))


def host_of(kept: Mapping[str, Any]) -> HostAddresses:
    """Return the host addresses of a record; of looked-up ones those that the raw responses give."""
    if kept["resolution"] is not None:
        host = from_resolution(kept["resolution"])
        found = host_document(host)
        if any(found[key] != kept[key] for key in found.keys() - {"remarks"}):
            message = "the host addresses are not those in the raw responses"
            raise RecordError([Diagnostic(RecordCode.INVALID, message, "/input/host")])
        return host
    try:
        return HostAddresses(
            answers=in_order(map(parse_address, kept["answers"])),
            asked=kept["asked"],
            complete=kept["complete"],
            first=None if kept["first"] is None else parse_address(kept["first"]),
            remarks=tuple(map(_finding, kept["remarks"])),
            withheld=tuple(map(parse_address, kept["withheld"])),
        )
    except ValueError as error:
        raise RecordError(
            [Diagnostic(RecordCode.INVALID, f"an invalid host address: {error}", "/input/host")]
        ) from None


def _finding(kept: Mapping[str, Any]) -> Finding:
    names = {key: tuple(kept[key]) for key in ("interfaces", "addresses")}
    return Finding(**{**kept, **names, "rule": kept["rule"] or "", "severity": Severity(kept["severity"])})


def _changes(then: Mapping[str, object], now: Mapping[str, object]) -> Iterator[str]:
    words = {
        "version": "the engine",
        "language": "the policy language",
        "reader": "the readers of reports",
        "decision_schema": "the decision document",
    }
    for key, what in words.items():
        if then.get(key) != now[key]:
            yield f"{what} had version {quote(str(then.get(key)))}, now {quote(str(now[key]))}"


def _compare(kept: object, now: object, path: tuple[str | int, ...]) -> Iterator[str]:
    """Yield where two documents differ, in the order of the first."""
    if isinstance(kept, dict) and isinstance(now, dict):
        for key in {**kept, **now}:
            yield from _compare(kept.get(key), now.get(key), (*path, key))
    elif path == _FINDINGS and isinstance(kept, list) and isinstance(now, list):
        yield from _findings(kept, now)
    elif isinstance(kept, list) and isinstance(now, list) and len(kept) == len(now):
        for i, (one, other) in enumerate(zip(kept, now, strict=True)):
            yield from _compare(one, other, (*path, i))
    elif kept != now or type(kept) is not type(now):
        yield f"at {quote(json_pointer(path) or '/')}: then {_shown(kept)}, now {_shown(now)}"


def _findings(kept: list[Any], now: list[Any]) -> Iterator[str]:
    """Yield the findings of either document that the other does not have, and whether only their order differs."""
    sides = (("then", kept, now), ("now", now, kept))
    changed = [(when, one) for when, here, there in sides for one in here if one not in there]
    for when, one in changed:
        yield f"at `/findings`: only {when}: `{visible(_canonical(one).decode())}`"  # whole: they may differ at the end
    if not changed and _canonical(kept) != _canonical(now):
        yield f"at `/findings`: then {_shown(kept)}, now {_shown(now)}"


def _shown(value: object) -> str:
    return quote(plain.dumps(value).decode())
