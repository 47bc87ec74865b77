"""Asks the SMT solver cvc5. Only this module imports cvc5."""

from __future__ import annotations

from collections.abc import Mapping
from enum import StrEnum
from time import process_time

import cvc5

VERSION = str(cvc5.__version__)
# each finds some proofs at once that the others search for long: instantiation by patterns, instantiation by terms of
# the question, finite models
_STRATEGIES: tuple[Mapping[str, str], ...] = (
    {"enum-inst": "true", "cegqi": "false"},
    {"enum-inst": "true", "e-matching": "false"},
    {"finite-model-find": "true"},
)
# in resource units of cvc5, so that the answer to a question does not depend on the load of the machine
_FIRST_EFFORT, _GROWTH = 15_000, 4
LITTLE_EFFORT = 60_000
_WALL = 10  # cvc5 measures the time on the wall, which passes faster than processor time on a machine with much load


class Answer(StrEnum):
    """The solver's answer to the question whether some formulas can be true together."""

    IMPOSSIBLE = "unsat"
    POSSIBLE = "sat"
    UNKNOWN = "unknown"


def ask(script: str, seconds: float, effort: int | None = None) -> Answer:
    """Return the answer to an SMT-LIB text that ends with `(check-sat)`.

    Each strategy of the solver gets a small limit of effort. If no strategy finds an answer, each strategy is tried
    again with a greater limit. So a strategy that needs little effort is never blocked for long by the others.

    The answer is UNKNOWN after `seconds` of processor time. It is also UNKNOWN if the next limit would be greater than
    `effort`.
    """
    end = process_time() + seconds
    share = _FIRST_EFFORT if effort is None else min(_FIRST_EFFORT, effort)
    while effort is None or share <= effort:
        for options in _STRATEGIES:
            rest = end - process_time()
            if rest <= 0:
                return Answer.UNKNOWN
            answer = _ask(script, rest, {**options, "rlimit-per": str(share)})
            if answer is not Answer.UNKNOWN:
                return answer
        share *= _GROWTH
    return Answer.UNKNOWN


def _ask(script: str, seconds: float, options: Mapping[str, str]) -> Answer:
    solver = cvc5.Solver(cvc5.TermManager())
    solver.setOption("tlimit-per", str(max(1, int(seconds * _WALL * 1000))))
    for name, value in options.items():
        solver.setOption(name, value)
    parser = cvc5.InputParser(solver)
    parser.setStringInput(cvc5.InputLanguage.SMT_LIB_2_6, script, "property")
    symbols = parser.getSymbolManager()
    output = ""
    while not (command := parser.nextCommand()).isNull():
        output += command.invoke(solver, symbols)
    return Answer(output.strip()) if output.strip() in set(Answer) else Answer.UNKNOWN
