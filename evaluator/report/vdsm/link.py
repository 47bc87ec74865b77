"""Describes one device of a VDSM reply as a link. The facts are read from the entry of the device.

Some versions of VDSM send numbers and booleans as text, and some members have been renamed (`bootproto4`, `dhcpv4`).
Each property reads the forms of all versions, so that no other module depends on the version. If two members contradict
each other, one of them is used, and `findings` reports the contradiction. For example, the VLAN ID is read from the
entry of a VLAN, not from its name. The mode of a bond is read from its `opts`, not from its ifcfg file.

VDSM does not report a routing table: `main_routes` has the default routes and the routes to the subnets. Ports named
`vnet*` belong to virtual machines, and VDSM never describes them.

`is_clean` is a quick check that most entries pass. `entry_findings` examines only the entries that do not pass.
"""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping

from evaluator.base.diagnostic import Severity
from evaluator.base.finding import Finding, FindingCode, conflict
from evaluator.base.text import quote
from evaluator.facts.address import Address, parse_address, parse_cidr, subnets_of
from evaluator.facts.link import BOND_MODES, NO_LOWERS, Kind, Link, Lowers, Owned
from evaluator.facts.route import Route
from evaluator.report.vdsm.addresses import addr_conflict, is_listed
from evaluator.report.vdsm.host import VdsmHost
from evaluator.report.vdsm.wire import Bond, Bridge, Device, Network, Vlan

_GREATEST_VLAN_ID = 4095
_NO_GATEWAYS = ("", "::", None, "0.0.0.0")  # noqa: S104 -- none is bound
_DEFAULT_V4, _DEFAULT_V6 = (Route(parse_cidr(text)) for text in ("0.0.0.0/0", "::/0"))
_PLACES = (
    *(("slaves", "slaves"), ("ports", "ports"), ("vlan_id", "vlanid"), ("bond_mode", "opts"), ("gateways", "gateway")),
    *(("mtu", "mtu"), ("speed", "speed"), ("mac", "hwaddr"), ("base", "iface")),
)


