"""What decisions say to people, word for word: `tests/findings/*.yaml` holds a question and the findings it must give.

`findings` are the warnings and errors, `information` (if it stands there) the rest. And what they must not say: an
ordinary host gives no warning.
"""

from __future__ import annotations

import json
import random
from pathlib import Path
from typing import Any

import pytest
import yaml

import evaluator
from evaluator.base.diagnostic import Severity
from evaluator.base.finding import Finding
from evaluator.decision.decision import Decision
from evaluator.facts.address import parse_address
from tests.support import ordinary_hosts

FOLDER = Path(__file__).parents[1] / "findings"
CASES = [(path, case) for path in sorted(FOLDER.glob("*.yaml")) for case in yaml.safe_load(path.read_text())]


@pytest.mark.parametrize(
    "case", [case for _, case in CASES], ids=[f"{path.stem}: {case['name']}" for path, case in CASES]
)
def test_what_is_said(case: dict[str, Any]) -> None:
    decision = decide(case)
    assert decision.status == case["status"]
    assert lines(decision, Severity.ERROR, Severity.WARNING) == case["findings"]
    if "information" in case:
        assert lines(decision, Severity.INFO) == case["information"]


def test_what_the_findings_are_about() -> None:
    """The interfaces, addresses and rules of each finding, which no sentence shows."""
    wanted = yaml.safe_load((FOLDER.parent / "finding-subjects.yaml").read_text(encoding="utf-8"))
    found = {f"{path.stem}: {case['name']}": list(map(_subject, decide(case).findings)) for path, case in CASES}
    assert found == wanted


def _subject(finding: Finding) -> dict[str, Any]:
    subject = {"code": str(finding.code), "interfaces": [*finding.interfaces], "addresses": [*finding.addresses]}
    return {name: value for name, value in {**subject, "rule": finding.rule}.items() if value}


def decide(case: dict[str, Any]) -> Decision:
    report, name = case["report"], case.get("policy", "strict")
    read = evaluator.read_report(FOLDER / "reports" / report if isinstance(report, str) else json.dumps(report))
    policy = evaluator.load_policy(text=f"policy: mine\n{name}") if "\n" in name else evaluator.load_policy(name)
    return policy.decide(read, host_of(case["host"]), **case.get("parameters", {}))


def host_of(host: Any) -> evaluator.HostAddresses:
    if isinstance(host, dict):
        answers = tuple(sorted(map(parse_address, host["addresses"])))
        return evaluator.HostAddresses(answers, host["name"], True, answers[0] if answers else None)
    return evaluator.HostAddresses.of(*(host if isinstance(host, list) else [host]))


def lines(decision: Decision, *severities: Severity) -> str:
    """Return the findings of some severities, as the files have them."""
    return "".join(_lines(finding) for finding in decision.findings if finding.severity in severities)


def _lines(finding: Finding) -> str:
    hint = f"  hint: {finding.hint}\n" if finding.hint else ""
    return f"{finding.severity} {finding.code}: {finding.message}\n{hint}"


@pytest.mark.parametrize("tool", ordinary_hosts.TOOLS)
def test_an_ordinary_host_gives_no_warning(tool: str) -> None:
    policy, rng = evaluator.load_policy("strict"), random.Random(15)
    for _ in range(1000):
        host = ordinary_hosts.host(rng, tool)
        report = evaluator.read_report(json.dumps(ordinary_hosts.write(tool, host, rng)), format=tool)
        decision = policy.decide(report, evaluator.HostAddresses.of(*host.asked))
        assert decision.status == "resolved", host
        assert lines(decision, Severity.ERROR, Severity.WARNING) == "", host


def test_every_warning_on_a_captured_host_has_a_cause() -> None:
    """Strict warns on captured hosts where the file says, with its cause, and nowhere else."""
    known = yaml.safe_load((FOLDER.parent / "capture-warnings.yaml").read_text(encoding="utf-8"))
    assert all(len(entry["cause"]) > 20 for entry in known.values())
    warned: dict[str, set[str]] = {code: set() for code in known}
    captures = FOLDER.parent / "captures"
    for expected in sorted(captures.glob("*/*/expected.json")):
        for path in expected.parent.glob("*.json"):
            if path != expected and not path.name.startswith("ip-route"):
                for code in _warnings(path, json.loads(expected.read_text(encoding="utf-8"))["questions"]):
                    warned.setdefault(code, set()).add(path.relative_to(captures).as_posix())
    assert warned == {code: set(entry["reports"]) for code, entry in known.items()}


def _warnings(path: Path, questions: list[dict[str, Any]]) -> set[str]:
    report, policy = evaluator.read_report(path), evaluator.load_policy("strict")
    decisions = [policy.decide(report, evaluator.HostAddresses.of(*asked["addresses"])) for asked in questions]
    return {str(f.code) for each in decisions for f in each.findings if f.severity is Severity.WARNING}
