"""The logical networks of a VDSM reply: the interfaces that they are on, and contradictions with their devices.

As in oVirt's engine, a network is on its device and on the direct ports of its bridge. A network is not on devices
below these ports.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence

from msgspec import Struct

from evaluator.base.diagnostic import Severity
from evaluator.base.finding import Finding, FindingCode
from evaluator.base.text import quote, quote_all, quote_some
from evaluator.facts.address import Address, in_order
from evaluator.report.vdsm.addresses import FAMILIES, addresses_in
from evaluator.report.vdsm.entry import BRIDGES, device_name, truth_of, vlan_id_of
from evaluator.report.vdsm.wire import Device, Network, Vlan

Disagreement = tuple[str, str, tuple[Address, ...]]
_MOST_NAMES = 12


class NetworkPlacement(Struct, frozen=True):
    """An index of the logical networks on each interface.

    A network is on its device: the bridge of a bridged network, otherwise an interface. A bridged network is also on
    the direct ports of its bridge.

    - `own`: for each device, the networks of the device.
    - `listed`: for each port, the networks whose entries list the port.
    - `bridges`: for each port, the bridges of the port.

    A bridge can have many networks and many ports. So the networks of a port are combined only when the port is
    queried, and not in advance for all ports.
    """

    own: dict[str, list[str]]
    listed: dict[str, list[str]]
    bridges: dict[str, list[str]]

    def networks_on(self, name: str) -> tuple[str, ...]:
        """Return the networks on an interface, sorted."""
        of_bridges = [network for bridge in self.bridges.get(name, ()) for network in self.own[bridge]]
        return tuple(sorted({*self.own.get(name, ()), *self.listed.get(name, ()), *of_bridges}))

    @classmethod
    def of(cls, networks: Mapping[str, Network], devices: Mapping[str, Device]) -> NetworkPlacement:
        """Return the index of the logical networks on each device, by the rules of oVirt's engine."""
        placement = cls({}, {}, {})
        for name, network in networks.items():
            device_of_network = device_name(name, network)
            device = devices.get(device_of_network)
            if device is None:
                continue
            placement.own.setdefault(device_of_network, []).append(name)
            if isinstance(device, BRIDGES):
                for port in network.ports or ():
                    placement.listed.setdefault(port, []).append(name)
        for bridge in placement.own:
            for port in ports_of(devices[bridge]):
                placement.bridges.setdefault(port, []).append(bridge)
        return placement


class _DeviceCache:
    """Caches facts of devices: many networks can be on one bridge with many ports, and all need the same facts."""

    def __init__(self, devices: Mapping[str, Device]) -> None:
        self._devices = devices
        self._vlans: dict[str, Mapping[str, int | None]] = {}
        self._addresses: dict[tuple[str, str], frozenset[Address]] = {}

    def vlans(self, name: str, device: Device) -> Mapping[str, int | None]:
        """Return the VLAN IDs of a bridge's ports by interface name. For any other device, return its own VLAN ID."""
        if name not in self._vlans:
            names = ports_of(device) if isinstance(device, BRIDGES) else (name,)
            vlans = ((port, self._devices.get(port)) for port in names)
            self._vlans[name] = {port: vlan_id_of(port, vlan) for port, vlan in vlans if isinstance(vlan, Vlan)}
        return self._vlans[name]

    def addresses(self, name: str, device: Device, family: str) -> frozenset[Address]:
        """Return the valid addresses in one member of a device: `addr`, `ipv4addrs` or `ipv6addrs`."""
        if (name, family) not in self._addresses:
            self._addresses[name, family] = addresses_in(device, family)
        return self._addresses[name, family]


def disagreements(networks: Mapping[str, Network], devices: Mapping[str, Device]) -> Iterator[Disagreement]:
    """Yield each disagreement of a network with its device: the name of the device, the message, and addresses.

    If the reply does not describe the device, the name is empty. The addresses are then the addresses of the network,
    which no interface owns.
    """
    if not networks:
        return
    ports = {name: _physical_ports(device) for name, device in devices.items() if isinstance(device, BRIDGES)}
    cache = _DeviceCache(devices)
    for name, network in networks.items():
        device_of_network = device_name(name, network)
        device = devices.get(device_of_network)
        if device is None:
            message = f"the network {quote(name)} is on {quote(device_of_network)}, which the report does not describe"
            yield "", message, in_order(address for family in FAMILIES for address in addresses_in(network, family))
            continue
        message_groups = (
            _kinds_or_ports_differ(name, network, device_of_network, ports.get(device_of_network)),
            _addresses_differ(cache, name, network, device_of_network, device),
            _devices_differ(name, network),
            _vlan_ids_differ(name, network, cache.vlans(device_of_network, device)),
        )
        yield from ((device_of_network, message, ()) for messages in message_groups for message in messages)


def disagreement(device: str, message: str, addresses: tuple[Address, ...]) -> Finding:
    """Return the finding that reports a disagreement of a network with its device."""
    return Finding(
        FindingCode.NETWORK_CONFLICT,
        Severity.WARNING,
        message,
        (device,) if device else (),
        tuple(map(str, addresses)),
        hint="activenic uses the entry of the device, not the entry of the network",
    )


def _kinds_or_ports_differ(network: str, data: Network, name: str, ports: frozenset[str] | None) -> Iterator[str]:
    """Compare a network with its device. `ports` are the ports of the device, None if the device is not a bridge."""
    shown, bridged = quote(network), truth_of(data.bridged)
    if ports is None and bridged is True:
        yield f"the network {shown} is marked as bridged, but its device {quote(name)} is not a bridge"
    if ports is not None and bridged is False:
        yield f"the network {shown} is marked as not bridged, but its device {quote(name)} is a bridge"
    if ports is not None and data.ports is not None and _physical_ports(data) != ports:
        yield f"the network {shown} and its bridge {quote(name)} list different ports"


def _devices_differ(network: str, data: Network) -> Iterator[str]:
    names = {name for name in (data.iface, data.interface) if name}
    if len(names) > 1:
        shown = quote_all(sorted(names))
        yield f"the network {quote(network)} names several devices, {shown}; activenic uses the device in `iface`"


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


def ports_of(device: Device) -> Sequence[str]:
    """Return the ports of a bridge; an empty sequence for other devices."""
    return device.ports or () if isinstance(device, BRIDGES) else ()


def _physical_ports(device: Device) -> frozenset[str]:
    """Return the ports of a bridge, without the ports of virtual machines."""
    return frozenset(port for port in ports_of(device) if not port.startswith("vnet"))
