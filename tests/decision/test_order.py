"""The byte law for every policy that the checker calls independent of order, not only for the shipped ones.

Policies of every word and state, in conditions, messages and hints, are asked about a host twice: as it is, and with
its interfaces, lists, keys and answers in another order. What order_words() does not name must not show.
"""

from __future__ import annotations

import json
import random
from collections.abc import Iterator
from functools import cache
from itertools import product
from pathlib import Path
from typing import Any

import pytest
import yaml
from hypothesis import given
from hypothesis import strategies as st

import evaluator
from evaluator import HostAddresses
from evaluator.base.source import Source
from evaluator.cli.main import main
from evaluator.policy.language.types import Base
from evaluator.policy.language.vocabulary import STATES, WORDS, words_of
from evaluator.policy.load import read_program
from evaluator.policy.run.required_facts import order_words
from evaluator.policy.source.extend import MOST_RULES
from tests.support.captured import hosts
from tests.support.random_policies import CONDITIONS, OWNERS, TABLE
from tests.support.strategies import host_addresses, reports, shuffled

pytestmark = pytest.mark.volume
MARKED = {
    "host.first_address": 'host.first_address is known and host.first_address = address("10.0.0.1")',
    "nic.position": "nic.position = 0",
    "nic.primary_addresses": 'address("2001:db8::1") in nic.primary_addresses',
    "address is primary": "some a in nic.matched satisfies a is primary and a is ipv6",
}
TOLD = [word for word in MARKED if " is " not in word]  # only words stand in messages
REPORT = {
    "nics": {
        "a": {"ipv6addrs": ["2001:db8::1/64", "2001:db8::2/64"], "addr": "10.0.0.1"},
        "b": {"addr": "10.0.0.3"},
    }
}
TURNED = {
    "nics": {
        "b": {"addr": "10.0.0.3"},
        "a": {"addr": "10.0.0.1", "ipv6addrs": ["2001:db8::2/64", "2001:db8::1/64"]},
    }
}
ASKED = ("10.0.0.1", "10.0.0.3", "2001:db8::1")


def _conditions() -> Iterator[str]:
    """Yield a condition for each state, and one that lets through what has each value of each word, at least."""
    for state in STATES:
        yield {
            Base.NIC: f"nic is {state.name}",
            Base.OWNED: f"some a in nic.matched satisfies a is {state.name}",
            Base.ADDRESS: f"some a in host.answers satisfies a is {state.name}",
            Base.HOST: f"host is {state.name} and nic in owners",
            Base.REPORT: f"report is {state.name} and nic in owners",
        }[state.owner]
    yield from CONDITIONS
    yield from MARKED.values()


def _shown(*owners: str) -> list[str]:
    """Return the words that may stand in a message, in braces; those of `nic` only where there is one."""
    words = {
        "": words_of(None),
        "host": words_of(Base.HOST),
        "report": words_of(Base.REPORT),
        "nic": words_of(Base.NIC),
    }
    dotted = [f"{owner}.{name}".lstrip(".") for owner in owners for name in words[owner]]
    return [f"{{{word}}}" for word in dotted if word not in ("host", "report")]


OF_RULE, OF_NIC = _shown("", "host", "report"), [*_shown("", "host", "report", "nic"), "{nic}", "{net}", "{wide}"]
Rule = dict[str, Any]


@st.composite
def policies(draw: st.DrawFn, conditions: list[str]) -> list[Rule]:
    """Draw the rules of a policy whose judges say something in messages and hints."""
    rules: list[Rule] = [{"rule": " when ".join(OWNERS)}] if draw(st.booleans()) else []
    for _ in range(draw(st.integers(1, 4))):
        verb = draw(st.sampled_from(["match nic", "discard nic", "prefer nic", "reject nic", "warn nic", "warn nic"]))
        joined = draw(st.lists(st.sampled_from(conditions), min_size=1, max_size=2))
        said = OF_NIC
        condition = draw(st.sampled_from([" and ", " or "])).join(f"({part})" for part in joined)
        if draw(st.booleans()) and verb == "warn nic":
            verb, said = draw(st.sampled_from(["warn", "ambiguous"])), OF_RULE
            condition = draw(st.sampled_from(["count(candidates) > 1", "count(host.answers) > 0", "true"]))
        rule: Rule = {"rule": f"{verb} when {condition}"}
        if verb not in ("match nic", "discard nic", "prefer nic"):
            rule |= {key: " ".join(draw(st.lists(st.sampled_from(said), max_size=4))) for key in ("message", "hint")}
        rules.append(rule)
    return rules


