"""Every scenario on a real kernel: asked live, from outside its namespace, and again later from what was written down.

What was written down is decided here, on the host, under another kernel: a collected report must not need its machine.
"""

from __future__ import annotations

import ipaddress
import json
import os
import sys
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Any

import pytest

from evaluator.base.schema import violations
from evaluator.cli.main import main as activenic
from tests.vm import machine, plan
from tests.vm.machine import Outcome, Outcomes
from tests.vm.scenario import Question, Scenario, read_scenarios

SCENARIOS = read_scenarios()
EXIT_STATUS = {"resolved": 0, "rejected": 3, "ambiguous": 4, "no_match": 5, "unknown_host": 6}
KINDS = {None: "physical", "ipvlan": "other", "vxlan": "other", "ipip": "other"}
ALL = [(s, n) for s in SCENARIOS for n in range(len(s.questions))]
OWNERS = [(s, n) for s, n in ALL if s.questions[n].addresses]
PEERS = [(s, n) for s, n in ALL if s.questions[n].peer is not None]
# a look-up has times in it
REPEATABLE = [(s, n) for s, n in ALL if s.questions[n].host is None]

pytestmark = pytest.mark.system


def _id(value: object) -> str:
    return value.name if isinstance(value, Scenario) else str(value)


scenarios = pytest.mark.parametrize("scenario", SCENARIOS, ids=_id)
questions = pytest.mark.parametrize(("scenario", "number"), ALL, ids=_id)
owner_questions = pytest.mark.parametrize(("scenario", "number"), OWNERS, ids=_id)
peer_questions = pytest.mark.parametrize(("scenario", "number"), PEERS, ids=_id)
repeatable_questions = pytest.mark.parametrize(("scenario", "number"), REPEATABLE, ids=_id)


@pytest.fixture(scope="session")
def outcomes(tmp_path_factory: pytest.TempPathFactory) -> Outcomes:
    """All that the guests did; as many guests as processors, up to four."""
    lacking = "; ".join(machine.missing())
    if lacking:
        pytest.fail(lacking, pytrace=False)
    guests = min(4, len(os.sched_getaffinity(0)))
    command = str(Path(sys.executable).with_name("activenic"))
    jobs = [plan.plan(SCENARIOS[first::guests], command) for first in range(guests)]
    return machine.run(jobs, tmp_path_factory.mktemp("vm"))


@scenarios
def test_the_kernel_took_every_command(scenario: Scenario, outcomes: Outcomes) -> None:
    for step in (plan.NAMESPACE, plan.BUILD, *plan.SHOWN):
        outcome = outcomes[scenario.name, step]
        assert outcome.status == 0, outcome.stderr.decode()


@owner_questions
def test_the_expected_owners_are_the_kernels(scenario: Scenario, number: int, outcomes: Outcomes) -> None:
    """Proves the scenario, not the product: whose the addresses are is read in the plainest way."""
    question = scenario.questions[number]
    asked = {_plain(address) for address in question.addresses}
    links = json.loads(outcomes[scenario.name, plan.ADDRESSES].stdout.decode(errors="surrogateescape"))
    owners = {_shown(link["ifname"]) for link in links if asked & set(_owned(link))}
    assert owners == set(question.owners)


@peer_questions
def test_the_expected_way_is_the_kernels(scenario: Scenario, number: int, outcomes: Outcomes) -> None:
    """Proves the scenario, too; of several equal ways the kernel names one."""
    question, outcome = scenario.questions[number], outcomes[scenario.name, plan.kernel(number)]
    if question.status == "no_match":
        assert outcome.stderr.startswith(b"RTNETLINK answers"), outcome
    elif question.status == "resolved":
        assert json.loads(outcome.stdout)[0]["dev"] == question.host_active_nic


@questions
def test_live(scenario: Scenario, number: int, outcomes: Outcomes) -> None:
    outcome = outcomes[scenario.name, plan.live(number)]
    decision = _decision(outcome.stdout, outcome.stderr)
    _assert_wanted(decision, outcome.status, scenario.questions[number])
    assert violations(decision, "decision") == ()
    if decision["interface"] is not None:
        links = json.loads(outcomes[scenario.name, plan.ADDRESSES].stdout.decode(errors="surrogateescape"))
        kinds = {_shown(link["ifname"]): link.get("linkinfo", {}).get("info_kind") for link in links}
        kind = kinds[decision["hostActiveNic"]]
        assert decision["interface"]["kind"] == KINDS.get(kind, kind)


