"""`ip -j -d addr show`, with routes beside it where they are given, becomes facts.

Also without `-d`, where nothing has a kind; and what `activenic collect` writes. Names that are no
UTF-8 are read by `kernel_names.py`.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from evaluator.diagnostic import Diagnostic, ReportCode, ReportError, Severity
from evaluator.facts.host import HostFacts
from evaluator.facts.link import Kind, Link
from evaluator.finding import Finding, FindingCode, merge
from evaluator.report.beyond_vdsm import NETWORK_WORDS, ROUTE_WORDS, place_of
from evaluator.report.contradictions import contradictions
from evaluator.report.iproute2_link import Interface, link_of, lowers_of
from evaluator.report.iproute2_route import RoutingTable, read_routes
from evaluator.report.kernel_names import with_readable_names
from evaluator.report.reading import Report, refuse_invalid
from evaluator.text import quote, quote_all

SCHEMA = "iproute2-report"
_OF_DETAILS = ("linkinfo", "promiscuity", "num_tx_queues")
_TABLES = {"route": 4, "route6": 6}
_LACKING = NETWORK_WORDS | {"nic is dhcp", "nic.speed"}
_KIND_WORDS = {f"nic is {kind}" for kind in Kind if kind is not Kind.LOOPBACK}


def read(document: object) -> Report:
    """Return the report that the output of `ip` makes; ReportError with every problem where it is none."""
    given = document
    if not (isinstance(document, dict) and "schema_version" in document):  # collect has made them readable
        document = with_readable_names(document)
    is_bare = isinstance(document, list)
    refuse_invalid(document, f"{SCHEMA}#addresses" if is_bare else SCHEMA)
    parts: Mapping[str, Any] = {"addr": document} if is_bare else document  # type: ignore[assignment]
    interfaces = _interfaces(parts["addr"], "" if is_bare else "/addr")
    tables = {family: parts[key] for key, family in _TABLES.items() if key in parts}
    table = read_routes(tables) if tables else None
    if table is not None:
        table.block_unknown(interfaces)
    links, findings = _links(interfaces, table)
    facts = HostFacts(
        links=links,
        blocked=tuple(sorted(table.blocked)) if table else (),
        lacking=_lacking(has_kinds=_has_kinds(parts["addr"]), has_routes=len(tables) == len(_TABLES)),
    )
    findings += [*contradictions(facts), *(table.findings if table else ())]
    for interface in interfaces.values():
        findings.extend(_master_not_reported(interface, interfaces))
    findings.extend(_kinds_unknown(facts, interfaces))
    return Report("iproute2", facts, merge(findings), given)


def _lacking(*, has_kinds: bool, has_routes: bool) -> frozenset[str]:
    return _LACKING | (frozenset() if has_kinds else _KIND_WORDS) | (frozenset() if has_routes else ROUTE_WORDS)


def _has_kinds(entries: list[Mapping[str, Any]]) -> bool:
    return any(key in entry for entry in entries for key in _OF_DETAILS)


def _interfaces(entries: list[Mapping[str, Any]], pointer: str) -> dict[str, Interface]:
    """Return the entries by name; ReportError where a name stands twice. Filtered ones are empty objects."""
    has_kinds = _has_kinds(entries)
    found: dict[str, Interface] = {}
    problems = []
    for i, entry in enumerate(entries):
        if not entry:
            continue
        interface = Interface(entry["ifname"], entry, f"{pointer}/{i}", has_kinds)
        first = found.setdefault(interface.name, interface)
        if first is not interface:
            message = f"{quote(interface.name)} stands twice, first at {quote(first.pointer)}"
            problems.append(Diagnostic(ReportCode.NAME_TWICE, message, interface.pointer))
    if problems:
        raise ReportError(problems)
    return found


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
            hint="report all interfaces, or the one above may be missed",
        )


def _kinds_unknown(facts: HostFacts, interfaces: Mapping[str, Interface]) -> Iterator[Finding]:
    names = [name for name, one in interfaces.items() if not one.has_kinds and one.kind is not Kind.LOOPBACK]
    if names:
        message = f"the report does not say what {quote_all(sorted(names)[:5])} are; a bridge may go unnoticed"
        if len(names) > 5:
            message = f"the report does not say what its {len(names)} interfaces are; a bridge may go unnoticed"
        yield Finding(FindingCode.KIND_UNKNOWN, Severity.WARNING, message, hint="use `ip -j -d addr show`")
    for link in facts.links:
        if link.kind is Kind.OVS and link.addresses:
            message = f"{quote(link.name)} belongs to Open vSwitch; the kernel does not tell whether it is a bridge"
            yield Finding(
                FindingCode.KIND_UNKNOWN, Severity.WARNING, message, (link.name,), hint="`ovs-vsctl br-exists` tells"
            )


def with_routes(text: bytes, tables: Mapping[int, bytes]) -> bytes:
    """Return the output of `ip -j addr` with those of `ip -j route` beside it by their families, as one text."""
    parts = {"addr": text, **{key: tables[family] for key, family in _TABLES.items() if family in tables}}
    return b"{" + b", ".join(b'"%s": %s' % (key.encode(), part) for key, part in parts.items()) + b"}"
