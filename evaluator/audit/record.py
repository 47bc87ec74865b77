"""Decision records: a decision with all of its inputs, so that it can be replayed on any machine at any later time.

A record consists of an envelope and bodies. The envelope is canonical JSON (RFC 8785) of strings, booleans, nulls and
integers up to 2^53 - 1. The envelope refers to its bodies by their SHA-256 digests. The bodies are the original bytes
of the report and the texts of the policy, so a log stores a text only once, even if many records use the text. If a
member has the same meaning as a member of OPA's decision log, both members have the same name.
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
    """A reference from an envelope to a body: the report or a text of the policy.

    `pointer` is the JSON Pointer of the reference in the envelope, and `name` the name of the body in messages.
    """

    pointer: str
    name: str
    sha256: str


class Record(Struct, frozen=True):
    """An envelope and its bodies: the report and the texts of the policy, base first.

    `envelope` is valid by the schema of its version. A body is None if it was erased or is damaged. If a body is
    damaged, `damage` contains the reason, with the pointer of the body as the place.
    """

    envelope: Json
    report: bytes | None
    texts: tuple[bytes | None, ...]
    damage: tuple[Diagnostic, ...] = ()

    @property
    def decision_id(self) -> str:
        """The id of the decision."""
        return str(self.envelope["decision_id"])

    @property
    def policy(self) -> bytes | None:
        """The policy's own text. The other texts are the texts of the policies that this policy extends."""
        return self.texts[-1]

    def canonical(self) -> bytes:
        """Return the envelope's canonical JSON, the octets that the hash chain covers."""
        return plain.canonical(self.envelope)

    def to_dict(self) -> Json:
        """Return the record as JSON-ready data, with bodies in base64. A line of an export also has `chain`."""
        document: Json = {"record": self.envelope, "report": _to_base64(self.report)}
        texts = [_to_base64(text) for text in self.texts]
        document |= {"policy": texts[0]} if self.envelope["schema_version"] == 1 else {"texts": texts}
        return document | {"damaged": [problem.to_dict() for problem in self.damage]} if self.damage else document


def bodies_of(envelope: Json) -> tuple[Body, ...]:
    """Return the bodies of an envelope: the report, then the texts of the policy, base first."""
    inputs = envelope["input"]
    report, policy = Body("/input/report", "report", inputs["report"]["sha256"]), inputs["policy"]
    if envelope["schema_version"] == 1:
        return (report, Body("/input/policy", "policy", policy["sha256"]))
    texts = policy["texts"]
    names = ["policy"] if len(texts) == 1 else [f"policy text {quote(text['name'])}" for text in texts]
    return report, *(
        Body(f"/input/policy/texts/{i}", name, text["sha256"])
        for i, (name, text) in enumerate(zip(names, texts, strict=True))
    )


def is_erased(envelope: Json, body: Body) -> bool:
    """Return whether masking removed a body. The pointer `/input/policy` means all texts of the policy."""
    return any(body.pointer == pointer or body.pointer.startswith(f"{pointer}/") for pointer in envelope["erased"])


def policy_sha256(envelope: Json) -> str:
    """Return the SHA-256 digest of the policy in an envelope."""
    return str(envelope["input"]["policy"]["sha256"])


def with_bodies(envelope: Json, contents: Sequence[bytes | None], damage: Iterable[Diagnostic] = ()) -> Record:
    """Return a record with an envelope; `contents` are its bodies in the order of `bodies_of`."""
    return Record(envelope, contents[0], tuple(contents[1:]), tuple(damage))


