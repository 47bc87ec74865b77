r"""The text of a YAML scalar, with the offset of each of its characters in the file.

Rules, messages and hints are YAML scalars. A mistake inside one is reported with the line and column of the file, so
each character of the text needs its offset. PyYAML gives only the start and the end of a scalar; the offsets are
computed here from the raw text. This works because each character of the text is also in the raw text. An escape such
as `\t` or `\u0041` means a character that is not in the raw text. So escapes are refused, except `\"` and `\\`.

Line breaks are not folded here. The parser of rules ignores them, and `check/message.py` folds the line breaks of
messages.
"""

from __future__ import annotations

from collections.abc import Sequence

from msgspec import Struct

from evaluator.base.source import Source, Span


class ScalarText(Struct, frozen=True):
    """The text of a scalar, and the offset of each of its characters in the source, plus the offset of its end."""

    source: Source
    text: str
    offsets: Sequence[int]

    def span(self, start: int, end: int) -> Span:
        """Return the span in the source of the characters from `start` to `end`."""
        first = self.offsets[min(start, len(self.text))]
        last = self.offsets[end - 1] + 1 if 0 < end <= len(self.text) else self.offsets[-1]
        return Span(first, max(first, last))

    @property
    def whole(self) -> Span:
        """The span of the whole text."""
        return self.span(0, len(self.text))


def read_scalar(source: Source, start: int, end: int, style: str | None) -> ScalarText:
    """Return the scalar whose YAML text is between two offsets.

    Raises ValueError if the text has an unsupported escape.
    """
    raw = source.text[start:end]
    if style in ("|", ">"):
        header, _, body = raw.partition("\n")
        first = start + len(header) + 1
        return ScalarText(source, body, range(first, first + len(body) + 1))
    if style in ("'", '"'):
        return _read_quoted(source, start, raw, style)
    return ScalarText(source, raw, range(start, start + len(raw) + 1))


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
                    f"the escape `\\{raw[at]}` is not supported; write the text without quotes or after `|`"
                )
        chars.append(raw[at])
        at += 1
    offsets.append(start + len(raw) - 1)
    return ScalarText(source, "".join(chars), offsets)
