"""The tables of a log, version 1, and the triggers that keep its own users from changing what stands in it.

Triggers stop mistakes, not an adversary: whoever can write the file can drop them. A record can go
only where a stub says so, a text only when no record names it.

`envelope` and `packed` hold what `packing.py` makes, `document` canonical JSON. The other columns of `entry`, and the
tables `finding` and `label`, only repeat the envelope, so that it is found; `log verify` compares them.
"""

from __future__ import annotations

import sqlite3
from contextlib import closing

APPLICATION_ID = 0x61634E69  # acNi
SCHEMA_VERSION = 1
SCHEMA = """
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
    report_body INTEGER,
    policy_body INTEGER,
    envelope BLOB NOT NULL
);
CREATE INDEX entry_timestamp ON entry (timestamp);
CREATE INDEX entry_host ON entry (host);
CREATE INDEX entry_status ON entry (status);
CREATE INDEX entry_interface ON entry (interface);
CREATE INDEX entry_policy ON entry (policy);
CREATE INDEX entry_report_body ON entry (report_body);
CREATE INDEX entry_policy_body ON entry (policy_body);
CREATE TABLE finding (code TEXT NOT NULL, seq INTEGER NOT NULL, PRIMARY KEY (code, seq)) WITHOUT ROWID;
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

CREATE TRIGGER entry_in_order BEFORE INSERT ON entry
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
CREATE TRIGGER body_goes BEFORE DELETE ON body
WHEN EXISTS (SELECT 1 FROM entry WHERE report_body = OLD.id)
OR EXISTS (SELECT 1 FROM entry WHERE policy_body = OLD.id)
BEGIN SELECT raise(ABORT, 'a record names this text'); END;
CREATE TRIGGER finding_stays BEFORE UPDATE ON finding
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


def schema_of(connection: sqlite3.Connection) -> dict[str, str]:
    """Return what the tables, indexes and triggers of a database are made by, by their names."""
    found = connection.execute("SELECT type || ' ' || name, coalesce(sql, '') FROM sqlite_schema")
    return dict(found.fetchall())


def schema_wanted() -> dict[str, str]:
    """Return `schema_of` for a log that nobody has tampered with."""
    with closing(sqlite3.connect(":memory:")) as connection:
        connection.executescript(SCHEMA)
        return schema_of(connection)
