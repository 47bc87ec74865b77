"""A decision with all that it was made of, so that it can be made again when its machine is long gone.

The envelope is canonical JSON (RFC 8785) of strings, booleans, nulls and safe integers. The report's
original bytes and the policy's text stand beside it under their SHA-256, so that a log keeps each
once. Field names follow OPA's decision log where they mean the same.
"""

from __future__ import annotations

import base64
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

import rfc8785

from evaluator import plain
from evaluator.decide import Case
from evaluator.decision import SCHEMA_VERSION as DECISION_VERSION
from evaluator.decision import Decision
from evaluator.diagnostic import Diagnostic, RecordCode, RecordError, UnverifiedError
from evaluator.digest import digest
from evaluator.facts.host import HostAddresses
from evaluator.policy.program import LANGUAGE_VERSION
from evaluator.report.read import refuse_duplicates
from evaluator.report.reading import READER_VERSION, Report
from evaluator.schema import is_valid, violations
from evaluator.text import quote

SCHEMA = "decision-record"
SCHEMA_VERSION = 1
Json = dict[str, Any]


@dataclass(frozen=True, slots=True)
class Record:
    """`envelope` satisfies `schemas/decision-record.schema.json`; `report` and `policy` are the bodies it names.

    A body is None where it was erased.
    """

    envelope: Json
    report: bytes | None
    policy: bytes | None

    @property
    def decision_id(self) -> str:
        """What the record is asked for by."""
        return str(self.envelope["decision_id"])

    def canonical(self) -> bytes:
        """Return the envelope's canonical JSON; what digests and signatures are made of."""
        return rfc8785.dumps(self.envelope)

    def to_dict(self) -> Json:
        """Return the record with its bodies as JSON-ready data: one line of an export, or a file of its own."""
        return {"record": self.envelope, "report": _as_text(self.report), "policy": _as_text(self.policy)}


def make_record(
    decision: Decision, decision_id: str, timestamp: datetime, labels: Mapping[str, str], version: str
) -> Record:
    """Return the record of a decision.

    Raises ReportError where the report's text has a key twice (a replay could read the other one) and
    RecordError where a value cannot be kept, or `timestamp` does not know its time zone.
    """
    case = decision.case
    assert isinstance(case, Case)  # noqa: S101 -- decide() has made it
    report, policy = report_bytes(case.report), case.program.text.encode()
    result = plain.loads(decision.to_json())
    resolution = result.pop("resolution")
    envelope: Json = {
        "schema_version": SCHEMA_VERSION,
        "decision_id": decision_id,
        "timestamp": time_text(timestamp),
        "labels": dict(labels),
        "revision": case.program.digest,
        "engine": engine_versions(version),
        "input": {
            "report": _report_document(case.report, report),
            "policy": {"sha256": case.program.texts[-1].sha256, "size": len(policy), "name": case.program.name},
            "parameters": dict(decision.parameters),
            "host": {**host_document(case.host), "resolution": resolution},
        },
        "result": result,
        "erased": [],
        "masked": [],
    }
    return checked(Record(envelope, report, policy))


def time_text(moment: datetime) -> str:
    """Return a moment as records have it, so that texts sort as moments do; RecordError without a time zone."""
    if moment.tzinfo is None:
        message = f"{quote(moment.isoformat())} does not say its time zone"
        raise RecordError([Diagnostic(RecordCode.TIME_INVALID, message, hint="such as `datetime.now(UTC)`")])
    return moment.astimezone(UTC).isoformat(timespec="microseconds").replace("+00:00", "Z")


def read_record(document: object) -> Record:
    """Return the record of one line of an export, or of a file; UnverifiedError with every problem."""
    if not isinstance(document, dict) or not {"record", "report", "policy"} <= set(document):
        message = "the document must be a decision record with its report and policy"
        raise UnverifiedError([Diagnostic(RecordCode.INVALID, message)])
    try:
        bodies = [_from_text(document[key]) for key in ("report", "policy")]
    except (ValueError, TypeError):
        raise UnverifiedError([Diagnostic(RecordCode.INVALID, "a body of the record is not base64")]) from None
    return verified(Record(document["record"], *bodies))


def read_envelope(text: bytes) -> Json:
    """Return the envelope of a canonical text; ValueError where it is none, or could be read in another way."""
    envelope = plain.loads(text)
    if not is_valid(envelope, SCHEMA) or not _is_canonical(envelope, text):
        raise ValueError("it is no decision record in canonical JSON")
    found: Json = envelope
    return found


def checked(record: Record) -> Record:
    """Return a record that is to be written; RecordError if it is invalid."""
    problems = _problems(record)
    if problems:
        raise RecordError(problems)
    return record


def verified(record: Record) -> Record:
    """Return a record that was read; UnverifiedError if it is not what was written."""
    problems = _problems(record)
    if problems:
        raise UnverifiedError(problems)
    return record


def _problems(record: Record) -> list[Diagnostic]:
    """Return where a record breaks its schema, or names another body than the one beside it."""
    try:
        rfc8785.dumps(record.envelope)
    except (rfc8785.CanonicalizationError, UnicodeEncodeError, RecursionError) as error:
        return [Diagnostic(RecordCode.INVALID, f"a value cannot be recorded: {error}")]
    if not is_valid(record.envelope, SCHEMA):
        return [
            Diagnostic(RecordCode.INVALID, f"found {one.found}, expected {one.expected}", one.pointer or "/", order=i)
            for i, one in enumerate(violations(record.envelope, SCHEMA))
        ]
    return [
        Diagnostic(
            RecordCode.INVALID,
            f"the {quote(name)} beside the record does not have the digest that the record names",
            f"/input/{name}/sha256",
        )
        for name, body in (("report", record.report), ("policy", record.policy))
        if body is not None and digest(body) != record.envelope["input"][name]["sha256"]
    ]


def report_bytes(report: Report) -> bytes:
    """Return the report's original bytes; of one handed over as a value its JSON text."""
    if report.text is None:
        return plain.dumps(report.document)
    refuse_duplicates(report)
    return report.text


def _report_document(report: Report, body: bytes) -> Json:
    item = {} if report.item is None else {"item": report.item}
    return {"sha256": digest(body), "size": len(body), "format": report.format, **item}


def host_document(host: HostAddresses) -> Json:
    """Return all that a decision may look at in the host's addresses; `schemas/decision-record.schema.json`."""
    return {
        "asked": host.asked,
        "answers": [str(address) for address in host.answers],
        "first": None if host.first is None else str(host.first),
        "complete": host.complete,
        "withheld": [str(address) for address in host.withheld],
        "remarks": [finding.to_dict() for finding in host.remarks],
    }


def engine_versions(version: str) -> Json:
    """Return what may explain why a replay gives something else."""
    return {
        "name": "activenic",
        "version": version,
        "language": LANGUAGE_VERSION,
        "reader": READER_VERSION,
        "decision_schema": DECISION_VERSION,
    }


def _is_canonical(envelope: Json, text: bytes) -> bool:
    """Return whether a text is the one that its value has; msgspec is tried first, which is ten times as fast.

    Without fractions the two differ only in how they sort keys beyond the basic plane.
    """
    return plain.dumps_sorted(envelope) == text or rfc8785.dumps(envelope) == text


def _as_text(body: bytes | None) -> str | None:
    return None if body is None else base64.b64encode(body).decode("ascii")


def _from_text(text: object) -> bytes | None:
    if text is None:
        return None
    if not isinstance(text, str):
        raise TypeError("no text")
    return base64.b64decode(text, validate=True)
