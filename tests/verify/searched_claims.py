"""Claims that the search calls true for every small host, tried on random hosts that the search has not made.

A policy has two random conditions. The claims are about its decisions, for example that no interface is ever found. If
the search of all hosts of at most two interfaces finds no counterexample and leaves no word out, no VDSM report of at
most two interfaces may break the claim. The reports here have random values, not the values of the search.

    python -m tests.verify.searched_claims --cases 1000 --seed 7
"""

from __future__ import annotations

import argparse
import random
from collections.abc import Iterator, Mapping
from typing import NamedTuple

import yaml

from evaluator import Policy, PolicyError, load_policy
from evaluator.decision.decide import case_of
from evaluator.facts.address import address_of, parse_address, parse_cidr
from evaluator.facts.link import Kind
from evaluator.policy.language.environment import Literal
from evaluator.verify.abstract_host import AbstractHost, AbstractInterface
from evaluator.verify.bounded import find_within
from evaluator.verify.claim import check_claim
from evaluator.verify.property import Change, Claim, Unchanged
from evaluator.verify.search import answer_of, checks_of, decide_host, is_true, statements_space
from evaluator.verify.shape import ORDER
from evaluator.verify.topologies import Topology, topologies
from tests.support.random_conditions import NAMED, PARAMETERS, random_condition

_CLAIMS = (
    Claim('status = "no_match"'),
    Claim("count(candidates) < 2"),
    Claim("count(candidates) = 0 or count(candidates) = count(interfaces)"),
    Claim("every one in candidates satisfies no two in candidates satisfies one above two"),
    Claim("every one in candidates satisfies one in owners"),
    Claim("count(candidates) = 1 or count(candidates) = 0 or count(owners) = 0"),
)
_UNCHANGED = Unchanged(Change.UNOWNED_ANSWER)
_TEXTS = ("ens1", "bond0", "ovirtmgmt", "storage", "br0", "a", "gone", "new", "ens2", "other", "c05", "b0")
_NUMBERS = tuple(near for number in (0, 1, 2, 5, 24, 32, 64, 128, 1500) for near in (number - 1, number, number + 1))
_NETWORKS = tuple(
    map(
        parse_cidr,
        (
            "10.0.0.0/24",
            "10.0.1.0/24",
            "10.0.0.0/8",
            "10.0.1.2/31",
            "10.9.0.0/16",
            "172.16.0.0/12",
            "169.254.0.0/16",
            "2001:db8::/64",
            "2001:db8::/32",
            "fe80::/64",
            "fd00::/8",
            "198.51.100.0/24",
            "0.0.0.0/1",
            "2000::/3",
        ),
    )
)
_CALLS = 8_000  # of a search
_BITS = {4: 32, 6: 128}
_COVERED = (  # conditions that random conditions rarely have
    "nic.mtu is known and nic.mtu {order} limit",
    "nic.mtu is known and nic.mtu {order} 1500",
    "nic.speed is known and maybe is known and nic.speed {order} maybe",
    "nic.vlan_id is known and nic.vlan_id {order} limit",
    "nic.vlan_id is known and nic.vlan_id {order} 5",
    "nic.vlan_id is known and nic.vlan_id {order} 2",
    "limit {order} 1500",
    "limit {order} 2",
    "net in nic.networks",
    "net in report.networks",
    '"storage" in nic.networks',
    "alias is known and alias in nic.networks",
    "alias is known and alias {equal} net",
    'net {equal} "storage"',
    "nic.name {equal} net",
    'nic.name {equal} "br0"',
    "alias is known and nic.name {equal} alias",
    "report.last_client_iface is known and report.last_client_iface {equal} net",
    'some a in nic.addresses satisfies a in cidr("10.0.0.0/8")',
    'some a in nic.matched satisfies a in cidr("10.0.0.0/24")',
    "some a in nic.matched satisfies a is private",
    'some a in host.addresses satisfies a in cidr("10.9.0.0/16")',
    "some a in host.addresses satisfies a is link_local",
    "some a in host.addresses satisfies a is ipv6",
    "some a in nic.addresses satisfies a is private and a is ipv6",
    "count(host.addresses) {order} 1",
    "count(host.answers) {order} 1",
    "count(host.unusable) {order} 1",
    "count(nic.addresses) {order} 1",
    "count(nic.primary_addresses) {order} 1",
    "count(nic.matched) {order} 1",
    "every a in nic.addresses satisfies a in host.addresses",
    "some a in nic.addresses satisfies a is primary and a is not private",
    "some a in nic.addresses satisfies a.prefix {order} 64",
    "some a in nic.addresses satisfies a.prefix {order} 24",
    "some a in host.unowned satisfies a in nic.subnets",
    "some a in host.addresses satisfies a in site",
    'nic.networks overlaps ["a", "storage"]',
    "host.first_address is known and host.first_address in nic.addresses",
    'nic.name like ["e*", "*0"]',
    'net like "s*"',
    "peer in nic.routes",
    "nic not in route_to(peer)",
    "nic.position {order} 1",
    "some other in interfaces satisfies other.position < nic.position",
    'nic.kind {equal} "bond"',
    "nic is dhcp",
    "host is complete",
    "host is literal",
    "sure",
)


