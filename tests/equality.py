"""What production runs against what it must mean: documents of one decision made in two ways, on seeded cases.

The compiled policy stands on one side, asked about the text or the dict of a report of any format, in any guise: with
an envelope, keys that nobody reads, letters outside ASCII, white space. The reference interpreter stands on the other,
asked about a dict. Run `python -m tests.equality --cases 1000000 --seed 7` for long.
"""

from __future__ import annotations

import argparse
import json
import random
import sys
from collections import Counter
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import cache, partial
from typing import Any

import orjson

import evaluator
from evaluator import Decision, HostAddresses, PolicyError
from evaluator.decision.decide import Case, decide
from evaluator.explain.explain import CaseExplainer
from tests.support.random_hosts import TOOLS, devices, write
from tests.support.random_policies import CHOOSERS, CONDITIONS, LOOK_ALIKE, OWNERS, WITHOUT_SUBJECT, Rules, program_of
from tests.support.reference import Reference

SHIPPED = ("strict", "ovirt-engine", "keep-management", "last-client-iface", "route-to-engine")
POLICIES = 150
QUESTIONS = 5
V4 = [f"10.0.{subnet}.{host}" for subnet in range(2) for host in (1, 2, 3, 11)]
V6 = [f"2001:db8::{host}" for host in ("1", "2", "a")] + ["fe80::1", "::2", "fd00::ffff:a00:1"]
NAMES = ["a", "b", "bond0", "br0", "c.5", "d", "ovirtmgmt", "Z", "ens1", "lab net", "lab  net"]
NETWORKS = ["ovirtmgmt", "storage"]
OF_NIC = [
    "{nic.name}, a {nic.kind}, owns {nic.matched} of {nic.addresses} in {nic.subnets}",
    "{candidates}, {nic.lowers} below {nic.name}: {nic.networks}, {nic.vlan_id}, {nic.missing}, {host.first_address}",
]
AT_ONCE = [
    "{host.unowned} of {host.name}, {owners} before {candidates}",
    "{report.networks}, {report.last_client_iface}: {host.answers} \u00b7 {interfaces}",
]
_MARKS = {"ifname", "ipv4addrs", "type", "device", "interfaces"}  # of objects that may have other members
GUISES = ("text", "octets", "dict")
LOOKS_FOR_MATCHES = [
    "nic.name = report.last_client_iface",
    "some a in nic.addresses satisfies a = host.first_address",
    "host.first_address is known and some a in nic.primary_addresses satisfies host.first_address = a",
    "no other in candidates satisfies other.position < nic.position",
    "some x in owners satisfies x.name > nic.name",
    "no x in interfaces satisfies x.position > nic.position",
    "nic in owners and nic is not bridge",
    "host.addresses overlaps nic.addresses",
    'nic.addresses overlaps host.addresses and nic.name like "*0"',
    "nic in candidates",
    "nic in candidates and nic in owners",
    "nic in nic.lowers",
    "nic in route_to(peer) and nic is not bond",
    "nic.name = net",
    "nic.name = nic.kind",
    "some n in nets satisfies n = nic.name",
    "some a in nic.addresses satisfies a = peer",
    "some a in nic.addresses satisfies a != peer",
    "some a in nic.matched satisfies a is ipv4",
    "some x in owners satisfies nic.name < x.name",
    "some x in owners satisfies x.name < nic.kind",
    'some x in owners satisfies x.name < "b"',
    "some x in owners satisfies x.name <= nic.name",
    "some x in candidates satisfies some y in owners satisfies y.name < x.name",
    "every other in owners satisfies other.name > nic.name",
    "some other in interfaces satisfies other above nic and other in owners",
    "every other in interfaces satisfies not (other below nic)",
]


@dataclass(frozen=True)
class Seeded:
    """One report, how it is handed over, and what is asked of it: a policy's number and the host's addresses."""

    text: str
    guise: str
    questions: tuple[tuple[int, HostAddresses], ...]


@cache
def policy(number: int) -> tuple[evaluator.Policy, Reference]:
    """Return a policy and its reference: the shipped ones, then random ones."""
    if number < len(SHIPPED):
        chosen = evaluator.load_policy(SHIPPED[number])
        return chosen, Reference(chosen.program)
    rng = random.Random(number)
    while True:
        try:
            program = program_of(_rules(rng), rng.choice(OF_NIC), rng.choice(AT_ONCE))
        except PolicyError:  # too long, nested too deep
            continue
        return evaluator.Policy(program), Reference(program)


