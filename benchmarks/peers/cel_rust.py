"""The Common Expression Language, by an engine in Rust."""

from __future__ import annotations

from collections.abc import Callable

import cel

from benchmarks.peers.cel_policy import answer, contender
from benchmarks.peers.contest import Answer, Contender, Question
from benchmarks.peers.flat import flat


def contenders() -> tuple[Contender, ...]:
    """Return the engine with the policy compiled."""
    return (contender("CEL, Rust", "common-expression-language", in_rust, 4096),)


def in_rust(text: str) -> Callable[[Question], Answer]:
    """Return the policy compiled by common-expression-language."""
    program = cel.compile(text)
    return lambda question: answer(program.execute(flat(question)))
