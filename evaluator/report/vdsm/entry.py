"""Reads single values from a decoded entry of a VDSM reply, in the forms of all versions.

Some versions of VDSM send numbers and booleans as text, and some members have been renamed. No other module depends on
the version.
"""

from __future__ import annotations

import math
from collections.abc import Mapping

from evaluator.facts.address import Address, parse_address
from evaluator.facts.link import BOND_MODES, Kind
from evaluator.report.vdsm.wire import Bond, Bridge, Device, Network, Nic, Vlan

_GREATEST_VLAN_ID = 4095
MAPS = {Kind.PHYSICAL: "nics", Kind.VLAN: "vlans", Kind.BOND: "bondings", Kind.BRIDGE: "bridges"}
KINDS: Mapping[type[Device], Kind] = {
    Nic: Kind.PHYSICAL,
    Vlan: Kind.VLAN,
    Bond: Kind.BOND,
    Bridge: Kind.BRIDGE,
    Network: Kind.BRIDGE,  # in VDSM 4.9, a network describes its bridge
}
BRIDGES = (Bridge, Network)  # a tuple, because `Bridge | Network` would create a union for each check
NO_GATEWAYS = ("", "::", None, "0.0.0.0")  # noqa: S104 -- none is bound


def device_name(name: str, network: Network) -> str:
    """Return the name of the device that a network is on."""
    return network.iface or network.interface or name


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
    number = whole_number(_split_name(name)[1])
    return number if number is not None and number <= _GREATEST_VLAN_ID else None


def bond_options(entry: Bond) -> tuple[Mapping[str, str], Mapping[str, str]]:
    """Return the options of a bond: the current options, and the options in the ifcfg file of the bond."""
    configured = (option.partition("=") for option in ((entry.cfg or {}).get("BONDING_OPTS") or "").split())
    current = {key: value for key, value in (entry.opts or {}).items() if value is not None}
    return current, {key: value for key, _, value in configured}


def mode_of(options: Mapping[str, str]) -> int | None:
    """Return the number of the bond mode; None if invalid. Options have the number, the name or both."""
    mode = options.get("mode", "").split()[:1]
    if not mode:
        return None
    number = BOND_MODES.index(mode[0]) if mode[0] in BOND_MODES else whole_number(mode[0])
    return number if number is not None and number < len(BOND_MODES) else None


def gateway_texts(entry: Device) -> dict[str, str]:
    """Return the texts of the gateways in an entry, by key."""
    gateway, ipv6gateway = entry.gateway, entry.ipv6gateway
    if gateway in NO_GATEWAYS and ipv6gateway in NO_GATEWAYS:
        return {}
    return {key: text for key, text in (("gateway", gateway), ("ipv6gateway", ipv6gateway)) if text}


def gateway_of(text: str) -> Address | None:
    """Return the address of a gateway; None if the text is invalid or the address is unusable."""
    try:
        address = parse_address(text.partition("%")[0])
    except ValueError:
        return None
    return None if address.unusable else address


def is_malformed(text: str) -> bool:
    """Return whether the text of a gateway is not an address."""
    try:
        return not parse_address(text.partition("%")[0])
    except ValueError:
        return True


def whole_number(value: object) -> int | None:
    """Return a number, which can be text; None for any other value."""
    if isinstance(value, str):
        return int(value) if value.isascii() and value.isdigit() and len(value) < 10 else None
    return int(value) if isinstance(value, int | float) and math.isfinite(value) else None
