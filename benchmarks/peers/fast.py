"""A function in Python that is as fast as possible for this one policy.

It decodes only the members that the policy reads. It compares IPv4 addresses as text, because IPv4 has one spelling,
and IPv6 addresses as octets. If several interfaces own an address, it follows the layers to any depth.
"""

from __future__ import annotations

from socket import AF_INET6, inet_pton

import msgspec

from benchmarks.peers.by_hand import LEAVES_OUT, MANAGEMENT
from benchmarks.peers.contest import NAME, TRACE, Answer, Contender, Question


def contenders() -> tuple[Contender, ...]:
    """Return the function twice, with and without its trace, which takes almost no time."""

    def decide(question: Question) -> Answer:
        return fast(question)[0]

    return (
        Contender("by hand, fast", ("msgspec",), decide, NAME, LEAVES_OUT),
        Contender("by hand, fast", ("msgspec",), decide, TRACE, LEAVES_OUT),
    )


class Link(msgspec.Struct, gc=False):
    """The fields of an interface that the policy reads; the decoder skips the others."""

    ipv4addrs: list[str] = []
    ipv6addrs: list[str] = []


class Upper(Link, gc=False):
    """An interface that may have others below it."""

    slaves: list[str] = []
    ports: list[str] = []
    iface: str = ""


class Network(msgspec.Struct, gc=False):
    """The interface of a network."""

    iface: str = ""


class Report(msgspec.Struct, gc=False):
    """The maps of a report that the policy reads."""

    nics: dict[str, Link]
    bondings: dict[str, Upper] = {}
    vlans: dict[str, Upper] = {}
    bridges: dict[str, Upper] = {}
    networks: dict[str, Network] = {}


DECODE = msgspec.json.Decoder(Report).decode
Matched = dict[str, set[str | bytes]]
Traced = tuple[Answer, tuple[tuple[str, ...], ...], tuple[str, ...]]


def fast(question: Question) -> Traced:
    """Decide; also return the candidates after each rule and the codes."""
    report = DECODE(question.data)
    matched = owners(report, question.host)
    left = tuple(matched) if len(matched) < 2 else tops(report, matched)
    steps = (tuple(matched), left)
    if len(left) != 1:
        status = "ambiguous" if left else "no_match"
        return (status, None), steps, ("SEVERAL_INTERFACES",) if left else ()
    if left[0] in report.bridges and (
        MANAGEMENT not in report.networks or report.networks[MANAGEMENT].iface != left[0]
    ):
        return ("rejected", left[0]), steps, ("MANAGEMENT_NETWORK_OVER_BRIDGE",)
    return ("resolved", left[0]), steps, ()


def owners(report: Report, host: tuple[str, ...]) -> Matched:
    """Return the host addresses of each interface that owns one."""
    four = {text for text in host if ":" not in text}
    six = {inet_pton(AF_INET6, text) for text in host if ":" in text}
    matched: Matched = {}
    for links in (report.nics, report.bondings, report.vlans, report.bridges):
        for name, link in links.items():
            for text in link.ipv4addrs:
                if text[: text.find("/")] in four:
                    matched.setdefault(name, set()).add(text[: text.find("/")])
            if six:
                for text in link.ipv6addrs:
                    if (number := inet_pton(AF_INET6, text[: text.find("/")])) in six:
                        matched.setdefault(name, set()).add(number)
    return matched


def tops(report: Report, matched: Matched) -> tuple[str, ...]:
    """Return the candidates for which no candidate above owns all their host addresses."""
    covered = set()
    for upper, own in matched.items():
        seen: set[str] = set()
        waiting = [upper]
        while waiting:
            name = waiting.pop()
            link = report.bondings.get(name) or report.vlans.get(name) or report.bridges.get(name)
            for lower in (*link.slaves, *link.ports, link.iface) if link else ():
                if lower not in seen:
                    seen.add(lower)
                    waiting.append(lower)
        covered |= {lower for lower in seen & matched.keys() if lower != upper and matched[lower] <= own}
    return tuple(name for name in matched if name not in covered)
