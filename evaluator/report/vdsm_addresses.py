"""The address entries of a VDSM device or network: `addr` with its `netmask`, `ipv4addrs` and `ipv6addrs`."""

from __future__ import annotations

from _socket import AF_INET, inet_pton  # as in address.py
from collections.abc import Mapping
from typing import Any

from evaluator.diagnostic import Severity
from evaluator.facts.address import Address, OwnedAddress
from evaluator.facts.netmask import NETMASKS
from evaluator.finding import Finding, FindingCode
from evaluator.report.owned import Entry, read_owned
from evaluator.text import quote


def entries_of(data: Mapping[str, Any], pointer: str) -> list[Entry]:
    """Return the address entries of a device or network; the engine's primary ones are `addr` and the first IPv6.

    An `addr` that its list gives as well stands here once, as the list has it.
    """
    found = []
    addr, listed = data.get("addr", ""), data.get("ipv4addrs", ())
    usual = _as_listed(addr, data.get("netmask", "")) if addr and listed else None
    if addr and not (usual in listed and _is_ipv4(addr)):
        found.append(Entry(addr, f"{pointer}/addr", data.get("netmask", ""), primary=True))
        usual = None
    for i, text in enumerate(listed):
        found.append(Entry(text, f"{pointer}/ipv4addrs/{i}", primary=text == usual))
    for i, text in enumerate(data.get("ipv6addrs", ())):
        found.append(Entry(text, f"{pointer}/ipv6addrs/{i}", primary=i == 0))
    return found


def addresses_in(data: Mapping[str, Any], key: str) -> frozenset[Address]:
    """Return the well-formed addresses of one of `addr`, `ipv4addrs`, `ipv6addrs`."""
    return frozenset(entry.address for entry in read_owned("", entries_of({key: data[key]}, "")).addresses)


def addr_conflict(ifname: str, data: Mapping[str, Any]) -> tuple[Finding, ...]:
    """Return what is wrong where `addr` and `ipv4addrs` of a device contradict each other."""
    if _agrees(data):
        return ()
    beside = read_owned("", entries_of({key: data.get(key, "") for key in ("addr", "netmask")}, "")).addresses
    listed = read_owned("", entries_of({"ipv4addrs": data["ipv4addrs"]}, "")).addresses
    primary, others = ({owned.address for owned in found} for found in (beside, listed))
    is_other_length = primary <= others and _lengths_differ(beside, listed)
    if (primary and not primary <= others) or (others and not data["addr"]) or is_other_length:
        shown = quote(data["addr"]) if data["addr"] else "empty"
        found = Finding(
            FindingCode.ADDR_CONFLICT,
            Severity.WARNING,
            f"of {quote(ifname)} the report's `addr` is {shown}, which does not fit its `ipv4addrs`; both count",
            (ifname,),
            tuple(str(address) for address in sorted(primary | others)),
        )
        return (found,)
    return ()


def _agrees(data: Mapping[str, Any]) -> bool:
    """Return whether `addr` and `ipv4addrs` need no second look: one is missing, or both say the same the usual way."""
    if "ipv4addrs" not in data or "addr" not in data:
        return True
    addr, listed = data["addr"], data["ipv4addrs"]
    return _as_listed(addr, data.get("netmask", "")) in listed if addr and listed else not (addr or listed)


def _as_listed(addr: str, netmask: str) -> str | None:
    """Return how `ipv4addrs` writes what `addr` and `netmask` say, None where it may write it in other ways.

    An IPv6 text that means an IPv4 address has another length.
    """
    length = NETMASKS.get(netmask)
    return None if length is None or ":" in addr or "/" in addr else f"{addr}/{length}"


def _lengths_differ(beside: tuple[OwnedAddress, ...], listed: tuple[OwnedAddress, ...]) -> bool:
    """Return whether `netmask` contradicts the prefix lengths that `ipv4addrs` gives the same address."""
    lengths = {owned.prefix for owned in listed if any(owned.address == one.address for one in beside)}
    return any(one.prefix is not None and one.prefix not in lengths for one in beside)


def _is_ipv4(text: str) -> bool:
    """Return whether a text is a full IPv4 address."""
    try:
        return bool(inet_pton(AF_INET, text))
    except (OSError, ValueError):
        return False
