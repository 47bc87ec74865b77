"""The time of `activenic diff` over 10 000 questions, compared with reading and deciding each question once.

Run: python benchmarks/diff.py. The corpus is a file of JSON lines with hosts of eight interfaces, a bridge on every
tenth host. The command runs in this process; both figures are medians of rounds that alternate.
"""

from __future__ import annotations

import io
import json
import platform
import statistics
import tempfile
import time
from collections.abc import Callable
from contextlib import redirect_stdout
from pathlib import Path

import msgspec

import evaluator
from evaluator.cli.main import main
from evaluator.testing.terse_topology import read_topology

QUESTIONS = 10_000
ROUNDS = 3


def address_of(number: int) -> str:
    """Return an address of its own for each of fifteen million hosts."""
    return f"{10 + (number >> 16)}.{number >> 8 & 255}.{number & 255}.1"


def question(number: int) -> dict[str, object]:
    """Return a host with eight interfaces, and its address."""
    top = "br0 over bond0" if number % 10 == 0 else "bond0.5 on bond0"
    address = address_of(number)
    nics = "; ".join(f"ens{i} has 198.51.100.{i}/24" for i in range(3, 8))
    report = read_topology(f"bond0 over ens1, ens2; {top} has {address}/24; {nics}")
    return {"id": f"host-{number}", "report": report, "addresses": [address]}


def seconds(work: Callable[[], object]) -> float:
    """Return the time of one call."""
    started = time.perf_counter()
    work()
    return time.perf_counter() - started


def main_() -> None:
    """Print the medians and their ratio."""
    with tempfile.TemporaryDirectory() as folder:
        corpus = Path(folder) / "corpus.jsonl"
        lines = [json.dumps(question(number)) for number in range(QUESTIONS)]
        corpus.write_text("".join(f"{line}\n" for line in lines))
        strict = evaluator.load_policy("strict")

        def diff() -> None:
            with redirect_stdout(io.StringIO()):
                assert main(["diff", "ovirt-engine", "strict", "--corpus", str(corpus)]) == 0

        def decide() -> None:
            assert all(decision.host_active_nic for decision in strict.decide_each(lines))

        figures = {"diff": diff, "decide once": decide}
        times: dict[str, list[float]] = {name: [] for name in figures}
        for _ in range(ROUNDS):
            for name, work in figures.items():
                times[name].append(seconds(work))
    medians = {name: statistics.median(values) for name, values in times.items()}
    print(f"CPython {platform.python_version()}, msgspec {msgspec.__version__}, {QUESTIONS} questions")
    for name, median in medians.items():
        print(f"{name:12} {median:6.1f} s   {median / medians['decide once']:.1f} times deciding each question once")


if __name__ == "__main__":
    main_()