def make_record(
    decision: Decision, decision_id: str, timestamp: datetime, labels: Mapping[str, str], version: str
) -> Record:
    """Return the record of a decision.

    Raises ReportError if an object in the report's text has a key twice, because a replay could use a different value
    of this key. Raises RecordError if a value cannot be stored, or if `timestamp` has no time zone.
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
    """Return a time as text in UTC with microseconds, so that texts sort by time.

    Raises RecordError if the time has no time zone.
    """
    if moment.tzinfo is None:
        message = f"the time {quote(moment.isoformat())} has no time zone"
        raise RecordError([Diagnostic(RecordCode.TIME_INVALID, message, hint="use, for example, `datetime.now(UTC)`")])
    return moment.astimezone(UTC).isoformat(timespec="microseconds").replace("+00:00", "Z")


def read_record(document: object) -> Record:
    """Read a line of an export, or a file, and return the record that it contains.

    A damaged or missing body is not an error: the body is None, and `damage` contains the reason. Raises
    UnverifiedError, with every problem, if the record is invalid.
    """
    if not is_record_document(document):
        message = "the document must be a decision record with its report and policy"
        raise UnverifiedError([Diagnostic(RecordCode.INVALID, message)])
    envelope = document["record"]
    problems = _envelope_problems(envelope)
    if problems:
        raise UnverifiedError(problems)
    texts = [document["policy"]] if envelope["schema_version"] == 1 else document["texts"]
    bodies = bodies_of(envelope)
    if not isinstance(texts, list) or len(texts) + 1 != len(bodies):
        message = "the number of policy texts differs from the number in the record"
        raise UnverifiedError([Diagnostic(RecordCode.INVALID, message)])
    contents, damage = [], []
    for body, text in zip(bodies, [document["report"], *texts], strict=True):
        try:
            contents.append(_decode_body(envelope, body, text))
        except ValueError as error:
            contents.append(None)
            damage.append(body_damage(envelope, body, str(error)))
    return with_bodies(envelope, contents, damage)


def is_record_document(document: object) -> TypeGuard[Json]:
    """Return whether a document has the members of a record with its bodies; their values are not checked."""
    return (
        isinstance(document, dict)
        and {"record", "report"} <= set(document)
        and bool({"policy", "texts"} & set(document))
    )


def body_damage(envelope: Json, body: Body, reason: str) -> Diagnostic:
    """Return the problem of a body that is unreadable or has another digest than the envelope contains."""
    message = f"the {body.name} of decision {quote(envelope['decision_id'])} cannot be read: {reason}"
    return Diagnostic(RecordCode.DAMAGED, message, body.pointer)


def read_envelope(text: bytes) -> Json:
    """Return the envelope in a text. Raises ValueError if the text is not a valid envelope in canonical JSON."""
    envelope = plain.loads(text)
    if _schema_problems(envelope) or not _is_canonical(envelope, text):
        raise ValueError("not a decision record in canonical JSON")
    valid_envelope: Json = envelope
    return valid_envelope


def checked(record: Record) -> Record:
    """Return the record unchanged.

    Raises RecordError if the record is invalid, because such a record must not be written.
    """
    problems = [*_envelope_problems(record.envelope), *record.damage]
    if not problems:
        problems = [*_body_problems(record)]
    if not problems and len(record.canonical()) > LARGEST_ENVELOPE:
        problems = [Diagnostic(RecordCode.INVALID, f"the record is larger than {LARGEST_ENVELOPE // MIB} MiB")]
    if problems:
        raise RecordError(problems)
    return record


def _envelope_problems(envelope: Json) -> list[Diagnostic]:
    """Return the problems of an envelope."""
    try:
        plain.canonical(envelope)
    except (rfc8785.CanonicalizationError, UnicodeEncodeError, RecursionError, TypeError) as error:
        return [Diagnostic(RecordCode.INVALID, f"a value cannot be recorded: {error}")]
    return _schema_problems(envelope)


def _schema_problems(envelope: object) -> list[Diagnostic]:
    """Return the places where an envelope violates the schema of its version."""
    version = envelope.get("schema_version") if isinstance(envelope, dict) else None
    schema = SCHEMAS.get(version if type(version) is int else SCHEMA_VERSION, SCHEMAS[SCHEMA_VERSION])
    if is_valid(envelope, schema):
        return []
    return [
        Diagnostic(RecordCode.INVALID, violation.message, violation.pointer or "/", order=i)
        for i, violation in enumerate(violations(envelope, schema))
    ]


def _body_problems(record: Record) -> Iterator[Diagnostic]:
    bodies = bodies_of(record.envelope)
    if len(bodies) != 1 + len(record.texts):
        yield Diagnostic(RecordCode.INVALID, "the number of policy texts differs from the number in the record")
        return
    for body, content in zip(bodies, (record.report, *record.texts), strict=True):
        if content is not None and digest(content) != body.sha256:
            message = f"the digest of the {body.name} differs from the digest in the record"
            yield Diagnostic(RecordCode.INVALID, message, f"{body.pointer}/sha256")


def _decode_body(envelope: Json, body: Body, text: object) -> bytes | None:
    """Return the body that the base64 text contains, None if the body was erased.

    Raises ValueError if the body is missing or has another digest.
    """
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
        raise ValueError("the digest differs")
    return content


def report_bytes(report: Report) -> bytes:
    """Return the original bytes of the report. If the report was given as a value, return its JSON text."""
    if report.text is None:
        return plain.dumps(report.document)
    refuse_duplicates(report)
    return report.text


def _report_document(report: Report, body: bytes) -> Json:
    item = {} if report.item is None else {"item": report.item}
    return {"sha256": digest(body), "size": len(body), "format": report.format, **item}


def host_document(host: HostAddresses) -> Json:
    """Return `input.host` of a record (`schemas/decision-record.schema.json`), without `resolution`."""
    return {
        "asked": host.asked,
        "answers": [str(address) for address in host.answers],
        "first": None if host.first is None else str(host.first),
        "complete": host.complete,
        "withheld": [str(address) for address in host.withheld],
        "remarks": [finding.to_dict() for finding in host.remarks],
    }


def engine_versions(version: str) -> Json:
    """Return the versions of activenic and its parts. A changed version can explain why a replay differs."""
    return {
        "name": "activenic",
        "version": version,
        "language": LANGUAGE_VERSION,
        "reader": READER_VERSION,
        "decision_schema": DECISION_VERSION,
    }


def _is_canonical(envelope: Json, text: bytes) -> bool:
    """Return whether a text is the canonical JSON of an envelope."""
    return plain.canonical(envelope) == text


def _to_base64(body: bytes | None) -> str | None:
    return None if body is None else base64.b64encode(body).decode("ascii")
