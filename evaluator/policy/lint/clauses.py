"""Warns about conditions, and parts of conditions, that are true on every host or false on every host.

The place of a warning is the smallest part of the condition that explains the warning. If one clause explains the
warning, the place is this clause. If two clauses cannot both be true, the place is the second clause. If a whole
condition has the same value on every host, its parts are not reported again.
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
from evaluator.policy.lint.placed import PlacedRule
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
    """The parts of a condition that explain why the condition is never true.

    This is one part that is never true, or two parts that cannot both be true.
    """

    parts: tuple[Condition, ...]

    @property
    def span(self) -> Span:
        """The span of the last part."""
        return self.parts[-1].span

    def __str__(self) -> str:
        if len(self.parts) == 1:
            return f"{quote(self.parts[0].text)} is never true"
        return f"{quote(self.parts[0].text)} and {quote(self.parts[1].text)} cannot both be true"

    @property
    def hint(self) -> str:
        """The hint for the warning."""
        if len(self.parts) == 1:
            return _hint(self.parts[0])
        names = {node.word.name for part in self.parts for node in walk(part) if isinstance(node, Read)}
        hints = [hint for name, hint in _HINTS_OF_KINDS.items() if name in names]
        return hints[0] if hints else "use `or` if one of the conditions is enough"


def subject_context(placed: PlacedRule) -> _Context:
    """Return the condition that is true for every subject of a rule.

    The verb of the rule determines its subjects: `nic in candidates` or `nic in interfaces`. If a rule has no subject,
    such as `ambiguous when …`, the result is empty.
    """
    rule = placed.rule
    if not rule.has_subject:
        return ()
    name = "candidates" if rule.verb.judges is Judges.CANDIDATES else "interfaces"
    word = word_named(None, name)
    return (_in(NIC, Read(word.key, None, word.type, name)),)


def lint_clauses(placed: PlacedRule, solver: Solver, problems: Problems) -> None:
    """Report if the condition of a rule, or a part of the condition, is never or always true."""
    rule = placed.rule
    context = subject_context(placed)
    if solver.never(*context, rule.condition):
        cause = cause_of(rule.condition, context, solver)
        if not _is_reported_by_checker(cause):
            message = f"the rule {quote(rule.name)} can never fire: {cause}"
            problems.warning("RULE_NEVER_FIRES", message, cause.span, cause.hint)
    elif is_constant(rule.condition) or not solver.always(rule.condition, *context):
        _PartsLinter(solver, problems).look(rule.condition, context)
    elif rule.verb.effect is not Effect.REMOVE and not _tests_known_value(rule.condition):  # pipeline.py reports REMOVE
        scope = "for each interface that the rule looks at" if rule.has_subject else "on every host"
        message = f"the condition of the rule {quote(rule.name)} is always true {scope}"
        problems.warning("CONDITION_ALWAYS_TRUE", message, rule.condition.span, "write `true` if this is intended")


def cause_of(condition: Condition, context: _Context, solver: Solver) -> Cause:
    """Return the smallest part that explains why a condition is never true."""
    if isinstance(condition, AllOf):
        parts = _parts(condition)
        for part in parts:
            if solver.never(*context, part):
                return cause_of(part, context, solver)
        for first, second in combinations(parts, 2):
            if solver.never(*context, first, second):
                return Cause((first, second))
    if isinstance(condition, Quantified) and condition.quantifier is Quantifier.SOME:
        inside = (*context, _in(condition.variable, condition.domain))
        if solver.never(*inside) or not solver.never(*inside, condition.body):
            return Cause((condition,))
        return cause_of(condition.body, inside, solver)
    for other in context:
        if other.text and solver.never(other, condition):
            return Cause((other, condition))
    return Cause((condition,))


class _PartsLinter:
    """Finds the parts of a condition that are never or always true. The whole condition is sometimes true."""

    def __init__(self, solver: Solver, problems: Problems) -> None:
        self._solver = solver
        self._problems = problems

    def look(self, condition: Condition, context: _Context) -> None:
        """Report the parts of a condition that are never or always true."""
        match condition:
            case AllOf(conditions=parts):
                for part in parts:
                    if not self._report_always(part, ()):
                        self.look(part, (*context, *(other for other in parts if other is not part)))
            case AnyOf(conditions=parts):
                for part in parts:
                    if not self._report_never(part, context):
                        self.look(part, context)
            case Not(condition=inner):
                self.look(inner, ())
            case Quantified():
                self._look_inside(condition, context)
            case Related():
                self._look_at_list(condition, context)
                self._look_at_filters(condition, context)

    def _look_at_filters(self, condition: Related, context: _Context) -> None:
        for filtered in filters_of(condition):
            inside = (*context, _in(filtered.variable, filtered.domain))
            if not self._solver.never(*inside) and not self._report_never(filtered.body, inside):
                self.look(filtered.body, inside)

    def _look_inside(self, condition: Quantified, context: _Context) -> None:
        is_member = _in(condition.variable, condition.domain)
        inside = (*context, is_member)
        if self._solver.never(*inside) or self._report_always(condition.body, (is_member,)):
            return
        if not self._report_never(condition.body, inside):
            self.look(condition.body, inside)

    def _report_never(self, part: Condition, context: _Context) -> bool:
        if is_constant(part) or not self._solver.never(*context, part):
            return False
        cause = cause_of(part, context, self._solver)
        if not _is_reported_by_checker(cause):
            here = "" if self._solver.never(part) else " here"
            message = f"{cause}" if len(cause.parts) > 1 else f"{cause}{here}"
            self._problems.warning("CONDITION_NEVER_TRUE", message, cause.span, cause.hint)
        return True

    def _report_always(self, part: Condition, context: _Context) -> bool:
        if is_constant(part) or _tests_known_value(part) or not self._solver.always(part, *context):
            return False
        message = f"{quote(part.text)} is always true"
        self._problems.warning("CONDITION_ALWAYS_TRUE", message, part.span, _hint(part) or "remove it")
        return True

    def _look_at_list(self, condition: Related, context: _Context) -> None:
        """Report elements of a list that have no effect, because their comparison with the left side is never true."""
        right = condition.right
        if condition.relation not in (Relate.IN, Relate.IN_NETWORK, Relate.LIKE) or not isinstance(right, ListOf):
            return
        relation = Relate.EQUAL if condition.relation is Relate.IN else condition.relation
        for operand in right.operands:
            single = Related(condition.left, relation, operand, False, operand.text, condition.span)
            if len(right.operands) > 1 and self._solver.never(*context, single):
                message = f"{quote(operand.text)} never matches {quote(condition.left.text)}"
                span = self._problems.find(operand.text, condition.span)
                self._problems.warning("CONDITION_NEVER_TRUE", message, span, _hint(single))


def _parts(condition: Condition) -> tuple[Condition, ...]:
    if not isinstance(condition, AllOf):
        return (condition,)
    return tuple(inner for part in condition.conditions for inner in _parts(part))


def is_constant(condition: Condition) -> bool:
    """Return whether a condition consists only of `true` and `false`. Its author probably wants a constant."""
    leaves = [node for node in walk(condition) if not isinstance(node, AllOf | AnyOf | Not)]
    return all(isinstance(node, Truth | Constant) for node in leaves)


def _is_reported_by_checker(cause: Cause) -> bool:
    """Return whether a condition is never true because of one test, `is known` or `is unknown`.

    `check/condition.py` reports such a test.
    """
    return len(cause.parts) == 1 and isinstance(cause.parts[0], IsKnown)


def _tests_known_value(condition: Condition) -> bool:
    """Return whether a condition tests `is known` for a value that is never unknown. The checker reports this test."""
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
            return "an interface is in its own stack, so the count is 1 or more"
        if isinstance(side, Count):
            return "a count is 0 or more"
    if condition.relation is Relate.IN_NETWORK and all(isinstance(side, Constant) for side in sides):
        return "an IPv4 address is never in an IPv6 network, and an IPv6 address is never in an IPv4 network"
    if condition.left.type == Type(Base.NIC):
        return "compare two different interfaces: `some other in candidates satisfies …`"
    return ""
