"""One verdict: the text of a report, the dict that `json.loads` makes of it and the schema of its format agree.

What is accepted is one set, and it becomes the same facts and findings either way, whether the types took it at once
or its plain value was read.
"""

from __future__ import annotations

import json
import random
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

import evaluator
from evaluator import ReportError
from evaluator.base.schema import is_valid
from evaluator.report.json_text import is_within_limits
from evaluator.report.read import FORMATS, read_typed
from evaluator.report.reading import Report
from tests.support.captured import CAPTURES
from tests.support.strategies import reports
from tests.support.untyped import untyped

SEEDS = range(40)
SCHEMAS = {"vdsm": "capability-report", "nmstate": "nmstate-report", "ansible": "ansible-facts"}
VALUES: list[Any] = [
    *(None, True, False, 0, 1, -1, 64, 1500, 1500.0, 1.5, 2**32, 2**70, "", "x", "True", "fAlse", "1500", [], {}, [1]),
    *({"a": None}, {"name": "eth0"}, {"addr": "192.0.2.10"}, "é", "a\\b", "192.0.2.10", "192.0.2.10/24", "bad/24"),
    *("192.0.2.10/99", "::ffff:192.0.2.10/120", "fe80::1%eth0", "::1", "224.0.0.1", "10.0.0.1/255.255.255.0"),
    *("001.2.3.4", ["192.0.2.10/24", "bad"], ["eth0", "eth0"], [""], "default"),
]
KEYS = [
    *("nics", "result", "info", "status", "interfaces", "bridges", "networks", "addr", "jsonrpc", "kind", "items"),
    *("ansible_interfaces", "ansible_facts", "foo", "netmask", "ipv4addrs", "bridged", "hwaddr", "speed", "mtu"),
    *("system", "master", "linkinfo", "state", "currentState", "addr_info", "device", "ipv4", "prefix", "type"),
]


def captured() -> list[Path]:
    found = (path for path in sorted(CAPTURES.rglob("*.json")) if path.name != "expected.json")
    return [path for path in found if path.stat().st_size < 40_000]


def _places(value: Any, parent: Any = None, key: Any = None) -> Iterator[tuple[Any, Any]]:
    if parent is not None:
        yield parent, key
    items = value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ()
    for name, item in list(items):
        yield from _places(item, value, name)


def changed(document: Any, rng: random.Random) -> Any:
    """Return a copy with a member or two changed, left out, added or doubled."""
    document = json.loads(json.dumps(document))
    for _ in range(rng.choice((1, 1, 2))):
        places = list(_places(document))
        if not places:
            break
        parent, key = rng.choice(places)
        match rng.randrange(5):
            case 0:
                parent[key] = rng.choice(VALUES)
            case 1:
                del parent[key]
            case 2 if isinstance(parent, dict):
                parent[rng.choice(KEYS)] = parent[key]
            case 3 if isinstance(parent[key], dict):
                parent[key][rng.choice(KEYS)] = rng.choice(VALUES)
            case 4 if isinstance(document, dict):
                document[rng.choice(KEYS)] = rng.choice(VALUES)
    return document


def verdict(given: object) -> Report | list[tuple[str, str, str]]:
    try:
        return evaluator.read_report(untyped(given))
    except ReportError as error:
        return [(one.code, one.place, one.message) for one in error.diagnostics]


def agree(document: Any) -> None:
    """Compare the verdicts on a text and its value, and on the two ways in which a text is read."""
    text = json.dumps(document, ensure_ascii=False).encode()
    from_text, from_value = verdict(text), verdict(json.loads(text))
    assert from_text == from_value
    usual = read_typed(text, "auto") if is_within_limits(text) else None
    if usual is not None:
        assert isinstance(from_text, Report)
        assert from_text.format == usual.format
        if usual.format in SCHEMAS:
            assert is_valid(json.loads(text), SCHEMAS[usual.format])
    if isinstance(from_text, Report):
        format = next(one for one in FORMATS if one.name == from_text.format)
        assert Report(format.name, format.read.read(json.loads(text)), lambda: None) == from_text


@pytest.mark.parametrize("path", captured(), ids=lambda path: "/".join(path.parts[-3:-1]))
def test_a_captured_report_is_read_at_once(path: Path) -> None:
    document = json.loads(path.read_bytes())
    agree(document)


@pytest.mark.parametrize("seed", SEEDS)
def test_changed_reports_have_one_verdict(seed: int) -> None:
    rng, paths = random.Random(seed), captured()
    for _ in range(20):
        agree(changed(json.loads(rng.choice(paths).read_bytes()), rng))


@given(report=reports(), seed=st.integers(0, 2**32))
def test_generated_reports_have_one_verdict(report: dict[str, Any], seed: int) -> None:
    agree(report)
    agree(changed(report, random.Random(seed)))


@pytest.mark.parametrize("tool", ["vdsm", "iproute2", "nmstate", "ansible"])
def test_what_a_tool_prints_is_taken_at_once(tool: str) -> None:
    texts = [path.read_bytes() for path in captured() if path.parent.parent.name == tool and "route" not in path.name]
    taken = sum(read_typed(text, "auto") is not None for text in texts)
    assert taken >= 0.9 * len(texts) > 0
