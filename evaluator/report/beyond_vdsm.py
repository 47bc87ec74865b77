"""What other tools' reports hold and VDSM's never does: loopback links, and gateways as text of any sort."""

from __future__ import annotations

from collections.abc import Iterable

from evaluator.diagnostic import Severity
from evaluator.facts.address import Address, parse_address
from evaluator.facts.link import Kind
from evaluator.finding import Finding, FindingCode
from evaluator.report.owned import Entry, Owned, read_owned
from evaluator.text import quote


def read_addresses(ifname: str, kind: Kind, entries: Iterable[Entry]) -> Owned:
    """Return what the interface owns, nothing for a loopback link, and what is wrong."""
    owned = read_owned(ifname, entries)
    if kind is not Kind.LOOPBACK:
        return owned
    malformed = (finding for finding in owned.findings if finding.code == FindingCode.MALFORMED_ADDRESS)
    return Owned((), (*malformed, *(_on_loopback(ifname, str(one)) for one in owned.addresses)))


def read_gateway(ifname: str, text: str) -> tuple[Address | None, tuple[Finding, ...]]:
    """Return the address of a gateway, None for one that is empty or unspecified, and what is wrong with it."""
    try:
        address = parse_address(text.partition("%")[0]) if text else None
    except ValueError:
        message = f"{quote(ifname)} gives {quote(text)} as its gateway, which is no IP address; it was left out"
        return None, (Finding(FindingCode.MALFORMED_ADDRESS, Severity.WARNING, message, (ifname,)),)
    return (None if address is None or address.unusable else address), ()


def _on_loopback(ifname: str, address: str) -> Finding:
    message = f"{quote(ifname)} has {quote(address)}; addresses of a loopback link do not count"
    return Finding(FindingCode.ADDRESS_NOT_COUNTED, Severity.INFO, message, (ifname,), (address,))
