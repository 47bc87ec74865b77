"""Changes in the output of `nmstatectl show`.

nmstate before 1.0 asks NetworkManager, which shows no addresses of a slave, a port or an interface that it
has not activated; and an Open vSwitch bridge has its addresses on its own port, an interface of its name.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from evaluator.explain.restate.pointer import follow, parts_of
from evaluator.explain.restate.writer import CannotState, Json, Writer, is_one_of, to_front
from evaluator.facts.address import Address, Cidr, OwnedAddress
from evaluator.facts.link import Kind, Link

_FAMILIES = {4: "ipv4", 6: "ipv6"}
_OVS_BRIDGE = "ovs-bridge"
_MEMBER_KEYS = ("slaves", "port", "ports")
_OF_BRIDGES = ("bridge", "ovs-db", "patch")
_OF_KERNEL_READERS = frozenset({"min-mtu", "max-mtu", "accept-all-mac-addresses", "ethtool", "mptcp"})


class NmstateWriter(Writer):
    """Writes into the list of interfaces and the routes beside it, bare or inside another document."""

    has_routing_table = True

    @classmethod
    def hides_addresses(cls, document: object) -> bool:
        """Return whether an old version printed it: no entry has a key that only newer versions print."""
        return not _reads_kernel(document)

    def refuse_without_addresses(self, link: Link) -> None:
        """Refuse what has no addresses in this version's output."""
        super().refuse_without_addresses(link)
        if all(entry.get("type") == _OVS_BRIDGE for entry in self._entries(link)):
            raise CannotState
        is_member = link.name in self.facts.slaves or link.name in self.facts.ports
        is_active = self._entry(link).get("state") == "up" and not is_member
        if not is_active and not _reads_kernel(self.document):
            raise CannotState

    def set_up(self, link: Link) -> None:
        """Write its state."""
        self._entry(link)["state"] = "up"

    def add_address(self, link: Link, owned: OwnedAddress) -> None:
        """Add it to the end of its family's list."""
        family = self._entry(link).setdefault(_FAMILIES[owned.address.version], {})
        family["enabled"] = True
        family.setdefault("address", []).append({"ip": str(owned.address), "prefix-length": owned.length})

    def remove_addresses(self, link: Link, addresses: frozenset[Address]) -> None:
        """Remove it from every entry of the interface."""
        for entry in self._entries(link):
            for key in _FAMILIES.values():
                family: Json = entry.get(key, {})
                if "address" in family:
                    family["address"] = [one for one in family["address"] if not is_one_of(one["ip"], addresses)]

    def show_first(self, link: Link, address: Address) -> None:
        """Move it to the beginning of its family's list."""
        listed: list[Json] = self._entry(link).get(_FAMILIES[address.version], {}).get("address", [])
        chosen = next((one for one in listed if is_one_of(one["ip"], frozenset({address}))), None)
        if chosen is None:
            raise CannotState
        to_front(listed, chosen)

    def set_members(self, link: Link, names: tuple[str, ...]) -> None:
        """Write the list in the section of its kind; an interface that is in it no more has no controller."""
        section: Json = self._entry(link).get("bridge" if link.kind is Kind.BRIDGE else "link-aggregation", {})
        keys = [key for key in _MEMBER_KEYS if key in section] or ["port"]
        for key in (*keys, "ports-config"):
            if key in section or key == keys[0]:
                section[key] = _with_members(
                    section.get(key, []), names, is_bond=key != "ports-config" and link.kind is Kind.BOND
                )
        for entry in self._interfaces(link):
            if entry.get("controller") == link.name and entry["name"] not in names:
                del entry["controller"]

    def make_card(self, link: Link) -> None:
        """Make it an `ethernet` interface, and let no other call it its controller."""
        interfaces, card = self._interfaces(link), self._entry(link)
        kept = [entry for entry in interfaces if entry is card or entry["name"] != link.name]
        interfaces[:] = kept
        card["type"] = "ethernet"
        for key in _OF_BRIDGES:
            card.pop(key, None)
        for entry in kept:
            if entry.get("controller") == link.name:
                del entry["controller"]

    def write_vlan_id(self, link: Link, vlan_id: int) -> None:
        """Write `vlan.id`."""
        self._entry(link).setdefault("vlan", {})["id"] = vlan_id

    def add_route(self, link: Link, destination: Cidr) -> None:
        """Add a running route, or a configured one if the report has no others."""
        routes: Json = self._state(link).setdefault("routes", {})
        key = "config" if "config" in routes and "running" not in routes else "running"
        route: Mapping[str, Any] = {
            "destination": str(destination),
            "next-hop-interface": link.name,
            "next-hop-address": "",
            "metric": 0,
            "table-id": 254,
        }
        routes.setdefault(key, []).append(dict(route))

    def _place(self, link: Link) -> list[str]:
        """Return the keys that lead to the list of interfaces, and the interface's place in it."""
        return parts_of(link.pointer())

    def _state(self, link: Link) -> Json:
        state: Json = follow(self.document, self._place(link)[:-2])
        return state

    def _interfaces(self, link: Link) -> list[Json]:
        interfaces: list[Json] = follow(self.document, self._place(link)[:-1])
        return interfaces

    def _entry(self, link: Link) -> Json:
        """Return the kernel's entry of an interface."""
        entry: Json = follow(self.document, self._place(link))
        return entry

    def _entries(self, link: Link) -> list[Json]:
        return [entry for entry in self._interfaces(link) if entry["name"] == link.name]


def _with_members(before: list[Any], names: tuple[str, ...], *, is_bond: bool) -> list[Any]:
    """Return a list of slaves, which are names, or of ports, which are objects."""
    if is_bond:
        return list(names)
    kept = [port for port in before if port["name"] in names]
    return [*kept, *({"name": name} for name in names if name not in {port["name"] for port in kept})]


def _reads_kernel(value: object) -> bool:
    """Return whether an entry has a key that only versions print that read the kernel."""
    if isinstance(value, dict):
        return not _OF_KERNEL_READERS.isdisjoint(value) or any(map(_reads_kernel, value.values()))
    return isinstance(value, list) and any(map(_reads_kernel, value))
