"""The degree of a rule's cost, such as n², from the text of the rule alone.

n is the number of interfaces, and m is the length of the longest list that does not contain interfaces. The degree is
a product: n for the subject of the rule, and n or m for the list of each nested quantifier. `activenic check`
prints the degree, and the message about a policy that is too expensive contains it. `cost.py` counts the steps for one
report.
"""

from __future__ import annotations

from evaluator.policy.language.checked import (
    AllOf,
    AnyOf,
    Condition,
    Constant,
    Filter,
    ListOf,
    Not,
    Quantified,
    filters_of,
)
from evaluator.policy.language.program import Cost, Program
from evaluator.policy.language.types import Base


def cost_of(condition: Condition, has_subject: bool) -> Cost:
    """Return the degree of a rule with this condition."""
    worst = _degree(condition)
    return Cost(worst.nics + has_subject, worst.others)


def worst_cost(program: Program) -> Cost:
    """Return the degree of the rule with the highest degree."""
    return max((rule.cost for rule in program.rules), key=lambda cost: cost.rank, default=Cost())


def _degree(condition: Condition) -> Cost:
    """Return the highest degree of nested quantifiers and filtered lists in a condition."""
    match condition:
        case AllOf(conditions=parts) | AnyOf(conditions=parts):
            return max((_degree(part) for part in parts), key=lambda cost: cost.rank)
        case Not(condition=inner):
            return _degree(inner)
        case Quantified():
            return _degree_of_loop(condition)
        case _:
            filters = map(_degree_of_loop, filters_of(condition))
            return max(filters, key=lambda cost: cost.rank, default=Cost())


def _degree_of_loop(node: Quantified | Filter) -> Cost:
    """Return the degree of a condition that is evaluated for each element of a list."""
    body = _degree(node.body)
    if isinstance(node.domain, ListOf | Constant):
        return body
    is_nics = node.domain.type.base is Base.NIC
    return Cost(body.nics + is_nics, body.others + (not is_nics))
