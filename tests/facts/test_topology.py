"""The closure against a plain search, on every small graph that hypothesis thinks of."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

import evaluator
from evaluator.facts.topology import Topology

NAMES = "abcdefg"
graphs = st.dictionaries(st.sampled_from(NAMES), st.lists(st.sampled_from(NAMES), max_size=3), min_size=1)


def _reach(lowers: dict[str, list[str]], start: str) -> set[str]:
    found: set[str] = set()
    pending = [start]
    while pending:
        for lower in lowers[pending.pop()]:
            if lower in lowers and lower not in found:
                found.add(lower)
                pending.append(lower)
    return found


@given(graphs)
def test_above_is_reaching_without_a_way_back(lowers: dict[str, list[str]]) -> None:
    topology = Topology(lowers, lowers)
    reach = {name: _reach(lowers, name) for name in lowers}
    for upper in lowers:
        below = {lower for lower in reach[upper] if upper not in reach[lower]}
        assert set(topology.below(upper)) == below
        assert {lower for lower in lowers if topology.is_above(upper, lower)} == below
        assert all((upper in topology.above(lower)) == (lower in below) for lower in lowers)
    circles = {tuple(sorted(n for n in reach[name] if name in reach[n])) for name in lowers if name in reach[name]}
    assert set(topology.cycles) == circles


def test_a_long_chain_meets_no_recursion_limit() -> None:
    lowers = {f"v{i:05}": [f"v{i + 1:05}"] for i in range(5000)}
    topology = Topology(lowers, lowers)
    assert topology.is_above("v00000", "v04999")
    assert len(topology.below("v00000")) == 4999
    assert topology.cycles == ()


def test_a_small_host_is_below_its_limits() -> None:
    facts = evaluator.read_report({"nics": {"ens1": {"addr": "192.0.2.1"}, "eth2": {"addr": ""}}}).facts
    assert facts.is_below(3, 5)
    assert not facts.is_below(2, 5)
    assert not facts.is_below(3, 4)


def test_the_size_of_two_stacks_is_the_sum_of_their_sizes() -> None:
    """The bits of a stack are counted within the stack, so that many small stacks take little memory."""
    one = {f"a{i:02}": [f"a{i + 1:02}"] for i in range(32)}
    two = {**one, **{f"b{i:02}": [f"b{i + 1:02}"] for i in range(32)}}
    assert Topology(two, two).octets == 2 * Topology(one, one).octets
