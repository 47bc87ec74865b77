"""What logs, exports, records and keys tell about damage and mistakes, word for word: `messages.txt`.

A paragraph has the name of a case below, and what each call tells. After a change of a message or a case,
`python -m tests.audit.test_messages` writes the file again. Check the difference by eye.
"""

from __future__ import annotations

import base64
import json
import shutil
import sqlite3
import tempfile
from collections.abc import Callable, Iterator
from contextlib import closing
from copy import deepcopy
from datetime import timedelta
from functools import partial
from pathlib import Path
from typing import Any

import pytest

import evaluator
from evaluator import DecisionLog, LogFilter
from evaluator.audit.log.chain import Head, parse_head
from evaluator.audit.log.export import chained
from evaluator.audit.log.file import sqlite_as_record_errors
from evaluator.audit.log.items import Damaged
from evaluator.audit.log.ownership import key_warnings
from evaluator.audit.log.signing import read_public_key, read_signer, write_keys
from evaluator.audit.mask.key import read_key
from evaluator.audit.mask.mask import mask
from evaluator.audit.record import Record, make_record, read_record
from evaluator.audit.replay import replay
from evaluator.base.diagnostic import Diagnostic, QuestionError
from tests.support.logs import AMBIGUOUS, RESOLVED, WHEN, filled, open_log, plain, tampering
from tests.support.untyped import untyped

MESSAGES = Path(__file__).with_name("messages.txt")
LATER = WHEN + timedelta(days=1)
Told = Iterator[str]

# what somebody does to a log of nine signed records, of which the first two were pruned
TAMPERED = {
    "nothing": [],
    "a record is deleted": ["DELETE FROM entry WHERE seq = 5"],
    "three records are deleted": ["DELETE FROM entry WHERE seq IN (4, 5, 6)"],
    "the first records are deleted": ["DELETE FROM entry WHERE seq IN (3, 4)"],
    "the last records are deleted": ["DELETE FROM entry WHERE seq > 7"],
    "records move up": ["DELETE FROM entry WHERE seq = 5", "UPDATE entry SET seq = seq - 1 WHERE seq > 5"],
    "a record moves before the first": ["UPDATE entry SET seq = 1 WHERE seq = 5"],
    "two records change places": [
        *("UPDATE entry SET seq = 100 WHERE seq = 5", "UPDATE entry SET seq = 5 WHERE seq = 6"),
        "UPDATE entry SET seq = 6 WHERE seq = 100",
    ],
    "the checkpoint is deleted": ["DELETE FROM stub"],
    "the checkpoint names another record": ["UPDATE stub SET last_seq = 3"],
    "the checkpoint names another hash": ["UPDATE stub SET last_hash = zeroblob(32)"],
    "the checkpoint is twice there": [
        "INSERT INTO stub SELECT 2, last_seq, last_hash, hash, signer, signature, document FROM stub"
    ],
    "the checkpoint has another number": ["UPDATE stub SET id = 3"],
    "the checkpoint has another hash": ["UPDATE stub SET hash = zeroblob(32)"],
    "the checkpoint counts other records": [
        "UPDATE stub SET document = replace(document, '\"count\":2', '\"count\":1')"
    ],
    "the checkpoint is unreadable": ["UPDATE stub SET document = x'00', last_seq = 3"],
    "the checkpoint is unreadable in all places": ["UPDATE stub SET document = x'00', last_seq = -1"],
    "the checkpoint is not signed": ["UPDATE stub SET signature = NULL"],
    "the checkpoint has another signature": ["UPDATE stub SET signature = zeroblob(64)"],
    "a text is deleted": ["DELETE FROM body WHERE id = 1"],
    "a text is added": ["INSERT INTO body VALUES (99, x'00', 0, x'00')"],
    "a text has another digest": ["UPDATE body SET sha256 = zeroblob(32) WHERE id = 1"],
    "a text has another size": ["UPDATE body SET size = size + 1 WHERE id = 2"],
    "a text cannot be unpacked": ["UPDATE body SET packed = x'0000' WHERE id = 2"],
    "a text that is not used": ["INSERT INTO body SELECT 98, zeroblob(32), size, packed FROM body WHERE id = 1"],
    "records name another text": ["UPDATE named SET body = (SELECT max(id) FROM body)"],
    "a record names one text more": ["INSERT INTO named VALUES (5, 2, 1)"],
    "a record names no texts": ["DELETE FROM named WHERE seq = 5"],
    "an unknown record names a text": ["INSERT INTO named VALUES (99, 0, 1)"],
    "another host": ["UPDATE entry SET host = 'another' WHERE seq = 5"],
    "another time and status": ["UPDATE entry SET timestamp = '2020', status = 'no_match' WHERE seq = 5"],
    "another id": ["UPDATE entry SET decision_id = 'another' WHERE seq = 5"],
    "the interface is missing": ["UPDATE entry SET interface = NULL WHERE seq = 5"],
    "the findings are missing": ["DELETE FROM finding"],
    "labels are missing": ["DELETE FROM label WHERE seq = 9"],
    "labels of an unknown record": ["INSERT INTO label VALUES ('a', 'b', 99)"],
    "a label of another record": ["UPDATE label SET seq = 2 WHERE seq = 3"],
    "a finding of a pruned record": ["INSERT INTO finding VALUES ('A', 1)"],
    "a signature is missing": ["UPDATE entry SET signature = NULL WHERE seq = 5"],
    "a key is missing": ["UPDATE entry SET signer = NULL WHERE seq = 5"],
    "a signature is wrong": ["UPDATE entry SET signature = zeroblob(64) WHERE seq = 5"],
    "a key is too short": ["UPDATE entry SET signer = x'00' WHERE seq = 5"],
    "a hash is wrong": ["UPDATE entry SET hash = zeroblob(32) WHERE seq = 5"],
    "a hash is too short": ["UPDATE entry SET hash = x'00' WHERE seq = 5"],
    "the hash of the last record is too short": ["UPDATE entry SET hash = x'00' WHERE seq = 9"],
    "a record is a number": ["UPDATE entry SET envelope = 5 WHERE seq = 5"],
    "a record is a text": ["UPDATE entry SET envelope = 'text' WHERE seq = 5"],
    "a table is added": ["CREATE TABLE more (a)"],
    "an index is missing": ["DROP INDEX entry_host"],
    "another version": ["PRAGMA user_version=7"],
    "another application": ["PRAGMA application_id=7"],
}

