"""Which words a policy reads, in conditions, messages and hints: those of a host's facts, those that depend on order.

What a report's format can never tell is said of the first; a policy without the second gives the same document for
every order of the report and of the answers.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from evaluator.policy.language.checked import Condition, Constant, Expression, InState, Read, Related, RouteTo, walk
from evaluator.policy.language.program import Program, Rule
from evaluator.policy.language.types import Base
from evaluator.policy.language.verbs import Effect

_FACTS = (Base.NIC, Base.REPORT, Base.OWNED)


def nodes_of(rule: Rule) -> Iterator[Condition | Expression]:
    """Yield all that a rule evaluates: its condition, and the words of its message and hint."""
    templates = () if rule.verb.chooses else (rule.message, rule.hint)
    expressions = (part for template in templates for part in template.parts if not isinstance(part, str))
    for root in (rule.condition, *expressions):
        yield from walk(root)


def order_words(program: Program) -> tuple[str, ...]:
    """Return the words and states that depend on the order of the report or of the answers, sorted."""
    found: set[str] = set()
    for rule in program.rules:
        for node in nodes_of(rule):
            if isinstance(node, Read) and node.word.order:
                found.add(node.word.shown)
            if isinstance(node, InState) and node.state.order:
                found.add(node.state.shown)
    return tuple(sorted(found))


def facts_asked(program: Program) -> Mapping[str, str]:
    """Return the facts in the words of `HostFacts.lacking`, each with the place of the first rule that asks for it."""
    places: dict[str, str] = {}
    for rule in program.rules:
        for word in facts_of(rule):
            places.setdefault(word, rule.place)
    return dict(sorted(places.items()))


def asks_for_addresses(program: Program) -> bool:
    """Return whether the policy finds its candidates by the host's addresses."""
    return any(
        isinstance(node, Read) and (node.word.owner is Base.HOST or node.word.name in ("matched", "owners"))
        for rule in program.rules
        if rule.verb.effect is Effect.ADD
        for node in walk(rule.condition)
    )


def facts_of(rule: Rule) -> frozenset[str]:
    """Return the facts that one rule asks for, in the same words."""
    return frozenset(word for node in nodes_of(rule) for word in _asked(node))


def facts_in(node: Condition | Expression) -> frozenset[str]:
    """Return the facts that a part of a condition asks for, in the same words."""
    return frozenset(word for inner in walk(node) for word in _asked(inner))


def _asked(node: Condition | Expression) -> Iterator[str]:
    if isinstance(node, InState) and node.state.owner in _FACTS:
        yield node.state.shown
        return
    if isinstance(node, RouteTo):
        yield "route_to"
    if isinstance(node, Read) and node.word.owner in _FACTS:
        yield node.word.shown
    sides = (node.left, node.right) if isinstance(node, Related) else ()
    if any(isinstance(side, Read) and side.word.name == "kind" for side in sides):
        constants = (part for side in sides for part in walk(side) if isinstance(part, Constant))
        yield from (f"nic is {constant.value}" for constant in constants)
