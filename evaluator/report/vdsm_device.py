"""One device of a VDSM report becomes a link: its addresses, what it stands on, its settings."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import Any

from evaluator.diagnostic import Severity
from evaluator.facts.address import Address, OwnedAddress, parse_address, parse_cidr, subnets_of
from evaluator.facts.link import BOND_MODES, Kind, Link, Lowers
from evaluator.facts.route import Route
from evaluator.finding import Finding, FindingCode, conflict
from evaluator.frozen import dataclass
from evaluator.report.owned import NOTHING_OWNED, read_owned
from evaluator.report.vdsm_addresses import addr_conflict, entries_of
from evaluator.text import quote

_GREATEST_VLAN_ID = 4095
_ON_NOTHING = Lowers()
_NO_GATEWAYS = ("", "::", "0.0.0.0")  # noqa: S104 -- none is bound
_DEFAULT_V4, _DEFAULT_V6 = (Route(parse_cidr(text)) for text in ("0.0.0.0/0", "::/0"))


@dataclass(frozen=True, slots=True)
class Device:
    """An entry of one of the device maps, as the report has it; `pointer` is its place.

    `others` are further entries that list its addresses, with their places.
    """

    name: str
    kind: Kind
    position: int
    data: Mapping[str, Any]
    pointer: str
    others: tuple[tuple[Mapping[str, Any], str], ...] = ()

    def tell(self, link: Link, fact: str) -> object:
        """Return a fact of its link that only some decisions ask for."""
        if fact == "ways":
            return _ways(self.data, link.addresses, link.gateways)
        return _TOLD_LATER[fact](self)


@dataclass(frozen=True, slots=True)
class Carried:
    """The logical networks on one device; `conflict` where the network's entry contradicts the device's."""

    networks: tuple[str, ...] = ()
    conflict: bool = False


def link_of(device: Device, described: frozenset[str], carried: Carried) -> tuple[Link, tuple[Finding, ...]]:
    """Return the link of a device and what is wrong with its entry."""
    entries = [entry for place in ((device.data, device.pointer), *device.others) for entry in entries_of(*place)]
    owned = read_owned(device.name, entries) if entries else NOTHING_OWNED
    gateways, gateway_findings = _gateways(device)
    addr_findings = addr_conflict(device.name, device.data)
    lowers = lowers_of(device)
    conflicts = ("addr",) * bool(addr_findings) + ("network",) * carried.conflict
    names = lowers.names
    missing = names and tuple([one for one in names if one not in described and not _is_guest_port(one, lowers)])
    link = Link.told(
        device.tell,
        device.name,
        device.kind,
        device.position,
        owned.addresses,
        lowers,
        owned.malformed,
        carried.networks,
        conflicts,
        missing,
        gateways,
    )
    return link, (*owned.findings, *gateway_findings, *addr_findings, *_conflicts(device, described))


def _conflicts(device: Device, described: frozenset[str]) -> Iterator[Finding]:
    """Yield where an entry contradicts itself, or a vlan the name that it has."""
    name = quote(device.name)
    if device.kind is Kind.VLAN:
        yield from _name_conflict(device, described)
    if device.kind is Kind.BOND:
        modes = {_mode_of(options) for options in _bond_options(device.data)} - {None}
        if len(modes) > 1:
            message = f"{name} has one mode in `opts` and another in the `BONDING_OPTS` of `cfg`; `opts` counts"
            yield conflict(device.name, message)
    if device.data.get("dhcpv4") is False and device.data.get("bootproto4") == "dhcp":
        yield conflict(device.name, f"{name} uses DHCP by `bootproto4` and not by `dhcpv4`; it counts as using DHCP")


def _name_conflict(device: Device, described: frozenset[str]) -> Iterator[Finding]:
    """Compare a vlan's entry with its name, if that is made in the usual way; any name is allowed."""
    above, dot, number = device.name.rpartition(".")
    vlan_id = _whole_number(number)
    if not dot or above not in described or vlan_id is None:
        return
    base, own_id = base_of(device.name, device.data.get("iface")), vlan_id_of(device)
    if base != above or own_id != vlan_id:
        message = (
            f"{quote(device.name)} has the vlan id {own_id} on {quote(str(base))}, unlike its name; its entry counts"
        )
        yield conflict(device.name, message, Severity.INFO)


def lowers_of(device: Device) -> Lowers:
    """Return what a device stands on."""
    match device.kind:
        case Kind.BOND:
            return Lowers(slaves=tuple(sorted(set(device.data.get("slaves", ())))))
        case Kind.BRIDGE:
            return Lowers(ports=tuple(sorted(set(device.data.get("ports", ())))))
        case Kind.VLAN:
            return Lowers(base=base_of(device.name, device.data.get("iface")))
    return _ON_NOTHING


def base_of(name: str, iface: str | None) -> str | None:
    """Return what a vlan stands on: what its entry or else its name says."""
    return iface or _split_name(name)[0]


