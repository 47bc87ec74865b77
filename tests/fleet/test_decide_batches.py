"""`decide_batches`: each row equals the library's decision on its question, and an invalid question stays one row."""

from __future__ import annotations

import json
from typing import Any

import pyarrow as pa
import pytest
from hypothesis import given
from hypothesis import strategies as st

import evaluator
from evaluator.base.digest import digest
from evaluator.decision.question import question_of, read_question
from evaluator.fleet import decide_batches
from evaluator.fleet.rows import RESULT
from evaluator.report.json_text import parse_json
from tests.support.mixed_questions import mixed_questions

STRICT = evaluator.load_policy("strict")
VLAN = evaluator.load_policy(
    text="""policy: vlan
parameters:
  management_vlan: {type: integer, default: 0}
rules:
  - name: a
    rule: match nic when nic.addresses overlaps host.addresses
  - name: b
    rule: reject nic when nic.vlan_id is unknown or nic.vlan_id != management_vlan
    code: OTHER_VLAN
    message: other VLAN
"""
)
REPORT = {"nics": {"ens1": {"ipv4addrs": ["192.0.2.10/24"]}}}
TEXT = json.dumps(REPORT)


def expected(question: Any, policy: evaluator.Policy, parameters: dict[str, Any]) -> dict[str, Any]:
    """Return the row that the library's own calls give for a question document."""
    row: dict[str, Any] = dict.fromkeys(RESULT.names)
    row |= {"policy_sha256": policy.digest}
    try:
        asked = read_question(question, "")
    except evaluator.QuestionError as error:
        name = question.get("id")
        name = name if isinstance(name, str) else ""
        return {**row, "id": name, "labels": [], "error": [problem.to_dict() for problem in error.diagnostics]}
    row |= {"id": asked.id, "labels": list(asked.labels.items())}
    try:
        decision = policy.decide(asked.report, asked.host, parameters={**asked.parameters, **parameters})
    except evaluator.QuestionError as error:
        return {**row, "error": [problem.to_dict() for problem in error.diagnostics]}
    return {
        **row,
        "status": str(decision.status),
        "hostActiveNic": decision.host_active_nic,
        "kind": decision.interface.kind if decision.interface else None,
        "candidates": list(decision.candidates),
        "owners": list(decision.owners),
        "refusals": list(decision.refusals),
        "findings": [finding.code for finding in decision.findings],
        "sha256": digest(decision.to_json()),
    }


def rows(batch: pa.RecordBatch, policy: evaluator.Policy = STRICT, **options: Any) -> list[dict[str, Any]]:
    return [row for result in decide_batches([batch], policy, **options) for row in result.to_pylist()]


@pytest.mark.volume
def test_ten_thousand_mixed_hosts_equal_the_librarys_decisions() -> None:
    questions = [parse_json(json.dumps(question)) for question in mixed_questions(10_000, seed=7)]
    texts = [json.dumps(question) for question in questions]
    batches = [pa.record_batch({"question": texts[start : start + 777]}) for start in range(0, len(texts), 777)]
    results = decide_batches(batches, STRICT, findings=True, digest=True)
    got = [row for result in results for row in result.to_pylist()]
    assert len(got) == len(questions)
    for row, question in zip(got, questions, strict=True):
        assert row == expected(question, STRICT, {})
    statuses = {row["status"] for row in got}
    assert {None, "resolved", "ambiguous", "rejected", "no_match", "unknown_host"} == statuses


def test_columns_equal_the_text_of_the_question() -> None:
    questions = [question for question in mixed_questions(400, seed=3) if _fits_columns(question)]
    assert len(questions) > 200
    texts = [json.dumps(question.get("report")) for question in questions]
    columns = {
        "report": pa.array(texts),
        "addresses": pa.array([question.get("addresses") for question in questions], pa.list_(pa.string())),
        "host": pa.array([question.get("host") for question in questions]),
        "answers": pa.array([question.get("answers") for question in questions]),
        "id": pa.array([question.get("id") for question in questions]),
        "format": pa.array([question.get("format") for question in questions]),
        "labels": pa.array(
            [list(question.get("labels", {}).items()) for question in questions], pa.map_(pa.string(), pa.string())
        ),
        "rack": pa.array(range(len(questions))),
    }
    got = rows(pa.record_batch(columns), findings=True, digest=True)
    whole = rows(
        pa.record_batch({"question": [json.dumps(question) for question in questions]}), findings=True, digest=True
    )
    for row, other, question in zip(got, whole, questions, strict=True):
        assert row == other, question


def _fits_columns(question: dict[str, Any]) -> bool:
    """Return whether the members have the types of the columns."""
    types = {"id": str, "format": str, "host": str, "report": dict | list}
    return (
        all(isinstance(question.get(name, kind()), kind) for name, kind in types.items() if name != "report")
        and isinstance(question.get("report"), dict | list)
        and isinstance(question.get("answers", {}), dict)
        and "addresses" in question.get("answers", {"addresses": []})
        and all(isinstance(text, str) for text in _texts_of(question.get("addresses", [])))
        and isinstance(question.get("addresses", []), list)
        and isinstance(question.get("labels", {}), dict)
        and all(isinstance(text, str) for text in question.get("labels", {}).values())
        and not {"parameters", "policy", "surplus"} & question.keys()
    )


def _texts_of(value: Any) -> list[Any]:
    return value if isinstance(value, list) else [value]


@pytest.mark.parametrize(
    "kind", [pa.string(), pa.large_string(), pa.binary(), pa.large_binary(), pa.dictionary(pa.int32(), pa.string())]
)
def test_a_report_is_text_or_octets(kind: pa.DataType) -> None:
    batch = pa.record_batch({"report": pa.array([TEXT]).cast(kind), "addresses": [["192.0.2.10"]]})
    (row,) = rows(batch)
    assert (row["status"], row["hostActiveNic"], row["findings"], row["sha256"]) == ("resolved", "ens1", None, None)


