"""Find where the report contains a host address that no interface owns.

The address can be on a loopback link, at the other end of a point-to-point link, or rejected by duplicate address
detection. The report can list the address without its interface, or in an invalid form. The address can also be an IPv6
address that contains an IPv4 address of an interface. Each of these causes explains a `no_match` better than the guess
that the host is behind NAT.

If every host address has an owner, nothing is searched.
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
_MOST_OWNERS = 20  # the most owners of an embedded IPv4 address that one finding names

_USE_ANOTHER = "use an address of another interface"
_ASK_HOST = "run `ip -j -d addr show` on the host"


class AddressLocation(Struct, frozen=True, order=True):
    """The location of an address that no interface owns: a message about this location, and a hint."""

    address: Address
    message: str
    hint: str


def locate_unowned(question: Question, report_findings: Iterable[Finding]) -> tuple[AddressLocation, ...]:
    """Find the usable host addresses that no interface owns, and return their locations in the report.

    The locations are sorted by address.
    """
    unowned = question.unowned
    if not unowned:
        return ()
    by_text = {str(address): address for address in unowned}
    locations = [*_in_findings(by_text, report_findings), *_embedded(question)]
    by_name = question.facts.by_name
    addresses = frozenset(unowned)
    for link in by_name.values():
        peers = link.peers
        if peers:
            locations.extend(_at_peer(link, address) for address in addresses & peers)
    for name in question.facts.table.irregular:
        locations.extend(_malformed(by_name[name], addresses))
    return tuple(sorted(locations))


def possible_readings(text: str) -> frozenset[Address]:
    """Return the addresses that programs may parse from an invalid address text, such as `010.0.0.1`."""
    body = text.strip(" []").partition("/")[0]
    addresses = set(map(parse_address, addresses_read(body)))
    with suppress(ValueError):
        addresses.add(parse_address(body))
    return frozenset(addresses)


def peer_message(link: Link, address: Address) -> str:
    """Return the message that an address is at the other end of a point-to-point link."""
    return f"{address} is the peer address of {quote(link.name)}"


def _in_findings(unowned_by_text: Mapping[str, Address], findings: Iterable[Finding]) -> Iterator[AddressLocation]:
    for finding in findings:
        describe = _FROM_FINDINGS.get(finding.code)
        if describe is not None:
            for text in finding.addresses:
                if text in unowned_by_text:
                    yield describe(unowned_by_text[text], finding)


def _on_loopback(address: Address, finding: Finding) -> AddressLocation:
    names = quote_all(finding.interfaces)
    message = f"{address} is on {names}, but activenic ignores addresses of a loopback link"
    return AddressLocation(address, message, f"{names} is a loopback link; {_USE_ANOTHER}")


def _is_duplicate(address: Address, finding: Finding) -> AddressLocation:
    names = quote_all(finding.interfaces)
    message = f"{address} is configured on {names}, but another host uses it (duplicate address detection failed)"
    return AddressLocation(address, message, f"two hosts use {address}: remove it from {names} or from the other host")


def _without_interface(address: Address, finding: Finding) -> AddressLocation:
    return AddressLocation(address, f"the report lists {address} without its interface", _ASK_HOST)


def _on_undescribed(address: Address, finding: Finding) -> AddressLocation:
    return AddressLocation(
        address, f"the report shows {address} on an interface that the report does not describe", finding.message
    )


_FROM_FINDINGS: Mapping[str, Callable[[Address, Finding], AddressLocation]] = {
    FindingCode.ADDRESS_NOT_COUNTED: _on_loopback,
    FindingCode.DUPLICATE_ADDRESS: _is_duplicate,
    FindingCode.ADDRESS_WITHOUT_INTERFACE: _without_interface,
    FindingCode.INTERFACE_NOT_DESCRIBED: _on_undescribed,
    FindingCode.NETWORK_CONFLICT: _on_undescribed,
    FindingCode.ROUTE_DEVICE_NOT_REPORTED: _on_undescribed,
}


def _at_peer(link: Link, address: Address) -> AddressLocation:
    addresses = [str(owned) for owned in link.addresses if owned.address.version == address.version]
    own_addresses = visible_names(addresses, _MOST_NAMES)
    name = quote(link.name)
    hint = f"{name} has no address of its own"
    if own_addresses:
        hint = f"{name} owns {own_addresses}; {address} is at the other end of the link"
    return AddressLocation(address, peer_message(link, address), hint)


def _malformed(link: Link, unowned: frozenset[Address]) -> Iterator[AddressLocation]:
    name = quote(link.name)
    for text in link.malformed:
        for address in possible_readings(text) & unowned:
            message = f"{name} has {quote(text)}, an invalid address that some programs read as {address}"
            yield AddressLocation(address, message, f"correct the address of {name}")


def _embedded(question: Question) -> Iterator[AddressLocation]:
    """Yield the locations of IPv6 addresses that contain an IPv4 address of an interface."""
    embedded = {address: pair for address in question.unowned for pair in (embedded_ipv4(address),) if pair}
    owners = question.facts.owners_of({ipv4 for _, ipv4 in embedded.values()})
    for address, (mechanism, ipv4) in embedded.items():
        names = owners.get(ipv4, ())[:_MOST_OWNERS]
        if names:
            verb = "owns" if len(names) == 1 else "own"
            message = f"{address} contains {ipv4} ({mechanism}), and {quote_some(names, _MOST_NAMES)} {verb} {ipv4}"
            hint = f"use {ipv4}"
            if mechanism is Mechanism.NAT64:
                hint = (
                    f"the resolver creates IPv6 addresses from IPv4 addresses (DNS64); use {ipv4}, or another resolver"
                )
            yield AddressLocation(address, message, hint)
