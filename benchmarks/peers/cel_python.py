"""The Common Expression Language, by an engine in pure Python."""

from __future__ import annotations

from collections.abc import Callable

import celpy

from benchmarks.peers.cel_policy import answer, contender
from benchmarks.peers.contest import Answer, Contender, Question
from benchmarks.peers.flat import flat


def contenders() -> tuple[Contender, ...]:
    """Return the engine with the policy compiled."""
    return (contender("CEL, Python", "cel-python", in_python, 64),)


def in_python(text: str) -> Callable[[Question], Answer]:
    """Return the policy compiled by cel-python, to Python code if possible."""
    environment = celpy.Environment(runner_class=celpy.CompiledRunner)
    program = environment.program(environment.compile(text))

    def decide(question: Question) -> Answer:
        return answer(program.evaluate({name: celpy.json_to_cel(value) for name, value in flat(question).items()}))

    return decide
