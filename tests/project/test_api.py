"""The face: what is promised, and that an engine meets no surprise in it."""

from __future__ import annotations

import concurrent.futures
import copy
import hashlib
import ipaddress
import json
import multiprocessing
import pickle
import re
import shutil
import subprocess
import sys
import threading
from pathlib import Path
from typing import Any

import pytest
import yaml
from hypothesis import given

import evaluator
from evaluator import HostAddresses, HostNameError, PolicyError, Severity, Status
from evaluator.base.finding import FindingCode
from evaluator.policy.syntax.parse import lalr_parser
from evaluator.testing.terse_topology import read_topology
from tests.support.strategies import host_addresses, reports
from tests.support.untyped import untyped
from tools.command_page import command_page, manual_page
from tools.one_policy import one_policy_page
from tools.reference import diagnostics_page, findings_page, language_page

ROOT = Path(__file__).parents[2]
REPORT = evaluator.read_report(
    read_topology("bond0 over ens1, ens2 has 192.0.2.10/24; br0 over ens3 has 192.0.2.11/24")
)
STRICT = evaluator.load_policy("strict")


def test_the_promised_names() -> None:
    assert evaluator.__all__ == [
        "Change",
        "Decision",
        "DecisionLog",
        "Diagnostic",
        "Explanation",
        "Finding",
        "FindingCode",
        "HostAddresses",
        "HostNameError",
        "Interface",
        "InterfaceReasons",
        "LogFilter",
        "Policy",
        "PolicyChange",
        "PolicyError",
        "PolicyEvent",
        "PolicyParameter",
        "PolicyRule",
        "PolicyStore",
        "QuestionError",
        "Record",
        "RecordError",
        "Report",
        "ReportError",
        "Severity",
        "Status",
        "Step",
        "load_policy",
        "read_report",
        "resolve_host",
        "resolve_host_async",
        "to_html",
        "to_text",
    ]
    assert dir(evaluator) == sorted([*evaluator.__all__, "__version__"])
    assert all(getattr(evaluator, name).__doc__ for name in evaluator.__all__)


def test_every_error_for_invalid_input_is_a_question_error() -> None:
    calls = (
        lambda: evaluator.load_policy("strictt"),
        lambda: evaluator.read_report("{"),
        lambda: HostAddresses.of("node7"),
        lambda: evaluator.DecisionLog.open(ROOT / "README.md", read_only=True),
    )
    for call in calls:
        with pytest.raises(evaluator.QuestionError) as error:
            call()
        assert error.value.diagnostics


def test_results_have_the_public_types() -> None:
    decision = STRICT.decide(REPORT, HostAddresses.of("192.0.2.10"))
    explanation = decision.explain()
    assert isinstance(decision.interface, evaluator.Interface)
    assert isinstance(decision.trace[0], evaluator.Step)
    assert isinstance(explanation, evaluator.Explanation)
    assert isinstance(explanation.interfaces[0], evaluator.InterfaceReasons)
    assert any(isinstance(interface.change, evaluator.Change) for interface in explanation.interfaces)


# what docs/api.md leaves out, and may change in every version
NOT_PROMISED = {
    "Decision": {"case"},
    "Diagnostic": {"order"},
    "Finding": {"document", "for_information"},
    "HostAddresses": {"document", "findings", "usable_set"},
    "LogFilter": {"is_everything"},
    "Policy": {"program"},
    "Record": {"canonical"},
    "Report": {"facts", "load", "reading"},
}


def test_the_api_page_describes_every_name_and_attribute() -> None:
    page = (ROOT / "docs" / "api.md").read_text(encoding="utf-8")
    sections = dict(re.findall(r"^## (.+?)\n(.*?)(?=^## |\Z)", page, re.M | re.S))
    assert set(sections) - {"Values without a public name"} == set(evaluator.__all__)
    for name in evaluator.__all__:
        value = getattr(evaluator, name)
        if isinstance(value, type) and not issubclass(value, str):
            firsts = re.findall(r"^\| (`.+?`) \| ", sections[name], re.M)
            listed = {attribute for first in firsts for attribute in re.findall(r"`(\w+)", first)}
            public = {attribute for attribute in dir(value) if attribute[0] != "_"} - set(dir(Exception))
            public |= {"diagnostics"} if value is evaluator.QuestionError else set()
            assert listed == public - NOT_PROMISED.get(name, set()), name


