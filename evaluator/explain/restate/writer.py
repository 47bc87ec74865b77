"""The base class and the common functions of the writers, which change a fact in the document of a report.

Each report format has one subclass. A method of a writer changes one fact of one interface in a copy of the document:

- It changes every place of the document that states the fact. A format can state a fact more than once: VDSM states an
  address in `addr` and in `ipv4addrs`. A report that contradicts itself would give a finding.
- It writes the same text as the reporting tool would print for the changed host: the same order of lists, the same
  spelling of addresses, and the same values that the tool computes from other values. Otherwise the explanation would
  describe a host that cannot exist.
- It changes nothing else. `restate` verifies this by comparing all facts before and after.
- It raises `CannotState` if no report of the format can state the change. For example, the output of `ip` has no
  logical networks. It also raises `CannotState` if the readers would ignore the change: they ignore all addresses of a
  loopback link. The search then tries another change.

A writer finds the entry of an interface by the JSON Pointer that the reader stored in its `Link`.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

from evaluator.facts.address import Address, Cidr, OwnedAddress, read_entry
from evaluator.facts.host import HostFacts
from evaluator.facts.link import Kind, Link

Json = dict[str, Any]
_HIGHEST_VLAN_ID = 4094
FULL_LENGTH: Mapping[int, int] = {4: 32, 6: 128}
DEFAULT_ROUTES: Mapping[int, str] = {4: "0.0.0.0/0", 6: "::/0"}


class CannotState(Exception):
    """No report of this format can contain the change."""


class ReportWriter:
    """Writes changes into the document of one report. This base class refuses every change.

    `facts` are the facts of the report before the change.
    """

    has_routing_table = False

    @classmethod
    def hides_addresses(cls, document: object) -> bool:
        """Return whether the report omits the addresses of interfaces that are down, slaves or ports."""
        return False

    def __init__(self, document: object, facts: HostFacts) -> None:
        self.document: Any = document
        self.facts = facts

    def add_addresses(self, link: Link, owned: Iterable[OwnedAddress]) -> None:
        """Add addresses to an interface, after the addresses that it owns already."""
        self.require_addresses(link)
        for address in owned:
            self.add_address(link, address)

    def require_addresses(self, link: Link) -> None:
        """Raise CannotState if addresses of this interface never count, or if reports never contain them."""
        if link.kind is Kind.LOOPBACK:
            raise CannotState

    def add_address(self, link: Link, owned: OwnedAddress) -> None:
        """Add one address to an interface."""
        raise CannotState

    def remove_addresses(self, link: Link, addresses: frozenset[Address]) -> None:
        """Remove addresses from an interface."""
        raise CannotState

    def set_up(self, link: Link) -> None:
        """Report an interface as up."""
        raise CannotState

    def list_first(self, link: Link, address: Address) -> None:
        """List an address of an interface before all other addresses of its family."""
        raise CannotState

    def set_members(self, link: Link, names: tuple[str, ...]) -> None:
        """Replace the slaves of a bond or the ports of a bridge."""
        raise CannotState

    def make_physical(self, link: Link) -> None:
        """Turn a bridge, or an interface of unknown kind, into a physical interface without lower devices."""
        raise CannotState

    def set_vlan_id(self, link: Link, vlan_id: int) -> None:
        """Set the VLAN ID of a VLAN interface. Raises CannotState if the VLAN ID is not between 1 and 4094."""
        if link.kind is not Kind.VLAN or not 0 < vlan_id <= _HIGHEST_VLAN_ID:
            raise CannotState
        self.write_vlan_id(link, vlan_id)

    def write_vlan_id(self, link: Link, vlan_id: int) -> None:
        """Write a valid VLAN ID."""
        raise CannotState

    def set_network(self, link: Link | None, network: str) -> None:
        """Move a logical network to an interface; remove it from the host if the interface is None."""
        raise CannotState

    def set_last_client(self, link: Link) -> None:
        """Report that the last client connected through an interface."""
        raise CannotState

    def add_route(self, link: Link, destination: Cidr) -> None:
        """Add a route through an interface to the routing table."""
        raise CannotState

    def set_default_route(self, link: Link, version: int) -> None:
        """Move the default route of a family to an interface, so that no other interface has this default route."""
        raise CannotState


def is_one_of(text: object, addresses: frozenset[Address]) -> bool:
    """Return whether an address entry, such as `192.0.2.1/24`, has one of the addresses."""
    try:
        return isinstance(text, str) and read_entry(text)[0] in addresses
    except ValueError:
        return False


def with_length(owned: OwnedAddress) -> str:
    """Return `address/length`, or only the address if its prefix length is unknown."""
    return str(owned.address) if owned.prefix is None else f"{owned.address}/{owned.prefix}"


def move_to_front(entries: list[Any], moved: object, first: int = 0) -> None:
    """Move an entry of a list forward, to the index `first`. The entry must not be before this index."""
    index = next(i for i, entry in enumerate(entries) if entry is moved)
    entries.insert(first, entries.pop(index))
