"""Random hosts: VDSM reports with bonds, vlans and bridges over few addresses, so that they collide."""

from __future__ import annotations

import random
from collections.abc import Sequence
from copy import deepcopy
from typing import Any

from hypothesis import strategies as st

V4 = [f"10.0.{subnet}.{host}" for subnet in range(2) for host in range(1, 4)]
V6 = [f"2001:db8::{host}" for host in range(1, 4)] + ["fe80::1"]
ADDRESSES = [*V4, *V6]
NETWORKS = ["ovirtmgmt", "storage"]
NAMES = ["a", "b", "bond0", "br0", "c.5", "d", "ovirtmgmt", "Z", "é", "lab net", "lab  net", "lab\u00a0net", "1"]

_v4_entries = st.lists(
    st.sampled_from(V4).flatmap(lambda a: st.sampled_from([f"{a}/24", f"{a}/32", "junk"])), max_size=2
)
_v6_entries = st.lists(st.sampled_from([f"{a}/64" for a in V6]), max_size=2)


@st.composite
def reports(draw: st.DrawFn) -> dict[str, Any]:
    """Draw a valid report: up to seven interfaces that stand on each other in any way, circles included."""
    names = draw(st.lists(st.sampled_from(NAMES), min_size=1, max_size=7, unique=True))
    references = st.sampled_from([*names, "gone", "vnet0"])
    report: dict[str, Any] = {"nics": {}, "vlans": {}, "bondings": {}, "bridges": {}, "networks": {}}
    for name in names:
        entry: dict[str, Any] = {"ipv4addrs": draw(_v4_entries), "ipv6addrs": draw(_v6_entries)}
        good = [text for text in entry["ipv4addrs"] if text != "junk"]
        entry["addr"] = draw(st.sampled_from(["", *(text.partition("/")[0] for text in good)]))
        kind = draw(st.sampled_from(["nics", "nics", "vlans", "bondings", "bridges"]))
        if kind == "vlans":
            entry["iface"] = draw(references)
            if draw(st.booleans()):
                entry["vlanid"] = draw(st.integers(0, 7))
        elif kind == "bondings":
            entry["slaves"] = draw(st.lists(references, max_size=3, unique=True))
        elif kind == "bridges":
            entry["ports"] = draw(st.lists(references, max_size=3, unique=True))
        report[kind][name] = entry
    for network in draw(st.lists(st.sampled_from(NETWORKS), max_size=2, unique=True)):
        report["networks"][network] = {"iface": draw(references), "bridged": draw(st.booleans())}
    return report


host_addresses = st.lists(st.sampled_from([*ADDRESSES, "203.0.113.9", "127.0.0.1"]), max_size=4, unique=True)


def spoilt(
    draw: st.DrawFn, documents: st.SearchStrategy[Any], keys: Sequence[str], values: st.SearchStrategy[Any]
) -> Any:
    """Draw a document with up to three values at random places added or replaced."""
    document: Any = deepcopy(draw(documents))
    for _ in range(draw(st.integers(0, 3))):
        place = document
        while draw(st.booleans()):
            inside = list(range(len(place))) if isinstance(place, list) else sorted(place)
            if not inside or not isinstance(place[(key := draw(st.sampled_from(inside)))], dict | list):
                break
            place = place[key]
        if isinstance(place, list):
            place.append(draw(values))
        else:
            place[draw(st.sampled_from(keys))] = draw(values)
    return document


def json_trees(scalars: st.SearchStrategy[Any], keys: Sequence[str]) -> st.SearchStrategy[Any]:
    """Return a strategy for small JSON values with the given keys."""
    return st.recursive(
        scalars,
        lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.sampled_from(keys), inner, max_size=4),
        max_leaves=8,
    )


def shuffled(value: Any, rng: random.Random) -> Any:
    """Return the same JSON value with every object's keys and every list's entries in another order."""
    if isinstance(value, dict):
        items = [(key, shuffled(item, rng)) for key, item in value.items()]
        rng.shuffle(items)
        return dict(items)
    if isinstance(value, list):
        entries = [shuffled(item, rng) for item in value]
        rng.shuffle(entries)
        return entries
    return value


def renamed(report: dict[str, Any], names: dict[str, str]) -> dict[str, Any]:
    """Return the report with its interfaces renamed wherever they are named; networks keep their names."""

    def new(name: str) -> str:
        return names.get(name, name)

    result: dict[str, Any] = {"networks": {}}
    for kind in ("nics", "vlans", "bondings", "bridges"):
        result[kind] = {}
        for name, entry in report[kind].items():
            copy = dict(entry)
            if "iface" in copy:
                copy["iface"] = new(copy["iface"])
            for key in ("slaves", "ports"):
                if key in copy:
                    copy[key] = [new(member) for member in copy[key]]
            result[kind][new(name)] = copy
    for network, entry in report["networks"].items():
        result["networks"][network] = {**entry, "iface": new(entry["iface"])}
    return result
