"""The schemas: two validators reach one verdict, the documents stay within what both understand."""

from __future__ import annotations

import json
from collections.abc import Iterator
from copy import deepcopy
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from jsonschema import Draft202012Validator

from evaluator.base.schema import is_valid, violations
from evaluator.facts.link import Kind
from evaluator.policy.language.verbs import VERBS
from tests.support.strategies import reports

SCHEMAS = sorted((Path(__file__).parents[2] / "schemas").glob("*.schema.json"))
KEYS = [
    *("nics", "vlans", "bondings", "bridges", "networks", "result", "info", "jsonrpc", "status", "lastClientIface"),
    *("addr", "netmask", "ipv4addrs", "ipv6addrs", "mtu", "speed", "slaves", "ports", "iface", "vlanid", "stp", "opts"),
    *("bridged", "southbound", "qosInbound", "cfg", "", "x"),
]
scalars = st.one_of(
    st.none(),
    st.booleans(),
    st.integers(-5, 5000),
    st.sampled_from([0.0, 1.0, 100.0, 1.5, -0.0, 1e300, 2**53, 2**63, -(2**63)]),
    st.sampled_from(["", "on", "off", "a", "1500", "\n", "é", "\u202e", "\x00", "𝒳"]),
)
json_values = st.recursive(
    scalars,
    lambda inner: st.one_of(st.lists(inner, max_size=3), st.dictionaries(st.sampled_from(KEYS), inner, max_size=4)),
    max_leaves=12,
)


@st.composite
def spoiled_reports(draw: st.DrawFn) -> Any:
    """Draw a valid report in some envelope with a few values at random places replaced or added."""
    report: Any = deepcopy(draw(reports()))
    report = draw(st.sampled_from([report, {"result": report}, {"info": report}]))
    for _ in range(draw(st.integers(0, 3))):
        place = report
        while isinstance(place, dict) and place and draw(st.booleans()):
            key = draw(st.sampled_from(sorted(place)))
            if not isinstance(place[key], dict):
                break
            place = place[key]
        if isinstance(place, dict):
            place[draw(st.sampled_from([*KEYS, *sorted(place)]))] = draw(json_values)
    return report


@pytest.mark.parametrize("name", ["capability-report", "policy", "policy-test", "decision", "decision.1"])
@given(document=json_values)
def test_one_verdict_on_any_json_value(name: str, document: Any) -> None:
    assert is_valid(document, name) == (violations(document, name) == ())


@given(document=spoiled_reports())
def test_one_verdict_on_spoiled_reports(document: Any) -> None:
    assert is_valid(document, "capability-report") == (violations(document, "capability-report") == ())


@pytest.mark.parametrize("path", SCHEMAS, ids=lambda path: path.name)
def test_each_schema_is_valid_and_described(path: Path) -> None:
    schema = json.loads(path.read_text())
    Draft202012Validator.check_schema(schema)
    assert schema["$schema"] == "https://json-schema.org/draft/2020-12/schema"
    assert schema["title"]
    assert schema["description"]


@pytest.mark.parametrize("name", ["decision", "explanation"])
def test_the_schemas_list_what_the_tables_have(name: str) -> None:
    """A contract that readers keep, so it lists the words itself."""
    found = {frozenset(one) for one in _enums(json.loads((SCHEMAS[0].parent / f"{name}.schema.json").read_text()))}
    assert frozenset(VERBS) in found
    assert name == "explanation" or frozenset(Kind) in found


def _enums(schema: Any) -> Iterator[list[Any]]:
    for value in schema.values() if isinstance(schema, dict) else schema if isinstance(schema, list) else ():
        yield from _enums(value)
    if isinstance(schema, dict) and isinstance(schema.get("enum"), list):
        yield schema["enum"]


def _keywords(schema: Any) -> set[str]:
    """Return the keywords of a schema; what stands under `properties` and `$defs` are names, not keywords."""
    if isinstance(schema, dict):
        named = [value for key in ("properties", "$defs") for value in schema.get(key, {}).values()]
        rest = [value for key, value in schema.items() if key not in ("properties", "$defs")]
        return set(schema) | {k for value in (*named, *rest) for k in _keywords(value)}
    return {k for value in schema for k in _keywords(value)} if isinstance(schema, list) else set()


@pytest.mark.parametrize("path", SCHEMAS, ids=lambda path: path.name)
def test_no_schema_uses_what_the_validators_read_differently(path: Path) -> None:
    assert not _keywords(json.loads(path.read_text())) & {"format", "pattern", "patternProperties", "$dynamicRef"}


def test_every_problem_is_listed_with_its_place() -> None:
    document = {
        "nics": {"a/b": {"addr": 5, "speed": "fast"}},
        "bondings": {"bond0": {"slaves": ["a", 7]}},
        "vlans": {"v": None},
        "bridges": {"br": {"stp": "maybe"}},
        "networks": {"n": {"vlanid": 4096}},
    }
    found = {(v.pointer, v.found, v.expected) for v in violations(document, "capability-report")}
    assert found == {
        ("/nics/a~1b/addr", "the number 5", "string"),
        ("/nics/a~1b/speed", "the string `fast`", "integer"),
        ("/bondings/bond0/slaves/1", "the number 7", "string"),
        ("/vlans/v", "null", "object"),
        ("/bridges/br/stp", "the string `maybe`", "one of the string `on`, the string `off`, true, false"),
        ("/networks/n/vlanid", "the number 4096", "at most 4095"),
    }
