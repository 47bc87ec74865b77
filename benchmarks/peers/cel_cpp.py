"""The Common Expression Language, by Google's engine in C++."""

from __future__ import annotations

from collections.abc import Callable

from cel_expr_python.cel import NewEnv, Type

from benchmarks.peers.cel_policy import answer, contender
from benchmarks.peers.contest import Answer, Contender, Question
from benchmarks.peers.flat import flat


def contenders() -> tuple[Contender, ...]:
    """Return the engine with the policy compiled."""
    return (contender("CEL, C++", "cel-expr-python", in_cpp, 4096),)


def in_cpp(text: str) -> Callable[[Question], Answer]:
    """Return the policy compiled by cel-cpp, with static types if CEL has them."""
    variables = {
        "links": Type.List(Type.Map(Type.STRING, Type.DYN)),
        "lowers": Type.Map(Type.STRING, Type.List(Type.STRING)),
        "host": Type.List(Type.STRING),
        "management": Type.STRING,
    }
    program = NewEnv(variables=variables).compile(text)
    return lambda question: answer(program.eval(data=flat(question)).plain_value())
