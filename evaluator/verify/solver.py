"""Asks the SMT solver cvc5. Only this module imports cvc5."""

from __future__ import annotations

from collections.abc import Mapping
from enum import StrEnum
from time import perf_counter

import cvc5

VERSION = str(cvc5.__version__)
# each finds some proofs at once that the others search for long: instantiation by patterns, instantiation by terms of
# the question, finite models
_STRATEGIES: tuple[Mapping[str, str], ...] = (
    {"enum-inst": "true", "cegqi": "false"},
    {"enum-inst": "true", "e-matching": "false"},
    {"finite-model-find": "true"},
)
_FIRST_SLICE = 0.1
_GROWTH = 3.0


class Answer(StrEnum):
    """The solver's answer to the question whether some formulas can be true together."""

    IMPOSSIBLE = "unsat"
    POSSIBLE = "sat"
    UNKNOWN = "unknown"


def ask(script: str, seconds: float) -> Answer:
    """Return the answer to an SMT-LIB text that ends with `(check-sat)`.

    The strategies take turns, with slices of time that grow, so a question that one of them answers at once is not
    delayed by the others for long.
    """
    end, share = perf_counter() + seconds, _FIRST_SLICE
    while True:
        for options in _STRATEGIES:
            rest = end - perf_counter()
            if rest <= 0:
                return Answer.UNKNOWN
            answer = _ask(script, min(share, rest), options)
            if answer is not Answer.UNKNOWN:
                return answer
        share *= _GROWTH


def _ask(script: str, seconds: float, options: Mapping[str, str]) -> Answer:
    solver = cvc5.Solver(cvc5.TermManager())
    solver.setOption("tlimit-per", str(max(1, int(seconds * 1000))))
    for name, value in options.items():
        solver.setOption(name, value)
    parser = cvc5.InputParser(solver)
    parser.setStringInput(cvc5.InputLanguage.SMT_LIB_2_6, script, "property")
    symbols = parser.getSymbolManager()
    output = ""
    while not (command := parser.nextCommand()).isNull():
        output += command.invoke(solver, symbols)
    return Answer(output.strip()) if output.strip() in set(Answer) else Answer.UNKNOWN
