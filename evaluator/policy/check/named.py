"""The named conditions of a policy are checked where they are written, each after those that it names."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence

from msgspec import Struct

from evaluator.base.text import did_you_mean, quote
from evaluator.policy.check.condition import ConditionChecker
from evaluator.policy.check.expression import Scope
from evaluator.policy.check.inline import SUBJECT, NamedCondition, NamedConditions
from evaluator.policy.check.rules import scalar_of
from evaluator.policy.language.types import Base, Type
from evaluator.policy.language.vocabulary import KEYWORDS, KNOWING, STATES
from evaluator.policy.source.extend import Stated
from evaluator.policy.source.problems import Problems
from evaluator.policy.syntax import nodes
from evaluator.policy.syntax.parse import parse_condition

_STATE_NAMES = frozenset({*(state.name for state in STATES), *KNOWING})


def check_conditions(
    stated: Mapping[str, Stated], parameters: Mapping[str, Type], problems: Problems
) -> NamedConditions:
    """Return the conditions by name; mistakes in them are noted."""
    return _Checker(stated, parameters, problems).all()


def unused_conditions(stated: Mapping[str, Stated], conditions: NamedConditions, problems: Problems) -> None:
    """Note conditions of a policy's own text that no rule and no other condition names."""
    for name, one in stated.items():
        if one.is_own and name not in conditions.used:
            message = f"no rule uses the condition {quote(name)}"
            near = did_you_mean(name, conditions.used)
            problems.warning("CONDITION_UNUSED", message, one.key, near or f"remove it, or write `nic is {name}`")


class _Parsed(Struct, frozen=True):
    """A condition as it is written, and the length of its text."""

    condition: nodes.Condition
    length: int


class _Checker:
    """Checks the conditions of one policy."""

    def __init__(self, stated: Mapping[str, Stated], parameters: Mapping[str, Type], problems: Problems) -> None:
        self._stated = stated
        self._parameters = parameters
        self._problems = problems
        self._known: dict[str, NamedCondition | None] = {}
        self._conditions = NamedConditions(self._known)
        self._parsed = {name: self._parse(name, one) for name, one in stated.items()}

    def all(self) -> NamedConditions:
        """Return all of them."""
        for name in self._stated:
            self._check(name, ())
        return self._conditions

    def _parse(self, name: str, stated: Stated) -> _Parsed | None:
        if not name.isidentifier() or not name.isascii() or name in KEYWORDS or name in _STATE_NAMES:
            reason = "is not a valid name"
            if name in _STATE_NAMES:
                reason = "is a kind or state of the language"
            elif name in KEYWORDS:
                reason = "is a word of the language"
            hint = "letters, digits and underscores: container_bridge"
            hint = "give it another name" if name in _STATE_NAMES else hint
            self._problems.error("CONDITION_NAME", f"{quote(name)} {reason}", stated.key, hint)
            return None
        scalar = scalar_of(stated.located, "condition", self._problems)
        condition = None if scalar is None else parse_condition(scalar, self._problems)
        return None if scalar is None or condition is None else _Parsed(condition, len(" ".join(scalar.text.split())))

    def _check(self, name: str, open_names: tuple[str, ...]) -> None:
        """Check a condition after those that it names; `open_names` are those that led to it."""
        if name in open_names:
            circle = " → ".join((*open_names[open_names.index(name) :], name))
            message = f"the conditions name each other in a circle: {circle}"
            if open_names[-1] == name:
                message = f"the condition {quote(name)} names itself"
            self._problems.error("CONDITION_CYCLE", message, self._stated[name].key, "write out what is meant")
            self._known[name] = None
        if name in self._known:
            return
        parsed = self._parsed[name]
        for other in () if parsed is None else _names_in(parsed.condition):
            if other in self._stated:
                self._check(other, (*open_names, name))
        if name not in self._known:
            self._known[name] = None if parsed is None else self._checked(parsed)

    def _checked(self, parsed: _Parsed) -> NamedCondition | None:
        scope = Scope(self._parameters, "", {SUBJECT: Type(Base.NIC)}, conditions=self._conditions, is_named=True)
        checker = ConditionChecker(self._problems)
        found = checker.check(parsed.condition, scope)
        if found.condition is None:
            return None
        return NamedCondition(found.condition, found.if_true, found.if_false, parsed.length + checker.written_out)


def _names_in(node: object) -> Iterator[str]:
    """Yield what a condition asks for with `is`, in the order of its text."""
    if isinstance(node, nodes.State):
        yield node.state.text
    if isinstance(node, Sequence) and not isinstance(node, str):
        for part in node:
            yield from _names_in(part)
    elif isinstance(node, Struct):
        for field in node.__struct_fields__:
            yield from _names_in(getattr(node, field))
