"""A change that is written into a report changes the facts that it is about, and no others."""

from __future__ import annotations

from typing import Any

import evaluator
from evaluator.explain.restate.restate import ChangedFacts, restate
from evaluator.testing.terse_topology import read_topology

REPORT = evaluator.read_report(read_topology("ens1 has 192.0.2.10/24 carries mgmt; ens2; last client ens1"))


def _changed(touched: ChangedFacts, **members: Any) -> Any:
    def write(writer: Any) -> None:
        for place, value in members.items():
            map_name, _, name = place.partition("_")
            if name:
                writer.document[map_name][name].update(value)
            else:
                writer.document[map_name] = value

    return restate(REPORT, write, touched)


def test_a_fact_of_the_host_changes_only_if_it_is_meant() -> None:
    assert _changed(ChangedFacts({}), lastClientIface="ens2") is None
    assert _changed(ChangedFacts({}, host=frozenset({"networks"})), lastClientIface="ens2") is None
    changed = _changed(ChangedFacts({}, host=frozenset({"last_client_iface"})), lastClientIface="ens2")
    assert changed.facts.last_client_iface == "ens2"
    assert REPORT.facts.last_client_iface == "ens1"


def test_a_fact_of_an_interface_changes_only_if_it_is_meant() -> None:
    address = {"addr": "198.51.100.7", "netmask": "255.255.255.0", "ipv4addrs": ["198.51.100.7/24"]}
    meant = frozenset({"addresses", "address_set", "subnets", "routes"})
    assert _changed(ChangedFacts({}), nics_ens2=address) is None
    assert _changed(ChangedFacts({"ens1": meant}), nics_ens2=address) is None
    assert _changed(ChangedFacts({"ens2": meant}), nics_ens2={**address, "mtu": 9000}) is None


def test_no_interface_comes_or_goes() -> None:
    assert _changed(ChangedFacts({}), vlans={"ens1.5": {"iface": "ens1", "vlanid": 5}}) is None
