"""Write a change into the document of a report, and read the changed document with the reader of its format.

The counterfactual search needs the facts of a host after one change. The search could copy `HostFacts` and replace a
field. But perhaps no report can describe a host with such facts. So the change is written into the document of the
report instead. The reader validates the changed document and derives all facts from it, as for any report.

An edit can have side effects: in VDSM's report, a new address also adds a subnet and a route. Therefore each edit
declares the facts that it is allowed to change (`ChangedFacts`). If any other fact differs after the edit, the edit is
rejected, and the search does not use it.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from typing import cast

from msgspec import Struct

from evaluator.base.diagnostic import ReportError
from evaluator.base.lazy_import import entry as load_entry
from evaluator.explain.restate.writer import CannotState, ReportWriter
from evaluator.facts.host import HostFacts
from evaluator.facts.link import LINK_FACTS, SHARED_FACTS, Link
from evaluator.report.read import FORMATS, read_report
from evaluator.report.reading import Report, normalized

_HOST_FACTS = ("networks", "last_client_iface", "blocked")
_NOTHING: frozenset[str] = frozenset()


class ChangedFacts(Struct, frozen=True):
    """The facts that an edit may change: facts of some named interfaces, of every interface, or of the host."""

    links: Mapping[str, frozenset[str]]
    every_link: frozenset[str] = _NOTHING
    host: frozenset[str] = _NOTHING


def has_routing_table(report: Report) -> bool:
    """Return whether reports of this format have a routing table, not only default routes."""
    return _writer_of(report).has_routing_table


def hides_addresses(report: Report) -> bool:
    """Return whether the report omits the addresses of interfaces that are down, slaves or ports."""
    return _writer_of(report).hides_addresses(_copy(report.document))


def _writer_of(report: Report) -> type[ReportWriter]:
    """Return the writer of the report's format. If the format has no writer, return the base class."""
    path = next((entry.writer for entry in FORMATS if entry.name == report.format), "")
    return cast("type[ReportWriter]", load_entry(path)) if path else ReportWriter


def restate(report: Report, write: Callable[[ReportWriter], None], changes: ChangedFacts) -> Report | None:
    """Return the report with a change written into it.

    Return None if no report of this format can contain the change. Also return None if other facts than the facts in
    `changes` would change too.
    """
    writer = _writer_of(report)(_copy(report.document), report.facts)
    try:
        write(writer)
        changed = read_report(text_of(writer.document), report.format, report.item)
    except (CannotState, ReportError):
        return None
    return changed if _changes_only(report.facts, changed.facts, changes) else None


def text_of(document: object) -> bytes:
    """Return a document as JSON text."""
    return json.dumps(document, separators=(",", ":")).encode()


def _copy(document: object) -> object:
    """Return a deep copy for a writer, without members that are null, because the readers ignore null members too."""
    return json.loads(json.dumps(normalized(document)))


def _changes_only(before: HostFacts, after: HostFacts, changes: ChangedFacts) -> bool:
    """Return whether all facts that changed are facts that the edit is allowed to change."""
    if before.by_name.keys() != after.by_name.keys():
        return False
    if any(getattr(before, name) != getattr(after, name) for name in _HOST_FACTS if name not in changes.host):
        return False
    return all(_is_equal(link, after.by_name[name], changes) for name, link in before.by_name.items())


def _is_equal(before: Link, after: Link, changes: ChangedFacts) -> bool:
    """Return whether an interface is the same before and after an edit, except for the facts that the edit may change.

    If the edit did not change the entry of this interface in the report, only facts that depend on other entries can
    differ. Then only these facts are compared, to save time.
    """
    may_change = changes.every_link | changes.links.get(before.name, _NOTHING)
    is_unchanged = before.source is not None and before.source == after.source
    facts = SHARED_FACTS if is_unchanged else LINK_FACTS
    return all(getattr(before, name) == getattr(after, name) for name in facts if name not in may_change)
