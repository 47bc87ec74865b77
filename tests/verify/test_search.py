"""The search among small hosts: the properties of the shipped policies, and the hosts against their VDSM reports."""

from itertools import islice

import pytest
from msgspec.structs import replace

from evaluator import load_policy
from evaluator.verify.bounded import hosts
from evaluator.verify.property import BUILT_IN, Claim, Unchanged
from evaluator.verify.prove import prove
from evaluator.verify.search import answer_of, decide_host, smallest_counterexamples, statements_space
from evaluator.verify.searched_policy import SearchedPolicy
from evaluator.verify.state_host import stated_names
from evaluator.verify.topologies import topologies
from tests.verify.searched_claims import gaps
from tests.verify.test_topologies import COUNTS

STATEMENTS = {one.name: one.statement for one in BUILT_IN if isinstance(one.statement, Claim | Unchanged)}
POLICIES = ("strict", "ovirt-engine", "keep-management", "last-client-iface", "route-to-engine")
FALSE = {
    "strict": {},
    "keep-management": {"top-of-stack": 2},
    "ovirt-engine": {
        "top-of-stack": 2,
        "owner-is-found": 1,
        "topmost-owner-wins": 1,
        "unowned-answer-changes-nothing": 1,
    },
    "last-client-iface": {
        "owns-host-address": 1,
        "top-of-stack": 2,
        "not-over-a-bridge": 1,
        "owner-is-found": 1,
        "topmost-owner-wins": 1,
        "separate-interface-changes-nothing": 0,
    },
    "route-to-engine": {
        "owns-host-address": 1,
        "top-of-stack": 2,
        "owner-is-found": 1,
        "topmost-owner-wins": 1,
        "separate-interface-changes-nothing": 0,
    },
}


def broken(policy, size):
    """Return the broken properties with the number of interfaces of the smallest host that breaks each."""
    found = smallest_counterexamples(policy, tuple(STATEMENTS.values()), size, {})
    return {
        name: len(example.host.interfaces)
        for name, example in zip(STATEMENTS, found, strict=True)
        if example is not None
    }


@pytest.mark.parametrize("name", POLICIES)
def test_the_smallest_hosts_that_break_a_property(name):
    assert broken(load_policy(name), 2) == FALSE[name]


@pytest.mark.parametrize("size", [1, 2, 3])
def test_each_topology_is_decided_with_the_owners_of_two_addresses(size):
    space = statements_space(load_policy("strict").program, (), {})
    (pair,) = (answers for answers in space.answers if len(answers) == 2)
    space = replace(space, answers=(pair,), has_order=True)  # with an order, the two addresses are not alike
    assert sum(1 for topology in topologies(size) for _ in hosts(topology, space)) == COUNTS[size][2]


@pytest.mark.system
@pytest.mark.parametrize("name", POLICIES)
def test_the_solver_and_all_hosts_of_at_most_four_interfaces_agree(name):
    policy = load_policy(name)
    sizes = broken(policy, 4)
    proved = {
        title: prove(policy.program, one, {}, 60.0 if title not in sizes else 1.0) for title, one in STATEMENTS.items()
    }
    table = "\n".join(
        f"{title:<36} proved: {proof.is_proved!s:<6} interfaces of the counterexample: {sizes.get(title, '-')}"
        for title, proof in proved.items()
    )
    assert sizes == FALSE[name], table
    assert {title for title, proof in proved.items() if proof.is_proved} == STATEMENTS.keys() - sizes.keys(), table


NAMES = """policy: names
parameters: {wanted: {type: string, default: eth9}, nets: {type: [string], default: [lab]}}
rules:
  - {name: a, rule: 'match nic when nic.name like "eth*" and nic.name != "eth0"'}
  - {name: b, rule: match nic when nic.name = wanted or nic.name in report.networks}
  - {name: c, rule: 'match nic when report.last_client_iface is known and nic.name = report.last_client_iface'}
  - {name: d, rule: 'prefer nic when nic.networks overlaps nets or nic.name like ["br*", "*.5"]'}
  - {name: e, rule: 'discard nic when some other in candidates satisfies other.name = "eth1"'}
  - {name: f, rule: 'reject nic when report.last_client_iface is known and report.last_client_iface like "eth*"'}
"""


