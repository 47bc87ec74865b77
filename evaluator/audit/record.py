"""A decision with all that it was made of, so that it can be made again when its machine is long gone.

The envelope is canonical JSON (RFC 8785) of strings, booleans, nulls and safe integers. The report's
original bytes and the policy's text stand beside it under their SHA-256, so that a log keeps each
once. Field names follow OPA's decision log where they mean the same.
"""

from __future__ import annotations

import base64
from collections.abc import Iterable, Iterator, Mapping, Sequence
from datetime import UTC, datetime
from typing import Any, TypeGuard

import rfc8785
from msgspec import Struct

from evaluator.base import json_values as plain
from evaluator.base.diagnostic import Diagnostic, RecordCode, RecordError, UnverifiedError
from evaluator.base.digest import digest
from evaluator.base.files import MIB
from evaluator.base.schema import is_valid, violations
from evaluator.base.text import quote
from evaluator.decision.decide import case_of
from evaluator.decision.decision import SCHEMA_VERSION as DECISION_VERSION
from evaluator.decision.decision import Decision
from evaluator.facts.host_addresses import HostAddresses
from evaluator.policy.language.program import LANGUAGE_VERSION
from evaluator.report.read import refuse_duplicates
from evaluator.report.reading import READER_VERSION, Report

SCHEMA_VERSION = 2
SCHEMAS: Mapping[object, str] = {1: "decision-record.1", 2: "decision-record"}
LARGEST_ENVELOPE = 64 * MIB
_TEXTS = frozenset({"policy", "texts"})
Json = dict[str, Any]


class Body(Struct, frozen=True):
    """A text that an envelope names by its digest: the report, or a text of the policy.

    `pointer` is its place in the envelope, `what` its name in messages.
    """

    pointer: str
    what: str
    sha256: str


class Record(Struct, frozen=True):
    """An envelope and the bytes that it names: the report, and the texts of the policy, base first.

    `envelope` satisfies the schema of its version. A body is None if it was erased, or if it is damaged: then `damage`
    says why, with the body's pointer as the place.
    """

    envelope: Json
    report: bytes | None
    texts: tuple[bytes | None, ...]
    damage: tuple[Diagnostic, ...] = ()

    @property
    def decision_id(self) -> str:
        """What the record is asked for by."""
        return str(self.envelope["decision_id"])

    @property
    def policy(self) -> bytes | None:
        """The policy's own text, which may extend the other texts."""
        return self.texts[-1]

    def canonical(self) -> bytes:
        """Return the envelope's canonical JSON; what digests and signatures are made of."""
        return rfc8785.dumps(self.envelope)

    def to_dict(self) -> Json:
        """Return the record with its bodies as JSON-ready data: one line of an export, or a file of its own."""
        document: Json = {"record": self.envelope, "report": _as_text(self.report)}
        texts = [_as_text(text) for text in self.texts]
        document |= {"policy": texts[0]} if self.envelope["schema_version"] == 1 else {"texts": texts}
        return document | {"damaged": [one.to_dict() for one in self.damage]} if self.damage else document


def bodies_of(envelope: Json) -> tuple[Body, ...]:
    """Return the texts that an envelope names: the report, then the texts of the policy, base first."""
    given = envelope["input"]
    report, policy = Body("/input/report", "report", given["report"]["sha256"]), given["policy"]
    if envelope["schema_version"] == 1:
        return (report, Body("/input/policy", "policy", policy["sha256"]))
    texts = policy["texts"]
    names = ["policy"] if len(texts) == 1 else [f"policy text {quote(text['name'])}" for text in texts]
    return report, *(
        Body(f"/input/policy/texts/{i}", name, text["sha256"])
        for i, (name, text) in enumerate(zip(names, texts, strict=True))
    )


def is_erased(envelope: Json, body: Body) -> bool:
    """Return whether a body was taken out on purpose, alone or with all texts of the policy."""
    return any(body.pointer == pointer or body.pointer.startswith(f"{pointer}/") for pointer in envelope["erased"])


def policy_sha256(envelope: Json) -> str:
    """Return the digest of the policy that decided."""
    return str(envelope["input"]["policy"]["sha256"])


def with_bodies(envelope: Json, contents: Sequence[bytes | None], damage: Iterable[Diagnostic] = ()) -> Record:
    """Return the record of an envelope; `contents` are in the order of `bodies_of`."""
    return Record(envelope, contents[0], tuple(contents[1:]), tuple(damage))


def make_record(
    decision: Decision, decision_id: str, timestamp: datetime, labels: Mapping[str, str], version: str
) -> Record:
    """Return the record of a decision.

    Raises ReportError where the report's text has a key twice (a replay could read the other one) and
    RecordError where a value cannot be kept, or `timestamp` does not know its time zone.
    """
    case = case_of(decision)
    program = case.program
    report, texts = report_bytes(case.report), tuple([content.encode() for content in program.contents])
    result = plain.loads(decision.to_json())
    resolution = result.pop("resolution")
    envelope: Json = {
        "schema_version": SCHEMA_VERSION,
        "decision_id": decision_id,
        "timestamp": time_text(timestamp),
        "labels": dict(labels),
        "revision": program.digest,
        "engine": engine_versions(version),
        "input": {
            "report": _report_document(case.report, report),
            "policy": {
                "name": program.name,
                "sha256": program.digest,
                "texts": [text.to_dict() for text in program.texts],
            },
            "parameters": dict(decision.parameters),
            "host": {**host_document(case.host), "resolution": resolution},
        },
        "result": result,
        "erased": [],
        "masked": [],
    }
    return checked(Record(envelope, report, texts))


