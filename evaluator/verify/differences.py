"""Compares the decisions of two policies for every host.

A change is another answer, or a finding that only one of the policies makes. For each possible change, the result is
the smallest host that shows the change, or the proof that no host shows it. Such hosts are usually very small, so hosts
of at most two interfaces are searched first. Then the solver tries to prove that the other changes never happen. Then
larger hosts are searched for the changes without an example and without a proof.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from msgspec import Struct

from evaluator.engine import Policy
from evaluator.verify.memory import Resources
from evaluator.verify.policy_change import (
    Change,
    ChangeResult,
    ChangeVerdict,
    FindingChange,
    Happens,
    Never,
    NeverUpTo,
    Transition,
    Undecided,
    changes_of,
)
from evaluator.verify.policy_pair import PolicyPair
from evaluator.verify.prove import Proof
from evaluator.verify.prove_pair import prove_never
from evaluator.verify.search_pair import Limits, Policies, Searched, search_changes

_FEW_INTERFACES = 2
_FEW, _MANY = 2_000, 100_000  # comparisons of the findings of hosts: before the proofs, and after them


class PairDifferences(Struct, frozen=True):
    """The results for one pair of policies, in the order of `changes_of`."""

    pair: PolicyPair
    results: tuple[ChangeResult, ...]

    @property
    def transitions(self) -> tuple[ChangeResult, ...]:
        """The results for the possible changes of the answer."""
        return tuple(result for result in self.results if isinstance(result.change, Transition))

    @property
    def findings(self) -> tuple[ChangeResult, ...]:
        """The results for the possible changes of findings."""
        return tuple(result for result in self.results if isinstance(result.change, FindingChange))

    @property
    def assumed(self) -> tuple[str, ...]:
        """Sentences that are true for every report. The proofs assume them."""
        return tuple(dict.fromkeys(law for result in self.results for law in result.assumed))


class Differences(Struct, frozen=True):
    """The comparison of two policies for every host.

    Each item of `pairs` is the comparison for one way to choose the values of the parameters. Hosts of at most `size`
    interfaces were searched.
    """

    old: Policy
    new: Policy
    size: int
    pairs: tuple[PairDifferences, ...]

    @property
    def has_change(self) -> bool:
        """Whether some host gets another status or interface."""
        return any(isinstance(result.verdict, Happens) for pair in self.pairs for result in pair.transitions)

    @property
    def is_settled(self) -> bool:
        """Whether each change of the answer has an example or is proved impossible."""
        return all(isinstance(result.verdict, Happens | Never) for pair in self.pairs for result in pair.transitions)


def in_order(pair: PolicyPair, results: Iterable[ChangeResult]) -> tuple[ChangeResult, ...]:
    """Return the results for a pair of policies in the order of `changes_of`."""
    of_change = {result.change: result for result in results}
    return tuple(of_change[change] for change in changes_of(pair))


def compare_policies(policies: Policies, seconds: float, size: int, resources: Resources) -> Iterator[ChangeResult]:
    """Yield the result for each possible change, as soon as it is known.

    `seconds` is the processor time for each proof. `size` is the greatest number of interfaces of the searched hosts.
    Raises Unconfirmed if the library and the search decide a host differently.
    """
    changes = changes_of(policies.pair)
    pending: list[Change] = []
    few, many = Limits(min(size, _FEW_INTERFACES), _FEW), Limits(size, _MANY)
    for change, searched in zip(changes, search_changes(policies, changes, few, resources), strict=True):
        if searched.example is None:
            pending.append(change)
        else:
            yield ChangeResult(change, Happens(searched.example), (), searched.is_remembered)
    unproved: dict[Change, Proof] = {}
    proofs = prove_never(policies.pair, pending, seconds, resources)
    for change, (proof, is_remembered) in zip(pending, proofs, strict=True):
        if proof.is_proved:
            yield ChangeResult(change, Never(), proof.laws, is_remembered)
        else:
            unproved[change] = proof
    found = search_changes(policies, tuple(unproved), many, resources)
    for (change, proof), searched in zip(unproved.items(), found, strict=True):
        # that no proof was found is not remembered, so only a host is
        yield ChangeResult(
            change, _verdict(searched, proof), (), searched.is_remembered and searched.example is not None
        )


def _verdict(searched: Searched, proof: Proof) -> ChangeVerdict:
    if searched.example is not None:
        return Happens(searched.example)
    if searched.words or (proof.is_timeout and not proof.clauses):
        return Undecided(searched.size, proof.clauses, searched.words)
    return NeverUpTo(searched.size, proof.clauses)