@scenarios
def test_live_from_outside_by_the_name_of_the_namespace(scenario: Scenario, outcomes: Outcomes) -> None:
    outside, inside = outcomes[scenario.name, plan.netns(0)], outcomes[scenario.name, plan.live(0)]
    _assert_wanted(_decision(outside.stdout, outside.stderr), outside.status, scenario.questions[0])
    if scenario.questions[0].host is None:
        assert outside.stdout == inside.stdout


@repeatable_questions
def test_collected_and_decided_later(
    scenario: Scenario, number: int, outcomes: Outcomes, tmp_path: Path, capfdbinary: pytest.CaptureFixture[bytes]
) -> None:
    collected = _written(outcomes[scenario.name, plan.COLLECT], tmp_path)
    status, stdout, stderr = _decide(collected, scenario.questions[number], capfdbinary)
    _assert_wanted(_decision(stdout, stderr), status, scenario.questions[number])
    assert stdout == outcomes[scenario.name, plan.live(number)].stdout


@questions
def test_what_ip_says_decided_later(
    scenario: Scenario, number: int, outcomes: Outcomes, tmp_path: Path, capfdbinary: pytest.CaptureFixture[bytes]
) -> None:
    addresses, *routes = (_written(outcomes[scenario.name, step], tmp_path) for step in plan.SHOWN)
    status, stdout, stderr = _decide(addresses, scenario.questions[number], capfdbinary, routes)
    _assert_wanted(_decision(stdout, stderr), status, scenario.questions[number])


def test_as_a_process_of_its_own(outcomes: Outcomes) -> None:
    """The other decisions come from one process, which this shows to make no difference."""
    alone = {name: outcome for (name, step), outcome in outcomes.items() if step == plan.SEPARATE}
    assert alone
    for name, outcome in alone.items():
        assert outcome.stdout, outcome.stderr.decode()
        assert outcome.stdout == outcomes[name, plan.live(0)].stdout
        assert outcome.status == outcomes[name, plan.live(0)].status


def _decide(
    file: Path, question: Question, capture: pytest.CaptureFixture[bytes], routes: Iterable[Path] = ()
) -> tuple[int, bytes, bytes]:
    also = [word for table in routes for word in ("--route", str(table))]
    capture.readouterr()
    try:
        status = activenic(["decide", str(file), *also, *question.arguments, "--output", "json"])
    except SystemExit as leaving:
        status = leaving.code if isinstance(leaving.code, int) else 1
    return status, *capture.readouterr()


def _written(outcome: Outcome, folder: Path) -> Path:
    assert outcome.status == 0, outcome.stderr.decode()
    file = folder / f"{outcome.step}.json"
    file.write_bytes(outcome.stdout)
    return file


def _decision(stdout: bytes, stderr: bytes) -> dict[str, Any]:
    assert stdout, stderr.decode()
    decision: dict[str, Any] = json.loads(stdout)
    return decision


def _assert_wanted(decision: dict[str, Any], status: int, question: Question) -> None:
    assert decision["status"] == question.status
    assert decision["hostActiveNic"] == question.host_active_nic
    assert tuple(decision["owners"]) == question.owners
    assert status == EXIT_STATUS[question.status]


def _owned(link: dict[str, Any]) -> Iterator[object]:
    if "LOOPBACK" not in link["flags"]:
        yield from (_plain(entry["local"]) for entry in link["addr_info"] if "dadfailed" not in entry)


def _plain(text: str) -> object:
    address = ipaddress.ip_address(text)
    return getattr(address, "ipv4_mapped", None) or address


def _shown(name: str) -> str:
    r"""Return the name as decisions spell it: a byte that is no UTF-8 as `\xNN`, a backslash twice."""
    return name.replace("\\", r"\\").encode(errors="surrogateescape").decode(errors="backslashreplace")
