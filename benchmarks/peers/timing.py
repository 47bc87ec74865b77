"""Measures every engine on the same reports, alternately; no engine gets a report twice.

The engines alternate because the speed of a machine changes during the run: the ratio of two medians is stable, the
medians are not. A turn is a few decisions, measured one by one, so that the caches of another engine do not matter. The
order within a round is random, so that no engine always follows the same other engine.
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
    """Return the medians by contender and row, then by kind of question; contenders over the limit are left out.

    All contenders have the same share of the time. A slow engine gets only every n-th batch of the hosts of a fast
    engine, so that both are measured from the beginning to the end.
    """
    once = {contender: rehearsal(contender, size) for contender in contenders if size <= contender.largest}
    taking = [contender for contender, took in once.items() if took < LIMIT]
    batches = batched(pool(size, dual, POOLS[size]))
    afford = seconds / len(taking) / BATCH
    every = {contender: max(1, round(len(batches) * once[contender] / afford)) for contender in taking}
    taken: dict[tuple[str, str], dict[str, list[int]]] = defaultdict(lambda: defaultdict(list))
    order = random.Random(size)
    gc.collect()
    gc.freeze()  # the pool belongs to the benchmark; an engine's collector must not scan it
    for turn, batch in enumerate(batches):
        for contender in order.sample(taking, len(taking)):
            if turn % every[contender] == 0:
                for asked in batch:
                    taken[contender.name, contender.row][asked.kind].append(duration(contender, asked))
    gc.unfreeze()
    return {key: {kind: statistics.median(times) for kind, times in kinds.items()} for key, kinds in taken.items()}


def batched(questions: Sequence[Question]) -> list[Sequence[Question]]:
    """Return the questions in batches; each batch has the same number of every kind."""
    return [questions[start : start + BATCH] for start in range(0, len(questions), BATCH)]


def rehearsal(contender: Contender, size: int) -> float:
    """Return the time of a decision about another host of the size, in seconds, after a decision about a small host.

    The small host is first, so that the measured decision does nothing for the first time.
    """
    for kind in TIMED:
        contender.decide(question(kind, 8, True, -1))
    return duration(contender, question(TIMED[1], size, True, -1)) / 1e9


def duration(contender: Contender, asked: Question) -> int:
    """Return the duration of one decision in nanoseconds."""
    began = perf_counter_ns()
    contender.decide(asked)
    return perf_counter_ns() - began
