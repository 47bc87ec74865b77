"""Where the logical networks of a VDSM report and their devices disagree."""

from __future__ import annotations

from collections.abc import Iterator

from evaluator.diagnostic import Severity
from evaluator.facts.address import Address, in_order
from evaluator.facts.link import Kind
from evaluator.finding import Finding, FindingCode
from evaluator.report.vdsm.addresses import FAMILIES, addresses_in
from evaluator.report.vdsm.host import Disagreement, VdsmHost, device_name
from evaluator.report.vdsm.link import truth_of, vlan_id_of
from evaluator.report.vdsm.wire import Bridge, Device, Network, Vlan
from evaluator.text import quote, quote_all


def disagreements(host: VdsmHost) -> Iterator[Disagreement]:
    """Yield each disagreement with the device's name, which is empty for a device that is not described.

    The addresses of a network without a described device are beside it: no interface owns them.
    """
    ports = {name: _ports(bridge) for name, bridge in host.bridges.items()} if host.networks else {}
    for name, network in host.networks.items():
        device, known = device_name(name, network), host.device(device_name(name, network))
        if known is None:
            message = f"the network {quote(name)} is on {quote(device)}, which the report does not describe"
            yield "", message, in_order(address for family in FAMILIES for address in addresses_in(network, family))
            continue
        yield from ((device, said, ()) for said in _disagreements(name, network, device, *known, ports.get(device)))
        yield from ((device, said, ()) for said in _vlan_ids_differ(host, name, network, device, *known))


def disagreement(device: str, message: str, addresses: tuple[Address, ...]) -> Finding:
    """Return the finding of a disagreement."""
    return Finding(
        FindingCode.NETWORK_CONFLICT,
        Severity.WARNING,
        message,
        (device,) if device else (),
        tuple(map(str, addresses)),
        hint="the device counts",
    )


def _disagreements(
    network: str, data: Network, name: str, kind: Kind, device: Device, ports: frozenset[str] | None
) -> Iterator[str]:
    shown, bridged = quote(network), truth_of(data.bridged)
    if kind is not Kind.BRIDGE and bridged is True:
        yield f"the network {shown} is marked as bridged, but its device {quote(name)} is not a bridge"
    if kind is Kind.BRIDGE and bridged is False:
        yield f"the network {shown} is marked as not bridged, but its device {quote(name)} is a bridge"
    if kind is Kind.BRIDGE and data.ports is not None and _ports(data) != ports:
        yield f"the network {shown} and its bridge {quote(name)} list different ports"
    for family in FAMILIES:
        if getattr(data, family) is not None and _addresses_differ(data, device, family):
            yield f"the network {shown} and its device {quote(name)} list different addresses in `{family}`"
    named = {one for one in (data.iface, data.interface) if one}
    if len(named) > 1:
        yield f"the network {shown} names several devices, {quote_all(sorted(named))}; the one in `iface` counts"


def _vlan_ids_differ(
    host: VdsmHost, network: str, data: Network, name: str, kind: Kind, device: Device
) -> Iterator[str]:
    """Compare the vlan id of a network with that of its vlan device, or of the vlan devices in its bridge."""
    if data.vlanid is None:
        return
    names = _all_ports(device) if kind is Kind.BRIDGE else (name,)
    known = ((one, host.maps[Kind.VLAN].get(one)) for one in names)
    vlans = {one: vlan_id_of(one, vlan) for one, vlan in known if isinstance(vlan, Vlan)}
    ids = set(vlans.values()) - {None}
    if ids and data.vlanid not in ids:
        shown = quote_all(sorted(vlans))
        yield f"the network {quote(network)} has the VLAN ID {data.vlanid}, but its VLAN {shown} has another"


def _addresses_differ(network: Network, device: Device, family: str) -> bool:
    if getattr(device, family) is None:
        listed = {address for key in FAMILIES for address in addresses_in(device, key)}
        return not addresses_in(network, family) <= listed
    is_same = getattr(network, family) == getattr(device, family)
    return not is_same and addresses_in(network, family) != addresses_in(device, family)


def _all_ports(device: Device) -> tuple[str, ...]:
    return tuple(device.ports or ()) if isinstance(device, Bridge | Network) else ()


def _ports(device: Device) -> frozenset[str]:
    return frozenset(port for port in _all_ports(device) if not port.startswith("vnet"))
