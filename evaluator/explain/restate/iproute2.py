"""Changes in the output of `ip -j addr` and in the routing tables beside it.

Members name their master; an address after the first of its subnet is `secondary`. If the report has no
routing table of a family, the routes to the connected subnets are written out with the one that is added.
"""

from __future__ import annotations

from typing import Any

from evaluator.explain.restate.pointer import follow, parts_of
from evaluator.explain.restate.writer import FULL_LENGTH, CannotState, Json, Writer, is_one_of, to_front
from evaluator.facts.address import Address, Cidr, OwnedAddress
from evaluator.facts.host import HostFacts
from evaluator.facts.link import Link
from evaluator.facts.route import Route
from evaluator.report.kernel_names import with_readable_names

_FAMILIES = {4: "inet", 6: "inet6"}
_TABLES = {4: "route", 6: "route6"}
_WITHOUT_IP = ("can", "netlink", "vsockmon")
_OF_BRIDGES = ("info_kind", "info_data")
_OF_PORTS = ("info_slave_kind", "info_slave_data")


class Iproute2Writer(Writer):
    """Writes into a list of interfaces, or an object that holds it under `addr`."""

    has_routing_table = True

    def __init__(self, document: object, facts: HostFacts) -> None:
        self._moved: list[str] = []
        if not (isinstance(document, dict) and "schema_version" in document):
            readable = with_readable_names(document)
            if readable is not document:  # some names are not UTF-8: written as `activenic collect` writes them
                self._moved = ["addr"] if isinstance(readable, list) else []
                parts: Any = {"addr": readable} if isinstance(readable, list) else readable
                document = {"schema_version": 1, **parts}
        super().__init__(document, facts)

    def refuse_without_addresses(self, link: Link) -> None:
        """Refuse links that have no addresses of the Internet Protocol either."""
        super().refuse_without_addresses(link)
        if self._entry(link).get("link_type") in _WITHOUT_IP:
            raise CannotState

    def add_address(self, link: Link, owned: OwnedAddress) -> None:
        """Add an entry to `addr_info`, behind those of its family."""
        entries: list[Json] = self._entry(link).setdefault("addr_info", [])
        address, length = owned.address, owned.length
        entry: Json = {"local": str(address), "prefixlen": length}
        if any("family" in one for one in entries) or not any("local" in one for one in entries):
            entry = {"family": _FAMILIES[address.version], **entry}
            entry["scope"] = "link" if address.is_link_local and address.version == 6 else "global"
        if address.version == 4 and any(one.network == owned.network for one in link.addresses):
            entry["secondary"] = True
        last = max((i for i, one in enumerate(entries) if _is_ipv6(one) == (address.version == 6)), default=None)
        entries.insert(len(entries) if last is None else last + 1, entry)

    def remove_addresses(self, link: Link, addresses: frozenset[Address]) -> None:
        """Remove the entries; a secondary one becomes the first of its subnet."""
        data = self._entry(link)
        before: list[Json] = data.get("addr_info", [])
        data["addr_info"] = kept = [one for one in before if not is_one_of(one.get("local"), addresses)]
        for gone in (one for one in link.addresses if one.address in addresses):
            same = [one for one in link.addresses if one.network == gone.network and one.address not in addresses]
            left = [one for one in kept if is_one_of(one.get("local"), frozenset(owned.address for owned in same))]
            if left and all(one.get("secondary") is True for one in left):
                left[0].pop("secondary")

    def show_first(self, link: Link, address: Address) -> None:
        """Move the entry before the others of its family; the others of its subnet are secondary then."""
        entries: list[Json] = self._entry(link).get("addr_info", [])
        chosen = next((one for one in entries if is_one_of(one.get("local"), frozenset({address}))), None)
        if chosen is None:
            raise CannotState
        networks = {owned.network for owned in link.addresses if owned.address == address}
        same = frozenset(owned.address for owned in link.addresses if owned.network in networks)
        if chosen.pop("secondary", False):
            for other in entries:
                if other is not chosen and is_one_of(other.get("local"), same):
                    other["secondary"] = True
        to_front(entries, chosen, next(i for i, one in enumerate(entries) if _is_ipv6(one) == _is_ipv6(chosen)))

    def set_members(self, link: Link, names: tuple[str, ...]) -> None:
        """Write `master` of those that are added, and of those that are removed."""
        for other in self.facts.links:
            entry = self._entry(other)
            if entry.get("master") == link.name and other.name not in names:
                del entry["master"]
                _without(entry, _OF_PORTS)
            elif other.name in names and entry.get("master") != link.name:
                entry["master"] = link.name
                entry.setdefault("linkinfo", {})["info_slave_kind"] = str(link.kind)

    def make_card(self, link: Link) -> None:
        """Remove its kind, and let its ports have no master."""
        _without(self._entry(link), _OF_BRIDGES)
        for name in link.lowers.ports:
            port = self._entry(self.facts.by_name[name]) if name in self.facts.by_name else {}
            if port.get("master") == link.name:
                del port["master"]
                _without(port, _OF_PORTS)

    def write_vlan_id(self, link: Link, vlan_id: int) -> None:
        """Write the `id` that `-d` shows."""
        self._entry(link).setdefault("linkinfo", {"info_kind": "vlan"}).setdefault("info_data", {})["id"] = vlan_id

    def add_route(self, link: Link, destination: Cidr) -> None:
        """Add a route to the table of its family."""
        version = destination.first.version
        key = _TABLES[version]
        if isinstance(self.document, list):
            self.document = {"addr": self.document}
        table: list[Json] = self.document.setdefault(key, self._connected(version))
        table.append({"dst": _destination(destination), "dev": link.name, "flags": []})

    def _connected(self, version: int) -> list[Json]:
        links = self.facts.links
        ways = [(link.name, way) for link in links for way in link.ways if way.destination.first.version == version]
        return [_connected_route(name, way) for name, way in ways]

    def _entry(self, link: Link) -> Json:
        entry: Json = follow(self.document, [*self._moved, *parts_of(link.pointer())])
        return entry


def _without(data: Json, keys: tuple[str, ...]) -> None:
    info: Json = data.get("linkinfo", {})
    for key in keys:
        info.pop(key, None)
    if not info:
        data.pop("linkinfo", None)


def _is_ipv6(entry: Json) -> bool:
    return ":" in str(entry.get("local", ""))


def _destination(network: Cidr) -> str:
    """Return a destination as `ip route` writes it."""
    if not network.prefix:
        return "default"
    return str(network.first) if network.prefix == FULL_LENGTH[network.first.version] else str(network)


def _connected_route(name: str, way: Route) -> Json:
    return {"dst": _destination(way.destination), "dev": name, "protocol": "kernel", "metric": way.metric, "flags": []}
