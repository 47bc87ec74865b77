"""The meaning of each word and sign of the rule language, as data: a host, and for whom a condition holds.

`tests/meaning/reasons.txt` has a paragraph for each condition: the upper bound of its steps on a host with lists of
unequal lengths, its cost in messages, and for two interfaces the deciding clause with its values. After a change,
`python -m tests.policy.test_meaning` writes this file again. Check the difference by eye.
"""

from __future__ import annotations

import copy
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import yaml

import evaluator
from evaluator import Decision, HostAddresses
from evaluator.base.source import Source
from evaluator.engine import Policy
from evaluator.facts.lists import Lists
from evaluator.policy.language.vocabulary import FUNCTIONS, MESSAGE_WORDS, STATES, WORDS
from evaluator.policy.load import read_program
from evaluator.policy.run.cost import Sizes, Stacks, ValueSize, count_steps
from evaluator.testing.terse_topology import read_topology

TABLE = yaml.safe_load((Path(__file__).parents[1] / "meaning" / "words.yaml").read_text(encoding="utf-8"))
MESSAGES = yaml.safe_load((Path(__file__).parents[1] / "meaning" / "messages.yaml").read_text(encoding="utf-8"))
HOSTS = [{**TABLE, "given": read_topology(TABLE["given"])}, *TABLE["reports"]]
CASES = [
    pytest.param(number, condition, names, id=f"{number}: {condition}")
    for number, host in enumerate(HOSTS)
    for condition, names in host["holds"].items()
]
LACKS = [(number, word) for number, host in enumerate(HOSTS) for word in host.get("lacks", ())]

REASONS = Path(__file__).parents[1] / "meaning" / "reasons.txt"
TOLD = {
    lines[0]: lines[1:] for text in REASONS.read_text(encoding="utf-8").split("\n\n") for lines in [text.split("\n")]
}
SIZES = Sizes(
    interfaces=211,
    candidates=97,
    answers=131,
    host_name=83,
    networks=41,
    lists=Lists(67, 1009),
    neighbours=lambda: Lists(29, 401),
    name=71,
    parameters=dict.fromkeys(TABLE["parameters"], ValueSize(19, 53)),
    stacks=lambda: Stacks(Lists(31, 1511), Lists(37, 2003)),
)
# the steps of a rule with a message
STEPS: dict[str, dict[str, int]] = {
    "warn nic": {
        "a text of more than sixteen letters": 5612,
        "{nic.name} has {nic.addresses} of {host.addresses}": 123028,
        "{nic}": 6878,
        "{candidates.addresses} or {owners.addresses}": 4124396,
        "{nets} {net} {wide}": 63637,
        "{nic.slaves} {nic.stack} {nic.uppers}": 30440,
        "{nic.networks} {report.networks} {host.name}": 85897,
        "{nic.vlan} {nic.vlan_id} {nic.matched}": 13276,
        "{interfaces}": 361410,
    },
    "ambiguous": {"{candidates}": 1790},
}


def _asked(number: int) -> tuple[evaluator.Report, HostAddresses]:
    host = HOSTS[number]
    return evaluator.read_report(copy.deepcopy(host["given"])), HostAddresses.of(*host["host"])


def _policy(condition: str, verb: str = "", message: str = "") -> Policy:
    rules = [{"name": "tried", "rule": f"match nic when {condition}"}]
    if verb:
        rules.append({"name": "told", "rule": f"{verb} when {condition}", "code": "TOLD", "message": message})
    document = {"policy": "tried", **{key: TABLE[key] for key in ("parameters", "conditions")}, "rules": rules}
    text = yaml.safe_dump(document, default_style='"', width=10_000).replace('!!bool "true"', "true")
    return Policy(read_program(Source("tried", text.replace('!!bool "false"', "false"))))


@pytest.mark.parametrize(("number", "condition", "names"), CASES)
def test_for_whom_a_condition_holds(number: int, condition: str, names: list[str]) -> None:
    report, host = _asked(number)
    assert report.facts.links
    policy = _policy(condition)
    decision = policy.decide(report, host)
    assert list(decision.candidates) == names
    for interface in decision.reasons().interfaces:
        assert interface.reasons[0].held is (interface.name in names)
    title, *told = reasons(number, condition, policy, decision)
    assert told == TOLD[title]


