"""Compares the logical networks of a VDSM reply with the devices that they are on."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from evaluator.base.diagnostic import Severity
from evaluator.base.finding import Finding, FindingCode
from evaluator.base.text import quote, quote_all, quote_some
from evaluator.facts.address import Address, in_order
from evaluator.facts.link import Kind
from evaluator.report.vdsm.addresses import FAMILIES, addresses_in
from evaluator.report.vdsm.host import Disagreement, VdsmHost, device_name
from evaluator.report.vdsm.link import truth_of, vlan_id_of
from evaluator.report.vdsm.wire import Bridge, Device, Network, Vlan

_MOST_NAMES = 12


class _DeviceCache:
    """Caches facts of devices: many networks can be on one bridge with many ports, and all need the same facts."""

    def __init__(self, host: VdsmHost) -> None:
        self._host = host
        self._vlans: dict[str, Mapping[str, int | None]] = {}
        self._addresses: dict[tuple[str, str], frozenset[Address]] = {}

    def vlans(self, name: str, kind: Kind, device: Device) -> Mapping[str, int | None]:
        """Return the VLAN IDs of a bridge's ports by interface name. For any other device, return its own VLAN ID."""
        if name not in self._vlans:
            names = _all_ports(device) if kind is Kind.BRIDGE else (name,)
            vlans = ((port, self._host.maps[Kind.VLAN].get(port)) for port in names)
            self._vlans[name] = {port: vlan_id_of(port, vlan) for port, vlan in vlans if isinstance(vlan, Vlan)}
        return self._vlans[name]

    def addresses(self, name: str, device: Device, family: str) -> frozenset[Address]:
        """Return the valid addresses in one member of a device: `addr`, `ipv4addrs` or `ipv6addrs`."""
        if (name, family) not in self._addresses:
            self._addresses[name, family] = addresses_in(device, family)
        return self._addresses[name, family]


def disagreements(host: VdsmHost) -> Iterator[Disagreement]:
    """Yield each disagreement of a network with its device: the name of the device, the message, and addresses.

    If the reply does not describe the device, the name is empty. The addresses are then the addresses of the network,
    which no interface owns.
    """
    ports = {name: _ports(bridge) for name, bridge in host.bridges.items()} if host.networks else {}
    devices = _DeviceCache(host)
    for name, network in host.networks.items():
        device = device_name(name, network)
        described = host.device(device)
        if described is None:
            message = f"the network {quote(name)} is on {quote(device)}, which the report does not describe"
            yield "", message, in_order(address for family in FAMILIES for address in addresses_in(network, family))
            continue
        message_groups = (
            _kinds_or_ports_differ(name, network, device, described[0], ports.get(device)),
            _addresses_differ(devices, name, network, device, described[1]),
            _devices_differ(name, network),
            _vlan_ids_differ(name, network, devices.vlans(device, *described)),
        )
        yield from ((device, message, ()) for messages in message_groups for message in messages)


def disagreement(device: str, message: str, addresses: tuple[Address, ...]) -> Finding:
    """Return the finding that reports a disagreement of a network with its device."""
    return Finding(
        FindingCode.NETWORK_CONFLICT,
        Severity.WARNING,
        message,
        (device,) if device else (),
        tuple(map(str, addresses)),
        hint="the device counts",
    )


def _kinds_or_ports_differ(
    network: str, data: Network, name: str, kind: Kind, ports: frozenset[str] | None
) -> Iterator[str]:
    shown, bridged = quote(network), truth_of(data.bridged)
    if kind is not Kind.BRIDGE and bridged is True:
        yield f"the network {shown} is marked as bridged, but its device {quote(name)} is not a bridge"
    if kind is Kind.BRIDGE and bridged is False:
        yield f"the network {shown} is marked as not bridged, but its device {quote(name)} is a bridge"
    if kind is Kind.BRIDGE and data.ports is not None and _ports(data) != ports:
        yield f"the network {shown} and its bridge {quote(name)} list different ports"


def _devices_differ(network: str, data: Network) -> Iterator[str]:
    names = {name for name in (data.iface, data.interface) if name}
    if len(names) > 1:
        shown = quote_all(sorted(names))
        yield f"the network {quote(network)} names several devices, {shown}; the one in `iface` counts"


def _vlan_ids_differ(network: str, data: Network, vlans: Mapping[str, int | None]) -> Iterator[str]:
    """Compare the VLAN ID of a network with `vlans`: the VLAN IDs of its device, or of the ports of its bridge."""
    ids = set() if data.vlanid is None else set(vlans.values()) - {None}
    if ids and data.vlanid not in ids:
        shown = quote_some(sorted(vlans), _MOST_NAMES)
        yield f"the network {quote(network)} uses VLAN {data.vlanid}, but its VLAN device {shown} has another VLAN ID"


def _addresses_differ(devices: _DeviceCache, network: str, data: Network, name: str, device: Device) -> Iterator[str]:
    for family in FAMILIES:
        own, of_device = getattr(data, family), getattr(device, family)
        if own is None or own == of_device:
            continue
        addresses = addresses_in(data, family)
        if of_device is None:
            of_any_family = (devices.addresses(name, device, key) for key in FAMILIES)
            differ = not addresses <= frozenset[Address]().union(*of_any_family)
        else:
            differ = addresses != devices.addresses(name, device, family)
        if differ:
            yield f"the network {quote(network)} and its device {quote(name)} list different addresses in `{family}`"


def _all_ports(device: Device) -> tuple[str, ...]:
    return tuple(device.ports or ()) if isinstance(device, Bridge | Network) else ()


def _ports(device: Device) -> frozenset[str]:
    return frozenset(port for port in _all_ports(device) if not port.startswith("vnet"))
