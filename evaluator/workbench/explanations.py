"""Explains each diagnostic code of a policy, with an example of the mistake and an example of the right text.

The explanations are in `diagnostics.yaml`, beside this file. `activenic check --explain CODE`, docs/diagnostics.md and
SARIF documents contain these explanations.
"""

from __future__ import annotations

from collections.abc import Mapping
from functools import cache
from importlib import resources

from msgspec import Struct, yaml

from evaluator.base.diagnostic import Diagnostic, QuestionError
from evaluator.base.text import did_you_mean, quote


class Explanation(Struct, frozen=True, forbid_unknown_fields=True):
    """The meaning of a code: a summary, the reason for the diagnostic, and a bad and a good example."""

    code: str
    summary: str
    why: str
    bad: str
    good: str


@cache
def explanations() -> Mapping[str, Explanation]:
    """Return the explanations by code, sorted by code."""
    content = (resources.files("evaluator.workbench") / "diagnostics.yaml").read_bytes()
    return {one.code: one for one in yaml.decode(content, type=list[Explanation])}


def explanation_of(code: str) -> Explanation:
    """Return the explanation of a code. Raises QuestionError if the code is unknown."""
    found = explanations().get(code.strip("[]`").upper().replace("-", "_"))
    if found is not None:
        return found
    hint = did_you_mean(code, explanations()) or "docs/diagnostics.md lists the codes"
    raise QuestionError([Diagnostic("CODE_UNKNOWN", f"unknown diagnostic code {quote(code)}", hint=hint)])


def as_text(one: Explanation) -> str:
    """Return an explanation as text for a terminal."""
    parts = [f"{one.code}: {one.summary}", one.why, f"bad:\n\n{_indented(one.bad)}", f"good:\n\n{_indented(one.good)}"]
    return "\n\n".join(parts) + "\n"


def as_markdown(one: Explanation) -> str:
    """Return an explanation as a section of a Markdown page."""
    bad, good = one.bad.rstrip("\n"), one.good.rstrip("\n")
    summary = one.summary[0].upper() + one.summary[1:]
    return f"## {one.code}\n\n{summary}.\n\n{one.why}\n\nBad:\n\n```\n{bad}\n```\n\nGood:\n\n```\n{good}\n```\n"


def _indented(text: str) -> str:
    return "\n".join(f"    {line}".rstrip() for line in text.rstrip("\n").split("\n"))