def _policy(rules: list[Rule]) -> evaluator.Policy:
    if not any(rule["rule"].startswith("match") for rule in rules):
        rules = [{"rule": "match nic when true"}, *rules]
    listed = [{"name": f"r{at}", **rule} for at, rule in enumerate(rules)]
    text = yaml.safe_dump(
        {"policy": "tried", "parameters": TABLE["parameters"], "conditions": TABLE["conditions"], "rules": listed},
        default_style='"',
        width=10_000,
        allow_unicode=True,
    )
    for word in ("true", "false"):
        text = text.replace(f'!!bool "{word}"', word)
    return evaluator.Policy(read_program(Source("tried", text)))


def _documents(policy: evaluator.Policy, document: Any, answers: list[str], rng: random.Random) -> tuple[Any, Any]:
    """Return the decision document of a question, and that of the same in another order."""
    turned = shuffled(document, rng)
    there = HostAddresses.of(*shuffled(answers, rng))
    here = policy.decide(evaluator.read_report(document), HostAddresses.of(*answers))
    return here.to_json(), policy.decide(evaluator.read_report(turned), there).to_json()


@given(rules=policies(list(_conditions())), report=reports(), answers=host_addresses, seed=st.integers(0, 2**32))
def test_what_is_called_independent_is_independent(
    rules: list[Rule], report: dict[str, Any], answers: list[str], seed: int
) -> None:
    policy = _policy(rules)
    if not order_words(policy.program):
        here, there = _documents(policy, report, answers, random.Random(seed))
        assert here == there


_BOUND = ("primary", "position", "first_address")
FREE = [text for text in _conditions() if not any(word in text for word in _BOUND)]
CAPTURES = [
    (host, file)
    for tool in ("vdsm", "iproute2", "nmstate", "ansible")
    for host in hosts(tool)
    for file in sorted(host.glob("*.json"))
    if file.name != "expected.json" and "-route" not in file.name
]


@pytest.mark.parametrize(("host", "file"), CAPTURES, ids=lambda path: path.name)
def test_every_word_of_a_captured_host(host: Path, file: Path) -> None:
    """Every free word and state in a few policies: whatever of a report depends on order shows in its findings."""
    document = json.loads(file.read_text())
    if file.name == "ip-addr.json":  # with its routing tables, which are lists too
        names = {"addr": "ip-addr", "route": "ip-route", "route6": "ip-route6"}
        document = {key: json.loads((host / f"{name}.json").read_text() or "[]") for key, name in names.items()}
    questions = json.loads((host / "expected.json").read_text())["questions"]
    rng = random.Random(host.name)
    for question, policy in product(questions[:4], _policies_of_every_word()):
        here, there = _documents(policy, document, question["addresses"], rng)
        assert here == there


@cache
def _policies_of_every_word() -> list[evaluator.Policy]:
    """Return policies of at most so many rules as one may have."""
    of_nic, of_rule = (
        " ".join(word for word in said if not any(part in word for part in _BOUND)) for said in (OF_NIC, OF_RULE)
    )
    warn: list[Rule] = [{"rule": f"warn nic when {text}", "message": "m"} for text in FREE]
    loud: list[Rule] = [{"rule": "warn nic when true", "message": of_nic, "hint": of_nic}]
    loud += [{"rule": "warn when true", "message": of_rule, "hint": of_rule}]
    rules = [*warn, *loud]
    parts = (rules[at : at + MOST_RULES - 1] for at in range(0, len(rules), MOST_RULES - 1))
    policies = [_policy([{"rule": " when ".join(OWNERS)}, *part]) for part in parts]
    assert all(order_words(policy.program) == () for policy in policies)
    return policies


@pytest.mark.parametrize(
    ("word", "place"),
    [*((word, "rule") for word in MARKED), *((word, place) for word in TOLD for place in ("message", "hint"))],
)
def test_what_is_marked_depends_on_order(
    word: str, place: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """So no mark is there for nothing, and `check` names it wherever it stands."""
    said = f"warn nic when {MARKED[word]}" if place == "rule" else f"{{{word}}}"
    rule: Rule = {"rule": "warn nic when true", "message": "m", place: said}
    policy = _policy([{"rule": " when ".join(OWNERS)}, rule])
    assert order_words(policy.program) == (word,)
    here = policy.decide(evaluator.read_report(REPORT), HostAddresses.of(*ASKED))
    there = policy.decide(evaluator.read_report(TURNED), HostAddresses.of(*reversed(ASKED)))
    assert here.to_json() != there.to_json()
    path = tmp_path / "p.yaml"
    path.write_text(policy.program.text)
    assert main(["check", str(path)]) == 0
    assert f"depends on order because of {word}" in capsys.readouterr().out


def test_every_mark_is_tried() -> None:
    marked = {one.shown for one in (*WORDS, *STATES) if one.order}
    assert marked == set(MARKED)


def test_a_chooser_says_nothing() -> None:
    """A chooser's message is never printed, so an ORDER word in it makes no difference."""
    policy = _policy([{"rule": " when ".join(OWNERS), "message": "{nic.position}"}])
    assert order_words(policy.program) == ()
