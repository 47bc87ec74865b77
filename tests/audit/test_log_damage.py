"""Damage stays local: whatever byte of a log or an export is flipped, everything else is listed, shown and exported.

Most bytes of a small log carry nothing (unused space, free pages), so those that carry something are preferred here.
`HYPOTHESIS_PROFILE=long` tries every byte of the small log and more of the larger one.
"""

from __future__ import annotations

import json
import os
import random
import shutil
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path

import pytest

from evaluator import DecisionLog, RecordError
from evaluator.audit.log.items import Damaged, LogEntry
from evaluator.audit.record import Record
from evaluator.cli.main import main
from tests.support.logs import WHEN, dump, filled, open_log, tampering

pytestmark = pytest.mark.volume

PAGE = 4096
IS_LONG = os.environ.get("HYPOTHESIS_PROFILE") == "long"
FLIPS, LARGE_FLIPS, SWAPS = (1 << 30, 2000, 1500) if IS_LONG else (250, 30, 150)


class Log:
    """A sound log: its bytes, and the records in it by their ids."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self.whole = path.read_bytes()
        self.tables = dump(path)
        with DecisionLog.open(path, read_only=True) as log:
            self.records = {record.decision_id: record for record in log.records()}

    def places(self, most: int, seed: int) -> Iterator[tuple[int, int]]:
        """Yield offsets of bytes that carry something, and of headers of pages, with the bits to flip."""
        choose = random.Random(seed)
        offsets = [i for i, octet in enumerate(self.whole) if octet or i % PAGE < 16 or i < 100]
        choose.shuffle(offsets)
        for at in offsets[:most]:
            yield at, choose.choice((0xFF, 1 << choose.randrange(8)))


@pytest.fixture(scope="module")
def small(tmp_path_factory: pytest.TempPathFactory) -> Log:
    path = filled(tmp_path_factory.mktemp("small") / "log", 9)
    with open_log(path) as log:
        log.prune(WHEN + timedelta(minutes=2))
    return Log(path)


@pytest.fixture(scope="module")
def large(tmp_path_factory: pytest.TempPathFactory) -> Log:
    return Log(filled(tmp_path_factory.mktemp("large") / "log", 150))


def read(path: Path) -> tuple[dict[str, Record], list[Damaged], bool]:
    """Return the records that are given, the damaged places, and whether anything was named as damaged."""
    with DecisionLog.open(path, read_only=True) as log:
        listed, places = list(log.items()), list(log.places())
        records = {place.decision_id: place for place in places if isinstance(place, Record)}
        damaged = [place for place in places if isinstance(place, Damaged)]
        assert [item.name for item in listed if isinstance(item, LogEntry)] == list(records)
        for name, record in records.items():
            assert log.get(name) == record
        is_named = bool(damaged or log.problems or any(item.problems for item in listed))
    return records, damaged, is_named


def check(log: Log, path: Path, most_lost: int) -> None:
    """Assert that what is given was written, that all but the damaged is given, and that the damage is named."""
    with DecisionLog.open(path, read_only=True) as opened:
        is_sound = opened.verify().is_sound
    records, damaged, is_named = read(path)
    lost = log.records.keys() - records.keys()
    assert len(lost) <= most_lost, lost
    assert not lost or damaged
    for name, record in records.items():
        assert record.envelope == log.records[name].envelope
        assert record.damage or record == log.records[name]
    without = [name for name, record in records.items() if record.damage]
    assert is_named or not (lost or without)
    if is_sound:
        assert (is_named, lost, without) == (False, set(), [])
        assert dump(path) == log.tables


def flipped(log: Log, folder: Path, at: int, mask: int) -> Path:
    path = folder / "flipped"
    path.write_bytes(log.whole[:at] + bytes([log.whole[at] ^ mask]) + log.whole[at + 1 :])
    return path


def test_a_flipped_byte_of_a_small_log_hides_one_record_at_most(small: Log, tmp_path: Path) -> None:
    for at, mask in small.places(FLIPS, 1):
        check(small, flipped(small, tmp_path, at, mask), 1)


def test_a_flipped_byte_of_a_larger_log_hides_one_record_at_most(large: Log, tmp_path: Path) -> None:
    for at, mask in large.places(LARGE_FLIPS, 2):
        check(large, flipped(large, tmp_path, at, mask), 1)


@pytest.mark.parametrize("at", [0, 16, 18, 19, 20, 28, 44, 56, 60, 63, 68, 71, 100, 103, 105])
def test_a_flipped_byte_of_the_header_hides_nothing(small: Log, tmp_path: Path, at: int) -> None:
    path = flipped(small, tmp_path, at, 0xFF)
    records, damaged, _ = read(path)
    assert (records, damaged) == (small.records, [])
    assert main(["log", "verify", str(path)]) in (0, 8)


def test_another_application_id_does_not_verify(small: Log, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    path = flipped(small, tmp_path, 70, 0x01)
    assert main(["log", "verify", str(path)]) == 8
    assert "application id" in capsys.readouterr().out
    assert main(["log", "list", str(path)]) == 8
    out, err = capsys.readouterr()
    assert all(name in out for name in small.records)
    assert "LOG_DAMAGED" in err


def test_swapped_pages_give_no_traceback(small: Log, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    choose, path = random.Random(3), tmp_path / "swapped"
    pages = [small.whole[i : i + PAGE] for i in range(0, len(small.whole), PAGE)]
    for _ in range(SWAPS):
        swapped = pages.copy()
        one, other = choose.sample(range(len(pages)), 2)
        swapped[one], swapped[other] = pages[other], pages[one]
        path.write_bytes(b"".join(swapped))
        try:
            records, _, _ = read(path)
        except RecordError:
            continue
        for name, record in records.items():
            assert record.envelope == small.records[name].envelope
    for action in (["list"], ["verify"], ["export"], ["head"], ["show", "d-5"]):
        name, *rest = action
        assert main(["log", name, str(path), *rest]) in (0, 8)
    capsys.readouterr()


@pytest.mark.parametrize("page", range(22))
def test_a_zeroed_page(small: Log, tmp_path: Path, page: int) -> None:
    path = tmp_path / "zeroed"
    path.write_bytes(small.whole[: page * PAGE] + bytes(PAGE) + small.whole[(page + 1) * PAGE :])
    records, damaged, _ = read(path)
    assert all(record.envelope == small.records[name].envelope for name, record in records.items())
    assert records.keys() == small.records.keys() or damaged


def test_a_truncated_file_and_appended_rubbish(small: Log, tmp_path: Path) -> None:
    path, size = tmp_path / "cut", len(small.whole)
    for cut in [*range(PAGE, size, PAGE), size - 100, size - 1, 5000]:
        path.write_bytes(small.whole[:cut])
        try:
            records, _, _ = read(path)
        except RecordError:
            continue
        assert all(record.envelope == small.records[name].envelope for name, record in records.items())
    for rubbish in (b"\xa5" * 100, b"\xa5" * PAGE, bytes(3 * PAGE), small.whole):
        path.write_bytes(small.whole + rubbish)
        assert read(path)[0] == small.records


def test_deleted_rows_are_named(large: Log, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    path = Path(shutil.copy(large.path, tmp_path / "log"))
    with tampering(path) as connection:
        connection.execute("DELETE FROM entry WHERE seq IN (20, 21, 100)")
    records, damaged, _ = read(path)
    assert large.records.keys() - records.keys() == {"d-20", "d-21", "d-100"}
    assert [place.problems[0].message for place in damaged] == [
        "records 20 to 21 are missing",
        "record 100 is missing",
    ]
    assert main(["log", "verify", str(path)]) == 8
    assert main(["replay", "--all", "--log", str(path)]) == 8
    assert "147 equal, 2 damaged" in capsys.readouterr().out


@pytest.fixture
def without_policy(large: Log, tmp_path: Path) -> Path:
    """A log in which one bit of the policy that most records share is flipped."""
    path = Path(shutil.copy(large.path, tmp_path / "log"))
    with tampering(path) as connection:
        query = "SELECT body FROM named WHERE place = 1 GROUP BY body ORDER BY count(*) DESC LIMIT 1"
        ((number,),) = connection.execute(query).fetchall()
        ((packed,),) = connection.execute("SELECT packed FROM body WHERE id = ?", (number,)).fetchall()
        packed = packed[:50] + bytes([packed[50] ^ 4]) + packed[51:]
        connection.execute("UPDATE body SET packed = ? WHERE id = ?", (packed, number))
    return path


def test_a_damaged_policy_text_hides_no_record(
    without_policy: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    log = str(without_policy)
    assert main(["log", "list", log, "--output", "jsonl"]) == 8
    out, err = capsys.readouterr()
    rows = [json.loads(line) for line in out.splitlines()]
    assert len(rows) == 150
    marked = [row for row in rows if row["damaged"]]
    assert len(marked) == 113
    assert "the policy of decision `d-1` cannot be read: its checksum differs" in err
    assert main(["log", "show", log, "d-1", "--output", "json"]) == 8
    shown = json.loads(capsys.readouterr().out)
    assert (shown["texts"], bool(shown["report"]), len(shown["damaged"])) == ([None], True, 1)
    assert main(["log", "show", log, "d-1"]) == 8
    assert "damaged" in capsys.readouterr().out
    assert main(["explain", "d-1", "--log", log]) == 8
    assert "resolved: bond0" in capsys.readouterr().out
    assert main(["replay", "--all", "--log", log]) == 8
    assert "150 replayed: 37 equal, 113 damaged" in capsys.readouterr().out
    for options in ([], ["--skip-damaged"]):
        assert main(["log", "export", log, *options]) == 8
        export = tmp_path / "export"
        export.write_text(capsys.readouterr().out)
        lines = [json.loads(line) for line in export.read_text().splitlines()]
        assert [line["record"]["decision_id"] for line in lines] == [f"d-{n}" for n in range(1, 151)]
        assert sum("damaged" in line for line in lines) == 113
        assert main(["replay", str(export)]) == 8
        assert "150 replayed: 37 equal, 113 damaged" in capsys.readouterr().out


def test_a_damaged_envelope_is_a_line_or_is_skipped(
    large: Log, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    path, export = Path(shutil.copy(large.path, tmp_path / "log")), tmp_path / "export"
    with tampering(path) as connection:
        connection.execute("UPDATE entry SET envelope = x'00' WHERE seq = 7")
    for options, lines in (([], 150), (["--skip-damaged"], 149)):
        assert main(["log", "export", str(path), *options]) == 8
        export.write_text(capsys.readouterr().out)
        documents = [json.loads(line) for line in export.read_text().splitlines()]
        assert len(documents) == lines
        marks = [document["decision_id"] for document in documents if document["record"] is None]
        assert marks == ([] if options else ["d-7"])
        assert main(["log", "verify", str(export)]) == (0 if options else 8)
        assert main(["log", "list", str(export), "--limit", "0"]) == (0 if options else 8)
        assert main(["log", "show", str(export), "d-8"]) == 0
        assert main(["log", "show", str(export), "d-7"]) == (1 if options else 8)
        capsys.readouterr()


def test_a_flipped_byte_of_an_export_hides_one_record_at_most(
    small: Log, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["log", "export", str(small.path)]) == 0
    whole = capsys.readouterr().out.encode()
    choose, path = random.Random(4), tmp_path / "export"
    offsets = range(len(whole)) if IS_LONG else choose.sample(range(len(whole)), 250)
    for at in offsets:
        path.write_bytes(whole[:at] + bytes([whole[at] ^ 1 << choose.randrange(8)]) + whole[at + 1 :])
        with DecisionLog.open(path, read_only=True) as log:
            assert not log.verify().is_sound
        records, damaged, _ = read(path)
        lost = small.records.keys() - records.keys()
        assert len(lost) <= (2 if whole[at : at + 1] == b"\n" else 1)
        assert bool(lost) == bool(damaged)
