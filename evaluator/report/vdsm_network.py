"""Which logical networks each device of a VDSM report carries, as oVirt's engine sees it.

A network is on its device: the bridge of a bridged network, the interface of one without. A bridged
network is also on the direct ports of its bridge.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator, Mapping
from typing import Any

from evaluator.diagnostic import Severity
from evaluator.facts.link import Kind
from evaluator.finding import Finding, FindingCode
from evaluator.report.vdsm_addresses import addresses_in
from evaluator.report.vdsm_device import Carried, Device, vlan_id_of
from evaluator.text import quote, quote_all

_FAMILIES = ("addr", "ipv4addrs", "ipv6addrs")


def carried_networks(
    networks: Mapping[str, Mapping[str, Any]], devices: tuple[Device, ...]
) -> tuple[dict[str, Carried], tuple[Finding, ...]]:
    """Return what each device carries, by its name, and where networks and devices disagree."""
    by_name = {device.name: device for device in devices}
    on_device: dict[str, set[str]] = defaultdict(set)
    in_conflict: set[str] = set()
    findings: list[Finding] = []
    for name, data in networks.items():
        device = by_name.get(_device_name(name, data))
        reasons = list(_disagreements(name, data, device))
        reasons.extend(_vlan_ids_differ(name, data, device, by_name))
        findings.extend(_finding(reason, device) for reason in reasons)
        if device is None:
            continue
        if reasons:
            in_conflict.add(device.name)
        on_device[device.name].add(name)
        if device.kind is Kind.BRIDGE:
            for port in (*device.data.get("ports", ()), *data.get("ports", ())):
                on_device[port].add(name)
    carried = {
        name: Carried(tuple(sorted(on_device.get(name, ()))), name in in_conflict)
        for name in {*on_device, *in_conflict}
    }
    return carried, tuple(findings)


def _device_name(network: str, data: Mapping[str, Any]) -> str:
    name = data.get("iface") or data.get("interface") or network
    assert isinstance(name, str)  # noqa: S101 -- the schema has said so
    return name


def _disagreements(network: str, data: Mapping[str, Any], device: Device | None) -> Iterator[str]:
    shown = quote(network)
    if device is None:
        yield f"the network {shown} is on {quote(_device_name(network, data))}, which the report does not describe"
        return
    if device.kind is not Kind.BRIDGE and data.get("bridged") is True:
        yield f"the network {shown} says it is bridged, but its device {quote(device.name)} is no bridge"
    if device.kind is Kind.BRIDGE and data.get("bridged") is False:
        yield f"the network {shown} says it is not bridged, but its device {quote(device.name)} is a bridge"
    if device.kind is Kind.BRIDGE and "ports" in data and _ports(data) != _ports(device.data):
        yield f"the network {shown} and its bridge {quote(device.name)} list different ports"
    for family in _FAMILIES:
        if family in data and _addresses_differ(data, device.data, family):
            yield f"the network {shown} and its device {quote(device.name)} list different addresses in `{family}`"
    named = {data[key] for key in ("iface", "interface") if data.get(key)}
    if len(named) > 1:
        yield f"the network {shown} names several devices, {quote_all(sorted(named))}; the one in `iface` counts"


def _vlan_ids_differ(
    network: str, data: Mapping[str, Any], device: Device | None, by_name: Mapping[str, Device]
) -> Iterator[str]:
    """Compare the vlan id of a network with that of its vlan device, or of the vlan devices in its bridge."""
    if device is None or "vlanid" not in data:
        return
    names = device.data.get("ports", ()) if device.kind is Kind.BRIDGE else (device.name,)
    vlans = [by_name[name] for name in names if name in by_name and by_name[name].kind is Kind.VLAN]
    ids = {vlan_id_of(vlan) for vlan in vlans} - {None}
    if ids and int(data["vlanid"]) not in ids:
        shown = quote_all(sorted(vlan.name for vlan in vlans))
        yield f"the network {quote(network)} has the vlan id {int(data['vlanid'])}, and its vlan {shown} another"


def _addresses_differ(network: Mapping[str, Any], device: Mapping[str, Any], family: str) -> bool:
    if family not in device:
        listed = {address for key in _FAMILIES if key in device for address in addresses_in(device, key)}
        return not addresses_in(network, family) <= listed
    return network[family] != device[family] and addresses_in(network, family) != addresses_in(device, family)


def _finding(message: str, device: Device | None) -> Finding:
    interfaces = () if device is None else (device.name,)
    return Finding(
        FindingCode.NETWORK_CONFLICT,
        Severity.WARNING,
        message,
        interfaces,
        hint="what the device says is what counts",
    )


def _ports(data: Mapping[str, Any]) -> frozenset[str]:
    return frozenset(port for port in data.get("ports", ()) if not port.startswith("vnet"))
