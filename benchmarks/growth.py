"""How time and memory grow with a host, for hosts that are large in one way each: 1 is linear.

Run: python -m benchmarks.growth [--size N] [--shape NAME]. Each shape of `benchmarks/shapes.py` is read and decided at
a size and at four times that size, in turns; the document is part of the decision. Memory is the peak of what Python
allocates. A host that needs more than the step budget is refused, which the table says. The last lines are about what
the budget allows: how many times as long as decoding a report of 32 MiB the costliest decisions take, documents
included.
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
_RULES = {  # each grows until the budget refuses it
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
    """Return what reads, decides and makes the document once, and returns its length."""
    policy, host = policy_of(question), HostAddresses.of(*question.addresses)

    def ask() -> int:
        report = evaluator.read_report(question.report)
        return len(policy.decide(report, host, **question.parameters).to_json())

    return ask


def seconds(action: Callable[[], object]) -> float:
    """Return the processor time of an action."""
    began = time.process_time()
    action()
    return time.process_time() - began


def octets(action: Callable[[], object]) -> int:
    """Return the most memory that Python allocates during an action."""
    tracemalloc.start()
    action()
    _, peak = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    return peak


def growth(shape: Callable[[int], Large], size: int) -> str:
    """Return the growth of time and memory as cells of a table, or that it is refused."""
    small, large = asking(shape(size)), asking(shape(FACTOR * size))
    try:
        times = [(seconds(small), seconds(large)) for _ in range(TURNS)]
    except PolicyError:
        return "refused | refused"
    time_ratio = min(large for _, large in times) / min(small for small, _ in times) / FACTOR
    return f"{time_ratio:.2f} | {octets(large) / octets(small) / FACTOR:.2f}"


def decoding() -> float:
    """Return how long it takes to decode a report of the greatest size."""
    one = {f"ens{i}": entry(f"10.{i >> 16 & 255}.{i >> 8 & 255}.{i & 255}/24") for i in range(1, 20_000)}
    text = vdsm(one)
    text = vdsm({f"{turn}{name}": data for turn in range(LARGEST // len(text)) for name, data in one.items()})
    return min(seconds(lambda: json.decode(text)) for _ in range(TURNS)) * LARGEST / len(text)


def costliest(condition: str) -> tuple[int, float]:
    """Return the largest number of interfaces that the budget allows for a rule, and how long that takes."""
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
        print("\nwhat the budget allows, in times of decoding 32 MiB\n")
        print("| rule | interfaces | times |\n| --- | ---: | ---: |")
        for name, condition in _RULES.items():
            size, took = costliest(condition)
            print(f"| {name} | {size} | {took / unit:.1f} |", flush=True)


if __name__ == "__main__":
    main()