class Gap(NamedTuple):
    """A host that breaks a claim that the search calls true."""

    policy: str
    claim: str
    host: AbstractHost


def gaps(cases: int, seed: int, hosts: int = 200) -> tuple[list[Gap], int]:
    """Return the gaps of the search, and the number of claims that were tried."""
    found, tried = [], 0
    for number in range(cases):
        rng = random.Random(f"{seed} {number}")
        text = _policy(rng)
        try:
            policy = load_policy(text=text)
        except PolicyError:
            continue
        claims = _true_claims(policy)
        if claims:
            tried += len(claims)
            found.extend(Gap(text, claim, host) for claim, host in _broken(policy, claims, rng, hosts))
    return found, tried


def _policy(rng: random.Random) -> str:
    rules = [
        {"name": f"r{number}", "rule": f"{verb} nic when {_condition(rng)}"}
        for number, verb in enumerate(("match", rng.choice(("discard", "prefer", "match"))))
    ]
    document = {"policy": "tried", "parameters": PARAMETERS, "conditions": NAMED, "rules": rules}
    return yaml.safe_dump(document, width=10_000, sort_keys=False)


def _condition(rng: random.Random) -> str:
    if rng.random() < 0.2:
        return random_condition(rng, rng.choice((0, 1, 2)), is_of_nic=True)
    parts = [
        rng.choice(_COVERED).format(order=rng.choice(("=", "!=", "<", "<=", ">", ">=")), equal=rng.choice(("=", "!=")))
        for _ in range(rng.choice((1, 1, 2, 2, 3)))
    ]
    texts = [f"{rng.choice(('', '', 'not '))}({part})" for part in parts]
    return rng.choice((" and ", " and ", " or ")).join(texts)


def _true_claims(policy: Policy) -> list[Claim | Unchanged]:
    """Return the claims that the search calls true for every host of at most two interfaces."""
    claims = [*_CLAIMS, _UNCHANGED]
    space = statements_space(policy.program, claims, {})
    if space.left_out:
        return []
    examples, searched = find_within(checks_of(policy.program, claims), space, 2, _CALLS)
    return [claim for claim, example in zip(claims, examples, strict=True) if example is None and searched == 2]


def _broken(
    policy: Policy, claims: list[Claim | Unchanged], rng: random.Random, hosts: int
) -> Iterator[tuple[str, AbstractHost]]:
    conditions = {claim.condition: check_claim(claim, policy.program) for claim in claims if isinstance(claim, Claim)}
    for _ in range(hosts):
        host = random_host(rng)
        verdict_of = decide_host(policy, host)
        case = case_of(verdict_of)
        question = case.question()
        verdict = case.compiled.decide(question)
        for title in [title for title, one in conditions.items() if not is_true(one, verdict, question, {})]:
            del conditions[title]
            yield title, host
        if _UNCHANGED in claims and len(host.answers) == 1 and _is_changed(policy, host, rng, answer_of(verdict)):
            claims.remove(_UNCHANGED)
            yield "unowned answer", host


def _is_changed(policy: Policy, host: AbstractHost, rng: random.Random, answer: tuple[str, str | None]) -> bool:
    address = str(_address(rng))
    if address in host.addresses:
        return False
    order = (*host.answers, len(host.addresses))
    changed = AbstractHost(
        host.interfaces,
        (*host.addresses, address),
        rng.choice((order, order[::-1])),
        host.name,
        host.complete,
        host.last_client_iface,
        host.parameters,
    )
    decision = decide_host(policy, changed)
    return (str(decision.status), decision.host_active_nic) != answer