PAGES = ("entry", "body", "named", "finding", "label", "stub", "entry_host")
# those that concern an append or a prune
WRITTEN = (
    *("the last records are deleted", "records move up", "the hash of the last record is too short"),
    *("a table is added", "an index is missing", "another version", "another application"),
)


def _tampered(folder: Path, name: str) -> Told:
    path = Path(shutil.copy(folder / "log", folder / "copy"))
    with tampering(path) as connection:
        for statement in TAMPERED[name]:
            connection.execute(statement)
    with DecisionLog.open(path, read_only=True) as log:
        found = log.verify([read_public_key(folder / "key.pub")])
        yield f"{found.records} records, {found.signed} signed, {found.pruned} pruned"
        yield from map(shown, found.problems)
        yield "read: " + ", ".join(_name(item) for item in log.items())
        yield "without texts: " + ", ".join(d.message for r in log.places() if isinstance(r, Record) for d in r.damage)
        yield "newest: " + ", ".join(_name(item) for item in log.items(newest_first=True, limit=2))
        yield f"of one host: {', '.join(_name(item) for item in log.items(LogFilter(host='192.0.2.10')))}"
        yield from (f"row: {json.dumps(item.to_dict())}" for item in log.items() if isinstance(item, Damaged))
        for use in (log.head, lambda: log.find("d-5"), lambda: log.get("d-5"), log.count):
            yield from _raised(use)
    if name in WRITTEN:
        yield from _raised(lambda: _written(path))


def _written(path: Path) -> None:
    with DecisionLog.open(path, clock=lambda: LATER, new_id=lambda: "d-new") as log:
        try:
            log.append(RESOLVED)
        finally:
            log.prune(LATER)


def _damaged_page(folder: Path, table: str) -> Told:
    """Overwrite the first page of a table, so that the rows are copied from the other pages."""
    path = Path(shutil.copy(folder / "log", folder / "copy"))
    with closing(plain(path)) as connection:
        ((page,),) = connection.execute("SELECT rootpage FROM sqlite_schema WHERE name = ?", (table,))
    octets = path.read_bytes()
    path.write_bytes(octets[: (page - 1) * 4096] + b"\xa5" * 4096 + octets[page * 4096 :])
    with DecisionLog.open(path, read_only=True) as log:
        found = log.verify([read_public_key(folder / "key.pub")])
        yield f"{found.records} records, {found.signed} signed, {found.pruned} pruned"
        yield from map(shown, (problem for problem in found.problems if "SQLite" not in problem.message))
        yield "read: " + ", ".join(_name(item) for item in log.items())
        yield "texts: " + ", ".join(
            f"{r.report is not None} {r.policy is not None}" for r in log.places() if isinstance(r, Record)
        )


