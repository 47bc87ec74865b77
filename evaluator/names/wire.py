"""Parse the addresses and the aliases in a DNS response in wire format.

dnspython parses the names and the content of A, AAAA and CNAME records. The content of other records is not parsed, so
an invalid EDNS option does not make the whole response invalid. A response with more than 500 records is refused, so a
response from a hostile server is parsed in bounded time. The same function parses a new response and a response in a
decision record.
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
_HIGHEST_TTL = 2**31 - 1  # RFC 2181, 8: a higher value counts as 0


class MalformedResponseError(ValueError):
    """The octets are not a valid DNS response."""


class DnsRecord(Struct, frozen=True):
    """An A, AAAA or CNAME record of class IN; `value` is the address or the alias's target."""

    owner: dns.name.Name
    rdtype: str
    ttl: int
    value: Address | dns.name.Name


class Response(Struct, frozen=True):
    """A parsed response: `answers` in wire order, and `zones`, the owners of its SOA records.

    A SOA record can prove that the name does not exist, or that the name has no record of the queried type. `refers` is
    true if the authority section has NS records.
    """

    rcode: str
    flags: str
    ede: tuple[tuple[int, str], ...]
    answers: tuple[DnsRecord, ...]
    zones: tuple[dns.name.Name, ...]
    refers: bool = False

    @property
    def is_referral(self) -> bool:
        """Return whether the response is a referral: it only names other servers (RFC 2308, 2.1)."""
        return self.refers and self.is_empty

    @property
    def is_empty(self) -> bool:
        """Return whether the response has neither answers nor a proof of absence. Such a response can be a referral."""
        return not self.answers and not self.zones


class _RecordHeader(Struct, frozen=True):
    """The header of one record. `section` is 0 for answer, 1 for authority, 2 for additional."""

    section: int
    owner: dns.name.Name
    rdtype: int
    rdclass: int
    ttl: int
    length: int


def read_response(wire: bytes) -> Response:
    """Return the parsed response. Raises MalformedResponseError if the response is invalid."""
    try:
        return _read(wire)
    except (dns.exception.DNSException, struct.error, ValueError) as error:
        raise MalformedResponseError(str(error) or type(error).__name__) from None


def _read(wire: bytes) -> Response:
    parser = dns.wire.Parser(wire)
    _, flags, questions, *counts = parser.get_struct("!HHHHHH")
    if questions > 1 or sum(counts) > MOST_RECORDS:
        raise MalformedResponseError(f"{sum(counts)} records; at most {MOST_RECORDS} are allowed")
    for _ in range(questions):
        _name(parser)
        parser.get_struct("!HH")
    answers: list[DnsRecord] = []
    zones: list[dns.name.Name] = []
    ede: list[tuple[int, str]] = []
    rcode, refers = flags & 0x000F, False
    for header in _records(parser, counts):
        if header.rdtype == dns.rdatatype.OPT:
            rcode |= header.ttl >> 24 << 4
            ede.extend(_extended_errors(parser.get_bytes(header.length)))
        elif header.rdclass != dns.rdataclass.IN or header.section > 1:
            parser.get_bytes(header.length)
        elif header.section == 0 and header.rdtype in _READ_TYPES:
            answers.append(_record(parser, header))
        else:
            parser.get_bytes(header.length)
            if header.section == 1 and header.rdtype == dns.rdatatype.SOA:
                zones.append(header.owner)
            refers = refers or (header.section == 1 and header.rdtype == dns.rdatatype.NS)
    return Response(_rcode_text(rcode), dns.flags.to_text(flags), tuple(ede), tuple(answers), tuple(zones), refers)


def _records(parser: dns.wire.Parser, counts: list[int]) -> Iterator[_RecordHeader]:
    """Yield the header of each record; the caller must read the content of the record before the next header."""
    for section, count in enumerate(counts):
        for _ in range(count):
            owner = _name(parser)
            rdtype, rdclass, ttl, length = parser.get_struct("!HHIH")
            yield _RecordHeader(section, owner, rdtype, rdclass, ttl, length)


def _name(parser: dns.wire.Parser) -> dns.name.Name:
    """Read a name, compressed or not; the method of the parser differs between versions of dnspython."""
    name, length = dns.name.from_wire(parser.wire, parser.current)
    parser.get_bytes(length)
    return name


def _record(parser: dns.wire.Parser, header: _RecordHeader) -> DnsRecord:
    with parser.restrict_to(header.length):
        rdclass, rdtype = dns.rdataclass.RdataClass.make(header.rdclass), dns.rdatatype.RdataType.make(header.rdtype)
        rdata = dns.rdata.from_wire_parser(rdclass, rdtype, parser)
    if isinstance(rdata, CNAME):
        value: Address | dns.name.Name = rdata.target
    elif isinstance(rdata, A | AAAA):
        value = parse_address(rdata.address)
    else:
        raise MalformedResponseError("the data of a DNS record does not match its type")
    ttl = header.ttl if header.ttl <= _HIGHEST_TTL else 0
    return DnsRecord(header.owner, dns.rdatatype.to_text(rdtype), ttl, value)


def _extended_errors(options: bytes) -> Iterator[tuple[int, str]]:
    """Yield the extended errors in the EDNS options, each as its code and its text. Stop at a truncated option."""
    offset = 0
    while offset + 4 <= len(options):
        code, length = struct.unpack_from("!HH", options, offset)
        body = options[offset + 4 : offset + 4 + length]
        if len(body) < length:
            return
        if code == _EXTENDED_ERROR and length >= 2:
            yield int.from_bytes(body[:2], "big"), body[2:].rstrip(b"\0").decode("utf-8", errors="replace")
        offset += 4 + length


def _rcode_text(rcode: int) -> str:
    return dns.rcode.to_text(dns.rcode.Rcode.make(rcode))
