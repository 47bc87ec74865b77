"""Find labels that mix letters of several scripts, because such a label can imitate another name.

UTS 39 calls a label highly restrictive if all its letters are of one script. Three mixtures are also allowed: Latin
letters with Chinese letters, with Japanese letters, and with Korean letters. `раypal` is not highly restrictive: two of
its letters are Cyrillic, the others are Latin. Python has no table of scripts. So this module uses the Unicode name of
a letter, which begins with the script.
"""

from __future__ import annotations

import unicodedata

_SCRIPT_OF_PREFIX = {
    "CJK": "Han",
    "IDEOGRAPHIC": "Han",
    "KATAKANA-HIRAGANA": "Katakana",
    "MICRO": "Greek",
    "OHM": "Greek",
}
_ALLOWED_TOGETHER = (
    frozenset({"Latin", "Han", "Hiragana", "Katakana"}),
    frozenset({"Latin", "Han", "Bopomofo"}),
    frozenset({"Latin", "Han", "Hangul"}),
)


def mixed_scripts(name: str) -> tuple[str, ...]:
    """Return the sorted scripts of the first label that mixes scripts. Without such a label, the result is empty."""
    if name.isascii():
        return ()
    for label in name.split("."):
        scripts = frozenset(_script_of(char) for char in label if unicodedata.category(char).startswith("L"))
        if len(scripts) > 1 and not any(scripts <= allowed for allowed in _ALLOWED_TOGETHER):
            return tuple(sorted(scripts))
    return ()


def _script_of(letter: str) -> str:
    prefix = unicodedata.name(letter, "UNKNOWN").partition(" ")[0]
    return _SCRIPT_OF_PREFIX.get(prefix, prefix.capitalize())
