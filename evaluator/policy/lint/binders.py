"""A branch of an `or` that a quantifier takes in, although it does not speak of the quantifier's element.

A quantifier's condition reaches as far right as it can, so `some x in nic.slaves satisfies x is up or nic is bond` is
false for a bond without slaves. A branch that only asks whether something is known is a guard and belongs there.
"""

from __future__ import annotations

from evaluator.base.text import quote
from evaluator.policy.language.checked import AllOf, AnyOf, Condition, IsKnown, Not, Quantified, walk
from evaluator.policy.source.problems import Problems


def unbound_branches(condition: Condition, problems: Problems) -> None:
    """Note each branch that was probably meant to stand outside the quantifier."""
    for node in walk(condition):
        if not isinstance(node, Quantified) or not isinstance(node.body, AnyOf):
            continue
        bound = [branch for branch in node.body.conditions if node.variable in walk(branch)]
        for branch in node.body.conditions:
            if not bound or branch in bound or _is_guard(branch):
                continue
            name = node.variable.name
            message = f"{quote(branch.text)} is inside the condition of {quote(f'{node.quantifier} {name} …')}"
            inner = " or ".join(other.text for other in bound)
            outer = f"({node.quantifier} {name} in {node.domain.text} satisfies {inner}) or {branch.text}"
            message += f", but does not mention {quote(name)}"
            problems.warning("BINDER_UNUSED", message, branch.span, f"if it is meant to be outside: `{outer}`")


def _is_guard(branch: Condition) -> bool:
    match branch:
        case AllOf(conditions=parts) | AnyOf(conditions=parts):
            return all(map(_is_guard, parts))
        case Not(condition=inner):
            return _is_guard(inner)
        case _:
            return isinstance(branch, IsKnown)