def test_the_statuses_and_document_keys_are_fixed() -> None:
    assert list(Status) == ["resolved", "rejected", "ambiguous", "no_match", "unknown_host"]
    assert list(Severity) == ["error", "warning", "info"]
    document = STRICT.decide(REPORT, HostAddresses.of("192.0.2.10")).to_dict()
    assert list(document) == [
        *("schema_version", "status", "hostActiveNic", "interface", "candidates", "owners", "findings", "trace"),
        *("policy", "host", "resolution"),
    ]


def test_what_a_consumer_needs_next() -> None:
    report = evaluator.read_report(
        read_topology("bond0.7 on bond0 has 192.0.2.10/24, 2001:db8::1/64 carries net; bond0 over b, a")
    )
    decision = STRICT.decide(report, HostAddresses.of("2001:db8::1", "192.0.2.10"), management_network="net")
    assert decision.interface is not None
    assert decision.to_dict()["interface"] == {
        "name": "bond0.7",
        "kind": "vlan",
        "matched_addresses": ["192.0.2.10", "2001:db8::1"],
        "base_interface": "bond0",
        "vlan_id": 7,
        "members": [],
        "networks": ["net"],
    }


def test_parameters_are_checked_all_at_once() -> None:
    with pytest.raises(PolicyError) as error:
        STRICT.decide(REPORT, HostAddresses.of(), management_vlan="7", managment_network="x", nothing=1)
    assert [d.code for d in error.value.diagnostics] == ["PARAMETER_INVALID", "PARAMETER_UNKNOWN", "PARAMETER_UNKNOWN"]
    decision = STRICT.decide(REPORT, HostAddresses.of("192.0.2.10"), management_vlan=0, management_network=None)
    sha256 = hashlib.sha256((ROOT / "policies" / "strict.yaml").read_bytes()).hexdigest()
    assert decision.to_dict()["policy"] == {
        "name": "strict",
        "sha256": sha256,
        "texts": [{"name": "strict", "sha256": sha256}],
        "parameters": {"management_network": "ovirtmgmt", "management_vlan": 0},
    }


@pytest.mark.parametrize(
    "bad", ["", "node7", "1.2.3", "010.0.0.5", "192.0.2.1/24", "::1%lo", "192.0.2.1%eth0", "1.2.3.4 ", "١.٢.٣.٤"]
)
def test_what_is_no_host_address(bad: str) -> None:
    with pytest.raises(HostNameError) as error:
        HostAddresses.of("192.0.2.1", bad, bad + "x")
    assert len(error.value.diagnostics) == 2


def test_host_addresses() -> None:
    assert HostAddresses.of().to_dict()["addresses"] == []
    assert HostAddresses.of("[::ffff:192.0.2.1]", "192.0.2.1", "fe80::1%eth0") == HostAddresses.of(
        "192.0.2.1", "FE80:0::1"
    )
    assert str(HostAddresses.of("::2", "192.0.2.1").first) == "::2"
    assert evaluator.resolve_host("[2001:db8::1]").name == "2001:db8::1"


def test_decide_many_equals_decide() -> None:
    hosts = [HostAddresses.of(*texts) for texts in ((), ("192.0.2.10",), ("192.0.2.11",), ("192.0.2.10", "192.0.2.11"))]
    many = [d.to_json() for d in STRICT.decide_many((REPORT, host) for host in hosts)]
    assert many == [STRICT.decide(REPORT, host).to_json() for host in hosts]


def test_values_are_frozen_and_errors_survive_pickling() -> None:
    decision = STRICT.decide(REPORT, HostAddresses.of("192.0.2.10"))
    link = REPORT.facts.links[0]
    for value, name in (
        *((decision, "status"), (decision, "findings"), (decision.host, "usable"), (decision.trace[0], "rule")),
        *((REPORT, "facts"), (REPORT.facts, "networks"), (link, "name"), (link, "mtu"), (decision.interface, "kind")),
    ):
        with pytest.raises(AttributeError):
            setattr(value, name, None)
    with pytest.raises(PolicyError) as error:
        evaluator.load_policy("none")
    assert pickle.loads(pickle.dumps(error.value)).diagnostics == error.value.diagnostics
    assert decision == STRICT.decide(REPORT, HostAddresses.of("192.0.2.10"))


def _decide_elsewhere(text: str, address: str) -> evaluator.Decision:
    decision = evaluator.load_policy("strict").decide(evaluator.read_report(text), HostAddresses.of(address))
    _ = decision.findings, decision.parameters
    return decision


