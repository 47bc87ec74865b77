"""A report as the engines that read Python's values take it best: flat, and only what the policy reads.

Decoded by msgspec into those fields and stripped of prefix lengths, which costs less than any engine's own
walk through the report's maps.
"""

from __future__ import annotations

from typing import TypedDict

from benchmarks.peers.by_hand import MANAGEMENT
from benchmarks.peers.contest import Question
from benchmarks.peers.fast import DECODE, Network


class Flat(TypedDict):
    """An interface."""

    name: str
    kind: str
    owned: list[str]


class Values(TypedDict):
    """What the policies in the peers' languages name."""

    links: list[Flat]
    lowers: dict[str, list[str]]
    host: list[str]
    management: str


def flat(question: Question) -> Values:
    """Return them: `lowers` by name, `management` the interface that carries the network, if any."""
    report = DECODE(question.data)
    kinds = (("nic", report.nics), ("bond", report.bondings), ("vlan", report.vlans), ("bridge", report.bridges))
    links: list[Flat] = [
        {"name": name, "kind": kind, "owned": [text[: text.find("/")] for text in link.ipv4addrs + link.ipv6addrs]}
        for kind, entries in kinds
        for name, link in entries.items()
    ]
    lowers = {name: link.slaves for name, link in report.bondings.items()}
    lowers |= {name: [link.iface] for name, link in report.vlans.items()}
    lowers |= {name: link.ports for name, link in report.bridges.items()}
    management = report.networks.get(MANAGEMENT, Network()).iface
    return {"links": links, "lowers": lowers, "host": list(question.host), "management": management}
