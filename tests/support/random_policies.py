"""Random policies: verbs over what `tests/meaning/words.yaml` says of every word and sign, and over look-alikes.

Look-alikes are values that differ only in blanks, case, Unicode or type, in one spelling or another: whatever shares
work between two of them by their printed form gives a wrong answer.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from pathlib import Path

import yaml
from hypothesis import strategies as st

from evaluator.base.diagnostic import PolicyError
from evaluator.base.source import Source
from evaluator.policy.language.program import Program
from evaluator.policy.load import read_program

TABLE = yaml.safe_load((Path(__file__).parents[1] / "meaning" / "words.yaml").read_text(encoding="utf-8"))
CONDITIONS = sorted({condition for host in (TABLE, *TABLE["reports"]) for condition in host["holds"]})
WITHOUT_SUBJECT = [
    *("count(candidates) > 1", "host is complete", "count(host.unowned) > 0"),
    "some x in owners satisfies x is bond",
]
CHOOSERS = ("match", "discard", "prefer")
OWNERS = ("match nic", "nic.addresses overlaps host.addresses")
_TEXTS = [
    ("lab net", "lab  net", "lab\u00a0net", " lab net", "Lab net"),
    ("\u00e9", "e\u0301", "\u00c9"),
    ("1", "\uff11", "01", " 1"),
    ("10.0.0.1", "10.0.0.01", "::ffff:10.0.0.1", "true", "nic.name", ""),
]
_OF_TEXTS = [
    'nic.name = "{}"',
    'nic.name in ["{}", "{}"]',
    "nic.name in ['{}','{}']",
    'nic.name not in [ "{}",  "{}" ]',
    'nic.name like "{}*"',
    'nic.name like ["{}", "{}?"]',
    '"{}" in ["{}", "x"]',
    'count(["{}", "{}"]) = 1',
    'some n in ["{}", "{}"] satisfies n = nic.name',
    'nic.networks overlaps ["{}", "{}"]',
    '["{}"] within ["{}", "x"]',
    'nets overlaps ["{}", "{}"]',
    '"{}" in nets',
    '"{}"  in  nets',
]
_OF_VALUES = [
    ("sure = true", "sure  =  true", "sure in [true]", "sure in [false]", "count([true]) = 1", "count([1]) = 1"),
    ("nic.position in [1]", "nic.position in [0]", "nic.position = -0", 'count(["1"]) = 1', "count([0, 1]) = 1"),
    ("nic.mtu is known and nic.mtu in [1500]", "nic . mtu is known and nic.mtu  in  [1500]", "nic.mtu is unknown"),
    ('address("10.0.0.1") in nic.addresses', 'address("::ffff:10.0.0.1") in nic.addresses', '"10.0.0.1" in nets'),
    ('cidr("10.0.0.0/24") in nic.subnets', 'cidr("10.0.0.0/25") in nic.subnets', 'address("10.0.0.1") in wide'),
]
LOOK_ALIKE = [  # conditions that look alike, group by group
    *map(list, _OF_VALUES),
    *([text.format(one, other) for one in family for other in family[:2]] for text in _OF_TEXTS for family in _TEXTS),
]
Rules = list[tuple[str, str]]


def rules_of(conditions: list[str]) -> st.SearchStrategy[Rules]:
    """Return a strategy for the rules of a policy over conditions and what can be made of them."""
    composed = st.recursive(
        st.sampled_from(conditions).map(lambda text: f"({text})"),
        lambda inner: st.one_of(
            st.tuples(inner, st.sampled_from([" and ", " or "]), inner).map("".join).map(lambda text: f"({text})"),
            inner.map(lambda text: f"(not {text})"),
        ),
        max_leaves=4,
    )
    verbs = st.sampled_from(["match nic", "discard nic", "prefer nic", "reject nic", "warn nic"])
    without_subject = st.tuples(st.sampled_from(["ambiguous", "warn"]), st.sampled_from(WITHOUT_SUBJECT))
    return st.lists(st.one_of(st.tuples(verbs, composed), without_subject), min_size=1, max_size=5)


random_rules = rules_of(CONDITIONS)
look_alike_rules = st.sampled_from(LOOK_ALIKE).flatmap(rules_of)


def tried_program(rules: Rules) -> Program | None:
    """Return the policy, None if it is too long or nested too deep; PolicyError for any other mistake."""
    try:
        return program_of(rules)
    except PolicyError as error:
        if {"RULE_TOO_LONG", "RULE_TOO_DEEP"}.isdisjoint(problem.code for problem in error.diagnostics):
            raise
        return None


def _words_in(texts: Iterable[str]) -> set[str]:
    return set(re.findall(r"[a-z_]+", " ".join(texts)))


def program_of(rules: Rules, of_nic: str = "said", at_once: str = "said") -> Program:
    """Return the policy of verbs with their conditions; PolicyError where it is too long or nested too deep.

    `of_nic` is the message of the rules with a subject, `at_once` that of the others.
    """
    listed = [
        {
            "name": f"r{i}",
            "rule": f"{verb} when {condition}",
            **({} if verb.split()[0] in CHOOSERS else {"code": "CODE", "message": of_nic if " " in verb else at_once}),
        }
        for i, (verb, condition) in enumerate(rules)
    ]
    words = _words_in(condition for _, condition in rules)
    for _ in TABLE["conditions"]:  # a condition names others
        words |= _words_in(text for name, text in TABLE["conditions"].items() if name in words)
    document = {
        "policy": "tried",
        **{key: {n: one for n, one in TABLE[key].items() if n in words} for key in ("parameters", "conditions")},
        "rules": listed,
    }
    text = yaml.safe_dump(document, default_style='"', width=10_000, allow_unicode=True)
    return read_program(Source("tried", text.replace('!!bool "true"', "true").replace('!!bool "false"', "false")))
