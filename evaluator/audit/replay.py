"""A kept decision is made again from its record alone, and compared byte for byte. No network, no clock."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import lru_cache
from typing import Any

import orjson

from evaluator.audit.record import Record, engine_versions, host_document
from evaluator.decision import Decision
from evaluator.diagnostic import Diagnostic, QuestionError, RecordCode, RecordError, Severity
from evaluator.engine import Policy
from evaluator.facts.address import parse_address
from evaluator.facts.host import HostAddresses
from evaluator.finding import Finding
from evaluator.names.resolution import from_resolution
from evaluator.policy.load import read_program
from evaluator.report.read import read_report_text
from evaluator.source import Source
from evaluator.text import json_pointer, quote

_MOST_DIFFERENCES = 20
_MOST_POLICIES = 8  # the records of one log are made of few


@dataclass(frozen=True, slots=True)
class Replay:
    """What came of a replay: `differences` are sentences with the place in the document, empty where all is equal.

    `changes` say which versions are not those of the record. `decision` is the one made now, None where
    none could be made.
    """

    decision_id: str
    differences: tuple[str, ...]
    changes: tuple[str, ...]
    decision: Decision | None

    @property
    def is_equal(self) -> bool:
        """Whether the decision made now has the bytes of the one that is kept."""
        return not self.differences

    def to_dict(self) -> dict[str, object]:
        """Return the outcome as JSON-ready data."""
        return {
            "schema_version": 1,
            "decision_id": self.decision_id,
            "equal": self.is_equal,
            "differences": list(self.differences),
            "changes": list(self.changes),
        }


def replay(record: Record, version: str) -> Replay:
    """Make the decision again and compare; what cannot be made is a difference, never an exception."""
    changes = tuple(_changes(record.envelope["engine"], engine_versions(version)))
    try:
        decision = decide_again(record)
    except QuestionError as error:
        said = tuple(f"it cannot be made again: {diagnostic.message}" for diagnostic in error.diagnostics)
        return Replay(record.decision_id, said, changes, None)
    return Replay(record.decision_id, tuple(_differences(record, decision)), changes, decision)


def decide_again(record: Record) -> Decision:
    """Return the decision that the record's inputs give; QuestionError where they are no question any more."""
    if record.report is None or record.policy is None:
        raise RecordError([Diagnostic(RecordCode.ERASED, "the report or the policy of this record was erased")])
    if record.envelope.get("replayable") is False:
        reasons = record.envelope.get("not_replayable") or ["the record says so"]
        raise RecordError(Diagnostic(RecordCode.NOT_REPLAYABLE, reason, order=i) for i, reason in enumerate(reasons))
    given: Mapping[str, Any] = record.envelope["input"]
    policy = _policy(given["policy"]["name"], record.policy)
    report = read_report_text(record.report, given["report"]["format"], item=given["report"].get("item"))
    return policy.decide(report, host_of(given["host"]), **given["parameters"])


@lru_cache(_MOST_POLICIES)
def _policy(name: str, text: bytes) -> Policy:
    try:
        source = Source(name, text.decode())
    except UnicodeDecodeError:
        raise RecordError([Diagnostic(RecordCode.INVALID, "the policy of this record is no UTF-8")]) from None
    return Policy(read_program(source))


def host_of(kept: Mapping[str, Any]) -> HostAddresses:
    """Return the host addresses of a record; of looked-up ones those that the raw responses give."""
    if kept["resolution"] is not None:
        host = from_resolution(kept["resolution"])
        if host_document(host) != {key: value for key, value in kept.items() if key != "resolution"}:
            message = "the host addresses are not those that the raw responses give"
            raise RecordError([Diagnostic(RecordCode.INVALID, message, "/input/host")])
        return host
    try:
        return HostAddresses(
            answers=tuple(map(parse_address, kept["answers"])),
            asked=kept["asked"],
            complete=kept["complete"],
            first=None if kept["first"] is None else parse_address(kept["first"]),
            remarks=tuple(map(_finding, kept["remarks"])),
            withheld=tuple(map(parse_address, kept["withheld"])),
        )
    except ValueError as error:
        raise RecordError([Diagnostic(RecordCode.INVALID, f"a host address is none: {error}", "/input/host")]) from None


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


def _differences(record: Record, decision: Decision) -> Iterator[str]:
    now = orjson.loads(decision.to_json())
    resolution = now.pop("resolution")
    kept = record.envelope["result"]
    if orjson.dumps(resolution, option=orjson.OPT_SORT_KEYS) != orjson.dumps(
        record.envelope["input"]["host"]["resolution"], option=orjson.OPT_SORT_KEYS
    ):
        yield "the resolution differs"
    found = list(_compare(kept, now, ()))
    yield from found[:_MOST_DIFFERENCES]
    if len(found) > _MOST_DIFFERENCES:
        yield f"and {len(found) - _MOST_DIFFERENCES} more"


def _compare(kept: object, now: object, path: tuple[str | int, ...]) -> Iterator[str]:
    """Yield where two documents differ, in the order of the first."""
    if isinstance(kept, dict) and isinstance(now, dict):
        for key in {**kept, **now}:
            yield from _compare(kept.get(key), now.get(key), (*path, key))
    elif isinstance(kept, list) and isinstance(now, list) and len(kept) == len(now):
        for i, (one, other) in enumerate(zip(kept, now, strict=True)):
            yield from _compare(one, other, (*path, i))
    elif kept != now or type(kept) is not type(now):
        yield f"at {quote(json_pointer(path) or '/')}: then {_shown(kept)}, now {_shown(now)}"


def _shown(value: object) -> str:
    return quote(orjson.dumps(value).decode())
