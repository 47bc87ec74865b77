"""The CPU time of `activenic fleet decide`, compared with DuckDB that decides the bare rule in SQL on the same lines.

Run: python -m benchmarks.fleet [HOSTS [ROUNDS]]. The hosts have eight interfaces; the file is generated as it is
written. The rule in SQL is the core of `strict` (the interfaces that own a host address), without validation, reasons
and findings. The floor is one process that decodes each question into the types of `report/vdsm/wire.py` and writes its
id and its number of network cards. The figures are CPU seconds of all processes in rounds that alternate, and the peak
memory of the largest process.
"""

from __future__ import annotations

import json
import os
import platform
import statistics
import subprocess
import sys
import tempfile
from pathlib import Path

from benchmarks.diff import question

_ROUNDS = 3
_HOSTS = 100_000
_SQL = """
import duckdb, sys
entry = "STRUCT(ipv4addrs VARCHAR[], ipv6addrs VARCHAR[])"
maps = ", ".join(f"{name} MAP(VARCHAR, {entry})" for name in ("nics", "bondings", "vlans", "bridges"))
columns = "{id: 'VARCHAR', addresses: 'VARCHAR[]', report: 'STRUCT(" + maps + ")'}"
duckdb.execute("SET threads = 2")
duckdb.execute(f'''
COPY (
  WITH hosts AS (SELECT id, addresses, report FROM
    read_json('{sys.argv[1]}', format = 'newline_delimited', columns = {columns})),
  links AS (SELECT id, addresses, unnest(map_entries(report.nics) || map_entries(report.bondings)
    || map_entries(report.vlans) || map_entries(report.bridges)) AS link FROM hosts),
  owners AS (SELECT id, link.key AS name FROM links
    WHERE list_has_any(list_transform(link.value.ipv4addrs || coalesce(link.value.ipv6addrs, []),
      lambda text: split_part(text, '/', 1)), addresses))
  SELECT id, count(*) AS owners, any_value(name) AS name FROM owners GROUP BY id
) TO '{sys.argv[2]}' (FORMAT parquet)
''')
"""
_FLOOR = """
import sys
from itertools import islice
import msgspec, pyarrow as pa, pyarrow.parquet as pq
from evaluator.report.vdsm.wire import Capabilities
class Question(msgspec.Struct):
    id: str
    addresses: list[str]
    report: Capabilities
decode = msgspec.json.Decoder(Question).decode
schema = pa.schema([("id", pa.string()), ("nics", pa.int64())])
with open(sys.argv[1], "rb") as lines, pq.ParquetWriter(sys.argv[2], schema) as writer:
    while rows := [(asked.id, len(asked.report.nics)) for asked in map(decode, islice(lines, 10_000))]:
        writer.write_batch(pa.record_batch([list(column) for column in zip(*rows)], schema))
"""


def cost(command: list[str]) -> tuple[float, float]:
    """Return the CPU seconds of a command with its processes, and the peak memory of the largest one in MiB."""
    code = (
        "import resource, subprocess, sys; subprocess.run(sys.argv[1:], check=True); "
        "u = resource.getrusage(resource.RUSAGE_CHILDREN); print(u.ru_utime + u.ru_stime, u.ru_maxrss / 1024)"
    )
    done = subprocess.run([sys.executable, "-c", code, *command], check=True, capture_output=True, text=True)
    seconds, peak = map(float, done.stdout.split()[-2:])
    return seconds, peak


def main() -> None:
    """Print the medians and their ratios."""
    hosts = int(sys.argv[1]) if len(sys.argv) > 1 else _HOSTS
    with tempfile.TemporaryDirectory() as folder:
        lines, result = Path(folder) / "fleet.jsonl", str(Path(folder) / "result.parquet")
        with lines.open("w", encoding="utf-8") as file:
            file.writelines(json.dumps(question(number)) + "\n" for number in range(hosts))
        decide = [sys.executable, "-m", "evaluator", "fleet", "decide", str(lines), "--out", result]
        commands = {
            "DuckDB, bare rule": [sys.executable, "-c", _SQL, str(lines), result],
            "floor: decode and write": [sys.executable, "-c", _FLOOR, str(lines), result],
            "fleet decide": decide,
            "with --findings --digest": [*decide, "--findings", "--digest"],
        }
        figures: dict[str, list[tuple[float, float]]] = {name: [] for name in commands}
        for _ in range(int(sys.argv[2]) if len(sys.argv) > 2 else _ROUNDS):
            for name, command in commands.items():
                figures[name].append(cost(command))
        base = statistics.median(seconds for seconds, _ in figures["DuckDB, bare rule"])
        processors = len(os.sched_getaffinity(0))
        print(
            f"{hosts} hosts, {lines.stat().st_size} octets, {processors} processors, Python {platform.python_version()}"
        )
        for name, rounds in figures.items():
            seconds = statistics.median(seconds for seconds, _ in rounds)
            peak = max(peak for _, peak in rounds)
            print(f"{name:26} {seconds:7.2f} s CPU  {seconds / base:5.2f} times  peak {peak:5.0f} MiB")


if __name__ == "__main__":
    main()
