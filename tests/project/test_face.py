"""The Python face: what an engine finds out about a policy, how it asks, and what it is told if it asks wrongly."""

from __future__ import annotations

import json
import os
import re
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

import evaluator
from evaluator import HostAddresses, PolicyError, PolicyParameter, PolicyRule, QuestionError, Severity
from evaluator.testing.terse_topology import read_topology
from tests.support.untyped import untyped

STRICT = evaluator.load_policy("strict")
BOND = read_topology("bond0 over ens1, ens2 has 192.0.2.10/24; br0 over ens3")
REPORT, HOST = evaluator.read_report(BOND), HostAddresses.of("192.0.2.10")
TEXT = """policy: site
description: A site with two networks.
extends: strict
parameters:
  sites: {type: ["cidr"], default: [192.0.2.0/24, 2001:db8::/64]}
  least: {type: integer, description: the least MTU}
rules:
  - name: only-here
    before: one-interface
    rule: discard nic when every address in nic.addresses satisfies address not in sites
  - name: note
    rule: warn nic when nic.mtu is known and nic.mtu < least
    code: SMALL_MTU
    severity: info
    message: "{nic.name} is small"
"""


def test_a_policy_describes_itself() -> None:
    site = evaluator.load_policy(text=TEXT)
    assert (site.name, site.description, site.text) == ("site", "A site with two networks.", TEXT)
    assert site.parameters[-2:] == (
        PolicyParameter("sites", "[cidr]", ["192.0.2.0/24", "2001:db8::/64"], False, ""),
        PolicyParameter("least", "integer", None, True, "the least MTU"),
    )
    optional = {parameter.name: parameter for parameter in STRICT.parameters}["management_vlan"]
    assert (optional.default, optional.is_required) == (None, False)
    rules = {rule.name: rule for rule in site.rules}
    assert [rule.name for rule in site.rules if rule in STRICT.rules] == [rule.name for rule in STRICT.rules]
    assert rules["note"] == PolicyRule(
        "note",
        "warn",
        "warn nic when nic.mtu is known and nic.mtu < least",
        "site:12:11",
        "n",
        "SMALL_MTU",
        Severity.INFO,
    )
    only = rules["only-here"]
    assert (only.code, only.severity) == ("", None)
    assert [rule.name for rule in site.rules].index("only-here") + 1 == [r.name for r in site.rules].index(
        "one-interface"
    )
    lines = TEXT.splitlines()
    for rule in (only, rules["note"]):
        _, line, column = rule.place.split(":")
        assert lines[int(line) - 1][int(column) - 1 :] == rule.sentence


def test_parameters_as_a_mapping_and_by_keyword_are_the_same() -> None:
    by_name = STRICT.decide(REPORT, HOST, management_network="net", management_vlan=None)
    assert by_name == STRICT.decide(REPORT, HOST, parameters={"management_network": "net"})
    assert by_name == STRICT.decide(REPORT, HOST, parameters={"management_vlan": None}, management_network="net")
    assert [by_name] == list(STRICT.decide_many([(REPORT, HOST)], parameters={"management_network": "net"}))
    with pytest.raises(PolicyError, match="PARAMETER_UNKNOWN"):
        STRICT.decide(REPORT, HOST, parameters={"network": "net"})


def test_a_parameter_given_twice_is_a_programming_error() -> None:
    twice: dict[str, Any] = {"parameters": {"management_network": "a"}, "management_network": "a"}
    for call in (STRICT.decide, lambda *_, **given: STRICT.decide_many([], **given)):
        with pytest.raises(TypeError, match="management_network"):
            call(REPORT, HOST, **twice)
    with pytest.raises(TypeError, match="by keyword"):
        STRICT.decide_each([], **twice)
    with pytest.raises(TypeError, match="must be a mapping of names to values, not list"):
        STRICT.decide(REPORT, HOST, parameters=untyped(["a"]))


@pytest.mark.parametrize("report", [BOND, json.dumps(BOND), Path("report.json"), None, [REPORT]])
def test_what_is_no_report_is_named(report: Any) -> None:
    with pytest.raises(TypeError, match=rf"^report must be a Report, not {type(report).__name__}: use read_report"):
        STRICT.decide(report, HOST)
    with pytest.raises(TypeError, match="use read_report"):
        list(STRICT.decide_many([(report, HOST)]))


