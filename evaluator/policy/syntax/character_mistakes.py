"""Explains a character that begins no token: which mistake was probably made, and what to write instead.

Such characters are curly quotes, quotes that are never closed, operators of other languages, values without quotes such
as `10.0.0.0/8`, and characters that only look like ASCII.
"""

from __future__ import annotations

import re
import unicodedata

from evaluator.base.fix import Safety, TextEdit
from evaluator.base.lookalike import lookalike_in
from evaluator.base.text import quote
from evaluator.facts.address import parse_address, parse_cidr
from evaluator.policy.syntax.mistake import Mistake, Repair, repair_of

_QUOTES = {'"': "double", "'": "single"}
_CURLY = "“”„‟‘’‚‛«»`´"
_BARE = re.compile(r"[0-9A-Za-z_.:/]+")
_MAC = re.compile(r"[0-9A-Fa-f]{2}(?::[0-9A-Fa-f]{2}){5}")
_SIGN_HINTS = {
    ":": "write `satisfies` between the list of a quantifier and its condition",
    "&": "write `and`",
    "|": "write `or`",
    "{": "write a list in square brackets: [1, 2]; write a parameter without brackets: management_network",
    "}": "write a list in square brackets: [1, 2]; write a parameter without brackets: management_network",
    "+": "the language can compare and count, but not calculate",
    "-": "the language can compare and count, but not calculate",
    "%": "the language can compare and count, but not calculate",
    "*": 'a glob is a text: nic.name like "virbr*"',
    "/": 'write a network as cidr("10.20.0.0/16"); write a pattern as a glob: nic.name like "eth*"',
    ";": "a rule is one sentence: join conditions with `and`, or write two rules",
    "#": "write a comment outside of the rule",
    "\\": "a text cannot contain a backslash or its own kind of quote",
    "~": 'write `like` with a glob: nic.name like "eth*"',
    "$": "write only the name of the parameter: management_network",
    "@": "write only the name of the parameter: management_network",
    "?": "write `nic.mtu is known and …` if a value may be unknown",
    ".": "a word begins with a letter",
}
_CONNECTIVES = {"&": "and", "|": "or"}
_SIGNS = {
    "=~": 'write `like` with a glob: nic.name like "eth*"',
    "!~": 'write `not like` with a glob: nic.name not like "eth*"',
    "->": "write a dot: nic.name",
    "?.": "write a dot; if the value may be unknown, first write `… is known and`",
}
_RANGE = re.compile(r"([0-9]+)(?:\.\.\.?|-|:)([0-9]+)")
_UNIT = re.compile(r"([0-9]+)([A-Za-z]{0,6})")
_FACTORS = {"k": 1000, "m": 1, "g": 1000, "t": 1_000_000}  # k: for an MTU; m, g, t: for a speed in Mb/s


def of_character(text: str, at: int) -> Mistake:
    """Return the mistake at a character that begins no token."""
    char = text[at]
    if char in _QUOTES:
        line = text[at + 1 :].split("\n", 1)[0]
        if "\\" in line.split(char, 1)[0]:
            return Mistake("a text cannot contain escapes", _SIGN_HINTS["\\"], at, at + 1)
        message = f"the {_QUOTES[char]} quote is never closed"
        return Mistake(message, "close the text with the same quote, on the same line", at, at + 1 + len(line))
    if char in _CURLY:
        message = f"{quote(char)} is not a straight quote"
        return Mistake(message, 'use straight quotes: "docker0"', at, at + 1, _straight_quotes(text, at))
    if char == ":" and not re.search(r"\bwhen\b", text[:at]):
        return Mistake("`:` is not allowed here", "write `when` and the condition", at, at + 1)
    for sign, hint in _SIGNS.items():
        start = text.rfind(sign, max(0, at - len(sign) + 1), at + len(sign))
        if start >= 0 and start <= at:
            repair = repair_of(start, start + len(sign), ".") if sign == "->" else None
            return Mistake(f"unknown operator {quote(sign)}", hint, start, start + len(sign), repair)
    start = at
    while start and text[start - 1].isalnum() and char == ":":
        start -= 1
    match = _BARE.match(text, start)
    value = match.group().rstrip(".:") if match else ""
    if (char.isdigit() or char == ":") and len(value) > 1:
        return _bare_value(value, start) or _sign(char, at)
    return _sign(char, at)


