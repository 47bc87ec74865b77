"""Find the words that a policy reads in its conditions, messages and hints.

The words answer two questions. Which facts of a host does the policy require? If the report's format does not contain a
required fact, the decision reports this fact. And which of the words depend on the order of a list in the input? A
policy without such words gives the same document for every order of the report's entries and of the resolver's answers.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from evaluator.policy.language.checked import Condition, Constant, Expression, InState, Read, Related, RouteTo, walk
from evaluator.policy.language.program import Program, Rule
from evaluator.policy.language.types import Base
from evaluator.policy.language.verbs import Effect

_FACTS = (Base.NIC, Base.REPORT, Base.OWNED)


def nodes_of(rule: Rule) -> Iterator[Condition | Expression]:
    """Yield every node that a rule evaluates: the nodes of its condition, its message and its hint."""
    templates = () if rule.verb.chooses else (rule.message, rule.hint)
    expressions = (part for template in templates for part in template.parts if not isinstance(part, str))
    for root in (rule.condition, *expressions):
        yield from walk(root)


def order_words(program: Program) -> tuple[str, ...]:
    """Return the words and states in a policy that depend on the order of report entries or DNS answers, sorted."""
    words: set[str] = set()
    for rule in program.rules:
        for node in nodes_of(rule):
            if isinstance(node, Read) and node.word.order:
                words.add(node.word.shown)
            if isinstance(node, InState) and node.state.order:
                words.add(node.state.shown)
    return tuple(sorted(words))


def required_facts(program: Program) -> Mapping[str, str]:
    """Return the facts that a policy reads, named as in `HostFacts.unsupported_words`.

    The result maps each fact to the place (`policy:line:column`) of the first rule that reads the fact.
    """
    places: dict[str, str] = {}
    for rule in program.rules:
        for fact in facts_of(rule):
            places.setdefault(fact, rule.place)
    return dict(sorted(places.items()))


def matches_host_addresses(program: Program) -> bool:
    """Return whether a `match` rule of the policy reads the host's addresses or their owners."""
    return any(
        isinstance(node, Read) and (node.word.owner is Base.HOST or node.word.name in ("matched", "owners"))
        for rule in program.rules
        if rule.verb.effect is Effect.ADD
        for node in walk(rule.condition)
    )


def facts_of(rule: Rule) -> frozenset[str]:
    """Return the facts that one rule reads, named as in `HostFacts.unsupported_words`."""
    return frozenset(fact for node in nodes_of(rule) for fact in _facts_of_node(node))


def facts_in(node: Condition | Expression) -> frozenset[str]:
    """Return the facts that a part of a condition reads, named as in `HostFacts.unsupported_words`."""
    return frozenset(fact for inner in walk(node) for fact in _facts_of_node(inner))


def _facts_of_node(node: Condition | Expression) -> tuple[str, ...]:
    """Return the facts that one node of a condition reads, without the facts that the nodes inside it read.

    If the node compares `kind` with a constant, it reads the fact `nic is KIND`.
    """
    match node:
        case Read(word=word):
            return (word.shown,) if word.owner in _FACTS else ()
        case InState(state=state):
            return (state.shown,) if state.owner in _FACTS else ()
        case RouteTo():
            return ("route_to",)
        case Related(left=left, right=right) if _is_kind(left) or _is_kind(right):
            parts = (*walk(left), *walk(right))
            return tuple(f"nic is {part.value}" for part in parts if isinstance(part, Constant))
        case _:
            return ()


def _is_kind(node: Expression) -> bool:
    return isinstance(node, Read) and node.word.name == "kind"
