"""Changes in the facts that Ansible's `setup` module gathers.

An interface has one `ipv4`, others in `ipv4_secondaries`, and `ipv6`; what an address label has counts for
its interface. Lists of all addresses are members of their own. The default routes are facts of the host.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from evaluator.explain.restate.pointer import follow, parts_of
from evaluator.explain.restate.writer import CannotState, Json, Writer, is_one_of, to_front
from evaluator.facts.address import Address, OwnedAddress
from evaluator.facts.link import Kind, Link
from evaluator.facts.netmask import NETMASKS
from evaluator.report.shapes import ANSIBLE_PREFIX

_ALL_LISTS = {4: "all_ipv4_addresses", 6: "all_ipv6_addresses"}
_DOTTED = {length: text for text, length in NETMASKS.items()}
_OF_BRIDGES = ("interfaces", "id", "stp")
_DRIVER = "virtio_net"


class AnsibleWriter(Writer):
    """Writes into the facts, bare or under `ansible_facts`."""

    def add_address(self, link: Link, owned: OwnedAddress) -> None:
        """Add it to the interface, and to the list of all addresses."""
        entry, address = self._entry(link), owned.address
        fact: Json = {"address": str(address), "prefix": str(owned.length)}
        if address.version == 6:
            fact["scope"] = "link" if address.is_link_local else "global"
            entry.setdefault("ipv6", []).append(fact)
        else:
            fact |= {"netmask": _DOTTED[owned.length], "network": str(owned.network.first)}
            if entry.get("ipv4"):
                entry.setdefault("ipv4_secondaries", []).append(fact)
            else:
                entry["ipv4"] = fact
        listed: list[str] = self._fact(link, _ALL_LISTS[address.version]) or []
        self._put(link, _ALL_LISTS[address.version], [*listed, str(address)])

    def remove_addresses(self, link: Link, addresses: frozenset[Address]) -> None:
        """Remove it from the interface and its labels, and from the list unless another interface has it."""
        for entry in self._statements(link):
            _remove(entry, addresses)
        others = (one for one in self.facts.links if one.name != link.name)
        gone = addresses.difference(*(one.address_set for one in others))
        for name in _ALL_LISTS.values():
            listed = self._fact(link, name)
            if listed is not None:
                self._put(link, name, [text for text in listed if not is_one_of(text, gone)])

    def show_first(self, link: Link, address: Address) -> None:
        """Make it `ipv4`, or the first of `ipv6`."""
        entry, wanted = self._entry(link), frozenset({address})
        listed: list[Json] = entry.get("ipv6" if address.version == 6 else "ipv4_secondaries") or []
        chosen = next((one for one in listed if is_one_of(one.get("address"), wanted)), None)
        if chosen is None:
            raise CannotState
        to_front(listed, chosen)
        if address.version == 4:
            first = entry.get("ipv4")
            entry["ipv4"], listed[0:1] = chosen, [first] if first else []

    def set_members(self, link: Link, names: tuple[str, ...]) -> None:
        """Write `slaves` or `interfaces`."""
        self._entry(link)["interfaces" if link.kind is Kind.BRIDGE else "slaves"] = list(names)

    def make_card(self, link: Link) -> None:
        """Make it an interface with a driver behind it, and without ports."""
        entry = self._entry(link)
        entry.update(type="ether", module=_DRIVER)
        for key in _OF_BRIDGES:
            entry.pop(key, None)

    def lead_default(self, link: Link, version: int) -> None:
        """Write the fact `default_ipv4` or `default_ipv6`."""
        self._put(link, f"default_ipv{version}", {"interface": link.name})

    def _entry(self, link: Link) -> Json:
        entry: Json = follow(self.document, parts_of(link.pointer()))
        return entry

    def _facts(self, link: Link) -> Json:
        facts: Json = follow(self.document, parts_of(link.pointer())[:-1])
        return facts

    def _key(self, link: Link, name: str) -> str:
        return (ANSIBLE_PREFIX if f"{ANSIBLE_PREFIX}interfaces" in self._facts(link) else "") + name

    def _fact(self, link: Link, name: str) -> Any:  # noqa: ANN401 -- whatever the fact is
        return self._facts(link).get(self._key(link, name))

    def _put(self, link: Link, name: str, value: object) -> None:
        self._facts(link)[self._key(link, name)] = value

    def _statements(self, link: Link) -> Iterator[Json]:
        """Yield the interface's entry and those of the labels that state an address of it."""
        yield self._entry(link)
        depth = len(parts_of(link.pointer()))
        keys = {tuple(parts_of(owned.pointer)[:depth]) for owned in link.addresses if owned.pointer}
        for key in sorted(keys - {tuple(parts_of(link.pointer()))}):
            label: Json = follow(self.document, list(key))
            yield label


def _remove(entry: Json, addresses: frozenset[Address]) -> None:
    for key in ("ipv4_secondaries", "ipv6"):
        if entry.get(key):
            entry[key] = [one for one in entry[key] if not is_one_of(one.get("address"), addresses)]
    if is_one_of((entry.get("ipv4") or {}).get("address"), addresses):
        rest = entry.get("ipv4_secondaries") or []
        if rest:
            entry["ipv4"] = rest.pop(0)
        else:
            del entry["ipv4"]
