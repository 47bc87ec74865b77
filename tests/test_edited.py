"""Facts with other links are those that would be made anew of these links."""

from __future__ import annotations

from dataclasses import fields, replace
from typing import Any

from hypothesis import given
from hypothesis import strategies as st

import evaluator
from evaluator.facts.edited import with_client, with_links, with_networks
from evaluator.facts.host import HostFacts
from evaluator.facts.link import Kind, Link
from tests.strategies import reports

SHARED = {"topology", "longest_list"}


def otherwise(link: Link, donor: Link) -> Link:
    """Return the link with what another one owns and carries."""
    return replace(link, kind=Kind.OTHER, addresses=donor.addresses, networks=("storage", *donor.networks), vlan_id=7)


def same(found: HostFacts, expected: HostFacts) -> None:
    for field in fields(HostFacts):
        if field.name not in SHARED:
            assert getattr(found, field.name) == getattr(expected, field.name), field.name
    assert found.longest_list >= expected.longest_list
    for name in expected.by_name:
        assert found.topology.above(name) == expected.topology.above(name)
        assert found.topology.below(name) == expected.topology.below(name)
    assert repr(found) == repr(expected)


@given(reports(), st.data())
def test_facts_with_other_links(report: dict[str, Any], data: st.DataObject) -> None:
    facts = evaluator.read_report(report).facts
    chosen = data.draw(st.lists(st.sampled_from(facts.links), unique_by=lambda link: link.name)) if facts.links else []
    changed = [otherwise(link, data.draw(st.sampled_from(facts.links))) for link in chosen]
    by_name = {link.name: link for link in changed}
    anew = replace(facts, links=tuple(by_name.get(link.name, link) for link in facts.links))
    same(with_links(facts, changed), anew)


@given(reports())
def test_facts_with_other_networks_and_another_client(report: dict[str, Any]) -> None:
    facts = evaluator.read_report(report).facts
    same(with_networks(facts, ("storage",)), replace(facts, networks=("storage",)))
    same(with_client(facts, "eth7"), replace(facts, last_client_iface="eth7"))