def time_text(moment: datetime) -> str:
    """Return a moment as records have it, so that texts sort as moments do; RecordError without a time zone."""
    if moment.tzinfo is None:
        message = f"{quote(moment.isoformat())} does not say its time zone"
        raise RecordError([Diagnostic(RecordCode.TIME_INVALID, message, hint="such as `datetime.now(UTC)`")])
    return moment.astimezone(UTC).isoformat(timespec="microseconds").replace("+00:00", "Z")


def read_record(document: object) -> Record:
    """Return the record of one line of an export, or of a file; UnverifiedError with every problem.

    A body that is damaged or missing does not hide the rest: `damage` says so.
    """
    if not is_record_document(document):
        message = "the document must be a decision record with its report and policy"
        raise UnverifiedError([Diagnostic(RecordCode.INVALID, message)])
    envelope = document["record"]
    problems = _problems(envelope)
    if problems:
        raise UnverifiedError(problems)
    texts = [document["policy"]] if envelope["schema_version"] == 1 else document["texts"]
    bodies = bodies_of(envelope)
    if not isinstance(texts, list) or len(texts) + 1 != len(bodies):
        message = "the record does not stand beside all texts that it names"
        raise UnverifiedError([Diagnostic(RecordCode.INVALID, message)])
    contents, damage = [], []
    for body, text in zip(bodies, [document["report"], *texts], strict=True):
        try:
            contents.append(_content(envelope, body, text))
        except ValueError as error:
            contents.append(None)
            damage.append(body_damage(envelope, body, str(error)))
    return with_bodies(envelope, contents, damage)


def is_record_document(document: object) -> TypeGuard[Json]:
    """Return whether a document is made like a record with its bodies; what they hold is not looked at."""
    return (
        isinstance(document, dict)
        and {"record", "report"} <= set(document)
        and bool({"policy", "texts"} & set(document))
    )


def body_damage(envelope: Json, body: Body, reason: str) -> Diagnostic:
    """Return the problem of a body that cannot be read, or is not the one that the envelope names."""
    message = f"the {body.what} of decision {quote(envelope['decision_id'])} cannot be read: {reason}"
    return Diagnostic(RecordCode.DAMAGED, message, body.pointer)


def read_envelope(text: bytes) -> Json:
    """Return the envelope of a canonical text; ValueError where it is none, or could be read in another way."""
    envelope = plain.loads(text)
    if _schema_problems(envelope) or not _is_canonical(envelope, text):
        raise ValueError("it is not a decision record in canonical JSON")
    found: Json = envelope
    return found


def checked(record: Record) -> Record:
    """Return a record that is to be written; RecordError if it is invalid."""
    problems = [*_problems(record.envelope), *record.damage]
    if not problems:
        problems = [*_wrong_bodies(record)]
    if not problems and len(record.canonical()) > LARGEST_ENVELOPE:
        problems = [Diagnostic(RecordCode.INVALID, f"the record is larger than {LARGEST_ENVELOPE // MIB} MiB")]
    if problems:
        raise RecordError(problems)
    return record


def _problems(envelope: Json) -> list[Diagnostic]:
    """Return what is wrong with an envelope."""
    try:
        rfc8785.dumps(envelope)
    except (rfc8785.CanonicalizationError, UnicodeEncodeError, RecursionError, TypeError) as error:
        return [Diagnostic(RecordCode.INVALID, f"a value cannot be recorded: {error}")]
    return _schema_problems(envelope)


def _schema_problems(envelope: object) -> list[Diagnostic]:
    """Return where an envelope breaks the schema of its version."""
    version = envelope.get("schema_version") if isinstance(envelope, dict) else None
    schema = SCHEMAS.get(version if type(version) is int else SCHEMA_VERSION, SCHEMAS[SCHEMA_VERSION])
    if is_valid(envelope, schema):
        return []
    return [
        Diagnostic(RecordCode.INVALID, one.message, one.pointer or "/", order=i)
        for i, one in enumerate(violations(envelope, schema))
    ]


def _wrong_bodies(record: Record) -> Iterator[Diagnostic]:
    bodies = bodies_of(record.envelope)
    if len(bodies) != 1 + len(record.texts):
        yield Diagnostic(RecordCode.INVALID, "the record does not stand beside all texts that it names")
        return
    for body, content in zip(bodies, (record.report, *record.texts), strict=True):
        if content is not None and digest(content) != body.sha256:
            message = f"the {quote(body.what)} beside the record does not have the digest that the record names"
            yield Diagnostic(RecordCode.INVALID, message, f"{body.pointer}/sha256")


def _content(envelope: Json, body: Body, text: object) -> bytes | None:
    """Return a body from its base64; ValueError where it is not what the envelope names."""
    if text is None:
        if is_erased(envelope, body):
            return None
        raise ValueError("it is missing")
    if not isinstance(text, str):
        raise ValueError("it is not base64")
    try:
        content = base64.b64decode(text, validate=True)
    except ValueError:
        raise ValueError("it is not base64") from None
    if digest(content) != body.sha256:
        raise ValueError("its digest differs")
    return content


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
