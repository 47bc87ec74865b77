"""The cost of a host in fleets of 10³ to 10⁶ hosts: whether CPU time and memory grow linearly with the fleet.

Run: python -m benchmarks.fleet_scale [--findings] [HOSTS …]. One process generates the questions, and another one
decides them and writes Parquet to nowhere, so nothing is stored. The second process is what one core of a machine or of
a cluster does. It measures its own CPU time, without the time that it waits for questions, and its peak memory. On
every twentieth batch it also measures `json.loads` of the same texts: the ratio does not depend on the machine.

The last line is the work that only one process can do, however large the cluster is: planning the ranges of a file, and
joining their rows to one result.
"""

from __future__ import annotations

import argparse
import json
import platform
import resource
import subprocess
import sys
import tempfile
import time
from collections import deque
from collections.abc import Iterable, Iterator
from itertools import islice
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq

import evaluator
from benchmarks.diff import address_of, question
from evaluator.fleet import decide_batches
from evaluator.fleet.decide_files import DecideRange, Inputs, decide_files
from evaluator.fleet.ranges import Range
from evaluator.fleet.rows import RESULT, Asked
from evaluator.fleet.work_folder import WorkFolder

_SIZES = (1_000, 10_000, 100_000, 1_000_000)
_ROWS_OF_A_BATCH, _ROWS_OF_A_GROUP = 500, 100_000
_SAMPLED = 20
_OWN = address_of(5)


class _Nowhere:
    """A file that counts what is written."""

    closed = False

    def __init__(self) -> None:
        self.octets = 0

    def write(self, data: bytes) -> int:
        self.octets += len(data)
        return len(data)

    def tell(self) -> int:
        return self.octets

    def flush(self) -> None:
        pass

    def close(self) -> None:
        pass


def generate(hosts: int) -> Iterator[str]:
    """Yield the lines of a fleet with eight interfaces in each host, a bridge in every tenth host."""
    plain, bridge = (json.dumps(question(5) | {"report": question(kind)["report"]}) for kind in (5, 10))
    bridge = bridge.replace(address_of(10), _OWN)
    for number in range(hosts):
        text = plain if number % 10 else bridge
        yield text.replace(_OWN, address_of(number)).replace('"host-5"', f'"host-{number}"') + "\n"


def decide(lines: Iterator[bytes], *, findings: bool) -> dict[str, float]:
    """Decide the lines and return the figures of this process."""
    policy = evaluator.load_policy("strict")
    sink, started = _Nowhere(), time.process_time()
    hosts = octets = sampled = 0
    deciding = writing = loading = 0.0
    rows: list[pa.RecordBatch] = []
    with pq.ParquetWriter(pa.PythonFile(sink, "w"), RESULT, compression="zstd") as writer:
        while texts := list(islice(lines, _ROWS_OF_A_BATCH)):
            begun = time.process_time()
            rows += decide_batches([pa.record_batch({"question": texts})], policy, findings=findings, digest=findings)
            decided = time.process_time()
            if len(rows) * _ROWS_OF_A_BATCH >= _ROWS_OF_A_GROUP:
                writer.write_table(pa.Table.from_batches(rows, RESULT))
                rows = []
            written = time.process_time()
            if hosts // _ROWS_OF_A_BATCH % _SAMPLED == 0:
                for text in texts:
                    json.loads(text)
                loading, sampled = loading + time.process_time() - written, sampled + len(texts)
            deciding, writing = deciding + decided - begun, writing + written - decided
            hosts, octets = hosts + len(texts), octets + sum(map(len, texts))
        begun = time.process_time()
        if rows:
            writer.write_table(pa.Table.from_batches(rows, RESULT))
    writing += time.process_time() - begun
    return {
        "hosts": hosts,
        "octets in": octets / hosts,
        "octets out": sink.octets / hosts,
        "start": started,
        "deciding": deciding / hosts,
        "writing": writing / hosts,
        "loading": loading / sampled,
        "peak": resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024,
    }


def measure(hosts: int, *, findings: bool) -> dict[str, float]:
    """Return the figures of a process that decides a fleet of this size."""
    own = [sys.executable, "-m", "benchmarks.fleet_scale"]
    with subprocess.Popen([*own, "--generate", str(hosts)], stdout=subprocess.PIPE) as generator:
        command = [*own, "--decide", *(["--findings"] if findings else [])]
        done = subprocess.run(command, stdin=generator.stdout, stdout=subprocess.PIPE, check=True)
    figures: dict[str, float] = json.loads(done.stdout)
    return figures


def serial_work(hosts: int) -> tuple[float, float]:
    """Return the CPU seconds that a file with this number of hosts needs for planning and for joining."""
    times: list[float] = []

    def engine(asked: Asked, folder: WorkFolder, ranges: Iterable[Range]) -> Iterator[Range]:
        times.append(time.process_time())
        planned = list(ranges)
        times.append(time.process_time())
        job = DecideRange(asked, folder)
        for part in planned:
            job(part)
        times.append(time.process_time())
        yield from planned

    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "fleet.jsonl"
        with path.open("w") as file:
            file.writelines(generate(hosts))
        asked = Asked(evaluator.load_policy("strict"), {})
        deque(decide_files(Inputs((path,)), Path(folder) / "result.parquet", asked, engine), 0)
    times.append(time.process_time())
    return times[1] - times[0], times[3] - times[2]


def main() -> None:
    """Print a line for each size."""
    parser = argparse.ArgumentParser()
    parser.add_argument("hosts", nargs="*", type=int, default=_SIZES)
    parser.add_argument("--findings", action="store_true")
    parser.add_argument("--generate", type=int, metavar="HOSTS", help=argparse.SUPPRESS)
    parser.add_argument("--decide", action="store_true", help=argparse.SUPPRESS)
    options = parser.parse_args()
    if options.generate is not None:
        sys.stdout.writelines(generate(options.generate))
    elif options.decide:
        print(json.dumps(decide(iter(sys.stdin.buffer), findings=options.findings)))
    else:
        print(f"Python {platform.python_version()}, pyarrow {pa.__version__}, findings and digest: {options.findings}")
        for hosts in options.hosts:
            figures = measure(hosts, findings=options.findings)
            cost = figures["deciding"] + figures["writing"]
            print(
                f"{hosts:9} hosts  {cost * 1e6:6.1f} µs CPU a host (writing {figures['writing'] * 1e6:4.1f})"
                f"  {cost / figures['loading']:5.2f} times json.loads  {1 / cost:7.0f} rows a second"
                f"  start {figures['start']:4.2f} s  peak {figures['peak']:4.0f} MiB"
                f"  octets in {figures['octets in']:6.1f}, out {figures['octets out']:5.1f}",
                flush=True,
            )
        hosts = options.hosts[-1] // 10
        planning, joining = (seconds / hosts * 1e6 for seconds in serial_work(hosts))
        print(f"serial work: planning {planning:.2f} µs a host, joining {joining:.2f} µs a host")


if __name__ == "__main__":
    main()
