"""The clock: every engine on the same reports in turns, no report twice for one engine.

Taken in turns, since a machine's speed changes while it is measured: a ratio of medians of one pool holds
where the medians do not. A turn is a few decisions, timed one by one, so that no engine pays for the caches
that another filled; the order within a round is drawn anew, so that none always follows the same other.
"""

from __future__ import annotations

import gc
import random
import statistics
from collections import defaultdict
from collections.abc import Sequence
from time import perf_counter_ns

from benchmarks.peers.contest import Contender, Question
from benchmarks.peers.questions import TIMED, pool, question

POOLS = {8: 200, 64: 100, 512: 20, 4096: 5}
LIMIT = 1.0
BATCH = 25
Medians = dict[tuple[str, str], dict[str, float]]


def measured(contenders: Sequence[Contender], size: int, dual: bool, seconds: float) -> Medians:
    """Return the medians by contender and row, then by kind of question; the slow ones are left out.

    As many fresh hosts are asked about as the time allows, at least one of each kind.
    """
    once = {contender: rehearsal(contender, size) for contender in contenders if size <= contender.largest}
    taking = [contender for contender, took in once.items() if took < LIMIT]
    a_round = sum(once[contender] for contender in taking) * len(TIMED)
    questions = pool(size, dual, max(1, min(POOLS[size], int(seconds / a_round))))
    taken: dict[tuple[str, str], dict[str, list[int]]] = defaultdict(lambda: defaultdict(list))
    order = random.Random(size)
    gc.collect()
    gc.freeze()  # the pool is ours, not what an engine would have to walk through
    for start in range(0, len(questions), BATCH):
        for contender in order.sample(taking, len(taking)):
            for asked in questions[start : start + BATCH]:
                taken[contender.name, contender.row][asked.kind].append(duration(contender, asked))
    gc.unfreeze()
    return {key: {kind: statistics.median(times) for kind, times in kinds.items()} for key, kinds in taken.items()}


def rehearsal(contender: Contender, size: int) -> float:
    """Return the seconds of a decision on another host of the size, after one on a small host.

    Nothing is then done for the first time.
    """
    for kind in TIMED:
        contender.decide(question(kind, 8, True, -1))
    return duration(contender, question(TIMED[1], size, True, -1)) / 1e9


def duration(contender: Contender, asked: Question) -> int:
    """Return how long one decision takes, in nanoseconds."""
    began = perf_counter_ns()
    contender.decide(asked)
    return perf_counter_ns() - began