def _name(item: Any) -> str:
    if isinstance(item, Damaged):
        return f"{item.seq} damaged ({'; '.join(problem.message for problem in item.problems)})"
    more = [*(problem.message for problem in item.problems), *([item.unproven] if item.unproven else [])]
    return f"{item.decision_id}" + (f" ({'; '.join(more)})" if more else "")


def shown(problem: Diagnostic) -> str:
    """Return a problem with all its members."""
    place = f" at {problem.place}" if problem.place else ""
    hint = f" | {problem.hint}" if problem.hint else ""
    return f"{problem.severity} {problem.code}{place} ({problem.order}): {problem.message}{hint}"


def _raised(use: Callable[[], object]) -> Told:
    try:
        use()
    except QuestionError as error:
        yield from (f"raises {shown(problem)}" for problem in error.diagnostics)


def _errors_of_sqlite(_: Path) -> Told:
    def fail(error: Exception) -> None:
        with sqlite_as_record_errors(Path("log")):
            raise error

    for number in (5, 6, 13, 8, 10, 14, 3, 11, 26, 18, 1):
        error = sqlite3.OperationalError("Some Text")
        error.sqlite_errorcode = number | 0x100
        yield from _raised(partial(fail, error))
    others = (
        *(sqlite3.ProgrammingError("Cannot operate on a closed database."), sqlite3.Error("Some Text")),
        *(UnicodeDecodeError("utf-8", b"\xff", 0, 1, "invalid start byte"), OverflowError("too large")),
        *(
            MemoryError("no memory"),
            BlockingIOError(11, "Resource unavailable"),
            PermissionError(13, "Permission denied"),
        ),
    )
    for other in others:
        yield from _raised(partial(fail, other))


def _opened(folder: Path, content: bytes | str, **options: Any) -> Told:
    path = folder / "file"
    path.unlink(missing_ok=True)
    path.write_bytes(content if isinstance(content, bytes) else content.encode())
    for read_only in (False, True):
        yield from _raised(partial(_open_and_close, path, read_only=read_only, **options))


def _open_and_close(path: Path, **options: Any) -> None:
    DecisionLog.open(path, **options).close()


def _used(folder: Path) -> Told:
    """What a log refuses in its use."""
    naive = WHEN.replace(tzinfo=None)
    with open_log(folder / "log", signer=folder / "key") as log:
        yield from _raised(lambda: log.get("d"))
        yield from _raised(lambda: log.get("d-9999999"))
        yield from _raised(lambda: log.count(LogFilter(since=naive)))
        yield from _raised(lambda: log.prune(naive))
        yield from _raised(lambda: log.append(RESOLVED, untyped({"a": 1})))
        yield from _raised(lambda: log.append(RESOLVED, {"a": "\ud800"}))
    yield from _raised(lambda: log.append(RESOLVED))
    with DecisionLog.open(folder / "log", read_only=True) as log:
        yield from _raised(lambda: log.append(RESOLVED))
        yield from _raised(lambda: log.prune(LATER))
        head = log.head()
        for noted in (Head(1, head.hash), Head(2, head.hash), Head(5, head.hash), Head(12, head.hash), head):
            yield from map(shown, log.verify(head=noted).problems)
    with DecisionLog.open(folder / "log", new_id=lambda: "d-5") as log:
        yield from _raised(lambda: log.append(RESOLVED))
        yield from _raised(lambda: log.prune(LATER))


def _progress(log: DecisionLog) -> list[tuple[int, int]]:
    steps: list[tuple[int, int]] = []
    log.verify(progress=lambda done, of: steps.append((done, of)))
    return steps


def _prefixes(folder: Path) -> Told:
    ids = iter([f"prefix-{number}" for number in range(12)])
    with DecisionLog.open(folder / "prefixes", new_id=lambda: next(ids), clock=lambda: WHEN) as log:
        log.append(RESOLVED)
        yield log.get("prefix").decision_id
        yield from _raised(lambda: log.get("prefi"))
        log.append(RESOLVED)
        yield from _raised(lambda: log.get("prefix"))
        for _ in range(10):
            log.append(RESOLVED)
        yield from _raised(lambda: log.get("prefix-"))
        export = _export(folder / "prefixes", folder / "prefixes.jsonl")
    with DecisionLog.open(export, read_only=True) as log:
        yield from _raised(lambda: log.get("prefix-"))
        yield from _raised(lambda: log.get("prefi"))
        yield log.get("prefix-11").decision_id


