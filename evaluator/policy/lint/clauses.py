"""Conditions of one rule that hold never, or always, whatever the host is.

The place of a warning is the smallest part of the condition that explains it: one relation, or the second of two that
exclude each other.
"""

from __future__ import annotations

from itertools import combinations

from msgspec import Struct

from evaluator.base.source import Span
from evaluator.base.text import quote
from evaluator.policy.language.checked import (
    AllOf,
    AnyOf,
    Condition,
    Constant,
    Count,
    Expression,
    IsKnown,
    ListOf,
    Not,
    Quantified,
    Quantifier,
    Read,
    Relate,
    Related,
    Truth,
    filters_of,
    walk,
)
from evaluator.policy.language.types import Base, Type
from evaluator.policy.language.verbs import Effect, Judges
from evaluator.policy.language.vocabulary import word_named
from evaluator.policy.lint.globs import mac_form
from evaluator.policy.lint.normal import NOWHERE
from evaluator.policy.lint.placed import Placed
from evaluator.policy.lint.ranges import HINTS
from evaluator.policy.lint.solve import NIC, Solver
from evaluator.policy.source.problems import Problems

_HINTS_OF_KINDS = {
    "ports": "only bridges have `ports`; bonds and teams have `slaves`",
    "slaves": "only bonds and teams have `slaves`; bridges have `ports`",
    "bond_mode": "`bond_mode` is known for bonds only",
}
_Context = tuple[Condition, ...]


class Cause(Struct, frozen=True):
    """The parts of a condition that explain why it never holds: one, or two that exclude each other."""

    parts: tuple[Condition, ...]

    @property
    def span(self) -> Span:
        """The place of the last of them."""
        return self.parts[-1].span

    def __str__(self) -> str:
        if len(self.parts) == 1:
            return f"{quote(self.parts[0].text)} is never true"
        return f"{quote(self.parts[0].text)} and {quote(self.parts[1].text)} exclude each other"

    @property
    def hint(self) -> str:
        """What to do about it."""
        if len(self.parts) == 1:
            return _hint(self.parts[0])
        names = {node.word.name for part in self.parts for node in walk(part) if isinstance(node, Read)}
        hints = [hint for name, hint in _HINTS_OF_KINDS.items() if name in names]
        return hints[0] if hints else "use `or` if one of them is enough"


def subject_context(placed: Placed) -> _Context:
    """Return what holds for each interface that a rule judges, because of its verb."""
    rule = placed.rule
    if not rule.has_subject:
        return ()
    name = "candidates" if rule.verb.judges is Judges.CANDIDATES else "interfaces"
    word = word_named(None, name)
    return (_in(NIC, Read(word.key, None, word.type, name)),)


def lint_clauses(placed: Placed, solver: Solver, problems: Problems) -> None:
    """Note the parts of a rule's condition that never or always hold."""
    rule = placed.rule
    context = subject_context(placed)
    if solver.never(*context, rule.condition):
        cause = cause_of(rule.condition, context, solver)
        if not _is_told_elsewhere(cause):
            message = f"the rule {quote(rule.name)} can never fire: {cause}"
            problems.warning("RULE_NEVER_FIRES", message, cause.span, cause.hint)
    elif is_constant(rule.condition) or not solver.always(rule.condition, *context):
        _Parts(solver, problems).look(rule.condition, context)
    elif rule.verb.effect is not Effect.REMOVE and not _is_known(rule.condition):  # a removal is noted by its effect
        of = "for each interface that it judges" if rule.has_subject else "on every host"
        message = f"the condition of the rule {quote(rule.name)} is always true {of}"
        problems.warning("CONDITION_ALWAYS_TRUE", message, rule.condition.span, "write `true` if this is intended")


def cause_of(condition: Condition, context: _Context, solver: Solver) -> Cause:
    """Return the smallest part that explains why a condition never holds."""
    if isinstance(condition, AllOf):
        parts = _parts(condition)
        for part in parts:
            if solver.never(*context, part):
                return cause_of(part, context, solver)
        for one, other in combinations(parts, 2):
            if solver.never(*context, one, other):
                return Cause((one, other))
    if isinstance(condition, Quantified) and condition.quantifier is Quantifier.SOME:
        inside = (*context, _in(condition.variable, condition.domain))
        if solver.never(*inside) or not solver.never(*inside, condition.body):
            return Cause((condition,))
        return cause_of(condition.body, inside, solver)
    for other in context:
        if other.text and solver.never(other, condition):
            return Cause((other, condition))
    return Cause((condition,))


