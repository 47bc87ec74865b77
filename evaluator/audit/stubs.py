"""What a prune leaves: a stub that says what went, and from which the chain goes on.

Only the beginning of a log can go, and only a log that verifies: what was altered must not be pruned
away unseen. Stubs form a chain of their own and are signed like records.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime

import rfc8785

from evaluator import plain
from evaluator.audit.chain import GENESIS, Head, stub_hash
from evaluator.audit.log_queries import is_hash, pruned_head
from evaluator.audit.record import time_text
from evaluator.audit.signatures import SignatureCheck
from evaluator.audit.signing import Signer, signature_of
from evaluator.diagnostic import Diagnostic, RecordCode

_VERSION = 1


@dataclass(frozen=True, slots=True)
class Stub:
    """The end of what was pruned, how many records went this time, and which moment was given."""

    last: Head
    count: int
    before: datetime

    def to_dict(self) -> dict[str, str | int]:
        """Return the stub as JSON-ready data."""
        return {
            "schema_version": _VERSION,
            "last_seq": self.last.seq,
            "last_hash": self.last.hash.hex(),
            "count": self.count,
            "before": time_text(self.before),
        }


def leave_stub(connection: sqlite3.Connection, before: datetime, now: datetime, signer: Signer | None) -> Stub | None:
    """Remove all records up to the first that is not older than a moment; None where there is none to remove.

    The caller holds a transaction that writes.
    """
    began = pruned_head(connection)
    query = "SELECT coalesce((SELECT min(seq) - 1 FROM entry WHERE timestamp >= ?), (SELECT max(seq) FROM entry), 0)"
    ((last,),) = connection.execute(query, (time_text(before),))
    if last <= began.seq:
        return None
    ((digest,),) = connection.execute("SELECT hash FROM entry WHERE seq = ?", (last,))
    stub = Stub(Head(last, digest), last - began.seq, before)
    _insert(connection, stub, now, signer)
    for table in ("finding", "label", "entry"):
        connection.execute(f"DELETE FROM {table} WHERE seq <= ?", (last,))  # noqa: S608 -- of the names above
    connection.execute(
        "DELETE FROM body WHERE NOT EXISTS (SELECT 1 FROM entry WHERE report_body = body.id)"
        " AND NOT EXISTS (SELECT 1 FROM entry WHERE policy_body = body.id)"
    )
    return stub


def _insert(connection: sqlite3.Connection, stub: Stub, now: datetime, signer: Signer | None) -> None:
    row = connection.execute("SELECT hash FROM stub ORDER BY id DESC LIMIT 1").fetchone()
    document = rfc8785.dumps({**stub.to_dict(), "timestamp": time_text(now)})
    key = None if signer is None else signer.public_key
    digest = stub_hash(row[0] if row else GENESIS.hash, key, document)
    connection.execute(
        "INSERT INTO stub (last_seq, last_hash, hash, signer, signature, document) VALUES (?, ?, ?, ?, ?, ?)",
        (stub.last.seq, stub.last.hash, digest, key, signature_of(digest, signer), document),
    )


def stub_problems(connection: sqlite3.Connection, signatures: SignatureCheck) -> Iterator[Diagnostic]:
    """Yield what is wrong with the stubs."""
    before, began = GENESIS.hash, 0
    query = "SELECT id, last_seq, last_hash, hash, signer, signature, document FROM stub ORDER BY id"
    for place, row in enumerate(connection.execute(query), 1):
        number, last_seq, last_hash, stored, key, signature, document = row
        try:
            if number != place:
                raise ValueError("it is not the next one")
            if not (key is None or is_hash(key)) or stub_hash(before, key, document) != stored:
                raise ValueError("its hash is not made of it and the stub before it")
            said = plain.loads(document)
            if (said["last_seq"], said["last_hash"]) != (last_seq, last_hash.hex()):
                raise ValueError("it says something else than it is found by")
            if said["count"] != last_seq - began:
                raise ValueError("it does not go on where the one before it ends")
        except (ValueError, TypeError, KeyError, AttributeError) as error:
            yield Diagnostic(RecordCode.STUB_ALTERED, f"stub {number} was altered: {error}", order=number)
        else:
            yield from signatures.problems(f"stub {number}", number, (stored, key, signature))
        before, began = stored if is_hash(stored) else GENESIS.hash, last_seq