def _export(path: Path, export: Path) -> Path:
    with DecisionLog.open(path, read_only=True) as log:
        export.write_text("".join(f"{json.dumps(line)}\n" for line in chained(log.places())))
    return export


def _of_export(folder: Path, change: Callable[[list[str]], list[str]]) -> Told:
    export = _export(folder / "log", folder / "export")
    export.write_text("".join(f"{line}\n" for line in change(export.read_text().splitlines())))
    with DecisionLog.open(export, read_only=True) as log:
        found = log.verify()
        yield f"{found.records} records {_progress(log)}"
        yield from map(shown, found.problems)
        yield f"{log.count()} {sorted(log.codes())}"
        yield from (f"row: {json.dumps(item.to_dict())}" for item in log.items() if isinstance(item, Damaged))
        yield "read: " + ", ".join(_name(item) for item in log.items())
        yield "newest: " + ", ".join(_name(item) for item in log.items(newest_first=True, limit=2))
        for use in (log.head, lambda: log.get("d-5"), lambda: log.verify([bytes(32)]), lambda: log.append(RESOLVED)):
            yield from _raised(use)
        noted = parse_head("6:" + "0" * 64)
        yield from map(shown, log.verify(head=noted).problems)
        yield from map(shown, log.verify(head=Head(99, bytes(32))).problems)


def _with(line: str, *path: str | int, value: object) -> str:
    document = json.loads(line)
    _set(document, *path, value=value)
    return json.dumps(document)


def _set(document: Any, *path: str | int, value: object) -> None:
    for key in path[:-1]:
        document = document[key]
    document[path[-1]] = value


EXPORTS: dict[str, Callable[[list[str]], list[str]]] = {
    "as it was": lambda lines: lines,
    "without a line": lambda lines: lines[:2] + lines[3:],
    "two lines change places": lambda lines: [lines[0], lines[2], lines[1], *lines[3:]],
    "a line that is not JSON": lambda lines: [*lines[:2], "nonsense", *lines[3:]],
    "a line with a changed record": lambda lines: [
        *lines[:2],
        _with(lines[2], "record", "labels", "run", value="x"),
        *lines[3:],
    ],
    "a line with an invalid record": lambda lines: [
        *lines[:2],
        _with(lines[2], "record", "labels", value={"a": 1}),
        *lines[3:],
    ],
    "a line with a changed text": lambda lines: [*lines[:2], _with(lines[2], "report", value="e30="), *lines[3:]],
    "a line with a text that is not base64": lambda lines: [
        *lines[:2],
        _with(lines[2], "report", value="!"),
        *lines[3:],
    ],
    "a line without texts": lambda lines: [*lines[:2], _with(lines[2], "texts", value=[]), *lines[3:]],
    "a line with a text that is missing": lambda lines: [
        *lines[:2],
        _with(lines[2], "texts", value=[None]),
        *lines[3:],
    ],
    "a line with another hash": lambda lines: [*lines[:2], _with(lines[2], "chain", "hash", value="00"), *lines[3:]],
    "a line with a chain of another type": lambda lines: [*lines[:2], _with(lines[2], "chain", value=5), *lines[3:]],
    "a line without a chain": lambda lines: [json.dumps({**json.loads(lines[0]), "chain": None})],
    "a line of another kind": lambda lines: [*lines[:2], "[]", *lines[3:]],
    "a damaged record": lambda lines: [
        *lines[:2],
        json.dumps({"record": None, "decision_id": "d-5", "damaged": [{"message": "it is lost"}]}),
    ],
    "a damaged record without a reason": lambda lines: [*lines[:2], json.dumps({"record": None, "damaged": [5, {}]})],
    "a last line that is damaged": lambda lines: [*lines[:-1], "nonsense"],
}


