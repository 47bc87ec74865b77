"""The tables of a log, versions 1 and 2, and the triggers that keep its own users from changing it.

Triggers prevent mistakes, not an adversary: anybody who can write the file can drop them. A record can be removed only
behind a checkpoint (table `stub`), a text only when no record names it.

`envelope` and `packed` hold what `packing.py` writes, `document` canonical JSON. The other columns of `entry`, and the
tables `finding` and `label`, only repeat the envelope, so that it can be found; `log verify` compares them. `named`
lists the texts of each record, the report at place 0; it is what keeps a text from being removed. Reading goes by
digest.

**No two versions have the same tables.** So the tables show which version a log has, even if its header is damaged.
A log of version 1 is read, never written. Both versions share most statements.
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
_ENTRY_1 = """    report_body INTEGER,
    policy_body INTEGER,
    envelope BLOB NOT NULL
);
"""
_OTHERS_1 = """CREATE INDEX entry_report_body ON entry (report_body);
CREATE INDEX entry_policy_body ON entry (policy_body);
"""
_GOES_1 = """CREATE TRIGGER body_goes BEFORE DELETE ON body
WHEN EXISTS (SELECT 1 FROM entry WHERE report_body = OLD.id)
OR EXISTS (SELECT 1 FROM entry WHERE policy_body = OLD.id)
BEGIN SELECT raise(ABORT, 'a record names this text'); END;
"""
_ENTRY_2 = """    policy_sha256 TEXT NOT NULL,
    envelope BLOB NOT NULL
);
"""
_OTHERS_2 = """CREATE INDEX entry_policy_sha256 ON entry (policy_sha256);
CREATE TABLE named (
    seq INTEGER NOT NULL, place INTEGER NOT NULL, body INTEGER NOT NULL, PRIMARY KEY (seq, place)
) WITHOUT ROWID;
CREATE INDEX named_body ON named (body);
"""
_GOES_2 = """CREATE TRIGGER body_goes BEFORE DELETE ON body
WHEN EXISTS (SELECT 1 FROM named WHERE body = OLD.id)
BEGIN SELECT raise(ABORT, 'a record names this text'); END;
CREATE TRIGGER named_stays BEFORE UPDATE ON named
BEGIN SELECT raise(ABORT, 'a log is never changed'); END;
CREATE TRIGGER named_goes BEFORE DELETE ON named
WHEN OLD.seq > coalesce((SELECT max(last_seq) FROM stub), 0)
BEGIN SELECT raise(ABORT, 'a log is only pruned from its beginning, behind a stub'); END;
"""
_NAMED_1 = (
    "SELECT seq, 0 AS place, report_body AS body FROM entry WHERE report_body IS NOT NULL"
    " UNION ALL SELECT seq, 1, policy_body FROM entry WHERE policy_body IS NOT NULL ORDER BY seq, place"
)
_COLUMNS_1 = ("decision_id", "timestamp", "host", "status", "interface", "policy")


class Layout(Struct, frozen=True):
    """What differs between the versions: how the tables are made, and where things stand in them.

    `index` are the columns of `entry` that repeat the envelope, `named` is the query for the texts of all records,
    `last` that for the last record by tables other than `entry`, and `by_digest` the condition by which records of one
    policy are found.
    """

    version: int
    tables: str
    triggers: str
    index: tuple[str, ...]
    named: str
    last: str
    by_digest: str


LAYOUTS: Mapping[int, Layout] = {
    1: Layout(
        1,
        _TABLES.format(entry=_ENTRY_1, others=_OTHERS_1),
        _TRIGGERS.format(goes=_GOES_1),
        _COLUMNS_1,
        _NAMED_1,
        "SELECT max(seq) FROM (SELECT seq FROM label UNION ALL SELECT seq FROM finding)",
        "policy_body IN (SELECT id FROM body WHERE lower(hex(sha256)) = ?)",
    ),
    2: Layout(
        2,
        _TABLES.format(entry=_ENTRY_2, others=_OTHERS_2),
        _TRIGGERS.format(goes=_GOES_2),
        (*_COLUMNS_1, "policy_sha256"),
        "SELECT seq, place, body FROM named ORDER BY seq, place",
        "SELECT max(seq) FROM named",
        "policy_sha256 = ?",
    ),
}
CURRENT = LAYOUTS[SCHEMA_VERSION]


def schema_of(connection: sqlite3.Connection) -> dict[str, str]:
    """Return what the tables, indexes and triggers of a database are made by, by their names."""
    found = connection.execute("SELECT type || ' ' || name, coalesce(sql, '') FROM sqlite_schema")
    return {str(name): str(sql) for name, sql in found}


@cache
def schema_wanted(version: int) -> Mapping[str, str]:
    """Return `schema_of` for a log of that version that nobody has altered."""
    layout = LAYOUTS[version]
    with closing(sqlite3.connect(":memory:")) as connection:
        connection.executescript(layout.tables + layout.triggers)
        return schema_of(connection)


def version_of(schema: Mapping[str, str]) -> int | None:
    """Return the version whose tables these are; triggers and indexes may be missing or altered."""
    for version in LAYOUTS:
        wanted = schema_wanted(version)
        tables = {name: sql for name, sql in wanted.items() if name.startswith("table ")}
        if all(schema.get(name) == sql for name, sql in tables.items()):
            return version
    return None
