"""Changes of a YAML text that keep every other character, and so the places of what stands around them."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass

from evaluator.audit.mask_prose import MASKED_PROSE
from evaluator.policy.yaml_text import Located
from evaluator.source import Span

_BREAKS = "\n\r\x85\u2028\u2029"  # YAML's own
_COMMENT = re.compile(rf"(?:(?<=[\s\ufeff])|^)[#%][^{_BREAKS}]+", re.MULTILINE)


@dataclass(frozen=True, slots=True)
class Edit:
    """What stands between two offsets of the text, and what comes in its place."""

    start: int
    end: int
    text: str


def rewritten(located: Located, text: str, value: str) -> Edit:
    """Return a scalar in quotes and on one line, with as many line breaks behind it as were in it."""
    span: Span = located.span
    breaks = text.count("\n", span.start, span.end)
    shown = " ".join(value.split())
    if not shown.isprintable():
        shown = MASKED_PROSE
    escaped = shown.replace("\\", "\\\\").replace('"', '\\"')
    return Edit(span.start, span.end, f'"{escaped}"' + "\n" * breaks)


def comment_edits(located: Located, text: str) -> Iterator[Edit]:
    """Yield an edit for each comment and directive: what begins with `#` or `%` outside of every scalar."""
    at = 0
    for span in (*sorted(_scalars(located, text), key=lambda span: span.start), Span(len(text), len(text))):
        for match in _COMMENT.finditer(text, at, max(at, span.start)):
            yield Edit(match.start(), match.end(), "#")
        at = max(at, span.end)


def _scalars(located: Located, text: str) -> Iterable[Span]:
    """Yield the places of all scalars and keys; of a block the lines after its header."""
    yield from located.keys.values()
    for child in located.children.values():
        yield from _scalars(child, text)
    if not located.children and not located.keys and not isinstance(located.value, dict | list):
        start, end = located.span.start, located.span.end
        yield Span(text.index("\n", start, end) if located.style in ("|", ">") else start, end)
