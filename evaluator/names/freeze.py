"""What a look-up found becomes the frozen answer set that decisions are made on.

The same rules for a look-up that has just ended and for one that is read from a record.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from msgspec import Struct
from msgspec.structs import replace

from evaluator.base.diagnostic import Severity
from evaluator.base.finding import Finding, FindingCode
from evaluator.base.text import quote
from evaluator.facts.address import in_order, parse_address
from evaluator.facts.host_addresses import HostAddresses
from evaluator.names.host_name import HostName
from evaluator.names.hosts_file import HostsEntry
from evaluator.names.lookup import Family, lookup_findings

_NO_HOSTS_FILE = "only DNS was asked: if the name is in a hosts file, use `--hosts FILE`"
_MDNS = "names below `.local` are for mDNS, which is not asked: put the name into a hosts file for `--hosts`"
_LOOPBACK = (parse_address("127.0.0.1"), parse_address("::1"))


class Found(Struct, frozen=True):
    """A name, and what the hosts file (where one was named) and DNS said of it."""

    name: HostName
    hosts: HostsEntry | None
    families: tuple[Family, ...]
    require_complete: bool

    @property
    def source(self) -> str:
        """What answers: `hosts` or `dns`."""
        return "hosts" if self.hosts is not None and self.hosts.addresses else "dns"


def freeze_loopback(name: HostName, resolution: Mapping[str, object]) -> HostAddresses:
    """Return what RFC 6761 gives `localhost` and the names below it."""
    return HostAddresses(_LOOPBACK, asked=name.asked, first=_LOOPBACK[0], resolution=resolution)


def freeze(found: Found, resolution: Mapping[str, Any]) -> HostAddresses:
    """Make the frozen set of what was found; DNS is only compared where the hosts file has the name."""
    remarks = (*found.name.findings(), *_hosts_findings(found))
    asked = found.name.asked
    if found.hosts is not None and found.hosts.addresses:
        first = min(found.hosts.addresses, key=lambda address: address.version)
        return HostAddresses(
            in_order(found.hosts.addresses), asked, first=first, remarks=remarks, resolution=resolution
        )
    answers = tuple(address for family in found.families for address in family.addresses)
    complete = all(family.outcome.proves_absence for family in found.families)
    remarks = (*remarks, *lookup_findings(asked, found.families, _servers(resolution), _elsewhere(found)))
    host = HostAddresses(in_order(answers), asked, complete, next(iter(answers), None), remarks, resolution)
    if complete or not found.require_complete:
        return host
    return replace(host, answers=(), first=None, withheld=host.answers)


def _elsewhere(found: Found) -> str:
    """Return where else the name may be known."""
    if found.name.ascii.endswith(".local"):
        return _MDNS
    return _NO_HOSTS_FILE if found.hosts is None else ""


def _servers(resolution: Mapping[str, Any]) -> tuple[str, ...]:
    """Return the name servers of a resolution, as they were configured."""
    config = resolution.get("config")
    return tuple(config["servers"]) if config else ()


def _hosts_findings(found: Found) -> Iterator[Finding]:
    if found.hosts is None:
        return
    shown = quote(found.name.asked)
    for text in dict.fromkeys(found.hosts.malformed):
        message = f"the hosts file gives {shown} {quote(text)}, which is not a valid address; the line was left out"
        yield Finding(FindingCode.HOSTS_ENTRY_MALFORMED, Severity.WARNING, message)
    has_answers = any(family.addresses for family in found.families)
    if found.hosts.addresses and has_answers and any(_disagrees(family, found.hosts) for family in found.families):
        listed = ", ".join(map(str, in_order(found.hosts.addresses)))
        answered = ", ".join(map(str, in_order(one for family in found.families for one in family.addresses)))
        message = f"the hosts file gives {shown} {listed}, and DNS {answered}; the hosts file counts"
        yield Finding(FindingCode.HOSTS_AND_DNS_DISAGREE, Severity.WARNING, message, hint="make the two agree")


def _disagrees(family: Family, hosts: HostsEntry) -> bool:
    """Return whether a family that was answered gives other addresses than the hosts file."""
    version = 4 if family.rdtype == "A" else 6
    listed = {address for address in hosts.addresses if address.version == version}
    return family.outcome.proves_absence and set(family.addresses) != listed