class _Parts:
    """Looks through a condition that may hold and may not for parts that never or always hold."""

    def __init__(self, solver: Solver, problems: Problems) -> None:
        self._solver = solver
        self._problems = problems

    def look(self, condition: Condition, context: _Context) -> None:
        """Note parts of the condition."""
        match condition:
            case AllOf(conditions=parts):
                for part in parts:
                    if not self._note_always(part, ()):
                        self.look(part, (*context, *(other for other in parts if other is not part)))
            case AnyOf(conditions=parts):
                for part in parts:
                    if not self._note_never(part, context):
                        self.look(part, context)
            case Not(condition=inner):
                self.look(inner, ())
            case Quantified():
                self._look_inside(condition, context)
            case Related():
                self._look_at_list(condition, context)
                self._look_at_filters(condition, context)

    def _look_at_filters(self, condition: Related, context: _Context) -> None:
        for found in filters_of(condition):
            inside = (*context, _in(found.variable, found.domain))
            if not self._solver.never(*inside) and not self._note_never(found.body, inside):
                self.look(found.body, inside)

    def _look_inside(self, condition: Quantified, context: _Context) -> None:
        """Note parts of a quantifier's body, unless its list is always empty."""
        is_member = _in(condition.variable, condition.domain)
        inside = (*context, is_member)
        if self._solver.never(*inside) or self._note_always(condition.body, (is_member,)):
            return
        if not self._note_never(condition.body, inside):
            self.look(condition.body, inside)

    def _note_never(self, part: Condition, context: _Context) -> bool:
        if is_constant(part) or not self._solver.never(*context, part):
            return False
        cause = cause_of(part, context, self._solver)
        if not _is_told_elsewhere(cause):
            where = "" if self._solver.never(part) else " here"
            message = f"{cause}" if len(cause.parts) > 1 else f"{cause}{where}"
            self._problems.warning("CONDITION_NEVER_TRUE", message, cause.span, cause.hint)
        return True

    def _note_always(self, part: Condition, context: _Context) -> bool:
        if is_constant(part) or _is_known(part) or not self._solver.always(part, *context):
            return False
        message = f"{quote(part.text)} is always true"
        self._problems.warning("CONDITION_ALWAYS_TRUE", message, part.span, _hint(part) or "leave it out")
        return True

    def _look_at_list(self, condition: Related, context: _Context) -> None:
        """Note elements of a written list that the left side never equals, globs that it never matches."""
        right = condition.right
        if condition.relation not in (Relate.IN, Relate.IN_NETWORK, Relate.LIKE) or not isinstance(right, ListOf):
            return
        alone = Relate.EQUAL if condition.relation is Relate.IN else condition.relation
        for operand in right.operands:
            only = Related(condition.left, alone, operand, False, operand.text, condition.span)
            if len(right.operands) > 1 and self._solver.never(*context, only):
                message = f"{quote(operand.text)} never fits {quote(condition.left.text)}"
                span = self._problems.find(operand.text, condition.span)
                self._problems.warning("CONDITION_NEVER_TRUE", message, span, _hint(only))


def _parts(condition: Condition) -> tuple[Condition, ...]:
    if not isinstance(condition, AllOf):
        return (condition,)
    return tuple(inner for part in condition.conditions for inner in _parts(part))


def is_constant(condition: Condition) -> bool:
    """Return whether a condition consists of `true` and `false` only, and so is meant to be constant."""
    leaves = [node for node in walk(condition) if not isinstance(node, AllOf | AnyOf | Not)]
    return all(isinstance(node, Truth | Constant) for node in leaves)


def _is_told_elsewhere(cause: Cause) -> bool:
    """Return whether the checker of one condition has reported it: a value that is always known."""
    return len(cause.parts) == 1 and isinstance(cause.parts[0], IsKnown)


def _is_known(condition: Condition) -> bool:
    """Return whether a condition asks if something is known that always is, which the checker has reported."""
    return any(isinstance(node, IsKnown) and not node.operand.type.optional for node in walk(condition))


def _in(element: Expression, domain: Expression) -> Condition:
    return Related(element, Relate.IN, domain, False, "", NOWHERE)


def _hint(condition: Condition) -> str:
    if not isinstance(condition, Related):
        return ""
    sides = (condition.left, condition.right)
    for side, other in (sides, sides[::-1]):
        if isinstance(side, Read) and side.word.name == "mac" and isinstance(other, Constant):
            return f'write MAC addresses in lower case, with colons: "{mac_form(str(other.value))}"'
        if isinstance(side, Read) and side.word.name in HINTS:
            return HINTS[side.word.name]
        if isinstance(side, Count) and getattr(getattr(side.operand, "word", None), "name", "") == "stack":
            return "an interface is in its own stack: its count is 1 or more"
        if isinstance(side, Count):
            return "a count is 0 or more"
    if condition.relation is Relate.IN_NETWORK and all(isinstance(side, Constant) for side in sides):
        return "an address is only in a network of its own family"
    if condition.left.type == Type(Base.NIC):
        return "compare two different interfaces: `some other in candidates satisfies …`"
    return ""
