"""Logs for tests: filled ones, and ones that somebody has tampered with."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator
from contextlib import closing, contextmanager
from datetime import UTC, datetime, timedelta
from itertools import count
from pathlib import Path
from typing import Any

import evaluator
from evaluator import Decision, DecisionLog, HostAddresses
from evaluator.testing.terse_topology import read_topology

WHEN = datetime(2026, 11, 22, 12, 0, tzinfo=UTC)
STRICT = evaluator.load_policy("strict")
LINKS = "bond0 over ens1, ens2 has 192.0.2.10/24; br0 over ens3 has 192.0.2.11/24; ens4 has 192.0.2.12/24"


def decide(*addresses: str, links: str = LINKS, policy: evaluator.Policy = STRICT) -> Decision:
    return policy.decide(evaluator.read_report(read_topology(links)), HostAddresses.of(*addresses))


RESOLVED = decide("192.0.2.10")
REJECTED = decide("192.0.2.11")
AMBIGUOUS = decide("192.0.2.10", "192.0.2.12")
NO_MATCH = decide("192.0.2.99", policy=evaluator.load_policy("ovirt-engine"))
DECISIONS = (RESOLVED, REJECTED, AMBIGUOUS, NO_MATCH)


def open_log(path: Path, **options: Any) -> DecisionLog:
    """Return a log whose ids count up, and whose clock goes on by a minute with each record."""
    if path.exists():
        with DecisionLog.open(path, read_only=True) as log:
            number = log.head().seq
    else:
        number = 0
    ids, minutes = count(number + 1), count(number)
    return DecisionLog.open(
        path,
        clock=lambda: WHEN + timedelta(minutes=next(minutes)),
        new_id=lambda: f"d-{next(ids)}",
        **options,
    )


def filled(path: Path, records: int = 8, **options: Any) -> Path:
    with open_log(path, **options) as log:
        for i in range(records):
            log.append(DECISIONS[i % 4], {"engine": f"e{i % 2}", "run": str(i)})
    return path


def plain(path: Path) -> sqlite3.Connection:
    return sqlite3.connect(path, isolation_level=None)


@contextmanager
def tampering(path: Path) -> Iterator[sqlite3.Connection]:
    """Let an adversary write to the log: the triggers are gone meanwhile, and back afterwards."""
    with closing(plain(path)) as connection:
        query = "SELECT name, sql FROM sqlite_schema WHERE type = 'trigger' ORDER BY rowid"
        triggers = connection.execute(query).fetchall()
        for name, _ in triggers:
            connection.execute(f"DROP TRIGGER {name}")
        yield connection
        for _, sql in triggers:
            connection.execute(sql)


def problems(path: Path, **options: Any) -> list[str]:
    with DecisionLog.open(path, read_only=True) as log:
        return [problem.code for problem in log.verify(**options).problems]


def dump(path: Path) -> dict[str, list[tuple[Any, ...]]]:
    """Return all that stands in the log."""
    tables = ("body", "entry", "named", "finding", "label", "stub")
    with closing(plain(path)) as connection:
        connection.text_factory = bytes
        return {table: connection.execute(f"SELECT * FROM {table}").fetchall() for table in tables}
