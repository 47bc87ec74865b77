"""Each warning of the checker against what the rule really does, on random hosts of every format.

A warning that says "never", "always" or "changes nothing" is a claim about every host. Here random conditions and
policies, made of the words of `tests/meaning/words.yaml` and of conditions with limits, kinds, networks and lists that
often contradict each other, are judged by the interpreter.
"""

from __future__ import annotations

import random
import re
from typing import Any

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

import evaluator
from evaluator import HostAddresses, PolicyError
from evaluator.policy.language.environment import Environment, Question
from evaluator.policy.language.program import Program
from evaluator.policy.language.verbs import Effect
from evaluator.policy.lint.normal import opposite
from evaluator.policy.lint.solve import Solver
from evaluator.policy.parameters import bind
from evaluator.policy.run.interpret import holds, run, subjects
from tests.support import random_hosts, random_policies
from tests.support.random_policies import OWNERS, Rules, rules_of, tried_program
from tests.support.strategies import host_addresses, reports

pytestmark = pytest.mark.volume
LIMITS = [
    *("nic.position < 1", "nic.position >= 1", "nic.position > 2", "nic.position <= 0", "nic.position != 1"),
    *("nic.mtu is unknown", "nic.mtu is known and nic.mtu >= 1500", "nic.mtu is unknown or nic.mtu < 9000"),
    *("nic.vlan_id is known and nic.vlan_id > 4", "nic.vlan_id is known and nic.vlan_id <= 4", "nic.speed is unknown"),
    *("nic.vlan_id is known and nic.vlan_id in [0, 5]", "nic.bond_mode is known", "nic.bond_mode is unknown"),
    *(
        "count(nic.matched) = 0",
        "count(nic.matched) > 0",
        "count(nic.matched) > 1",
        "nic in owners",
        "nic not in owners",
    ),
    *("count(nic.ports) > 0", "count(nic.slaves) > 0", "count(nic.slaves) = 0", "count(nic.stack) < 2"),
    *("nic is bond", "nic is bridge", "nic is not bridge", "nic is vlan", 'nic.kind = "bond"', 'nic.kind != "bond"'),
    *("nic is up", "nic is down", "nic is not up", "nic is slave", "nic is port"),
    *('nic.name = "b"', 'nic.name in ["a", "b"]', 'nic.name like "b*"', 'nic.name like ["a*", "ens?"]'),
    *('nic.name not like "b*"', 'nic.name like "br*"', 'nic.name < "c"', 'nic.name >= "c"', 'nic.name like "*0"'),
    "some a in nic.matched satisfies a is ipv4",
    "every a in nic.matched satisfies a is ipv6",
    "no a in nic.matched satisfies a is private",
    'some a in nic.addresses satisfies a in cidr("10.0.0.0/24")',
    'every a in nic.addresses satisfies a in [cidr("10.0.1.0/24"), cidr("2001:db8::/32")]',
    "some a in nic.addresses satisfies a.prefix > 32",
    "every a in nic.addresses satisfies a.prefix = 24 or a is ipv6",
    "some a in nic.addresses satisfies a is host_prefix",
    "no a in nic.addresses satisfies a.prefix = 128 or a.prefix = 32",
    'some a in nic.addresses satisfies a.network = cidr("10.0.0.0/24") and a is not link_local',
    'address("10.0.0.1") in nic.matched',
    'address("10.0.0.1") not in nic.matched',
    "nic.addresses overlaps host.addresses",
    "nic.matched within host.addresses",
    "nic.slaves within nic.stack",
    "some other in candidates satisfies other above nic",
    "no other in candidates satisfies other.position < nic.position",
    "some other in candidates satisfies other is bond",
    "some x in interfaces satisfies x is bridge and x above nic",
    "some x in nic.slaves satisfies x is up",
    "every x in nic.slaves satisfies x is not up",
    "no x in nic.ports satisfies x is slave",
    "count(x in nic.slaves satisfies x is up) > 0",
    "count(x in nic.slaves satisfies x is up) = 0",
    "count(x in nic.addresses satisfies x is ipv4) = 2",
    "count(x in nic.matched satisfies x is ipv4 or x.prefix = 24) < 1",
    "count(other in candidates satisfies other above nic) = 0",
    "count(x in interfaces satisfies x is bridge and x above nic) >= 1",
    "nic.base is known",
    "nic.base is known and nic.base is bond",
    "count(nic.host_prefixes) > 0",
    "nic in candidates",
    "nic not in candidates",
    "count(candidates) > 1",
    "count(candidates) = 0",
    "true",
]
CONDITIONS = [*LIMITS, *random_policies.CONDITIONS]
limited_rules = rules_of(LIMITS)
any_rules = rules_of(CONDITIONS)


