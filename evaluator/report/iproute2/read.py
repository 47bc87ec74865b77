"""`ip -j -d addr show`, with routes beside it if they are given, becomes facts.

Also without `-d`, when nothing has a kind; with `-br`, which leaves out flags, types and families as well; with `-o`,
which names the interface in each address only; and what `activenic collect` writes. Each fact is taken from its own
entry, and what a mode leaves out is never read as a denial. Names that are no UTF-8 are read by `kernel_names.py`.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from functools import partial
from itertools import chain

import msgspec
from msgspec import UNSET

from evaluator.base.checked_cast import proven
from evaluator.base.diagnostic import Diagnostic, ReportCode, ReportError, Severity
from evaluator.base.finding import Finding, FindingCode
from evaluator.base.text import quote, quote_all
from evaluator.facts.address import ADDRESS_FLAGS
from evaluator.facts.host import HostFacts, Told
from evaluator.facts.link import Kind, Link
from evaluator.facts.table import table_of
from evaluator.report.common import NETWORK_WORDS, ROUTE_WORDS, place_of
from evaluator.report.consistency import contradictions
from evaluator.report.iproute2 import wire
from evaluator.report.iproute2.gaps import absent_families, gaps, refuse_without_facts
from evaluator.report.iproute2.link import Interface, Iproute2Link, Neighbours, has_details, interface_of
from evaluator.report.iproute2.route import RoutingTable, read_routes
from evaluator.report.json_text import plain_copy
from evaluator.report.kernel_names import with_readable_names
from evaluator.report.reading import Reading, converted, decoded, refuse_invalid, simplified

SCHEMA = "iproute2-report"
_LACKING = NETWORK_WORDS | {"nic is dhcp", "nic is dhcpv6", "nic.speed"}
_LINK_WORDS = frozenset({"nic is carrier", "nic.altnames"})
_ADDRESS_WORDS = frozenset({"address.label", *(f"address is {flag}" for flag in ADDRESS_FLAGS)})
_DETAIL_WORDS = frozenset({"nic.alias", *(f"nic is {kind}" for kind in Kind if kind is not Kind.LOOPBACK)})
_IF_MISSING = "use `ip -j -d addr show` without `dev` or another filter"
_FAMILIES = frozenset({4, 6})
_NO_MEMBERS: frozenset[str] = frozenset()
_OUTPUTS = msgspec.json.Decoder(list[wire.Interface])
_COLLECTED = msgspec.json.Decoder(wire.Collected)
_OCTETS = msgspec.msgpack.Encoder()


def read_text(text: bytes) -> Reading | None:
    """Return what the text of an output results in; None if only its plain value can show whether it is one."""
    if b"\\" in text:  # a name with a backslash, perhaps
        return None
    if text.lstrip()[:1] == b"[":
        entries = decoded(_OUTPUTS, text)
        return None if entries is None or not _is_usual(entries) else _reading(wire.Collected(addr=entries), "")
    found = decoded(_COLLECTED, text)
    is_usual = found is not None and found.is_plain and _is_usual(found.addr)
    return _reading(found, "/addr") if found is not None and is_usual else None


def read(document: object) -> Reading:
    """Return what the output of `ip` results in; ReportError with every problem if it is invalid."""
    is_bare = isinstance(document, list)
    value = {"addr": document} if is_bare else document
    found = converted(value, wire.Collected)
    is_usual = found is not None and _is_usual(found.addr) and _is_readable(found)
    if found is None or not is_usual:
        found = _of_odd_value(document, is_bare=is_bare)
    return _reading(found, "" if is_bare else "/addr")


def _is_readable(found: wire.Collected) -> bool:
    """Return whether no text in it holds a backslash or octets that are not UTF-8."""
    try:
        return b"\\" not in _OCTETS.encode(found)
    except UnicodeEncodeError:
        return False


def _is_usual(entries: Sequence[wire.Interface]) -> bool:
    """Return whether each entry has a name and addresses, so that the types check all that the schema does."""
    return all(entry.ifname is not UNSET and entry.addr_info is not UNSET for entry in entries)


def _of_odd_value(document: object, *, is_bare: bool) -> wire.Collected:
    """Return the same of any output that the schema accepts."""
    is_collected = isinstance(document, dict) and "schema_version" in document
    if not is_collected:  # collect has made them readable
        document = with_readable_names(document)
    parts = document if isinstance(document, dict) else {"addr": document}
    refuse_without_facts(parts.get("addr"), "" if is_bare else "/addr")
    document = plain_copy(document)
    refuse_invalid(document, f"{SCHEMA}#addresses" if is_bare else SCHEMA)
    return msgspec.convert(simplified({"addr": document} if is_bare else document), wire.Collected)


def _reading(found: wire.Collected, pointer: str) -> Reading:
    interfaces = _interfaces(found.addr, pointer)
    tables = {family: part for family, part in ((4, found.route), (6, found.route6)) if part is not UNSET}
    table = read_routes(tables) if tables else None
    if table is not None:
        table.block_unknown(interfaces, chain.from_iterable(tables.values()))
    routed = frozenset(table.families) if table else frozenset()
    neighbours = Neighbours(interfaces, table.ways() if table else {}, routed)
    is_collected = found.schema_version is not UNSET
    facts = HostFacts(
        _links(neighbours),
        table_of(neighbours.address_texts()),
        Told(
            lacking=_lacking(found.addr, has_routes=bool(routed)),
            absent_families=frozenset() if is_collected else absent_families(interfaces),
            unrouted=_FAMILIES - routed if routed else frozenset(),
            other_lists=_most_names(neighbours),
            all_lists=partial(_count_lists, neighbours),
        ),
        tuple if table is None else table.leading_nowhere,
    )
    return Reading(facts, partial(findings, found.addr, neighbours, table, facts))


def _most_names(neighbours: Neighbours) -> int:
    """Return a length that no list of lower devices and routes of one interface exceeds."""
    ways = [len(ways.routes) + len(ways.gateways) for ways in neighbours.ways.values()]
    names = [len(one.data.altnames) for one in neighbours.interfaces.values() if one.data.altnames is not UNSET]
    return max([4, *ways, *names, *map(len, neighbours.members.values())])


def _count_lists(neighbours: Neighbours) -> int:
    """Return how long the lists of lower devices, routes and names of all interfaces are together."""
    ways = sum(len(ways.routes) + len(ways.gateways) for ways in neighbours.ways.values())
    names = sum(len(one.data.altnames) for one in neighbours.interfaces.values() if one.data.altnames is not UNSET)
    peers = sum(len(one.addresses) for one in neighbours.interfaces.values())
    return ways + names + peers + sum(map(len, neighbours.members.values())) + 4 * len(neighbours.interfaces)


def _lacking(entries: Sequence[wire.Interface], *, has_routes: bool) -> frozenset[str]:
    """Return the words that the mode of the output cannot supply: without `-d`, with `-br`, with `-o`."""
    lacking = _LACKING if has_routes else _LACKING | ROUTE_WORDS
    if not any(map(has_details, entries)):
        lacking |= _DETAIL_WORDS
    if not any(entry.flags is not UNSET for entry in entries):
        lacking |= _LINK_WORDS
    addresses = [one for entry in entries if entry.addr_info is not UNSET for one in entry.addr_info]
    is_brief = any(one.local is not UNSET for one in addresses) and all(one.family is UNSET for one in addresses)
    return lacking | _ADDRESS_WORDS if is_brief else lacking


def _interfaces(entries: Sequence[wire.Interface], pointer: str) -> dict[str, Interface]:
    """Return the entries by name; ReportError if a name stands twice. Entries without a name were filtered out."""
    kinds = _kinds_of_masters(entries)
    interfaces: dict[str, Interface] = {}
    problems = []
    for i, entry in enumerate(entries):
        for name, places in _names(entry):
            interface = interface_of(name, entry, f"{pointer}/{i}", kinds.get(name, _NO_MEMBERS), places)
            first = interfaces.setdefault(name, interface)
            if first is not interface:
                message = f"{quote(name)} stands twice, first at {quote(first.pointer)}"
                problems.append(Diagnostic(ReportCode.NAME_TWICE, message, interface.pointer))
    if problems:
        raise ReportError(problems)
    return interfaces


def _names(entry: wire.Interface) -> Iterable[tuple[str, Sequence[int] | None]]:
    """Return the names in an entry; `ip -o` prints the name as the `dev` of each address, whose places come with it."""
    if entry.ifname is not UNSET:
        return ((entry.ifname, None),)
    places: dict[str, list[int]] = {}
    for i, one in enumerate(() if entry.addr_info is UNSET else entry.addr_info):
        if one.dev is not UNSET:
            places.setdefault(one.dev, []).append(i)
    return places.items()


def _kinds_of_masters(entries: Iterable[wire.Interface]) -> dict[str, frozenset[str]]:
    """Return which kinds the members of each master say that it has; a member may not say any."""
    kinds: dict[str, set[str]] = defaultdict(set)
    for entry in entries:
        if entry.master is not UNSET and entry.linkinfo is not UNSET and entry.linkinfo.info_slave_kind:
            kinds[entry.master].add(entry.linkinfo.info_slave_kind)
    return {name: frozenset(of_name) for name, of_name in kinds.items()}


def _links(neighbours: Neighbours) -> dict[str, Link]:
    """Return the links, in the order of a report: nics, vlans, bonds, bridges."""
    ordered = sorted(neighbours.interfaces.values(), key=lambda one: place_of(one.kind))
    return {one.name: Iproute2Link(one.name, one.kind, at, one, neighbours) for at, one in enumerate(ordered)}


def findings(
    entries: Sequence[wire.Interface], neighbours: Neighbours, table: RoutingTable | None, facts: HostFacts
) -> Iterator[Finding]:
    """Yield what is wrong with an output."""
    interfaces = neighbours.interfaces
    for one in facts.by_name.values():
        link = proven(one, Iproute2Link)
        if link.kind is Kind.LOOPBACK or link.name in facts.table.odd:
            yield from link.owned().findings
        yield from link.findings()
        yield from _master_not_reported(link.interface, interfaces)
    yield from gaps(entries, interfaces)
    yield from contradictions(facts, _IF_MISSING)
    yield from table.findings if table else ()
    yield from _kinds_unknown(facts, interfaces)


def _master_not_reported(interface: Interface, interfaces: Mapping[str, Interface]) -> Iterator[Finding]:
    master, info = interface.data.master, interface.data.linkinfo
    if master is not UNSET and master not in interfaces:
        kind = "" if info is UNSET else info.info_slave_kind
        yield Finding(
            FindingCode.MASTER_NOT_REPORTED,
            Severity.WARNING,
            f"{quote(interface.name)} is enslaved to {quote(master)}"
            + (f", a {quote(kind)}," if kind else "")
            + " which the report does not describe",
            (interface.name,),
            hint="use `ip -j -d addr show` without `dev`, `master` or `type`",
        )


def _kinds_unknown(facts: HostFacts, interfaces: Mapping[str, Interface]) -> Iterator[Finding]:
    names = [name for name, one in interfaces.items() if _is_kind_untold(one)]
    if names:
        message = f"the report has no kinds for {quote_all(sorted(names)[:5])}, so a bridge may go unnoticed"
        if len(names) > 5:
            message = f"the report has no kinds for its {len(names)} interfaces, so a bridge may go unnoticed"
        yield Finding(FindingCode.KIND_UNKNOWN, Severity.WARNING, message, hint="use `ip -j -d addr show`")
    yield from filter(None, map(_members_disagree, interfaces.values()))
    for link in facts.by_name.values():
        if link.kind is Kind.OVS and link.addresses:
            message = (
                f"{quote(link.name)} belongs to Open vSwitch, and the kernel does not report whether it is a bridge"
            )
            yield Finding(
                FindingCode.KIND_UNKNOWN,
                Severity.WARNING,
                message,
                (link.name,),
                hint=f"run `ovs-vsctl br-exists {link.name}` on the host",
            )


def _is_kind_untold(interface: Interface) -> bool:
    return not (interface.has_details or interface.info_kind or interface.kind is Kind.LOOPBACK)


def _members_disagree(interface: Interface) -> Finding | None:
    kinds = interface.member_kinds
    if interface.info_kind or len(kinds) < 2:
        return None
    message = f"the members of {quote(interface.name)} report different kinds of it: {quote_all(sorted(kinds))}"
    return Finding(
        FindingCode.KIND_UNKNOWN, Severity.WARNING, message, (interface.name,), hint="use `ip -j -d addr show`"
    )