def _keys(folder: Path) -> Told:
    from cryptography.hazmat.primitives import serialization as form
    from cryptography.hazmat.primitives.asymmetric import ec, ed25519

    path = folder / "other-key"
    other, ours = ec.generate_private_key(ec.SECP256R1()), ed25519.Ed25519PrivateKey.generate()
    open_ = form.NoEncryption()
    contents = {
        "nonsense": b"nonsense",
        "of another kind": other.private_bytes(form.Encoding.PEM, form.PrivateFormat.PKCS8, open_),
        "encrypted": ours.private_bytes(
            form.Encoding.PEM, form.PrivateFormat.PKCS8, form.BestAvailableEncryption(b"secret")
        ),
        "public and of another kind": other.public_key().public_bytes(
            form.Encoding.PEM, form.PublicFormat.SubjectPublicKeyInfo
        ),
        "too large": b" " * 70_000,
    }
    for name, content in contents.items():
        path.write_bytes(content)
        yield name
        for read in (read_signer, read_public_key, read_key):
            yield from _raised(partial(read, path))
    path.unlink()
    yield "missing"
    for read in (read_signer, read_public_key, read_key):
        yield from _raised(partial(read, path))
    path.write_bytes(b"fifteen octets!\r\n")
    yield from _raised(lambda: read_key(path))
    yield from _raised(lambda: write_keys(folder / "key"))
    (folder / "alone").write_bytes(b"")
    yield from _raised(lambda: write_keys(folder / "alone"))
    for mode in (0o600, 0o640, 0o604):
        path.chmod(mode)
        yield from map(shown, key_warnings(path))
    for text in ("", "5", "x:" + "0" * 64):
        yield from _raised(partial(parse_head, text))


def _open_to_others(folder: Path) -> Told:
    shared = folder / "shared"
    shared.mkdir(exist_ok=True)
    path = Path(shutil.copy(folder / "log", shared / "log"))
    for of_folder, of_file in ((0o755, 0o620), (0o755, 0o602), (0o777, 0o600), (0o1777, 0o600), (0o775, 0o644)):
        shared.chmod(of_folder)
        path.chmod(of_file)
        yield f"{of_folder:o} {of_file:o}"
        yield from _raised(lambda: DecisionLog.open(path).close())
        with DecisionLog.open(path, read_only=True) as log:
            yield from map(shown, log.warnings)


def _record(decision: evaluator.Decision = RESOLVED) -> Record:
    return make_record(decision, "d-1", WHEN, {"engine": "test"}, evaluator.__version__)


RECORDS: dict[str, tuple[tuple[str | int, ...], object]] = {
    "an unknown version": (("record", "schema_version"), 3),
    "a version of another type": (("record", "schema_version"), "2"),
    "the version before": (("record", "schema_version"), 1),
    "no engine": (("record", "engine"), None),
    "a member more": (("record", "more"), 1),
    "a label that is a number": (("record", "labels"), {"a": 1}),
    "a number that is too large": (("record", "input", "parameters"), {"a": 2**60}),
    "a lone surrogate": (("record", "labels"), {"a": "\ud800"}),
    "texts that are not a list": (("texts",), "!"),
    "no texts": (("texts",), []),
    "another digest of the report": (("record", "input", "report", "sha256"), "0" * 64),
    "another digest of the policy": (("record", "input", "policy", "texts", 0, "sha256"), "0" * 64),
    "another report": (("report",), "e30="),
    "no report": (("report",), None),
    "a text that is not base64": (("texts", 0), "!"),
    "a text that is a number": (("texts", 0), 5),
    "a report that was erased": (("record", "erased"), ["/input/report"]),
    "another answer": (("record", "result", "hostActiveNic"), "ens1"),
    "another status": (("record", "result", "status"), "rejected"),
    "no candidates": (("record", "result", "candidates"), []),
    "another trace": (("record", "result", "trace", 0, "after", 0), "ens9"),
    "a trace of another type": (("record", "result", "trace"), {}),
    "a member of another type": (("record", "result", "trace", 0, "fired"), 1),
    "no findings": (("record", "result", "findings"), []),
    "a finding more": (("record", "result", "findings"), [{"code": "A", "severity": "info", "message": "x" * 300}]),
    "other parameters": (("record", "input", "parameters"), {"management_network": "other", "management_vlan": None}),
    "unknown parameters": (("record", "input", "parameters"), {"no": "1"}),
    "another address": (("record", "input", "host", "answers"), ["192.0.2.99"]),
    "no address": (("record", "input", "host", "answers"), ["nonsense"]),
    "another first address": (("record", "input", "host", "first"), "nonsense"),
    "a remark on the host": (
        ("record", "input", "host", "remarks"),
        [
            {
                "code": "A",
                "severity": "info",
                "message": "m",
                "hint": "",
                "interfaces": [],
                "addresses": [],
                "rule": None,
            }
        ],
    ),
    "another format": (("record", "input", "report", "format"), "iproute2"),
    "an unknown format": (("record", "input", "report", "format"), "none"),
    "a resolution of another shape": (("record", "input", "host", "resolution"), {}),
    "not replayable": (("record", "replayable"), False),
    "other versions": (
        ("record", "engine"),
        {"name": "activenic", "version": "0.1.0", "language": 1, "reader": 1, "decision_schema": 1},
    ),
    "a policy that is not UTF-8": (("texts", 0), base64.b64encode(b"\xff").decode()),
}


