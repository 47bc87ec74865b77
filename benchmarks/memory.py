"""The memory that the import, a policy and stored decisions add to a process.

Run: python -m benchmarks.memory [--decisions N]. The resident set is read after each step, in a new process. Each
decision is about another host with eight interfaces. A stored decision holds a reference to its report, because the
explanation is computed from it. A stored document does not.
"""

from __future__ import annotations

import argparse
import gc
import os
import subprocess
import sys
from collections.abc import Iterator
from itertools import count, pairwise
from pathlib import Path

DECISIONS = 100_000
HOSTS = 500
KEPT = ("the decision", "its document as JSON", "status and name")


def resident() -> int:
    """Return the resident set of this process in octets."""
    gc.collect()
    return int(Path("/proc/self/statm").read_text().split()[1]) * os.sysconf("SC_PAGE_SIZE")


def report(kept: str, decisions: int) -> None:
    """Print the memory that each step adds, in this process."""
    steps = [("start of the interpreter and this script", resident())]
    import orjson  # noqa: PLC0415 -- what is measured is what an import adds

    import evaluator  # noqa: PLC0415

    steps.append(("import", resident()))
    policy = evaluator.load_policy("strict")
    steps.append(("policy", resident()))
    texts = hosts()
    first, host = next(texts)
    policy.decide(evaluator.read_report(first), evaluator.HostAddresses.of(host)).to_dict()
    pool = [next(texts) for _ in range(HOSTS)]
    steps.append(("first decision, and the texts that follow", resident()))
    results: list[object] = []
    for i in range(decisions):
        text, host = pool[i % HOSTS]
        fresh = text.replace(b'"mtu":1500', b'"mtu":%d' % (1500 + i // HOSTS))
        decision = policy.decide(evaluator.read_report(fresh), evaluator.HostAddresses.of(host))
        document = orjson.dumps(decision.to_dict()) if kept == KEPT[1] else b""
        results.append({KEPT[0]: decision, KEPT[1]: document}.get(kept, (decision.status, decision.host_active_nic)))
    steps.append((f"{decisions} times {kept}", resident()))
    for (_, before), (name, after) in pairwise(steps):
        each = f", {(after - before) / decisions / 1024:.2f} KiB each" if name == steps[-1][0] else ""
        if each or kept == KEPT[0]:
            print(f"| {name} | {(after - before) / 2**20:.1f} MiB{each} |", flush=True)


def hosts() -> Iterator[tuple[bytes, str]]:
    """Return the reports of hosts, each with a host address."""
    from benchmarks.peers.questions import question, stack  # noqa: PLC0415

    for seed in count():
        asked = question(stack, 8, False, seed)
        yield asked.data, asked.host[0]


def main() -> None:
    """Measure one way of storing results, or compare all."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.memory", description=__doc__)
    parser.add_argument("--decisions", type=int, default=DECISIONS)
    parser.add_argument("--kept", choices=KEPT, help="measure this in this process")
    asked = parser.parse_args()
    if asked.kept:
        report(asked.kept, asked.decisions)
        return
    compare(asked.decisions)


def compare(decisions: int) -> None:
    """Print the table; each way of storing results is measured in a new process."""
    print("\nmemory that each step adds to the resident set\n\n| step | added |\n| --- | ---: |", flush=True)
    for kept in KEPT:
        command = ["-m", "benchmarks.memory", "--decisions", str(decisions), "--kept", kept]
        subprocess.run([sys.executable, *command], check=True)


if __name__ == "__main__":
    main()
