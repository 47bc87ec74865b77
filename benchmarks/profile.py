"""The time of each part of a decision, as a ratio to `orjson.loads` of the same text.

Run: python -m benchmarks.profile. The parts are measured alternately on new hosts. Each part uses the results of the
parts before it. The time of decoding is a lower limit for every decision.
"""

from __future__ import annotations

import platform
import statistics
import time
from collections import defaultdict
from collections.abc import Callable, Iterator
from itertools import cycle

import orjson

import evaluator
from benchmarks.peers import ours
from benchmarks.peers.contest import Question as Asked
from benchmarks.peers.questions import TIMED, question
from evaluator import HostAddresses
from evaluator.decision.decide import Case, decide
from evaluator.explain.explain import CaseExplainer
from evaluator.policy.language.environment import Question
from evaluator.report.json_text import is_within_limits
from evaluator.report.vdsm.read import _REPLIES, _reading

SIZES = {8: 400, 64: 150, 512: 30}


def profiled(size: int, dual: bool, hosts: int) -> dict[str, float]:
    """Return the medians of the parts as ratios to `orjson.loads`."""
    policy, taken = evaluator.load_policy("strict"), defaultdict[str, list[float]](list)
    needed = ours.lenient()
    for number, kind in zip(range(hosts), cycle(TIMED), strict=False):
        for part, took in parts(policy, question(kind, size, dual, number), needed.decode):
            taken[part].append(took)
    base = statistics.median(taken["orjson.loads"])
    return {part: statistics.median(times) / base for part, times in taken.items()}


def parts(policy: evaluator.Policy, asked: Asked, decode: Callable[[bytes], object]) -> Iterator[tuple[str, float]]:
    """Yield the duration of each part on one host, in seconds."""
    compiled, parameters = policy._compiled, policy._bind({})
    data, host, report = asked.data, HostAddresses.of(*asked.host), evaluator.read_report(asked.data)
    seen = Question(report.facts, host, parameters)
    reply = _REPLIES.decode(data)
    seconds(lambda: orjson.loads(data))  # the first access to a text is slower
    yield "orjson.loads", seconds(lambda: orjson.loads(data))
    yield "decode the needed members", seconds(lambda: decode(data))
    yield "check members that no code reads", seconds(lambda: is_within_limits(data))
    yield "decode and validate", seconds(lambda: _REPLIES.decode(data))
    yield "links and address table", seconds(lambda: _reading(reply, reply.nics or {}, ()))
    yield "read_report", seconds(lambda: evaluator.read_report(data))
    yield "HostAddresses.of", seconds(lambda: HostAddresses.of(*asked.host))
    yield "find the owners", seconds(lambda: Question(report.facts, host, parameters))
    yield "run the rules", seconds(lambda: compiled.decide(seen))
    decision = decide(Case(compiled, evaluator.read_report(data), host, parameters), CaseExplainer)
    yield "findings of the report", seconds(lambda: report.findings)
    yield "trace", seconds(lambda: decision.trace)
    yield "all findings", seconds(lambda: decision.findings)
    yield "the document, encoded", seconds(decision.to_json)
    yield "reasons", seconds(decision.reasons)


def seconds(action: Callable[[], object]) -> float:
    """Run an action and return its duration in seconds."""
    began = time.perf_counter()
    action()
    return time.perf_counter() - began


def main() -> None:
    """Print the table."""
    found = {(size, dual): profiled(size, dual, hosts) for size, hosts in SIZES.items() for dual in (False, True)}
    heads = [f"{size} {'dual' if dual else 'single'}" for size, dual in found]
    print(f"\nactivenic {evaluator.__version__}, Python {platform.python_version()}, orjson {orjson.__version__}")
    print(f"\n| part, times orjson.loads | {' | '.join(heads)} |\n| --- |{' ---: |' * len(heads)}")
    for part in next(iter(found.values())):
        print(f"| {part} | {' | '.join(f'{ratios[part]:.2f}' for ratios in found.values())} |")


if __name__ == "__main__":
    main()
