"""A condition that does not depend on missing facts has one value, whatever those facts are."""

from __future__ import annotations

from copy import deepcopy
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

import evaluator
from evaluator.facts.host import HostFacts
from evaluator.policy.compile.rules import compile_condition
from evaluator.policy.language.environment import Environment, Question
from evaluator.policy.parameters import bind
from evaluator.policy.run.evidence import depends_on_missing
from evaluator.policy.run.interpret import Bindings, holds
from tests.support.random_policies import OWNERS, random_rules, tried_program
from tests.support.strategies import ADDRESSES, NETWORKS, reports

# all that depends on the logical networks of a report
pytestmark = pytest.mark.volume
MISSING = frozenset({"nic.networks", "report.networks", "nic.conflicts"})


@st.composite
def reports_with_other_networks(draw: st.DrawFn) -> tuple[dict[str, Any], dict[str, Any]]:
    """Draw a report, and the same with other logical networks."""
    one = draw(reports())
    other = deepcopy(one)
    devices = [name for key in ("nics", "vlans", "bondings", "bridges") for name in one[key]]
    names = draw(st.lists(st.sampled_from([*NETWORKS, "x"]), unique=True))
    other["networks"] = {name: {"iface": draw(st.sampled_from(devices)), "bridged": False} for name in names}
    return one, other


@given(reports_with_other_networks(), random_rules, st.lists(st.sampled_from(ADDRESSES), unique=True))
def test_what_is_not_open_is_the_same_for_every_value(
    documents: tuple[dict[str, Any], dict[str, Any]], rules: list[tuple[str, str]], asked: list[str]
) -> None:
    program = tried_program([OWNERS, *rules])
    if program is None:
        return
    host = evaluator.HostAddresses.of(*asked)
    parameters = bind(program, {})
    one, other = (evaluator.read_report(document).facts for document in documents)
    for rule in program.rules:
        for name in [link.name for link in one.links] if rule.has_subject else [None]:
            scenes = [Environment(Question(facts, host, parameters), facts.links) for facts in (one, other)]
            first, second = ((environment, bound_to(name, environment.facts)) for environment in scenes)
            where = depends_on_missing(rule.condition, MISSING)
            is_open = holds(where, *first)
            nic = None if name is None else one.by_name[name]
            assert compile_condition(program, where)(first[0].question, first[0].candidates, nic) is is_open
            if not is_open:
                assert holds(rule.condition, *first) is holds(rule.condition, *second), rule.text


def bound_to(name: str | None, facts: HostFacts) -> Bindings:
    return {} if name is None else {"nic": facts.by_name[name]}