def policy_of(name):
    return load_policy(text=NAMES) if name == "names" else load_policy(name)


def differences(name, size, step):
    """Return the hosts for which the report that states the host is decided differently, of every `step`-th host."""
    policy = policy_of(name)
    compiled, space = SearchedPolicy(policy.program), statements_space(policy.program, STATEMENTS.values(), {})
    assert space.left_out == (() if name != "names" else ("nets", "nic.name", "report.networks"))
    for topology in topologies(size):
        for host in islice(hosts(topology, space), 0, None, step):
            status, key = answer_of(compiled.decide(host.question))
            names = dict(zip(host.facts.shape.names, stated_names(host.facts), strict=True))
            decision = decide_host(policy, host.stated())
            if (status, names.get(key)) != (decision.status, decision.host_active_nic):
                yield host.stated(), status, names.get(key), decision


@pytest.mark.parametrize("name", [*POLICIES, "names"])
@pytest.mark.parametrize(("size", "step"), [(0, 1), (1, 1), (2, 7)])
def test_a_host_is_decided_like_its_report(name, size, step):
    assert list(islice(differences(name, size, step if name != "names" else step * 20), 1)) == []


TWO_TARGETS = ('address("10.0.0.1")', 'address("10.0.1.3")')


@pytest.mark.parametrize(
    ("condition", "left_out"),
    [
        ('some a in nic.addresses satisfies a = address("10.0.0.1")', ('address("10.0.0.1")',)),
        ('some a in nic.addresses satisfies a in cidr("10.0.0.0/30")', ()),
        ('some a in nic.addresses satisfies a in cidr("10.0.0.0/31")', ("10.0.0.0/31",)),
        ('some a in nic.addresses satisfies a in cidr("10.0.0.0/24")', ()),
        ('cidr("10.0.0.0/24") in nic.subnets', ('cidr("10.0.0.0/24")', "nic.subnets")),
        ('address("10.0.0.1") in nic.routes', ()),
        ('address("10.0.0.1") in nic.routes and address("10.0.1.3") in nic.routes', TWO_TARGETS),
        ("host.first_address is known and host.first_address in nic.routes", ("nic.routes",)),
        ("some other in candidates satisfies other.addresses overlaps nic.addresses", ("nic.addresses",)),
        ("some other in candidates satisfies other.matched overlaps nic.matched", ()),
        ("some a in nic.addresses satisfies some b in nic.addresses satisfies a = b", ("nic.addresses",)),
        ("some other in candidates satisfies other.networks overlaps nic.networks", ("nic.networks",)),
        ('some n in nic.networks satisfies n like "a*"', ("nic.networks",)),
        ('nic.networks within ["a"]', ("nic.networks",)),
        ("nic.name in report.networks", ("nic.name", "report.networks")),
        ('nic.name in [host.name, "a"]', ("host.name", "nic.name")),
        ("nic.mtu is known and nic.speed is known and nic.mtu < nic.speed", ("nic.mtu", "nic.speed")),
        ("count(host.addresses) = 1", ()),
        ("count(host.addresses) > 2", ("host.addresses",)),
        ("count(nic.addresses) > count(nic.matched)", ("nic.addresses", "nic.matched")),
        ('host.name = "a"', ("host.name",)),
        ('nic.name < "b"', ("nic.name",)),
        ('nic.name like "b*"', ()),
        ("nic is down", ("nic is down",)),
    ],
)
def test_what_the_search_does_not_enumerate_is_named(condition, left_out):
    policy = load_policy(text=f"policy: p\nrules:\n  - name: a\n    rule: |\n      match nic when {condition}\n")
    assert statements_space(policy.program, (), {}).left_out == left_out


def test_parameters_have_the_values_on_both_sides_of_each_literal():
    text = """policy: p
parameters:
  level: {type: integer, default: 3}
  mode: {type: string, optional: true}
  nets: {type: [string], default: [lab]}
rules:
  - {name: a, rule: 'match nic when level > 7 and mode is given and mode = "a" and nic.networks overlaps nets'}
"""
    space = statements_space(load_policy(text=text).program, (), {})
    assert space.parameters == {
        "level": (3, 5, 6, 7, 8),
        "mode": (None, "ovirtmgmt", "a"),
        "nets": (("lab",), ()),
    }


