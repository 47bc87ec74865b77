"""Records: what is kept gives the same decision again, and what was altered is found out."""

from __future__ import annotations

import base64
import hashlib
import json
from copy import deepcopy
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

import evaluator
from evaluator import Decision, HostAddresses, ReportError
from evaluator.audit.mask.mask import mask
from evaluator.audit.record import Record, make_record, read_record
from evaluator.audit.replay import ReplayClass, replay
from evaluator.base.diagnostic import RecordError, Severity
from evaluator.base.digest import digest
from evaluator.base.finding import Finding
from evaluator.base.schema import violations
from evaluator.facts.address import parse_address
from tests.support.strategies import host_addresses, reports

WHEN = datetime(2026, 11, 22, 12, 0, tzinfo=UTC)
ROOT = Path(__file__).parents[2]
C = ReplayClass
REMARK = Finding("NAME_HAS_ONE_LABEL", Severity.INFO, "`node7` has no domain")
POLICIES = ("strict", "ovirt-engine", "keep-management", "last-client-iface")


def record_of(decision: Decision, decision_id: str = "d-1") -> Record:
    return make_record(decision, decision_id, WHEN, {"engine": "test"}, evaluator.__version__)


def through_json(record: Record) -> Record:
    return read_record(json.loads(json.dumps(record.to_dict())))


@given(report=reports(), addresses=host_addresses, policy=st.sampled_from(POLICIES), as_text=st.booleans())
def test_a_replay_gives_the_decision_again(report: Any, addresses: list[str], policy: str, as_text: bool) -> None:
    read = evaluator.read_report(json.dumps(report) if as_text else report)
    decision = evaluator.load_policy(policy).decide(read, HostAddresses.of(*addresses))
    record = through_json(record_of(decision))
    assert violations(record.envelope, "decision-record") == ()
    outcome = replay(record, evaluator.__version__)
    assert (outcome.differences, outcome.changes) == ((), ())
    assert outcome.decision is not None
    assert outcome.decision.to_json() == decision.to_json()
    assert record.canonical() == record_of(decision).canonical()


@pytest.fixture(scope="module")
def kept() -> Record:
    report = evaluator.read_report(ROOT / "policies" / "examples" / "bond.json")
    return record_of(evaluator.load_policy("strict").decide(report, HostAddresses.of("192.0.2.10")))


def test_remarks_on_the_hosts_name_are_kept() -> None:
    report = evaluator.read_report(ROOT / "policies" / "examples" / "bond.json")
    host = HostAddresses((parse_address("192.0.2.10"),), asked="node7", remarks=(REMARK,))
    decision = evaluator.load_policy("strict").decide(report, host)
    outcome = replay(through_json(record_of(decision)), evaluator.__version__)
    assert outcome.differences == ()
    assert outcome.decision is not None
    assert outcome.decision.to_json() == decision.to_json()


def test_the_reports_own_bytes_are_kept(kept: Record) -> None:
    assert kept.report == (ROOT / "policies" / "examples" / "bond.json").read_bytes()
    assert kept.policy == (ROOT / "policies" / "strict.yaml").read_bytes()
    assert kept.envelope["timestamp"] == "2026-11-22T12:00:00.000000Z"


def _spoiled(record: Record, *path: str | int, value: object) -> Any:
    document = deepcopy(record.to_dict())
    place = document
    for part in path[:-1]:
        place = place[part]
    place[path[-1]] = value
    return document


@pytest.mark.parametrize(
    ("path", "value"),
    [
        (("record", "schema_version"), 3),
        (("record", "schema_version"), 1),
        (("record", "engine"), None),
        (("record", "more"), 1),
        (("record", "labels"), {"a": 1}),
        (("record", "input", "parameters"), {"a": 2**60}),
        (("record", "input", "parameters"), {"a": "\ud800"}),
        (("record", "labels"), {"a": "\ud800"}),
        (("texts",), "!"),
        (("texts",), []),
    ],
)
def test_a_damaged_record_is_refused(kept: Record, path: tuple[str, ...], value: object) -> None:
    with pytest.raises(RecordError) as error:
        read_record(_spoiled(kept, *path, value=value))
    assert error.value.diagnostics
    for document in (None, [], {}, {"record": {}, "report": None, "policy": None}):
        with pytest.raises(RecordError):
            read_record(document)


