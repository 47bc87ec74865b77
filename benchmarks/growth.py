"""How a decision's cost grows from 64 to 4096 interfaces, for every shipped policy: 1 is linear.

Run: python -m benchmarks.growth. Read, decision and trace are timed apart from each other, since a policy can
only be blamed for the last two; each size has fresh hosts, taken in turns.
"""

from __future__ import annotations

import statistics
import time

import evaluator
from benchmarks.peers.questions import KINDS, TIMED, question
from evaluator import HostAddresses, Policy, Report
from evaluator.policy.find import shipped_names

SMALL, LARGE = 64, 4096
PARAMETERS = {"route-to-engine": {"engine_address": "192.0.2.1"}}


def seconds(policy: Policy, report: Report, host: HostAddresses) -> float:
    """Return how long a decision with its trace takes on a report that was read."""
    began = time.perf_counter()
    _ = policy.decide(report, host, **PARAMETERS.get(policy.name, {})).trace
    return time.perf_counter() - began


def main() -> None:
    """Print the table."""
    policies = [evaluator.load_policy(name) for name in shipped_names()]
    reading: dict[int, list[float]] = {SMALL: [], LARGE: []}
    deciding: dict[tuple[str, int], list[float]] = {}
    for i in range(len(KINDS)):
        for size in (SMALL, LARGE):
            asked = question(TIMED[i], size, True, -3)
            host = HostAddresses.of(*asked.host)
            for policy in policies:
                began = time.perf_counter()
                report = evaluator.read_report(asked.data)
                reading[size].append(time.perf_counter() - began)
                deciding.setdefault((policy.name, size), []).append(seconds(policy, report, host))
    print(f"\ngrowth from {SMALL} to {LARGE} interfaces, by interface, dual-stack: 1 is linear\n")
    print("| step | growth |\n| --- | ---: |")
    factor = LARGE / SMALL
    medians = {size: statistics.median(times) for size, times in reading.items()}
    print(f"| read | {medians[LARGE] / medians[SMALL] / factor:.2f} |")
    for policy in policies:
        large, small = (statistics.median(deciding[policy.name, size]) for size in (LARGE, SMALL))
        print(f"| decide by {policy.name}, with trace | {large / small / factor:.2f} |")


if __name__ == "__main__":
    main()