# rules of a policy and a claim about it; a host of at most two interfaces breaks the claim
BROKEN = {
    "a network in another network": (
        ['match nic when some a in nic.matched satisfies a in cidr("10.0.0.0/8") and a not in cidr("10.9.0.0/16")'],
        "count(candidates) = 0",
    ),
    "the family of a private address": (
        ["match nic when some a in host.addresses satisfies a is private and a is ipv6"],
        "count(candidates) = 0",
    ),
    "two equal parameters": (["match nic when one = two"], "count(candidates) = 0"),
    "two different parameters": (["match nic when one != two"], "count(candidates) = 0"),
    "two equal parameters that are no text of the policy": (
        ['match nic when one = two and one != "ovirtmgmt" and two != "lab"'],
        "count(candidates) = 0",
    ),
    "a parameter between two numbers": (
        ["match nic when nic.mtu is known and nic.mtu > level and level > 9000"],
        "count(candidates) = 0",
    ),
    "the VLAN ID of an untagged interface": (
        ["match nic when nic.vlan_id is known and nic.vlan_id = level"],
        "every nick in candidates satisfies nick is vlan",
    ),
    "VLAN IDs between two numbers": (
        ["match nic when nic.vlan_id is known and nic.vlan_id > 30 and nic.vlan_id < 34"],
        "count(candidates) = 0",
    ),
    "a short prefix of IPv6": (
        ["match nic when some a in nic.addresses satisfies a is ipv6 and a.prefix < 64"],
        "count(candidates) = 0",
    ),
    "a primary address of each family": (
        ["match nic when count(nic.primary_addresses) = 2"],
        "count(candidates) = 0",
    ),
    "an address that is not a host address": (
        ["match nic when count(nic.addresses) > 0", "discard nic when count(nic.matched) > 0"],
        "count(candidates) = 0",
    ),
    "a default route and an address that is not a host address": (
        [
            'match nic when address("198.51.100.9") in nic.routes '
            'and some a in nic.addresses satisfies a in cidr("10.0.0.0/8")',
            "discard nic when count(nic.matched) > 0",
        ],
        "count(candidates) = 0",
    ),
    "an unusable host address": (
        ["match nic when count(host.unusable) > 0 and count(owners) > 0"],
        "count(candidates) = 0",
    ),
    "one of two addresses is in a subnet": (
        [
            "match nic when (some a in host.unowned satisfies a in nic.subnets) "
            "and some a in host.unowned satisfies a not in nic.subnets"
        ],
        "count(candidates) = 0",
    ),
}
TWO_PARAMETERS = (
    "parameters: {one: {type: string, default: lab}, two: {type: string}, level: {type: integer, default: 3}}\n"
)


@pytest.mark.parametrize(("rules", "claim"), BROKEN.values(), ids=BROKEN)
def test_the_search_finds_a_host_for(rules, claim):
    texts = "".join(f"  - name: r{number}\n    rule: |\n      {rule}\n" for number, rule in enumerate(rules))
    policy = load_policy(text=f"policy: p\n{TWO_PARAMETERS}rules:\n{texts}")
    (found,) = smallest_counterexamples(policy, [Claim(claim)], 2, {})
    assert found is not None


def test_an_unowned_answer_of_each_class_is_added():
    rule = 'match nic when some a in host.addresses satisfies a in cidr("10.0.0.0/8")'
    policy = load_policy(text=f"policy: p\nrules:\n  - name: a\n    rule: |\n      {rule}\n")
    (found,) = smallest_counterexamples(policy, [STATEMENTS["unowned-answer-changes-nothing"]], 1, {})
    assert found is not None


def test_an_unowned_answer_is_added_to_an_unusable_answer():
    rules = "  - {name: a, rule: match nic when count(nic.uppers) = 0}\n"
    rules += "  - {name: b, rule: discard nic when count(host.addresses) < 1}\n"
    policy = load_policy(text=f"policy: p\nrules:\n{rules}")
    (found,) = smallest_counterexamples(policy, [STATEMENTS["unowned-answer-changes-nothing"]], 1, {})
    assert found is not None


def test_what_the_search_calls_true_is_true_for_random_hosts():
    found, tried = gaps(cases=12, seed=4, hosts=60)
    assert tried > 5
    assert found == []
