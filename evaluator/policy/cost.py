"""The worst cost of a rule, read from its text, and the budget that keeps a decision from hanging.

`cost_of` gives the degree: subjects times the product of the quantifiers' lists. `Budget` counts
steps with the sizes that a report really has, before each rule is run: every clause of every pass,
and what a clause has to look through.
"""

from __future__ import annotations

from msgspec import Struct

from evaluator.diagnostic import Diagnostic, PolicyError
from evaluator.policy.checked import (
    AllOf,
    AnyOf,
    Condition,
    Constant,
    Count,
    Expression,
    Filter,
    InState,
    IsKnown,
    ListOf,
    Not,
    Quantified,
    Read,
    Relate,
    Related,
    RouteTo,
    filters_of,
    floor_of,
)
from evaluator.policy.program import Cost, Program, Rule
from evaluator.policy.scene import Question
from evaluator.policy.types import Base
from evaluator.policy.verbs import Judges
from evaluator.text import quote

STEP_BUDGET = 30_000_000
_MADE_ONCE = ("candidates", "interfaces", "owners")
_CHEAP_ELEMENTS = 16  # so many addresses or names cost about as much as one step of the interpreter


def cost_of(condition: Condition, has_subject: bool) -> Cost:
    """Return the degree of a rule with this condition."""
    worst = _degree(condition)
    return Cost(worst.nics + has_subject, worst.others)


def worst_cost(program: Program) -> Cost:
    """Return the cost of the rule that costs most on a large report."""
    return max((rule.cost for rule in program.rules), key=lambda cost: cost.rank, default=Cost())


def _degree(condition: Condition) -> Cost:
    match condition:
        case AllOf(conditions=parts) | AnyOf(conditions=parts):
            return max((_degree(part) for part in parts), key=lambda cost: cost.rank)
        case Not(condition=inner):
            return _degree(inner)
        case Quantified():
            return _degree_of_each(condition)
        case _:
            filters = map(_degree_of_each, filters_of(condition))
            return max(filters, key=lambda cost: cost.rank, default=Cost())


def _degree_of_each(node: Quantified | Filter) -> Cost:
    """Return the degree of a condition that is judged for each element of a list."""
    inside = _degree(node.body)
    if isinstance(node.domain, ListOf | Constant):
        return inside
    is_nics = node.domain.type.base is Base.NIC
    return Cost(inside.nics + is_nics, inside.others + (not is_nics))


class Sizes(Struct, frozen=True):
    """How long lists are on this report.

    All interfaces, the candidates, what stands above one interface, what belongs to the stack of
    one, and the longest list of anything else.
    """

    interfaces: int
    candidates: int
    above: int
    stack: int
    others: int


def price_of(rule: Rule, sizes: Sizes) -> int:
    """Return the steps that a rule may take at worst; it never falls where a size grows."""
    subjects = 1
    if rule.has_subject:
        subjects = sizes.interfaces if rule.verb.judges is Judges.INTERFACES else sizes.candidates
    return subjects * _steps(rule.condition, sizes)


class Budget:
    """The steps that one decision may take; `others` is the length of the longest list of no interfaces."""

    def __init__(self, question: Question) -> None:
        self._question = question
        facts = question.facts
        given = (len(value) for value in question.parameters.values() if isinstance(value, tuple))
        self.others = max(facts.longest_list, len(question.host.answers), *given, 1)
        self._spent = 0

    def spend(self, rule: Rule, candidates: int) -> None:
        """Count what the rule may cost with so many candidates; PolicyError where that is over the budget."""
        facts = self._question.facts
        topology = facts.topology
        sizes = Sizes(len(facts.links), candidates, topology.most_above, topology.largest_stack, self.others)
        self._spent += price_of(rule, sizes)
        if self._spent > STEP_BUDGET:
            message = f"the policy may need {self._spent} steps on this report ({sizes.interfaces} interfaces)"
            hint = f"the rule {quote(rule.name)} costs {rule.cost}: use fewer quantifiers inside each other"
            problem = Diagnostic("POLICY_TOO_COSTLY", f"{message}; the budget is {STEP_BUDGET}", rule.place, hint)
            raise PolicyError([problem])


def _steps(condition: Condition, sizes: Sizes) -> int:
    match condition:
        case AllOf(conditions=parts) | AnyOf(conditions=parts):
            return sum(_steps(part, sizes) for part in parts)
        case Not(condition=inner):
            return _steps(inner, sizes)
        case Quantified():
            return _steps_of_each(condition, sizes)
        case Related(left=left, relation=relation, right=right):
            looks_through = relation in (Relate.OVERLAPS, Relate.WITHIN)
            return 1 + sum(_work(side, sizes, looks_through) for side in (left, right))
        case InState(operand=operand) | IsKnown(operand=operand):
            return 1 + _work(operand, sizes)
        case _:
            return 1


def _steps_of_each(node: Quantified | Filter, sizes: Sizes) -> int:
    length = _length(node.domain, sizes)
    if floor_of(node) is not None:
        length = min(sizes.above, length)
    return 1 + _work(node.domain, sizes) + length * _steps(node.body, sizes)


def _work(expression: Expression, sizes: Sizes, looks_through: bool = False) -> int:
    """Return what it takes to make an operand, and to look through it where the relation does."""
    match expression:
        case Filter():
            return _steps_of_each(expression, sizes)
        case Count(operand=operand):
            return _work(operand, sizes, looks_through=True)
        case RouteTo():
            return sizes.interfaces
        case ListOf(operands=operands):
            return sum(1 + _work(operand, sizes) for operand in operands)
        case Read(word=word) if expression.type.is_list and word.name in _MADE_ONCE:
            return _length(expression, sizes) if looks_through else 0
        case _ if expression.type.is_list:
            length = _length(expression, sizes)
            return length if expression.type.base is Base.NIC else length // _CHEAP_ELEMENTS
        case _:
            return 0


def _length(expression: Expression, sizes: Sizes) -> int:
    if isinstance(expression, ListOf):
        return len(expression.operands)
    if isinstance(expression, Read) and expression.word.name == "candidates":
        return sizes.candidates
    if isinstance(expression, Read) and expression.word.owner is Base.NIC and expression.type.base is Base.NIC:
        return sizes.stack
    return sizes.interfaces if expression.type.base is Base.NIC else sizes.others
