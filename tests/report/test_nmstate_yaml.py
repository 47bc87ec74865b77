"""nmstate's reports as the YAML that `nmstatectl show` prints: the same as JSON, and nothing is read as it is not."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
import yaml

import evaluator
from evaluator import ReportError
from evaluator.report.read import read_report_text
from evaluator.report.yaml_text import NUMBER_KEYS, TRUTH_KEYS
from tests.support.captured import hosts

YAML = """\
---
interfaces:
- name: {name}
  type: ethernet
  mac-address: {mac}
  mtu: {mtu}
  ipv4:
    enabled: {enabled}
    address:
    - ip: 192.0.2.10
      prefix-length: {length}
"""
GOOD = {"name": "eth0", "mac": "00:11:22:33:44:55", "mtu": "1500", "enabled": "true", "length": "24"}


@pytest.mark.parametrize(
    "name", ["on", "1e3", "0x1", "123", "12:34", "010", "yes", "1_0", "2024-01-01", ".inf", "é", "=", "<<"]
)
def test_names_stay_what_they_are_in_yaml(name: str) -> None:
    report = evaluator.read_report(YAML.format(**{**GOOD, "name": name, "mac": "12:34:56"}))
    (link,) = report.facts.links
    assert (link.name, link.mac, link.mtu) == (name, "12:34:56", 1500)
    assert [o.prefix for o in link.addresses] == [24]


@pytest.mark.parametrize(
    ("key", "text", "place"),
    [
        ("mtu", "01500", "/interfaces/0/mtu"),
        ("mtu", "0x5dc", "/interfaces/0/mtu"),
        ("mtu", "25:00", "/interfaces/0/mtu"),
        ("mtu", "'1500'", "/interfaces/0/mtu"),
        ("length", "24.5", "/interfaces/0/ipv4/address/0/prefix-length"),
        ("enabled", "yes", "/interfaces/0/ipv4/enabled"),
        ("enabled", "on", "/interfaces/0/ipv4/enabled"),
        ("name", "null", "/interfaces/0/name"),
        ("name", "[a]", "/interfaces/0/name"),
    ],
)
def test_numbers_and_truths_that_yaml_reads_in_several_ways_are_refused(key: str, text: str, place: str) -> None:
    with pytest.raises(ReportError) as error:
        evaluator.read_report(YAML.format(**{**GOOD, key: text}))
    assert [d.place for d in error.value.diagnostics] == [place]


def _laughs() -> str:
    lines = ["a0: &a0 [x, x, x, x, x, x, x, x, x, x]"]
    lines += [f"a{i}: &a{i} [{', '.join([f'*a{i - 1}'] * 10)}]" for i in range(1, 9)]
    return "\n".join([*lines, "interfaces: *a8", ""])


def _ladder() -> str:
    return "\n".join(["a0: &a0 [x]", *(f"a{i}: &a{i} [*a{i - 1}]" for i in range(1, 200)), "interfaces: []", ""])


@pytest.mark.parametrize(
    ("text", "code"),
    [
        ("interfaces: [}", "REPORT_NOT_YAML"),
        ("interfaces:\n\t- a", "REPORT_NOT_YAML"),
        ("interfaces: []\n---\ninterfaces: []", "REPORT_NOT_YAML"),
        ("interfaces: !!python/tuple []", "REPORT_NOT_YAML"),
        ("interfaces: &a [*a]", "REPORT_NOT_YAML"),
        ("interfaces: *b", "REPORT_NOT_YAML"),
        ("interfaces: []\n? [a]\n: b", "REPORT_NOT_YAML"),
        ("interfaces: []\n\x00", "REPORT_NOT_YAML"),
        ('interfaces: ["\\ud800"]', "REPORT_NOT_YAML"),
        (_laughs(), "REPORT_NOT_YAML"),
        (_ladder(), "REPORT_TOO_DEEP"),
        ("interfaces: " + "[" * 100_000, "REPORT_TOO_DEEP"),
        ("interfaces:\n" + "- " * 100_000, "REPORT_TOO_DEEP"),
        ("interfaces: []\n#" + "x" * 9_000_000, "REPORT_TOO_LARGE"),
        ("interfaces: no", "REPORT_INVALID"),
        ("interfaces:", "REPORT_INVALID"),
        ("other: []", "REPORT_NOT_JSON"),
        ("\ufeffinterfaces: []", "REPORT_NOT_JSON"),
        (b"interfaces: [\xff]", "REPORT_NOT_JSON"),
        ("interfaces: [\ud800]", "REPORT_NOT_JSON"),
    ],
    ids=lambda v: repr(v)[:30],
)
def test_yaml_that_is_no_report(text: str | bytes, code: str) -> None:
    with pytest.raises(ReportError) as error:
        evaluator.read_report(text)
    assert [d.code for d in error.value.diagnostics] == [code]


DEEP = {
    "lists": "interfaces: " + "[" * 1000,
    "closed lists": "interfaces: " + "[" * 1000 + "]" * 1000,
    "maps": "interfaces: " + "{a: " * 1100,
    "dashes": "interfaces:\n" + "- " * 1100,
    "lines": "interfaces:\n" + "\n".join(" " * i + "a:" for i in range(1, 1100)),
    "both": "interfaces:\n" + "- " * 500 + "[" * 1000,
    "a tag before": "interfaces: !t " + "[" * 1000,
    "an alias before": "interfaces: [*a, " + "[" * 1000,
    "a key before": "interfaces: []\n[a]: " + "[" * 1000,
    "a second document": "interfaces: []\n---\n- " + "[" * 1000,
}
NOT_YAML = {"a tag before", "an alias before", "a key before", "a second document"}


@pytest.mark.parametrize("name", DEEP)
def test_deep_yaml_is_refused_alike_by_every_parser(name: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """libyaml 0.2.6 refuses 1000 levels itself; libyaml 0.2.5 and the parser in Python do not."""

    def refused() -> list[tuple[str, str]]:
        with pytest.raises(ReportError) as error:
            evaluator.read_report(DEEP[name])
        return [(d.code, d.message) for d in error.value.diagnostics]

    first = refused()
    monkeypatch.setattr("evaluator.report.yaml_text._LOADER", yaml.SafeLoader)
    assert first == refused()
    assert [code for code, _ in first] == ["REPORT_NOT_YAML" if name in NOT_YAML else "REPORT_TOO_DEEP"]


def test_yaml_is_read_as_nmstate_only() -> None:
    assert evaluator.read_report(YAML.format(**GOOD), format="nmstate").format == "nmstate"
    with pytest.raises(ReportError) as error:
        evaluator.read_report(YAML.format(**GOOD), format="vdsm")
    assert [d.code for d in error.value.diagnostics] == ["REPORT_NOT_JSON"]


def test_keys_given_twice_in_yaml_are_refused_at_the_door_and_the_last_wins_in_process() -> None:
    text = YAML.format(**GOOD) + "- name: a\n  name: b\n"
    assert [link.name for link in evaluator.read_report(text).facts.links] == ["b", "eth0"]
    with pytest.raises(ReportError) as error:
        read_report_text(text.encode())
    assert [(d.code, d.place) for d in error.value.diagnostics] == [("REPORT_DUPLICATE_KEY", "/interfaces/1/name")]


def test_a_mistake_in_yaml_is_shown_where_it_is() -> None:
    with pytest.raises(ReportError) as error:
        evaluator.read_report("interfaces:\n- name: eth0\n  mtu: [1500\n")
    diagnostic = error.value.diagnostics[0]
    assert diagnostic.place.startswith("report:")
    assert diagnostic.excerpt


def _typed_keys(schema: Any, wanted: str) -> set[str]:
    found: set[str] = set()
    if isinstance(schema, dict):
        for key, value in schema.get("properties", {}).items():
            if value.get("type") in (wanted, [wanted, "null"]):
                found.add(key)
        for value in schema.values():
            found |= _typed_keys(value, wanted)
    return found


def test_yaml_knows_every_number_and_truth_of_the_schema() -> None:
    schema = json.loads((Path(__file__).parents[2] / "schemas" / "nmstate-report.schema.json").read_text())
    assert _typed_keys(schema, "integer") == NUMBER_KEYS
    assert _typed_keys(schema, "boolean") == TRUTH_KEYS


@pytest.mark.parametrize("host", hosts("nmstate"), ids=lambda host: host.name)
def test_yaml_and_json_give_the_same_facts(host: Path) -> None:
    text = (host / "nmstate.json").read_text()
    from_json = evaluator.read_report(text)
    # PyYAML is how 0.x and 1.x print; the aliases it makes of shared lists are in it
    document = json.loads(text)
    document["routes"]["config"] = document["routes"]["running"]
    for printed in (yaml.safe_dump(json.loads(text)), yaml.safe_dump(document, default_flow_style=None)):
        from_yaml = read_report_text(printed.encode())
        assert from_yaml.format == "nmstate"
        assert from_yaml.facts == from_json.facts
        assert from_yaml.findings == from_json.findings
