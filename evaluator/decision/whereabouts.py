"""Where an address is that no interface owns, if the report shows it somewhere.

An address may be on a loopback link, at the other end of a point-to-point link, refused by duplicate address detection,
listed without its interface or in an invalid form, or be an IPv6 form of an IPv4 address that an interface owns. Each
of these explains a `no_match` better than the guess that the host is behind NAT. Nothing is looked up if every host
address has an owner.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import suppress

from msgspec import Struct

from evaluator.base.finding import Finding, FindingCode
from evaluator.base.text import quote, quote_all, quote_some, visible_names
from evaluator.facts.address import Address, parse_address
from evaluator.facts.embedded import Mechanism, embedded_ipv4
from evaluator.facts.link import Link
from evaluator.names.numerics import addresses_read
from evaluator.policy.language.environment import Question

_MOST_NAMES = 6
_MOST_OWNERS = 20  # that a finding is about, of those who own an address that is inside another

_USE_ANOTHER = "use an address of another interface"
_ASK_HOST = "ask the host with `ip -j -d addr show`"


class Place(Struct, frozen=True, order=True):
    """Where the report shows an address without an owner, in a message and a hint."""

    address: Address
    message: str
    hint: str


def whereabouts(question: Question, report_findings: Iterable[Finding]) -> tuple[Place, ...]:
    """Return where the usable host addresses without an owner are, sorted by address."""
    unowned = question.unowned
    if not unowned:
        return ()
    found = [*_in_findings({str(address): address for address in unowned}, report_findings), *_embedded(question)]
    by_name = question.facts.by_name
    wanted = frozenset(unowned)
    for link in by_name.values():
        peers = link.peers
        if peers:
            found.extend(_at_peer(link, address) for address in wanted & peers)
    for name in question.facts.table.odd:
        found.extend(_malformed(by_name[name], wanted))
    return tuple(sorted(found))


def may_mean(text: str) -> frozenset[Address]:
    """Return the addresses that some program reads in an invalid text."""
    body = text.strip(" []").partition("/")[0]
    found = set(map(parse_address, addresses_read(body)))
    with suppress(ValueError):
        found.add(parse_address(body))
    return frozenset(found)


def peer_sentence(link: Link, address: Address) -> str:
    """Return that an address is the other end of a point-to-point link."""
    return f"{address} is the peer address of {quote(link.name)}"


def _in_findings(unowned: Mapping[str, Address], findings: Iterable[Finding]) -> Iterator[Place]:
    """Yield the addresses that a finding on the report is about."""
    for finding in findings:
        describe = _FROM_FINDINGS.get(finding.code)
        if describe is not None:
            for text in finding.addresses:
                if text in unowned:
                    yield describe(unowned[text], finding)


def _on_loopback(address: Address, finding: Finding) -> Place:
    names = quote_all(finding.interfaces)
    message = f"{address} is on {names}, and addresses of a loopback link do not count"
    return Place(address, message, f"{names} is a loopback link; {_USE_ANOTHER}")


def _refused(address: Address, finding: Finding) -> Place:
    names = quote_all(finding.interfaces)
    message = f"{address} is configured on {names}, but another host uses it (duplicate address detection failed)"
    return Place(address, message, f"remove {address} from {names} or from the other host")


def _without_interface(address: Address, finding: Finding) -> Place:
    return Place(address, f"the report lists {address} without its interface", _ASK_HOST)


def _on_undescribed(address: Address, finding: Finding) -> Place:
    return Place(address, f"the report shows {address} on an interface that it does not describe", finding.message)


_FROM_FINDINGS: Mapping[str, Callable[[Address, Finding], Place]] = {
    FindingCode.ADDRESS_NOT_COUNTED: _on_loopback,
    FindingCode.DUPLICATE_ADDRESS: _refused,
    FindingCode.ADDRESS_WITHOUT_INTERFACE: _without_interface,
    FindingCode.INTERFACE_NOT_DESCRIBED: _on_undescribed,
    FindingCode.NETWORK_CONFLICT: _on_undescribed,
    FindingCode.ROUTE_DEVICE_NOT_REPORTED: _on_undescribed,
}


def _at_peer(link: Link, address: Address) -> Place:
    addresses = [str(owned) for owned in link.addresses if owned.address.version == address.version]
    own = visible_names(addresses, _MOST_NAMES)
    name = quote(link.name)
    hint = (
        f"{name} owns {own}; {address} is at the other end of the link" if own else f"{name} has no address of its own"
    )
    return Place(address, peer_sentence(link, address), hint)


def _malformed(link: Link, unowned: frozenset[Address]) -> Iterator[Place]:
    name = quote(link.name)
    for text in link.malformed:
        for address in may_mean(text) & unowned:
            message = f"{name} has {quote(text)}, an invalid address that some programs read as {address}"
            yield Place(address, message, f"correct the address of {name}")


def _embedded(question: Question) -> Iterator[Place]:
    embedded = {address: inside for address in question.unowned for inside in (embedded_ipv4(address),) if inside}
    owners = question.facts.owners_of({ipv4 for _, ipv4 in embedded.values()})
    for address, (mechanism, ipv4) in embedded.items():
        names = owners.get(ipv4, ())[:_MOST_OWNERS]
        if names:
            owning = f"{quote_some(names, _MOST_NAMES)} {'owns' if len(names) == 1 else 'own'}"
            message = f"{address} contains {ipv4} ({mechanism}), which {owning}"
            hint = f"use {ipv4}"
            if mechanism is Mechanism.NAT64:
                hint = f"the resolver makes IPv6 addresses of IPv4 addresses (DNS64); use {ipv4}, or another resolver"
            yield Place(address, message, hint)
