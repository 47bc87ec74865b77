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

POOLS = {8: 200, 64: 100, 512: 20, 4096: 4}
LIMIT = 3.0
BATCH = 10
Medians = dict[tuple[str, str], dict[str, float]]


def measured(contenders: Sequence[Contender], size: int, dual: bool, seconds: float) -> Medians:
    """Return the medians by contender and row, then by kind of question; those beyond the limit are left out.

    All have the same share of the time: a slow engine is asked about every n-th batch of the hosts that a fast
    one is asked about, so that it too is measured from the first to the last moment.
    """
    once = {contender: rehearsal(contender, size) for contender in contenders if size <= contender.largest}
    taking = [contender for contender, took in once.items() if took < LIMIT]
    batches = batched(pool(size, dual, POOLS[size]))
    afford = seconds / len(taking) / BATCH
    every = {contender: max(1, round(len(batches) * once[contender] / afford)) for contender in taking}
    taken: dict[tuple[str, str], dict[str, list[int]]] = defaultdict(lambda: defaultdict(list))
    order = random.Random(size)
    gc.collect()
    gc.freeze()  # the pool is ours, not what an engine would have to walk through
    for turn, batch in enumerate(batches):
        for contender in order.sample(taking, len(taking)):
            if turn % every[contender] == 0:
                for asked in batch:
                    taken[contender.name, contender.row][asked.kind].append(duration(contender, asked))
    gc.unfreeze()
    return {key: {kind: statistics.median(times) for kind, times in kinds.items()} for key, kinds in taken.items()}


def batched(questions: Sequence[Question]) -> list[Sequence[Question]]:
    """Return the questions in batches, each with every kind as often."""
    return [questions[start : start + BATCH] for start in range(0, len(questions), BATCH)]


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
