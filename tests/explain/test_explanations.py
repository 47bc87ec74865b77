"""The explanations of captured and odd hosts, word for word: `explanations.txt`.

A paragraph has a question, the summary, and for each interface its outcome, its near misses, and the smallest change
with what it writes into the report. After a change of an explanation, `python -m tests.explain.test_explanations`
writes the file again. Check the difference by eye.
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from itertools import islice
from pathlib import Path
from typing import Any, NamedTuple

import pytest
import yaml

import evaluator
from evaluator.decision.decide import case_of
from evaluator.explain.counterfactual.search import Effort, smallest_change
from evaluator.report.read import read_report_text

TESTS = Path(__file__).parents[1]
EXPLANATIONS = Path(__file__).with_name("explanations.txt")
PARAMETERS: dict[str, dict[str, Any]] = {
    "route-to-engine": {"engine_address": "198.51.100.1"},
    "strict": {},
    "keep-management": {"management_vlan": 7},
    "last-client-iface": {},
    "ovirt-engine": {},
}
CAPTURED = [path for path in sorted((TESTS / "captures").glob("*/*")) if path.parent.name in ("ansible", "vdsm")]
CAPTURED += [
    path
    for path in sorted((TESTS / "captures").glob("*/*"))
    if path.parent.name in ("iproute2", "nmstate")
    and path.name[:2] in ("04", "10", "16", "27", "31", "36", "40", "46", "64")
]


class Question(NamedTuple):
    """A question to be explained."""

    name: str
    policy: str
    report: bytes
    addresses: tuple[str, ...]
    routes: tuple[bytes, ...] = ()
    host: str | None = None


def questions() -> Iterator[Question]:
    policies = list(PARAMETERS)
    for at, host in enumerate(CAPTURED):
        (path,) = [path for name in ("ip-addr", "vdsm", "nmstate", "ansible") for path in host.glob(f"{name}.json")]
        asked = json.loads((host / "expected.json").read_text())["questions"]
        routes = tuple(table.read_bytes() for table in sorted(host.glob("ip-route*.json")))
        name = path.relative_to(TESTS).as_posix()
        if at % 3:
            yield Question(name, "strict", path.read_bytes(), tuple(asked[0]["addresses"]), routes)
        policy = policies[at % len(policies)]
        if at % 2 and (policy != "strict" or len(asked) > 1):
            yield Question(name, policy, path.read_bytes(), tuple(asked[-1]["addresses"]), routes)
    for tool in ("ansible", "iproute2", "nmstate", "vdsm"):
        path = TESTS / "report" / "odd" / f"{tool}.yaml"
        others = iter(
            [(), ("127.0.0.1", "::1"), ("8.0.0.1",), ("10.0.0.1", "192.0.2.200"), ("192.0.2.1", "2001:db8::1")]
        )
        for case in yaml.safe_load(path.read_text(encoding="utf-8"))[:9]:
            if "report" in case and "item" not in case and len(json.dumps(case["report"])) < 1500:
                name, text = f"{path.stem}: {case['name']}", json.dumps(case["report"]).encode()
                yield Question(name, "strict", text, ODD)
                for addresses in islice(others, 1):
                    host = "node7.example.org" if addresses else None
                    yield Question(
                        f"{path.stem}: {case['name']}",
                        "strict",
                        json.dumps(case["report"]).encode(),
                        addresses,
                        (),
                        host,
                    )


OTHERS = ((), ("127.0.0.1", "::1"), ("8.0.0.1",), ("10.0.0.1", "192.0.2.200"), ("192.0.2.1", "2001:db8::1"))
ODD = ("192.0.2.1", "2001:db8::77", "192.0.2.200")
QUESTIONS = list(questions())


def paragraph(question: Question) -> str:
    """Return the paragraph of a question."""
    report = read_report_text(question.report, routes=question.routes)
    policy = evaluator.load_policy(question.policy)
    parameters = PARAMETERS[question.policy]
    decision = policy.decide(report, _host(question), **parameters)
    asked = f"{question.host or 'addresses'} {', '.join(question.addresses)}"
    return "\n".join([f"{question.name}, {question.policy}: {asked}", *_told(decision)])


def _host(question: Question) -> evaluator.HostAddresses:
    if question.host is None:
        return evaluator.HostAddresses.of(*question.addresses)
    return evaluator.HostAddresses.of(*question.addresses, name=question.host, complete=len(question.addresses) > 1)


def _told(decision: evaluator.Decision) -> Iterator[str]:
    of_report = decision.case.report.findings
    for finding in (finding for finding in decision.findings if finding not in of_report):
        hint = f" | {finding.hint}" if finding.hint else ""
        yield f"{finding.severity} {finding.code}: {finding.message}{hint}"
    explanation = decision.explain().to_dict()
    yield from explanation["summary"]
    for interface in explanation["interfaces"]:
        lowers = f" over {', '.join(interface['lowers'])}" if interface["lowers"] else ""
        search = f" ({interface['search']})" if interface["search"] else ""
        yield f"{interface['name']}: {interface['kind']}{lowers}: {interface['outcome']}{search}"
        yield from (f"  near: {text}" for text in interface["near_misses"])
        if interface["change"]:
            yield f"  if: {interface['change']['sentence']}"
            for edit in interface["change"]["edits"]:
                of = f" of {edit['interface']}" if edit["interface"] else ""
                yield f"  {edit['what']}{of}: {json.dumps(edit['from'])} becomes {json.dumps(edit['to'])}"
            if any(edit["what"] not in ("answers", "parameter") for edit in interface["change"]["edits"]):
                yield from (f"    {line}" for line in _written(decision, interface["name"]))


def _written(decision: evaluator.Decision, name: str) -> Iterator[str]:
    """Yield what the change writes into the report."""
    case = case_of(decision)
    result = smallest_change(case, case.report.facts.by_name[name], Effort.for_case(case))
    assert result.case is not None
    yield from _differences(case.report.document, result.case.report.document)


def _differences(before: Any, after: Any, place: str = "") -> Iterator[str]:
    if isinstance(before, dict) and isinstance(after, dict):
        for key in {**before, **after}:
            yield from _differences(before.get(key), after.get(key), f"{place}/{key}")
    elif isinstance(before, list) and isinstance(after, list) and len(before) == len(after):
        for at, (old, new) in enumerate(zip(before, after, strict=True)):
            yield from _differences(old, new, f"{place}/{at}")
    elif before != after:
        yield f"{place or '/'}: {json.dumps(before)} becomes {json.dumps(after)}"


@pytest.mark.parametrize("at", range(len(QUESTIONS)), ids=[question.name for question in QUESTIONS])
def test_an_explanation(at: int) -> None:
    assert paragraph(QUESTIONS[at]) == EXPLANATIONS.read_text(encoding="utf-8").split("\n\n")[at]


if __name__ == "__main__":
    EXPLANATIONS.write_text("\n\n".join(map(paragraph, QUESTIONS)), encoding="utf-8")
