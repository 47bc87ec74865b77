"""How foreign text (interface names, report values, host names) is quoted in what people read.

Interface names are data: the kernel allows quotes, backslashes, escape sequences and bidirectional
marks in them. Anything that reaches a terminal or a message goes through here, so that a name can
neither move the cursor nor reverse a line nor end a quotation.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterable, Sequence

_LONGEST_QUOTE = 80
# Cc control, Cf format (bidi marks, zero width), Cs surrogate, Co private, Cn unassigned, Zl/Zp line breaks
_UNSAFE_CATEGORIES = frozenset({"Cc", "Cf", "Cs", "Co", "Cn", "Zl", "Zp"})
# letters, marks and symbols that fonts draw as nothing, or as a blank; compiled where one is looked for
_BLANK = "[\u034f\u115f\u1160\u17b4\u17b5\u180b-\u180f\u2800\u3164\ufe00-\ufe0f\uffa0\U000e0100-\U000e01ef]"


def visible(text: str) -> str:
    r"""Return the text with every character that does not print shown as ``\xNN`` or ``\uNNNN``, a backslash as two.

    So are blanks other than the space: two names that look alike must not be two.
    """
    if text.isascii() and text.isprintable() and "\\" not in text:
        return text
    return "".join(_escape(char) if char == "\\" or _is_unsafe(char) or _is_blank(char) else char for char in text)


def flat(text: str) -> str:
    """Return the text with one sign in place of each character that does not print: columns stay where they are."""
    return "".join("\ufffd" if _is_unsafe(char) else char for char in text)


def is_well_formed(text: str) -> bool:
    """Return whether a text can be written as UTF-8: it has no lone surrogate."""
    try:
        text.encode()
    except UnicodeEncodeError:
        return False
    return True


def quote(text: str) -> str:
    """Return the user's own words in backticks, made visible and cut to a readable length."""
    shown = visible(text)
    if len(shown) > _LONGEST_QUOTE:
        shown = shown[: _LONGEST_QUOTE - 1] + "…"
    return f"`{shown}`"


def quote_path(path: object) -> str:
    """Return a file's path in backticks, made visible and whole."""
    return f"`{visible(str(path))}`"


def reason_of(error: Exception) -> str:
    """Return why a file, socket or device could not be used, in the system's words, in lower case."""
    said = error.strerror if isinstance(error, OSError) else None
    return (said or str(error)).lower()


def quote_all(texts: Iterable[str]) -> str:
    """Return several of the user's words, each quoted, joined by commas."""
    return ", ".join(quote(text) for text in texts)


def quote_some(names: Sequence[str], most: int) -> str:
    """Return the first of several names, each quoted, and how many more there are."""
    more = len(names) - most
    return quote_all(names[:most]) + (f" and {more} more" if more > 0 else "")


def visible_names(names: Sequence[str], most: int) -> str:
    """Return the first of several names, made visible, and how many more there are."""
    shown = ", ".join(map(visible, names[:most]))
    return f"{shown} and {len(names) - most} more" if len(names) > most else shown


def did_you_mean(word: str, known: Iterable[str]) -> str:
    """Return the hint ``did you mean `x`?`` for the nearest known word, or an empty text."""
    import difflib  # noqa: PLC0415 -- only where something is wrong

    by_lower = {name.lower(): name for name in sorted(known, reverse=True)}
    near = difflib.get_close_matches(word[:_LONGEST_QUOTE].lower(), sorted(by_lower), n=1, cutoff=0.6)
    return f"did you mean {quote(by_lower[near[0]])}?" if near else ""


def json_pointer(path: Iterable[str | int]) -> str:
    """Return the JSON Pointer (RFC 6901) of a path of keys and indices; the root is the empty text."""
    return "".join(["/" + escaped(str(part)) for part in path])


def escaped(key: str) -> str:
    """Return a key as it stands in a JSON Pointer."""
    return key.replace("~", "~0").replace("/", "~1") if "~" in key or "/" in key else key


def _is_unsafe(char: str) -> bool:
    return unicodedata.category(char) in _UNSAFE_CATEGORIES


def _is_blank(char: str) -> bool:
    """Return whether a character looks like a space, or like nothing, and is no space."""
    return (char != " " and unicodedata.category(char) == "Zs") or re.match(_BLANK, char) is not None


def _escape(char: str) -> str:
    if char == "\\":
        return "\\\\"
    point = ord(char)
    if point <= 0xFF:
        return f"\\x{point:02x}"
    return f"\\u{point:04x}" if point <= 0xFFFF else f"\\U{point:08x}"