@pytest.mark.parametrize("host", ["192.0.2.10", ("192.0.2.10",), None])
def test_what_is_no_host_is_named(host: Any) -> None:
    with pytest.raises(
        TypeError, match=rf"^host must be HostAddresses, not {type(host).__name__}: use HostAddresses.of"
    ):
        STRICT.decide(REPORT, host)


QUESTION: Mapping[str, Any] = {"report": BOND, "addresses": ["192.0.2.10"]}


def codes(result: object) -> list[str]:
    assert isinstance(result, QuestionError)
    return [problem.code for problem in result.diagnostics]


def test_each_question_gives_a_decision_or_an_error() -> None:
    network = {"parameters": {"management_network": "net"}}
    questions = [
        QUESTION,
        json.dumps(QUESTION),
        json.dumps(QUESTION).encode(),
        (REPORT, HOST),
        {**QUESTION, "policy": "another", **network},
        {"report": BOND, "host": "h.example.org", "answers": {"addresses": ["192.0.2.10"], "complete": False}},
        {**QUESTION, "parameters": {"x": 1}},
        {"report": BOND, "host": "h.example.org"},
        {"report": BOND},
        {**QUESTION, "host": "h.example.org"},
        {"report": {"nics": 5}, "addresses": ["192.0.2.10"]},
        {"report": BOND, "addresses": ["192.0.2.300", "::g"]},
        "{",
        "5",
    ]
    results = list(STRICT.decide_each(questions))
    decision = STRICT.decide(REPORT, HOST)
    assert results[:4] == [decision] * 4
    assert results[4] == STRICT.decide(REPORT, HOST, management_network="net")
    named = HostAddresses.of("192.0.2.10", name="h.example.org", complete=False)
    assert results[5] == STRICT.decide(REPORT, named)
    assert [codes(result) for result in results[6:]] == [
        *(["PARAMETER_UNKNOWN"], ["HOST_WITHOUT_ANSWERS"], ["REPORT_INVALID"], ["REPORT_INVALID"]),
        *(["REPORT_INVALID"], ["HOST_ADDRESS_INVALID"] * 2, ["REPORT_NOT_JSON"], ["REPORT_INVALID"]),
    ]
    assert "exactly one of the keys `addresses`, `host`" in str(results[8])
    assert "an object with `addresses`, `host`" in str(results[9])


def test_parameters_of_the_call_take_precedence() -> None:
    question = {**QUESTION, "parameters": {"management_network": "a", "management_vlan": 7}}
    (result,) = STRICT.decide_each([question], management_network="b")
    assert isinstance(result, evaluator.Decision)
    assert dict(result.parameters) == {"management_network": "b", "management_vlan": 7}


def test_a_question_of_another_type_is_a_programming_error() -> None:
    with pytest.raises(TypeError, match="a question must be a mapping, JSON text or a pair, not int"):
        list(STRICT.decide_each(untyped([5])))


def test_questions_are_decided_when_the_iterator_reaches_them() -> None:
    asked = []

    def questions() -> Any:
        for at in range(3):
            asked.append(at)
            yield QUESTION

    results = STRICT.decide_each(questions())
    assert asked == []
    next(results)
    assert asked == [0]


def test_an_explanation_of_some_interfaces() -> None:
    decision = STRICT.decide(REPORT, HOST)
    whole = decision.explain()
    some = decision.explain(interfaces=["ens2", "bond0"])
    assert [interface.name for interface in some.interfaces] == ["bond0", "ens2"]
    assert all(interface in whole.interfaces for interface in some.interfaces)
    assert some.others == len(whole.interfaces) - 2
    assert decision.reasons(interfaces=[]).interfaces == ()
    assert some.decision == decision
    with pytest.raises(KeyError, match="ens9"):
        decision.explain(interfaces=["ens9"])


def test_text_and_page_of_an_explanation(monkeypatch: pytest.MonkeyPatch) -> None:
    explanation = STRICT.decide(REPORT, HOST).explain()
    text = evaluator.to_text(explanation)
    assert text.startswith("resolved: bond0 (bond over ens1, ens2) is the hostActiveNic\n")
    assert text.endswith("\n")
    assert max(map(len, text.splitlines())) <= 80
    monkeypatch.setenv("COLUMNS", "200")
    monkeypatch.setenv("FORCE_COLOR", "1")
    assert evaluator.to_text(explanation) == text
    page = evaluator.to_html(explanation)
    assert page.startswith("<!DOCTYPE html>")
    assert page.isascii()
    for shown in (STRICT.description, STRICT.digest, evaluator.__version__, STRICT.rules[0].sentence):
        assert shown.replace("'", "&#x27;") in page
    part = evaluator.to_html(STRICT.decide(REPORT, HOST).reasons(interfaces=["ens1"]))
    assert "activenic did not search for the smallest change for 1 interface." in part
    assert "are not explained: 4 more interfaces." in part


