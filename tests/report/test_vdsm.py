"""VDSM reports: how long their lists are at most, which is what a rule may cost."""

from __future__ import annotations

from typing import Any

import pytest

import evaluator

CARDS = {f"n{i}": {} for i in range(9)}


@pytest.mark.parametrize(
    ("bonds", "bridges", "networks", "most"),
    [
        ({}, {}, {}, 2),
        ({"bond0": {"slaves": ["n0", "n1", "n2"]}, "bond1": {"slaves": ["n3"]}, "bond2": {}}, {}, {}, 3),
        ({}, {"br0": {"ports": ["n0"]}, "br1": {"ports": ["n1", "n2", "n3", "n4"]}, "br2": {}}, {}, 4),
        ({}, {"br0": {"ports": ["n0", "n1", "n2"]}, "br1": {"ports": ["n3"]}, "br2": {"ports": []}}, {}, 3),
        ({}, {}, {name: {"iface": "n0", "bridged": False} for name in "abcde"}, 5),
    ],
)
def test_no_list_is_longer_than_the_bound(
    bonds: dict[str, Any], bridges: dict[str, Any], networks: dict[str, Any], most: int
) -> None:
    report = {"nics": CARDS, "vlans": {}, "bondings": bonds, "bridges": bridges, "networks": networks}
    facts = evaluator.read_report(report).facts
    assert facts.host.longest_list() == most
    assert all(
        len(names) <= most for link in facts.links for names in (link.networks, link.lowers.slaves, link.lowers.ports)
    )
