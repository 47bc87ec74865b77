"""What must hold for every report: the byte law, renaming, monotony, one meaning for status and interface."""

from __future__ import annotations

import json
import os
import random
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

import evaluator
from evaluator import HostAddresses, Status
from evaluator.base.schema import violations
from tests.support.strategies import ADDRESSES, host_addresses, renamed, reports, shuffled

pytestmark = pytest.mark.volume
ORDER_FREE = ["strict", "keep-management", "last-client-iface"]
ALL = [*ORDER_FREE, "ovirt-engine"]


def _decide(policy: str, report: dict[str, Any], addresses: list[str]) -> evaluator.Decision:
    return evaluator.load_policy(policy).decide(evaluator.read_report(report), HostAddresses.of(*addresses))


@pytest.mark.parametrize("policy", ORDER_FREE)
@given(report=reports(), addresses=host_addresses, seed=st.integers(0, 2**32))
def test_the_byte_law(policy: str, report: dict[str, Any], addresses: list[str], seed: int) -> None:
    rng = random.Random(seed)
    other_addresses = shuffled(addresses, rng)
    here = _decide(policy, report, addresses).to_json()
    there = _decide(policy, shuffled(report, rng), other_addresses).to_json()
    assert here == there


@pytest.mark.parametrize("policy", ORDER_FREE)
@given(report=reports(), addresses=host_addresses, seed=st.integers(0, 2**32))
def test_renaming_interfaces_renames_the_answer(
    policy: str, report: dict[str, Any], addresses: list[str], seed: int
) -> None:
    names = sorted({name for kind in ("nics", "vlans", "bondings", "bridges") for name in report[kind]})
    targets = [f"new{i}" for i in range(len(names))]
    random.Random(seed).shuffle(targets)
    mapping = dict(zip(names, targets, strict=True))
    before = _decide(policy, report, addresses)
    after = _decide(policy, renamed(report, mapping), addresses)
    assert after.status == before.status
    assert after.host_active_nic == (before.host_active_nic and mapping[before.host_active_nic])
    assert set(after.candidates) == {mapping[name] for name in before.candidates}
    assert set(after.owners) == {mapping[name] for name in before.owners}


@pytest.mark.parametrize("policy", ["strict", "keep-management"])
@given(report=reports(), addresses=host_addresses)
def test_an_address_nobody_owns_changes_no_interface(policy: str, report: dict[str, Any], addresses: list[str]) -> None:
    before = _decide(policy, report, addresses)
    after = _decide(policy, report, [*addresses, "198.51.100.99"])
    assert (after.status, after.host_active_nic, after.candidates, after.owners) == (
        before.status,
        before.host_active_nic,
        before.candidates,
        before.owners,
    )


@pytest.mark.parametrize("policy", ["strict", "keep-management"])
@given(report=reports(), addresses=host_addresses)
def test_the_interface_named_owns_a_host_address(policy: str, report: dict[str, Any], addresses: list[str]) -> None:
    decision = _decide(policy, report, addresses)
    if decision.host_active_nic is not None:
        assert decision.host_active_nic in decision.owners
        assert decision.interface is not None
        assert set(decision.interface.matched_addresses) <= {str(a) for a in decision.host.usable}
        assert decision.interface.matched_addresses


@pytest.mark.parametrize("policy", ALL)
@given(report=reports(), addresses=host_addresses)
def test_every_decision_is_a_valid_document_with_a_consistent_trace(
    policy: str, report: dict[str, Any], addresses: list[str]
) -> None:
    decision = _decide(policy, report, addresses)
    document = decision.to_dict()
    assert violations(document, "decision") == ()
    assert json.loads(decision.to_json()) == document
    assert decision.to_json().isascii()
    before: tuple[str, ...] = ()
    for step in decision.trace:
        assert step.before == before
        if step.verb == "match":
            assert set(step.after) == {*step.before, *step.hits}
        elif step.verb == "discard":
            assert set(step.after) == set(step.before) - set(step.hits)
        elif step.verb == "prefer":
            assert step.after == (step.hits or step.before)
        else:
            assert step.after == step.before
        before = step.after
    assert decision.candidates == before


@pytest.mark.parametrize("policy", ALL)
@given(report=reports(), addresses=host_addresses)
def test_the_explanation_agrees_with_the_trace(policy: str, report: dict[str, Any], addresses: list[str]) -> None:
    decision = _decide(policy, report, addresses)
    explanation = decision.explain()
    hits = {(step.rule, name) for step in decision.trace for name in step.hits}
    held = {(r.rule, i.name) for i in explanation.interfaces for r in i.reasons if r.held}
    assert held == hits
    fired = {step.rule: step.fired for step in decision.trace}
    assert all(fired[reason.rule] == reason.held for reason in explanation.rules)
    answers = [i.name for i in explanation.interfaces if i.outcome.startswith("the hostActiveNic")]
    assert answers == ([] if decision.host_active_nic is None else [decision.host_active_nic])


@given(report=reports(), addresses=host_addresses)
def test_strict_is_what_the_design_says(report: dict[str, Any], addresses: list[str]) -> None:
    """An independent reading of the policy strict, on plain sets."""
    decision = _decide("strict", report, addresses)
    facts = evaluator.read_report(report).facts
    usable = {str(a) for a in decision.host.usable}
    owned = {link.name: {str(a) for a in link.addresses} & usable for link in facts.links}
    owners = {name for name, matched in owned.items() if matched}
    below = {link.name: {n for n in link.lowers.names if n in owned} for link in facts.links}

    def reach(name: str) -> set[str]:
        found: set[str] = set()
        pending = list(below[name])
        while pending:
            lower = pending.pop()
            if lower not in found:
                found.add(lower)
                pending.extend(below[lower])
        return found

    closure = {name: reach(name) for name in owned}

    def above(upper: str, lower: str) -> bool:
        return lower in closure[upper] and upper not in closure[lower]

    left = {n for n in owners if not any(above(o, n) and owned[n] <= owned[o] for o in owners - {n})}
    assert set(decision.owners) == owners
    assert set(decision.candidates) == left
    if not left:
        assert decision.status is Status.NO_MATCH
    elif len(left) > 1:
        assert decision.status is Status.AMBIGUOUS
    else:
        (name,) = left
        networks = facts.by_name[name].networks
        rejected = "ovirtmgmt" not in networks and (
            facts.by_name[name].kind == "bridge" or "ovirtmgmt" in facts.networks
        )
        assert decision.status is (Status.REJECTED if rejected else Status.RESOLVED)


def test_hash_seed_and_locale_change_nothing(tmp_path: Path) -> None:
    rng = random.Random(7)
    nics = {f"ens{i}": {"addr": rng.choice(ADDRESSES[:6]), "ipv6addrs": ["2001:db8::1/64", "junk"]} for i in range(9)}
    report = {"nics": nics, "bondings": {"bönd": {"slaves": list(nics)}}, "vlans": {}, "bridges": {}, "networks": {}}
    path = tmp_path / "report.json"
    path.write_text(json.dumps(report), encoding="utf-8")
    outputs = set()
    for seed, locale in (("0", "C"), ("1", "C.UTF-8"), ("12345", "POSIX")):
        environment = {**os.environ, "PYTHONHASHSEED": seed, "LC_ALL": locale, "LANG": locale}
        command = [sys.executable, "-m", "evaluator", "decide", str(path), "--address", "10.0.0.1", "--output", "json"]
        outputs.add(subprocess.run(command, env=environment, capture_output=True, check=False).stdout)
    assert len(outputs) == 1
    assert outputs.pop()
