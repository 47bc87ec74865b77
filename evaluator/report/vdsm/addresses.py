"""Reads the address entries of a VDSM device or network: `addr` with `netmask`, `ipv4addrs` and `ipv6addrs`."""

from __future__ import annotations

from collections.abc import Sequence

from evaluator.base.diagnostic import Severity
from evaluator.base.finding import Finding, FindingCode
from evaluator.base.text import quote
from evaluator.facts.address import Address, OwnedAddress, is_ipv4
from evaluator.facts.netmask import NETMASKS
from evaluator.report.owned import AddressEntry, read_owned
from evaluator.report.vdsm.wire import Device

_LENGTHS = frozenset(map(str, range(33)))
FAMILIES = ("addr", "ipv4addrs", "ipv6addrs")


def entries_of(data: Device, pointer: str) -> list[AddressEntry]:
    """Return the address entries of a device or network.

    The primary addresses are the addresses that oVirt's engine uses: `addr`, and the first address of `ipv6addrs`.
    """
    return [
        *_of_addr(data.addr or "", data.netmask or "", data.ipv4addrs or (), pointer),
        *(
            AddressEntry(text, f"{pointer}/ipv6addrs/{i}", primary=i == 0)
            for i, text in enumerate(data.ipv6addrs or ())
        ),
    ]


def _of_addr(addr: str, netmask: str, listed: Sequence[str], pointer: str) -> list[AddressEntry]:
    """Return the IPv4 entries. If `ipv4addrs` also has the address in `addr`, only the entry in `ipv4addrs` is used."""
    primary = _as_listed(addr, netmask) if addr and listed else None
    entries = []
    if addr and not (primary in listed and is_ipv4(addr)):
        entries.append(AddressEntry(addr, f"{pointer}/addr", netmask, primary=True))
        primary = None
    entries.extend(
        AddressEntry(text, f"{pointer}/ipv4addrs/{i}", primary=text == primary) for i, text in enumerate(listed)
    )
    return entries


def addresses_in(data: Device, family: str) -> frozenset[Address]:
    """Return the valid addresses in one member of a device: `addr`, `ipv4addrs` or `ipv6addrs`."""
    texts = [data.addr or ""] if family == "addr" else getattr(data, family) or ()
    return frozenset(
        owned.address for owned in read_owned("", [AddressEntry(text, "") for text in texts if text]).addresses
    )


def addr_conflict(ifname: str, data: Device) -> tuple[Finding, ...]:
    """Return a finding if `addr` (with `netmask`) and `ipv4addrs` of a device contradict each other."""
    addr, netmask, texts = data.addr, data.netmask or "", data.ipv4addrs
    if addr is None or texts is None or is_listed(data) or not (addr or texts):
        return ()
    in_addr = read_owned("", _of_addr(addr, netmask, (), "")).addresses
    in_list = read_owned("", _of_addr("", "", texts, "")).addresses
    primary, listed = ({owned.address for owned in addresses} for addresses in (in_addr, in_list))
    has_other_length = primary <= listed and _lengths_differ(in_addr, in_list)
    if not ((primary and not primary <= listed) or (listed and not addr) or has_other_length):
        return ()
    shown = quote(addr) if addr else "empty"
    finding = Finding(
        FindingCode.ADDR_CONFLICT,
        Severity.WARNING,
        f"the `addr` of {quote(ifname)} is {shown}, which does not agree with its `ipv4addrs`; activenic uses both",
        (ifname,),
        tuple(str(address) for address in sorted(primary | listed)),
    )
    return (finding,)


def is_listed(data: Device) -> bool:
    """Return whether `ipv4addrs` contains the address in `addr`.

    If `netmask` is set, the address in `ipv4addrs` must have the prefix length of this netmask.
    """
    addr, texts = data.addr, data.ipv4addrs
    if not addr or texts is None:
        return False
    if data.netmask:
        return _as_listed(addr, data.netmask) in texts
    return any(body == addr and length in _LENGTHS for body, _, length in (text.partition("/") for text in texts))


def _as_listed(addr: str, netmask: str) -> str | None:
    """Return the address in `addr` and `netmask` in the form of `ipv4addrs`; None if this form is not certain.

    The form in `ipv4addrs` is not certain in three cases: the netmask is invalid, `addr` has a prefix length, or `addr`
    is an IPv4-mapped IPv6 address, whose prefix length counts IPv6 bits.
    """
    length = NETMASKS.get(netmask)
    return None if length is None or ":" in addr or "/" in addr else f"{addr}/{length}"


def _lengths_differ(in_addr: tuple[OwnedAddress, ...], in_list: tuple[OwnedAddress, ...]) -> bool:
    """Return whether `netmask` contradicts the prefix lengths of the same address in `ipv4addrs`."""
    addresses = {owned.address for owned in in_addr}
    lengths = {owned.prefix for owned in in_list if owned.address in addresses}
    return any(owned.prefix is not None and owned.prefix not in lengths for owned in in_addr)
