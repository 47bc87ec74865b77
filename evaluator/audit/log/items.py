"""What a reader of a log or an export is given: entries, and damaged places between them.

Damage stays local: a place that cannot be read is a value like any other, so that what comes after it is read, too.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime

from msgspec import Struct, field

from evaluator.audit.log.chain import Head
from evaluator.audit.record import Json, policy_sha256, time_text
from evaluator.base.diagnostic import Diagnostic
from evaluator.facts.literal import parse_literal

SHORTEST_PREFIX = 6


class LogFilter(Struct, frozen=True):
    """Which records are meant: those for which all that is given holds.

    `since` is the first moment that counts, `until` the first that does not; both know their time zone. A label
    must have its value. `policy` is the name that the policy gives itself, or its digest.
    """

    host: str | None = None
    since: datetime | None = None
    until: datetime | None = None
    status: str | None = None
    finding: str | None = None
    interface: str | None = None
    policy: str | None = None
    labels: Mapping[str, str] = field(default_factory=dict)

    @property
    def is_everything(self) -> bool:
        """Whether every record is meant."""
        return self == LogFilter()


class Entry(Struct, frozen=True):
    """An envelope that is what was written, and its place in the chain.

    `problems` say what is damaged beside it: a text that it names, a column by which it is found. `unproven` is not
    empty if the record before it is lost, so that only the entry's own checksum speaks for it.
    """

    head: Head
    signer: bytes | None
    signature: bytes | None
    envelope: Json
    problems: tuple[Diagnostic, ...] = ()
    unproven: str = ""

    @property
    def seq(self) -> int:
        """Its number."""
        return self.head.seq

    @property
    def hash(self) -> bytes:
        """Its hash."""
        return self.head.hash

    @property
    def decision_id(self) -> str:
        """What the record is asked for by."""
        return str(self.envelope["decision_id"])

    @property
    def name(self) -> str:
        """How a message names it."""
        return self.decision_id

    def to_dict(self) -> Json:
        """Return what a list shows of the record as JSON-ready data."""
        result = self.envelope["result"]
        return {
            "seq": self.head.seq,
            "hash": self.head.hash.hex(),
            "signed": self.signature is not None,
            "decision_id": self.decision_id,
            "timestamp": self.envelope["timestamp"],
            "host": result["host"]["name"],
            "status": result["status"],
            "hostActiveNic": result["hostActiveNic"],
            "policy": result["policy"]["name"],
            "policy_sha256": policy_sha256(self.envelope),
            "findings": codes_of(self.envelope),
            "labels": self.envelope["labels"],
            "damaged": [problem.to_dict() for problem in self.problems],
        }


class Damaged(Struct, frozen=True):
    """A place whose envelope is lost, or is not what was written.

    `decision_id`, `timestamp` and `hash` are what the columns beside the envelope say, empty if they cannot be read.
    """

    seq: int
    decision_id: str
    problems: tuple[Diagnostic, ...]
    timestamp: str = ""
    hash: bytes = b""

    @property
    def name(self) -> str:
        """How a message names it."""
        return self.decision_id or f"record {self.seq}"

    def to_dict(self) -> Json:
        """Return what a list shows of the place as JSON-ready data."""
        empty = dict.fromkeys(("timestamp", "host", "status", "hostActiveNic", "policy", "policy_sha256"))
        place = {"seq": self.seq, "hash": None, "signed": None, "decision_id": self.decision_id or None}
        marks = {"findings": [], "labels": {}, "damaged": [problem.to_dict() for problem in self.problems]}
        return {**place, **empty, **marks}


Item = Entry | Damaged


def codes_of(envelope: Json) -> list[str]:
    """Return the codes of a record's findings, each once, sorted."""
    return sorted({finding["code"] for finding in envelope["result"]["findings"]})


def columns_of(envelope: Json) -> dict[str, str | None]:
    """Return the values by which a record is found; the columns of the tables repeat them."""
    result = envelope["result"]
    return {
        "decision_id": envelope["decision_id"],
        "timestamp": envelope["timestamp"],
        "host": result["host"]["name"],
        "status": result["status"],
        "interface": result["hostActiveNic"],
        "policy": result["policy"]["name"],
        "policy_sha256": policy_sha256(envelope),
    }


def matches(envelope: Json, wanted: LogFilter) -> bool:
    """Return whether a record is meant; what the queries ask of the tables, asked of an envelope."""
    columns, labels = columns_of(envelope), envelope["labels"]
    return all(
        (
            wanted.host is None or columns["host"] in (wanted.host, usual_spelling(wanted.host)),
            wanted.since is None or str(columns["timestamp"]) >= time_text(wanted.since),
            wanted.until is None or str(columns["timestamp"]) < time_text(wanted.until),
            wanted.status is None or columns["status"] == str(wanted.status),
            wanted.finding is None or wanted.finding in codes_of(envelope),
            wanted.interface is None or columns["interface"] == wanted.interface,
            wanted.policy is None or wanted.policy in (columns["policy"], columns["policy_sha256"]),
            all(labels.get(name) == value for name, value in wanted.labels.items()),
        )
    )


def usual_spelling(host: str) -> str:
    """Return an address as decisions write it, a name in small letters without its final dot."""
    try:
        return str(parse_literal(host))
    except ValueError:
        return host.lower().removesuffix(".")
