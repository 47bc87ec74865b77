r"""A text inside a YAML scalar, and where each of its characters stands in the file.

Rules, messages and hints are written in YAML scalars, and a mistake in them is shown with line and
column of the file. Scalars keep their characters in order, so each maps to an offset; escapes other
than `\"` and `\\` do not, and are refused. Line breaks are left in: whoever reads the text folds them.
"""

from __future__ import annotations

from collections.abc import Sequence

from msgspec import Struct

from evaluator.base.source import Source, Span


class Scalar(Struct, frozen=True):
    """The text as it is meant, and for each character its offset in the source; one more for the end."""

    source: Source
    text: str
    offsets: Sequence[int]

    def span(self, start: int, end: int) -> Span:
        """Return the place in the file of the characters from `start` to `end`."""
        first = self.offsets[min(start, len(self.text))]
        last = self.offsets[end - 1] + 1 if 0 < end <= len(self.text) else self.offsets[-1]
        return Span(first, max(first, last))

    @property
    def whole(self) -> Span:
        """The place of the whole text."""
        return self.span(0, len(self.text))


def read_scalar(source: Source, start: int, end: int, style: str | None) -> Scalar:
    """Return the scalar whose YAML text stands between two offsets; ValueError says what cannot be mapped."""
    raw = source.text[start:end]
    if style in ("|", ">"):
        header, _, body = raw.partition("\n")
        first = start + len(header) + 1
        return Scalar(source, body, range(first, first + len(body) + 1))
    if style in ("'", '"'):
        return _read_quoted(source, start, raw, style)
    return Scalar(source, raw, range(start, start + len(raw) + 1))


def _read_quoted(source: Source, start: int, raw: str, quote: str) -> Scalar:
    chars: list[str] = []
    offsets: list[int] = []
    at = 1
    while at < len(raw) - 1:
        offsets.append(start + at)
        if quote == "'" and raw[at] == "'":
            at += 1  # written twice
        elif quote == '"' and raw[at] == "\\":
            at += 1
            if raw[at] not in '"\\':
                raise ValueError(f"the escape `\\{raw[at]}` has no place here; write the text plain or after `|`")
        chars.append(raw[at])
        at += 1
    offsets.append(start + len(raw) - 1)
    return Scalar(source, "".join(chars), offsets)
