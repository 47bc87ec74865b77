"""A DNS response in wire form, read as far as addresses and aliases need it.

Read with dnspython's own parser of names and records, but only the record types that matter and at
most five hundred records: whatever a hostile server sends costs a bounded time, and an option that
is badly made does not take the answer with it. The same function reads a response when it arrives
and when it is replayed from a record years later.
"""

from __future__ import annotations

import struct
from collections.abc import Iterator

import dns.exception
import dns.flags
import dns.name
import dns.rcode
import dns.rdata
import dns.rdataclass
import dns.rdatatype
import dns.wire
from dns.rdtypes.ANY.CNAME import CNAME
from dns.rdtypes.IN.A import A
from dns.rdtypes.IN.AAAA import AAAA
from msgspec import Struct

from evaluator.facts.address import Address, parse_address

MOST_RECORDS = 500
_READ_TYPES = (dns.rdatatype.A, dns.rdatatype.AAAA, dns.rdatatype.CNAME)
_EXTENDED_ERROR = 15  # RFC 8914
_GREATEST_TTL = 2**31 - 1  # RFC 2181, 8: a greater one counts as 0


class MalformedResponseError(ValueError):
    """The octets are no DNS response that can be read."""


class Record(Struct, frozen=True):
    """An A, AAAA or CNAME record of class IN; `value` is the address or the alias's target."""

    owner: dns.name.Name
    rdtype: str
    ttl: int
    value: Address | dns.name.Name


class Response(Struct, frozen=True):
    """What one response says: `answers` in wire order, `zones` that prove absence by their SOA record."""

    rcode: str
    flags: str
    ede: tuple[tuple[int, str], ...]
    answers: tuple[Record, ...]
    zones: tuple[dns.name.Name, ...]
    refers: bool = False

    @property
    def is_referral(self) -> bool:
        """Whether it only names other servers: no answer, and no proof that there is none (RFC 2308, 2.1)."""
        return self.refers and self.is_empty

    @property
    def is_empty(self) -> bool:
        """Whether it has neither an answer nor the proof that there is none: a referral, perhaps."""
        return not self.answers and not self.zones


class _Raw(Struct, frozen=True):
    """One record before its content is read; `section` counts from the answer."""

    section: int
    owner: dns.name.Name
    rdtype: int
    rdclass: int
    ttl: int
    length: int


def read_response(wire: bytes) -> Response:
    """Return what the response says; MalformedResponseError where it cannot be read."""
    try:
        return _read(wire)
    except (dns.exception.DNSException, struct.error, ValueError) as error:
        said = str(error) or type(error).__name__
        raise MalformedResponseError(said) from None


def _read(wire: bytes) -> Response:
    parser = dns.wire.Parser(wire)
    _, flags, questions, *counts = parser.get_struct("!HHHHHH")
    if questions > 1 or sum(counts) > MOST_RECORDS:
        raise MalformedResponseError(f"{sum(counts)} records are more than {MOST_RECORDS}")
    for _ in range(questions):
        _name(parser)
        parser.get_struct("!HH")
    answers: list[Record] = []
    zones: list[dns.name.Name] = []
    ede: list[tuple[int, str]] = []
    rcode, refers = flags & 0x000F, False
    for raw in _records(parser, counts):
        if raw.rdtype == dns.rdatatype.OPT:
            rcode |= raw.ttl >> 24 << 4
            ede.extend(_extended_errors(parser.get_bytes(raw.length)))
        elif raw.rdclass != dns.rdataclass.IN or raw.section > 1:
            parser.get_bytes(raw.length)
        elif raw.section == 0 and raw.rdtype in _READ_TYPES:
            answers.append(_record(parser, raw))
        else:
            parser.get_bytes(raw.length)
            if raw.section == 1 and raw.rdtype == dns.rdatatype.SOA:
                zones.append(raw.owner)
            refers = refers or (raw.section == 1 and raw.rdtype == dns.rdatatype.NS)
    return Response(_rcode_text(rcode), dns.flags.to_text(flags), tuple(ede), tuple(answers), tuple(zones), refers)


def _records(parser: dns.wire.Parser, counts: list[int]) -> Iterator[_Raw]:
    """Yield each record's head; the caller reads its content before it goes on."""
    for section, count in enumerate(counts):
        for _ in range(count):
            owner = _name(parser)
            rdtype, rdclass, ttl, length = parser.get_struct("!HHIH")
            yield _Raw(section, owner, rdtype, rdclass, ttl, length)


def _name(parser: dns.wire.Parser) -> dns.name.Name:
    """Read a name, compressed or not; the parser's own method for it differs between versions of dnspython."""
    name, length = dns.name.from_wire(parser.wire, parser.current)
    parser.get_bytes(length)
    return name


def _record(parser: dns.wire.Parser, raw: _Raw) -> Record:
    with parser.restrict_to(raw.length):
        rdclass, rdtype = dns.rdataclass.RdataClass.make(raw.rdclass), dns.rdatatype.RdataType.make(raw.rdtype)
        rdata = dns.rdata.from_wire_parser(rdclass, rdtype, parser)
    if isinstance(rdata, CNAME):
        value: Address | dns.name.Name = rdata.target
    elif isinstance(rdata, A | AAAA):
        value = parse_address(rdata.address)
    else:
        raise MalformedResponseError("a record is not of the type that it says")
    ttl = raw.ttl if raw.ttl <= _GREATEST_TTL else 0
    return Record(raw.owner, dns.rdatatype.to_text(rdtype), ttl, value)


def _extended_errors(options: bytes) -> Iterator[tuple[int, str]]:
    """Yield the extended errors among the options of EDNS; from one that is cut short on, nothing is read."""
    at = 0
    while at + 4 <= len(options):
        code, length = struct.unpack_from("!HH", options, at)
        body = options[at + 4 : at + 4 + length]
        if len(body) < length:
            return
        if code == _EXTENDED_ERROR and length >= 2:
            yield int.from_bytes(body[:2], "big"), body[2:].rstrip(b"\0").decode("utf-8", errors="replace")
        at += 4 + length


def _rcode_text(rcode: int) -> str:
    return dns.rcode.to_text(dns.rcode.Rcode.make(rcode))
