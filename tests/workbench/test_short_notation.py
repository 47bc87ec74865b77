"""Small hosts in the short notation: the text is read as the same host, or no text is written."""

from itertools import islice

import pytest

from evaluator import load_policy
from evaluator.base.source import Source
from evaluator.facts.link import Kind
from evaluator.policy.compile.rules import CompiledPolicy
from evaluator.render.short_notation import short_notation
from evaluator.testing.case_file import read_case_text
from evaluator.testing.policies import NamedPolicy
from evaluator.testing.run_cases import run_case
from evaluator.verify.abstract_host import AbstractHost, AbstractInterface
from evaluator.verify.bounded import hosts
from evaluator.verify.property import BUILT_IN, Claim, Unchanged
from evaluator.verify.search import decide_host, statements_space
from evaluator.verify.topologies import topologies
from evaluator.workbench.new_case import file_of_cases, result_of
from evaluator.workbench.small_host_case import small_host_case

STATEMENTS = [one.statement for one in BUILT_IN if isinstance(one.statement, Claim | Unchanged)]
OTHER_FACTS = """policy: other-facts
rules:
  - {name: fast, rule: 'match nic when FACT'}
"""
STATED = [
    "nic is bond and nic.bond_mode is known and nic.bond_mode = 4",
    "nic is dhcp",
    "nic is not dhcp",
    "nic.position = 1",
    "nic is vlan",
]
NOT_STATED = ["nic.mtu is known and nic.mtu = 9000", "nic is dhcpv6"]


def small_hosts(policy, sizes):
    """Yield every `step`-th host of each size, with the facts that the policy reads."""
    compiled, space = CompiledPolicy(policy.program), statements_space(policy.program, STATEMENTS, {})
    for size, step in sizes:
        for topology in topologies(size):
            for host in islice(hosts(topology, space), 0, None, step):
                compiled.decide(host.question)
                yield host.stated()


@pytest.mark.parametrize("name", ["strict", "ovirt-engine", "keep-management", "last-client-iface", "route-to-engine"])
def test_a_written_test_is_read_as_the_same_host(name):
    policy = load_policy(name)
    decisions, cases = [], []
    for host in small_hosts(policy, ((0, 1), (1, 3), (2, 41))):
        decisions.append(decide_host(policy, host))
        cases.append(small_host_case(host, "host", result_of(decisions[-1]), policy))
    read = read_case_text(Source("t", file_of_cases(cases, name)), None, lambda *_: NamedPolicy(name, policy))
    results = [run_case(case) for case in read]
    assert [result.differences for result in results] == [()] * len(cases)
    assert [result.decision for result in results] == decisions
    assert all("given" in case.test for case in cases if "nic0" in str(case.test) or "bond0" in str(case.test))


@pytest.mark.parametrize("fact", [*STATED, *NOT_STATED])
def test_a_report_is_written_only_if_the_notation_has_no_phrase_for_a_fact(fact):
    policy = load_policy(text=OTHER_FACTS.replace("FACT", fact))
    notations = [short_notation(host, policy) for host in small_hosts(policy, ((1, 1), (2, 3)))]
    assert (None in notations) is (fact in NOT_STATED)
    assert any(notations)


@pytest.mark.parametrize("policy", ["strict", "ovirt-engine"])
def test_an_interface_is_named_once(policy):
    bond = AbstractInterface("bond2", Kind.BOND, (0, 1), owns=(0,), primary=(0,), prefixes=(24,))
    vlan = AbstractInterface("vlan3", Kind.VLAN, (3,), vlan_id=None, networks=("ovirtmgmt",))
    nics = [AbstractInterface(f"nic{number}", Kind.PHYSICAL) for number in range(2)]
    host = AbstractHost((*nics, vlan, bond), ("192.0.2.10",), (0,))
    expected = "vlan3 on bond2 carries ovirtmgmt; bond2 over nic0, nic1 has 192.0.2.10/24"
    assert short_notation(host, load_policy(policy)) == expected
    assert short_notation(AbstractHost(), load_policy(policy)) is None
