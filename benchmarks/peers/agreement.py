"""Checks that all engines give the same answers, before any engine is measured: a wrong answer must not count."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from benchmarks.peers.contest import Contender
from benchmarks.peers.questions import checked

SEEDS = 2


def disagreements(contenders: Iterable[Contender], sizes: Sequence[int], seeds: int = SEEDS) -> list[str]:
    """Return a line for each answer that differs without a known reason; print the known differences."""
    questions = [question for size in sizes for seed in range(seeds) for question in checked(size, seed)]
    unknown, known = [], set()
    for contender in contenders:
        for question in questions:
            answer = contender.decide(question)
            if answer == question.expected:
                continue
            if reason := contender.reason(question.kind):
                known.add(f"{contender.name} differs on `{question.kind}`: {reason}")
            else:
                line = f"{contender.name} ({contender.row}) on `{question.kind}`: {answer}, not {question.expected}"
                unknown.append(line)
    print(f"agreement: {len(questions)} questions each;", "all agree except" if known else "all agree")
    for line in sorted(known):
        print(f"- {line}")
    return unknown
