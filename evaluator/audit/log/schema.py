"""The tables and triggers of a log, for versions 1 and 2.

The triggers reject every change except an append and a prune. The triggers prevent mistakes, not attacks: anybody who
can write the file can drop the triggers. A record can be deleted only if a checkpoint covers it. A text can be deleted
only if no record refers to it. The old name of a checkpoint is *stub*: the table `stub` contains the checkpoints. The
message "a log is only pruned from its beginning, behind a stub" means: write a checkpoint first, then delete the
records that it covers.

`entry` has one row for each record. `envelope` and `body.packed` contain compressed texts (`packing.py`), and
`stub.document` contains canonical JSON. The other columns of `entry`, and the tables `finding` and `label`, repeat
values of the envelope as an index; `log verify` compares them with the envelope. The table `named` lists the texts to
which each record refers: its column `place` is 0 for the report, and 1, 2, … for the policy texts. A text in this table
cannot be deleted. Readers find a text by its digest.

**No two versions have the same tables**, so the tables show the version of a log even if its header is damaged. A log
of version 1 can be read, but not written. The versions share most statements. **The SQL texts must never change**, not
even the messages of the triggers: verification compares them with the SQL in the file.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Mapping
from contextlib import closing
from functools import cache

from msgspec import Struct

APPLICATION_ID = 0x61634E69  # acNi
SCHEMA_VERSION = 2
PAGE = 4096
_TABLES = """
CREATE TABLE body (
    id INTEGER PRIMARY KEY,
    sha256 BLOB NOT NULL UNIQUE,
    size INTEGER NOT NULL,
    packed BLOB NOT NULL
);
CREATE TABLE entry (
    seq INTEGER PRIMARY KEY,
    hash BLOB NOT NULL,
    signer BLOB,
    signature BLOB,
    decision_id TEXT NOT NULL UNIQUE,
    timestamp TEXT NOT NULL,
    host TEXT NOT NULL,
    status TEXT NOT NULL,
    interface TEXT,
    policy TEXT NOT NULL,
{entry}CREATE INDEX entry_timestamp ON entry (timestamp);
CREATE INDEX entry_host ON entry (host);
CREATE INDEX entry_status ON entry (status);
CREATE INDEX entry_interface ON entry (interface);
CREATE INDEX entry_policy ON entry (policy);
{others}CREATE TABLE finding (code TEXT NOT NULL, seq INTEGER NOT NULL, PRIMARY KEY (code, seq)) WITHOUT ROWID;
CREATE TABLE label (
    name TEXT NOT NULL, value TEXT NOT NULL, seq INTEGER NOT NULL, PRIMARY KEY (name, value, seq)
) WITHOUT ROWID;
CREATE TABLE stub (
    id INTEGER PRIMARY KEY,
    last_seq INTEGER NOT NULL,
    last_hash BLOB NOT NULL,
    hash BLOB NOT NULL,
    signer BLOB,
    signature BLOB,
    document BLOB NOT NULL
);
"""
_TRIGGERS = """CREATE TRIGGER entry_in_order BEFORE INSERT ON entry
WHEN NEW.seq <> 1 + coalesce((SELECT max(seq) FROM entry), (SELECT max(last_seq) FROM stub), 0)
OR EXISTS (SELECT 1 FROM entry WHERE decision_id = NEW.decision_id)
BEGIN SELECT raise(ABORT, 'a log only grows at its end'); END;
CREATE TRIGGER entry_stays BEFORE UPDATE ON entry
BEGIN SELECT raise(ABORT, 'a log is never changed'); END;
CREATE TRIGGER entry_goes BEFORE DELETE ON entry
WHEN OLD.seq > coalesce((SELECT max(last_seq) FROM stub), 0)
BEGIN SELECT raise(ABORT, 'a log is only pruned from its beginning, behind a stub'); END;
CREATE TRIGGER body_once BEFORE INSERT ON body
WHEN EXISTS (SELECT 1 FROM body WHERE sha256 = NEW.sha256 OR id = NEW.id)
BEGIN SELECT raise(ABORT, 'a text is kept once'); END;
CREATE TRIGGER body_stays BEFORE UPDATE ON body
BEGIN SELECT raise(ABORT, 'a log is never changed'); END;
{goes}CREATE TRIGGER finding_stays BEFORE UPDATE ON finding
BEGIN SELECT raise(ABORT, 'a log is never changed'); END;
CREATE TRIGGER finding_goes BEFORE DELETE ON finding
WHEN OLD.seq > coalesce((SELECT max(last_seq) FROM stub), 0)
BEGIN SELECT raise(ABORT, 'a log is only pruned from its beginning, behind a stub'); END;
CREATE TRIGGER label_stays BEFORE UPDATE ON label
BEGIN SELECT raise(ABORT, 'a log is never changed'); END;
CREATE TRIGGER label_goes BEFORE DELETE ON label
WHEN OLD.seq > coalesce((SELECT max(last_seq) FROM stub), 0)
BEGIN SELECT raise(ABORT, 'a log is only pruned from its beginning, behind a stub'); END;
CREATE TRIGGER stub_stays BEFORE UPDATE ON stub
BEGIN SELECT raise(ABORT, 'a log is never changed'); END;
CREATE TRIGGER stub_never_goes BEFORE DELETE ON stub
BEGIN SELECT raise(ABORT, 'a log is never changed'); END;
"""
_ENTRY_COLUMNS_1 = """    report_body INTEGER,
    policy_body INTEGER,
    envelope BLOB NOT NULL
);
"""
_OTHER_TABLES_1 = """CREATE INDEX entry_report_body ON entry (report_body);
CREATE INDEX entry_policy_body ON entry (policy_body);
"""
_DELETE_TRIGGERS_1 = """CREATE TRIGGER body_goes BEFORE DELETE ON body
WHEN EXISTS (SELECT 1 FROM entry WHERE report_body = OLD.id)
OR EXISTS (SELECT 1 FROM entry WHERE policy_body = OLD.id)
BEGIN SELECT raise(ABORT, 'a record names this text'); END;
"""
_ENTRY_COLUMNS_2 = """    policy_sha256 TEXT NOT NULL,
    envelope BLOB NOT NULL
);
"""
_OTHER_TABLES_2 = """CREATE INDEX entry_policy_sha256 ON entry (policy_sha256);
CREATE TABLE named (
    seq INTEGER NOT NULL, place INTEGER NOT NULL, body INTEGER NOT NULL, PRIMARY KEY (seq, place)
) WITHOUT ROWID;
CREATE INDEX named_body ON named (body);
"""
_DELETE_TRIGGERS_2 = """CREATE TRIGGER body_goes BEFORE DELETE ON body
WHEN EXISTS (SELECT 1 FROM named WHERE body = OLD.id)
BEGIN SELECT raise(ABORT, 'a record names this text'); END;
CREATE TRIGGER named_stays BEFORE UPDATE ON named
BEGIN SELECT raise(ABORT, 'a log is never changed'); END;
CREATE TRIGGER named_goes BEFORE DELETE ON named
WHEN OLD.seq > coalesce((SELECT max(last_seq) FROM stub), 0)
BEGIN SELECT raise(ABORT, 'a log is only pruned from its beginning, behind a stub'); END;
"""
_NAMED_QUERY_1 = (
    "SELECT seq, 0 AS place, report_body AS body FROM entry WHERE report_body IS NOT NULL"
    " UNION ALL SELECT seq, 1, policy_body FROM entry WHERE policy_body IS NOT NULL ORDER BY seq, place"
)
_INDEX_COLUMNS_1 = ("decision_id", "timestamp", "host", "status", "interface", "policy")


class LogTables(Struct, frozen=True):
    """The differences between the versions of a log.

    `tables` and `triggers` are SQL statements. `index` are the columns of `entry` that repeat the envelope. `named` is
    the query for the stored texts that each record refers to. `last` is the query for the largest record number in all
    tables except `entry`. `by_digest` is the condition that selects the records of one policy by its digest.
    """

    version: int
    tables: str
    triggers: str
    index: tuple[str, ...]
    named: str
    last: str
    by_digest: str


LAYOUTS: Mapping[int, LogTables] = {
    1: LogTables(
        1,
        _TABLES.format(entry=_ENTRY_COLUMNS_1, others=_OTHER_TABLES_1),
        _TRIGGERS.format(goes=_DELETE_TRIGGERS_1),
        _INDEX_COLUMNS_1,
        _NAMED_QUERY_1,
        "SELECT max(seq) FROM (SELECT seq FROM label UNION ALL SELECT seq FROM finding)",
        "policy_body IN (SELECT id FROM body WHERE lower(hex(sha256)) = ?)",
    ),
    2: LogTables(
        2,
        _TABLES.format(entry=_ENTRY_COLUMNS_2, others=_OTHER_TABLES_2),
        _TRIGGERS.format(goes=_DELETE_TRIGGERS_2),
        (*_INDEX_COLUMNS_1, "policy_sha256"),
        "SELECT seq, place, body FROM named ORDER BY seq, place",
        "SELECT max(seq) FROM named",
        "policy_sha256 = ?",
    ),
}
CURRENT = LAYOUTS[SCHEMA_VERSION]


def schema_of(connection: sqlite3.Connection) -> dict[str, str]:
    """Return the SQL of each table, index and trigger of a database, by type and name."""
    rows = connection.execute("SELECT type || ' ' || name, coalesce(sql, '') FROM sqlite_schema")
    return {str(name): str(sql) for name, sql in rows}


@cache
def expected_schema(version: int) -> Mapping[str, str]:
    """Return the result of `schema_of` for an unaltered log of a version."""
    layout = LAYOUTS[version]
    with closing(sqlite3.connect(":memory:")) as connection:
        connection.executescript(layout.tables + layout.triggers)
        return schema_of(connection)


def version_of(schema: Mapping[str, str]) -> int | None:
    """Return the version that has these tables, or None; triggers and indexes are not compared."""
    for version in LAYOUTS:
        expected = expected_schema(version)
        tables = {name: sql for name, sql in expected.items() if name.startswith("table ")}
        if all(schema.get(name) == sql for name, sql in tables.items()):
            return version
    return None