def test_texts_of_parameters_are_parsed_by_their_types() -> None:
    vlan = {"iface": "ens1", "vlanid": 100, "addr": "192.0.2.10"}
    tagged = json.dumps({"nics": {"ens1": {}}, "vlans": {"v": vlan}})
    values = [
        [("management_vlan", "100")],
        [("management_vlan", "5")],
        [("management_vlan", "x")],
        [("other", "1")],
        None,
    ]
    batch = pa.record_batch(
        {
            "report": [tagged] * 5,
            "addresses": [["192.0.2.10"]] * 5,
            "parameters": pa.array(values, pa.map_(pa.string(), pa.string())),
        }
    )
    got = rows(batch, VLAN)
    assert [row["status"] for row in got] == ["resolved", "rejected", None, None, "rejected"]
    assert [row["error"][0]["code"] for row in got[2:4]] == ["PARAMETER_INVALID", "PARAMETER_UNKNOWN"]
    numbers = batch.set_column(
        2, "parameters", pa.array([[("management_vlan", 100)]] * 5, pa.map_(pa.string(), pa.int64()))
    )
    assert {row["status"] for row in rows(numbers, VLAN)} == {"resolved"}
    assert {row["status"] for row in rows(batch.slice(0, 2), VLAN, parameters={"management_vlan": 100})} == {"resolved"}


def test_a_null_is_a_missing_member() -> None:
    addresses = pa.array([None, ["192.0.2.10"]], pa.list_(pa.string()))
    batch = pa.record_batch({"id": ["a", "b"], "report": [TEXT, None], "addresses": addresses})
    texts = [json.dumps({"id": "a", "report": REPORT}), json.dumps({"id": "b", "addresses": ["192.0.2.10"]})]
    assert rows(batch) == rows(pa.record_batch({"question": texts}))
    assert [row["status"] for row in rows(batch)] == [None, None]
    (row,) = rows(pa.record_batch({"question": pa.array([None], pa.string())}))
    assert row["error"]


def test_the_column_id_names_a_question_without_an_id() -> None:
    texts = ["{", json.dumps({"report": REPORT, "addresses": []}), json.dumps({"id": "own", "report": 5})]
    batch = pa.record_batch({"question": texts, "id": ["a", "b", "c"]})
    assert [row["id"] for row in rows(batch)] == ["a", "b", "own"]


def test_an_empty_batch_gives_an_empty_batch() -> None:
    (result,) = decide_batches([pa.record_batch({"question": pa.array([], pa.string())})], STRICT)
    assert (result.num_rows, result.schema) == (0, RESULT)


@pytest.mark.parametrize("columns", [{"addresses": [["192.0.2.10"]]}, {"report": [5]}, {"question": [[TEXT]]}])
def test_a_table_without_questions_is_an_invalid_input(columns: dict[str, Any]) -> None:
    with pytest.raises(evaluator.ReportError):
        rows(pa.record_batch(columns))


@pytest.mark.parametrize("parameters", [{"unknown": 1}, {"management_vlan": "x"}])
def test_an_invalid_parameter_of_the_call_raises_before_the_first_batch(parameters: dict[str, Any]) -> None:
    with pytest.raises(evaluator.PolicyError):
        decide_batches(iter(()), VLAN, parameters)


_TEXT_PARTS = [
    '"report": {"nics": {"a": {"addr": "10.0.0.1"}}}',
    '"report": {"nics": {}, "x": "\\ud800"}',
    '"report": {"nics": {}, "x": NaN}',
    '"report": {"nics": {}, "x": 1e999}',
    '"report": {"nics": {}, "x": ' + "[" * 62 + "]" * 62 + "}",
    '"report": {"nics": {}, "x": ' + "[" * 64 + "]" * 64 + "}",
    '"report": [{"ifname": "a", "addr_info": []}]',
    '"report": "text"',
    '"report":   null',
    '"addresses": ["10.0.0.1"]',
    '"addresses": []',
    '"addresses": null',
    '"addresses": ["\\ud800"]',
    '"host": "node7.example.org"',
    '"host": ""',
    '"answers": {"addresses": ["10.0.0.1"]}',
    '"answers": {"addresses": ["10.0.0.1"], "complete": false}',
    '"answers": {"complete": null}',
    '"id": "a"',
    '"id": ""',
    '"format": "vdsm"',
    '"format": "x"',
    '"policy": "strict"',
    '"policy": ""',
    '"labels": {"a": "b"}',
    '"labels": {"a": 1}',
    '"parameters": {"a": 1e999}',
    '"parameters": {"a": "x", "b": 5, "c": true, "d": null, "e": ["x", 1]}',
    '"parameters": {"a": 123456789012345678901234567890, "b": -9223372036854775809}',
    '"parameters": {"a": 1.0, "b": [[1]], "c": {}}',
    '"surplus": 1',
]


@given(st.lists(st.sampled_from(_TEXT_PARTS), min_size=1, max_size=6), st.sampled_from(["", " ", "\n", "x", "\ufeff"]))
def test_both_paths_read_the_same_questions(parts: list[str], end: str) -> None:
    text = "{" + ", ".join(parts) + "}" + end
    assert _read(text.encode(), is_fast=True) == _read(text.encode(), is_fast=False), text


def _read(text: bytes, *, is_fast: bool) -> Any:
    try:
        asked = question_of(text) if is_fast else read_question(parse_json(text, "question"), "")
    except evaluator.QuestionError as error:
        return error.diagnostics
    return asked.id, asked.report.facts, asked.host, asked.parameters, asked.labels