def test_values_can_be_pickled_copied_and_returned_by_another_process() -> None:
    decision = STRICT.decide(REPORT, HostAddresses.of("192.0.2.10"))
    own = evaluator.load_policy(text="policy: own\nrules: [{name: all, rule: 'match nic when nic.mtu is known'}]\n")
    values = (STRICT, own, REPORT, REPORT.facts, decision.host, decision, decision.interface, decision.explain())
    for value in values:
        for same in (pickle.loads(pickle.dumps(value)), copy.copy(value), copy.deepcopy(value)):
            assert same == value
            assert (same != value) is False
    assert evaluator.load_policy("strict") == STRICT != own
    assert len({STRICT, evaluator.load_policy("strict"), own}) == 2
    again = pickle.loads(pickle.dumps(decision))
    assert again.to_json() == decision.to_json()
    assert again.reasons() == decision.reasons()
    assert pickle.loads(pickle.dumps(STRICT)).decide(REPORT, decision.host) == decision
    text = json.dumps(REPORT.document)
    with concurrent.futures.ProcessPoolExecutor(1, multiprocessing.get_context("spawn")) as pool:
        assert pool.submit(_decide_elsewhere, text, "192.0.2.10").result() == decision


def test_a_policy_is_shared_between_threads() -> None:
    policy = evaluator.load_policy("strict")
    found: list[bytes] = []

    def work(address: str) -> None:
        found.extend(policy.decide(REPORT, HostAddresses.of(address)).to_json() for _ in range(30))

    threads = [threading.Thread(target=work, args=(address,)) for address in ("192.0.2.10", "192.0.2.11") * 2]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(found) == 120
    assert len(set(found)) == 2


@given(report=reports(), addresses=host_addresses)
def test_reading_and_deciding_never_raise_on_a_valid_report(report: dict[str, Any], addresses: list[str]) -> None:
    decision = STRICT.decide(evaluator.read_report(report), HostAddresses.of(*addresses))
    assert decision.status in Status


def test_what_an_import_costs() -> None:
    dear = {"dns", "lark", "rich", "jsonschema", "sqlite3", "yaml"}
    code = f"import sys, evaluator; print(sorted({dear} & set(sys.modules)))"
    loaded = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True).stdout.strip()
    assert loaded == "[]"


def test_a_decision_on_literals_never_imports_dnspython() -> None:
    code = (
        "import sys, evaluator\n"
        "report = evaluator.read_report({'nics': {'a': {'addr': '192.0.2.1'}}})\n"
        "decision = evaluator.load_policy('strict').decide(report, evaluator.HostAddresses.of('192.0.2.1'))\n"
        "print(decision.host_active_nic, 'dns' in sys.modules)"
    )
    assert (
        subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True).stdout == "a False\n"
    )


def test_every_shipped_finding_code_has_a_meaning() -> None:
    assert all(code.meaning and code == code.name for code in FindingCode)


def test_the_reference_pages_are_current() -> None:
    assert (ROOT / "docs" / "words.md").read_text(encoding="utf-8") == language_page()
    assert (ROOT / "docs" / "findings.md").read_text(encoding="utf-8") == findings_page()
    assert (ROOT / "docs" / "diagnostics.md").read_text(encoding="utf-8") == diagnostics_page()
    assert (ROOT / "docs" / "one-policy.md").read_text(encoding="utf-8") == one_policy_page()
    assert (ROOT / "docs" / "command.md").read_text(encoding="utf-8") == command_page()
    assert (ROOT / "docs" / "activenic.1").read_text(encoding="utf-8") == manual_page()


def _blocks(page: str) -> list[tuple[str, str]]:
    return re.findall(r"```(\w+)\n(.*?)```", (ROOT / page).read_text(encoding="utf-8"), re.S)


def _activenic(command: str, folder: Path) -> subprocess.CompletedProcess[str]:
    name, *arguments = command.split()
    assert name == "activenic"
    line = [sys.executable, "-m", "evaluator", *arguments]
    return subprocess.run(line, cwd=folder, capture_output=True, text=True, check=False)


def test_the_readmes_examples_are_real() -> None:
    blocks = _blocks("README.md")
    for console in (body for kind, body in blocks if kind == "console"):
        command, output = console.removeprefix("$ ").split("\n", 1)
        assert _activenic(command, ROOT).stdout == output
    code = dict(blocks)["python"]
    assert len([line for line in code.splitlines() if line and not line.startswith("import")]) <= 5
    done = subprocess.run([sys.executable, "-c", code], cwd=ROOT, capture_output=True, text=True, check=False)
    assert (done.stdout, done.stderr) == ("resolved bond0\n", "")


