"""Logs whose makers knew the format: values of other types, numbers out of range, chains over what is no record.

`verify` finds each and never fails; nothing else that reads the log raises anything but RecordError.
"""

from __future__ import annotations

from collections.abc import Callable
from contextlib import suppress
from datetime import timedelta
from pathlib import Path
from sqlite3 import IntegrityError

import orjson
import pytest

from evaluator import DecisionLog, RecordError
from evaluator.audit.log.chain import Head, entry_hash
from evaluator.audit.log.packing import pack, unpack
from evaluator.cli.main import main
from tests.audit.test_log_tampering import COLUMNS
from tests.support.logs import RESOLVED, WHEN, dump, filled, problems, tampering

pytestmark = pytest.mark.volume

VALUES = ("NULL", "'text'", "x'00ff'", "CAST(x'ff' AS TEXT)", "-1", "0", "9223372036854775807", "1.5", "zeroblob(32)")
USES: tuple[Callable[[DecisionLog], object], ...] = (
    lambda log: [item.to_dict() for item in log.items()],
    lambda log: list(log.records()),
    lambda log: log.get("d-4"),
    lambda log: log.head(),
    lambda log: log.append(RESOLVED),
    lambda log: log.prune(WHEN + timedelta(days=1)),
)


def _pruned(path: Path) -> Path:
    with DecisionLog.open(filled(path, 4), clock=lambda: WHEN) as log:
        log.prune(WHEN + timedelta(minutes=1))
    return path


def _use(path: Path) -> None:
    for use in USES:
        with suppress(RecordError), DecisionLog.open(path) as log:
            use(log)


@pytest.mark.parametrize("value", VALUES)
def test_a_value_that_no_log_holds_is_found(tmp_path: Path, value: str) -> None:
    for table, column in COLUMNS:
        path = _pruned(tmp_path / f"{table}.{column}")
        before_all = dump(path)
        key = "id" if table in ("body", "stub") else "seq"
        with tampering(path) as connection:
            before = connection.execute(f"SELECT {column} FROM {table} ORDER BY {key} DESC LIMIT 1").fetchone()
            with suppress(IntegrityError):
                last = f"(SELECT max({key}) FROM {table})"
                connection.execute(f"UPDATE {table} SET {column} = {value} WHERE {key} = {last}")
        assert problems(path) or dump(path) == before_all, (table, column, before)
        _use(path)


@pytest.mark.parametrize(
    "envelope",
    [b"{}", b"[]", b"null", b'"x"', b"5", b'{"result": {}}', b'{"result": {"findings": [{"code": 1}, {"code": "a"}]}}'],
)
def test_a_chain_over_what_is_no_record_is_found(tmp_path: Path, envelope: bytes) -> None:
    path = filled(tmp_path / "log", 6)
    _put_last(path, envelope)
    assert "LOG_RECORD_ALTERED" in problems(path)
    assert main(["log", "list", str(path)]) == 8
    _use(path)


def test_a_chain_over_a_record_that_is_read_in_two_ways_is_found(tmp_path: Path) -> None:
    path = filled(tmp_path / "log", 6)
    with tampering(path) as connection:
        ((packed,),) = connection.execute("SELECT envelope FROM entry WHERE seq = 6")
    envelope = unpack(packed, 1 << 20)
    _put_last(path, b'{"decision_id":"another",' + envelope[1:])
    assert problems(path) == ["LOG_RECORD_ALTERED"]
    _put_last(path, orjson.dumps(orjson.loads(envelope), option=orjson.OPT_INDENT_2))
    assert problems(path) == ["LOG_RECORD_ALTERED"]


def _put_last(path: Path, envelope: bytes) -> None:
    with tampering(path) as connection:
        ((before,),) = connection.execute("SELECT hash FROM entry WHERE seq = 5")
        values = (pack(envelope), entry_hash(Head(5, before), None, envelope))
        connection.execute("UPDATE entry SET envelope = ?, hash = ? WHERE seq = 6", values)
