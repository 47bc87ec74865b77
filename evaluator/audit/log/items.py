"""Defines the values that a reader yields: intact records (`LogEntry`) and damaged records (`Damaged`).

A damaged record is a value and not an exception, so the records after it are read too.
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
    """Selects records: a record matches if it satisfies every field that is not None.

    A record's time must be at or after `since` and before `until`; both need a time zone. `host` is a host name or an
    address, and `interface` is the hostActiveNic. `finding` is a code, and `policy` is the name or the SHA-256 digest
    of the policy. A record must have every label in `labels`, with the same value.
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
        """Whether every record matches the filter, because the filter has no conditions."""
        return self == LogFilter()


class LogEntry(Struct, frozen=True):
    """An intact envelope and its position in the chain.

    `signer` is the raw public key and `signature` the raw signature; both are None if the record is not signed.
    `problems` lists damage outside the envelope: of the report, of the policy or of an index column. Sometimes the hash
    of the record cannot be verified, for example because the previous record is missing. `unproven` is then the reason,
    and only the checksum of the record was verified.
    """

    head: Head
    signer: bytes | None
    signature: bytes | None
    envelope: Json
    problems: tuple[Diagnostic, ...] = ()
    unproven: str = ""

    @property
    def seq(self) -> int:
        """The number of the record."""
        return self.head.seq

    @property
    def hash(self) -> bytes:
        """The hash of the record, 32 octets."""
        return self.head.hash

    @property
    def decision_id(self) -> str:
        """The id of the decision."""
        return str(self.envelope["decision_id"])

    @property
    def name(self) -> str:
        """The name of the record in messages: its decision id."""
        return self.decision_id

    def to_dict(self) -> Json:
        """Return a summary of the record as JSON-ready data, for a list of records."""
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
    """A record whose envelope is missing or was altered.

    `decision_id`, `timestamp` and `hash` are from the index columns; each is empty if its column cannot be read.
    """

    seq: int
    decision_id: str
    problems: tuple[Diagnostic, ...]
    timestamp: str = ""
    hash: bytes = b""

    @property
    def name(self) -> str:
        """The name of the record in messages: its decision id, or its number."""
        return self.decision_id or f"record {self.seq}"

    def to_dict(self) -> Json:
        """Return the same members as `LogEntry.to_dict`. Unknown values are null."""
        empty = dict.fromkeys(("timestamp", "host", "status", "hostActiveNic", "policy", "policy_sha256"))
        identity = {"seq": self.seq, "hash": None, "signed": None, "decision_id": self.decision_id or None}
        details = {"findings": [], "labels": {}, "damaged": [problem.to_dict() for problem in self.problems]}
        return {**identity, **empty, **details}


Item = LogEntry | Damaged


def codes_of(envelope: Json) -> list[str]:
    """Return the distinct codes of a record's findings, sorted."""
    return sorted({finding["code"] for finding in envelope["result"]["findings"]})


def columns_of(envelope: Json) -> dict[str, str | None]:
    """Return the values of a record's index columns, by the names of the columns."""
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


def matches(envelope: Json, log_filter: LogFilter) -> bool:
    """Return whether an envelope matches a filter; `queries.py` does the same with SQL."""
    columns, labels = columns_of(envelope), envelope["labels"]
    return all(
        (
            log_filter.host is None or columns["host"] in (log_filter.host, normalized_host(log_filter.host)),
            log_filter.since is None or str(columns["timestamp"]) >= time_text(log_filter.since),
            log_filter.until is None or str(columns["timestamp"]) < time_text(log_filter.until),
            log_filter.status is None or columns["status"] == str(log_filter.status),
            log_filter.finding is None or log_filter.finding in codes_of(envelope),
            log_filter.interface is None or columns["interface"] == log_filter.interface,
            log_filter.policy is None or log_filter.policy in (columns["policy"], columns["policy_sha256"]),
            all(labels.get(name) == value for name, value in log_filter.labels.items()),
        )
    )


def normalized_host(host: str) -> str:
    """Return a host in the form that records use: an address, or a name in lower case without a final dot."""
    try:
        return str(parse_literal(host))
    except ValueError:
        return host.lower().removesuffix(".")
