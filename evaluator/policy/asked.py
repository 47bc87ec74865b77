"""Which facts of a host a policy asks for: what a report's format can never tell is said of them."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from evaluator.policy.checked import Condition, Constant, Expression, InState, Read, Related, RouteTo, walk
from evaluator.policy.program import Program
from evaluator.policy.types import Base

_OWNERS = {Base.NIC: "nic", Base.REPORT: "report"}


def facts_asked(program: Program) -> Mapping[str, str]:
    """Return the facts in the words of `HostFacts.lacking`, each with the place of the first rule that asks for it."""
    places: dict[str, str] = {}
    for rule in program.rules:
        for node in walk(rule.condition):
            for word in _asked(node):
                places.setdefault(word, rule.place)
    return dict(sorted(places.items()))


def _asked(node: Condition | Expression) -> Iterator[str]:
    if isinstance(node, InState) and node.state.owner is Base.NIC:
        yield f"nic is {node.state.name}"
        return
    if isinstance(node, RouteTo):
        yield "route_to"
    if isinstance(node, Read) and node.word.owner in _OWNERS:
        yield f"{_OWNERS[node.word.owner]}.{node.word.name}"
    sides = (node.left, node.right) if isinstance(node, Related) else ()
    if any(isinstance(side, Read) and side.word.name == "kind" for side in sides):
        constants = (part for side in sides for part in walk(side) if isinstance(part, Constant))
        yield from (f"nic is {constant.value}" for constant in constants)
