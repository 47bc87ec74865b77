"""The questions about a change of the host: what they assume is true for a random host and its changed copy.

A question has two decisions in one theory: of the host, and of the host with an additional answer or an additional
interface. Here all its formulas are evaluated for a random pair of such hosts (`ground.py`). Each formula must be true,
and the negated property must be true exactly if the two decisions differ.
"""

import json
import random
import re
from copy import deepcopy
from functools import cache
from unittest.mock import patch

import pytest

from evaluator import HostAddresses, read_report
from evaluator.facts.address import parse_address
from evaluator.policy.language.environment import Question
from evaluator.policy.run.verdict import status_of
from evaluator.verify import prove
from evaluator.verify.solver import ask
from tests.equality import seeded_case
from tests.verify.ground import GroundPolicy, Sentences, asserted, table
from tests.verify.ground_decisions import EMPTY, SHIPPED, host_of, parameters, program, steps_of
from tests.verify.host_symbols import HostSymbols

ADDED = "zz-added"  # the last name in the order of names
ANSWERS = ("203.0.113.77", "2001:db8::77", "127.0.0.1", "10.0.0.77")
WITH_ROUTE = {"ipv4addrs": ["10.0.1.55/24"], "gateway": "10.0.1.254", "ipv4defaultroute": True}
POLICIES = (*range(len(SHIPPED)), 8)
PAIRS = 60
EFFORT = 15_000  # of the solver for one equality; the equalities that it does not prove are left out
DECLARED = re.compile(r"^\(declare-fun ((?:answer|status)\.\d+) \(\)", re.MULTILINE)


@cache
def question(change, number, is_empty):
    """Return the evaluated question about a policy, and its four constants; None if a clause has no translation."""
    with patch.object(prove, "ask", lambda script, seconds, _: ask(script, seconds, EFFORT)):
        query = change(program(number), {}, is_empty=is_empty)
    if query.clauses:
        return None
    first, second, *others = sorted(DECLARED.findall(query.script), key=lambda name: int(name.split(".")[1]))
    *formulas, goal = asserted(query.script)
    sentences = Sentences(formulas, (), {"differ": (0, goal)}, "no answer", "no status", {}, {first, second, *others})
    return GroundPolicy(sentences), (first, second, *others)


def decided(number, asked):
    """Return the status of a decision, and the number of its interface or None."""
    steps = steps_of(program(number), asked)
    status = str(status_of(asked, steps))
    names = [link.name for link in asked.facts.links]
    return status, names.index(steps[-1].after[0].name) if status in ("resolved", "rejected") else None


def problems(change, number, old, new, value_of, *, is_empty):
    """Return how the formulas are wrong for a host and its changed copy; None if the policy cannot be evaluated."""
    ground = question(change, number, is_empty)
    if ground is None:
        return None
    policy, constants = ground
    decisions = [decided(number, asked) for asked in (old, new)]
    values = [value for status, nic in decisions for value in (nic or 0, status)]
    named = dict(zip(sorted(constants, key=lambda name: int(name.split(".")[1])), values, strict=True))
    symbols = HostSymbols(new, 1)
    domains = symbols.domains([*policy.literals, *old.host.answers, old.host.name], policy.integers)
    evaluated = policy.evaluate(
        domains, lambda name, arity: named[name] if name in named else value_of(name, arity), dict, None
    )
    (status, nic), (new_status, new_nic) = decisions
    is_other = status != new_status or (None not in (nic, new_nic) and nic != new_nic)
    wrong = evaluated.axioms()
    return wrong if evaluated.relations["differ"] is is_other else [*wrong, "differ"]


def text_of(rng):
    """Return a random report or an empty one."""
    return json.dumps(rng.choice(EMPTY)) if rng.random() < 0.1 else seeded_case(rng).text


def with_answer(rng):
    """Return two questions about one report: the second has an additional answer that no interface owns."""
    report = read_report(text_of(rng))
    addresses = [str(address) for address in host_of(rng, report).answers] or ["10.0.0.1"]
    rng.shuffle(addresses)
    owned = set().union(*(link.address_set for link in report.facts.links))
    added = rng.choice([text for text in ANSWERS if parse_address(text) not in owned and text not in addresses])
    name, complete = rng.choice(((None, True), ("node7.example.org", True), ("node7.example.org", False)))
    texts = rng.choice(([*addresses, added], [added, *addresses]))
    first, second = (HostAddresses.of(*one, name=name, complete=complete) for one in (addresses, texts))
    return report.facts, first, second, parse_address(added)


def with_interface(rng):
    """Return the facts of a report, and of its copy with an interface that has nothing."""
    document = json.loads(text_of(rng))
    changed = deepcopy(document)
    entries = changed.get("result", changed.get("info", changed)) if isinstance(changed, dict) else changed
    if isinstance(entries, dict) and "nics" in entries:
        entries["nics"][ADDED] = rng.choice(({}, WITH_ROUTE))
    elif isinstance(entries, dict) and "interfaces" in entries:
        entries["interfaces"].append({"name": ADDED, "type": "ethernet", "state": "up"})
    elif isinstance(entries, dict) and "addr" not in entries:
        facts = entries.get("ansible_facts", entries)
        facts["ansible_interfaces"].append(ADDED)
        facts[f"ansible_{ADDED.replace('-', '_')}"] = {"device": ADDED, "type": "ether", "pciid": "0000:00:04.0"}
    else:
        listed = entries["addr"] if isinstance(entries, dict) else entries
        listed.append({"ifname": ADDED, "flags": ["BROADCAST"], "link_type": "ether", "addr_info": []})
    return read_report(json.dumps(document)), read_report(json.dumps(changed))


@pytest.mark.parametrize("number", POLICIES)
def test_an_additional_answer(number):
    rng, evaluated = random.Random(number), 0
    for _ in range(PAIRS):
        facts, first, second, added = with_answer(rng)
        values = parameters(rng, program(number))
        old, new = Question(facts, first, values), Question(facts, second, values)
        one, other = HostSymbols(old, 1), HostSymbols(new, 1)

        def value_of(name, arity, one=one, other=other, added=added):
            if name == "added":
                return added
            is_new = name.endswith(".new")
            return (other if is_new else one).value_of(name.removesuffix(".new"), arity)

        wrong = problems(prove._with_unowned_answer, number, old, new, value_of, is_empty=not facts.links)
        assert not wrong, (number, first, second, wrong)
        evaluated += wrong is not None
    assert evaluated in (0, PAIRS)


@pytest.mark.parametrize("number", POLICIES)
def test_an_additional_interface(number):
    rng = random.Random(number)
    for _ in range(PAIRS):
        before, after = with_interface(rng)
        host, values = host_of(rng, before), parameters(rng, program(number))
        old, new = (Question(report.facts, host, values) for report in (before, after))
        one, other, added = HostSymbols(old, 1), HostSymbols(new, 1), len(before.facts.links)
        assert [link.name for link in after.facts.links] == [*(link.name for link in before.facts.links), ADDED]
        special = {
            "position.old": lambda n, one=one, added=added: -1 if n == added else one.links[n].position,
            "at_position.old": lambda i, one=one, added=added: added if i == -1 else one.value_of("at_position", 1)[i],
            "best_route.old": lambda a, n, one=one, added=added: n != added and one.value_of("best_route", 2)[a][n],
        }

        def value_of(name, arity, special=special, other=other, added=added):
            if name == "added":
                return added
            return table(arity, special[name]) if name in special else other.value_of(name, arity)

        wrong = problems(prove._with_separate_interface, number, old, new, value_of, is_empty=not before.facts.links)
        assert not wrong, (number, host, wrong)
