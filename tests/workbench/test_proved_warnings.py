"""Warnings that need the solver: the cases of `dead_rules.yaml`, shipped policies, limits, and random policies."""

from __future__ import annotations

import random
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import yaml
from hypothesis import given
from hypothesis import strategies as st

from evaluator import HostAddresses, load_policy, read_report
from evaluator.base.diagnostic import Diagnostic, Severity, in_order
from evaluator.policy.language.environment import Environment, Question
from evaluator.policy.language.program import Program
from evaluator.policy.parameters import bind
from evaluator.policy.run.interpret import RuleResult, holds, run, subjects
from evaluator.policy.source.find import shipped_names
from evaluator.testing.terse_topology import read_topology
from evaluator.verify import dead_rules
from evaluator.verify.dead_rules import Dead, dead_parts
from evaluator.verify.rule_parts import Can, own_rules, parts_of
from evaluator.verify.sampled_hosts import not_alive
from evaluator.workbench.check_text import Checked, check_policy, check_text
from evaluator.workbench.proved_warnings import proved_warnings
from tests.policy.test_language import CHUNKS, POLICY, split
from tests.policy.test_lint import any_rules, limited_rules
from tests.support import random_hosts
from tests.support.random_policies import OWNERS, Rules, tried_program

ROOT = Path(__file__).parents[2]
CASES = yaml.safe_load((Path(__file__).parent / "dead_rules.yaml").read_text(encoding="utf-8"))
OWNER = {"owner": "match nic when nic in owners"}
RECIPES = sorted(
    str(path) for path in (ROOT / "examples" / "recipes").glob("*.yaml") if not path.name.endswith(".test.yaml")
)


def text_of(case: dict[str, Any]) -> str:
    """Return the text of a policy, each sentence on one line."""
    rules = {**OWNER, **case["rules"]}
    head = {key: case[key] for key in ("parameters", "conditions") if key in case}
    lines = [f"  - name: {name}\n    rule: |\n      {' '.join(rule.split())}\n" for name, rule in rules.items()]
    return f"policy: p\n{yaml.safe_dump(head, width=1000) if head else ''}rules:\n{''.join(lines)}"


def proved(checked: Checked) -> tuple[Diagnostic, ...]:
    """Return the proved warnings about a valid policy."""
    assert checked.policy is not None
    assert checked.chain is not None
    return proved_warnings(checked.policy.program, checked.chain)


@pytest.mark.parametrize("case", CASES, ids=lambda case: case["name"])
def test_a_case_has_its_warnings(case: dict[str, Any]) -> None:
    checked = check_text(text_of(case))
    found = in_order((*checked.diagnostics, *proved(checked)))
    texts = [f"{one.code} {one.message}" + (f" | {one.hint}" if one.hint else "") for one in found]
    assert texts == [" ".join(text.split()) for text in case.get("warnings", ())]


@pytest.mark.parametrize("case", [case for case in CASES if "fires" in case], ids=lambda case: case["name"])
def test_a_rule_without_warning_fires_for_its_host(case: dict[str, Any]) -> None:
    policy = load_policy(text=text_of(case))
    for name, host in case["fires"].items():
        report = read_report(read_topology(host["given"]))
        decision = policy.decide(report, HostAddresses.of(*host["host"]), parameters=host.get("parameters"))
        assert name in {step.rule for step in decision.trace if step.fired}, name


@pytest.mark.parametrize("name", [*shipped_names(), *RECIPES])
def test_shipped_policies_and_recipes_have_no_warning(name: str) -> None:
    assert proved(check_policy(name)) == ()


KNOWN_MISTAKES = [
    chunk for chunk in CHUNKS if str(chunk.id).partition(":")[0] in ("contradictions.txt", "order.txt", "traps.txt")
]


@pytest.mark.parametrize("chunk", KNOWN_MISTAKES)
def test_a_mistake_that_a_check_without_the_solver_reports_is_not_reported_again(chunk: str) -> None:
    files, _ = split(chunk)
    checked = check_text(files[POLICY])
    assert checked.policy is None or proved(checked) == ()