def _rules(rng: random.Random) -> Rules:
    conditions = [*CONDITIONS, *LOOKS_FOR_MATCHES * 4, *rng.choice(LOOK_ALIKE) * 8]

    def condition(depth: int) -> str:
        if depth and rng.random() < 0.4:
            return f"({condition(depth - 1)} {rng.choice(('and', 'or'))} {condition(depth - 1)})"
        return f"({rng.choice(('', '', 'not '))}({rng.choice(conditions)}))"

    first = [OWNERS] if rng.random() < 0.7 else [("match nic", condition(1))]
    verbs = [f"{verb} nic" for verb in (*CHOOSERS, "reject", "warn")] + ["ambiguous", "warn"]
    chosen = [rng.choice(verbs) for _ in range(rng.randint(1, 5))]
    return first + [(v, condition(2) if " " in v else rng.choice(WITHOUT_SUBJECT)) for v in chosen]


def seeded_case(rng: random.Random) -> Seeded:
    """Return one case."""
    return Seeded(_text(rng), rng.choice(GUISES), tuple((_number(rng), _host(rng)) for _ in range(QUESTIONS)))


def _host(rng: random.Random) -> HostAddresses:
    pool = [*V4, *V6, "127.0.0.1", "::ffff:10.0.1.2"]
    return HostAddresses.of(*rng.sample(pool, rng.choice((0, 1, 1, 1, 2, 3))))


def _number(rng: random.Random) -> int:
    return rng.randrange(len(SHIPPED)) if rng.random() < 0.5 else rng.randrange(POLICIES)


def _text(rng: random.Random) -> str:
    """Return the text of a report: half of the time one of VDSM with all sorts of contradictions."""
    if rng.random() < 0.5:
        document = _reply(rng)
    else:
        document = write(rng.choice(TOOLS), devices(rng), rng)
        entries = [one for one in _entries(document) if not _MARKS.isdisjoint(one)]
        for key in rng.sample(["nobody reads this", "\u00e9t\u00e9", "new_key"], rng.choice((0, 0, 1, 2))):
            rng.choice(entries)[key] = rng.choice((None, 5, "B\u00fcro", [{"deep": []}], {"x": 1.5}))
    layout: dict[str, Any] = {"indent": rng.choice((None, None, 1)), "separators": rng.choice((None, (",", ":")))}
    return json.dumps(document, ensure_ascii=rng.random() < 0.5, **layout)


def _entries(value: Any) -> Iterator[dict[str, Any]]:
    """Yield the objects in a document."""
    if isinstance(value, dict):
        yield value
    for item in value.values() if isinstance(value, dict) else value if isinstance(value, list) else ():
        yield from _entries(item)


def _reply(rng: random.Random) -> dict[str, Any]:
    names = rng.sample(NAMES, rng.randint(1, 7))
    maps: dict[str, Any] = {"nics": {}, "vlans": {}, "bondings": {}, "bridges": {}, "networks": {}}
    for name in names:
        kind = rng.choice(("nics", "nics", "vlans", "bondings", "bridges"))
        maps[kind][name] = _entry(kind, [*names, "gone", "vnet0"], rng)
    for network in rng.sample(NETWORKS, rng.randint(0, 2)):
        maps["networks"][network] = {rng.choice(("iface", "interface")): rng.choice([*names, "gone"])}
        if rng.random() < 0.5:
            maps["networks"][network] |= {"bridged": rng.random() < 0.5, "ports": rng.sample(names, 1)}
    return _oddities(maps, names, rng)


def _entry(kind: str, names: list[str], rng: random.Random) -> dict[str, Any]:
    entry: dict[str, Any] = {}
    for key, pool in (("ipv4addrs", V4), ("ipv6addrs", V6)):
        if rng.random() < 0.9:
            entry[key] = [_spelt(rng.choice(pool), rng) for _ in range(rng.choice((0, 0, 1, 1, 2)))]
    if rng.random() < 0.8:
        entry |= {"addr": rng.choice(["", *V4]), "netmask": rng.choice(("", "255.255.255.0", "x"))}
    if kind == "vlans":
        entry |= {"iface": rng.choice(names)} if rng.random() < 0.8 else {}
        entry |= {"vlanid": rng.randint(0, 7)} if rng.random() < 0.6 else {}
    elif kind == "bondings":
        entry |= {"slaves": rng.sample(names, rng.randint(0, 3)), "opts": {"mode": rng.choice(("1", "4", "802.3ad"))}}
    elif kind == "bridges":
        entry["ports"] = rng.sample(names, rng.randint(0, 3))
    elif rng.random() < 0.3:
        entry |= {"speed": rng.choice((0, 1000)), "hwaddr": "52:54:00:AB:00:01", "mtu": rng.choice((1500, "9000"))}
    if rng.random() < 0.2:
        entry |= {"gateway": rng.choice((*V4, "", "x")), "ipv4defaultroute": True, "dhcpv4": True}
    return entry


