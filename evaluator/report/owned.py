"""Address entries of a report become owned addresses; what is no address becomes a finding.

What counts as owning is DESIGN 2.3: every well-formed address of an interface, but not loopback,
multicast, broadcast or unspecified ones. A malformed entry never spoils the good ones beside it and
never reaches a resolver: it is text that is no address, nothing more.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from evaluator.diagnostic import Severity
from evaluator.facts.address import OwnedAddress, length_of, parse_netmask, read_entry
from evaluator.finding import Finding, FindingCode
from evaluator.frozen import dataclass, replace
from evaluator.text import quote


@dataclass(frozen=True, slots=True)
class Entry:
    """One address as the report has it: `address`, `address/length` or `address/netmask`, and its place.

    `netmask` is the mask and `length` the prefix length where the format gives it beside the address;
    `primary` marks the address that the reporting tool shows first.
    """

    text: str
    pointer: str
    netmask: str = ""
    primary: bool = False
    length: int | None = None


@dataclass(frozen=True, slots=True)
class Owned:
    """What an interface owns, sorted and without duplicates, what is wrong, and the texts that are no address."""

    addresses: tuple[OwnedAddress, ...]
    findings: tuple[Finding, ...]
    malformed: tuple[str, ...] = ()


def read_owned(ifname: str, entries: Iterable[Entry]) -> Owned:
    """Return what the entries of an interface come to."""
    good: list[OwnedAddress] = []
    findings: list[Finding] = []
    malformed: list[str] = []
    for entry in entries:
        try:
            owned = _read_entry(entry)
        except ValueError:
            malformed.append(entry.text)
            findings.append(_malformed(ifname, entry.text if entry.length is None else f"{entry.text}/{entry.length}"))
            continue
        reason = owned.address.unusable
        if not reason:
            good.append(owned)
        elif reason != "unspecified":
            findings.append(_not_counted(ifname, owned, reason))
        if entry.netmask and owned.prefix is None:
            findings.append(_malformed_netmask(ifname, entry))
    return Owned(_without_duplicates(good), tuple(findings), tuple(malformed))


def _read_entry(entry: Entry) -> OwnedAddress:
    address, prefix = read_entry(entry.text)
    if prefix is None and entry.netmask:
        prefix = _netmask_length(entry.netmask)
    if prefix is None and entry.length is not None:
        prefix = length_of(address, entry.text, entry.length)
    return OwnedAddress(address, prefix, entry.primary, entry.text, entry.pointer)


def _netmask_length(netmask: str) -> int | None:
    try:
        return parse_netmask(netmask)
    except ValueError:
        return None


def _without_duplicates(owned: Sequence[OwnedAddress]) -> tuple[OwnedAddress, ...]:
    """Merge what was listed twice; an address beside a netmask takes the length that its list gives."""
    listed = {o.address for o in owned if "/" in o.raw and o.prefix is not None}
    primary = {o.address for o in owned if o.primary}
    merged: dict[tuple[object, int | None], OwnedAddress] = {}
    for entry in sorted(owned, key=lambda o: (o.pointer, o.raw)):
        if "/" in entry.raw or entry.address not in listed:
            merged.setdefault((entry.address, entry.prefix), replace(entry, primary=entry.address in primary))
    return tuple(sorted(merged.values(), key=lambda o: o.sort_key))


def _malformed(ifname: str, text: str) -> Finding:
    what = quote(text) if text else "an empty text"
    return Finding(
        FindingCode.MALFORMED_ADDRESS,
        Severity.WARNING,
        f"{quote(ifname)} lists {what}, which is no IP address; it was left out",
        interfaces=(ifname,),
    )


def _malformed_netmask(ifname: str, entry: Entry) -> Finding:
    return Finding(
        FindingCode.MALFORMED_ADDRESS,
        Severity.WARNING,
        f"{quote(ifname)} gives {quote(entry.netmask)} as the netmask of {quote(entry.text)}, which is none; "
        "the address counts without a subnet",
        interfaces=(ifname,),
    )


def _not_counted(ifname: str, owned: OwnedAddress, reason: str) -> Finding:
    return Finding(
        FindingCode.ADDRESS_NOT_COUNTED,
        Severity.INFO,
        f"{quote(ifname)} lists {quote(str(owned.address))}; {reason} addresses identify no host and do not count",
        interfaces=(ifname,),
        addresses=(str(owned.address),),
    )
