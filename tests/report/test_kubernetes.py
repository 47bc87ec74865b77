"""NodeNetworkStates of Kubernetes: which state is read, where its facts are, and what is refused."""

from __future__ import annotations

import copy
import json
from pathlib import Path
from typing import Any

import pytest
import yaml

import evaluator
from evaluator import HostAddresses, ReportError
from evaluator.audit.mask.mask import mask
from evaluator.audit.record import report_bytes
from evaluator.audit.replay import replay
from evaluator.base.schema import violations
from evaluator.cli.main import main
from evaluator.report.read import read_report_text
from evaluator.testing.case_file import read_case_file
from evaluator.testing.run_cases import run_case
from evaluator.workbench.record_case import record_case
from tests.audit.test_record import record_of, through_json
from tests.support.captured import CAPTURES, STRICT, follow

STATE = json.loads((CAPTURES / "nmstate" / "12-bridge-on-nic" / "nmstate.json").read_text())
HOST = HostAddresses.of("192.0.2.10")


def node(name: str, state: Any = STATE, kind: str = "NodeNetworkState", version: str = "v1beta1") -> dict[str, Any]:
    status = {"currentState": copy.deepcopy(state), "lastSuccessfulUpdateTime": "2024-01-31T12:14:00Z"}
    return {"apiVersion": f"nmstate.io/{version}", "kind": kind, "metadata": {"name": name}, "status": status}


def items(*entries: dict[str, Any], kind: str = "List") -> dict[str, Any]:
    return {"apiVersion": "v1", "kind": kind, "items": list(entries), "metadata": {"resourceVersion": ""}}


ONE = node("worker-1")
OTHER = node("worker-2", {"interfaces": [{"name": "eth9", "type": "ethernet"}]})
POLICY = {
    "apiVersion": "nmstate.io/v1",
    "kind": "NodeNetworkConfigurationPolicy",
    "metadata": {"name": "bond0"},
    "spec": {"desiredState": STATE},
}
ENACTMENT = {**POLICY, "kind": "NodeNetworkConfigurationEnactment", "status": {"desiredState": STATE}}


@pytest.mark.parametrize(
    ("document", "item", "place"),
    [
        (ONE, None, "/status/currentState"),
        (ONE, "worker-1", "/status/currentState"),
        (node("worker-1", version="v1alpha1"), None, "/status/currentState"),
        ({**ONE, "apiVersion": "nmstate.io/v2"}, None, "/status/currentState"),
        ({"status": ONE["status"]}, None, "/status/currentState"),
        (ONE["status"], None, "/currentState"),
        (items(ONE), None, "/items/0/status/currentState"),
        (items(OTHER, ONE), "worker-1", "/items/1/status/currentState"),
        (items({"kind": "Node", "metadata": {"name": "worker-1"}}, ONE), None, "/items/1/status/currentState"),
        (
            items({"kind": "Node", "metadata": {"name": "worker-1"}}, ONE, OTHER),
            "worker-1",
            "/items/1/status/currentState",
        ),
        (items(POLICY, ONE), None, "/items/1/status/currentState"),
        (
            items({"metadata": {"name": "worker-1"}, "status": ONE["status"]}, kind="NodeNetworkStateList"),
            None,
            "/items/0/status/currentState",
        ),
        ([OTHER, ONE], "worker-1", "/1/status/currentState"),
    ],
)
def test_the_state_is_read_where_it_is(document: Any, item: str | None, place: str) -> None:
    plain = evaluator.read_report(STATE)
    forms = (json.dumps(document), json.dumps(document, indent=1).encode(), yaml.safe_dump(document), document)
    for form in forms if isinstance(document, dict) else forms[:3]:
        report = evaluator.read_report(form, item=item)
        assert (report.format, report.item) == ("nmstate", item)
        assert (report.facts, report.findings) == (plain.facts, plain.findings)
        assert STRICT.decide(report, HOST).to_json() == STRICT.decide(plain, HOST).to_json()
        for link in report.facts.links:
            assert link.pointer().startswith(f"{place}/interfaces/")
            assert follow(document, link.pointer())["name"] == link.name
            for pointer in link.pointers.values():
                follow(document, pointer)
            for owned in link.addresses:
                assert follow(document, owned.pointer) == owned.raw


