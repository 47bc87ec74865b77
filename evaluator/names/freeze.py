"""Combine the answers of the hosts file and of DNS into the fixed set of addresses that a decision uses.

A new lookup and the replay of a recorded lookup use the same function, so they give equal results.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from itertools import chain
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

_NO_HOSTS_FILE = "only DNS was queried: if the name is in a hosts file, use `--hosts FILE`"
_MDNS = "names below `.local` are for mDNS, which is not queried: put the name into a hosts file for `--hosts`"
_LOOPBACK = (parse_address("127.0.0.1"), parse_address("::1"))


class NameAnswers(Struct, frozen=True):
    """A name with its entry in the hosts file, if a file was given, and its answers from DNS."""

    name: HostName
    hosts: HostsEntry | None
    families: tuple[Family, ...]
    require_complete: bool

    @property
    def source(self) -> str:
        """Return the source of the addresses: `hosts` or `dns`."""
        return "hosts" if self.hosts is not None and self.hosts.addresses else "dns"


def freeze_loopback(name: HostName, resolution: Mapping[str, object]) -> HostAddresses:
    """Return the loopback addresses. RFC 6761 requires them for `localhost` and for names that end in `.localhost`."""
    return HostAddresses(_LOOPBACK, asked=name.asked, first=_LOOPBACK[0], resolution=resolution)


def freeze(answers: NameAnswers, resolution: Mapping[str, Any]) -> HostAddresses:
    """Return the addresses of a name, with findings on its lookup.

    If the hosts file has addresses for the name, these addresses are the result. The answers of DNS are only compared
    with them.
    """
    remarks = (*answers.name.findings(), *_hosts_findings(answers))
    asked = answers.name.asked
    if answers.hosts is not None and answers.hosts.addresses:
        first = min(answers.hosts.addresses, key=lambda address: address.version)
        return HostAddresses(
            in_order(answers.hosts.addresses), asked, first=first, remarks=remarks, resolution=resolution
        )
    addresses = tuple(address for family in answers.families for address in family.addresses)
    complete = all(family.outcome.proves_absence for family in answers.families)
    remarks = (*remarks, *lookup_findings(asked, answers.families, _servers(resolution), _elsewhere(answers)))
    host = HostAddresses(in_order(addresses), asked, complete, next(iter(addresses), None), remarks, resolution)
    if complete or not answers.require_complete:
        return host
    return replace(host, answers=(), first=None, withheld=host.answers)


def _elsewhere(answers: NameAnswers) -> str:
    """Return the hint to use a hosts file.

    The hint is empty if a hosts file was given, except for a name that ends in `.local`.
    """
    if answers.name.ascii.endswith(".local"):
        return _MDNS
    return _NO_HOSTS_FILE if answers.hosts is None else ""


def _servers(resolution: Mapping[str, Any]) -> tuple[str, ...]:
    """Return the configured name servers of a resolution."""
    config = resolution.get("config")
    return tuple(config["servers"]) if config else ()


def _hosts_findings(answers: NameAnswers) -> Iterator[Finding]:
    if answers.hosts is None:
        return
    name = quote(answers.name.asked)
    for text in dict.fromkeys(answers.hosts.malformed):
        message = f"the hosts file gives {name} the address {quote(text)}, which is invalid; this line was ignored"
        yield Finding(FindingCode.HOSTS_ENTRY_MALFORMED, Severity.WARNING, message)
    has_dns_addresses = any(family.addresses for family in answers.families)
    differs = any(_differs(family, answers.hosts) for family in answers.families)
    if answers.hosts.addresses and has_dns_addresses and differs:
        listed = ", ".join(map(str, in_order(answers.hosts.addresses)))
        resolved = ", ".join(map(str, in_order(chain.from_iterable(family.addresses for family in answers.families))))
        message = f"the hosts file gives {name} {listed}, but DNS gives {resolved}; the hosts file is used"
        yield Finding(
            FindingCode.HOSTS_AND_DNS_DISAGREE,
            Severity.WARNING,
            message,
            hint="correct the hosts file or the DNS records",
        )


def _differs(family: Family, hosts: HostsEntry) -> bool:
    """Return whether DNS and the hosts file have different addresses of this family.

    If the DNS lookup failed, the addresses in DNS are unknown, and the result is False.
    """
    version = 4 if family.rdtype == "A" else 6
    listed = {address for address in hosts.addresses if address.version == version}
    return family.outcome.proves_absence and set(family.addresses) != listed