@pytest.mark.parametrize(
    ("path", "value", "pointer"),
    [
        (("record", "input", "report", "sha256"), "0" * 64, "/input/report"),
        (("record", "input", "policy", "texts", 0, "sha256"), "0" * 64, "/input/policy/texts/0"),
        (("report",), base64.b64encode(b"{}").decode(), "/input/report"),
        (("report",), None, "/input/report"),
        (("texts", 0), "!", "/input/policy/texts/0"),
        (("texts", 0), 5, "/input/policy/texts/0"),
        (("texts", 0), None, "/input/policy/texts/0"),
    ],
)
def test_a_damaged_body_does_not_hide_the_record(
    kept: Record, path: tuple[str | int, ...], value: object, pointer: str
) -> None:
    record = read_record(_spoiled(kept, *path, value=value))
    assert [problem.place for problem in record.damage] == [pointer]
    assert (record.report is None, record.policy is None) == (pointer == "/input/report", pointer != "/input/report")
    assert replay(record, evaluator.__version__).outcome is C.DAMAGED
    assert record.to_dict()["damaged"][0]["place"] == pointer


@pytest.mark.parametrize(
    ("path", "value", "outcome", "message"),
    [
        (("result", "hostActiveNic"), "ens1", C.ANOTHER_ANSWER, '`/hostActiveNic`: recorded `"ens1"`, now `"bond0"`'),
        (("result", "status"), "rejected", C.ANOTHER_ANSWER, "at `/status`"),
        (("result", "findings"), [REMARK.to_dict()], C.ANOTHER_ANSWER, "at `/findings`"),
        (("result", "policy", "sha256"), "0" * 64, C.ANOTHER_ANSWER, "at `/policy/sha256`"),
        (("result", "trace", 0, "fired"), 1, C.DAMAGED, "at `/trace/0/fired`: recorded `1`, now `true`"),
        (("result", "trace"), {}, C.DAMAGED, "not a decision document"),
        (
            ("input", "parameters"),
            {"management_network": "other", "management_vlan": None},
            C.ANOTHER_ANSWER,
            "management_network",
        ),
        (("input", "parameters"), {"no": "1"}, C.DAMAGED, "`no`"),
        (("input", "host", "answers"), ["192.0.2.99"], C.ANOTHER_ANSWER, "at `/"),
        (("input", "host", "answers"), ["nonsense"], C.DAMAGED, "invalid host address"),
        (("input", "host", "remarks"), [REMARK.to_dict()], C.ANOTHER_ANSWER, "at `/findings`"),
        (("input", "report", "format"), "iproute2", C.DAMAGED, "missing key `addr`"),
        (("input", "report", "format"), "none", C.DAMAGED, "none"),
        (("input", "host", "resolution"), {}, C.DAMAGED, "missing key `ascii`"),
        (("replayable",), False, C.DAMAGED, "the record is marked as not replayable"),
    ],
)
def test_an_altered_record_has_its_class(
    kept: Record, path: tuple[str | int, ...], value: object, outcome: ReplayClass, message: str
) -> None:
    found = replay(read_record(_spoiled(kept, "record", *path, value=value)), evaluator.__version__)
    assert found.outcome is outcome
    assert not found.is_answer
    assert any(message in sentence for sentence in (*found.differences, *found.reasons))


def _older(record: Record, **changes: object) -> Record:
    """Return the record as 0.1.0 would have written it: a document of version 1."""
    document = deepcopy(record.to_dict())
    envelope = document["record"]
    envelope["engine"] |= {"version": "0.1.0", "language": 1, "reader": 1, "decision_schema": 1}
    result = envelope["result"]
    result["schema_version"] = 1
    result["policy"] = {key: result["policy"][key] for key in ("name", "parameters")}
    result.update(changes)
    assert violations({**result, "resolution": None}, "decision.1") == ()
    return read_record(document)


def test_a_document_of_version_1_is_compared_as_version_1(kept: Record) -> None:
    found = replay(_older(kept), evaluator.__version__)
    assert (found.outcome, found.differences, found.reasons) == (C.EQUAL, (), ())
    assert f"the engine had version `0.1.0`, now `{evaluator.__version__}`" in found.changes
    assert "the decision document had version `1`, now `2`" in found.changes


def test_other_findings_of_an_older_version_are_the_same_answer(kept: Record) -> None:
    found = replay(_older(kept, findings=[REMARK.to_dict()]), evaluator.__version__)
    assert (found.outcome, found.is_equal, found.is_answer) == (C.SAME_ANSWER, False, True)
    (difference,) = found.differences
    assert difference.startswith("at `/findings`: only in the record: `{")
    assert '"message":"`node7` has no domain"' in difference


@pytest.mark.parametrize("member", ["status", "hostActiveNic", "interface", "candidates", "owners", "trace"])
def test_another_answer_of_an_older_version_names_the_versions(kept: Record, member: str) -> None:
    step = kept.envelope["result"]["trace"][1]
    other = {
        "status": "rejected",
        "hostActiveNic": "ens1",
        "interface": {**kept.envelope["result"]["interface"], "base_interface": "ens1"},
        "candidates": ["ens1"],
        "owners": ["bond0", "ens1"],
        "trace": [kept.envelope["result"]["trace"][0], {**step, "hits": ["ens1"]}],
    }
    found = replay(_older(kept, **{member: other[member]}), evaluator.__version__)
    assert found.outcome is C.ANOTHER_ANSWER
    assert any(f"at `/{member}" in difference for difference in found.differences)
    assert any("now" in change for change in found.changes)


