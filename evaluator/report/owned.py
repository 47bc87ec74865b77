"""Parses the address entries of a report into owned addresses; an invalid entry becomes a finding.

An interface owns each of its valid addresses, except loopback, multicast, broadcast and unspecified addresses
(docs/reports.md). An invalid entry does not affect valid entries. The text of an invalid entry is never looked up as a
host name.
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


class AddressEntry(NamedTuple):
    """One address entry of a report.

    `text` is `address`, `address/length` or `address/netmask`, and `pointer` is the JSON Pointer of `text`. `netmask`
    or `length` is set if the format has a separate member for it. `primary` is true for the address that the reporting
    tool lists first. `label` and `flags` are the label and the flags in the kernel.
    """

    text: str
    pointer: str
    netmask: str = ""
    primary: bool = False
    length: int | None = None
    label: str | None = None
    flags: frozenset[str] = NO_FLAGS


_Valid = tuple[Address, int | None, AddressEntry]  # an address that counts, its prefix length, and its entry


def read_owned(ifname: str, entries: Iterable[AddressEntry]) -> Owned:
    """Return the addresses in the entries of an interface, with findings for invalid entries and unusable addresses."""
    valid: list[_Valid] = []
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
            valid.append((address, prefix, entry))
        elif reason != "unspecified":
            findings.append(_not_counted(ifname, address, reason))
        if prefix is None and entry.netmask:
            findings.append(_malformed_netmask(ifname, entry))
    texts = tuple(sorted(set(malformed)))
    return Owned(_without_duplicates(valid), tuple(findings), texts) if valid or findings else NOTHING_OWNED


def _read_entry(entry: AddressEntry) -> tuple[Address, int | None]:
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


def _without_duplicates(valid: Sequence[_Valid]) -> tuple[OwnedAddress, ...]:
    """Return the addresses sorted; entries with the same address and length become one address."""
    by_address: dict[Address, list[_Valid]] = {}
    for item in valid:
        by_address.setdefault(item[0], []).append(item)
    merged: list[OwnedAddress] = []
    for address in sorted(by_address) if len(by_address) > 1 else by_address:
        items = by_address[address]
        merged += _merged(items) if len(items) > 1 else [_owned(items, is_primary=items[0][2].primary)]
    return tuple(merged)


def _merged(items: Sequence[_Valid]) -> list[OwnedAddress]:
    """Return one owned address for each prefix length that the entries of one address have, the shortest length first.

    If an entry has the length in its text (`address/length`), only entries of this form are used.
    """
    is_primary = any(entry.primary for _, _, entry in items)
    with_length = [item for item in items if "/" in item[2].text]
    if any(prefix is not None for _, prefix, _ in with_length):
        items = with_length
    by_prefix: dict[int, list[_Valid]] = {}
    for item in sorted(items, key=_sort_key):
        by_prefix.setdefault(-1 if item[1] is None else item[1], []).append(item)
    return [_owned(same, is_primary=is_primary) for _, same in sorted(by_prefix.items())]


def _owned(same: Sequence[_Valid], *, is_primary: bool) -> OwnedAddress:
    """Return one owned address for entries with the same address and length.

    The text and the pointer are from the first entry. Nothing else depends on the order of the entries.
    """
    address, prefix, entry = same[0]
    label, flags = entry.label, entry.flags
    if len(same) > 1:
        label = min((entry.label for _, _, entry in same if entry.label is not None), default=None)
        flags = NO_FLAGS.union(*(entry.flags for _, _, entry in same))
    return OwnedAddress(address, prefix, is_primary, entry.text, entry.pointer, label, flags)


def _sort_key(item: _Valid) -> tuple[str, str]:
    return item[2].pointer, item[2].text


def _malformed(ifname: str, text: str) -> Finding:
    shown = quote(text) if text else "an empty text"
    return Finding(
        FindingCode.MALFORMED_ADDRESS,
        Severity.WARNING,
        f"{quote(ifname)} has {shown}, which is not a valid IP address and is ignored",
        interfaces=(ifname,),
    )


def _malformed_netmask(ifname: str, entry: AddressEntry) -> Finding:
    return Finding(
        FindingCode.MALFORMED_ADDRESS,
        Severity.WARNING,
        f"{quote(ifname)} has {quote(entry.text)} with the invalid netmask {quote(entry.netmask)}; "
        "activenic uses the address without a subnet",
        interfaces=(ifname,),
    )


def _not_counted(ifname: str, address: Address, reason: str) -> Finding:
    return Finding(
        FindingCode.ADDRESS_NOT_COUNTED,
        Severity.INFO,
        f"{quote(ifname)} has {quote(str(address))}; {reason} addresses do not identify a host, "
        "so activenic ignores them",
        interfaces=(ifname,),
        addresses=(str(address),),
    )
