"""One device of a VDSM report: its facts, read from its entry."""

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
_NO_GATEWAYS = (None, "", "::", "0.0.0.0")  # noqa: S104 -- none is bound
_DEFAULT_V4, _DEFAULT_V6 = (Route(parse_cidr(text)) for text in ("0.0.0.0/0", "::/0"))
_PLACES = (
    *(("slaves", "slaves"), ("ports", "ports"), ("vlan_id", "vlanid"), ("bond_mode", "opts"), ("gateways", "gateway")),
    *(("mtu", "mtu"), ("speed", "speed"), ("mac", "hwaddr"), ("base", "iface")),
)


class VdsmLink(Link, frozen=True, eq=False, gc=False):
    """A device as its entry describes it."""

    entry: Device
    host: VdsmHost

    def owned(self) -> Owned:
        """Return what it owns and what is wrong with its addresses."""
        return self.host.owned(self.name, self.kind, self.entry)

    @property
    def lowers(self) -> Lowers:
        """Its slaves, ports or base."""
        entry = self.entry
        if self.kind is Kind.PHYSICAL:
            return NO_LOWERS
        if isinstance(entry, Bond):
            return Lowers(slaves=tuple(sorted(set(entry.slaves)))) if entry.slaves else NO_LOWERS
        if isinstance(entry, Bridge | Network):
            return Lowers(ports=tuple(sorted(set(entry.ports)))) if entry.ports else NO_LOWERS
        if isinstance(entry, Vlan):
            return Lowers(base=base_of(self.name, entry))
        return NO_LOWERS

    @property
    def missing(self) -> tuple[str, ...]:
        """What it stands on, but for ports of virtual machines, which VDSM names and never describes."""
        lowers = self.lowers
        names = lowers.names
        if not names:
            return ()
        has, ports = self.host.has, frozenset(lowers.ports)
        return tuple([name for name in names if not has(name) and not (name in ports and name.startswith("vnet"))])

    @property
    def source(self) -> object:
        """Its entry, and those of other networks that describe the same bridge."""
        return self.entry, self.host.also_told_by(self.name)

    @property
    def networks(self) -> tuple[str, ...]:
        """The networks on it."""
        return self.host.carried.by(self.name)

    @property
    def conflicts(self) -> tuple[str, ...]:
        """Whether `addr` and its list, or a network and the device, contradict each other."""
        is_in_conflict = self.name in self.host.names_in_conflict
        return ("addr",) * bool(addr_conflict(self.name, self.entry)) + ("network",) * is_in_conflict

    @property
    def gateways(self) -> tuple[Address, ...]:
        """Its gateways."""
        return tuple(sorted({address for address in map(_gateway, _gateway_texts(self.entry).values()) if address}))

    @property
    def ways(self) -> tuple[Route, ...]:
        """The subnets and default routes; VDSM reports no routing table."""
        families = {gateway.version for gateway in self.gateways}
        told = truth_of(self.entry.ipv4defaultroute)
        has_v4 = 4 in families if told is None else told
        defaults = (_DEFAULT_V4,) * has_v4 + (_DEFAULT_V6,) * (6 in families)
        return (*map(Route, subnets_of(self.addresses)), *defaults)

    @property
    def vlan_id(self) -> int | None:
        """The vlan id; of a vlan that gives none that in its name."""
        return vlan_id_of(self.name, self.entry) if isinstance(self.entry, Vlan) else 0

    @property
    def bond_mode(self) -> int | None:
        """The mode in `opts`, else that of its ifcfg file."""
        if not isinstance(self.entry, Bond):
            return None
        current, configured = _bond_options(self.entry)
        return _mode_of({**configured, **current})

    @property
    def dhcp(self) -> bool:
        """Whether it uses DHCP by any word of any generation."""
        entry = self.entry
        return bool(
            truth_of(entry.dhcpv4)
            or truth_of(entry.dhcpv6)
            or entry.bootproto4 == "dhcp"
            or ((entry.cfg or {}).get("BOOTPROTO") or "").lower() == "dhcp"
        )

    @property
    def dhcpv6(self) -> bool:
        """Whether it uses DHCPv6; VDSM before 3.6 does not tell the family."""
        return truth_of(self.entry.dhcpv6) is True

    @property
    def mtu(self) -> int | None:
        """The MTU, which is a text on the wire."""
        return _whole_number(self.entry.mtu)

    @property
    def speed(self) -> int | None:
        """The speed."""
        return _whole_number(getattr(self.entry, "speed", None)) or None

    @property
    def mac(self) -> str | None:
        """The link-layer address."""
        text = getattr(self.entry, "hwaddr", None)  # which is the schema's of some kinds only
        return text.lower() or None if isinstance(text, str) else None

    @property
    def pointers(self) -> Mapping[str, str]:
        """Where each fact stands."""
        place, entry = self.host.pointer(self.name, self.kind), self.entry
        found = {word: f"{place}/{key}" for word, key in _PLACES if getattr(entry, key, None) is not None}
        if not entry.gateway and entry.ipv6gateway:
            found["gateways"] = f"{place}/ipv6gateway"
        return {"": place, **found}

    @property
    def is_usual(self) -> bool:
        """Whether a glance shows that nothing is wrong with the entry, its addresses apart."""
        entry = self.entry
        if entry.gateway not in _NO_GATEWAYS or entry.ipv6gateway not in _NO_GATEWAYS or entry.bootproto4 == "dhcp":
            return False
        if (entry.addr or entry.ipv4addrs) and not is_listed(entry):
            return False
        if isinstance(entry, Vlan):
            return self.name == f"{entry.iface}.{entry.vlanid}"
        return entry.cfg is None

    def findings(self) -> Iterator[Finding]:
        """Yield what is wrong with the entry, its addresses apart."""
        entry, name = self.entry, quote(self.name)
        for key, text in _gateway_texts(entry).items():
            if _is_malformed(text):
                message = f"{name} gives {quote(text)} as its {key}, which is not a valid IP address; it is ignored"
                yield Finding(FindingCode.MALFORMED_ADDRESS, Severity.WARNING, message, (self.name,))
        yield from addr_conflict(self.name, entry)
        if isinstance(entry, Vlan):
            yield from self._name_conflict(entry)
        if isinstance(entry, Bond) and len({_mode_of(options) for options in _bond_options(entry)} - {None}) > 1:
            message = f"{name} has different modes in `opts` and in the `BONDING_OPTS` of `cfg`; `opts` counts"
            yield conflict(self.name, message)
        if entry.bootproto4 == "dhcp" and truth_of(entry.dhcpv4) is False:
            yield conflict(
                self.name,
                f"{name} uses DHCP according to `bootproto4`, but not according to `dhcpv4`; it counts as using DHCP",
            )

    def _name_conflict(self, entry: Vlan) -> Iterator[Finding]:
        """Compare a vlan's entry with its name, if that is made in the usual way; any name is allowed."""
        above, dot, number = self.name.rpartition(".")
        vlan_id = _whole_number(number)
        if not dot or vlan_id is None or not self.host.has(above):
            return
        base, own_id = base_of(self.name, entry), vlan_id_of(self.name, entry)
        if base != above or own_id != vlan_id:
            message = (
                f"{quote(self.name)} has the VLAN ID {own_id} on {quote(str(base))}, unlike its name; the entry counts"
            )
            yield conflict(self.name, message, Severity.INFO)


