"""Checks the named conditions of a policy, each after the conditions that it uses.

A condition may use conditions that are written below it, so a depth-first search over the uses gives the order. A use
that leads back to a condition of the current path is a cycle.
"""

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
from evaluator.policy.source.extend import ConditionDeclaration
from evaluator.policy.source.problems import Problems
from evaluator.policy.syntax import nodes
from evaluator.policy.syntax.parse import parse_condition

_STATE_NAMES = frozenset({*(state.name for state in STATES), *KNOWING})


def check_conditions(
    declarations: Mapping[str, ConditionDeclaration], parameters: Mapping[str, Type], problems: Problems
) -> NamedConditions:
    """Return the checked conditions by name; a condition with mistakes is reported, and its value is None."""
    return _Checker(declarations, parameters, problems).all()


def unused_conditions(
    declarations: Mapping[str, ConditionDeclaration], conditions: NamedConditions, problems: Problems
) -> None:
    """Report conditions of a policy's own text that no rule and no other condition uses."""
    for name, declaration in declarations.items():
        if declaration.is_own and name not in conditions.used:
            message = f"no rule uses the condition {quote(name)}"
            hint = did_you_mean(name, conditions.used) or f"remove the condition, or use it in a rule: `nic is {name}`"
            problems.warning("CONDITION_UNUSED", message, declaration.key, hint)


class _Parsed(Struct, frozen=True):
    """The syntax tree of a condition, and the length of its text."""

    condition: nodes.Condition
    length: int


class _Checker:
    """Checks the conditions of one policy."""

    def __init__(
        self, declarations: Mapping[str, ConditionDeclaration], parameters: Mapping[str, Type], problems: Problems
    ) -> None:
        self._declarations = declarations
        self._parameters = parameters
        self._problems = problems
        self._checked_by_name: dict[str, NamedCondition | None] = {}
        self._conditions = NamedConditions(self._checked_by_name)
        self._parsed = {name: self._parse(name, declaration) for name, declaration in declarations.items()}

    def all(self) -> NamedConditions:
        """Check and return all conditions."""
        for name in self._declarations:
            self._check(name, ())
        return self._conditions

    def _parse(self, name: str, declaration: ConditionDeclaration) -> _Parsed | None:
        if not name.isidentifier() or not name.isascii() or name in KEYWORDS or name in _STATE_NAMES:
            reason = "is not a valid name"
            if name in _STATE_NAMES:
                reason = "is a kind or state of the language"
            elif name in KEYWORDS:
                reason = "is a word of the language"
            hint = "use letters, digits and underscores: container_bridge"
            hint = "give it another name" if name in _STATE_NAMES else hint
            self._problems.error("CONDITION_NAME", f"{quote(name)} {reason}", declaration.key, hint)
            return None
        scalar = scalar_of(declaration.located, "condition", self._problems)
        condition = None if scalar is None else parse_condition(scalar, self._problems)
        return None if scalar is None or condition is None else _Parsed(condition, len(" ".join(scalar.text.split())))

    def _check(self, name: str, open_names: tuple[str, ...]) -> None:
        """Check a condition. The conditions that it uses are checked first.

        `open_names` are the conditions whose check has begun and not ended. Each of them uses the next one, and the
        last one uses this condition. So if `name` is in `open_names`, the conditions use each other in a cycle.
        """
        if name in open_names:
            cycle = " → ".join((*open_names[open_names.index(name) :], name))
            message = f"the conditions use each other in a cycle: {cycle}"
            hint = "change one of these conditions so that it does not use the next condition of the cycle"
            if open_names[-1] == name:
                message = f"the condition {quote(name)} uses itself"
                hint = f"remove {quote(name)} from the text of the condition"
            self._problems.error("CONDITION_CYCLE", message, self._declarations[name].key, hint)
            self._checked_by_name[name] = None
        if name in self._checked_by_name:
            return
        parsed = self._parsed[name]
        for other in () if parsed is None else _names_in(parsed.condition):
            if other in self._declarations:
                self._check(other, (*open_names, name))
        if name not in self._checked_by_name:
            self._checked_by_name[name] = None if parsed is None else self._checked(parsed)

    def _checked(self, parsed: _Parsed) -> NamedCondition | None:
        scope = Scope(self._parameters, "", {SUBJECT: Type(Base.NIC)}, conditions=self._conditions, is_named=True)
        checker = ConditionChecker(self._problems)
        checked = checker.check(parsed.condition, scope)
        if checked.condition is None:
            return None
        length = parsed.length + checker.inserted_length
        return NamedCondition(checked.condition, checked.if_true, checked.if_false, length)


def _names_in(node: object) -> Iterator[str]:
    """Yield the names after `is` in a condition, in the order of its text."""
    if isinstance(node, nodes.StateTest):
        yield node.state.text
    if isinstance(node, Sequence) and not isinstance(node, str):
        for part in node:
            yield from _names_in(part)
    elif isinstance(node, Struct):
        for field in node.__struct_fields__:
            yield from _names_in(getattr(node, field))
