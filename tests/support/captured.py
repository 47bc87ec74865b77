"""What real hosts reported to some tool, and the questions that it is asked."""

from __future__ import annotations

import json
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import evaluator

CAPTURES = Path(__file__).parents[1] / "captures"
STRICT = evaluator.load_policy("strict")


@dataclass(frozen=True)
class Question:
    """A question of one captured host; `wanted` is what the tool's own entry says, else what the host should give."""

    tool: str
    host: Path
    asked: dict[str, Any]

    @property
    def report(self) -> evaluator.Report:
        return evaluator.read_report(self.host / f"{self.tool}.json")

    @property
    def wanted(self) -> dict[str, Any]:
        return {**self.asked, **self.asked.get("by_format", {}).get(self.tool, {})}

    @property
    def owners_in_tool(self) -> list[str]:
        owners: list[str] = self.asked["owners_in"][self.tool]
        return owners

    @property
    def is_answerable(self) -> bool:
        """Whether the tool shows who owns the addresses."""
        return self.owners_in_tool == self.asked["owners"]

    def decide(self) -> evaluator.Decision:
        return STRICT.decide(self.report, evaluator.HostAddresses.of(*self.asked["addresses"]))

    def __str__(self) -> str:
        return f"{self.host.name} {','.join(self.asked['addresses'])}"


def hosts(tool: str) -> list[Path]:
    return sorted((CAPTURES / tool).iterdir())


def questions(tool: str) -> list[Question]:
    return [
        Question(tool, host, asked)
        for host in hosts(tool)
        for asked in json.loads((host / "expected.json").read_text())["questions"]
    ]


def follow(document: Any, pointer: str) -> Any:
    """Return what a JSON Pointer leads to; KeyError or IndexError where it leads nowhere."""
    for part in pointer.split("/")[1:]:
        key = part.replace("~1", "/").replace("~0", "~")
        document = document[int(key)] if isinstance(document, list) else document[key]
    return document