def _changed_record(path: tuple[str | int, ...], value: object, decision: evaluator.Decision = AMBIGUOUS) -> Told:
    document = deepcopy(_record(decision).to_dict())
    _set(document, *path, value=value)
    try:
        record = read_record(document)
    except QuestionError as error:
        yield from (f"raises {shown(problem)}" for problem in error.diagnostics)
        return
    yield from map(shown, record.damage)
    found = replay(record, evaluator.__version__)
    yield f"replay: {found.outcome}"
    yield from (f"  difference: {text}" for text in found.differences)
    yield from (f"  reason: {text}" for text in found.reasons)
    yield from (f"  change: {text.replace(evaluator.__version__, 'VERSION')}" for text in found.changes)
    yield from _raised(lambda: mask(record, b"sixteen octets!!"))


def _many_differences(_: Path) -> Told:
    document = deepcopy(_record().to_dict())
    for step in document["record"]["result"]["trace"]:
        for member in ("before", "after", "rule"):
            step[member] = "x"
    found = replay(read_record(document), evaluator.__version__)
    yield from (str(found.outcome), *found.differences, *found.reasons)


CASES: dict[str, Callable[[Path], Told]] = {
    **{f"log: {name}": lambda folder, it=name: _tampered(folder, it) for name in TAMPERED},
    "file: empty": lambda folder: _opened(folder, ""),
    "file: a text": lambda folder: _opened(folder, "nonsense"),
    "file: JSON": lambda folder: _opened(folder, "{}"),
    "file: the beginning of a database": lambda folder: _opened(folder, b"SQLite format 3\0" + bytes(100)),
    "file: missing": lambda folder: _raised(lambda: DecisionLog.open(folder / "missing", create=False)),
    "file: missing and read": lambda folder: _raised(lambda: DecisionLog.open(folder / "missing", read_only=True)),
    "file: a folder": lambda folder: _raised(lambda: DecisionLog.open(folder, read_only=True)),
    **{f"page: {table}": lambda folder, it=table: _damaged_page(folder, it) for table in PAGES},
    "errors of SQLite": _errors_of_sqlite,
    "uses": _used,
    "prefixes": _prefixes,
    **{f"export: {name}": lambda folder, it=change: _of_export(folder, it) for name, change in EXPORTS.items()},
    "keys": _keys,
    "open to others": _open_to_others,
    **{f"record: {name}": lambda _, it=change: _changed_record(*it) for name, change in RECORDS.items()},
    "record: many differences": _many_differences,
}


def make(folder: Path) -> Path:
    """Make a signed log that was pruned once, and its keys."""
    write_keys(folder / "key")
    with open_log(filled(folder / "log", 9, signer=folder / "key"), signer=folder / "key") as log:
        log.prune(WHEN + timedelta(minutes=2))
    return folder


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return make(tmp_path_factory.mktemp("messages"))


def _paragraph(name: str, made: Path) -> str:
    with tempfile.TemporaryDirectory() as folder:
        copy = Path(shutil.copytree(made, Path(folder) / "logs"))
        lines = [name, *CASES[name](copy)]
    return "\n".join(line.replace(f"{copy}/", "").replace(str(copy), "FOLDER") for line in lines)


EXPECTED = {text.partition("\n")[0]: text for text in MESSAGES.read_text(encoding="utf-8").split("\n\n")}


@pytest.mark.parametrize("name", [*CASES])
def test_what_is_told(name: str, made: Path) -> None:
    assert _paragraph(name, made) == EXPECTED[name]


if __name__ == "__main__":
    with tempfile.TemporaryDirectory() as scratch:
        known = make(Path(scratch))
        MESSAGES.write_text("\n\n".join(_paragraph(name, known) for name in CASES), encoding="utf-8")
