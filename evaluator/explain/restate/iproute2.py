"""The writer for the output of `ip -j addr`, and for routing tables in the same report.

`ip` prints a membership in the entry of the member: this entry has `master` and the `info_slave_kind` of the master. So
the entries of the members change, not the entry of the bond or bridge. An IPv4 address is `secondary` if the interface
has an earlier address in the same subnet. If the first address is removed, the next address becomes the first, as in
the kernel.

A report without a routing table still has routes: the reader derives a route to each connected subnet. If the report
has a table, the reader uses only the table. So if the writer adds the first route, it also writes the connected routes.
"""

from __future__ import annotations

from typing import Any

from evaluator.explain.restate.pointer import follow, keys_of
from evaluator.explain.restate.writer import FULL_LENGTH, CannotState, Json, ReportWriter, is_one_of, move_to_front
from evaluator.facts.address import Address, Cidr, OwnedAddress
from evaluator.facts.host import HostFacts
from evaluator.facts.link import Link
from evaluator.facts.route import Route
from evaluator.report.kernel_names import with_readable_names

_FAMILIES = {4: "inet", 6: "inet6"}
_TABLES = {4: "route", 6: "route6"}
_TYPES_WITHOUT_IP = ("can", "netlink", "vsockmon")
_BRIDGE_KEYS = ("info_kind", "info_data")
_PORT_KEYS = ("info_slave_kind", "info_slave_data")


class Iproute2Writer(ReportWriter):
    """Changes a list of interfaces, or an object with this list in the member `addr`."""

    has_routing_table = True

    def __init__(self, document: object, facts: HostFacts) -> None:
        self._prefix: list[str] = []
        if not (isinstance(document, dict) and "schema_version" in document):
            readable = with_readable_names(document)
            if readable is not document:  # names that are not UTF-8: same form as by `collect`
                self._prefix = ["addr"] if isinstance(readable, list) else []
                members: Any = {"addr": readable} if isinstance(readable, list) else readable
                document = {"schema_version": 1, **members}
        super().__init__(document, facts)

    def require_addresses(self, link: Link) -> None:
        """Do the same as the base class, and also refuse a link whose type cannot have IP addresses."""
        super().require_addresses(link)
        if self._entry(link).get("link_type") in _TYPES_WITHOUT_IP:
            raise CannotState

    def add_address(self, link: Link, owned: OwnedAddress) -> None:
        """Add an entry to `addr_info`, after the last entry of its family."""
        entries: list[Json] = self._entry(link).setdefault("addr_info", [])
        address, length = owned.address, owned.length
        entry: Json = {"local": str(address), "prefixlen": length}
        has_family = any("family" in other for other in entries)
        if has_family or not any("local" in other for other in entries):
            entry = {"family": _FAMILIES[address.version], **entry}
            entry["scope"] = "link" if address.is_link_local and address.version == 6 else "global"
        if address.version == 4 and any(other.network == owned.network for other in link.addresses):
            entry["secondary"] = True
        is_ipv6 = address.version == 6
        last = max((i for i, other in enumerate(entries) if _is_ipv6(other) == is_ipv6), default=None)
        entries.insert(len(entries) if last is None else last + 1, entry)

    def remove_addresses(self, link: Link, addresses: frozenset[Address]) -> None:
        """Remove the entries. If a subnet then has secondary addresses only, promote its first address."""
        data = self._entry(link)
        listed: list[Json] = data.get("addr_info", [])
        data["addr_info"] = remaining = [entry for entry in listed if not is_one_of(entry.get("local"), addresses)]
        networks = dict.fromkeys(owned.network for owned in link.addresses if owned.address in addresses)
        for network in networks:
            in_network = frozenset(owned.address for owned in link.addresses if owned.network == network) - addresses
            entries = [entry for entry in remaining if is_one_of(entry.get("local"), in_network)]
            if entries and all(entry.get("secondary") is True for entry in entries):
                entries[0].pop("secondary")

    def list_first(self, link: Link, address: Address) -> None:
        """Move the entry before all entries of its family. All other addresses of its subnet become secondary."""
        entries: list[Json] = self._entry(link).get("addr_info", [])
        matching = (entry for entry in entries if is_one_of(entry.get("local"), frozenset({address})))
        chosen = next(matching, None)
        if chosen is None:
            raise CannotState
        networks = {owned.network for owned in link.addresses if owned.address == address}
        in_networks = frozenset(owned.address for owned in link.addresses if owned.network in networks)
        if chosen.pop("secondary", False):
            for other in entries:
                if other is not chosen and is_one_of(other.get("local"), in_networks):
                    other["secondary"] = True
        first = next(i for i, entry in enumerate(entries) if _is_ipv6(entry) == _is_ipv6(chosen))
        move_to_front(entries, chosen, first)

    def set_members(self, link: Link, names: tuple[str, ...]) -> None:
        """Write `master` in the entries of new members, and remove `master` from the entries of former members."""
        for other in self.facts.links:
            entry = self._entry(other)
            if entry.get("master") == link.name and other.name not in names:
                del entry["master"]
                _remove_linkinfo(entry, _PORT_KEYS)
            elif other.name in names and entry.get("master") != link.name:
                entry["master"] = link.name
                entry.setdefault("linkinfo", {})["info_slave_kind"] = str(link.kind)

    def make_physical(self, link: Link) -> None:
        """Remove the kind of the interface, and the `master` of its ports."""
        _remove_linkinfo(self._entry(link), _BRIDGE_KEYS)
        for name in link.lowers.ports:
            port = self._entry(self.facts.by_name[name]) if name in self.facts.by_name else {}
            if port.get("master") == link.name:
                del port["master"]
                _remove_linkinfo(port, _PORT_KEYS)

    def write_vlan_id(self, link: Link, vlan_id: int) -> None:
        """Write the `id` in `linkinfo`, which `ip -d` prints."""
        self._entry(link).setdefault("linkinfo", {"info_kind": "vlan"}).setdefault("info_data", {})["id"] = vlan_id

    def add_route(self, link: Link, destination: Cidr) -> None:
        """Add a route to the routing table of its family."""
        version = destination.first.version
        key = _TABLES[version]
        if isinstance(self.document, list):
            self.document = {"addr": self.document}
        table: list[Json] = self.document.setdefault(key, self._connected(version))
        table.append({"dst": _destination(destination), "dev": link.name, "flags": []})

    def _connected(self, version: int) -> list[Json]:
        links = self.facts.links
        routes = ((link.name, route) for link in links for route in link.main_routes)
        return [_connected_route(name, route) for name, route in routes if route.destination.first.version == version]

    def _entry(self, link: Link) -> Json:
        entry: Json = follow(self.document, [*self._prefix, *keys_of(link.pointer())])
        return entry


def _remove_linkinfo(data: Json, keys: tuple[str, ...]) -> None:
    info: Json = data.get("linkinfo", {})
    for key in keys:
        info.pop(key, None)
    if not info:
        data.pop("linkinfo", None)


def _is_ipv6(entry: Json) -> bool:
    return ":" in str(entry.get("local", ""))


def _destination(network: Cidr) -> str:
    """Return a destination as `ip route` prints it."""
    if not network.prefix:
        return "default"
    return str(network.first) if network.prefix == FULL_LENGTH[network.first.version] else str(network)


def _connected_route(name: str, route: Route) -> Json:
    destination = _destination(route.destination)
    return {"dst": destination, "dev": name, "protocol": "kernel", "metric": route.metric, "flags": []}