def random_host(rng: random.Random) -> AbstractHost:
    """Return a random host of at most two interfaces."""
    topology = _in_report_order(rng.choice(topologies(rng.choice((0, 1, 1, 2, 2, 2)))))
    asked = list(dict.fromkeys(str(_address(rng, is_usable=rng.random() < 0.9)) for _ in range(rng.randint(0, 2))))
    addresses, names = list(asked), rng.sample(_TEXTS, len(topology))
    places = {name: rng.randrange(-1, len(topology)) for name in rng.sample(_TEXTS, 3)}
    interfaces = []
    for index, device in enumerate(topology):
        owns = [at for at, text in enumerate(asked) if rng.random() < 0.5 and not parse_address(text).unusable]
        if rng.random() < 0.4:
            other = str(_address(rng))
            addresses.extend([other] if other not in addresses else [])
            owns.extend([addresses.index(other)] if addresses.index(other) not in owns else [])
        rng.shuffle(owns)
        interfaces.append(
            AbstractInterface(
                names[index],
                device.kind,
                device.lowers,
                tuple(owns),
                tuple(_primary(owns, addresses)),
                tuple(_prefix(rng, addresses[at]) for at in owns),
                tuple(name for name, place in places.items() if place == index),
                rng.choice((None, 5, *range(1, 9), 24)) if device.kind is Kind.VLAN else 0,
                _facts(rng, device.kind),
            )
        )
    return AbstractHost(
        tuple(interfaces),
        tuple(addresses),
        tuple(range(len(asked))),
        name := rng.choice((None, "host.example")),
        name is None or rng.random() < 0.7,
        rng.choice((None, rng.choice(_TEXTS), *names)),
        _parameters(rng),
    )


def _in_report_order(topology: Topology) -> Topology:
    order = sorted(range(len(topology)), key=lambda at: ORDER.index(topology[at].kind))
    devices = [topology[at] for at in order]
    return tuple(type(one)(one.kind, tuple(sorted(order.index(lower) for lower in one.lowers))) for one in devices)


def _address(rng: random.Random, *, is_usable: bool = True) -> object:
    if not is_usable:
        return parse_address(rng.choice(("127.0.0.1", "::1", "224.0.0.5")))
    while True:
        network = rng.choice(_NETWORKS)
        bits = _BITS[network.first.version] - network.prefix
        number = rng.choice((rng.getrandbits(bits), rng.randrange(min(1 << bits, 4))))
        address = address_of(network.first.version, network.first.number + number)
        if not address.unusable:
            return address


def _primary(owns: list[int], addresses: list[str]) -> Iterator[int]:
    for is_ipv6 in (False, True):
        yield from [at for at in owns if (":" in addresses[at]) is is_ipv6][:1]


def _prefix(rng: random.Random, text: str) -> int:
    return rng.choice((1, 23, 24, 25, 31, 32) if ":" not in text else (24, 63, 64, 65, 127, 128))


def _facts(rng: random.Random, kind: Kind) -> Mapping[str, Literal]:
    facts: dict[str, Literal] = {"dhcp": rng.random() < 0.5}
    facts |= {"mtu": number} if (number := rng.choice(_NUMBERS)) > 0 and rng.random() < 0.8 else {}
    facts |= {"speed": number} if (number := rng.choice(_NUMBERS)) > 0 and rng.random() < 0.8 else {}
    return facts | ({"bond_mode": rng.randrange(7)} if kind is Kind.BOND else {})


def _parameters(rng: random.Random) -> Mapping[str, Literal]:
    values: dict[str, Literal] = {
        "net": rng.choice(_TEXTS),
        "alias": rng.choice((None, *_TEXTS)),
        "limit": rng.choice(_NUMBERS),
        "maybe": rng.choice((None, *_NUMBERS)),
        "sure": rng.random() < 0.5,
        "peer": _address(rng),
        "site": rng.choice(_NETWORKS),
    }
    return values


def main() -> None:
    """Try random claims. Raises AssertionError for a gap."""
    parser = argparse.ArgumentParser(description="try the claims that the search of small hosts calls true")
    parser.add_argument("--cases", type=int, default=1000)
    parser.add_argument("--seed", type=int, default=1)
    options = parser.parse_args()
    found, tried = gaps(options.cases, options.seed)
    assert not found, "\n\n".join(f"{gap.claim}\n{gap.policy}\n{gap.host}" for gap in found[:10])
    print(f"{tried} claims of {options.cases} policies: no random host breaks a claim that the search calls true")


if __name__ == "__main__":
    main()
