"""The enumerated topologies: their numbers, and a comparison with all labelled structures and all renamings."""

from itertools import chain, combinations, permutations, product

import pytest

from evaluator.facts.link import Kind
from evaluator.verify.topologies import automorphisms, is_least_of_orbit, topologies

COUNTS = {0: (1, 1, 1), 1: (3, 6, 12), 2: (12, 45, 174), 3: (50, 364, 2780), 4: (233, 3306, 50021)}


def counts(size):
    """Return the number of topologies, and of those with the owners of one and of two addresses."""
    owned = [0, 0]
    for topology in topologies(size):
        renamings = automorphisms(topology)
        for at, subsets in enumerate((2, 4)):
            owned[at] += sum(is_least_of_orbit(values, renamings) for values in product(range(subsets), repeat=size))
    return len(topologies(size)), *owned


@pytest.mark.parametrize("size", COUNTS)
def test_counts_up_to_renaming(size):
    assert counts(size) == COUNTS[size]


def labelled(size):
    """Yield all labelled structures, whatever the order of their devices."""
    indices = range(size)
    for kinds in product((Kind.PHYSICAL, Kind.BOND, Kind.VLAN, Kind.BRIDGE), repeat=size):
        options = [list(_lowers(kinds, index)) for index in indices]
        for lowers in product(*options):
            members = [lower for at in indices if kinds[at] in (Kind.BOND, Kind.BRIDGE) for lower in lowers[at]]
            if len(members) == len(set(members)) and _is_acyclic(lowers):
                yield kinds, lowers


def _lowers(kinds, index):
    others = [at for at in range(len(kinds)) if at != index]
    if kinds[index] is Kind.PHYSICAL:
        return [()]
    if kinds[index] is Kind.VLAN:
        return [(at,) for at in others]
    is_bond = kinds[index] is Kind.BOND
    below = [at for at in others if (kinds[at] is Kind.PHYSICAL if is_bond else kinds[at] is not Kind.BRIDGE)]
    return chain.from_iterable(combinations(below, count) for count in range(len(below) + 1))


def _is_acyclic(lowers):
    pending = set(range(len(lowers)))
    while free := {at for at in pending if not pending.intersection(lowers[at])}:
        pending -= free
    return not pending


@pytest.mark.parametrize("size", [1, 2, 3])
def test_the_topologies_are_all_labelled_structures_up_to_renaming(size):
    def form(kinds, lowers):
        return min(
            tuple(sorted((order[at], str(kinds[at]), sorted(order[i] for i in lowers[at])) for at in range(size)))
            for order in permutations(range(size))
        )

    brute = {repr(form(kinds, lowers)) for kinds, lowers in labelled(size)}
    ours = [repr(form([d.kind for d in t], [d.lowers for d in t])) for t in topologies(size)]
    assert len(ours) == len(set(ours))
    assert set(ours) == brute