class VdsmLink(Link, frozen=True, eq=False, gc=False):
    """A device of a VDSM reply. `entry` is its decoded entry. `host` has the other devices and the networks."""

    entry: Device
    host: VdsmHost

    def owned(self) -> Owned:
        """Return the parsed addresses of the device."""
        return self.host.owned(self.name, self.kind, self.entry)

    @property
    def lowers(self) -> Lowers:
        """The members of a bond, the ports of a bridge, or the lower device of a VLAN."""
        entry = self.entry
        if self.kind is Kind.PHYSICAL:
            return NO_LOWERS
        if isinstance(entry, Vlan):
            return Lowers(base=base_of(self.name, entry))
        if isinstance(entry, Bond):
            return Lowers(slaves=tuple(sorted(set(entry.slaves)))) if entry.slaves else NO_LOWERS
        if isinstance(entry, Bridge | Network):
            return Lowers(ports=tuple(sorted(set(entry.ports)))) if entry.ports else NO_LOWERS
        return NO_LOWERS

    @property
    def missing(self) -> tuple[str, ...]:
        """The lower devices that the reply does not describe, except `vnet*` ports, which VDSM never describes."""
        lowers = self.lowers
        names = lowers.names
        if not names:
            return ()
        has, ports = self.host.has, frozenset(lowers.ports)
        return tuple([name for name in names if not has(name) and not (name in ports and name.startswith("vnet"))])

    @property
    def source(self) -> object:
        """The parts of the reply that describe the device: its entry, and for a bridge, entries of networks."""
        return self.entry, self.host.other_entries(self.name)

    @property
    def networks(self) -> tuple[str, ...]:
        """The logical networks on the device."""
        return self.host.placement.networks_on(self.name) if self.host.networks else ()

    @property
    def conflicts(self) -> tuple[str, ...]:
        """The values that contradict each other.

        `addr`: the members `addr` and `ipv4addrs` differ. `network`: the entries of the device and of a network differ.
        """
        is_in_conflict = self.name in self.host.names_in_conflict
        return ("addr",) * bool(addr_conflict(self.name, self.entry)) + ("network",) * is_in_conflict

    @property
    def gateways(self) -> tuple[Address, ...]:
        """The gateways of the device."""
        return tuple(sorted({address for address in map(_gateway, _gateway_texts(self.entry).values()) if address}))

    @property
    def main_routes(self) -> tuple[Route, ...]:
        """The routes to the subnets, and the default routes; VDSM does not report a routing table."""
        families = {gateway.version for gateway in self.gateways}
        has_v4 = truth_of(self.entry.ipv4defaultroute)
        if has_v4 is None:
            has_v4 = 4 in families
        defaults = (_DEFAULT_V4,) * has_v4 + (_DEFAULT_V6,) * (6 in families)
        return (*map(Route, subnets_of(self.addresses)), *defaults)

    @property
    def vlan_id(self) -> int | None:
        """The VLAN ID in the entry; if it is missing, the VLAN ID in the name of the VLAN."""
        return vlan_id_of(self.name, self.entry) if isinstance(self.entry, Vlan) else 0

    @property
    def bond_mode(self) -> int | None:
        """The mode of a bond in `opts`; if it is missing, the mode in the ifcfg file."""
        if not isinstance(self.entry, Bond):
            return None
        current, configured = _bond_options(self.entry)
        return _mode_of({**configured, **current})

    @property
    def dhcp(self) -> bool:
        """Whether the device uses DHCP. The name of the member depends on the version of VDSM."""
        entry = self.entry
        return bool(
            truth_of(entry.dhcpv4)
            or truth_of(entry.dhcpv6)
            or entry.bootproto4 == "dhcp"
            or ((entry.cfg or {}).get("BOOTPROTO") or "").lower() == "dhcp"
        )

    @property
    def dhcpv6(self) -> bool:
        """Whether the device uses DHCPv6; VDSM before 3.6 does not report the family."""
        return truth_of(self.entry.dhcpv6) is True

    @property
    def mtu(self) -> int | None:
        """The MTU, which VDSM sends as text."""
        return _whole_number(self.entry.mtu)

    @property
    def speed(self) -> int | None:
        """The speed."""
        speed = _whole_number(getattr(self.entry, "speed", None)) or 0
        return speed if speed > 0 else None

    @property
    def mac(self) -> str | None:
        """The link-layer address."""
        text = getattr(self.entry, "hwaddr", None)  # for some kinds the schema allows any value
        return text.lower() or None if isinstance(text, str) else None

    @property
    def pointers(self) -> Mapping[str, str]:
        """The JSON Pointers to the facts of the device in the reply."""
        place, entry = self.host.pointer(self.name, self.kind), self.entry
        pointers = {word: f"{place}/{key}" for word, key in _PLACES if getattr(entry, key, None) is not None}
        if not entry.gateway and entry.ipv6gateway:
            pointers["gateways"] = f"{place}/ipv6gateway"
        return {"": place, **pointers}


def is_clean(name: str, entry: Device) -> bool:
    """Return whether a quick check shows that `entry_findings` yields nothing. If not, call `entry_findings`."""
    if entry.gateway not in _NO_GATEWAYS or entry.ipv6gateway not in _NO_GATEWAYS or entry.bootproto4 == "dhcp":
        return False
    if (entry.addr or entry.ipv4addrs) and not is_listed(entry):
        return False
    if isinstance(entry, Vlan):
        return name == f"{entry.iface}.{entry.vlanid}"
    return entry.cfg is None


def entry_findings(name: str, entry: Device, host: VdsmHost) -> Iterator[Finding]:
    """Yield the findings about the entry of a device, except findings about its addresses."""
    shown = quote(name)
    for key, text in _gateway_texts(entry).items():
        if _is_malformed(text):
            message = f"{shown} has the {key} {quote(text)}, which is not a valid IP address and is ignored"
            yield Finding(FindingCode.MALFORMED_ADDRESS, Severity.WARNING, message, (name,))
    yield from addr_conflict(name, entry)
    if isinstance(entry, Vlan):
        yield from _name_conflict(name, entry, host)
    if isinstance(entry, Bond) and len({_mode_of(options) for options in _bond_options(entry)} - {None}) > 1:
        message = f"{shown} has different modes in `opts` and in the `BONDING_OPTS` of `cfg`; `opts` counts"
        yield conflict(name, message)
    if entry.bootproto4 == "dhcp" and truth_of(entry.dhcpv4) is False:
        message = f"{shown} uses DHCP according to `bootproto4`, but not according to `dhcpv4`; `bootproto4` counts"
        yield conflict(name, message)


