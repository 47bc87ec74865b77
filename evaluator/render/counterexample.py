"""Writes a counterexample for a terminal: the host as a tree, its decision, and the clause that makes a claim false.

The short text fits on one screen. The detailed text also has the reasons of every interface, as in the output of
`activenic explain -v`.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator

from evaluator.base.text import visible
from evaluator.policy.run.clause import DecidingClause
from evaluator.render.drawing.roles import roles_of
from evaluator.render.host_tree import tree_of
from evaluator.render.reasons import details_of
from evaluator.render.small_host import asked_by
from evaluator.render.text import seen
from evaluator.verify.abstract_host import AbstractHost
from evaluator.verify.explain_example import DecidedHost, ExplainedExample

_Reasons = Callable[[DecidedHost], Iterable[str]]


def brief(example: ExplainedExample) -> Iterator[str]:
    """Yield the lines about a counterexample: for each host, its tree, its decision and the reason of the decision."""
    yield from _text(example, summary_of)


def detailed(example: ExplainedExample) -> Iterator[str]:
    """Yield the same lines as `brief`, but with the reasons of every interface."""
    yield from _text(example, _details)


def _text(example: ExplainedExample, reasons: _Reasons) -> Iterator[str]:
    first, changed = example.first, example.changed
    yield "the smallest host that breaks the property:" if changed is None else "the smallest host, before the change:"
    yield from _host(first, reasons, frozenset(), frozenset())
    if changed is not None:
        yield "after the change:"
        yield from _host(changed, reasons, added_interfaces(first, changed), added_addresses(first, changed))
    if example.clause is not None:
        yield clause_sentence(example.clause)
        if example.clause.seen:
            yield f"  {clause_values(example.clause)}"


def _host(
    decided: DecidedHost, reasons: _Reasons, interfaces: frozenset[str], addresses: frozenset[str]
) -> Iterator[str]:
    decision = decided.decision
    roles = roles_of(decision, decision.reasons())
    yield from (f"  {line}" for line in tree_of(decided.host, roles, interfaces))
    yield f"  {asked_by(decided.host, addresses)}: {answer_of(decided)}"
    yield from (f"    {line}" for line in reasons(decided))


def added_interfaces(first: DecidedHost, changed: DecidedHost) -> frozenset[str]:
    """Return the names of the interfaces that only the changed host has."""
    return _names(changed.host) - _names(first.host)


def _names(host: AbstractHost) -> frozenset[str]:
    return frozenset(interface.name for interface in host.interfaces)


def added_addresses(first: DecidedHost, changed: DecidedHost) -> frozenset[str]:
    """Return the host addresses that only the changed host has."""
    return frozenset(map(str, changed.decision.host.answers)) - frozenset(map(str, first.decision.host.answers))


def answer_of(decided: DecidedHost) -> str:
    """Return the status and the interface of a decision."""
    name = decided.decision.host_active_nic
    return str(decided.decision.status) if name is None else f"{decided.decision.status} {visible(name)}"


def summary_of(decided: DecidedHost) -> tuple[str, ...]:
    """Return the sentences with the reason of a decision."""
    return decided.decision.reasons().summary[1:]


def _details(decided: DecidedHost) -> Iterator[str]:
    yield from summary_of(decided)
    yield from details_of(decided.decision.reasons())


def clause_sentence(clause: DecidingClause) -> str:
    """Return a sentence with the clause that makes a claim false."""
    return f"the property is false because this clause is {str(clause.held).lower()}: {visible(clause.clause)}"


def clause_values(clause: DecidingClause) -> str:
    """Return the values that a clause read; empty if it read none."""
    return f"where {'; '.join(map(seen, clause.seen))}" if clause.seen else ""
