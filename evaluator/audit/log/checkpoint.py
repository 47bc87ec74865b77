"""Checkpoints: a prune removes records and writes one row, the checkpoint, in their place.

A prune removes only the oldest records. The checkpoint contains the head of the last removed record; the chain
continues from this head. The checkpoint also lists the numbers of the removed records that were missing or damaged, so
that a prune cannot hide damage. Checkpoints have a separate hash chain and are signed like records. The table `stub`
contains the checkpoints.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Iterable, Iterator
from datetime import datetime

import rfc8785
from msgspec import Struct

from evaluator.audit.log.chain import GENESIS, Head, checkpoint_hash
from evaluator.audit.log.items import Item, LogEntry
from evaluator.audit.log.queries import is_hash
from evaluator.audit.log.signatures import SignatureCheck
from evaluator.audit.log.signing import Signer, signature_of
from evaluator.audit.record import Json, time_text
from evaluator.base import json_values as plain
from evaluator.base.diagnostic import Diagnostic, RecordCode

_VERSION = 2


class Checkpoint(Struct, frozen=True):
    """The row that describes one prune.

    `last` is the head of the last removed record. `count` is the number of removed records; a missing record counts
    too. `before` is the time that the caller gave. `damaged` are the numbers of the removed records that were missing
    or damaged.
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


def next_checkpoint(items: Iterable[Item], pruned: Head, before: datetime) -> Checkpoint | None:
    """Return the checkpoint for removing the records older than `before`; None if no record can be removed.

    `items` are all records in the order of the chain, and `pruned` is the head of the last checkpoint. The checkpoint
    covers no record after the first intact record that is not older than `before`. The timestamp column shows the age
    of a damaged record. A damaged record without a timestamp or hash is removed only together with a later record.
    """
    last, damaged, damaged_so_far = pruned, [], list[int]()
    limit = time_text(before)
    for item in items:
        if isinstance(item, LogEntry) and item.envelope["timestamp"] >= limit:
            break
        if item.problems:
            damaged_so_far.append(item.seq)
        if isinstance(item, LogEntry) or (item.hash and "" < item.timestamp < limit):
            last, damaged = Head(item.seq, item.hash), damaged_so_far.copy()
    if last.seq <= pruned.seq:
        return None
    return Checkpoint(last, last.seq - pruned.seq, before, tuple(damaged))


def write_checkpoint(
    connection: sqlite3.Connection, checkpoint: Checkpoint, now: datetime, signer: Signer | None
) -> None:
    """Insert the checkpoint and delete the records that it covers. The caller has begun a write transaction."""
    _insert(connection, checkpoint, now, signer)
    for table in ("finding", "label", "named", "entry"):
        connection.execute(f"DELETE FROM {table} WHERE seq <= ?", (checkpoint.last.seq,))  # noqa: S608 -- constant names
    connection.execute("DELETE FROM body WHERE id NOT IN (SELECT body FROM named)")


def _insert(connection: sqlite3.Connection, checkpoint: Checkpoint, now: datetime, signer: Signer | None) -> None:
    row = connection.execute("SELECT hash FROM stub ORDER BY id DESC LIMIT 1").fetchone()
    document = rfc8785.dumps({**checkpoint.to_dict(), "timestamp": time_text(now)})
    key = None if signer is None else signer.public_key
    previous = row[0] if row and is_hash(row[0]) else GENESIS.hash
    digest = checkpoint_hash(previous, key, document)
    connection.execute(
        "INSERT INTO stub (last_seq, last_hash, hash, signer, signature, document) VALUES (?, ?, ?, ?, ?, ?)",
        (checkpoint.last.seq, checkpoint.last.hash, digest, key, signature_of(digest, signer), document),
    )


def pruned_damaged_seqs(connection: sqlite3.Connection) -> tuple[int, ...]:
    """Return the numbers of the pruned records that were damaged. The documents of the checkpoints list them."""
    damaged: list[int] = []
    for (document,) in connection.execute("SELECT document FROM stub ORDER BY id"):
        try:
            seqs = plain.loads(document)["damaged"]
        except (ValueError, TypeError, KeyError):
            continue
        damaged += [seq for seq in seqs if isinstance(seq, int)] if isinstance(seqs, list) else []
    return tuple(damaged)


def checkpoint_problems(connection: sqlite3.Connection, signatures: SignatureCheck) -> Iterator[Diagnostic]:
    """Yield the problems of all checkpoints: hashes, order, columns and signatures."""
    previous, pruned_seq = GENESIS.hash, 0
    query = "SELECT id, last_seq, last_hash, hash, signer, signature, document FROM stub ORDER BY id"
    for position, row in enumerate(connection.execute(query), 1):
        number, last_seq, last_hash, stored, key, signature, document = row
        try:
            if number != position:
                raise ValueError("the number does not follow the number of the previous checkpoint")
            if not (key is None or is_hash(key)) or checkpoint_hash(previous, key, document) != stored:
                raise ValueError(
                    "the hash differs from the hash that is computed from this checkpoint and the previous hash"
                )
            checkpoint = plain.loads(document)
            if (checkpoint["last_seq"], checkpoint["last_hash"]) != (last_seq, last_hash.hex()):
                raise ValueError("the columns of the table differ from the document of the checkpoint")
            if checkpoint["count"] != last_seq - pruned_seq:
                raise ValueError("the first record does not follow the last record of the previous checkpoint")
        except (ValueError, TypeError, KeyError, AttributeError) as error:
            reason = str(error) if isinstance(error, ValueError) else "the document of the checkpoint cannot be read"
            yield Diagnostic(RecordCode.STUB_ALTERED, f"checkpoint {number} was altered: {reason}", order=number)
        else:
            yield from signatures.problems(f"checkpoint {number}", number, (stored, key, signature))
        previous, pruned_seq = stored if is_hash(stored) else GENESIS.hash, last_seq
