"""Records: what is kept gives the same decision again, and what was altered is found out."""

from __future__ import annotations

import base64
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
from evaluator.audit.record import Record, digest, make_record, read_record
from evaluator.audit.replay import replay
from evaluator.diagnostic import RecordError, Severity
from evaluator.facts.address import parse_address
from evaluator.finding import Finding
from evaluator.schema import violations
from tests.strategies import host_addresses, reports

WHEN = datetime(2026, 11, 22, 12, 0, tzinfo=UTC)
ROOT = Path(__file__).parent.parent
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
    remark = Finding("NAME_HAS_ONE_LABEL", Severity.INFO, "`node7` has no domain")
    host = HostAddresses((parse_address("192.0.2.10"),), asked="node7", remarks=(remark,))
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
        (("record", "schema_version"), 2),
        (("record", "input", "report", "sha256"), "0" * 64),
        (("record", "input", "policy", "sha256"), "0" * 64),
        (("record", "engine"), None),
        (("record", "more"), 1),
        (("record", "labels"), {"a": 1}),
        (("record", "input", "parameters"), {"a": 2**60}),
        (("record", "input", "parameters"), {"a": "\ud800"}),
        (("record", "labels"), {"a": "\ud800"}),
        (("report",), base64.b64encode(b"{}").decode()),
        (("policy",), "!"),
        (("policy",), 5),
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
    ("path", "value", "said"),
    [
        (("result", "hostActiveNic"), "ens1", 'at `/hostActiveNic`: then `"ens1"`, now `"bond0"`'),
        (("result", "status"), "rejected", "at `/status`"),
        (("result", "trace", 0, "fired"), 1, "at `/trace/0/fired`: then `1`, now `true`"),
        (("input", "parameters"), {"management_network": "other", "management_vlan": None}, "management_network"),
        (("input", "parameters"), {"no": "1"}, "cannot be made again"),
        (("input", "host", "answers"), ["192.0.2.99"], "at `/"),
        (("input", "host", "answers"), ["nonsense"], "cannot be made again"),
        (("input", "report", "format"), "iproute2", "cannot be made again"),
        (("input", "report", "format"), "none", "cannot be made again"),
        (("input", "host", "resolution"), {}, "cannot be made again"),
    ],
)
def test_what_differs_is_said(kept: Record, path: tuple[str | int, ...], value: object, said: str) -> None:
    outcome = replay(read_record(_spoiled(kept, "record", *path, value=value)), evaluator.__version__)
    assert not outcome.is_equal
    assert any(said in difference for difference in outcome.differences)


def test_other_versions_are_said(kept: Record) -> None:
    document = _spoiled(kept, "record", "engine", "version", value="0.0.1")
    outcome = replay(read_record(document), evaluator.__version__)
    assert outcome.is_equal
    assert outcome.changes == (f"the engine had version `0.0.1`, now `{evaluator.__version__}`",)


def test_an_erased_body_cannot_be_replayed(kept: Record) -> None:
    outcome = replay(Record(kept.envelope, None, kept.policy), evaluator.__version__)
    assert outcome.differences == ("it cannot be made again: the report or the policy of this record was erased",)


def test_a_policy_that_is_no_text_cannot_be_replayed(kept: Record) -> None:
    document = _spoiled(kept, "policy", value=base64.b64encode(b"\xff").decode())
    document["record"]["input"]["policy"]["sha256"] = digest(b"\xff")
    outcome = replay(read_record(document), evaluator.__version__)
    assert outcome.differences == ("it cannot be made again: the policy of this record is no UTF-8",)


def test_a_report_with_a_key_twice_is_decided_but_not_kept() -> None:
    text = b'{"nics": {"ens1": {"addr": "192.0.2.10"}, "ens1": {}}}'
    decision = evaluator.load_policy("strict").decide(evaluator.read_report(text), HostAddresses.of("192.0.2.10"))
    with pytest.raises(ReportError):
        record_of(decision)