def reasons(number: int, condition: str, policy: Policy, decision: Decision) -> Iterator[str]:
    """Yield the lines of the paragraph of a condition."""
    (rule,) = policy.program.rules
    yield f"{number}: {condition}"
    yield f"{count_steps(rule, SIZES)} steps, cost {rule.cost}"
    for interface in decision.reasons().interfaces:
        if interface.name in ("bond0", "ens3"):
            reason = interface.reasons[0]
            seen = "; ".join(f"{item.word} = {item.value} {' '.join(item.pointers)}".rstrip() for item in reason.seen)
            yield f"{interface.name} {'is' if reason.held else 'is not'} matched: {reason.clause}: {seen}"


@pytest.mark.parametrize("verb", STEPS)
def test_the_steps_of_a_message(verb: str) -> None:
    """The more a message prints, the more its finding costs."""
    steps = {text: count_steps(_policy("true", verb, text).program.rules[-1], SIZES) for text in STEPS[verb]}
    assert steps == STEPS[verb]


@pytest.mark.parametrize(("number", "word"), LACKS)
def test_what_a_format_cannot_supply_is_said(number: int, word: str) -> None:
    report, host = _asked(number)
    owner = "nic" if word.startswith("nic") else "a"
    asked = word.replace("address", owner, 1)
    asked = asked if " is " in word else f"count({asked}) > 0" if word == "nic.altnames" else f"{asked} is known"
    condition = asked if owner == "nic" else f"some a in nic.addresses satisfies {asked}"
    findings = _policy(condition).decide(report, host).findings
    assert [one for one in findings if one.code == "REPORT_LACKS_FACT" and f"`{word}`" in one.message]


@pytest.mark.parametrize("row", MESSAGES["says"], ids=lambda row: row["message"])
def test_what_a_message_shows(row: dict[str, Any]) -> None:
    choose = {"name": "choose", "rule": f"match nic when {MESSAGES['candidates']}"}
    said = {"name": "said", "rule": row["rule"], "message": row["message"], "code": "SAID"}
    text = yaml.safe_dump({"policy": "tried", "rules": [choose, said]}, width=10_000)
    report = evaluator.read_report(read_topology(MESSAGES["given"]))
    decision = evaluator.load_policy(text=text).decide(report, HostAddresses.of(*MESSAGES["host"]))
    findings = [one for one in decision.findings if one.code == "SAID"]
    assert [one.message for one in findings] == row["says"]
    for key in ("interfaces", "addresses"):
        if key in row:
            assert [list(getattr(one, key)) for one in findings] == [row[key]]


def test_every_word_is_in_the_table() -> None:
    sentences = " ".join(condition for host in HOSTS for condition in host["holds"])
    used: set[Any] = set(sentences.replace("(", " ").replace(")", " ").replace(",", " ").split())
    used |= {part for word in used for part in word.split(".")}
    not_reported_by_vdsm = {"team", "veth", "dummy", "macvlan", "vrf", "tun", "loopback", "ovs", "other"}
    elsewhere = {"position", "first_address", "conflicts", "mac", "speed", "name"}
    assert {w.name for w in WORDS} - elsewhere <= used
    assert {s.name for s in STATES} - not_reported_by_vdsm - {"bridge", "ipv4"} <= used
    assert set(FUNCTIONS) <= used
    assert {f"{{{word.shown}}}" for word in MESSAGE_WORDS} <= set(re.findall(r"{[a-z._]+}", str(MESSAGES)))


if __name__ == "__main__":
    tried = (
        (number, condition, _policy(condition)) for number, host in enumerate(HOSTS) for condition in host["holds"]
    )
    texts = ("\n".join(reasons(at, text, policy, policy.decide(*_asked(at)))) for at, text, policy in tried)
    REASONS.write_text("\n\n".join(texts), encoding="utf-8")
