"""Finds signs that the output of `ip` is incomplete.

The host can have addresses that an incomplete output does not contain. The signs are:

- An empty object in the list of links. In iproute2 4.14 and 4.15, the filters `up` and `dev` of `ip addr show` leave
  such an object (`{"addr_info": []}`) for each link that they remove.
- An empty object in the list of addresses. `scope` and similar filters leave such an object for each address that they
  remove.
- A link without a name and without addresses: `ip -o` does not name a link that has no address.
- An address family without an address: `ip -4` and `ip -6` omit the other family.
- A link without a list of addresses: the output of `ip link` has no such lists. If no link has such a list, the output
  is refused.

A gap between the indexes of links is not a sign. Complete output has gaps too, because the kernel does not reuse the
index of a removed link.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence

from msgspec import UNSET

from evaluator.base.diagnostic import Diagnostic, ReportCode, ReportError
from evaluator.base.finding import Finding, incomplete
from evaluator.base.text import quote_all
from evaluator.report.iproute2 import wire
from evaluator.report.iproute2.interface import Interface

_USE_WHOLE = "use `ip -j -d addr show` without `up`, `dev` or another filter"
_USE_ADDR = "use `ip -j -d addr show`; `ip link` prints no addresses"
_USE_NAMES = "use `ip -j -d addr show`; with `label`, `ip` prints no names"
_MOST_NAMES = 5
_LEFT_OUT = wire.Address()


def refuse_without_facts(entries: object, pointer: str) -> None:
    """Raise ReportError if no interface has a list of addresses, or if a list of addresses has no interface name."""
    listed = entries if isinstance(entries, list) else []
    objects = [(i, entry) for i, entry in enumerate(listed) if isinstance(entry, dict)]
    has_lists = any(isinstance(entry.get("addr_info"), list) for _, entry in objects)
    if any(entry for _, entry in objects) and not has_lists:
        message = "the report has no addresses: no interface has `addr_info`"
        raise ReportError([Diagnostic(ReportCode.INVALID, message, pointer or "/", _USE_ADDR)])
    problems = [
        Diagnostic(ReportCode.INVALID, "missing name: the addresses have neither `ifname` nor `dev`", place, _USE_NAMES)
        for place, entry in ((f"{pointer}/{i}", entry) for i, entry in objects)
        if set(entry) == {"addr_info"} and isinstance(entry["addr_info"], list) and not _has_names(entry["addr_info"])
    ]
    if problems:
        raise ReportError(problems)


def _has_names(addresses: Iterable[object]) -> bool:
    return all(not isinstance(address, dict) or not address or address.get("dev") is not None for address in addresses)


def gaps(entries: Sequence[wire.Interface], interfaces: Mapping[str, Interface]) -> Iterator[Finding]:
    """Yield a finding for each indication that the output is incomplete."""
    without_name = [entry for entry in entries if entry.ifname is UNSET]
    unnamed = sum(not any(map(_is_shown, _addresses(entry))) for entry in without_name)
    if unnamed and any(interface.data.ifname is UNSET for interface in interfaces.values()):
        message = f"{_entries(unnamed)} no name: `ip -o` does not name links without an address"
        yield incomplete(message, hint="use `ip -j -d addr show` without `-o`")
    elif unnamed:
        yield incomplete(f"{_entries(unnamed)} no name: `up` or `dev` filtered these links out", hint=_USE_WHOLE)
    elif not interfaces:
        yield incomplete("the report describes no interface", hint=_USE_WHOLE)
    without_text = [address for entry in entries for address in _addresses(entry) if address.local is UNSET]
    hidden = without_text.count(_LEFT_OUT)
    if hidden:
        message = "1 entry of `addr_info` is" if hidden == 1 else f"{hidden} entries of `addr_info` are"
        yield incomplete(f"{message} empty, because `scope` or another filter left out the address", hint=_USE_WHOLE)
    without_addresses = [name for name, interface in interfaces.items() if interface.data.addr_info is UNSET]
    without_list = sorted(name for name in without_addresses if interfaces[name].data.ifname is not UNSET)
    if without_list:
        names = quote_all(without_list) if len(without_list) <= _MOST_NAMES else f"{len(without_list)} interfaces"
        yield incomplete(f"the report does not list the addresses of {names}", hint=_USE_ADDR)


def _entries(count: int) -> str:
    return "1 entry has" if count == 1 else f"{count} entries have"


def _addresses(entry: wire.Interface) -> Sequence[wire.Address]:
    return () if entry.addr_info is UNSET else entry.addr_info


def _is_shown(address: wire.Address) -> bool:
    """Return whether an address entry is not empty. A filter of `ip` leaves empty entries."""
    return address.local is not UNSET or address != _LEFT_OUT
