"""The growth of time and memory with the size of a host, for several kinds of large hosts: 1 is linear.

Run: python -m benchmarks.growth [--size N] [--shape NAME]. Each shape of `benchmarks/shapes.py` is read and decided
with one size and with four times that size, alternately, including the decision document. Memory is the peak of
Python's allocations. If a decision needs more than the step budget, the table contains `refused`. The last lines
measure the most expensive decisions that the budget allows, with their documents, as multiples of the time that
decoding a report of 32 MiB takes.
"""

from __future__ import annotations

import argparse
import time
import tracemalloc
from collections.abc import Callable

import yaml
from msgspec import json

import evaluator
from benchmarks.shapes import OWN, SHAPES, Large, entry, vdsm
from evaluator import HostAddresses, Policy, PolicyError
from evaluator.report.json_text import LARGEST

SIZE, FACTOR, TURNS = 4_000, 4, 3
LONG = "{nic.name} {host.addresses}"
_RULES = {  # each host grows until the budget refuses the decision
    "pairs of interfaces": "some x in interfaces satisfies some y in x.uppers satisfies nic.name = y.name or nic = x",
    "plain pairs": "some x in interfaces satisfies x.name < nic.name and x.name > nic.name",
    "names against names": "some x in interfaces satisfies nic.name like x.name",
    "networks": "some a in host.addresses satisfies some x in interfaces satisfies a in x.subnets",
}


def policy_of(question: Large) -> Policy:
    """Return the policy of a question."""
    return (
        evaluator.load_policy(text=question.policy)
        if "\n" in question.policy
        else evaluator.load_policy(question.policy)
    )


def asking(question: Large) -> Callable[[], int]:
    """Return a function that reads, decides and encodes the document once, and returns its length in octets."""
    policy, host = policy_of(question), HostAddresses.of(*question.addresses)

    def ask() -> int:
        report = evaluator.read_report(question.report)
        return len(policy.decide(report, host, **question.parameters).to_json())

    return ask


def seconds(action: Callable[[], object]) -> float:
    """Run an action and return its processor time in seconds."""
    began = time.process_time()
    action()
    return time.process_time() - began


def octets(action: Callable[[], object]) -> int:
    """Run an action and return the peak of Python's allocations in octets."""
    tracemalloc.start()
    action()
    _, peak = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    return peak


def growth(shape: Callable[[int], Large], size: int) -> str:
    """Return the growth of time and memory as two cells of a table; `refused` if the budget does not allow it."""
    small, large = asking(shape(size)), asking(shape(FACTOR * size))
    try:
        times = [(seconds(small), seconds(large)) for _ in range(TURNS)]
    except PolicyError:
        return "refused | refused"
    time_ratio = min(large for _, large in times) / min(small for small, _ in times) / FACTOR
    return f"{time_ratio:.2f} | {octets(large) / octets(small) / FACTOR:.2f}"


def decoding() -> float:
    """Return the time to decode a report of the largest allowed size, in seconds."""
    one = {f"ens{i}": entry(f"10.{i >> 16 & 255}.{i >> 8 & 255}.{i & 255}/24") for i in range(1, 20_000)}
    text = vdsm(one)
    text = vdsm({f"{turn}{name}": data for turn in range(LARGEST // len(text)) for name, data in one.items()})
    return min(seconds(lambda: json.decode(text)) for _ in range(TURNS)) * LARGEST / len(text)


def costliest(condition: str) -> tuple[int, float]:
    """Return the largest number of interfaces that the budget allows for a rule, and the time in seconds."""
    judge = {"code": "SAID", "message": LONG, "hint": LONG}
    every = {"name": "all", "rule": "match nic when nic in interfaces"}
    rules = [every, {"name": "it", "rule": f"warn nic when {condition}", **judge}]
    policy, largest = yaml.safe_dump({"policy": "costly", "rules": rules}), (0, 0.0)
    for size in (500, 1_000, 1_500, 2_000, 3_000, 4_000, 6_000, 8_000, 12_000):
        report = vdsm({f"ens{i}": entry(f"{OWN}/24") for i in range(size)})
        try:
            largest = size, seconds(asking(Large(report, (OWN,), policy)))
        except PolicyError:
            break
    return largest


def main() -> None:
    """Print the tables."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.growth", description=__doc__)
    parser.add_argument("--size", type=int, default=SIZE)
    parser.add_argument("--shape", choices=SHAPES, action="append")
    asked = parser.parse_args()
    print(f"\ngrowth from {asked.size} to {FACTOR * asked.size}: 1 is linear\n")
    print("| shape | time | memory |\n| --- | ---: | ---: |")
    for name in asked.shape or SHAPES:
        print(f"| {name} | {growth(SHAPES[name], asked.size)} |", flush=True)
    if not asked.shape:
        unit = decoding()
        print("\nthe most expensive rules that the budget allows, as multiples of decoding 32 MiB\n")
        print("| rule | interfaces | times |\n| --- | ---: | ---: |")
        for name, condition in _RULES.items():
            size, took = costliest(condition)
            print(f"| {name} | {size} | {took / unit:.1f} |", flush=True)


if __name__ == "__main__":
    main()