def _name_conflict(name: str, entry: Vlan, host: VdsmHost) -> Iterator[Finding]:
    """Compare the entry of a VLAN with its name, if the name is DEVICE.ID and the reply describes DEVICE."""
    base_in_name, dot, number = name.rpartition(".")
    id_in_name = _whole_number(number)
    if not dot or id_in_name is None or not host.has(base_in_name):
        return
    base, vlan_id = base_of(name, entry), vlan_id_of(name, entry)
    if base != base_in_name or vlan_id != id_in_name:
        entry_text = f"{quote(name)} uses VLAN {vlan_id} on {quote(str(base))}"
        message = f"{entry_text}, but its name has another VLAN or device; the entry counts"
        yield conflict(name, message, Severity.INFO)


def truth_of(value: bool | str | None) -> bool | None:
    """Return a boolean that can be text, because VDSM 4.9.5 and 4.9.6 send `"bridged": "True"`."""
    return value.lower() == "true" if isinstance(value, str) else value


def base_of(name: str, entry: Vlan) -> str | None:
    """Return the lower device of a VLAN. It is read from the VLAN's entry, else from the VLAN's name."""
    return entry.iface or _split_name(name)[0]


def _split_name(name: str) -> tuple[str | None, str]:
    """Return the lower device and the VLAN ID in a name such as `eth0.100`.

    The name is parsed like in oVirt's engine.
    """
    parts = name.split(".")
    return (parts[0] or None, parts[1]) if len(parts) > 1 else (None, "")


def vlan_id_of(name: str, entry: Vlan) -> int | None:
    """Return the VLAN ID of a VLAN; None if neither the entry nor the name has a VLAN ID."""
    if entry.vlanid is not None:
        return entry.vlanid
    number = _whole_number(_split_name(name)[1])
    return number if number is not None and number <= _GREATEST_VLAN_ID else None


def _bond_options(entry: Bond) -> tuple[Mapping[str, str], Mapping[str, str]]:
    """Return the options of a bond: the current options, and the options in the ifcfg file of the bond."""
    configured = (option.partition("=") for option in ((entry.cfg or {}).get("BONDING_OPTS") or "").split())
    current = {key: value for key, value in (entry.opts or {}).items() if value is not None}
    return current, {key: value for key, _, value in configured}


def _mode_of(options: Mapping[str, str]) -> int | None:
    """Return the number of the bond mode; None if invalid. Options have the number, the name or both."""
    mode = options.get("mode", "").split()[:1]
    if not mode:
        return None
    number = BOND_MODES.index(mode[0]) if mode[0] in BOND_MODES else _whole_number(mode[0])
    return number if number is not None and number < len(BOND_MODES) else None


def _gateway_texts(entry: Device) -> dict[str, str]:
    """Return the texts of the gateways in an entry, by key."""
    gateway, ipv6gateway = entry.gateway, entry.ipv6gateway
    if gateway in _NO_GATEWAYS and ipv6gateway in _NO_GATEWAYS:
        return {}
    return {key: text for key, text in (("gateway", gateway), ("ipv6gateway", ipv6gateway)) if text}


def _gateway(text: str) -> Address | None:
    try:
        address = parse_address(text.partition("%")[0])
    except ValueError:
        return None
    return None if address.unusable else address


def _is_malformed(text: str) -> bool:
    try:
        return not parse_address(text.partition("%")[0])
    except ValueError:
        return True


def _whole_number(value: object) -> int | None:
    if isinstance(value, str):
        return int(value) if value.isascii() and value.isdigit() and len(value) < 10 else None
    return int(value) if isinstance(value, int | float) and math.isfinite(value) else None
