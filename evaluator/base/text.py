"""Quotes foreign text (interface names, values of reports, host names) in messages and other output.

The name of an interface can contain quotes, backslashes, escape sequences and bidirectional marks, because the kernel
allows them. All foreign text in output goes through these functions. So a name cannot move the cursor, reverse a line
or end a quotation.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterable, Sequence

_LONGEST_QUOTE = 80
_CERTAIN = 0.7  # a word is certainly meant if its similarity (0 to 1) is at least this
_MARGIN = 0.1  # and if all other words are less similar by at least this
# Cc control, Cf format (bidi marks, zero width), Cs surrogate, Co private, Cn unassigned, Zl/Zp line breaks
_UNSAFE_CATEGORIES = frozenset({"Cc", "Cf", "Cs", "Co", "Cn", "Zl", "Zp"})
# letters, marks and symbols that fonts draw as a space or not at all; compiled on first use
_BLANK = "[\u034f\u115f\u1160\u17b4\u17b5\u180b-\u180f\u2800\u3164\ufe00-\ufe0f\uffa0\U000e0100-\U000e01ef]"


def visible(text: str) -> str:
    r"""Return the text with ``\xNN`` or ``\uNNNN`` for each character that is not printable; escape backslashes too.

    Spaces other than the ASCII space are escaped too, so that two different names never look equal.
    """
    if text.isascii() and text.isprintable() and "\\" not in text:
        return text
    return "".join(_escape(char) if char == "\\" or _is_unsafe(char) or _is_blank(char) else char for char in text)


def flat(text: str) -> str:
    """Return the text with U+FFFD for each character that is not printable, so that columns do not move."""
    return "".join("\ufffd" if _is_unsafe(char) else char for char in text)


def is_well_formed(text: str) -> bool:
    """Return whether a text can be encoded in UTF-8, which means that it has no lone surrogate."""
    try:
        text.encode()
    except UnicodeEncodeError:
        return False
    return True


def quote(text: str) -> str:
    """Return a text from the input in backticks. Invisible characters are escaped, and a long text is cut."""
    shown = visible(text)
    if len(shown) > _LONGEST_QUOTE:
        shown = shown[: _LONGEST_QUOTE - 1] + "…"
    return f"`{shown}`"


def quote_path(path: object) -> str:
    """Return the whole path of a file in backticks. Invisible characters are escaped."""
    return f"`{visible(str(path))}`"


def reason_of(error: Exception) -> str:
    """Return the system's error message for a file, socket or device. The message begins with a small letter."""
    message = (error.strerror if isinstance(error, OSError) else None) or str(error)
    return message[:1].lower() + message[1:]


def quote_all(texts: Iterable[str]) -> str:
    """Return several texts from the input, each quoted with `quote`, separated by commas."""
    return ", ".join(quote(text) for text in texts)


def quote_some(names: Sequence[str], most: int) -> str:
    """Return the first `most` names, each in backticks, and the number of the remaining names."""
    more = len(names) - most
    return quote_all(names[:most]) + (f" and {more} more" if more > 0 else "")


def visible_names(names: Sequence[str], most: int) -> str:
    """Return the first `most` names with invisible characters escaped, and the number of the remaining names."""
    shown = ", ".join(map(visible, names[:most]))
    return f"{shown} and {len(names) - most} more" if len(names) > most else shown


def did_you_mean(word: str, known: Iterable[str]) -> str:
    """Return the hint ``did you mean `x`?`` with the most similar known word; empty if no word is similar."""
    near, _ = most_similar(word, known)
    return f"did you mean {quote(near)}?" if near else ""


def most_similar(word: str, known: Iterable[str]) -> tuple[str, bool]:
    """Return the most similar known word (empty if no word is similar), and whether the user certainly meant this word.

    This is not certain if another known word is almost as similar, or if the similarity is low.
    """
    import difflib  # noqa: PLC0415 -- needed only for a message

    by_lower = {name.lower(): name for name in sorted(known, reverse=True)}
    lower = word[:_LONGEST_QUOTE].lower()
    near = difflib.get_close_matches(lower, sorted(by_lower), n=2, cutoff=0.6)
    if not near:
        return "", False
    first, *others = (difflib.SequenceMatcher(None, name, lower).ratio() for name in near)
    is_only = first >= _CERTAIN and all(first - other >= _MARGIN for other in others)
    return str(by_lower[near[0]]), is_only


def json_pointer(path: Iterable[str | int]) -> str:
    """Return the JSON Pointer (RFC 6901) of a path of keys and indices; the root is the empty text."""
    return "".join(["/" + escaped(str(part)) for part in path])


def escaped(key: str) -> str:
    """Return a key as a token of a JSON Pointer."""
    return key.replace("~", "~0").replace("/", "~1") if "~" in key or "/" in key else key


def _is_unsafe(char: str) -> bool:
    return unicodedata.category(char) in _UNSAFE_CATEGORIES


def _is_blank(char: str) -> bool:
    """Return whether a character is invisible or looks like a space. The ASCII space itself does not count."""
    return (char != " " and unicodedata.category(char) == "Zs") or re.match(_BLANK, char) is not None


def _escape(char: str) -> str:
    if char == "\\":
        return "\\\\"
    point = ord(char)
    if point <= 0xFF:
        return f"\\x{point:02x}"
    return f"\\u{point:04x}" if point <= 0xFFFF else f"\\U{point:08x}"