@st.composite
def questions(draw: st.DrawFn) -> tuple[Any, HostAddresses]:
    """Draw a report of any format, and addresses of the host."""
    if draw(st.booleans()):
        return draw(reports()), HostAddresses.of(*draw(host_addresses))
    rng = random.Random(draw(st.integers(0, 2**32)))
    made = random_hosts.devices(rng)
    report = random_hosts.write(draw(st.sampled_from(random_hosts.TOOLS)), made, rng)
    return report, HostAddresses.of(*rng.sample(random_hosts.ASKED, rng.randint(0, 3)))


def _question(asked: tuple[Any, HostAddresses], program: Program) -> Question:
    report, host = asked
    return Question(evaluator.read_report(report).facts, host, bind(program, {}))


@given(rules=st.one_of(limited_rules, any_rules), asked=st.lists(questions(), min_size=1, max_size=4))
def test_what_the_analysis_says_of_conditions_is_so(rules: Rules, asked: list[tuple[Any, HostAddresses]]) -> None:
    program = tried_program([OWNERS, *rules])
    if program is None:
        return
    conditions = [rule.condition for rule in program.rules if rule.has_subject]
    solver = Solver()
    pairs = [(one, other) for one in conditions for other in conditions]
    never = [(one, other) for one, other in pairs if solver.never(one, other)]
    implied = [(one, other) for one, other in pairs if solver.always(other, one)]
    for one in asked:
        question = _question(one, program)
        for candidates in ((), question.owners, question.facts.links):
            environment = Environment(question, candidates)
            for nic in question.facts.links:
                held = {condition for condition in conditions if holds(condition, environment, {"nic": nic})}
                assert not [pair for pair in never if held.issuperset(pair)]
                assert not [(a, b) for a, b in implied if a in held and b not in held]


@given(rules=st.one_of(limited_rules, any_rules), asked=questions())
def test_moving_a_not_inwards_changes_nothing(rules: Rules, asked: tuple[Any, HostAddresses]) -> None:
    program = tried_program([OWNERS, *rules])
    if program is None:
        return
    question = _question(asked, program)
    environment = Environment(question, question.owners)
    for rule in program.rules:
        for nic in question.facts.links if rule.has_subject else ():
            bound = {"nic": nic}
            assert holds(opposite(rule.condition), environment, bound) is not holds(rule.condition, environment, bound)


@given(
    rules=st.lists(st.one_of(limited_rules, any_rules), min_size=1, max_size=2),
    asked=st.lists(questions(), min_size=1, max_size=4),
)
@example([[("discard nic", "nic in candidates"), ("reject nic", "nic is up")]], [])
def test_each_warning_is_what_the_rule_does(rules: list[Rules], asked: list[tuple[Any, HostAddresses]]) -> None:
    program = tried_program([OWNERS, *(rule for each in rules for rule in each)])
    if program is None:
        return
    for one in asked:
        question = _question(one, program)
        steps = {step.rule.name: step for step in run(program.rules, question)}
        for warning in program.warnings:
            (name, *_) = re.findall(r"the rule `(r\d+)`", warning.message) or [""]
            step = steps.get(name)
            if step is None:
                continue
            if warning.code == "RULE_NEVER_FIRES":
                assert not step.fired, warning
            elif warning.code == "CONDITION_ALWAYS_TRUE":
                environment = Environment(question, step.before)
                judged = subjects(step.rule, environment) if step.rule.has_subject else ()
                assert step.hits == judged, warning
            elif warning.code == "RULE_SHADOWED" and step.rule.verb.chooses:
                assert step.before == step.after, warning
            elif warning.code == "RULE_SHADOWED":
                (other,) = {*re.findall(r"`(r\d+)`", warning.message)} - {name}
                earlier = steps[other]
                assert set(step.hits) <= set(earlier.hits), warning
                assert earlier.fired or not step.fired, warning
            elif warning.code == "NOTHING_CHANGES_AFTER" and step.rule.verb.effect is Effect.REMOVE:
                assert not step.after, warning


WORTH = {
    "nic.mtu is known and nic.mtu > 9000 and nic.mtu < 1500": True,
    "nic is bond and count(nic.ports) > 0": True,
    'some a in nic.matched satisfies a is ipv4 and a in cidr("fd00::/8")': True,
    "count(x in nic.slaves satisfies x is up and x is down) > 0": True,
    "count(x in nic.slaves satisfies x is up) = 0 and some x in nic.slaves satisfies x is up": True,
    "count(x in nic.slaves satisfies x is up) = 2 and no x in nic.slaves satisfies x is up": True,
    "nic is bridge and nic is up": False,
}


@pytest.mark.parametrize("condition", WORTH)
def test_the_analysis_finds_something(condition: str) -> None:
    program = tried_program([OWNERS, ("warn nic", condition)])
    assert program is not None
    assert Solver().never(program.rules[1].condition) is WORTH[condition]


def test_a_large_policy_is_analysed_in_bounded_time() -> None:
    chain = " and ".join(f"(nic.position = {i} or nic.mtu is unknown or nic is slave)" for i in range(20))
    try:
        program = tried_program([OWNERS, *[("discard nic", chain.replace("20", str(i))) for i in range(150)]])
    except PolicyError:
        return
    assert program is None or program.warnings is not None
