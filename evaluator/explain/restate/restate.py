"""A report with a change written into its document, read again by its own reader.

So an explanation never names a change that no report can state. The facts that were meant to change may change; if
another fact changes too, the edit is rejected.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from typing import cast

from msgspec import Struct

from evaluator.base.diagnostic import ReportError
from evaluator.base.lazy_import import entry
from evaluator.explain.restate.writer import CannotState, Writer
from evaluator.facts.host import HostFacts
from evaluator.facts.link import LINK_FACTS, SHARED_FACTS, Link
from evaluator.report.read import FORMATS, read_report
from evaluator.report.reading import Report, simplified

_HOST_FACTS = ("networks", "last_client_iface", "blocked")
_NOTHING: frozenset[str] = frozenset()


class Touched(Struct, frozen=True):
    """Which facts a change is about: those of some interfaces, of every interface, of the host."""

    links: Mapping[str, frozenset[str]]
    every_link: frozenset[str] = _NOTHING
    host: frozenset[str] = _NOTHING


def has_routing_table(report: Report) -> bool:
    """Return whether reports of this format list routes one by one."""
    return _writer_of(report).has_routing_table


def hides_addresses(report: Report) -> bool:
    """Return whether such a report shows no addresses of an interface that is down, a slave or a port."""
    return _writer_of(report).hides_addresses(_copy(report.document))


def _writer_of(report: Report) -> type[Writer]:
    """Return the writer of the report's format; one that can state nothing if the format has none."""
    named = next((one.writer for one in FORMATS if one.name == report.format), "")
    return cast("type[Writer]", entry(named)) if named else Writer


def restate(report: Report, write: Callable[[Writer], None], touched: Touched) -> Report | None:
    """Return the report with a change written into it; None if no report of its format states it, and it alone."""
    make = _writer_of(report)
    writer = make(_copy(report.document), report.facts)
    try:
        write(writer)
        changed = read_report(text_of(writer.document), report.format, report.item)
    except (CannotState, ReportError):
        return None
    return changed if _is_only(report.facts, changed.facts, touched) else None


def text_of(document: object) -> bytes:
    """Return a plain document as JSON text."""
    return json.dumps(document, separators=(",", ":")).encode()


def _copy(document: object) -> object:
    """Return a copy for a writer, without the members that are null, which the readers do not look at either."""
    return json.loads(json.dumps(simplified(document)))


def _is_only(before: HostFacts, after: HostFacts, touched: Touched) -> bool:
    """Return whether nothing changed but the facts that are touched."""
    if before.by_name.keys() != after.by_name.keys():
        return False
    if any(getattr(before, name) != getattr(after, name) for name in _HOST_FACTS if name not in touched.host):
        return False
    return all(_same(link, after.by_name[name], touched) for name, link in before.by_name.items())


def _same(before: Link, after: Link, touched: Touched) -> bool:
    """Return whether what may not change is equal; if the entries are equal, only a few facts can differ."""
    allowed = touched.every_link | touched.links.get(before.name, _NOTHING)
    is_unchanged = before.source is not None and before.source == after.source
    facts = SHARED_FACTS if is_unchanged else LINK_FACTS
    return all(getattr(before, name) == getattr(after, name) for name in facts if name not in allowed)
