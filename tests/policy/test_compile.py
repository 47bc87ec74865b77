"""The compiled policy against the reference: the same steps for every report, host and policy."""

from __future__ import annotations

import itertools
from typing import Any

import pytest
import yaml
from hypothesis import given

import evaluator
from evaluator import HostAddresses, PolicyError
from evaluator.base.source import Source
from evaluator.facts.host import HostFacts
from evaluator.policy.compile.rules import CompiledPolicy
from evaluator.policy.language.environment import Question
from evaluator.policy.language.program import Program
from evaluator.policy.load import read_program
from evaluator.policy.parameters import bind
from evaluator.policy.run.budget import Costs
from evaluator.policy.run.interpret import run
from evaluator.policy.run.verdict import status_of
from evaluator.testing.terse_topology import read_topology
from tests.support.random_policies import (
    LOOK_ALIKE,
    OWNERS,
    TABLE,
    Rules,
    look_alike_rules,
    program_of,
    random_rules,
    tried_program,
)
from tests.support.reference import findings_of, trace_of
from tests.support.strategies import host_addresses, reports

pytestmark = pytest.mark.volume
SHIPPED = ["strict", "ovirt-engine", "keep-management", "last-client-iface", "route-to-engine"]


def _same(program: Program, facts: HostFacts, host: HostAddresses, **parameters: Any) -> None:
    question = Question(facts, host, bind(program, parameters))
    steps = run(program.rules, question)
    compiled = CompiledPolicy(program)
    verdict = compiled.decide(question)
    trace, findings = compiled.results_and_findings(question, verdict.trace)
    assert trace == trace_of(steps)
    assert verdict.trace == trace_of([step for step in steps if step.rule.verb.decides])
    assert findings == findings_of(steps, question)
    assert verdict.candidates == steps[-1].after
    assert verdict.status is status_of(question, steps)
    refusing = [step for step in steps if step.rule.verb.refuses]
    assert verdict.refusals == tuple(step.rule.code for step in refusing if step.fired)


@pytest.mark.parametrize("condition", TABLE["holds"])
def test_every_word_and_sign(condition: str) -> None:
    report = evaluator.read_report(read_topology(TABLE["given"]))
    program = program_of([("match nic", condition)])
    _same(program, report.facts, HostAddresses.of(*TABLE["host"]))
    _same(program, report.facts, HostAddresses.of())


@pytest.mark.parametrize("word", ["name", "position"])
@pytest.mark.parametrize("sign", ["<", ">"])
@pytest.mark.parametrize("quantifier", ["some", "no"])
@pytest.mark.parametrize("domain", ["interfaces", "owners", "candidates"])
def test_extremes_of_a_list(quantifier: str, domain: str, word: str, sign: str) -> None:
    condition = f"{quantifier} x in {domain} satisfies x.{word} {sign} nic.{word}"
    program = program_of([OWNERS, ("match nic", condition)])
    facts = evaluator.read_report(read_topology("b has 10.0.0.1; a has 10.0.0.2; c; bond0 over c has 10.0.0.1")).facts
    for host in ([], ["10.0.0.1"], ["10.0.0.1", "10.0.0.2"]):
        _same(program, facts, HostAddresses.of(*host))


@pytest.mark.parametrize("name", SHIPPED)
@given(report=reports(), addresses=host_addresses)
def test_shipped_policies(name: str, report: dict[str, Any], addresses: list[str]) -> None:
    program = evaluator.load_policy(name).program
    parameters = {"engine_address": "10.0.1.9"} if name == "route-to-engine" else {}
    _same(program, evaluator.read_report(report).facts, HostAddresses.of(*addresses), **parameters)


@given(rules=random_rules, report=reports(), addresses=host_addresses)
def test_random_policies(rules: Rules, report: dict[str, Any], addresses: list[str]) -> None:
    program = tried_program([OWNERS, *rules])
    if program is None:
        return
    _same(program, evaluator.read_report(report).facts, HostAddresses.of(*addresses))


@given(rules=look_alike_rules, report=reports(), addresses=host_addresses)
def test_values_that_look_alike(rules: Rules, report: dict[str, Any], addresses: list[str]) -> None:
    program = tried_program([OWNERS, *rules])
    if program is None:
        return
    _same(program, evaluator.read_report(report).facts, HostAddresses.of(*addresses))


@pytest.mark.parametrize("group", LOOK_ALIKE, ids=lambda group: group[0])
def test_each_two_that_look_alike_in_one_rule(group: list[str]) -> None:
    names = ["lab net", "lab  net", "lab\u00a0net", "Lab net", "\u00e9", "e\u0301", "1", "true", "10.0.0.1"]
    report = {"nics": {name: {"addr": "10.0.0.1", "netmask": "255.255.255.0", "mtu": 1500} for name in names}}
    report["networks"] = {name: {"iface": name} for name in names}
    facts = evaluator.read_report(report).facts
    pairs = itertools.combinations(group[:6], 2)
    rules = [("warn nic", f"({one}) and not ({other}) or ({other}) and not ({one})") for one, other in pairs]
    _same(program_of([OWNERS, *rules]), facts, HostAddresses.of("10.0.0.1"))


@pytest.mark.parametrize("blanks", ["  ", "\u00a0", " \u200b"])
@pytest.mark.parametrize("verb", ["match nic", "warn nic"])
def test_texts_that_differ_in_blanks_only(verb: str, blanks: str) -> None:
    name = f"lab{blanks}net"
    report = {"nics": {name: {"addr": "10.0.0.1"}}}
    facts = evaluator.read_report(report).facts
    for one, other in ((name, "lab net"), ("lab net", name)):
        program = program_of([OWNERS, (verb, f'nic.name in ["{one}", "x"] or nic.name in ["{other}", "x"]')])
        _same(program, facts, HostAddresses.of("10.0.0.1"))
        (_, step) = run(program.rules, Question(facts, HostAddresses.of("10.0.0.1"), bind(program, {})))
        assert step.fired


def test_what_is_not_given_is_never_looked_at() -> None:
    parameters = {"nets": {"type": ["string"], "optional": True}, "peer": {"type": "address", "optional": True}}
    rules = [
        {"name": "a", "rule": "match nic when nets is given and nic.name in nets"},
        {"name": "b", "rule": "match nic when peer is given and nic in route_to(peer)"},
        {"name": "c", "rule": "match nic when nets is given and count(nets) > 1 and nic.networks overlaps nets"},
    ]
    program = read_program(Source("p", yaml.safe_dump({"policy": "p", "parameters": parameters, "rules": rules})))
    facts = evaluator.read_report(read_topology("ens1 has 10.0.0.1/24 carries x; ens2")).facts
    _same(program, facts, HostAddresses.of())
    _same(program, facts, HostAddresses.of(), nets=["ens1", "x"], peer="10.0.0.7")


def test_what_costs_too_much_is_refused_alike() -> None:
    rule = "match nic when some a in interfaces satisfies some b in interfaces satisfies a.name = b.name and nic = a"
    program = program_of([("match nic", rule.partition(" when ")[2])])
    names = "; ".join(f"n{i}" for i in range(400))
    question = Question(evaluator.read_report(read_topology(names)).facts, HostAddresses.of(), bind(program, {}))
    said = []
    for judge in (lambda: run(program.rules, question), lambda: CompiledPolicy(program).decide(question)):
        with pytest.raises(PolicyError) as error:
            judge()
        said.append(error.value.diagnostics)
    assert said[0] == said[1]


def test_small_hosts_need_no_counting() -> None:
    assert Costs(evaluator.load_policy("strict").program).affordable_size >= 1024