BASE = "policy: base\nrules:\n  - name: owner\n    rule: match nic when nic in owners\n"
DEAD = "  - name: dead\n    rule: reject nic when some x in nic.slaves satisfies x above nic\n"
OWN_DEAD = "  - name: own-dead\n    rule: warn nic when some x in nic.ports satisfies x above nic\n"
LIMIT_REACHED = "the solver did not examine 1 of 2 rules, because the policy is long"


def test_a_rule_of_a_base_is_not_reported(tmp_path: Path) -> None:
    (tmp_path / "base.yaml").write_text(BASE + DEAD, encoding="utf-8")
    own = f"policy: own\nextends: ./base.yaml\nrules:\n{OWN_DEAD}"
    checked = check_text(own, path=tmp_path / "own.yaml")
    (warning,) = proved(checked)
    assert "`own-dead`" in warning.message
    assert warning.place == "<text>:5:11"
    assert len(proved(check_text(BASE + DEAD))) == 1


def test_a_long_policy_is_not_examined_and_this_is_said(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(dead_rules, "_MOST_CHARACTERS", 0)
    (found,) = proved(check_text(BASE + DEAD))
    assert (found.code, found.severity, found.message) == ("RULES_NOT_PROVED", Severity.INFO, LIMIT_REACHED)


def test_the_cause_of_a_rule_is_found_among_many_rules() -> None:
    noise = [f"  - name: n{at}\n    rule: discard nic when nic is ovs and nic.mtu = 70{at}\n" for at in range(5)]
    noise = [text.replace("nic.mtu =", "nic.mtu is known and nic.mtu =") for text in noise]
    cause = "  - name: cause\n    rule: discard nic when some x in owners satisfies nic below x\n"
    effect = "  - name: effect\n    rule: reject nic when some x in owners satisfies x above nic\n"
    program = load_policy(text=BASE + "".join([*noise[:2], cause, *noise[2:], effect])).program
    dead = {program.rules[one.part.number].name: one for one in dead_parts(program, lambda _: False).dead}
    assert [program.rules[number].name for number in dead["effect"].rules] == ["cause"]


def test_no_question_is_asked_about_a_rule_that_a_sampled_host_makes_alive() -> None:
    program = load_policy("ovirt-engine").program
    parts = [part for number in own_rules(program) for part in parts_of(program, number)]
    assert len(parts) > len(program.rules)
    assert not_alive(program, parts) == ()


def _refuted(program: Program, dead: Dead, step: RuleResult, question: Question) -> bool:
    """Return whether a dead part is alive for a host."""
    part, environment = dead.part, Environment(question, step.before)
    match part.can:
        case Can.FIRE:
            return step.fired
        case Can.CHANGE:
            return step.before != step.after
    judged = subjects(step.rule, environment) if step.rule.has_subject else ()
    bindings = [{"nic": nic} for nic in judged] if program.rules[part.number].has_subject else [{}]
    return any(holds(part.condition, environment, each) for each in bindings)


def _questions(program: Program, seed: int) -> Iterator[Question]:
    rng = random.Random(seed)
    for _ in range(12):
        made = random_hosts.devices(rng)
        report = read_report(random_hosts.write(rng.choice(random_hosts.TOOLS), made, rng))
        host = HostAddresses.of(*rng.sample(random_hosts.ASKED, rng.randint(0, 3)))
        yield Question(report.facts, host, bind(program, {}))


@pytest.mark.volume
@given(rules=st.lists(st.one_of(limited_rules, any_rules), min_size=1, max_size=2), seed=st.integers(0, 2**32))
def test_no_host_makes_a_dead_part_alive(rules: list[Rules], seed: int) -> None:
    program = tried_program([OWNERS, *(rule for each in rules for rule in each)])
    if program is None:
        return
    found = dead_parts(program, lambda _: False)
    for question in _questions(program, seed):
        steps = run(program.rules, question)
        for dead in found.dead:
            assert not _refuted(program, dead, steps[dead.part.number], question), dead
        for number in found.emptying:
            assert not steps[number].after
