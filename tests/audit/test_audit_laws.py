"""The laws of records for arbitrary policies: a replay gives the decision again, a mask keeps what it was."""

from __future__ import annotations

import json
from typing import Any

import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st

import evaluator
from evaluator import Decision, HostAddresses, PolicyError
from evaluator.audit.mask.mask import mask
from evaluator.audit.mask.policy import LabelMask
from evaluator.audit.mask.pseudonyms import Pseudonyms
from evaluator.audit.replay import replay
from evaluator.engine import Policy
from evaluator.facts.address import in_order, parse_address
from evaluator.report.reading import Report
from tests.audit.test_mask import KEY, VERSION, identifying, leaks
from tests.audit.test_record import record_of, through_json
from tests.support.random_policies import CONDITIONS, OWNERS, Rules, program_of, random_rules, rules_of
from tests.support.strategies import host_addresses, reports

pytestmark = pytest.mark.volume
CANNOT_BE_MAPPED = ("like", "local_name", ' < "')
MAPPABLE = [condition for condition in CONDITIONS if not any(one in condition for one in CANNOT_BE_MAPPED)]
OTHERS = sorted(set(CONDITIONS) - set(MAPPABLE))
FEWER = settings(max_examples=max(1, settings().max_examples // 4))  # each masks, decides and compares
ASKED = "node7.example.org"


@st.composite
def hosts(draw: st.DrawFn) -> HostAddresses:
    """Draw what is known of a host that was given by addresses, or asked by name and perhaps not answered fully."""
    texts = draw(host_addresses)
    if draw(st.booleans()):
        return HostAddresses.of(*texts)
    answers = tuple(map(parse_address, texts))
    complete = draw(st.booleans())
    if not complete and draw(st.booleans()):
        return HostAddresses((), ASKED, complete=False, withheld=answers)
    return HostAddresses(in_order(answers), ASKED, complete=complete, first=next(iter(answers), None))


def decided(rules: Rules, report: Report, host: HostAddresses) -> Decision:
    try:
        return Policy(program_of([OWNERS, *rules])).decide(report, host)
    except PolicyError:  # too long, nested too deep, costs too much
        assume(False)
        raise


@FEWER
@given(rules=random_rules, report=reports(), host=hosts(), as_text=st.booleans())
def test_a_replay_gives_the_decision_again(rules: Rules, report: Any, host: HostAddresses, as_text: bool) -> None:
    decision = decided(rules, evaluator.read_report(json.dumps(report) if as_text else report), host)
    outcome = replay(through_json(record_of(decision)), VERSION)
    assert outcome.differences == ()
    assert outcome.decision is not None
    assert outcome.decision.to_json() == decision.to_json()


@FEWER
@given(rules=rules_of(MAPPABLE) | rules_of(OTHERS), report=reports(), host=hosts())
def test_a_mask_keeps_the_status_and_maps_the_chosen_interface(rules: Rules, report: Any, host: HostAddresses) -> None:
    read = evaluator.read_report(report)
    decision = decided(rules, read, host)
    record = record_of(decision)
    masked = through_json(mask(record, KEY))
    then, now = record.envelope["result"], masked.envelope["result"]
    names = Pseudonyms(KEY)
    assert now["status"] == then["status"]
    assert now["hostActiveNic"] == (then["hostActiveNic"] and names.name(then["hostActiveNic"]))
    for key in ("owners", "candidates"):
        assert now[key] == sorted(map(names.name, then[key]))
    codes = [[one["code"] for one in result["findings"]] for result in (then, now)]
    assert sorted(map(LabelMask(names), codes[0])) == sorted(codes[1])
    assert leaks(masked, identifying(read, host)) == set()
    reasons = masked.envelope.get("not_replayable", [])
    text = (record.policy or b"").decode()
    assert not reasons or any(one in text for one in CANNOT_BE_MAPPED)
    assert replay(masked, VERSION).is_equal is not bool(reasons)
