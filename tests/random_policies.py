"""Random policies: verbs over what `tests/meaning/words.yaml` says of every word and sign."""

from __future__ import annotations

import re
from pathlib import Path

import yaml
from hypothesis import strategies as st

from evaluator.policy.load import read_program
from evaluator.policy.program import Program
from evaluator.source import Source

TABLE = yaml.safe_load((Path(__file__).parent / "meaning" / "words.yaml").read_text(encoding="utf-8"))
WITHOUT_SUBJECT = [
    *("count(candidates) > 1", "host is complete", "count(host.unowned) > 0"),
    "some x in owners satisfies x is bond",
]
CHOOSERS = ("match", "discard", "prefer")
OWNERS = ("match nic", "nic.addresses overlaps host.addresses")
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


random_rules = rules_of(sorted(TABLE["holds"]))


def program_of(rules: Rules) -> Program:
    """Return the policy of verbs with their conditions; PolicyError where it is too long or nested too deep."""
    said = {"code": "CODE", "message": "said"}
    listed = [
        {"name": f"r{i}", "rule": f"{verb} when {condition}", **({} if verb.split()[0] in CHOOSERS else said)}
        for i, (verb, condition) in enumerate(rules)
    ]
    words = set(re.findall(r"[a-z_]+", " ".join(condition for _, condition in rules)))
    parameters = {name: declared for name, declared in TABLE["parameters"].items() if name in words}
    document = {"policy": "tried", "parameters": parameters, "rules": listed}
    text = yaml.safe_dump(document, default_style='"', width=10_000)
    return read_program(Source("tried", text.replace('!!bool "true"', "true").replace('!!bool "false"', "false")))
