"""`ip -j -d addr show`, with routes beside it if they are given, becomes facts.

Also without `-d`, when nothing has a kind; with `-br`, which leaves out flags, types and families as well; with `-o`,
which names the interface in each address only; and what `activenic collect` writes. Each fact is taken from its own
entry, and what a mode leaves out is never read as a denial. Names that are no UTF-8 are read by `kernel_names.py`.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping
from typing import Any

from evaluator.diagnostic import Diagnostic, ReportCode, ReportError, Severity
from evaluator.facts.host import HostFacts
from evaluator.facts.link import Kind, Link
from evaluator.finding import Finding, FindingCode, merge
from evaluator.report.beyond_vdsm import NETWORK_WORDS, ROUTE_WORDS, Part, place_of
from evaluator.report.contradictions import contradictions
from evaluator.report.iproute2_gaps import absent_families, gaps, refuse_without_facts
from evaluator.report.iproute2_link import Interface, interface_of, link_of, lowers_of
from evaluator.report.iproute2_route import RoutingTable, read_routes
from evaluator.report.json_text import without_nulls
from evaluator.report.kernel_names import with_readable_names
from evaluator.report.reading import Report, refuse_invalid
from evaluator.text import quote, quote_all

SCHEMA = "iproute2-report"
_TABLES = {"route": 4, "route6": 6}
_LACKING = NETWORK_WORDS | {"nic is dhcp", "nic.speed"}
_KIND_WORDS = {f"nic is {kind}" for kind in Kind if kind is not Kind.LOOPBACK}


def read(document: object) -> Report:
    """Return the report that the output of `ip` makes; ReportError with every problem where it is none."""
    given = document
    is_collected = isinstance(document, dict) and "schema_version" in document
    if not is_collected:  # collect has made them readable
        document = with_readable_names(document)
    is_bare = isinstance(document, list)
    parts: Mapping[str, Any] = document if isinstance(document, dict) else {"addr": document}
    pointer = "" if is_bare else "/addr"
    refuse_without_facts(parts.get("addr"), pointer)
    refuse_invalid(document, f"{SCHEMA}#addresses" if is_bare else SCHEMA)
    parts = without_nulls(parts)
    interfaces = _interfaces(parts["addr"], pointer)
    tables = {family: parts[key] for key, family in _TABLES.items() if key in parts}
    table = read_routes(tables) if tables else None
    if table is not None:
        table.block_unknown(interfaces)
    links, findings = _links(interfaces, table)
    has_kinds = any(one.has_details for one in interfaces.values())
    facts = HostFacts(
        links=links,
        blocked=tuple(sorted(table.blocked)) if table else (),
        lacking=_lacking(has_kinds=has_kinds, has_routes=table is not None and len(table.families) == len(_TABLES)),
        absent_families=frozenset() if is_collected else absent_families(interfaces.values()),
    )
    findings += [*gaps(parts["addr"], interfaces), *contradictions(facts), *(table.findings if table else ())]
    for interface in interfaces.values():
        findings.extend(_master_not_reported(interface, interfaces))
    findings.extend(_kinds_unknown(facts, interfaces))
    return Report("iproute2", facts, merge(findings), given)


def _lacking(*, has_kinds: bool, has_routes: bool) -> frozenset[str]:
    return _LACKING | (frozenset() if has_kinds else _KIND_WORDS) | (frozenset() if has_routes else ROUTE_WORDS)


def _interfaces(entries: list[Mapping[str, Any]], pointer: str) -> dict[str, Interface]:
    """Return the entries by name; ReportError if a name stands twice. Entries without a name were filtered out."""
    kinds = _kinds_of_masters(entries)
    interfaces: dict[str, Interface] = {}
    problems = []
    for i, entry in enumerate(entries):
        for name, addresses in _named(entry, f"{pointer}/{i}"):
            interface = interface_of(name, entry, f"{pointer}/{i}", addresses, kinds.get(name, frozenset()))
            first = interfaces.setdefault(name, interface)
            if first is not interface:
                message = f"{quote(name)} stands twice, first at {quote(first.pointer)}"
                problems.append(Diagnostic(ReportCode.NAME_TWICE, message, interface.pointer))
    if problems:
        raise ReportError(problems)
    return interfaces


def _named(entry: Mapping[str, Any], pointer: str) -> Iterator[tuple[str, tuple[Part, ...]]]:
    """Yield each interface of an entry with its addresses; `ip -o` prints the name as the `dev` of each address."""
    listed = enumerate(entry.get("addr_info", ()))
    parts = [Part(address, f"{pointer}/addr_info/{i}") for i, address in listed if address]
    if "ifname" in entry:
        yield entry["ifname"], tuple(parts)
        return
    by_name: dict[str, list[Part]] = defaultdict(list)
    for part in parts:
        by_name[part.data["dev"]].append(part)
    yield from ((name, tuple(of_name)) for name, of_name in by_name.items())


def _kinds_of_masters(entries: Iterable[Mapping[str, Any]]) -> dict[str, frozenset[str]]:
    """Return which kinds the members of each master say that it has; a member may not say any."""
    kinds: dict[str, set[str]] = defaultdict(set)
    for entry in entries:
        kind = entry.get("linkinfo", {}).get("info_slave_kind", "")
        if kind and "master" in entry:
            kinds[entry["master"]].add(kind)
    return {name: frozenset(of_name) for name, of_name in kinds.items()}


def _links(interfaces: Mapping[str, Interface], table: RoutingTable | None) -> tuple[tuple[Link, ...], list[Finding]]:
    lowers = lowers_of(interfaces)
    links: list[Link] = []
    findings: list[Finding] = []
    for position, interface in enumerate(sorted(interfaces.values(), key=lambda one: place_of(one.kind))):
        below = lowers[interface.name]
        missing = tuple(name for name in below.names if name not in interfaces)
        ways = table.ways(interface.name) if table else None
        link, problems = link_of(interface, position, below, missing, ways)
        links.append(link)
        findings.extend(problems)
    return tuple(links), findings


def _master_not_reported(interface: Interface, interfaces: Mapping[str, Interface]) -> Iterator[Finding]:
    if interface.master is not None and interface.master not in interfaces:
        kind = interface.info.get("info_slave_kind", "")
        yield Finding(
            FindingCode.MASTER_NOT_REPORTED,
            Severity.WARNING,
            f"{quote(interface.name)} is enslaved to {quote(interface.master)}"
            + (f", a {quote(kind)}," if kind else "")
            + " which the report does not describe",
            (interface.name,),
            hint="the interface above may be missed: use `ip -j -d addr show` without `dev`, `master` or `type`",
        )


def _kinds_unknown(facts: HostFacts, interfaces: Mapping[str, Interface]) -> Iterator[Finding]:
    names = [name for name, one in interfaces.items() if _is_kind_untold(one)]
    if names:
        message = f"the report does not say what {quote_all(sorted(names)[:5])} are; a bridge may go unnoticed"
        if len(names) > 5:
            message = f"the report does not say what its {len(names)} interfaces are; a bridge may go unnoticed"
        yield Finding(FindingCode.KIND_UNKNOWN, Severity.WARNING, message, hint="use `ip -j -d addr show`")
    yield from filter(None, map(_members_disagree, interfaces.values()))
    for link in facts.links:
        if link.kind is Kind.OVS and link.addresses:
            message = f"{quote(link.name)} belongs to Open vSwitch; the kernel does not tell whether it is a bridge"
            yield Finding(
                FindingCode.KIND_UNKNOWN, Severity.WARNING, message, (link.name,), hint="`ovs-vsctl br-exists` tells"
            )


def _is_kind_untold(interface: Interface) -> bool:
    return not (interface.has_details or interface.info_kind or interface.kind is Kind.LOOPBACK)


def _members_disagree(interface: Interface) -> Finding | None:
    kinds = interface.member_kinds
    if interface.info_kind or len(kinds) < 2:
        return None
    message = f"the members of {quote(interface.name)} disagree about its kind: {quote_all(sorted(kinds))}"
    return Finding(
        FindingCode.KIND_UNKNOWN, Severity.WARNING, message, (interface.name,), hint="use `ip -j -d addr show`"
    )
