"""A report in a flat form for engines that read Python values, with only the members that the policy reads.

msgspec decodes these members, and prefix lengths are removed. This takes less time than any engine needs to walk
through the maps of a report.
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
    """The values that the policies of the other engines use."""

    links: list[Flat]
    lowers: dict[str, list[str]]
    host: list[str]
    management: str


def flat(question: Question) -> Values:
    """Return the values of a question; `management` is the interface of the management network, or empty."""
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