def truth_of(value: bool | str | None) -> bool | None:
    """Return a truth value; VDSM 4.9.5 and 4.9.6 send `"bridged": "True"`."""
    return value.lower() == "true" if isinstance(value, str) else value


def base_of(name: str, entry: Vlan) -> str | None:
    """Return what a vlan stands on: what its entry or else its name says."""
    return entry.iface or _split_name(name)[0]


def _split_name(name: str) -> tuple[str | None, str]:
    """Return base and id that a vlan's name such as `eth0.100` tells, as the engine reads them."""
    parts = name.split(".")
    return (parts[0] or None, parts[1]) if len(parts) > 1 else (None, "")


def vlan_id_of(name: str, entry: Vlan) -> int | None:
    """Return the vlan id of a vlan, None if it gives none."""
    if entry.vlanid is not None:
        return entry.vlanid
    number = _whole_number(_split_name(name)[1])
    return number if number is not None and number <= _GREATEST_VLAN_ID else None


def _bond_options(entry: Bond) -> tuple[Mapping[str, str], Mapping[str, str]]:
    """Return the options of a bond: the current ones, and those of its ifcfg file."""
    configured = (option.partition("=") for option in ((entry.cfg or {}).get("BONDING_OPTS") or "").split())
    current = {key: value for key, value in (entry.opts or {}).items() if value is not None}
    return current, {key: value for key, _, value in configured}


def _mode_of(options: Mapping[str, str]) -> int | None:
    """Return the number of the mode among options, given by its number, its name, or both."""
    mode = options.get("mode", "").split()[:1]
    if not mode:
        return None
    number = BOND_MODES.index(mode[0]) if mode[0] in BOND_MODES else _whole_number(mode[0])
    return number if number is not None and number < len(BOND_MODES) else None


def _gateway_texts(entry: Device) -> dict[str, str]:
    """Return the gateways that an entry names."""
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
