"""The writer for the output of `nmstatectl show`.

nmstate before 1.0 reads the state from NetworkManager. NetworkManager reports no addresses of slaves, of ports, and of
interfaces that it has not activated. nmstate 1.0 and later reads the kernel. A report does not state the version of
nmstate, so the writer recognizes nmstate 1.0 and later by keys that earlier versions do not print. A report of nmstate
before 1.0 cannot state an address of a slave, a port or an interface that is not activated.

An Open vSwitch bridge and its internal port are two entries with the same name. The port has the addresses, and the
bridge cannot have addresses. Old versions of nmstate state a membership only in the entry of the master (`slaves`,
`port`). Newer versions of nmstate state it also in the entry of the member (`controller`). So the writer changes both
entries.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from evaluator.explain.restate.pointer import follow, keys_of
from evaluator.explain.restate.writer import CannotState, Json, ReportWriter, is_one_of, move_to_front
from evaluator.facts.address import Address, Cidr, OwnedAddress
from evaluator.facts.link import Kind, Link

_FAMILIES = {4: "ipv4", 6: "ipv6"}
_OVS_BRIDGE = "ovs-bridge"
_MEMBER_KEYS = ("slaves", "port", "ports")
_BRIDGE_KEYS = ("bridge", "ovs-db", "patch")
_KEYS_OF_NEW_VERSIONS = frozenset({"min-mtu", "max-mtu", "accept-all-mac-addresses", "ethtool", "mptcp"})


class NmstateWriter(ReportWriter):
    """Changes the interfaces and routes of an nmstate state: the whole document, or a part of a larger document."""

    has_routing_table = True

    @classmethod
    def hides_addresses(cls, document: object) -> bool:
        """Return whether nmstate before 1.0 printed the report: the keys that newer versions print are missing."""
        return not _reads_kernel(document)

    def require_addresses(self, link: Link) -> None:
        """Raise CannotState if addresses of this interface never count, or if reports never contain them.

        nmstate never reports addresses of an Open vSwitch bridge. nmstate before 1.0 does not report addresses of
        members, and of interfaces that are not up.
        """
        super().require_addresses(link)
        if all(entry.get("type") == _OVS_BRIDGE for entry in self._entries(link)):
            raise CannotState
        is_member = link.name in self.facts.slaves or link.name in self.facts.ports
        is_active = self._entry(link).get("state") == "up" and not is_member
        if not is_active and not _reads_kernel(self.document):
            raise CannotState

    def set_up(self, link: Link) -> None:
        """Write `state`."""
        self._entry(link)["state"] = "up"

    def add_address(self, link: Link, owned: OwnedAddress) -> None:
        """Add the address to the end of the list of its family."""
        family = self._entry(link).setdefault(_FAMILIES[owned.address.version], {})
        family["enabled"] = True
        family.setdefault("address", []).append({"ip": str(owned.address), "prefix-length": owned.length})

    def remove_addresses(self, link: Link, addresses: frozenset[Address]) -> None:
        """Remove the addresses from every entry of the interface."""
        for interface in self._entries(link):
            for key in _FAMILIES.values():
                family: Json = interface.get(key, {})
                if "address" in family:
                    family["address"] = [entry for entry in family["address"] if not is_one_of(entry["ip"], addresses)]

    def list_first(self, link: Link, address: Address) -> None:
        """Move the address to the beginning of the list of its family."""
        listed: list[Json] = self._entry(link).get(_FAMILIES[address.version], {}).get("address", [])
        chosen = next((entry for entry in listed if is_one_of(entry["ip"], frozenset({address}))), None)
        if chosen is None:
            raise CannotState
        move_to_front(listed, chosen)

    def set_members(self, link: Link, names: tuple[str, ...]) -> None:
        """Write the list of members, and remove `controller` from interfaces that are not in the list any more."""
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

    def make_physical(self, link: Link) -> None:
        """Make the interface `ethernet`, and remove `controller` from the entries that refer to this interface."""
        interfaces, interface = self._interfaces(link), self._entry(link)
        remaining = [entry for entry in interfaces if entry is interface or entry["name"] != link.name]
        interfaces[:] = remaining
        interface["type"] = "ethernet"
        for key in _BRIDGE_KEYS:
            interface.pop(key, None)
        for entry in remaining:
            if entry.get("controller") == link.name:
                del entry["controller"]

    def write_vlan_id(self, link: Link, vlan_id: int) -> None:
        """Write `vlan.id`."""
        self._entry(link).setdefault("vlan", {})["id"] = vlan_id

    def add_route(self, link: Link, destination: Cidr) -> None:
        """Add a running route, or a configured route if the report has configured routes only."""
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

    def _keys(self, link: Link) -> list[str]:
        """Return the keys of the entry: the keys of the list of interfaces, then the index in this list."""
        return keys_of(link.pointer())

    def _state(self, link: Link) -> Json:
        state: Json = follow(self.document, self._keys(link)[:-2])
        return state

    def _interfaces(self, link: Link) -> list[Json]:
        interfaces: list[Json] = follow(self.document, self._keys(link)[:-1])
        return interfaces

    def _entry(self, link: Link) -> Json:
        """Return the entry that the reader used for an interface."""
        entry: Json = follow(self.document, self._keys(link))
        return entry

    def _entries(self, link: Link) -> list[Json]:
        return [entry for entry in self._interfaces(link) if entry["name"] == link.name]


def _with_members(present: list[Any], names: tuple[str, ...], *, is_bond: bool) -> list[Any]:
    """Return the new list of members: names for a bond, objects for a bridge.

    `present` is the old list. If a port stays in the bridge, its old object is used, because it can have settings.
    """
    if is_bond:
        return list(names)
    remaining = [port for port in present if port["name"] in names]
    old_names = {port["name"] for port in remaining}
    return [*remaining, *({"name": name} for name in names if name not in old_names)]


def _reads_kernel(value: object) -> bool:
    """Return whether the document has a key that nmstate before 1.0 never prints."""
    if isinstance(value, dict):
        return not _KEYS_OF_NEW_VERSIONS.isdisjoint(value) or any(map(_reads_kernel, value.values()))
    return isinstance(value, list) and any(map(_reads_kernel, value))
