"""What can be changed in a report, whatever its format: the interface of the writers, and what they share.

A writer changes a copy of the plain document. It changes every place that states the fact, as the tool
would have reported it, and nothing else. `CannotState` is raised if no report of that format can state
the change: an address of a loopback link, a logical network in the output of `ip`.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

from evaluator.facts.address import Address, Cidr, OwnedAddress, read_entry
from evaluator.facts.host import HostFacts
from evaluator.facts.link import Kind, Link

Json = dict[str, Any]
_GREATEST_VLAN_ID = 4094
FULL_LENGTH: Mapping[int, int] = {4: 32, 6: 128}
DEFAULT_ROUTES: Mapping[int, str] = {4: "0.0.0.0/0", 6: "::/0"}


class CannotState(Exception):
    """No report of the format can state the change."""


class Writer:
    """Writes changes into the document of one report; by default a format can state none of them.

    `facts` are those of the report before the change.
    """

    has_routing_table = False

    @classmethod
    def hides_addresses(cls, document: object) -> bool:
        """Return whether such a report shows no addresses of an interface that is down, a slave or a port."""
        return False

    def __init__(self, document: object, facts: HostFacts) -> None:
        self.document: Any = document
        self.facts = facts

    def add_addresses(self, link: Link, owned: Iterable[OwnedAddress]) -> None:
        """Let an interface own more addresses, listed after those it owns already."""
        self.refuse_without_addresses(link)
        for one in owned:
            self.add_address(link, one)

    def refuse_without_addresses(self, link: Link) -> None:
        """Raise CannotState if the addresses of the interface never count or are never shown."""
        if link.kind is Kind.LOOPBACK:
            raise CannotState

    def add_address(self, link: Link, owned: OwnedAddress) -> None:
        """Let an interface own one more address."""
        raise CannotState

    def remove_addresses(self, link: Link, addresses: frozenset[Address]) -> None:
        """Take addresses from an interface."""
        raise CannotState

    def set_up(self, link: Link) -> None:
        """Report an interface as up."""
        raise CannotState

    def show_first(self, link: Link, address: Address) -> None:
        """List an address of an interface before the others of its family."""
        raise CannotState

    def set_members(self, link: Link, names: tuple[str, ...]) -> None:
        """Give a bond other slaves, or a bridge other ports."""
        raise CannotState

    def make_card(self, link: Link) -> None:
        """Turn a bridge, or what is of no known kind, into a network card with nothing below it."""
        raise CannotState

    def set_vlan_id(self, link: Link, vlan_id: int) -> None:
        """Give a vlan another id."""
        if link.kind is not Kind.VLAN or not 0 < vlan_id <= _GREATEST_VLAN_ID:
            raise CannotState
        self.write_vlan_id(link, vlan_id)

    def write_vlan_id(self, link: Link, vlan_id: int) -> None:
        """Give a vlan another valid id."""
        raise CannotState

    def carry(self, link: Link | None, network: str) -> None:
        """Move a logical network to an interface, or remove it from the host."""
        raise CannotState

    def set_last_client(self, link: Link) -> None:
        """Report that the last client connected through an interface."""
        raise CannotState

    def add_route(self, link: Link, destination: Cidr) -> None:
        """Add a route through an interface to the routing table."""
        raise CannotState

    def lead_default(self, link: Link, version: int) -> None:
        """Lead the one default route of a family through an interface, and through no other."""
        raise CannotState


def is_one_of(text: object, addresses: frozenset[Address]) -> bool:
    """Return whether the text of an address entry means one of the addresses."""
    try:
        return isinstance(text, str) and read_entry(text)[0] in addresses
    except ValueError:
        return False


def with_length(owned: OwnedAddress) -> str:
    """Return `address/length`, the address alone if its length is unknown."""
    return str(owned.address) if owned.prefix is None else f"{owned.address}/{owned.prefix}"


def to_front(entries: list[Any], chosen: object, first: int = 0) -> None:
    """Move an entry of a list to a place nearer to its beginning."""
    at = next(i for i, entry in enumerate(entries) if entry is chosen)
    entries.insert(first, entries.pop(at))
