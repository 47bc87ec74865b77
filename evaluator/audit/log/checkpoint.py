"""What a prune leaves: a checkpoint that says what was removed, and from which the chain goes on.

Only the beginning of a log can be removed. Damaged records may be among those, and the checkpoint names them: what was
damaged must not vanish unseen. Checkpoints form a chain of their own and are signed like records. (Their table is
called `stub`.)
"""

from __future__ import annotations

import sqlite3
from collections.abc import Iterable, Iterator
from datetime import datetime

import rfc8785
from msgspec import Struct

from evaluator.audit.log.chain import GENESIS, Head, stub_hash
from evaluator.audit.log.items import Entry, Item
from evaluator.audit.log.queries import is_hash
from evaluator.audit.log.signatures import SignatureCheck
from evaluator.audit.log.signing import Signer, signature_of
from evaluator.audit.record import Json, time_text
from evaluator.base import json_values as plain
from evaluator.base.diagnostic import Diagnostic, RecordCode

_VERSION = 2


class Checkpoint(Struct, frozen=True):
    """The end of what was pruned, how many numbers were removed this time, and which moment was given.

    `damaged` are the numbers of those that were missing or damaged.
    """

    last: Head
    count: int
    before: datetime
    damaged: tuple[int, ...] = ()

    def to_dict(self) -> Json:
        """Return the checkpoint as JSON-ready data."""
        return {
            "schema_version": _VERSION,
            "last_seq": self.last.seq,
            "last_hash": self.last.hash.hex(),
            "count": self.count,
            "before": time_text(self.before),
            "damaged": list(self.damaged),
        }


def older_than(items: Iterable[Item], began: Head, before: datetime) -> Checkpoint | None:
    """Return the checkpoint up to the last record before the first that is not older; None if nothing is older.

    `items` begin with the first record. Damaged ones are passed if an intact older record follows them, or if their
    columns say that they are older.
    """
    last, damaged, passed = began, [], list[int]()
    moment = time_text(before)
    for item in items:
        if isinstance(item, Entry) and item.envelope["timestamp"] >= moment:
            break
        if item.problems:
            passed.append(item.seq)
        if isinstance(item, Entry) or (item.hash and "" < item.timestamp < moment):
            last, damaged = Head(item.seq, item.hash), passed.copy()
    if last.seq <= began.seq:
        return None
    return Checkpoint(last, last.seq - began.seq, before, tuple(damaged))


def leave(connection: sqlite3.Connection, checkpoint: Checkpoint, now: datetime, signer: Signer | None) -> None:
    """Remove all records up to the checkpoint; the caller holds a transaction that writes."""
    _insert(connection, checkpoint, now, signer)
    for table in ("finding", "label", "named", "entry"):
        connection.execute(f"DELETE FROM {table} WHERE seq <= ?", (checkpoint.last.seq,))  # noqa: S608 -- of the names above
    connection.execute("DELETE FROM body WHERE id NOT IN (SELECT body FROM named)")


def _insert(connection: sqlite3.Connection, checkpoint: Checkpoint, now: datetime, signer: Signer | None) -> None:
    row = connection.execute("SELECT hash FROM stub ORDER BY id DESC LIMIT 1").fetchone()
    document = rfc8785.dumps({**checkpoint.to_dict(), "timestamp": time_text(now)})
    key = None if signer is None else signer.public_key
    before = row[0] if row and is_hash(row[0]) else GENESIS.hash
    digest = stub_hash(before, key, document)
    connection.execute(
        "INSERT INTO stub (last_seq, last_hash, hash, signer, signature, document) VALUES (?, ?, ?, ?, ?, ?)",
        (checkpoint.last.seq, checkpoint.last.hash, digest, key, signature_of(digest, signer), document),
    )


def damaged_before(connection: sqlite3.Connection) -> tuple[int, ...]:
    """Return the numbers of the damaged records that were pruned, as all checkpoints say."""
    damaged: list[int] = []
    for (document,) in connection.execute("SELECT document FROM stub ORDER BY id"):
        try:
            seqs = plain.loads(document)["damaged"]
        except (ValueError, TypeError, KeyError):
            continue
        damaged += [seq for seq in seqs if isinstance(seq, int)] if isinstance(seqs, list) else []
    return tuple(damaged)


def checkpoint_problems(connection: sqlite3.Connection, signatures: SignatureCheck) -> Iterator[Diagnostic]:
    """Yield what is wrong with the checkpoints."""
    before, began = GENESIS.hash, 0
    query = "SELECT id, last_seq, last_hash, hash, signer, signature, document FROM stub ORDER BY id"
    for place, row in enumerate(connection.execute(query), 1):
        number, last_seq, last_hash, stored, key, signature, document = row
        try:
            if number != place:
                raise ValueError("it is not the next one")
            if not (key is None or is_hash(key)) or stub_hash(before, key, document) != stored:
                raise ValueError("its hash does not match it and the checkpoint before it")
            checkpoint = plain.loads(document)
            if (checkpoint["last_seq"], checkpoint["last_hash"]) != (last_seq, last_hash.hex()):
                raise ValueError("its columns differ from its document")
            if checkpoint["count"] != last_seq - began:
                raise ValueError("it does not go on where the one before it ends")
        except (ValueError, TypeError, KeyError, AttributeError) as error:
            yield Diagnostic(RecordCode.STUB_ALTERED, f"checkpoint {number} was altered: {error}", order=number)
        else:
            yield from signatures.problems(f"checkpoint {number}", number, (stored, key, signature))
        before, began = stored if is_hash(stored) else GENESIS.hash, last_seq
