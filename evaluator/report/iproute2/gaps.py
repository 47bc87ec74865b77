"""What the output of `ip` leaves out, as far as one can see it.

`ip addr show` leaves an empty object for each link that `up` or `dev` filters away (`{"addr_info": []}` in 4.14 and
4.15) and for each address that `scope` and the like filter away; `ip -4` and `ip -6` leave a family out; `ip link`
has no addresses at all. An address that such a report does not show may be on the host all the same. Gaps between the
indexes of links are not evidence: an index is never used again.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence

from msgspec import UNSET

from evaluator.base.diagnostic import Diagnostic, ReportCode, ReportError
from evaluator.base.finding import Finding, incomplete
from evaluator.base.text import quote_all
from evaluator.report.iproute2 import wire
from evaluator.report.iproute2.link import Interface, family_of

_USE_WHOLE = "use `ip -j -d addr show` without `up`, `dev` or another filter"
_USE_ADDR = "use `ip -j -d addr show`; `ip link` prints no addresses"
_USE_NAMES = "use `ip -j -d addr show`; with `label` it prints no names"
_FAMILIES = frozenset({4, 6})
_MOST_NAMES = 5
_LEFT_OUT = wire.Address()


def refuse_without_facts(entries: object, pointer: str) -> None:
    """Raise ReportError if no interface has a list of addresses, or an address has no interface."""
    objects = [(i, one) for i, one in enumerate(entries) if isinstance(one, dict)] if isinstance(entries, list) else []
    has_lists = any(isinstance(one.get("addr_info"), list) for _, one in objects)
    if any(one for _, one in objects) and not has_lists:
        message = "the report has no addresses: no interface has `addr_info`"
        raise ReportError([Diagnostic(ReportCode.INVALID, message, pointer or "/", _USE_ADDR)])
    problems = [
        Diagnostic(ReportCode.INVALID, "missing name: the addresses have neither `ifname` nor `dev`", place, _USE_NAMES)
        for place, entry in ((f"{pointer}/{i}", one) for i, one in objects)
        if set(entry) == {"addr_info"} and isinstance(entry["addr_info"], list) and not _has_names(entry["addr_info"])
    ]
    if problems:
        raise ReportError(problems)


def _has_names(addresses: Iterable[object]) -> bool:
    return all(not isinstance(address, dict) or not address or address.get("dev") is not None for address in addresses)


def gaps(entries: Sequence[wire.Interface], interfaces: Mapping[str, Interface]) -> Iterator[Finding]:
    """Yield a finding for each way in which the output visibly leaves something out."""
    unnamed = sum(entry.ifname is UNSET and not any(map(_is_told, _addresses(entry))) for entry in entries)
    if unnamed and any(one.data.ifname is UNSET for one in interfaces.values()):
        message = f"{_entries(unnamed)} no name: `ip -o` does not name links without an address"
        yield incomplete(message, hint="use `ip -j -d addr show` without `-o`")
    elif unnamed:
        yield incomplete(f"{_entries(unnamed)} no name: links that `show up` or `dev` left out", hint=_USE_WHOLE)
    elif not interfaces:
        yield incomplete("the report describes no interface", hint=_USE_WHOLE)
    hidden = sum(not _is_told(address) for entry in entries for address in _addresses(entry))
    if hidden:
        message = "1 address is empty" if hidden == 1 else f"{hidden} addresses are empty"
        yield incomplete(f"{message}: `scope` or another filter left them out", hint=_USE_WHOLE)
    told = ((name, one.data) for name, one in interfaces.items())
    untold = sorted(name for name, data in told if data.addr_info is UNSET and data.ifname is not UNSET)
    if untold:
        names = quote_all(untold) if len(untold) <= _MOST_NAMES else f"{len(untold)} interfaces"
        yield incomplete(f"the report does not list the addresses of {names}", hint=_USE_ADDR)


def _entries(count: int) -> str:
    return "1 entry has" if count == 1 else f"{count} entries have"


def _addresses(entry: wire.Interface) -> Sequence[wire.Address]:
    return () if entry.addr_info is UNSET else entry.addr_info


def _is_told(address: wire.Address) -> bool:
    return address.local is not UNSET or address != _LEFT_OUT


def absent_families(interfaces: Mapping[str, Interface]) -> frozenset[int]:
    """Return the families of which no link has an address, loopback links included; none without an interface."""
    if not interfaces:
        return frozenset()
    lists = (_addresses(one.data) for one in interfaces.values())
    return _FAMILIES - {family_of(entry.local) for of_link in lists for entry in of_link if entry.local is not UNSET}
