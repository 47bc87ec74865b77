"""The facts and findings of captured reports, of the reports of the cases, and of odd reports: `facts/*.txt`.

A paragraph has one report: its name, the facts of the host, a line for each interface, and the findings; or the
problems of a report that is refused. A fact that the format does not report, or that has its usual value, is left out.
The odd reports are in `odd/*.yaml`: each has a `report` or its `text`, and what else the reader gets. After a change of
a reader or an odd report, `python -m tests.report.test_facts` writes the files again. Check the difference by eye.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Collection, Iterator
from functools import partial
from pathlib import Path
from typing import Any

import pytest
import yaml

import evaluator
from evaluator.facts.address import OwnedAddress
from evaluator.facts.link import LINK_FACTS, Kind, Link, Lowers
from evaluator.facts.route import Route
from evaluator.report.read import read_report_text
from evaluator.report.reading import Report

TESTS = Path(__file__).parents[1]
FACTS, ODD = Path(__file__).with_name("facts"), Path(__file__).with_name("odd")
FOLDERS = {
    **{tool: f"captures/{tool}" for tool in ("ansible", "iproute2", "nmstate", "vdsm")},
    "cases": "cases/reports",
    "findings": "findings/reports",
}
NAMES = (*FOLDERS, *(f"odd-{path.stem}" for path in sorted(ODD.glob("*.yaml"))))
_USUAL = Link("", Kind.OTHER)
_SHOWN = [fact for fact in LINK_FACTS if fact not in ("name", "kind", "position", "lowers")]


@pytest.mark.parametrize("name", NAMES)
def test_the_facts_of_every_report(name: str) -> None:
    assert paragraphs(name) == (FACTS / f"{name}.txt").read_text(encoding="utf-8").split("\n\n")


def paragraphs(name: str) -> list[str]:
    """Return the paragraphs of one file."""
    reports = _in_folder(TESTS / FOLDERS[name]) if name in FOLDERS else _odd(ODD / f"{name.removeprefix('odd-')}.yaml")
    return ["\n".join([title, *_told(read)]) for title, read in reports]


def _in_folder(folder: Path) -> Iterator[tuple[str, Callable[[], Report]]]:
    for path in sorted([*folder.rglob("*.json"), *folder.rglob("*.yaml")]):
        if not path.name.startswith("ip-route") and path.name != "expected.json" and ".test." not in path.name:
            tables = sorted(path.parent.glob("ip-route*.json")) if path.stem == "ip-addr" else ()
            routes = tuple(table.read_bytes() for table in tables)
            yield path.relative_to(TESTS).as_posix(), partial(read_report_text, path.read_bytes(), routes=routes)


def _odd(path: Path) -> Iterator[tuple[str, Callable[[], Report]]]:
    for case in yaml.safe_load(path.read_text(encoding="utf-8")):
        text = (
            case["text"].encode("utf-8", "surrogatepass") if "text" in case else json.dumps(case.get("report")).encode()
        )
        text = bytes(case["octets"]) if "octets" in case else text
        routes = tuple(table.encode() for table in case.get("routes", ()))
        yield case["name"], partial(read_report_text, text, case.get("format", "auto"), routes, case.get("item"))


def _told(read: Callable[[], Report]) -> Iterator[str]:
    try:
        report = read()
    except evaluator.ReportError as error:
        yield from (f"{d.code} {d.place}: {d.message}" + (f" | {d.hint}" if d.hint else "") for d in error.diagnostics)
        return
    facts = report.facts
    host = {fact: getattr(facts, fact) for fact in ("networks", "last_client_iface", "blocked", "absent_families")}
    lists = f"{facts.lists.most} of {facts.lists.total}"
    yield _line(report.format, {**host, "unrouted": facts.host.unrouted, "pointers": facts.pointers, "lists": lists})
    yield f"  unknown: {_text(facts.unsupported_words)}"
    for link in facts.links:
        yield _line(f"{link.name}: {link.position} {link.kind}", _facts_of(link))
    for f in report.findings:
        subjects = ", ".join((*f.interfaces, *f.addresses))
        yield f"{f.severity} {f.code} ({subjects}): {f.message}" + (f" | {f.hint}" if f.hint else "")


def _facts_of(link: Link) -> dict[str, Any]:
    lowers = {fact: getattr(link.lowers, fact) for fact in Lowers.__struct_fields__}
    facts = {fact: getattr(link, fact) for fact in _SHOWN if getattr(link, fact) != getattr(_USUAL, fact)}
    return {**lowers, **facts, "peers": link.peers, "pointers": link.pointers}


def _line(head: str, facts: dict[str, Any]) -> str:
    return "; ".join([head, *(f"{name} {_text(value)}" for name, value in facts.items() if not _is_nothing(value))])


def _is_nothing(value: Any) -> bool:
    return value is None or value is False or (isinstance(value, Collection) and not value)


def _text(value: Any) -> str:
    if isinstance(value, OwnedAddress):
        more = ("primary" if value.primary else "", value.label or "", *sorted(value.flags), value.pointer)
        return " ".join([f"{value.raw} ({value.address}/{value.prefix})", *filter(None, more)])
    if isinstance(value, Route):
        return f"{value.destination} metric {value.metric}"
    if isinstance(value, dict):
        return ", ".join(f"{name or 'itself'} at {pointer}" for name, pointer in sorted(value.items()))
    if isinstance(value, frozenset):
        return ", ".join(sorted(map(str, value)))
    return ", ".join(map(_text, value)) if isinstance(value, tuple) else str(value)


if __name__ == "__main__":
    for file in NAMES:
        (FACTS / f"{file}.txt").write_text("\n\n".join(paragraphs(file)), encoding="utf-8")
