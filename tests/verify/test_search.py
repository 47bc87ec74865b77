"""The search among small hosts: the properties of the shipped policies, and the hosts against their VDSM reports."""

from itertools import islice

import pytest

from evaluator import load_policy
from evaluator.policy.compile.rules import CompiledPolicy
from evaluator.verify.bounded import hosts
from evaluator.verify.property import BUILT_IN, Claim, Unchanged
from evaluator.verify.search import answer_of, decide_host, smallest_counterexamples, statements_space
from evaluator.verify.topologies import topologies

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


@pytest.mark.system
@pytest.mark.parametrize("name", POLICIES)
def test_no_larger_host_breaks_another_property(name):
    assert broken(load_policy(name), 3) == FALSE[name]


def differences(name, size, step):
    """Return the hosts for which the report that states the host is decided differently, of every `step`-th host."""
    policy = load_policy(name)
    compiled, space = CompiledPolicy(policy.program), statements_space(policy.program, STATEMENTS.values(), {})
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
