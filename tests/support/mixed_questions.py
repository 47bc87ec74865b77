"""A fleet for tests: questions about random hosts in all four formats, some of them with mistakes."""

from __future__ import annotations

import random
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import yaml

from tests.support import ordinary_hosts, random_hosts

ODD = Path(__file__).parents[1] / "report" / "odd"
_VALUES = [None, "", "junk", 5, -1, 1e300, True, [], {}, ["junk"], {"a": 1}, "10.0.0.1", "é\u007f"]
_MEMBERS = {
    "addresses": [[], ["junk"], "10.0.0.1", [5], None, ["10.0.0.1/24"]],
    "format": ["vsdm", "iproute2", None, 5],
    "labels": [{"dc": 5}, [], None, {"dc": "west", "é": ""}],
    "parameters": [{"unknown": 1}, {"management_vlan": "x"}, {"management_vlan": 100}, [], {}],
    "policy": ["", "strict"],
    "id": ["", 5, "other", "é"],
    "report": [5, "text", [], {}, None],
    "host": ["node7.example.org", ""],
    "answers": [{"addresses": ["10.0.0.1"]}, {}, {"addresses": [], "complete": False}],
    "surplus": [1],
}


def mixed_questions(count: int, seed: int) -> Iterator[dict[str, Any]]:
    """Yield question documents; about one of four has a mistake."""
    rng = random.Random(seed)
    odd = [report for tool in random_hosts.TOOLS for report in _odd_reports(tool)] + _odd_reports("refused")
    for number in range(count):
        question = _sound(rng, number)
        mistake = rng.random()
        if mistake < 0.05:
            question["report"] = rng.choice(odd)
        elif mistake < 0.15:
            _spoil(rng, question["report"])
        elif mistake < 0.25:
            name = rng.choice(sorted(_MEMBERS))
            question[name] = rng.choice(_MEMBERS[name])
        elif mistake < 0.28:
            question.pop(rng.choice(sorted(question)))
        yield question


def _sound(rng: random.Random, number: int) -> dict[str, Any]:
    tool = rng.choice(random_hosts.TOOLS)
    question: dict[str, Any] = {"id": f"host-{number}", "labels": {"tool": tool, "dc": rng.choice(["east", "west"])}}
    if rng.random() < 0.5:
        host = ordinary_hosts.host(rng, tool)
        return {**question, "report": ordinary_hosts.write(tool, host, rng), "addresses": list(host.asked)}
    question["report"] = random_hosts.write(tool, random_hosts.devices(rng), rng)
    addresses = rng.sample(random_hosts.ASKED, rng.randint(0, 3))
    if rng.random() < 0.3:
        answers = {"addresses": addresses, "complete": rng.random() < 0.5}
        return {**question, "host": f"node{number}.example.org", "answers": answers}
    return {**question, "addresses": addresses, "format": rng.choice(["auto", tool])}


def _odd_reports(name: str) -> list[Any]:
    entries = yaml.safe_load((ODD / f"{name}.yaml").read_text(encoding="utf-8"))
    return [entry["report"] for entry in entries if isinstance(entry, dict) and "report" in entry]


def _spoil(rng: random.Random, document: Any) -> None:
    """Replace one value at a random place of a report."""
    place = document
    while True:
        keys = list(range(len(place))) if isinstance(place, list) else sorted(place)
        if not keys:
            return
        key = rng.choice(keys)
        if not isinstance(place[key], dict | list) or not place[key] or rng.random() < 0.3:
            place[key] = rng.choice(_VALUES)
            return
        place = place[key]