def _spelt(address: str, rng: random.Random) -> str:
    """Return one of the ways to write an entry, some of them malformed."""
    if ":" in address:
        shapes = [address, address.upper(), address.replace("::", ":0::"), f"{address}%eth0", address + ":"]
        return rng.choice(shapes) + rng.choice(("/64", "/64", "/128", "", "/129", "/064"))
    shapes = [address] * 6 + [f"::ffff:{address}", f"::FFFF:{address}", f"0{address}", f"{address}%x", address + "1"]
    return rng.choice(shapes) + rng.choice(("/24", "/24", "/32", "", "/255.255.255.0", "/33", "/"))


def _oddities(maps: dict[str, Any], names: list[str], rng: random.Random) -> dict[str, Any]:
    """Return the reply with, now and then, what the front path leaves to the ordinary reader."""
    if rng.random() < 0.3:
        maps["lastClientIface"] = rng.choice([*names, "", "gone"])
    if rng.random() < 0.1:
        del maps[rng.choice(("vlans", "bondings", "bridges", "networks"))]
    if rng.random() < 0.1:
        maps["nics"].setdefault("odd", {})[rng.choice(("addr", "new key", "é"))] = rng.choice(("10.0.0.1", "\\", "é"))
    if rng.random() < 0.1:
        maps["hooks"] = {"x": [1, {"y": None}]}
    if rng.random() < 0.2:
        key = rng.choice(("result", "info"))
        return {"jsonrpc": "2.0", "id": 7, "result": maps} if key == "result" else {"status": {"code": 0}, "info": maps}
    return maps


def documents(case: Seeded) -> Iterator[tuple[str, object, object]]:
    """Yield how the reply was read, and what production and the reference make of each question."""
    given = {"text": case.text, "octets": case.text.encode(), "dict": json.loads(case.text)}[case.guise]
    report = evaluator.read_report(given)
    whole = evaluator.read_report(json.loads(case.text))
    for number, host in case.questions:
        production, reference = policy(number)
        values = {"engine_address": "10.0.1.9"} if production.name == "route-to-engine" else {}
        asked = Case(reference, whole, host, production._bind(values))
        made = _document(partial(production.decide, report, host, **values))
        meant = _document(partial(decide, asked, CaseExplainer))
        yield f"{report.format} {case.guise}", made, meant


def _document(make: Callable[[], Decision]) -> object:
    """Return a decision's document as text, or why there is none."""
    try:
        return orjson.dumps(make().to_dict())
    except PolicyError as error:
        return error.diagnostics


def compare(seed: int, cases: int) -> Counter[str]:
    """Return how often each way and status was met; AssertionError with the first case that differs."""
    rng, met = random.Random(seed), Counter[str]()
    for number in range(cases // QUESTIONS):
        case = seeded_case(rng)
        for at, (way, document, expected) in enumerate(documents(case)):
            assert document == expected, f"seed {seed}, reply {number}, question {at}: {case}"
            met[way] += 1
            met[orjson.loads(document)["status"] if isinstance(document, bytes) else "refused"] += 1
    return met


def main() -> None:
    """Compare for long."""
    parser = argparse.ArgumentParser()
    parser.add_argument("--cases", type=int, default=1_000_000)
    parser.add_argument("--seed", type=int, default=1)
    options = parser.parse_args()
    met: Counter[str] = Counter()
    for chunk in range(0, options.cases, 1000):
        met += compare(options.seed * 1_000_003 + chunk, min(1000, options.cases - chunk))
        sys.stderr.write(f"\r{chunk + 1000} cases")
    print(f"\n{options.cases} cases, seed {options.seed}: every document the same; {dict(met)}")


if __name__ == "__main__":
    main()
