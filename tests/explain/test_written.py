"""What each change writes into the odd reports of each format: `written.txt`.

A paragraph has a report and an interface, and for each change the members that become others, or that the format cannot
state the change. After a change of a writer, `python -m tests.explain.test_written` writes the file again. Check the
difference by eye.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from copy import deepcopy
from pathlib import Path
from typing import Any

import pytest
import yaml

import evaluator
from evaluator.explain.restate.restate import _writer_of
from evaluator.explain.restate.writer import CannotState
from evaluator.facts.address import OwnedAddress, parse_address, parse_cidr
from evaluator.facts.link import Link
from tests.explain.test_explanations import TESTS, _differences

WRITTEN = Path(__file__).with_name("written.txt")
NEW = tuple(
    OwnedAddress(parse_address(text), length)
    for text, length in (("192.0.2.177", 24), ("2001:db8::177", 64), ("fe80::177", 64), ("198.51.100.77", None))
)
CHANGES: dict[str, Callable[[Any, Link], None]] = {
    "add addresses": lambda writer, link: writer.add_addresses(link, NEW),
    "remove the first address": lambda writer, link: writer.remove_addresses(
        link, frozenset(owned.address for owned in link.addresses[:1])
    ),
    "remove all addresses": lambda writer, link: writer.remove_addresses(link, link.address_set),
    "list the last address first": lambda writer, link: writer.list_first(
        link, link.addresses[-1].address if link.addresses else NEW[0].address
    ),
    "set up": lambda writer, link: writer.set_up(link),
    "set members": lambda writer, link: writer.set_members(link, _others(writer, link)[-2:]),
    "add a member": lambda writer, link: writer.set_members(
        link, tuple(sorted({*link.lowers.names, *_others(writer, link)[:1]}))
    ),
    "make it physical": lambda writer, link: writer.make_physical(link),
    "set the VLAN ID": lambda writer, link: writer.set_vlan_id(link, 77),
    "set a VLAN ID that is too large": lambda writer, link: writer.set_vlan_id(link, 4095),
    "move a network here": lambda writer, link: writer.set_network(link, "mgmt"),
    "remove a network": lambda writer, link: writer.set_network(None, next(iter(writer.facts.networks), "mgmt")),
    "set the last client": lambda writer, link: writer.set_last_client(link),
    "add routes": lambda writer, link: (
        writer.add_route(link, parse_cidr("10.99.0.0/16")),
        writer.add_route(link, parse_cidr("2001:db8:99::/48")),
    )[0],
    "set the IPv4 default route": lambda writer, link: writer.set_default_route(link, 4),
    "set the IPv6 default route": lambda writer, link: writer.set_default_route(link, 6),
}


def _others(writer: Any, link: Link) -> tuple[str, ...]:
    return tuple(sorted(name for name in writer.facts.by_name if name != link.name))


def paragraphs(tool: str) -> Iterator[str]:
    """Yield the paragraphs of the odd reports of a format."""
    for case in yaml.safe_load((TESTS / "report" / "odd" / f"{tool}.yaml").read_text(encoding="utf-8")):
        if "report" not in case or "routes" in case:
            continue
        report = evaluator.read_report(deepcopy(case["report"]), item=case.get("item"))
        for link in list(report.facts.links)[:4]:
            yield "\n".join([f"{tool}: {case['name']}: {link.name}", *_written(report, link)])


def _written(report: evaluator.Report, link: Link) -> Iterator[str]:
    for name, change in CHANGES.items():
        document = deepcopy(report.document)
        try:
            change(_writer_of(report)(document, report.facts), link)
        except CannotState:
            yield f"{name}: cannot be stated"
            continue
        yield from (f"{name}: {difference}" for difference in _differences(report.document, document))


@pytest.mark.parametrize("tool", ["ansible", "iproute2", "nmstate", "vdsm"])
def test_what_is_written(tool: str) -> None:
    expected = WRITTEN.read_text(encoding="utf-8").split("\n\n")
    assert [*paragraphs(tool)] == [text for text in expected if text.startswith(f"{tool}: ")]


if __name__ == "__main__":
    tools = ("ansible", "iproute2", "nmstate", "vdsm")
    WRITTEN.write_text("\n\n".join(text for tool in tools for text in paragraphs(tool)), encoding="utf-8")
