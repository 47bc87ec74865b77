"""The numbers of interfaces below which no cost is counted, because no usual host can exceed the budget."""

from __future__ import annotations

import pytest

from evaluator.base.source import Source
from evaluator.policy.load import read_program
from evaluator.policy.run.budget import Costs
from evaluator.policy.source.find import find_policy

_SHIPPED = {
    "keep-management": 1024,
    "last-client-iface": 2048,
    "ovirt-engine": 2048,
    "route-to-engine": 2048,
    "strict": 1024,
}
_SOME = "some x in interfaces satisfies"
_NAMES = ", ".join(["nic.name"] * 60)
_CONDITIONS = {
    "nic is up": 2048,
    f"{_SOME} x above nic": 2048,
    f"{_SOME} some y in interfaces satisfies x.name < y.name and y.name = nic.name": 128,
    f"{_SOME} some y in interfaces satisfies some z in interfaces satisfies z.name = x.name": 64,
    f"{_SOME} some y in x.addresses satisfies y in nic.addresses": 512,
    f"{_SOME} x.name like nic.networks": 256,
    "some a in nic.addresses satisfies some x in interfaces satisfies a in x.subnets": 256,
    "some x in nic.stack satisfies some y in x.uppers satisfies y is up": 256,
    "every x in nic.slaves satisfies every y in x.lowers satisfies y is up": 256,
    "some x in nic.uppers satisfies some y in nic.ports satisfies y.networks overlaps x.networks": 128,
    f"some n in nic.networks satisfies {_SOME} n in x.networks": 512,
    f"{_SOME} [x.name, {_NAMES}] overlaps nic.networks": 512,
    f"{_SOME} some y in [x.name, {_NAMES}] satisfies y = nic.name": 256,
}


@pytest.mark.parametrize(("name", "size"), _SHIPPED.items())
def test_the_affordable_size_of_a_shipped_policy(name: str, size: int) -> None:
    assert Costs(read_program(find_policy(name))).affordable_size == size


@pytest.mark.parametrize(("condition", "size"), _CONDITIONS.items())
def test_the_affordable_size_of_a_condition(condition: str, size: int) -> None:
    text = f"policy: p\nrules:\n  - name: a\n    rule: match nic when {condition}\n"
    assert Costs(read_program(Source("p", text))).affordable_size == size
