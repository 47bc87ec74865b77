"""The time of a masked export as a multiple of a plain export, for a log of 3 000 records.

Run: python benchmarks/mask.py [--records N] [--hosts N]. Both exports run `activenic log export`, alternately, each
in a new process, whose processor time is measured. Each run uses a new key.
"""

from __future__ import annotations

import argparse
import os
import secrets
import statistics
import subprocess
import sys
import tempfile
from itertools import cycle, islice
from pathlib import Path

import evaluator
from evaluator import Decision, DecisionLog, HostAddresses

ROUNDS = 3


def decisions(hosts: int) -> list[Decision]:
    """Return a decision for each host, each with its own report; in one of ten the interface is a bridge."""
    policy, found = evaluator.load_policy("strict"), []
    for i in range(hosts):
        address = f"10.{i >> 8}.{i & 255}.7"
        nics = {f"ens{n}": {"addr": "", "hwaddr": f"52:54:00:{i >> 8:02x}:{i & 255:02x}:{n:02x}"} for n in range(6)}
        top = {"addr": address, "ipv4addrs": [f"{address}/24"]}
        bonds = {"bond0": {"addr": "", "slaves": ["ens0", "ens1"], **({} if i % 10 == 0 else top)}}
        bridges = {"br0": {**top, "ports": ["bond0"]}} if i % 10 == 0 else {}
        report = evaluator.read_report({"nics": nics, "bondings": bonds, "vlans": {}, "bridges": bridges})
        found.append(policy.decide(report, HostAddresses.of(address)))
    return found


def export(log: Path, *options: str) -> float:
    """Return the processor time of an export, in seconds."""
    command = [sys.executable, "-m", "evaluator.cli.main", "log", "export", str(log), *options]
    before = os.times()
    subprocess.run(command, check=True, stdout=subprocess.DEVNULL)
    after = os.times()
    return after.children_user + after.children_system - before.children_user - before.children_system


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--records", type=int, default=3000)
    parser.add_argument("--hosts", type=int, default=1000)
    options = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        log, key = Path(folder, "log"), Path(folder, "key")
        key.write_text(secrets.token_hex(32))
        with DecisionLog.open(log) as kept:
            for decision in islice(cycle(decisions(options.hosts)), options.records):
                kept.append(decision, {"run": "benchmark"})
        times = [(export(log), export(log, "--mask", str(key))) for _ in range(ROUNDS)]
    plain, masked = (statistics.median(column) for column in zip(*times, strict=True))
    print(f"{options.records} records of {options.hosts} hosts: plain {plain:.2f} s, masked {masked:.2f} s")
    print(f"ratio: {masked / plain:.2f} (at most 3)")


if __name__ == "__main__":
    main()
