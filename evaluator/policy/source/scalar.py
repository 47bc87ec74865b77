r"""The text of a YAML scalar, with the offset of each of its characters in the file.

Rules, messages and hints are YAML scalars. A mistake inside such a scalar is reported with the line and column of the
file, so each character of the text needs its offset. PyYAML gives only the start and the end of a scalar; the offsets
are computed here from the raw text. This works because each character of the text is also in the raw text. An escape
such as `\t` or `\u0041` means a character that is not in the raw text. So escapes are refused, except `\"` and `\\`.

Line breaks are not folded here. The parser of rules ignores them, and `check/message.py` folds the line breaks of
messages.
"""

from __future__ import annotations

import re
from bisect import bisect_left
from collections.abc import Sequence

from msgspec import Struct

from evaluator.base.source import Source, Span

_ENDS_PLAIN = re.compile(r": |:$| #")
_FLOW_INDICATORS = re.compile(r"[,\[\]{}]")


class ScalarText(Struct, frozen=True):
    """The text of a YAML scalar, with the places of its characters in the source.

    `offsets` has the offset of each character, and as its last element the offset of the end. `style` is the YAML style
    of the scalar: None for plain, a quote, `|` or `>`. `is_in_flow` is true inside `[…]` or `{…}`.
    """

    source: Source
    text: str
    offsets: Sequence[int]
    style: str | None = None
    is_in_flow: bool = False

    def span(self, start: int, end: int) -> Span:
        """Return the place in the source of the part `text[start:end]`."""
        first = self.offsets[min(start, len(self.text))]
        last = self.offsets[end] if 0 < end <= len(self.text) else self.offsets[-1]
        return Span(first, max(first, last))

    def contains(self, span: Span) -> bool:
        """Return whether a span of the source is inside the text."""
        return self.offsets[0] <= span.start and span.end <= self.offsets[-1]

    def part(self, span: Span) -> str:
        """Return the characters in a span of the source, without the escapes of YAML."""
        return self.text[bisect_left(self.offsets, span.start) : bisect_left(self.offsets, span.end)]

    def boundary(self, offset: int) -> int:
        """Return the first of `offsets` that is not less than `offset`; the last of `offsets` if all are less."""
        return self.offsets[min(bisect_left(self.offsets, offset), len(self.offsets) - 1)]

    def written(self, text: str) -> str | None:
        """Return a text in the notation of this scalar; None if a plain scalar cannot contain it."""
        if self.style == "'":
            return text.replace("'", "''")
        if self.style == '"':
            return text.replace("\\", "\\\\").replace('"', '\\"')
        if self.style is None:
            is_cut = _ENDS_PLAIN.search(text) or (self.is_in_flow and _FLOW_INDICATORS.search(text))
            return None if is_cut else text
        return text

    @property
    def whole(self) -> Span:
        """The span of the whole text."""
        return self.span(0, len(self.text))


def read_scalar(source: Source, start: int, end: int, style: str | None, *, is_in_flow: bool = False) -> ScalarText:
    """Return the scalar whose YAML text is between two offsets.

    Raises ValueError if the text has an unsupported escape.
    """
    raw = source.text[start:end]
    if style in ("|", ">"):
        header, _, body = raw.partition("\n")
        first = min(start + len(header) + 1, end)  # a header at the end of the file has no line break
        return ScalarText(source, body, range(first, first + len(body) + 1), style)
    if style in ("'", '"'):
        return _read_quoted(source, start, raw, style)
    return ScalarText(source, raw, range(start, start + len(raw) + 1), None, is_in_flow)


def _read_quoted(source: Source, start: int, raw: str, quote: str) -> ScalarText:
    chars: list[str] = []
    offsets: list[int] = []
    at = 1
    while at < len(raw) - 1:
        offsets.append(start + at)
        if quote == "'" and raw[at] == "'":
            at += 1  # YAML doubles a single quote inside single quotes
        elif quote == '"' and raw[at] == "\\":
            at += 1
            if raw[at] not in '"\\':
                raise ValueError(
                    f"the escape `\\{raw[at]}` is not supported; write the text without quotes, or as a block after `|`"
                )
        chars.append(raw[at])
        at += 1
    offsets.append(start + len(raw) - 1)
    return ScalarText(source, "".join(chars), offsets, quote)
