"""A function as a programmer would write it at first: decode everything, parse every address, compare.

It compares addresses as numbers and follows the layers to any depth. It does not validate or explain, and it has only
one policy.
"""

from __future__ import annotations

import json
from ipaddress import ip_address, ip_interface

from benchmarks.peers.contest import NAME, Answer, Contender, Question

LEAVES_OUT = ("validation", "findings", "any other policy")
MANAGEMENT = "ovirtmgmt"


def contenders() -> tuple[Contender, ...]:
    """Return the function as a contender."""
    return (Contender("by hand, straightforward", (), straightforward, NAME, ("trace", *LEAVES_OUT)),)


def straightforward(question: Question) -> Answer:
    """Decode everything, parse every address, compare."""
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
