"""Address entries of a report become owned addresses; what is no address becomes a finding.

What counts as owning is DESIGN 2.3: every well-formed address of an interface, but not loopback,
multicast, broadcast or unspecified ones. A malformed entry never spoils the good ones beside it and
never reaches a resolver: it is text that is no address, nothing more.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import NamedTuple

from evaluator.base.diagnostic import Severity
from evaluator.base.finding import Finding, FindingCode
from evaluator.base.text import quote
from evaluator.facts.address import NO_FLAGS, Address, OwnedAddress, length_of, read_entry
from evaluator.facts.link import NOTHING_OWNED, Owned
from evaluator.facts.netmask import parse_netmask


class Entry(NamedTuple):
    """One address as the report has it: `address`, `address/length` or `address/netmask`, and its place.

    `netmask` is the mask and `length` the prefix length where the format gives it beside the address;
    `primary` marks the address that the reporting tool shows first. `label` and `flags` are the kernel's.
    """

    text: str
    pointer: str
    netmask: str = ""
    primary: bool = False
    length: int | None = None
    label: str | None = None
    flags: frozenset[str] = NO_FLAGS


_Good = tuple[Address, int | None, Entry]  # an address that counts, its prefix length, where it stands


def read_owned(ifname: str, entries: Iterable[Entry]) -> Owned:
    """Return what the entries of an interface come to."""
    good: list[_Good] = []
    findings: list[Finding] = []
    malformed: list[str] = []
    for entry in entries:
        try:
            address, prefix = _read_entry(entry)
        except ValueError:
            malformed.append(entry.text)
            findings.append(_malformed(ifname, entry.text if entry.length is None else f"{entry.text}/{entry.length}"))
            continue
        reason = address.unusable
        if not reason:
            good.append((address, prefix, entry))
        elif reason != "unspecified":
            findings.append(_not_counted(ifname, address, reason))
        if prefix is None and entry.netmask:
            findings.append(_malformed_netmask(ifname, entry))
    texts = tuple(sorted(set(malformed)))
    return Owned(_without_duplicates(good), tuple(findings), texts) if good or findings else NOTHING_OWNED


def _read_entry(entry: Entry) -> tuple[Address, int | None]:
    address, prefix = read_entry(entry.text)
    if prefix is None and entry.netmask:
        prefix = _netmask_length(entry.netmask)
    if prefix is None and entry.length is not None:
        prefix = length_of(address, entry.text, entry.length)
    return address, prefix


def _netmask_length(netmask: str) -> int | None:
    try:
        return parse_netmask(netmask)
    except ValueError:
        return None


def _without_duplicates(good: Sequence[_Good]) -> tuple[OwnedAddress, ...]:
    """Merge what was listed twice; an address beside a netmask takes the length that its list gives."""
    same: dict[Address, list[_Good]] = {}
    for one in good:
        same.setdefault(one[0], []).append(one)
    found: list[OwnedAddress] = []
    for address in sorted(same) if len(same) > 1 else same:
        several = same[address]
        found += _merged(several) if len(several) > 1 else [_owned(several, is_primary=several[0][2].primary)]
    return tuple(found)


def _merged(several: Sequence[_Good]) -> list[OwnedAddress]:
    """Return one address as often as it has different lengths, the shortest first."""
    is_primary = any(entry.primary for _, _, entry in several)
    listed = [one for one in several if "/" in one[2].text]
    if any(prefix is not None for _, prefix, _ in listed):
        several = listed
    by_prefix: dict[int, list[_Good]] = {}
    for one in sorted(several, key=_place):
        by_prefix.setdefault(-1 if one[1] is None else one[1], []).append(one)
    return [_owned(same, is_primary=is_primary) for _, same in sorted(by_prefix.items())]


def _owned(same: Sequence[_Good], *, is_primary: bool) -> OwnedAddress:
    """Return one address of one length; where several entries give it, independent of their order but for the place."""
    address, prefix, entry = same[0]
    label, flags = entry.label, entry.flags
    if len(same) > 1:
        label = min((one.label for _, _, one in same if one.label is not None), default=None)
        flags = NO_FLAGS.union(*(one.flags for _, _, one in same))
    return OwnedAddress(address, prefix, is_primary, entry.text, entry.pointer, label, flags)


def _place(one: _Good) -> tuple[str, str]:
    return one[2].pointer, one[2].text


def _malformed(ifname: str, text: str) -> Finding:
    what = quote(text) if text else "an empty text"
    return Finding(
        FindingCode.MALFORMED_ADDRESS,
        Severity.WARNING,
        f"{quote(ifname)} has {what}, which is not a valid IP address; it is ignored",
        interfaces=(ifname,),
    )


def _malformed_netmask(ifname: str, entry: Entry) -> Finding:
    return Finding(
        FindingCode.MALFORMED_ADDRESS,
        Severity.WARNING,
        f"{quote(ifname)} gives {quote(entry.netmask)} as the netmask of {quote(entry.text)}, which is not valid; "
        "the address counts without a subnet",
        interfaces=(ifname,),
    )


def _not_counted(ifname: str, address: Address, reason: str) -> Finding:
    return Finding(
        FindingCode.ADDRESS_NOT_COUNTED,
        Severity.INFO,
        f"{quote(ifname)} has {quote(str(address))}; {reason} addresses do not identify a host and do not count",
        interfaces=(ifname,),
        addresses=(str(address),),
    )