@pytest.mark.parametrize(
    ("document", "item", "code", "message"),
    [
        (items(ONE, OTHER), None, "REPORT_ITEM_NEEDED", "`worker-1`, `worker-2`"),
        (items(ONE, OTHER), "worker-3", "REPORT_ITEM_UNKNOWN", "only `worker-1`, `worker-2`"),
        (items(ONE, ONE), "worker-1", "REPORT_ITEM_NEEDED", "2 NodeNetworkStates with the name `worker-1`"),
        (ONE, "worker-2", "REPORT_ITEM_UNKNOWN", "only `worker-1`"),
        (ONE["status"], "worker-1", "REPORT_ITEM_UNKNOWN", "objects without a name"),
        (STATE, "worker-1", "REPORT_ITEM_UNKNOWN", "an item can only be chosen from a list"),
        ({"nics": {}}, "worker-1", "REPORT_ITEM_UNKNOWN", "this is a `vdsm` report"),
        (items(), None, "REPORT_NOT_RECOGNISED", "it is empty"),
        (items({"kind": "Node", "metadata": {}}), None, "REPORT_NOT_RECOGNISED", "objects of the kind `Node`"),
        ({"apiVersion": "v1", "kind": "Pod", "metadata": {}}, None, "REPORT_NOT_RECOGNISED", "the kind `Pod`"),
        (POLICY, None, "REPORT_IS_DESIRED_STATE", "a NodeNetworkConfigurationPolicy describes the state"),
        (ENACTMENT, None, "REPORT_IS_DESIRED_STATE", "a NodeNetworkConfigurationEnactment describes the state"),
        (items(POLICY), None, "REPORT_IS_DESIRED_STATE", "a NodeNetworkConfigurationPolicy describes the state"),
        ({"desiredState": STATE}, None, "REPORT_IS_DESIRED_STATE", "NodeNetworkConfigurationPolicy"),
        ({**ONE, "status": {}}, None, "REPORT_INVALID", "`worker-1` has no `status.currentState`"),
        ({**ONE, "status": None}, None, "REPORT_INVALID", "has no `status.currentState`"),
        (node("worker-1", None), None, "REPORT_INVALID", "has no `status.currentState`"),
        (node("worker-1", {}), None, "REPORT_INVALID", "missing key `interfaces`"),
    ],
)
def test_what_is_refused_is_refused_by_name(document: Any, item: str | None, code: str, message: str) -> None:
    for form in (json.dumps(document), yaml.safe_dump(document), document):
        if item is not None and form != document and "nics" in document:
            continue  # VDSM's report is no YAML
        with pytest.raises(ReportError) as error:
            evaluator.read_report(form, item=item)
        assert [d.code for d in error.value.diagnostics] == [code]
        assert message in error.value.diagnostics[0].message


def test_every_mistake_has_its_place_in_the_whole_document() -> None:
    broken = node("worker-2", {"interfaces": [{"name": "a", "mtu": -1}], "routes": {"running": [{"metric": "x"}]}})
    with pytest.raises(ReportError) as error:
        evaluator.read_report(items(ONE, broken), item="worker-2")
    state = "/items/1/status/currentState"
    places = [d.place for d in error.value.diagnostics]
    assert places == [f"{state}/interfaces/0/mtu", f"{state}/routes/running/0/metric"]


def test_a_record_keeps_the_document_and_the_item() -> None:
    document = items(OTHER, ONE)
    decision = STRICT.decide(evaluator.read_report(document, item="worker-1"), HOST)
    record = through_json(record_of(decision))
    assert violations(record.envelope, "decision-record") == ()
    assert record.envelope["input"]["report"]["item"] == "worker-1"
    assert json.loads(record.report or b"") == document
    assert replay(record, evaluator.__version__).differences == ()
    del record.envelope["input"]["report"]["item"]
    assert not replay(record, evaluator.__version__).is_equal
    alone = record_of(STRICT.decide(evaluator.read_report(ONE), HOST))
    assert "item" not in alone.envelope["input"]["report"]


def test_a_masked_record_holds_the_state_alone_and_replays() -> None:
    decision = STRICT.decide(evaluator.read_report(items(OTHER, ONE), item="worker-1"), HOST)
    masked = mask(record_of(decision), b"sixteen octets!!")
    assert replay(masked, evaluator.__version__).differences == ()
    assert b"worker" not in (masked.report or b"") + masked.canonical()
    assert set(json.loads(masked.report or b"")) <= {"interfaces", "routes", "dns-resolver"}


def test_a_test_made_of_a_record_chooses_the_same_item(tmp_path: Path) -> None:
    decision = STRICT.decide(read_report_text(json.dumps(items(OTHER, ONE)).encode(), item="worker-1"), HOST)
    made = record_case(record_of(decision), "made")
    path = tmp_path / "made.test.yaml"
    path.write_text(made.text)
    for name, content in made.other_files.items():
        (tmp_path / name).write_bytes(content)
    (case,) = read_case_file(path)
    assert case.item == "worker-1"
    assert run_case(case).differences == ()


@pytest.mark.parametrize("command", ["decide", "explain"])
def test_the_command_takes_an_item(
    command: str, tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    Path("nodes.yaml").write_text(yaml.safe_dump(items(OTHER, ONE)))
    asked = [command, "nodes.yaml", "--address", "192.0.2.10"]
    assert main([*asked, "--item", "worker-1"]) == main([*asked, "--item", "worker-1", "--format", "nmstate"]) == 3
    capsys.readouterr()
    assert main(asked) == 7
    assert "`worker-1`, `worker-2`" in capsys.readouterr().err


def test_the_bytes_of_a_record_are_the_texts_own() -> None:
    text = yaml.safe_dump(items(ONE)).encode()
    assert report_bytes(read_report_text(text)) == text
