"""Time and size of a log of 100 000 decisions, compared with plain SQLite in the same run and on the same disk.

Run: python benchmarks/log.py [--records N] [--folder FOLDER]. The log records a thousand hosts repeatedly. Appends are
measured with full durability, alternately with plain inserts of the same number of octets under the same pragmas. The
rest of the log is filled without waiting for the disk.
"""

from __future__ import annotations

import argparse
import platform
import sqlite3
import statistics
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import closing
from datetime import UTC, datetime, timedelta
from itertools import count, cycle, islice
from pathlib import Path

import evaluator
from evaluator import Decision, DecisionLog, HostAddresses, LogFilter
from evaluator.audit.record import make_record

HOSTS = 1000
MEASURED = 500
ROUNDS = 9
GROUPS = (1, 4, 16, 64)
START = datetime(2026, 1, 1, tzinfo=UTC)


def decisions() -> list[Decision]:
    """Return a decision for each host; one of ten is rejected, because the interface is a bridge."""
    policy, found = evaluator.load_policy("strict"), []
    for i in range(HOSTS):
        address = f"10.{i >> 8}.{i & 255}.7"
        nics = {f"ens{n}": {"addr": "", "hwaddr": f"52:54:00:{i >> 8:02x}:{i & 255:02x}:{n:02x}"} for n in range(6)}
        top = {"addr": address, "ipv4addrs": [f"{address}/24"]}
        bonds = {"bond0": {"addr": "", "slaves": ["ens0", "ens1"], **({} if i % 10 == 0 else top)}}
        bridges = {"br0": {**top, "ports": ["bond0"]}} if i % 10 == 0 else {}
        report = evaluator.read_report({"nics": nics, "bondings": bonds, "vlans": {}, "bridges": bridges})
        found.append(policy.decide(report, HostAddresses.of(address)))
    return found


def append_rates(log: DecisionLog, path: Path, found: Iterator[Decision]) -> tuple[float, float]:
    """Return the median durations of an append and of a plain insert, in seconds, measured alternately."""
    appends, inserts = [], []
    with closing(sqlite3.connect(path.with_name("bare"), isolation_level=None)) as bare:
        bare.execute("PRAGMA journal_mode=WAL")
        bare.execute("PRAGMA synchronous=FULL")
        bare.execute("CREATE TABLE entry (seq INTEGER PRIMARY KEY, body BLOB)")
        for i, decision in enumerate(islice(found, MEASURED)):
            appends.append(seconds(lambda i=i, decision=decision: log.append(decision, {"run": str(i % 7)})))
            inserts.append(seconds(lambda: bare.execute("INSERT INTO entry (body) VALUES (randomblob(1200))")))
    return statistics.median(appends), statistics.median(inserts)


def group_times(log: DecisionLog, found: Iterator[Decision], ids: Iterator[int]) -> dict[int, float]:
    """Return the seconds of a record by the size of its group, each group with one synchronization, in turns."""
    times: dict[int, list[float]] = {size: [] for size in GROUPS}
    for _ in range(ROUNDS):
        for size in GROUPS:
            records = [
                make_record(decision, f"g-{next(ids)}", START, {}, evaluator.__version__)
                for decision in islice(found, size)
            ]
            times[size].append(seconds(lambda records=records: log.append_records(records)) / size)
    return {size: statistics.median(of_size) for size, of_size in times.items()}


def seconds(action: Callable[[], object]) -> float:
    """Run an action and return its duration in seconds."""
    began = time.perf_counter()
    action()
    return time.perf_counter() - began


def median(action: Callable[[], object]) -> float:
    """Return the median duration of an action in seconds."""
    return statistics.median(seconds(action) for _ in range(ROUNDS))


def questions(log: DecisionLog, records: int) -> dict[str, Callable[[], object]]:
    """Return queries of the log, each for the newest hundred records."""

    def newest(log_filter: LogFilter) -> Callable[[], object]:
        return lambda: list(log.items(log_filter, newest_first=True, limit=100))

    late = START + timedelta(seconds=records - 500)
    return {
        "show": lambda: log.get(f"d-{records // 2}"),
        "list --policy SHA256": newest(LogFilter(policy=evaluator.load_policy("strict").program.digest)),
        "list": newest(LogFilter()),
        "list --host": newest(LogFilter(host="10.1.7.7")),
        "list --status --since": newest(LogFilter(status="rejected", since=late)),
        "list --finding": newest(LogFilter(finding="MANAGEMENT_NETWORK_OVER_BRIDGE")),
        "list --label --interface": newest(LogFilter(labels={"run": "3"}, interface="br0")),
        "list --host --status, none found": newest(LogFilter(host="10.1.7.7", status="ambiguous")),
        "count --status": lambda: log.count(LogFilter(status="rejected")),
        "head": log.head,
    }


def main() -> None:
    """Print the figures."""
    parser = argparse.ArgumentParser()
    parser.add_argument("--records", type=int, default=100_000)
    parser.add_argument("--folder", type=Path)
    options = parser.parse_args()
    with tempfile.TemporaryDirectory(dir=options.folder) as folder:
        measure(Path(folder) / "log", options.records)


def measure(path: Path, records: int) -> None:
    """Fill a log and measure."""
    ids, ticks, found = count(1), count(), cycle(decisions())
    print(f"activenic {evaluator.__version__}, Python {platform.python_version()}, SQLite {sqlite3.sqlite_version}")
    with DecisionLog.open(
        path, new_id=lambda: f"d-{next(ids)}", clock=lambda: START + timedelta(seconds=next(ticks))
    ) as log:
        append, insert = append_rates(log, path, found)
        ratio = f"{append / insert:.1f} times a bare insert of 1200 octets, as durable"
        print(f"append: {append * 1e3:.2f} ms, {ratio}", flush=True)
        times = group_times(log, found, count())
        for size, each in times.items():
            ratio = f"{times[1] / each:.1f} times the rate of single commits"
            print(f"commits of {size}: {each * 1e3:.2f} ms a record, {ratio}", flush=True)
        log._writer._connection.execute("PRAGMA synchronous=OFF")
        began = time.perf_counter()
        for i, decision in enumerate(islice(found, records - MEASURED)):
            log.append(decision, {"run": str(i % 7)})
        each = (time.perf_counter() - began) / (records - MEASURED)
        print(f"append without waiting for the disk: {each * 1e3:.2f} ms")
    bodies = f"{HOSTS} reports, each stored once"
    print(f"size: {path.stat().st_size / records:.0f} octets a record ({records} records, {bodies})")
    with closing(sqlite3.connect(path)) as bare:
        key = median(lambda: bare.execute("SELECT * FROM entry WHERE seq = ?", (records // 3,)).fetchall())
        scan = seconds(lambda: bare.execute("SELECT max(length(envelope)), max(length(hash)) FROM entry").fetchall())
    with DecisionLog.open(path, read_only=True) as log:
        for name, ask in questions(log, records).items():
            taken = median(ask)
            ratios = f"{taken / key:.0f} times a bare look-up, {taken / scan:.4f} of a scan of the table"
            print(f"{name}: {taken * 1e3:.2f} ms, {ratios}", flush=True)
        taken = seconds(log.verify)
        ratios = f"{taken / records * 1e6:.0f} microseconds a record, {taken / scan:.0f} times a scan of the table"
        print(f"verify: {taken:.1f} s, {ratios}")


if __name__ == "__main__":
    main()
