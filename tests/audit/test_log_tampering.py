"""What `verify` finds: every bit of a record, its place in the chain, its signature, and a tail that was cut."""

from __future__ import annotations

import shutil
import sqlite3
import sys
from collections.abc import Callable
from contextlib import closing, suppress
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from evaluator import DecisionLog, LogFilter, RecordError
from evaluator.audit.log.chain import Head, entry_hash, parse_head
from evaluator.audit.log.packing import pack, unpack
from evaluator.audit.log.queries import pruned_head
from evaluator.audit.log.schema import CURRENT
from evaluator.audit.log.signing import read_public_key, read_signer, signature_of, write_keys
from evaluator.audit.log.verification import MAX_PROBLEMS
from evaluator.base.diagnostic import QuestionError
from tests.support.logs import RESOLVED, WHEN, dump, filled, open_log, plain, problems, tampering

TABLES = {
    "body": ("id", "sha256", "size", "packed"),
    "entry": (
        *("seq", "hash", "signer", "signature", "decision_id", "timestamp", "host", "status", "interface", "policy"),
        *("policy_sha256", "envelope"),
    ),
    "named": ("seq", "place", "body"),
    "finding": ("code", "seq"),
    "label": ("name", "value", "seq"),
    "stub": ("id", "last_seq", "last_hash", "hash", "signer", "signature", "document"),
}
COLUMNS = [(table, column) for table, columns in TABLES.items() for column in columns]


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with a signed log that was pruned once, and its keys."""
    folder = tmp_path_factory.mktemp("signed")
    write_keys(folder / "key")
    path = filled(folder / "log", 9, signer=folder / "key")
    with open_log(path, signer=folder / "key") as log:
        log.prune(WHEN + timedelta(minutes=2))
    return folder


@pytest.fixture
def copy(folder: Path, tmp_path: Path) -> Path:
    return Path(shutil.copy(folder / "log", tmp_path / "log"))


def test_the_columns_are_all_there_are() -> None:
    for columns in TABLES.values():
        assert all(column in CURRENT.tables for column in columns)


def test_the_log_is_sound(folder: Path) -> None:
    with DecisionLog.open(folder / "log", read_only=True) as log:
        found = log.verify([read_public_key(folder / "key.pub")], log.head())
    assert (found.problems, found.records, found.signed, found.pruned) == ((), 7, 7, 2)
    assert found.signatures_checked


def flipped(value: Any, bit: int) -> Any:
    """Return a stored value with one bit changed."""
    if value is None:
        return 1 << bit % 62
    if isinstance(value, int):
        return value ^ (1 << bit % 62)
    octets = bytearray(value if isinstance(value, bytes) else value.encode())
    if octets:
        octets[bit // 8 % len(octets)] ^= 1 << bit % 8
    return bytes(octets)


@pytest.mark.volume
@settings(max_examples=400)
@given(place=st.sampled_from(COLUMNS), row=st.integers(0, 50), bit=st.integers(0, 1 << 20))
def test_a_flipped_bit_of_a_record_is_found(
    folder: Path, tmp_path_factory: pytest.TempPathFactory, place: tuple[str, str], row: int, bit: int
) -> None:
    path = Path(shutil.copy(folder / "log", tmp_path_factory.getbasetemp() / "flipped"))
    table, column = place
    with tampering(path) as connection:
        key = "rowid" if table in ("body", "entry", "stub") else "seq"
        rows = connection.execute(f"SELECT {key}, {column}, typeof({column}) FROM {table} ORDER BY 1, 2").fetchall()
        number, value, kind = rows[row % len(rows)]
        new = "CAST(? AS TEXT)" if kind == "text" else "?"
        where, values = f"{key} = ? AND {column} IS ?", (flipped(value, bit), number, value)
        with suppress(sqlite3.IntegrityError):  # another row stands there
            connection.execute(f"UPDATE {table} SET {column} = {new} WHERE {where}", values)
    if dump(path) == dump(folder / "log"):
        return
    assert problems(path)


@pytest.mark.volume
@settings(max_examples=300)
@given(data=st.data())
def test_a_flipped_bit_of_the_file_changes_nothing_unseen(
    folder: Path, tmp_path_factory: pytest.TempPathFactory, data: st.DataObject
) -> None:
    octets = bytearray((folder / "log").read_bytes())
    at = data.draw(st.integers(0, len(octets) - 1))
    octets[at] ^= 1 << data.draw(st.integers(0, 7))
    path = tmp_path_factory.getbasetemp() / "file"
    path.write_bytes(octets)
    try:
        found = problems(path)
    except RecordError:
        return
    assert found or dump(path) == dump(folder / "log")


USES: tuple[Callable[[DecisionLog], object], ...] = (
    lambda log: list(log.records()),
    lambda log: list(log.records(LogFilter(host="192.0.2.10"))),
    lambda log: log.get("d-5"),
    lambda log: log.head(),
    lambda log: log.prune(WHEN + timedelta(days=1)),
)


def test_a_damaged_page_is_said(folder: Path, tmp_path: Path) -> None:
    whole, path = (folder / "log").read_bytes(), tmp_path / "log"
    for page in range(len(whole) // 4096):
        path.write_bytes(whole[: page * 4096] + b"\xa5" * 4096 + whole[(page + 1) * 4096 :])
        with suppress(RecordError):  # that it cannot even be opened
            assert problems(path), page
        for use in USES:
            with suppress(RecordError), DecisionLog.open(path) as log:
                use(log)


def test_a_refused_append_leaves_a_damaged_log_as_it_was(tmp_path: Path) -> None:
    path = filled(tmp_path / "log", 3)
    with closing(plain(path)) as connection:
        (page,) = connection.execute("SELECT rootpage FROM sqlite_schema WHERE name = 'entry_host'").fetchone()
    octets = path.read_bytes()
    octets = octets[: (page - 1) * 4096] + b"\xa5" * 4096 + octets[page * 4096 :]
    path.write_bytes(octets)
    with DecisionLog.open(path) as log, pytest.raises(RecordError) as error:
        log.append(RESOLVED)
    assert error.value.diagnostics[0].code == "LOG_DAMAGED"
    assert path.read_bytes() == octets


COPY = (
    "INSERT INTO entry SELECT {}, hash, signer, signature, decision_id || 'x', timestamp, host, status, interface,"
    " policy, policy_sha256, envelope FROM entry WHERE seq = 5"
)


@pytest.mark.parametrize(
    ("statements", "wanted"),
    [
        (["DELETE FROM entry WHERE seq = 5"], "LOG_RECORD_MISSING"),
        (["DELETE FROM entry WHERE seq IN (4, 5, 6)"], "LOG_RECORD_MISSING"),
        (["DELETE FROM entry WHERE seq = 3"], "LOG_RECORD_MISSING"),
        (["DELETE FROM entry WHERE seq = 5", "UPDATE entry SET seq = seq - 1 WHERE seq > 5"], "LOG_RECORD_ALTERED"),
        (["UPDATE entry SET seq = seq + 100 WHERE seq > 5", COPY.format(6)], "LOG_RECORD_ALTERED"),
        (["UPDATE entry SET seq = seq + 95 WHERE seq > 5", COPY.format(10)], "LOG_RECORD_ALTERED"),
        (
            [
                "UPDATE entry SET seq = 100 WHERE seq = 5",
                "UPDATE entry SET seq = 5 WHERE seq = 6",
                "UPDATE entry SET seq = 6 WHERE seq = 100",
            ],
            "LOG_RECORD_ALTERED",
        ),
        ([COPY.format(10)], "LOG_RECORD_ALTERED"),
        ([COPY.format(0)], "LOG_RECORD_ALTERED"),
        (["DELETE FROM stub"], "LOG_RECORD_MISSING"),
        (["UPDATE stub SET last_seq = 3"], "LOG_STUB_ALTERED"),
        (["INSERT INTO stub SELECT 2, last_seq, last_hash, hash, signer, signature, document FROM stub"], "LOG_STUB"),
        (["DELETE FROM body WHERE id = 1"], "LOG_BODY_MISSING"),
        (["INSERT INTO body VALUES (99, x'00', 0, x'00')"], "LOG_BODY"),
        (["UPDATE named SET body = (SELECT max(id) FROM body)"], "LOG_BODY_ALTERED"),
        (["INSERT INTO named VALUES (5, 2, 1)"], "LOG_INDEX_ALTERED"),
        (["DELETE FROM named WHERE seq = 5"], "LOG_BODY_MISSING"),
        (["INSERT INTO named VALUES (99, 0, 1)"], "LOG_INDEX_ALTERED"),
        (["UPDATE entry SET host = 'another' WHERE seq = 5"], "LOG_INDEX_ALTERED"),
        (["UPDATE entry SET interface = NULL"], "LOG_INDEX_ALTERED"),
        (["DELETE FROM finding"], "LOG_INDEX_ALTERED"),
        (["DELETE FROM label WHERE seq = 9"], "LOG_INDEX_ALTERED"),
        (["INSERT INTO label VALUES ('a', 'b', 99)"], "LOG_INDEX_ALTERED"),
        (["UPDATE label SET seq = 2 WHERE seq = 3"], "LOG_INDEX_ALTERED"),
        (["INSERT INTO finding VALUES ('A', 1)"], "LOG_INDEX_ALTERED"),
        (["UPDATE entry SET signature = NULL WHERE seq = 5"], "LOG_SIGNATURE_MISSING"),
        (["UPDATE entry SET signature = zeroblob(64) WHERE seq = 5"], "LOG_SIGNATURE_WRONG"),
        (["UPDATE entry SET signer = zeroblob(32) WHERE seq = 5"], "LOG_RECORD_ALTERED"),
        (["UPDATE entry SET signature = 'text', signer = 5, hash = 'text' WHERE seq = 5"], "LOG_RECORD_ALTERED"),
        (["UPDATE entry SET hash = x'00' WHERE seq = 5"], "LOG_RECORD_ALTERED"),
        (["UPDATE entry SET envelope = 5 WHERE seq = 5"], "LOG_RECORD_ALTERED"),
        (["UPDATE entry SET envelope = 'text'"], "LOG_RECORD_ALTERED"),
        (["CREATE TABLE more (a)"], "LOG_SCHEMA_ALTERED"),
        (["DROP INDEX entry_host"], "LOG_SCHEMA_ALTERED"),
        (["CREATE TRIGGER x AFTER INSERT ON entry BEGIN DELETE FROM finding; END"], "LOG_SCHEMA_ALTERED"),
    ],
)
def test_what_an_adversary_does_is_found(copy: Path, statements: list[str], wanted: str) -> None:
    with tampering(copy) as connection:
        for statement in statements:
            connection.execute(statement)
    found = problems(copy)
    assert any(code.startswith(wanted) for code in found), found


WRONG = "UPDATE stub SET last_seq = 3"  # what the columns say of the log's beginning, against the document
UNREADABLE = "UPDATE stub SET document = x'00'"


@pytest.mark.parametrize(
    ("statements", "seq"),
    [
        ([], 2),
        ([WRONG], 2),
        (["UPDATE stub SET last_seq = -1"], 2),
        (["UPDATE stub SET last_hash = x'00'"], 2),
        ([UNREADABLE], 2),
        ([WRONG, UNREADABLE], 3),
        ([WRONG, "UPDATE stub SET hash = zeroblob(32)"], 3),
        (["UPDATE stub SET last_seq = -1, hash = zeroblob(32)"], 2),
        (["UPDATE stub SET last_seq = -1", UNREADABLE], 0),
        (['UPDATE stub SET document = replace(document, \'"last_seq":2\', \'"last_seq":""\')', WRONG], 3),
        (["UPDATE stub SET document = replace(document, '\"last_seq\":2', '\"last_seq\":-1')", WRONG], 3),
        (["DELETE FROM stub"], 0),
    ],
    ids=str,
)
def test_where_a_pruned_log_begins(copy: Path, statements: list[str], seq: int) -> None:
    """A checkpoint names its last record twice; the document counts if its hash is right or the columns are not."""
    with tampering(copy) as connection:
        for statement in statements:
            connection.execute(statement)
        assert pruned_head(connection).seq == seq


def test_each_problem_knows_its_record(copy: Path) -> None:
    with tampering(copy) as connection:
        connection.execute("DELETE FROM named WHERE seq = 5")
        connection.execute("UPDATE entry SET host = 'another' WHERE seq = 7")
    with DecisionLog.open(copy, read_only=True) as log:
        found = {(problem.code, problem.order) for problem in log.verify().problems}
    assert found >= {("LOG_BODY_MISSING", 5), ("LOG_INDEX_ALTERED", 7)}


def test_lost_triggers_are_found(copy: Path) -> None:
    with closing(plain(copy)) as connection:
        connection.execute("DROP TRIGGER entry_stays")
    assert problems(copy) == ["LOG_SCHEMA_ALTERED"]


def test_a_cut_tail_needs_a_head_noted_elsewhere(copy: Path) -> None:
    with DecisionLog.open(copy, read_only=True) as log:
        noted = parse_head(f" {log.head()}\n")
    assert problems(copy, head=noted) == []
    with tampering(copy) as connection:
        for table in ("entry", "finding", "label", "named"):
            connection.execute(f"DELETE FROM {table} WHERE seq > 6")
        connection.execute("DELETE FROM body WHERE id NOT IN (SELECT body FROM named)")
    assert problems(copy) == []
    assert problems(copy, head=noted) == ["LOG_TAIL_CUT"]
    assert problems(copy, head=Head(5, noted.hash)) == ["LOG_HEAD_DIFFERS"]
    assert problems(copy, head=Head(2, noted.hash)) == ["LOG_HEAD_DIFFERS"]
    assert problems(copy, head=Head(1, noted.hash)) == ["LOG_HEAD_PRUNED"]
    assert problems(copy, head=Head(0, bytes(32))) == []


def _made_anew(path: Path, signer: Path | None) -> None:
    """Make the whole chain again over a changed record, as whoever can write the file may do."""
    key = None if signer is None else read_signer(signer)
    with tampering(path) as connection:
        before = Head(2, connection.execute("SELECT last_hash FROM stub").fetchone()[0])
        rows = connection.execute("SELECT seq, signer, envelope FROM entry ORDER BY seq").fetchall()
        for seq, named, packed in rows:
            envelope = unpack(packed, 1 << 20).replace(b"bond0", b"bond9")
            public = named if key is None else key.public_key
            before = Head(seq, entry_hash(before, public, envelope))
            values: list[Any] = [before.hash, pack(envelope), public]
            statement = (
                "UPDATE entry SET hash = ?, envelope = ?, signer = ?, interface = replace(interface, 'bond0', 'bond9')"
            )
            if key is not None:
                statement += ", signature = ?"
                values.append(signature_of(before.hash, key))
            connection.execute(f"{statement} WHERE seq = ?", (*values, seq))


def test_a_chain_made_anew_is_found_by_signatures_and_by_a_noted_head(folder: Path, copy: Path) -> None:
    ours = read_public_key(folder / "key.pub")
    with DecisionLog.open(copy, read_only=True) as log:
        noted = log.head()
    _made_anew(copy, None)
    assert set(problems(copy)) == {"LOG_SIGNATURE_WRONG"}
    theirs = copy.with_name("theirs")
    write_keys(theirs)
    _made_anew(copy, theirs)
    assert problems(copy) == []  # damage is found without the key, a forgery is not
    assert set(problems(copy, public_keys=[ours])) == {"LOG_SIGNATURE_WRONG"}
    assert problems(copy, head=noted) == ["LOG_HEAD_DIFFERS"]
    assert set(problems(copy, public_keys=[read_public_key(theirs.with_name("theirs.pub"))])) == {"LOG_SIGNATURE_WRONG"}


def test_unsigned_records_are_found_when_a_key_is_given(tmp_path: Path) -> None:
    public = read_public_key(write_keys(tmp_path / "key"))
    path = filled(tmp_path / "log", 2)
    assert problems(path) == []
    assert problems(path, public_keys=[public]) == ["LOG_SIGNATURE_MISSING"] * 2
    filled(path, 2, signer=tmp_path / "key")
    assert problems(path, public_keys=[public]) == ["LOG_SIGNATURE_MISSING"] * 2
    with open_log(path) as log:
        log.prune(WHEN + timedelta(minutes=2))
    assert problems(path, public_keys=[public]) == ["LOG_SIGNATURE_MISSING"]


def test_keys_that_follow_each_other(tmp_path: Path) -> None:
    keys = [read_public_key(write_keys(tmp_path / name)) for name in ("a", "b")]
    path = filled(tmp_path / "log", 1, signer=tmp_path / "a")
    filled(path, 1, signer=tmp_path / "b")
    assert problems(path, public_keys=keys) == []
    assert problems(path, public_keys=keys[:1]) == ["LOG_SIGNATURE_WRONG"]


def test_another_signer(tmp_path: Path) -> None:
    write_keys(tmp_path / "key")
    inner = read_signer(tmp_path / "key")

    class Module:
        public_key = inner.public_key

        def sign(self, message: bytes) -> bytes:
            return inner.sign(message)

    path = filled(tmp_path / "log", 1, signer=Module())
    assert problems(path, public_keys=[inner.public_key]) == []


@pytest.mark.parametrize(
    ("content", "code"),
    [(b"nonsense", "LOG_KEY_INVALID"), (b"", "LOG_KEY_INVALID"), (None, "LOG_KEY_UNREADABLE")],
)
def test_what_is_no_key(tmp_path: Path, content: bytes | None, code: str) -> None:
    path = tmp_path / "key"
    if content is not None:
        path.write_bytes(content)
    for read in (read_signer, read_public_key):
        with pytest.raises(RecordError) as error:
            read(path)
        assert error.value.diagnostics[0].code == code


def test_keys_of_other_kinds(tmp_path: Path) -> None:
    from cryptography.hazmat.primitives import serialization as form
    from cryptography.hazmat.primitives.asymmetric import ec, ed25519

    other, path = ec.generate_private_key(ec.SECP256R1()), tmp_path / "key"
    locked = form.BestAvailableEncryption(b"secret")
    for key, protection in ((other, form.NoEncryption()), (ed25519.Ed25519PrivateKey.generate(), locked)):
        path.write_bytes(key.private_bytes(form.Encoding.PEM, form.PrivateFormat.PKCS8, protection))
        with pytest.raises(RecordError):
            read_signer(path)
    public = other.public_key().public_bytes(form.Encoding.PEM, form.PublicFormat.SubjectPublicKeyInfo)
    path.write_bytes(public)
    with pytest.raises(RecordError):
        read_public_key(path)


def test_keys_are_never_overwritten(tmp_path: Path) -> None:
    write_keys(tmp_path / "key")
    before = (tmp_path / "key").read_bytes()
    for gone in ("key", "key.pub"):
        with pytest.raises(RecordError):
            write_keys(tmp_path / "key")
        assert (tmp_path / "key").read_bytes() == before
        if gone == "key":
            (tmp_path / "key.pub").unlink()
    assert (tmp_path / "key").stat().st_mode & 0o777 == 0o600


def test_without_the_library_signatures_are_not_checked_and_that_is_said(
    folder: Path, copy: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    public = read_public_key(folder / "key.pub")
    for name in ("cryptography", "cryptography.hazmat.primitives.asymmetric"):
        monkeypatch.setitem(sys.modules, name, None)
    with DecisionLog.open(copy, read_only=True) as log:
        found = log.verify()
        assert (found.is_sound, found.signed, found.signatures_checked) == (True, 7, False)
        with pytest.raises(QuestionError) as error:
            log.verify([public])
        (problem,) = error.value.diagnostics
        assert problem.code == "EXTRA_MISSING"
        assert problem.message == "signatures cannot be created or verified without the package `cryptography`"
        assert problem.hint == "install `activenic[sign]`"


def test_many_problems_are_counted(tmp_path: Path) -> None:
    path = filled(tmp_path / "log", MAX_PROBLEMS + 5)
    with tampering(path) as connection:
        connection.execute("UPDATE entry SET host = 'another'")
    with DecisionLog.open(path, read_only=True) as log:
        found = log.verify()
    assert (len(found.problems), found.others) == (MAX_PROBLEMS, 5)


@pytest.mark.parametrize("text", ["", "1", "1:", "x:" + "0" * 64, "1:" + "0" * 63, "1:" + "G" * 64, "-1:" + "0" * 64])
def test_what_is_no_head(text: str) -> None:
    with pytest.raises(RecordError) as error:
        parse_head(text)
    (problem,) = error.value.diagnostics
    assert problem.code == "LOG_HEAD_INVALID"
    assert "SEQ:HASH" in problem.hint
