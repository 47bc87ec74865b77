"""Finds characters that look like another character, and characters that are invisible.

A text in a policy can contain a Cyrillic letter or an invisible character. If the policy compares the name of an
interface with this text, the comparison is always false, and a reader cannot see why. This module finds the character,
and the text in plain characters that was probably meant.
"""

from __future__ import annotations

import unicodedata

from msgspec import Struct

from evaluator.base.text import visible

_CYRILLIC = dict(zip("аеорсухіјѕԁһӏԛԝАВЕКМНОРСТУХІЈЅ", "aeopcyxijsdhlqwABEKMHOPCTYXIJS", strict=True))
_GREEK = dict(zip("αορνικυχΑΒΕΖΗΙΚΜΝΟΡΤΥΧ", "aopvikuxABEZHIKMNOPTYX", strict=True))
_OTHERS = dict(zip("ıɑɡ‐‑‒–—―−⁄∕∗", "iag-------//*", strict=True))
_PLAIN = {**_CYRILLIC, **_GREEK, **_OTHERS}


class Lookalike(Struct, frozen=True):
    """The first lookalike character of a text, its plain character, and the text that was probably meant."""

    char: str
    plain: str
    meant: str

    @property
    def is_invisible(self) -> bool:
        """Whether the character is invisible, or looks like a space."""
        return len(self.char) == 1 and visible(self.char) != self.char

    @property
    def message(self) -> str:
        """The description of the problem, without its place."""
        if len(self.char) > 1:
            return f"`{self.char}` is written as two characters, `{self.char[0]}` and U+{ord(self.char[1]):04X}"
        name = f"U+{ord(self.char):04X} {unicodedata.name(self.char, 'a control character')}"
        if self.is_invisible:
            return f"it contains {name}, " + ("which looks like a space" if self.plain == " " else "which is invisible")
        return f"`{self.char}` is {name}" + (f", not `{self.plain}`" if self.plain != self.char else "")


def lookalike_in(text: str) -> Lookalike | None:
    """Return the first character that is invisible or looks like another character; None if all are plain.

    Letters of another alphabet are allowed in a word of that alphabet. They are not allowed if the word also has ASCII
    letters, or if all its letters look like ASCII letters.
    """
    if text.isascii() and text.isprintable():
        return None
    plain = {char: _plain(char) for char in text}
    letters = [char for char in text if char.isalpha()]
    is_word = not any(char.isascii() for char in letters) and any(char not in _PLAIN for char in letters)
    wrong = [char for char in text if plain[char] != char and not (is_word and char.isalpha())]
    meant = unicodedata.normalize("NFC", "".join(plain[char] if char in wrong else char for char in text))
    if wrong:
        return Lookalike(wrong[0], plain[wrong[0]], meant)
    if meant == text:
        return None
    at = next((at for at, (one, other) in enumerate(zip(text, meant, strict=False)) if one != other), 0)
    return Lookalike(text[at : at + 2], meant[at], meant)


def _plain(char: str) -> str:
    if char in _PLAIN:
        return _PLAIN[char]
    if char != "\\" and visible(char) != char:
        return " " if unicodedata.category(char) in ("Zs", "Zl", "Zp") or char in "\t\n\r" else ""
    folded = unicodedata.normalize("NFKC", char)
    return folded if folded.isascii() and not char.isascii() else char
