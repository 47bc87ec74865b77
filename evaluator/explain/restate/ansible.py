"""The writer for the facts that Ansible's `setup` module gathers.

An interface has its first IPv4 address in `ipv4`, its other IPv4 addresses in `ipv4_secondaries`, and its IPv6
addresses in `ipv6`. An address with a label is in the entry of the label, such as `eth0:1`, although the address
belongs to the interface `eth0`. So the writer removes an address from the entry of the interface and from the entries
of its labels. The facts `all_ipv4_addresses` and `all_ipv6_addresses` repeat the addresses of all interfaces. If
another interface also owns the removed address, the address stays in these lists. The default routes are facts of the
host, and each default route names one interface.
"""

from __future__ import annotations

from collections.abc import Iterator

from evaluator.explain.restate.pointer import follow, keys_of
from evaluator.explain.restate.writer import CannotState, Json, ReportWriter, is_one_of, move_to_front
from evaluator.facts.address import Address, OwnedAddress
from evaluator.facts.link import Kind, Link
from evaluator.facts.netmask import NETMASKS
from evaluator.report.shapes import ANSIBLE_PREFIX

_ALL_LISTS = {4: "all_ipv4_addresses", 6: "all_ipv6_addresses"}
_NETMASKS = {length: text for text, length in NETMASKS.items()}
_BRIDGE_KEYS = ("interfaces", "id", "stp")
_DRIVER = "virtio_net"


class AnsibleWriter(ReportWriter):
    """Changes the facts in a document; the facts can be inside the member `ansible_facts`."""

    def add_address(self, link: Link, owned: OwnedAddress) -> None:
        """Add the address to the interface, and to the list of all addresses."""
        entry, address = self._entry(link), owned.address
        fact: Json = {"address": str(address), "prefix": str(owned.length)}
        if address.version == 6:
            fact["scope"] = "link" if address.is_link_local else "global"
            entry.setdefault("ipv6", []).append(fact)
        else:
            fact |= {"netmask": _NETMASKS[owned.length], "network": str(owned.network.first)}
            if entry.get("ipv4"):
                entry.setdefault("ipv4_secondaries", []).append(fact)
            else:
                entry["ipv4"] = fact
        listed: list[str] = self._fact(link, _ALL_LISTS[address.version]) or []
        self._put(link, _ALL_LISTS[address.version], [*listed, str(address)])

    def remove_addresses(self, link: Link, addresses: frozenset[Address]) -> None:
        """Remove the addresses from the interface and its labels, and from the lists.

        An address stays in the lists if another interface owns it too.
        """
        for entry in self._entries(link):
            _remove(entry, addresses)
        others = (other for other in self.facts.links if other.name != link.name)
        unowned = addresses.difference(*(other.address_set for other in others))
        for name in _ALL_LISTS.values():
            listed = self._fact(link, name)
            if listed is not None:
                self._put(link, name, [text for text in listed if not is_one_of(text, unowned)])

    def list_first(self, link: Link, address: Address) -> None:
        """Write an IPv4 address as `ipv4`, or move an IPv6 address to the beginning of `ipv6`."""
        entry = self._entry(link)
        listed: list[Json] = entry.get("ipv6" if address.version == 6 else "ipv4_secondaries") or []
        matching = (fact for fact in listed if is_one_of(fact.get("address"), frozenset({address})))
        chosen = next(matching, None)
        if chosen is None:
            raise CannotState
        move_to_front(listed, chosen)
        if address.version == 4:
            previous = entry.get("ipv4")
            entry["ipv4"], listed[0:1] = chosen, [previous] if previous else []

    def set_members(self, link: Link, names: tuple[str, ...]) -> None:
        """Write `slaves` or `interfaces`."""
        self._entry(link)["interfaces" if link.kind is Kind.BRIDGE else "slaves"] = list(names)

    def make_physical(self, link: Link) -> None:
        """Make the entry an Ethernet interface with a driver and without ports."""
        entry = self._entry(link)
        entry.update(type="ether", module=_DRIVER)
        for key in _BRIDGE_KEYS:
            entry.pop(key, None)

    def set_default_route(self, link: Link, version: int) -> None:
        """Write the fact `default_ipv4` or `default_ipv6`."""
        self._put(link, f"default_ipv{version}", {"interface": link.name})

    def _entry(self, link: Link) -> Json:
        entry: Json = follow(self.document, keys_of(link.pointer()))
        return entry

    def _facts(self, link: Link) -> Json:
        facts: Json = follow(self.document, keys_of(link.pointer())[:-1])
        return facts

    def _key(self, link: Link, name: str) -> str:
        return (ANSIBLE_PREFIX if f"{ANSIBLE_PREFIX}interfaces" in self._facts(link) else "") + name

    def _fact(self, link: Link, name: str) -> list[str] | None:
        texts: list[str] | None = self._facts(link).get(self._key(link, name))
        return texts

    def _put(self, link: Link, name: str, value: object) -> None:
        self._facts(link)[self._key(link, name)] = value

    def _entries(self, link: Link) -> Iterator[Json]:
        """Yield the entry of the interface, then the entries of labels that have an address of the interface."""
        yield self._entry(link)
        depth = len(keys_of(link.pointer()))
        places = {tuple(keys_of(owned.pointer)[:depth]) for owned in link.addresses if owned.pointer}
        for keys in sorted(places - {tuple(keys_of(link.pointer()))}):
            label: Json = follow(self.document, list(keys))
            yield label


def _remove(entry: Json, addresses: frozenset[Address]) -> None:
    for key in ("ipv4_secondaries", "ipv6"):
        if entry.get(key):
            entry[key] = [fact for fact in entry[key] if not is_one_of(fact.get("address"), addresses)]
    if is_one_of((entry.get("ipv4") or {}).get("address"), addresses):
        others = entry.get("ipv4_secondaries") or []
        if others:
            entry["ipv4"] = others.pop(0)
        else:
            del entry["ipv4"]
