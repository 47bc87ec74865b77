"""The targets for speed, each a ratio in one run with its limit.

If a ratio is outside its limit, only the table shows it. The exit status does not depend on it, because the load of the
machine changes the ratios.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from functools import cache

import orjson
from msgspec import Struct

from benchmarks.peers import ours
from benchmarks.peers.contest import EXPLANATION, NAME, TRACE, Answer, Contender, Question
from benchmarks.peers.tables import mean, ratio
from benchmarks.peers.timing import Medians, measured

DECODE = "orjson.loads"
SIZES = (8, 64, 512)
Medians_of = Callable[[int, bool], Medians]


class Target(Struct, frozen=True):
    """A ratio of the times of two contenders, and its limit for a size."""

    title: str
    ours: tuple[str, str]
    theirs: tuple[str, ...]
    row: str
    bound: Callable[[int], str]
    faster: bool = False

    def cell(self, medians: Medians, size: int, kind: str | None = None) -> str:
        """Return the ratio and its limit; if there are several others, the fastest counts."""
        own = medians.get(self.ours)
        others = [medians[name, self.row] for name in self.theirs if (name, self.row) in medians]
        if own is None or not others:
            return "not timed"
        mine, best = part(own, kind), min(part(times, kind) for times in others)
        value = best / mine if self.faster else mine / best
        return f"{ratio(value)} ({self.bound(size)})"


def part(times: dict[str, float], kind: str | None) -> float:
    """Return the time for one kind of question, or the mean over all."""
    return mean(times) if kind is None else times[kind]


VALIDATED = ("activenic", TRACE)
TRACERS = ("regorus VM, trace rule", "regorus interpreter, trace rule", "OPA, trace rule", "datalogic, steps")
TARGETS = (
    Target("validated with trace / datalogic", VALIDATED, ("datalogic",), NAME, lambda _: "≤ 1"),
    Target(f"{ours.FLOOR} / datalogic", (ours.FLOOR, NAME), ("datalogic",), NAME, lambda _: "the floor"),
    Target("regorus VM / validated with trace", VALIDATED, ("regorus VM",), NAME, lambda _: "≥ 10", True),
    Target(
        "fastest trace of each interface / explanation",
        ("activenic", EXPLANATION),
        TRACERS,
        EXPLANATION,
        lambda _: "≥ 20",
        True,
    ),
    Target(
        "the same / our trace alone, rendered",
        (ours.RENDERED, EXPLANATION),
        TRACERS,
        EXPLANATION,
        lambda _: "no limit",
        True,
    ),
    Target(
        "validated with trace / orjson.loads",
        VALIDATED,
        (DECODE,),
        NAME,
        lambda size: "≤ 4" if size == 8 else "≤ 3",
    ),
    Target(
        "straightforward / validated with trace", VALIDATED, ("by hand, straightforward",), NAME, lambda _: "≥ 10", True
    ),
)


def decode(question: Question) -> Answer:
    """Decode the text and do not decide: a lower limit for every reader that validates."""
    orjson.loads(question.data)
    return question.expected


def print_targets(contenders: Sequence[Contender], seconds: float) -> None:
    """Measure the contenders that the targets name, and print each ratio with its limit."""
    named = {(name, target.row) for target in TARGETS for name in target.theirs}
    field = [contender for contender in contenders if (contender.name, contender.row) in named]
    field += [contender for contender in contenders if (contender.name, contender.row) == VALIDATED]
    field += [contender for contender in contenders if (contender.name, contender.row) == ("activenic", EXPLANATION)]
    field += [ours.rendered(), ours.floor(), Contender(DECODE, ("orjson",), decode)]

    @cache
    def medians(size: int, dual: bool) -> Medians:
        return measured(field, size, dual, seconds)

    cells = [(size, dual) for size in SIZES for dual in (False, True)]
    heads = [f"{size} {'dual' if dual else 'single'}" for size, dual in cells]
    print("\ntargets: the ratio in this run, and in brackets its limit\n")
    print(f"| ratio | {' | '.join(heads)} |\n| --- |{' ---: |' * len(heads)}")
    for target in TARGETS:
        found = [target.cell(medians(size, dual), size) for size, dual in cells]
        print(f"| {target.title} | {' | '.join(found)} |")
