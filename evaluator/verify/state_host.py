"""States a small host as data and as a VDSM report that has the chosen facts.

A fact that was not chosen gets its usual value, because the decision did not read this fact.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from itertools import count
from typing import cast

from evaluator.facts.address import Address, parse_address
from evaluator.facts.host_addresses import HostAddresses
from evaluator.facts.link import Kind
from evaluator.policy.language.environment import Literal
from evaluator.verify.abstract_host import AbstractHost, AbstractInterface
from evaluator.verify.lazy_host import GATEWAY, USUAL_PREFIX, LazyHost, LazyLink
from evaluator.verify.lazy_question import LazyAnswers, stated_answers, stated_parameters
from evaluator.verify.shape import ORDER

_MAPS = {Kind.PHYSICAL: "nics", Kind.VLAN: "vlans", Kind.BOND: "bondings", Kind.BRIDGE: "bridges"}
_OTHER_PRIMARY = 100  # the host part of a primary address that no condition reads
_VLAN_ID = 5
_OTHER_FACTS = ("bond_mode", "mtu", "speed", "dhcp", "dhcpv6", "gateway")


def abstract_host(facts: LazyHost, host: LazyAnswers) -> AbstractHost:
    """Return the host of the current run: the topology, the owners, and the facts that were chosen."""
    answers, choices = host.order, facts.choices
    name, is_complete = stated_answers(choices)
    order = _report_order(facts)
    links = [facts.by_name[facts.shape.names[index]] for index in order]
    place = {index: at for at, index in enumerate(order)}
    addresses = list(answers)
    names, client = stated_names(facts), choices.made.get(("last_client_iface",))
    client = names[client] if isinstance(client, int) else client
    interfaces = [_interface(link, names[link.index], place, addresses) for link in links if isinstance(link, LazyLink)]
    return AbstractHost(
        tuple(interfaces),
        tuple(map(str, addresses)),
        tuple(range(len(answers))),
        name,
        is_complete,
        client if isinstance(client, str) else None,
        stated_parameters(facts.space, choices),
    )


def _report_order(facts: LazyHost) -> list[int]:
    """Return the devices in the order of the report.

    A device whose position was not read gets a position that no other device has.
    """
    return [index for group in facts.shape.groups for index in _in_order(facts, group)]


def _in_order(facts: LazyHost, group: tuple[int, ...]) -> list[int]:
    made = facts.choices.made
    ranks = {index: made["rank", index] for index in group if ("rank", index) in made}
    ranked, others = sorted(ranks, key=lambda index: cast("int", ranks[index])), [at for at in group if at not in ranks]
    if not facts.space.has_exact_positions:
        return [*ranked, *others]
    by_rank = {rank: index for index, rank in ranks.items()}
    return [by_rank[at] if at in by_rank else others.pop(0) for at in range(len(group))]


def stated_names(facts: LazyHost) -> tuple[str, ...]:
    """Return the name of each device.

    If the search chose a name for a device, the device has this name. Any other device gets its usual name, such as
    `nic0`. If the usual name is in use already, the device gets the usual name with a number, such as `nic0_1`.
    """
    if not facts.space.names.globs:
        return facts.shape.names
    made, used = facts.choices.made, facts.used_names()
    names: list[str] = []
    for index, usual in enumerate(facts.shape.names):
        chosen = made.get(("name", index))
        free = (name for number in count() if (name := usual if number == 0 else f"{usual}_{number}") not in used)
        names.append(chosen if isinstance(chosen, str) else next(free))
    return tuple(names)


def _interface(link: LazyLink, name: str, place: Mapping[int, int], addresses: list[Address]) -> AbstractInterface:
    made, index = link.host.choices.made, link.index
    others = made.get(("others", index))
    owned = [*link.owns, *(others if isinstance(others, tuple) else ())]
    primary = [_primary(made, index, family) for family in _families(owned)]
    owned.extend(address for address in primary if address not in owned)
    addresses.extend(address for address in owned if address not in addresses)
    vlan_id = made.get(("vlan_id", index), _VLAN_ID) if link.kind is Kind.VLAN else 0
    return AbstractInterface(
        name,
        link.kind,
        tuple(sorted(place[lower] for lower in link.host.shape.devices[index].lowers)),
        tuple(addresses.index(address) for address in owned),
        tuple(addresses.index(address) for address in primary),
        tuple(_prefix(made, index, address) for address in owned),
        tuple(name for name in link.host.space.networks if link.host.place_of(name) == index),
        vlan_id if isinstance(vlan_id, int) else None,
        {fact: cast("Literal", made[fact, index]) for fact in _OTHER_FACTS if made.get((fact, index)) is not None},
    )


def _families(owned: Sequence[Address]) -> Iterator[list[Address]]:
    for version in (4, 6):
        family = [address for address in owned if address.version == version]
        if family:
            yield family


def _primary(made: Mapping[tuple[object, ...], object], index: int, family: Sequence[Address]) -> Address:
    """Return the primary address of a family.

    When a rule first reads whether an address is primary, the search marks the address as primary or not primary.
    Return the address that is marked as primary. If no address is marked as primary, return an unmarked address. If all
    addresses are marked as not primary, return a new address.
    """
    chosen = {address: made.get(("primary", index, address)) for address in family}
    is_primary = [address for address in family if chosen[address]]
    is_open = [address for address in family if chosen[address] is None]
    return (is_primary or is_open or [_filler(family[0].version, index)])[0]


def _filler(version: int, index: int) -> Address:
    return parse_address(f"203.0.113.{_OTHER_PRIMARY + index}" if version == 4 else f"2001:db8:ff::{index + 1}")


def _prefix(made: Mapping[tuple[object, ...], object], index: int, address: Address) -> int:
    chosen = made.get(("prefix", index, address))
    return chosen if isinstance(chosen, int) else USUAL_PREFIX[address.version]


def host_addresses(host: AbstractHost) -> HostAddresses:
    """Return the host addresses, which are the second input of a decision."""
    texts = [host.addresses[index] for index in host.answers]
    return HostAddresses.of(*texts, name=host.name, complete=host.complete)


def vdsm_report(host: AbstractHost) -> dict[str, object]:
    """Return the VDSM report of a host."""
    maps: dict[str, dict[str, object]] = {_MAPS[kind]: {} for kind in ORDER}
    networks: dict[str, object] = {}
    for interface in host.interfaces:
        names = [host.interfaces[lower].name for lower in interface.lowers]
        maps[_MAPS[interface.kind]][interface.name] = {**_addresses(host, interface), **_settings(interface, names)}
        for network in interface.networks:
            networks[network] = _network(interface, names)
    client = {} if host.last_client_iface is None else {"lastClientIface": host.last_client_iface}
    return {**maps, "networks": networks, **client}


def _addresses(host: AbstractHost, interface: AbstractInterface) -> dict[str, object]:
    pairs = sorted(
        zip(interface.owns, interface.prefixes, strict=True), key=lambda pair: pair[0] not in interface.primary
    )
    texts = [f"{host.addresses[address]}/{prefix}" for address, prefix in pairs]
    ipv4, ipv6 = ([text for text in texts if (":" in text) is is_ipv6] for is_ipv6 in (False, True))
    addr = {"addr": ipv4[0].partition("/")[0], "ipv4addrs": ipv4} if ipv4 else {}
    return {**addr, **({"ipv6addrs": ipv6} if ipv6 else {})}


def _settings(interface: AbstractInterface, lowers: list[str]) -> dict[str, object]:
    entry: dict[str, object] = {}
    match interface.kind:
        case Kind.BOND:
            entry["slaves"] = lowers
        case Kind.BRIDGE:
            entry["ports"] = lowers
        case Kind.VLAN:
            entry["iface"] = lowers[0]
            if interface.vlan_id is not None:
                entry["vlanid"] = interface.vlan_id
    facts = interface.facts
    if facts.get("gateway"):
        entry["gateway"] = str(GATEWAY)
    if facts.get("dhcp") and not facts.get("dhcpv6"):
        entry["dhcpv4"] = True
    if facts.get("dhcpv6"):
        entry["dhcpv6"] = True
    if "bond_mode" in facts:
        entry["opts"] = {"mode": str(facts["bond_mode"])}
    entry.update({word: facts[word] for word in ("mtu", "speed") if word in facts})
    return entry


def _network(interface: AbstractInterface, lowers: list[str]) -> dict[str, object]:
    is_bridge = interface.kind is Kind.BRIDGE
    return {"iface": interface.name, "bridged": is_bridge, **({"ports": lowers} if is_bridge else {})}
