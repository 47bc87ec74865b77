"""Reads the output of `ip -j -d addr show` (an array), or an object with this output and routes (`activenic collect`).

`ip` has modes that print less, and users give the output of every mode. Without `-d` an entry has no kind. With `-br`
an entry also has no flags, link types and address families. With `-o` an entry has only addresses, and each address has
the name of its interface. So one entry can describe several interfaces. Filters leave empty objects. One rule covers
all modes: a fact that a mode does not print is unknown, never false or empty. `_unsupported_words` finds the words of
the rule language that the mode cannot supply, and `gaps.py` finds signs of missing interfaces and addresses.

The kind of an interface is the difficult fact. An entry can name another interface as its master. The kind of this
master decides whether the interface of the entry is a lower device of the master. If the entry of the master has no
kind, the entries of its slaves and ports can show the kind (`info_slave_kind`). If they disagree, the kind is unknown.

If each entry has a name and an address list (`_is_fully_checked`), the types of `wire.py` check as much as the schema.
Other outputs take the slow path (`report/reading.py`). A text with a backslash or with octets that are not UTF-8 takes
the slow path too, because `kernel_names.py` must convert the names in this text.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from functools import partial
from itertools import chain

import msgspec
from msgspec import UNSET

from evaluator.base.diagnostic import Diagnostic, ReportCode, ReportError, Severity
from evaluator.base.finding import Finding, FindingCode
from evaluator.base.text import quote, quote_all
from evaluator.facts.host import HostFacts
from evaluator.facts.link import Kind
from evaluator.facts.table import table_of
from evaluator.report.consistency import consistency_findings
from evaluator.report.iproute2 import wire
from evaluator.report.iproute2.gaps import gaps, refuse_without_facts
from evaluator.report.iproute2.interface import Interface, has_details, interface_of
from evaluator.report.iproute2.link import UNSUPPORTED_WORDS, Iproute2Host, duplicates
from evaluator.report.iproute2.route import RoutingTable, read_routes
from evaluator.report.json_text import plain_copy
from evaluator.report.kernel_names import with_readable_names
from evaluator.report.reading import Reading, convert_or_none, decode_or_none, normalized, refuse_invalid

__all__ = ["UNSUPPORTED_WORDS", "read", "read_text"]

SCHEMA = "iproute2-report"
_IF_MISSING = "use `ip -j -d addr show` without `dev` or another filter"
_NO_MEMBERS: frozenset[str] = frozenset()
_OUTPUTS = msgspec.json.Decoder(list[wire.Interface])
_COLLECTED = msgspec.json.Decoder(wire.Collected)
_OCTETS = msgspec.msgpack.Encoder()


def read_text(text: bytes) -> Reading | None:
    """Return the facts in a text from `ip`.

    The result is None if the typed decoder refuses the text, or if the text can be in another format.
    """
    if b"\\" in text:  # a name may have a backslash
        return None
    if text.lstrip()[:1] == b"[":
        entries = decode_or_none(_OUTPUTS, text)
        return None if entries is None or not _is_fully_checked(entries) else _reading(wire.Collected(addr=entries), "")
    collected = decode_or_none(_COLLECTED, text)
    if collected is None or not collected.is_unambiguous or not _is_fully_checked(collected.addr):
        return None
    return _reading(collected, "/addr")


def read(document: object) -> Reading:
    """Return the facts of a host. The output of `ip` is given as a plain value.

    Raises ReportError, with every problem, if the output is invalid.
    """
    is_bare = isinstance(document, list)
    value = {"addr": document} if is_bare else document
    collected = convert_or_none(value, wire.Collected)
    if collected is None or not _is_fully_checked(collected.addr) or not _is_readable(collected):
        collected = _validate_and_convert(document, is_bare=is_bare)
    return _reading(collected, "" if is_bare else "/addr")


def _is_readable(collected: wire.Collected) -> bool:
    """Return whether all texts in an output are UTF-8 without backslashes."""
    try:
        return b"\\" not in _OCTETS.encode(collected)
    except UnicodeEncodeError:
        return False


def _is_fully_checked(entries: Sequence[wire.Interface]) -> bool:
    """Return whether each entry has a name and an address list.

    Without them, the typed decoder accepts an entry that the schema may refuse, so the schema must validate the output.
    """
    return all(entry.ifname is not UNSET and entry.addr_info is not UNSET for entry in entries)


def _validate_and_convert(document: object, *, is_bare: bool) -> wire.Collected:
    """Validate an output of `ip` with the schema, and return it as typed structs.

    Raises ReportError, with every problem, if the schema refuses the output.
    """
    is_collected = isinstance(document, dict) and "schema_version" in document
    if not is_collected:  # `activenic collect` writes readable names
        document = with_readable_names(document)
    parts = document if isinstance(document, dict) else {"addr": document}
    refuse_without_facts(parts.get("addr"), "" if is_bare else "/addr")
    document = plain_copy(document)
    refuse_invalid(document, f"{SCHEMA}#addresses" if is_bare else SCHEMA)
    return msgspec.convert(normalized({"addr": document} if is_bare else document), wire.Collected)


def _reading(collected: wire.Collected, pointer: str) -> Reading:
    interfaces = _interfaces(collected.addr, pointer)
    tables = {family: part for family, part in ((4, collected.route), (6, collected.route6)) if part is not UNSET}
    table = read_routes(tables) if tables else None
    if table is not None:
        table.block_unknown(interfaces, chain.from_iterable(tables.values()))
    host = Iproute2Host(
        collected,
        interfaces,
        table.by_interface() if table else {},
        frozenset(table.families) if table else frozenset(),
        table.sorted_blocked() if table else (),
    )
    facts = HostFacts(host, table_of(host.address_texts()))
    return Reading(facts, partial(findings, collected.addr, host, table, facts))


def _interfaces(entries: Sequence[wire.Interface], pointer: str) -> dict[str, Interface]:
    """Return the interfaces by name. Entries without a name are ignored.

    Raises ReportError if an interface is described twice.
    """
    kinds = _kinds_of_masters(entries)
    interfaces: dict[str, Interface] = {}
    problems = []
    for i, entry in enumerate(entries):
        for name, places in _names(entry):
            interface = interface_of(name, entry, f"{pointer}/{i}", kinds.get(name, _NO_MEMBERS), places)
            first = interfaces.setdefault(name, interface)
            if first is not interface:
                message = f"{quote(name)} is described twice, first at {quote(first.pointer)}"
                problems.append(Diagnostic(ReportCode.NAME_TWICE, message, interface.pointer))
    if problems:
        raise ReportError(problems)
    return interfaces


def _names(entry: wire.Interface) -> Iterable[tuple[str, Sequence[int] | None]]:
    """Return the names of the interfaces in an entry, each with the indexes of its addresses in the entry.

    An entry of `ip -o` has no member `ifname`, and each of its addresses has the name of an interface in `dev`. Any
    other entry describes one interface, which has all addresses of the entry; then None replaces the indexes.
    """
    if entry.ifname is not UNSET:
        return ((entry.ifname, None),)
    places: dict[str, list[int]] = {}
    for i, address in enumerate(() if entry.addr_info is UNSET else entry.addr_info):
        if address.dev is not UNSET:
            places.setdefault(address.dev, []).append(i)
    return places.items()


def _kinds_of_masters(entries: Iterable[wire.Interface]) -> dict[str, frozenset[str]]:
    """Return the kinds of each master, as the entries of its members state them (`info_slave_kind`).

    If the members state different kinds, the master has several kinds.
    """
    kinds: dict[str, set[str]] = defaultdict(set)
    for entry in entries:
        if entry.master is not UNSET and entry.linkinfo is not UNSET and entry.linkinfo.info_slave_kind:
            kinds[entry.master].add(entry.linkinfo.info_slave_kind)
    return {name: frozenset(of_name) for name, of_name in kinds.items()}


def findings(
    entries: Sequence[wire.Interface], host: Iproute2Host, table: RoutingTable | None, facts: HostFacts
) -> Iterator[Finding]:
    """Yield the findings about an output."""
    interfaces = host.interfaces
    for name, interface in interfaces.items():
        if interface.kind is Kind.LOOPBACK or name in facts.table.irregular:
            yield from host.owned(interface).findings
        if _has_duplicate(interface):
            yield from duplicates(interface)
        if interface.data.master is not UNSET and interface.data.master not in interfaces:
            yield _master_not_reported(interface, interface.data.master)
    yield from gaps(entries, interfaces)
    yield from consistency_findings(facts, _IF_MISSING)
    yield from table.findings if table else ()
    yield from _kinds_unknown(facts, interfaces)


def _has_duplicate(interface: Interface) -> bool:
    addresses = interface.data.addr_info
    return addresses is not UNSET and True in [entry.dadfailed for entry in addresses]


def _master_not_reported(interface: Interface, master: str) -> Finding:
    info = interface.data.linkinfo
    kind = "" if info is UNSET else info.info_slave_kind
    return Finding(
        FindingCode.MASTER_NOT_REPORTED,
        Severity.WARNING,
        f"{quote(interface.name)} is enslaved to {quote(master)}"
        + (f", a {quote(kind)}" if kind else "")
        + ", which the report does not describe",
        (interface.name,),
        hint="use `ip -j -d addr show` without `dev`, `master` or `type`",
    )


def _kinds_unknown(facts: HostFacts, interfaces: Mapping[str, Interface]) -> Iterator[Finding]:
    names = [name for name, interface in interfaces.items() if not _has_kind(interface)]
    if names:
        subject = quote_all(sorted(names)) if len(names) <= 5 else f"{len(names)} interfaces"
        message = f"the report does not show the kind of {subject}, so a bridge may not be recognized"
        yield Finding(FindingCode.KIND_UNKNOWN, Severity.WARNING, message, hint="use `ip -j -d addr show`")
    for name, interface in interfaces.items():
        if len(interface.member_kinds) > 1 and not interface.info_kind:
            yield _members_disagree(interface)
        if interface.kind is Kind.OVS and facts.link(name).addresses:
            quoted = quote(name)
            message = f"{quoted} belongs to Open vSwitch, and the kernel does not report whether {quoted} is a bridge"
            yield Finding(
                FindingCode.KIND_UNKNOWN,
                Severity.WARNING,
                message,
                (name,),
                hint=f"run `ovs-vsctl br-exists {name}` on the host",
            )


def _has_kind(interface: Interface) -> bool:
    """Return whether the report shows the kind of an interface."""
    return bool(interface.info_kind) or interface.kind is Kind.LOOPBACK or has_details(interface.data)


def _members_disagree(interface: Interface) -> Finding:
    name, kinds = quote(interface.name), quote_all(sorted(interface.member_kinds))
    message = f"interfaces with the master {name} report different kinds of {name}: {kinds}"
    return Finding(
        FindingCode.KIND_UNKNOWN, Severity.WARNING, message, (interface.name,), hint="use `ip -j -d addr show`"
    )