def _straight_quotes(text: str, at: int) -> Repair:
    """Return the fix that replaces curly quotes by straight quotes. The fix is a guess if only one quote is curly."""
    first = TextEdit(at, at + 1, '"')
    end = re.compile(rf'[{_CURLY}"\n]').search(text, at + 1)
    if end is None or end.group() == "\n":
        return Repair((first,), Safety.UNSAFE)
    if end.group() == '"':
        return Repair((first,))
    return Repair((first, TextEdit(end.start(), end.end(), '"')))


def _bare_value(value: str, at: int) -> Mistake | None:
    """Return the mistake if a value has no quotes, such as `10.0.0.0/8`, or is not an integer, such as `9k`.

    The hint for `10.0.0.0/8` is `write cidr("10.0.0.0/8")`. The hint for `9k` is `write digits only: 9000`.
    """
    end = at + len(value)
    for read, kind in ((parse_address, "address"), (parse_cidr, "cidr")):
        try:
            read(value)
        except ValueError as error:
            if kind == "address" or "host bits" not in str(error):
                continue
        repair = repair_of(at, end, f'{kind}("{value}")')
        return Mistake(f"{quote(value)} has no quotes", f'write {kind}("{value}")', at, end, repair)
    if _MAC.fullmatch(value) or not value[0].isdigit():
        is_value = ":" in value[:-1]
        hint = "write a dot: nic.name" if "::" in value else f'if you mean a text, write "{value}"'
        return Mistake(f"{quote(value)} has no quotes", hint, at, end) if is_value else None
    limits = _RANGE.fullmatch(value)
    if limits:
        hint = f"compare twice: nic.mtu >= {limits[1]} and nic.mtu <= {limits[2]}"
        return Mistake(f"a range is not a value: {quote(value)}", hint, at, end)
    if value.count(".") == 1 and value.replace(".", "").isdigit():
        return Mistake(f"{quote(value)} is not an integer", "write an integer", at, end)
    number = _UNIT.fullmatch(value.replace("_", ""))
    if number:
        factor = _FACTORS.get(number[2].lower()[:1], 1)
        hint = f'write digits only: {int(number[1]) * factor}; if you mean a text, write "{value}"'
        return Mistake(f"{quote(value)} is not a number", hint, at, end)
    return Mistake(f"{quote(value)} is not a number", f'if you mean a text, write "{value}"', at, end)


def _sign(char: str, at: int) -> Mistake:
    """Return the mistake for a character that is not in the language.

    `nic.mtu % 2 = 0`: "the language can compare and count, but not calculate".
    """
    label = quote(char)
    hint = _SIGN_HINTS.get(char, "")
    if not char.isascii():
        lookalike = lookalike_in(f"a{char}")
        plain = lookalike.plain if lookalike is not None else ""
        label += f" (U+{ord(char):04X} {unicodedata.name(char, 'without a name')})"
        if lookalike is not None and lookalike.is_invisible:
            repair = repair_of(at, at + 1, plain)
            return Mistake(
                f"invisible character {label}", "delete the character, or type an ordinary space", at, at + 1, repair
            )
        if plain and plain != char:
            hint = f"the character looks like {quote(plain)}: type {quote(plain)} instead"
            return Mistake(f"{label} is not part of the language", hint, at, at + 1, repair_of(at, at + 1, plain))
    word = _CONNECTIVES.get(char)
    connective = repair_of(at, at + 1, word) if word else None
    return Mistake(f"{label} is not part of the language", hint, at, at + 1, connective)
