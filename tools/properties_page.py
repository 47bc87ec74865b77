"""Generates docs/shipped-properties.md from verifications: `python -m tools.properties_page docs`.

For each shipped policy, the page has the result of every property, and for each false property the text that
`activenic verify` prints: the smallest host, its decision and the reasons.
"""

from __future__ import annotations

import re
import sys
from collections.abc import Iterator
from contextlib import redirect_stdout
from io import StringIO
from pathlib import Path

from msgspec import Struct

from evaluator.cli.main import main as run_command
from evaluator.policy.source.find import shipped_names
from evaluator.verify.property import BUILT_IN
from tools.table import table

_NAME = "shipped-properties.md"
_HEAD = """\
# Properties of the shipped policies

This page shows the results of `activenic verify` for every shipped policy. [Proofs](verify.md) explains the properties
and the results. If a property is false, this is intended: the page shows why, with the smallest host that breaks the
property. The library decided each of these hosts. The page is generated.
"""
_ORDER = [one.name for one in BUILT_IN]
_RESULT = re.compile(r"  (?P<name>[a-z0-9-]+): (?P<result>.*) \((?:remembered|[0-9.]+ s)\)")


class Result(Struct, frozen=True):
    """The printed result of one property: its name, the verdict in words, and the lines below."""

    name: str
    words: str
    lines: tuple[str, ...]

    @property
    def is_false(self) -> bool:
        """Whether the property is false."""
        return self.words.startswith("false")


def page() -> str:
    """Return the page. Raises ValueError if a property does not have the expected result."""
    return "\n".join((_HEAD, *(section(name) for name in shipped_names())))


def section(policy: str) -> str:
    """Return the section about one policy. Raises ValueError if a property does not have the expected result."""
    return "\n".join(_section(policy, list(_results(policy))))


def _section(policy: str, results: list[Result]) -> Iterator[str]:
    yield f"## {policy}\n"
    results.sort(key=lambda one: _ORDER.index(one.name))
    yield from table(("property", "result"), ((f"`{one.name}`", one.words.partition(",")[0]) for one in results))
    yield ""
    for one in results:
        if one.is_false:
            yield "\n".join(("```text", f"{one.name}: {one.words}", *one.lines, "```\n"))


def _results(policy: str) -> Iterator[Result]:
    """Verify a policy, and yield the printed results without the times."""
    output = StringIO()
    with redirect_stdout(output):
        status = run_command(["verify", policy, "--timeout", "60", "--no-cache", "--colour", "never"])
    if status:
        raise ValueError(f"a property of {policy} does not have the expected result: {output.getvalue()}")
    lines = output.getvalue().splitlines()
    starts = [number for number, line in enumerate(lines) if _RESULT.fullmatch(line)]
    ends = [*starts[1:], next((at for at, line in enumerate(lines) if line.startswith("the proofs")), len(lines))]
    for start, end in zip(starts, ends, strict=True):
        match = _RESULT.fullmatch(lines[start])
        if match is not None:
            yield Result(match["name"], match["result"], tuple(line[2:] for line in lines[start + 1 : end]))


def main(folder: Path) -> None:
    """Write the page into a folder."""
    (folder / _NAME).write_text(page(), encoding="utf-8")


if __name__ == "__main__":
    main(Path(sys.argv[1]))