def test_an_input_that_an_older_version_accepted_gives_another_answer(kept: Record) -> None:
    document = _older(kept).to_dict()
    document["record"]["input"]["report"]["format"] = "nmstate"
    found = replay(read_record(document), evaluator.__version__)
    assert (found.outcome, found.decision) == (C.ANOTHER_ANSWER, None)
    assert found.reasons
    assert found.changes


def test_an_unchanged_version_is_said_where_a_byte_differs(kept: Record) -> None:
    document = _spoiled(kept, "record", "result", "hostActiveNic", value="ens1")
    (change,) = replay(read_record(document), evaluator.__version__).changes
    assert change.startswith("no version has changed: ")


def test_an_erased_body_cannot_be_compared(kept: Record) -> None:
    envelope = {**kept.envelope, "erased": ["/input/report"]}
    found = replay(Record(envelope, None, kept.policy), evaluator.__version__)
    assert (found.outcome, found.reasons) == (C.NOT_COMPARABLE, ("the report was erased",))


def test_a_missing_body_is_damage(kept: Record) -> None:
    found = replay(Record(kept.envelope, None, kept.policy), evaluator.__version__)
    assert (found.outcome, found.reasons) == (C.DAMAGED, ("the report or the policy of this record is missing",))


def test_a_policy_that_is_not_text_is_damage(kept: Record) -> None:
    document = _spoiled(kept, "texts", 0, value=base64.b64encode(b"\xff").decode())
    document["record"]["input"]["policy"]["texts"][0]["sha256"] = digest(b"\xff")
    found = replay(read_record(document), evaluator.__version__)
    assert (found.outcome, found.reasons) == (C.DAMAGED, ("the policy of this record is not valid UTF-8",))


@pytest.mark.parametrize("version", [0, 3, "2", None])
def test_a_result_of_an_unknown_version_is_refused(kept: Record, version: object) -> None:
    with pytest.raises(RecordError):
        read_record(_spoiled(kept, "record", "result", "schema_version", value=version))


def test_the_policy_is_recorded_with_its_own_bytes(tmp_path: Path) -> None:
    path = tmp_path / "mine.yaml"
    path.write_bytes(b"\xef\xbb\xbfpolicy: mine\r\nrules:\r\n  - name: a\r\n    rule: match nic when nic is up\r\n")
    policy = evaluator.load_policy(path)
    record = record_of(policy.decide(evaluator.read_report({"nics": {}}), HostAddresses.of("192.0.2.10")))
    assert record.policy == path.read_bytes()
    named = record.envelope["result"]["policy"]
    assert policy.digest == named["sha256"] == record.envelope["revision"] == hashlib.sha256(record.policy).hexdigest()
    assert named["texts"] == [{"name": "mine", "sha256": policy.digest}]
    assert replay(through_json(record), evaluator.__version__).outcome is C.EQUAL


def test_a_report_with_a_key_twice_is_decided_but_not_kept() -> None:
    text = b'{"nics": {"ens1": {"addr": "192.0.2.10"}, "ens1": {}}}'
    decision = evaluator.load_policy("strict").decide(evaluator.read_report(text), HostAddresses.of("192.0.2.10"))
    with pytest.raises(ReportError):
        record_of(decision)


@pytest.mark.parametrize(
    ("path", "value", "place", "then", "now"),
    [
        (("hostActiveNic",), "ens9", "/hostActiveNic", "ens9", "bond0"),
        (("trace", 0, "after", 0), "ens9", "/trace/0/after/0", "ens9", "bond0"),
        (("candidates",), [], "/candidates", "[]", "bond0"),
    ],
)
def test_a_difference_has_its_place_and_both_values(
    kept: Record, path: tuple[str | int, ...], value: object, place: str, then: str, now: str
) -> None:
    document = _spoiled(kept, "record", "result", *path, value=value)
    found = replay(Record(document["record"], kept.report, kept.texts), evaluator.__version__)
    (difference,) = (one for one in found.differences if f"`{place}`" in one)
    before, after = difference.split(" now ")
    assert then in before
    assert now in after
    assert now not in before


def test_a_result_that_is_no_decision_is_not_masked(kept: Record) -> None:
    document = _spoiled(kept, "record", "result", "status", value="another")
    with pytest.raises(RecordError) as error:
        mask(Record(document["record"], kept.report, kept.texts), b"sixteen octets!!")
    (problem,) = error.value.diagnostics
    assert (problem.code, problem.place) == ("RECORD_INVALID", "/result")
    assert "decision document" in problem.message