def test_the_readmes_commands_succeed_in_their_order(tmp_path: Path) -> None:
    shutil.copytree(ROOT / "policies" / "examples", tmp_path / "policies" / "examples")
    blocks = _blocks("README.md")
    texts = [body for kind, body in blocks if kind == "yaml"]
    (tmp_path / "mine.yaml").write_text(next(text for text in texts if text.startswith("policy: mine\n")))
    (tmp_path / "mine.test.yaml").write_text(next(text for text in texts if "tests:" in text))
    strict = yaml.safe_load((ROOT / "policies" / "strict.yaml").read_text(encoding="utf-8"))
    rules = {rule["name"]: rule["rule"] for rule in strict["rules"]}
    assert all(rules[rule["name"]].split() == rule["rule"].split() for rule in yaml.safe_load(texts[0])["rules"])
    decision, head = "", ""
    commands = [line for kind, body in blocks if kind == "sh" for line in body.splitlines() if line[:4] != "make"]
    assert len(commands) >= 10
    for command in commands:
        done = _activenic(re.sub(r"\bID\b", decision, command.replace("HEAD", head)), tmp_path)
        assert done.returncode == 0, done.stderr
        decision = next(iter(re.findall(r"^decision: (\S+)$", done.stdout, re.M)), decision)
        head = next(iter(re.findall(r"^[0-9]+:[0-9a-f]{64}$", done.stdout, re.M)), head)


def test_the_examples_in_the_docs_are_valid(tmp_path: Path) -> None:
    from evaluator.base.source import Source
    from evaluator.policy.load import read_program
    from evaluator.testing.run_cases import run_case_file

    language = (ROOT / "docs" / "language.md").read_text(encoding="utf-8")
    blocks = re.findall(r"```yaml\n(.*?)```", language, re.S)
    policies = [text for text in blocks if text.startswith("policy:")]
    assert len(policies) >= 2
    for text in policies:
        assert read_program(Source("language.md", text)).warnings == ()
    for text in set(blocks) - set(policies):
        assert read_program(Source("language.md", f"policy: shown\nextends: strict\n{text}"))
    ((sentence, tree),) = re.findall(r"For example,\s`(.*?)` has this\s+tree.*?```text\n(.*?)\n```", language, re.S)
    assert lalr_parser().parse(sentence).pretty().expandtabs(2).strip() == tree
    grammar = (ROOT / "evaluator" / "policy" / "syntax" / "grammar.lark").read_text(encoding="utf-8")
    assert f"```lark\n{grammar.strip()}\n```" in language
    path = tmp_path / "shown.test.yaml"
    path.write_text(next(body for kind, body in _blocks("docs/testing.md") if kind == "yaml" and "tests:" in body))
    assert all(result.passed for result in run_case_file(path))


def test_values_that_no_document_could_hold_are_refused() -> None:
    for bad in (10**5000, "\ud800", {"a", "b"}):
        with pytest.raises(PolicyError):
            STRICT.decide(REPORT, HostAddresses.of(), management_network=untyped(bad), management_vlan=10**20)
    for bad in ("fe80::1%eth0/64", "fe80::1%\x1b[31m", "fe80::1%a%b", "fe80::1%", None, 1, b"1.2.3.4"):
        with pytest.raises(HostNameError):
            HostAddresses.of(untyped(bad))
    assert HostAddresses.of(ipaddress.ip_address("192.0.2.10")) == HostAddresses.of("192.0.2.10")


def test_a_costly_policy_is_refused_before_it_begins(tmp_path: Path) -> None:
    path = tmp_path / "costly.yaml"
    condition = (
        "no x in interfaces satisfies some y in interfaces satisfies some z in interfaces satisfies x.name = z.name"
    )
    path.write_text(f"policy: costly\nrules:\n  - name: a\n    rule: match nic when {condition}\n")
    policy = evaluator.load_policy(path)
    nics = {f"e{i}": {"addr": ""} for i in range(200)}
    with pytest.raises(PolicyError) as error:
        policy.decide(evaluator.read_report({"nics": nics}), HostAddresses.of())
    assert [d.code for d in error.value.diagnostics] == ["POLICY_TOO_COSTLY"]
    assert error.value.diagnostics[0].place == "costly:4:11"
    few = evaluator.read_report({"nics": dict(list(nics.items())[:5])})
    assert policy.decide(few, HostAddresses.of()).status is Status.NO_MATCH


def test_strict_decides_twenty_thousand_interfaces() -> None:
    nics = {f"e{i}": {"addr": f"10.{i >> 16}.{i >> 8 & 255}.{i & 255}"} for i in range(1, 20_000)}
    decision = STRICT.decide(evaluator.read_report({"nics": nics}), HostAddresses.of("10.0.0.7"))
    assert decision.host_active_nic == "e7"
