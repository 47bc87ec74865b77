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
from evaluator.verify.topologies import topologies
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


def differences(name, size, step):
    """Return the hosts for which the report that states the host is decided differently, of every `step`-th host."""
    policy = load_policy(name)
    compiled, space = SearchedPolicy(policy.program), statements_space(policy.program, STATEMENTS.values(), {})
    for topology in topologies(size):
        for host in islice(hosts(topology, space), 0, None, step):
            answer = answer_of(compiled.decide(host.question))
            decision = decide_host(policy, host.stated())
            if answer != (decision.status, decision.host_active_nic):
                yield host.stated(), answer, decision


@pytest.mark.parametrize("name", POLICIES)
@pytest.mark.parametrize(("size", "step"), [(0, 1), (1, 1), (2, 7)])
def test_a_host_is_decided_like_its_report(name, size, step):
    assert list(differences(name, size, step)) == []
