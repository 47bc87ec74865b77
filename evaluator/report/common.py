"""Functions that the readers of iproute2, nmstate and Ansible share: loopback links, gateways, report order.

The reader of VDSM does not need them: VDSM does not report loopback links, and its maps are already in report order.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Protocol

from evaluator.base.diagnostic import Severity
from evaluator.base.finding import Finding, FindingCode
from evaluator.base.text import quote
from evaluator.facts.address import Address, in_order, parse_address
from evaluator.facts.link import Kind, Owned
from evaluator.report.owned import AddressEntry, read_owned

NETWORK_WORDS = frozenset({"nic.networks", "report.networks", "report.last_client_iface"})
ROUTE_WORDS = frozenset({"nic.routes", "nic.gateways", "route_to"})
_PLACES = {Kind.VLAN: 1, Kind.BOND: 2, Kind.TEAM: 2, Kind.BRIDGE: 3}


class HasKind(Protocol):
    """A network interface with a name and a kind. The readers of iproute2, nmstate and Ansible have such a class."""

    @property
    def name(self) -> str:
        """The name."""

    @property
    def kind(self) -> Kind:
        """The kind."""


def positions_by_kind(interfaces: Iterable[HasKind]) -> dict[str, int]:
    """Return the index of each interface in report order: NICs, VLANs, bonds, bridges."""
    ordered = sorted(interfaces, key=lambda interface: _PLACES.get(interface.kind, 0))
    return {interface.name: position for position, interface in enumerate(ordered)}


def read_addresses(ifname: str, kind: Kind, entries: Iterable[AddressEntry]) -> Owned:
    """Return the parsed addresses of an interface. Addresses of a loopback link become findings instead."""
    owned = read_owned(ifname, entries)
    if kind is not Kind.LOOPBACK:
        return owned
    malformed = (finding for finding in owned.findings if finding.code == FindingCode.MALFORMED_ADDRESS)
    return Owned((), (*malformed, *(_on_loopback(ifname, str(address)) for address in owned.addresses)))


def read_gateway(ifname: str, text: str) -> tuple[Address | None, tuple[Finding, ...]]:
    """Return the address of a gateway, and findings about this gateway.

    The address is None if the text is empty, invalid or unusable. An invalid text gives a finding.
    """
    try:
        address = parse_address(text.partition("%")[0]) if text else None
    except ValueError:
        message = f"{quote(ifname)} has the gateway {quote(text)}, which is not a valid IP address and is ignored"
        return None, (Finding(FindingCode.MALFORMED_ADDRESS, Severity.WARNING, message, (ifname,)),)
    return (None if address is None or address.unusable else address), ()


def device_not_reported(ifname: str, sources: Iterable[Address] = ()) -> Finding:
    """Return the finding for routes through a device that the report does not describe.

    `ifname` is the name of the device; it is empty if the routes do not name a device. `sources` are the host addresses
    that these routes have as source addresses.
    """
    message = f"routes go through {quote(ifname)}, which the report does not describe"
    if not ifname:
        message = "a route does not name its device"
    addresses = tuple(map(str, in_order(sources)))
    hint = "use a report of all interfaces"
    return Finding(FindingCode.ROUTE_DEVICE_NOT_REPORTED, Severity.WARNING, message, addresses=addresses, hint=hint)


def _on_loopback(ifname: str, address: str) -> Finding:
    message = f"{quote(ifname)} has {quote(address)}; activenic ignores addresses of a loopback link"
    return Finding(FindingCode.ADDRESS_NOT_COUNTED, Severity.INFO, message, (ifname,), (address,))
