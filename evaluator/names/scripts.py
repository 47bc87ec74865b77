"""Whether a label mixes letters of scripts that look alike, as an imitated name does.

UTS 39 calls a label highly restrictive if its letters are of one script, or of Latin together with the scripts that
Chinese, Japanese and Korean are written in. `раypal` with two Cyrillic letters is not. Python has no table of scripts,
but the Unicode name of a letter begins with its script.
"""

from __future__ import annotations

import unicodedata

_OF_NAMES = {"CJK": "Han", "IDEOGRAPHIC": "Han", "KATAKANA-HIRAGANA": "Katakana", "MICRO": "Greek", "OHM": "Greek"}
_TOGETHER = (
    frozenset({"Latin", "Han", "Hiragana", "Katakana"}),
    frozenset({"Latin", "Han", "Bopomofo"}),
    frozenset({"Latin", "Han", "Hangul"}),
)


def mixed_scripts(name: str) -> tuple[str, ...]:
    """Return the scripts of the first label that mixes some, sorted; none if no label does."""
    if name.isascii():
        return ()
    for label in name.split("."):
        scripts = frozenset(_script_of(char) for char in label if unicodedata.category(char).startswith("L"))
        if len(scripts) > 1 and not any(scripts <= allowed for allowed in _TOGETHER):
            return tuple(sorted(scripts))
    return ()


def _script_of(letter: str) -> str:
    first = unicodedata.name(letter, "UNKNOWN").partition(" ")[0]
    return _OF_NAMES.get(first, first.capitalize())
