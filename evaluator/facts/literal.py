"""Parses addresses that a user gives as the address of a host. The address can be in brackets or have a zone."""

from __future__ import annotations

from collections.abc import Iterable
from typing import TYPE_CHECKING

from evaluator.base.diagnostic import Diagnostic, HostNameCode, HostNameError
from evaluator.base.text import quote
from evaluator.facts.address import Address, parse_address
from evaluator.facts.standard_ip import ipaddress

if TYPE_CHECKING:
    Literal = str | ipaddress.IPv4Address | ipaddress.IPv6Address


class ZoneError(ValueError):
    """The address has a zone, but only a link-local IPv6 address can have one."""


def parse_literals(texts: Iterable[Literal]) -> list[Address]:
    """Return the addresses in texts, in the same order.

    Raises HostNameError, which lists each invalid text, if a text is not an address.
    """
    problems: list[Diagnostic] = []
    addresses: list[Address] = []
    for text in texts:
        try:
            addresses.append(parse_literal(text if isinstance(text, str) else _text_of(text)))
        except ZoneError as error:
            problems.append(_not_an_address(text, f": {error}"))
        except (ValueError, TypeError):
            problems.append(_not_an_address(text, ""))
    if problems:
        raise HostNameError(problems)
    return addresses


def parse_literal(text: str) -> Address:
    """Return the address in a text, without the brackets and the zone.

    Raises ValueError if the text is invalid, and ZoneError if the zone is not allowed. Raises TypeError if `text` is
    not a string.
    """
    try:
        return parse_address(text)
    except ValueError:
        is_bracketed = text.startswith("[") and text.endswith("]") and ":" in text
        if not is_bracketed and "%" not in text:
            raise
    body, percent, zone = (text[1:-1] if is_bracketed else text).partition("%")
    address = parse_address(body)
    is_zone = zone.isprintable() and zone and not set(zone) & set("/% ")
    if percent and not (address.version == 6 and address.is_link_local and is_zone):
        raise ZoneError("only a link-local IPv6 address can have a zone")
    return address


def _text_of(address: ipaddress.IPv4Address | ipaddress.IPv6Address) -> str:
    return str(address) if isinstance(address, ipaddress.IPv4Address | ipaddress.IPv6Address) else address


def _not_an_address(text: object, reason: str) -> Diagnostic:
    return Diagnostic(
        HostNameCode.ADDRESS_INVALID,
        f"{quote(str(text))} is not a valid IP address{reason}",
        hint="write IPv4 as four decimal numbers without leading zeros, IPv6 as in RFC 5952",
    )
