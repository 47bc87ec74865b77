"""Every change that an explanation names: written as a policy test, it passes, and it is as small as it can be."""

from __future__ import annotations

import json
import os
import random
from collections import Counter
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

import evaluator
from evaluator import HostAddresses
from evaluator.base.schema import violations
from evaluator.explain.counterfactual.search import Effort, SearchResult, smallest_change
from evaluator.facts.address import in_order
from evaluator.report.read import read_report_text
from evaluator.testing.case_file import Expected, PolicyCase
from evaluator.testing.run_cases import run_case, run_case_file
from evaluator.workbench.change_case import change_case
from evaluator.workbench.new_case import NewCase, file_of_case
from tests.support.captured import CAPTURES
from tests.support.random_hosts import ASKED, TOOLS, devices, write
from tests.support.untyped import untyped

pytestmark = pytest.mark.volume

IS_LONG = os.environ.get("HYPOTHESIS_PROFILE") == "long"
POLICIES = {
    "strict": {},
    "keep-management": {},
    "ovirt-engine": {},
    "last-client-iface": {},
    "route-to-engine": {"engine_address": "198.51.100.1"},
}
CAPTURE_POLICIES = tuple(POLICIES) if IS_LONG else ("strict", "ovirt-engine", "last-client-iface")
LOADED = {name: evaluator.load_policy(name) for name in POLICIES}


def decisions_on(report: evaluator.Report, host: HostAddresses, names: list[str]) -> Iterator[tuple[str, Any]]:
    for name in names:
        yield name, LOADED[name].decide(report, host, **untyped(POLICIES[name]))


def captured(tool: str) -> Iterator[tuple[evaluator.Report, HostAddresses]]:
    """Yield what real hosts reported, in every file that was captured, and by what they are asked."""
    for host in sorted((CAPTURES / tool).iterdir()):
        routes = tuple(path.read_bytes() for path in sorted(host.glob("ip-route*.json")))
        for path in sorted(host.glob("*")):
            if path.name == "expected.json" or "route" in path.name or path.suffix not in (".json", ".yml", ".yaml"):
                continue
            questions = json.loads((host / "expected.json").read_text())["questions"]
            for question in questions if IS_LONG else questions[:1]:
                asked = HostAddresses.of(*question["addresses"])
                yield read_report_text(path.read_bytes(), "auto", routes), asked
                if routes and IS_LONG:
                    yield read_report_text(path.read_bytes()), asked


@pytest.mark.parametrize("tool", TOOLS)
def test_explanations_satisfy_their_schema(tool: str) -> None:
    for report, host in captured(tool):
        for _, decision in decisions_on(report, host, ["strict" if IS_LONG else "last-client-iface"]):
            document = json.loads(json.dumps(decision.explain().to_dict()))
            assert violations(document, "explanation") == ()
            assert {one["search"] for one in document["interfaces"]} <= {"found", "none", "gave_up", None}


def passes(case: NewCase, policy: str) -> bool:
    """Run the test as the runner does when it has read the file."""
    test = case.test
    host: Any = test.get("host", [])
    report = test["report"] if isinstance(test.get("report"), dict) else json.dumps(test.get("report")).encode()
    if "text" in test:
        report = test["text"].encode()
    asked = HostAddresses.of(*host) if isinstance(host, list) else _named(host)
    wanted = Expected(test["want"]["status"], test["want"]["hostActiveNic"], True)
    given = {name: value for name, value in case.parameters.items() if value is not None}
    return run_case(PolicyCase(test["name"], "", LOADED[policy], report, asked, given, wanted, test["format"])).passed


def _named(host: dict[str, Any]) -> HostAddresses:
    addresses = HostAddresses.of(*host["addresses"]).answers
    return HostAddresses(in_order(addresses), host["name"], host["complete"], addresses[0])


def check(policy: str, decision: Any, tmp_path: Path, *, in_a_file: bool) -> Counter[str]:
    """Make a test of the change of every interface, and run it; count how the searches ended."""
    ends: Counter[str] = Counter()
    for name in decision.case.report.facts.by_name:
        case = change_case(decision, name)
        if case is None:
            assert (decision.status, decision.host_active_nic) == ("resolved", name)
            continue
        ends["found" if isinstance(case, NewCase) else str(case)] += 1
        if not isinstance(case, NewCase):
            continue
        assert passes(case, policy), case.test["name"]
        if in_a_file:
            path = tmp_path / "change.test.yaml"
            path.write_text(file_of_case(case, policy))
            (result,) = run_case_file(path)
            assert result.passed, result.differences
    return ends


@pytest.mark.parametrize("policy", CAPTURE_POLICIES)
@pytest.mark.parametrize("tool", TOOLS)
def test_every_change_of_every_capture_passes_as_a_test(tool: str, policy: str, tmp_path: Path) -> None:
    ends: Counter[str] = Counter()
    for at, (report, host) in enumerate(captured(tool)):
        for name, decision in decisions_on(report, host, [policy]):
            ends += check(name, decision, tmp_path, in_a_file=IS_LONG or at % 12 == 0)
    is_stated = policy != "last-client-iface" or tool == "vdsm"  # no other tool reports the last client
    assert (ends["found"] > 0) is is_stated


@pytest.mark.parametrize("tool", TOOLS)
def test_every_change_of_random_hosts_passes_as_a_test(tool: str, tmp_path: Path) -> None:
    rng = random.Random(f"changes of {tool}")
    names = list(POLICIES)
    for at in range(20_000 if IS_LONG else 50):
        report = evaluator.read_report(json.dumps(write(tool, devices(rng), rng)))
        host = HostAddresses.of(*rng.sample(ASKED, rng.randint(0, 3)))
        for name, decision in decisions_on(report, host, [names[at % len(names)]]):
            check(name, decision, tmp_path, in_a_file=at % 25 == 0)


def _found(decision: Any) -> Iterator[SearchResult]:
    for link in decision.case.report.facts.links:
        if link.name != decision.host_active_nic:
            yield smallest_change(decision.case, link, Effort.for_case(decision.case))


@pytest.mark.parametrize("tool", TOOLS)
def test_a_change_says_all_that_it_changed_of_addresses_and_networks(tool: str) -> None:
    """The edits, applied to the facts as they are told, are the facts after the change."""
    rng = random.Random(f"edits of {tool}")
    for at in range(2_000 if IS_LONG else 25):
        report = evaluator.read_report(json.dumps(write(tool, devices(rng), rng)))
        host = HostAddresses.of(*rng.sample(ASKED, rng.randint(1, 3)))
        name = list(POLICIES)[at % len(POLICIES)]
        for _, decision in decisions_on(report, host, [name]):
            for found in _found(decision):
                if found.change is None or found.case is None:
                    continue
                told = {edit.interface: edit for edit in found.change.edits if edit.what == "addresses"}
                for before in report.facts.links:
                    after = found.case.report.facts.by_name[before.name]
                    for link, side in ((before, "before"), (after, "after")):
                        shown = [f"{one.address}/{one.prefix}" for one in link.addresses]
                        if before.name in told:
                            assert getattr(told[before.name], side) == shown
                    if before.name not in told:
                        assert after.address_set == before.address_set
