"""Finds parts of an `or` that are inside a quantifier but do not mention its variable.

The condition of a quantifier reaches as far to the right as possible, which is often not intended. For example,
`some x in nic.slaves satisfies x is up or nic is bond` is false for a bond without slaves, although `nic is bond` is
true. A part that only tests whether a value is known is a guard for the other parts, and is not reported.
"""

from __future__ import annotations

from evaluator.base.text import quote
from evaluator.policy.language.checked import AllOf, AnyOf, Condition, IsKnown, Not, Quantified, walk
from evaluator.policy.source.problems import Problems


def unbound_branches(condition: Condition, problems: Problems) -> None:
    """Report each part of an `or` that probably should be outside the quantifier."""
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
            problems.warning("BINDER_UNUSED", message, branch.span, f"if it should be outside, write `{outer}`")


def _is_guard(branch: Condition) -> bool:
    match branch:
        case AllOf(conditions=parts) | AnyOf(conditions=parts):
            return all(map(_is_guard, parts))
        case Not(condition=inner):
            return _is_guard(inner)
        case _:
            return isinstance(branch, IsKnown)
