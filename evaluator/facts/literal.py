"""Addresses as people write them where a host is named: by itself, in brackets, with a zone of their own."""

from __future__ import annotations

from collections.abc import Iterable
from typing import TYPE_CHECKING

from evaluator.base.diagnostic import Diagnostic, HostNameCode, HostNameError
from evaluator.base.text import quote
from evaluator.facts.address import Address, parse_address

if TYPE_CHECKING:
    import ipaddress

    Literal = str | ipaddress.IPv4Address | ipaddress.IPv6Address


class ZoneError(ValueError):
    """An address with a zone where none can be."""


def parse_literals(texts: Iterable[Literal]) -> list[Address]:
    """Read addresses in their order; HostNameError names each that is none."""
    problems: list[Diagnostic] = []
    found: list[Address] = []
    for text in texts:
        try:
            found.append(parse_literal(text if isinstance(text, str) else _text_of(text)))
        except ZoneError as error:
            problems.append(_not_an_address(text, f": {error}"))
        except (ValueError, TypeError):
            problems.append(_not_an_address(text, ""))
    if problems:
        raise HostNameError(problems)
    return found


def parse_literal(text: str) -> Address:
    """Read one such address; ValueError if it is not JSON."""
    if not isinstance(text, str):
        raise TypeError("an address is a text")
    body = text[1:-1] if text.startswith("[") and text.endswith("]") and ":" in text else text
    if "%" not in body:
        return parse_address(body)
    body, _, zone = body.partition("%")
    address = parse_address(body)
    is_zone = zone.isprintable() and zone and not set(zone) & set("/% ")
    if not (address.version == 6 and address.is_link_local and is_zone):
        raise ZoneError("a zone goes with a link-local IPv6 address only")
    return address


def _text_of(address: ipaddress.IPv4Address | ipaddress.IPv6Address) -> str:
    import ipaddress  # noqa: PLC0415 -- who hands one over has imported it

    return str(address) if isinstance(address, ipaddress.IPv4Address | ipaddress.IPv6Address) else address


def _not_an_address(text: object, why: str) -> Diagnostic:
    return Diagnostic(
        HostNameCode.ADDRESS_INVALID,
        f"{quote(str(text))} is no IP address{why}",
        hint="write IPv4 as four decimal numbers without leading zeros, IPv6 as in RFC 5952",
    )
