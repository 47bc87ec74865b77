"""The address entries of a VDSM device or network: `addr` with its `netmask`, `ipv4addrs` and `ipv6addrs`."""

from __future__ import annotations

from collections.abc import Sequence

from evaluator.base.diagnostic import Severity
from evaluator.base.finding import Finding, FindingCode
from evaluator.base.text import quote
from evaluator.facts.address import Address, OwnedAddress, is_ipv4
from evaluator.facts.netmask import NETMASKS
from evaluator.report.owned import Entry, read_owned
from evaluator.report.vdsm.wire import Device

FAMILIES = ("addr", "ipv4addrs", "ipv6addrs")


def entries_of(data: Device, pointer: str) -> list[Entry]:
    """Return the address entries of a device or network; the engine's primary ones are `addr` and the first IPv6."""
    return [
        *_of_addr(data.addr or "", data.netmask or "", data.ipv4addrs or (), pointer),
        *(Entry(text, f"{pointer}/ipv6addrs/{i}", primary=i == 0) for i, text in enumerate(data.ipv6addrs or ())),
    ]


def _of_addr(addr: str, netmask: str, listed: Sequence[str], pointer: str) -> list[Entry]:
    """Return the IPv4 entries; an `addr` that its list gives as well stands here once, as the list has it."""
    usual = _as_listed(addr, netmask) if addr and listed else None
    found = []
    if addr and not (usual in listed and is_ipv4(addr)):
        found.append(Entry(addr, f"{pointer}/addr", netmask, primary=True))
        usual = None
    found.extend(Entry(text, f"{pointer}/ipv4addrs/{i}", primary=text == usual) for i, text in enumerate(listed))
    return found


def addresses_in(data: Device, family: str) -> frozenset[Address]:
    """Return the well-formed addresses of one of `FAMILIES`."""
    texts = [data.addr or ""] if family == "addr" else getattr(data, family) or ()
    return frozenset(owned.address for owned in read_owned("", [Entry(text, "") for text in texts if text]).addresses)


def addr_conflict(ifname: str, data: Device) -> tuple[Finding, ...]:
    """Return what is wrong where `addr` and `ipv4addrs` of a device contradict each other."""
    addr, netmask, texts = data.addr, data.netmask or "", data.ipv4addrs
    if addr is None or texts is None or is_listed(data) or not (addr or texts):
        return ()
    beside = read_owned("", _of_addr(addr, netmask, (), "")).addresses
    listed = read_owned("", _of_addr("", "", texts, "")).addresses
    primary, others = ({owned.address for owned in found} for found in (beside, listed))
    is_other_length = primary <= others and _lengths_differ(beside, listed)
    if not ((primary and not primary <= others) or (others and not addr) or is_other_length):
        return ()
    shown = quote(addr) if addr else "empty"
    found = Finding(
        FindingCode.ADDR_CONFLICT,
        Severity.WARNING,
        f"the `addr` of {quote(ifname)} is {shown}, which does not agree with its `ipv4addrs`; both count",
        (ifname,),
        tuple(str(address) for address in sorted(primary | others)),
    )
    return (found,)


def is_listed(data: Device) -> bool:
    """Return whether the list gives `addr` with its netmask as VDSM writes it."""
    addr, texts = data.addr, data.ipv4addrs
    return bool(addr) and texts is not None and _as_listed(addr or "", data.netmask or "") in texts


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
