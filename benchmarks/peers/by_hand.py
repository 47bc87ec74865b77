"""Two functions as a programmer would write them for this one policy: the obvious one, and the fastest.

Both compare addresses as numbers and know the layers to any depth. Neither validates, explains, or can be
told another policy.
"""

from __future__ import annotations

import json
from ipaddress import ip_address, ip_interface
from socket import AF_INET6, inet_pton
from typing import Any

import msgspec

from benchmarks.peers.contest import TRACE, Answer, Contender, Question

LEAVES_OUT = ("validation", "findings", "any other policy")
MANAGEMENT = "ovirtmgmt"


def contenders() -> tuple[Contender, ...]:
    """Return both, and the fast one with a trace like ours."""
    return (
        Contender("by hand, straightforward", (), straightforward, leaves_out=("trace", *LEAVES_OUT)),
        Contender("by hand, fast", ("msgspec",), lambda asked: fast(asked)[0], leaves_out=("trace", *LEAVES_OUT)),
        Contender("by hand, fast", ("msgspec",), lambda asked: fast(asked)[0], TRACE, LEAVES_OUT),
    )


def straightforward(question: Question) -> Answer:
    """Decide as one would at first: decode all, parse all, compare."""
    report = json.loads(question.data)
    wanted = {ip_address(text) for text in question.host}
    links = {name: link for kind in ("nics", "bondings", "vlans", "bridges") for name, link in report[kind].items()}
    matched = {}
    for name, link in links.items():
        owned = {ip_interface(text).ip for text in link["ipv4addrs"] + link["ipv6addrs"]}
        if owned & wanted:
            matched[name] = owned & wanted

    def below(name: str) -> set[str]:
        found: set[str] = set()
        waiting = [name]
        while waiting:
            link = links.get(waiting.pop(), {})
            lowers = {*link.get("slaves", ()), *link.get("ports", ()), *([link["iface"]] if "iface" in link else ())}
            waiting += lowers - found
            found |= lowers
        return found

    left = [
        name
        for name in matched
        if not any(name in below(other) and matched[name] <= matched[other] for other in matched if other != name)
    ]
    if len(left) != 1:
        return ("ambiguous", None) if left else ("no_match", None)
    network = report["networks"].get(MANAGEMENT)
    carries = network is not None and network["iface"] == left[0]
    return ("rejected" if left[0] in report["bridges"] and not carries else "resolved"), left[0]


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
    """Where a network is."""

    iface: str = ""


class Report(msgspec.Struct, gc=False):
    """The maps of a report that the policy reads."""

    nics: dict[str, Link]
    bondings: dict[str, Upper] = {}
    vlans: dict[str, Upper] = {}
    bridges: dict[str, Upper] = {}
    networks: dict[str, Network] = {}


DECODE = msgspec.json.Decoder(Report).decode
Traced = tuple[Answer, tuple[tuple[str, ...], ...], tuple[str, ...]]


def fast(question: Question) -> Traced:
    """Decide on what the policy reads; return the candidates after each rule and the codes, too.

    IPv4 has one spelling, so that equal texts are equal numbers; IPv6 is compared as octets.
    """
    report = DECODE(question.data)
    four, six = set(), set()
    for text in question.host:
        if ":" in text:
            six.add(inet_pton(AF_INET6, text))
        else:
            four.add(text)
    matched: dict[str, set[Any]] = {}
    for links in (report.nics, report.bondings, report.vlans, report.bridges):
        for name, link in links.items():
            for text in link.ipv4addrs:
                if text[: text.find("/")] in four:
                    matched.setdefault(name, set()).add(text[: text.find("/")])
            if six:
                for text in link.ipv6addrs:
                    number = inet_pton(AF_INET6, text[: text.find("/")])
                    if number in six:
                        matched.setdefault(name, set()).add(number)
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


def tops(report: Report, matched: dict[str, set[Any]]) -> tuple[str, ...]:
    """Return the candidates that no other one above covers."""
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