def test_a_page_names_the_candidates_with_their_addresses() -> None:
    report = evaluator.read_report(read_topology("ens1 has 192.0.2.10/24; ens2 has 2001:db8::1/64"))
    decision = STRICT.decide(report, HostAddresses.of("192.0.2.10", "2001:db8::1"))
    page = evaluator.to_html(decision.reasons())
    head = page[page.index("candidates</dt>") : page.index("policy</dt>")]
    assert [head.index(text) for text in ("ens1", "192.0.2.10", "ens2", "2001:db8::1")] == sorted(
        head.index(text) for text in ("ens1", "192.0.2.10", "ens2", "2001:db8::1")
    )


def test_values_print_what_they_are() -> None:
    decision = STRICT.decide(REPORT, HOST)
    assert repr(STRICT) == f"Policy(name='strict', digest='{STRICT.digest[:12]}'…)"
    assert repr(REPORT) == "Report(format='vdsm', interfaces=5)"
    assert repr(HOST) == "HostAddresses.of('192.0.2.10')"
    named = HostAddresses.of("2001:db8::1", "192.0.2.1", name="h", complete=False)
    assert repr(named) == "HostAddresses.of('192.0.2.1', '2001:db8::1', name='h', complete=False)"
    assert repr(HOST.answers) == "(Address('192.0.2.10'),)"
    assert repr(decision) == (
        "Decision(status='resolved', host_active_nic='bond0', candidates=('bond0',), policy='strict')"
    )
    assert repr(STRICT.decide(REPORT, HostAddresses.of())) == (
        "Decision(status='no_match', candidates=(), policy='strict')"
    )
    assert repr(decision.explain()).startswith("Explanation(summary=('bond0 (bond over")


@given(st.lists(st.ip_addresses(), max_size=3), st.booleans())
def test_the_repr_of_addresses_gives_them_again(addresses: list[Any], complete: bool) -> None:
    for name in (None, "h.example.org"):
        host = HostAddresses.of(*addresses, name=name, complete=complete)
        again = eval(repr(host), {"HostAddresses": HostAddresses})
        assert (again.answers, again.asked, again.complete) == (host.answers, host.asked, host.complete)


def test_a_mistake_in_the_process_environment_changes_no_decision(monkeypatch: pytest.MonkeyPatch) -> None:
    before = STRICT.decide(REPORT, HOST).to_json()
    for name in ("ACTIVENIC_POLICY_PATH", "ACTIVENIC_OUTPUT", "LC_ALL", "TZ"):
        monkeypatch.setitem(os.environ, name, "nonsense")
    assert STRICT.decide(REPORT, HOST).to_json() == before


def test_the_page_on_embedding(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    page = (Path(__file__).parents[2] / "docs" / "embedding.md").read_text(encoding="utf-8")
    (code,) = re.findall(r"^```python\n(.*?)^```$", page, re.M | re.S)
    names: dict[str, Any] = {}
    exec(code, names)
    path = tmp_path / "site.yaml"
    path.write_text("policy: site\nextends: strict\nrules:\n  - remove: one-interface\n")
    nic = names["ActiveNic"](tmp_path, "site")
    reply = json.dumps(BOND).encode()
    assert nic.decide(reply, "192.0.2.10").host_active_nic == "bond0"
    before = nic.store.policy("site")
    path.write_text("policy: site\nrules: 5\n")
    nic.store.reload()
    assert nic.store.policy("site") is before
    assert "policy site " in caplog.text
    assert " refused" in caplog.text
    path.write_text("policy: site\nextends: strict\nrules:\n  - {name: no-bond, rule: discard nic when nic is bond}\n")
    nic.store.reload()
    assert nic.decide(reply, "192.0.2.10").status == "no_match"
    assert nic.decisions == {"resolved": 1, "no_match": 1}
    assert "no interface was found for 192.0.2.10" in caplog.text
    with pytest.raises(QuestionError):
        nic.decide(b"{", "192.0.2.10")