def _split_name(name: str) -> tuple[str | None, str]:
    """Return base and id that a vlan's name such as `eth0.100` tells, as the engine reads them."""
    parts = name.split(".")
    return (parts[0] or None, parts[1]) if len(parts) > 1 else (None, "")


def vlan_id_of(device: Device) -> int | None:
    """Return the vlan id of a device: 0 for what is no vlan, None for a vlan that gives none."""
    if device.kind is not Kind.VLAN:
        return 0
    if "vlanid" in device.data:
        return int(device.data["vlanid"])
    number = _whole_number(_split_name(device.name)[1])
    return number if number is not None and number <= _GREATEST_VLAN_ID else None


def _bond_mode(device: Device) -> int | None:
    if device.kind is not Kind.BOND:
        return None
    current, configured = _bond_options(device.data)
    return _mode_of({**configured, **current})


def _bond_options(data: Mapping[str, Any]) -> tuple[Mapping[str, str], Mapping[str, str]]:
    """Return the options of a bond: the current ones, and those of its ifcfg file."""
    configured = (option.partition("=") for option in data.get("cfg", {}).get("BONDING_OPTS", "").split())
    return data.get("opts", {}), {key: value for key, _, value in configured}


def _mode_of(options: Mapping[str, str]) -> int | None:
    """Return the number of the mode among options, given by its number, its name, or both."""
    mode = options.get("mode", "").split()[:1]
    if not mode:
        return None
    number = BOND_MODES.index(mode[0]) if mode[0] in BOND_MODES else _whole_number(mode[0])
    return number if number is not None and number < len(BOND_MODES) else None


def _uses_dhcp(data: Mapping[str, Any]) -> bool:
    return (
        bool(data.get("dhcpv4") or data.get("dhcpv6"))
        or data.get("bootproto4") == "dhcp"
        or data.get("cfg", {}).get("BOOTPROTO", "").lower() == "dhcp"
    )


def _mac(data: Mapping[str, Any]) -> str | None:
    text = data.get("hwaddr")  # which is the schema's of some kinds only
    return text.lower() or None if isinstance(text, str) else None


def _gateways(device: Device) -> tuple[tuple[Address, ...], Sequence[Finding]]:
    if device.data.get("gateway", "") in _NO_GATEWAYS and device.data.get("ipv6gateway", "") in _NO_GATEWAYS:
        return (), ()
    found: set[Address] = set()
    findings: list[Finding] = []
    for key in ("gateway", "ipv6gateway"):
        text = device.data.get(key, "")
        try:
            address = parse_address(text.partition("%")[0]) if text else None
        except ValueError:
            message = f"{quote(device.name)} gives {quote(text)} as its {key}, which is no IP address; it was left out"
            findings.append(Finding(FindingCode.MALFORMED_ADDRESS, Severity.WARNING, message, (device.name,)))
            continue
        if address is not None and not address.unusable:
            found.add(address)
    return tuple(sorted(found)), findings


def _ways(
    data: Mapping[str, Any], addresses: tuple[OwnedAddress, ...], gateways: tuple[Address, ...]
) -> tuple[Route, ...]:
    """Return the subnets and default routes; VDSM reports no routing table."""
    families = {gateway.version for gateway in gateways} if gateways else ()
    has_v4 = data.get("ipv4defaultroute", 4 in families)
    defaults = (_DEFAULT_V4,) * bool(has_v4) + (_DEFAULT_V6,) * (6 in families)
    return (*map(Route, subnets_of(addresses)), *defaults) if addresses else defaults


def _pointers(device: Device) -> dict[str, str]:
    """Return where each fact of the rule language stands, by the language's word for it."""
    fields = {
        "slaves": "slaves",
        "ports": "ports",
        "vlan_id": "vlanid",
        "bond_mode": "opts",
        "gateways": "gateway",
        "mtu": "mtu",
        "speed": "speed",
        "mac": "hwaddr",
        "base": "iface",
    }
    pointers = {word: f"{device.pointer}/{key}" for word, key in fields.items() if key in device.data}
    if not device.data.get("gateway") and device.data.get("ipv6gateway"):
        pointers["gateways"] = f"{device.pointer}/ipv6gateway"
    return {"": device.pointer, **pointers}


def _whole_number(value: object) -> int | None:
    if isinstance(value, str):
        return int(value) if value.isascii() and value.isdigit() and len(value) < 10 else None
    return int(value) if isinstance(value, int | float) else None


def _is_guest_port(name: str, lowers: Lowers) -> bool:
    """Tell the ports of virtual machines, which VDSM names but never describes."""
    return name.startswith("vnet") and name in lowers.ports


_TOLD_LATER: Mapping[str, Callable[[Device], object]] = {
    "up": lambda _: None,
    "vlan_id": vlan_id_of,
    "bond_mode": _bond_mode,
    "dhcp": lambda device: _uses_dhcp(device.data),
    "mtu": lambda device: _whole_number(device.data.get("mtu")),
    "speed": lambda device: _whole_number(device.data.get("speed")) or None,
    "mac": lambda device: _mac(device.data),
    "pointers": _pointers,
}
