"""Compares two policies: proves that their answers are the same, or finds the smallest host of each kind of change.

Only the status and the interface are compared. Findings are left out, because policies with the same decisions often
have other messages.
"""

from __future__ import annotations

from collections.abc import Mapping
from functools import partial
from itertools import product

from msgspec import Struct

from evaluator.base.status import Status
from evaluator.engine import Policy
from evaluator.policy.compile.rules import CompiledPolicy
from evaluator.policy.language.environment import Value
from evaluator.verify.abstract_host import AbstractHost
from evaluator.verify.bounded import Check, Example, SmallHost, find
from evaluator.verify.not_searched import words_not_searched
from evaluator.verify.prove import Proof, prove_same
from evaluator.verify.search import Unconfirmed, answer_of, decide_host
from evaluator.verify.space import Space, space_of

_Answer = tuple[str, str | None]  # the status and the interface


class Difference(Struct, frozen=True):
    """The smallest host for which the answer changes in one way: the answers of the old and of the new policy."""

    host: AbstractHost
    old: _Answer
    new: _Answer


class Differences(Struct, frozen=True):
    """The result of a comparison.

    `is_same` is true if it is proved that both policies give every host the same status and interface. `examples` are
    the differences that were found on hosts with at most `size` interfaces. `words` are the words of the policies whose
    values the search does not enumerate.
    """

    is_same: bool
    examples: tuple[Difference, ...]
    size: int
    words: tuple[str, ...]
    proof: Proof


def differences(old: Policy, new: Policy, parameters: Mapping[str, Value], seconds: float, size: int) -> Differences:
    """Return the differences of two policies.

    `parameters` are fixed. Each other parameter has the same value in both policies. Raises Unconfirmed if the library
    and the search decide a host differently.
    """
    proof = prove_same(old.program, new.program, parameters, seconds)
    if proof.is_proved:
        return Differences(True, (), size, (), proof)
    space = _space(old, new, parameters)
    kinds = list(product(Status, Status))
    compiled = CompiledPolicy(old.program), CompiledPolicy(new.program)
    found = find([_check_of(kind, *compiled) for kind in kinds], space, size)
    examples = [_confirmed(old, new, kind, one.host) for kind, one in zip(kinds, found, strict=True) if one is not None]
    words = {word for policy in (old, new) for word in words_not_searched(policy.program, (), parameters)}
    return Differences(False, tuple(examples), size, tuple(sorted(words)), proof)


def _space(old: Policy, new: Policy, parameters: Mapping[str, Value]) -> Space:
    programs = old.program, new.program
    conditions = [rule.condition for program in programs for rule in program.rules if rule.verb.decides]
    declared = {parameter.name: parameter for program in reversed(programs) for parameter in program.parameters}
    return space_of(conditions, declared.values(), parameters)


def _check_of(kind: tuple[Status, Status], old: CompiledPolicy, new: CompiledPolicy) -> Check:
    return partial(_check, kind, old, new)


def _check(kind: tuple[Status, Status], old: CompiledPolicy, new: CompiledPolicy, host: SmallHost) -> Example | None:
    """Return the host if its answer changes in one way: from one status to another, or between two interfaces."""
    before, after = answer_of(host.verdict(old)), answer_of(host.verdict(new))
    is_kind = (before[0], after[0]) == kind and before != after
    return Example(host.stated()) if is_kind else None


def _confirmed(old: Policy, new: Policy, kind: tuple[Status, Status], host: AbstractHost) -> Difference:
    before, after = (_decided(policy, host) for policy in (old, new))
    if (before[0], after[0]) != kind or before == after:
        raise Unconfirmed(f"the library does not confirm the change from {kind[0]} to {kind[1]}")
    return Difference(host, before, after)


def _decided(policy: Policy, host: AbstractHost) -> _Answer:
    names = {parameter.name for parameter in policy.program.parameters}
    given = {name: value for name, value in host.parameters.items() if name in names}
    own = AbstractHost(
        host.interfaces, host.addresses, host.answers, host.name, host.complete, host.last_client_iface, given
    )
    decision = decide_host(policy, own)
    return str(decision.status), decision.host_active_nic
