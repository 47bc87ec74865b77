"""The shipped policies as checked programs, so that deciding by one needs neither YAML, lark nor the checker.

`policies/prepared/NAME.json` is made from `policies/NAME.yaml` by `make prepared`, and a test says that
the two are one program. It holds the policy's text: where that is not what the policy says now, it is
stale and the policy is read anew, so that a change is never without effect.

A value stands as JSON's own where that has it, anything else as a list: its type's name, and what it
is made of. Words and states stand by their names; the vocabulary knows them.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from functools import cache
from typing import Any

from evaluator.decision import PolicyText
from evaluator.diagnostic import Diagnostic, Severity
from evaluator.facts.address import Address, Cidr
from evaluator.finding import FindingCode
from evaluator.policy import checked, program
from evaluator.policy.find import find_policy
from evaluator.policy.program import Program
from evaluator.policy.types import Base, Type
from evaluator.policy.vocabulary import State, Word, states_of, words_of
from evaluator.shipped import read_shipped
from evaluator.source import Source, Span

FOLDER = "prepared"
TUPLE = ""
_VALUES = (Address, Cidr, Diagnostic, Span, Type, Severity, FindingCode, Base, checked.Quantifier, checked.Relate)
_OF_PROGRAMS = (PolicyText, program.Program, program.Parameter, program.Rule, program.Cost, program.Template)
_EXPRESSIONS = (
    checked.Constant,
    checked.ParameterValue,
    checked.Variable,
    checked.Read,
    checked.Count,
    checked.RouteTo,
    checked.ListOf,
)
_CONDITIONS = (
    checked.AnyOf,
    checked.AllOf,
    checked.Not,
    checked.Quantified,
    checked.Truth,
    checked.Related,
    checked.InState,
    checked.IsKnown,
)


def _tuple(*items: object) -> tuple[object, ...]:
    return items


def _word(owner: str | None, name: str) -> Word:
    return words_of(None if owner is None else Base(owner))[name]


def _state(owner: str, name: str) -> State:
    return states_of(Base(owner))[name]


_BUILDERS: Mapping[str, Callable[..., object]] = {
    TUPLE: _tuple,
    Word.__name__: _word,
    State.__name__: _state,
    **{known.__name__: known for known in (*_VALUES, *_OF_PROGRAMS, *_EXPRESSIONS, *_CONDITIONS)},
}


@cache
def load_shipped(name: str) -> Program:
    """Return a shipped policy's program; made once in a process."""
    source = find_policy(name)
    return _prepared(name, source) or _read(source)


def is_prepared(name: str) -> bool:
    """Return whether a shipped policy need not be read anew."""
    return _prepared(name, find_policy(name)) is not None


def _prepared(name: str, source: Source) -> Program | None:
    """Return the prepared program, None where there is none or it is of another text or another version."""
    try:
        found = _built(json.loads(read_shipped("policies", FOLDER, f"{name}.json")))
    except (OSError, LookupError, TypeError, ValueError):
        return None  # read anew it is the same, only slower
    return found if isinstance(found, Program) and found.text == source.text else None


def _built(value: Any) -> object:  # noqa: ANN401 -- what JSON holds
    if not isinstance(value, list):
        return value
    kind, *parts = value
    return _BUILDERS[kind](*map(_built, parts))


def _read(source: Source) -> Program:
    from evaluator.policy.load import read_program  # noqa: PLC0415 -- lark, yaml and the checker

    return read_program(source)
