"""What operators write where the grammar stops them, and what to tell them.

The parser knows which word it could not take; what the author meant is read from the words before
it. The cases are those of LANGUAGE.md section 5 and their neighbours.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Sequence

from msgspec import Struct

from evaluator.facts.address import parse_address, parse_cidr
from evaluator.policy.verbs import named
from evaluator.text import quote

_ARTICLES = ("a", "an", "the")
_QUOTES = {'"': "double", "'": "single"}
_CURLY = "“”„‟‘’‚‛«»`´"
_BARE = re.compile(r"[0-9A-Za-z.:/]+")
_MAC = re.compile(r"[0-9A-Fa-f]{2}(?::[0-9A-Fa-f]{2}){5}")
_SIGN_HINTS = {
    ":": "between a quantifier's list and its condition say `satisfies`",
    "&": "say `and`",
    "|": "say `or`",
    "{": "braces belong in messages; in a rule name the word itself",
    "+": "the language does not calculate",
    "*": 'a glob is a text: nic.name like "virbr*"',
    "/": 'a network is written cidr("10.20.0.0/16")',
    ";": "one rule holds one sentence",
    "#": "a comment stands outside the rule",
    "\\": "a text holds neither backslashes nor its own quote",
}
_OTHER_WORDS = {
    "any": "say `some`: some address in nic.matched satisfies …",
    "all": "say `every`: every address in nic.matched satisfies …",
    "each": "say `every`: every address in nic.matched satisfies …",
    "exists": "say `some`: some address in nic.matched satisfies …",
    "contains": 'say it from the other side: "x" in LIST; for a part of a text nic.name like "*x*"',
    "includes": 'say it from the other side: "x" in LIST',
    "has": 'say it from the other side: "x" in LIST',
    "between": "compare twice and join with `and`",
    "matches": 'say `like`: nic.name like "virbr*"',
    "startswith": 'say `like`: nic.name like "virbr*"',
    "equals": "say `=`",
    "then": "one rule holds one sentence",
}
_RELATIONS = ("COMPARE", "RELATION", "IN", "IS")
_VALUES = ("STRING", "INT", "BOOL")
_WANTED = {
    "WHEN": "`when`",
    "SATISFIES": "`satisfies`",
    "NAME": "a word",
    "RPAR": "`)`",
    "RSQB": "`]`",
    "COMMA": "`,`",
    "IN": "`in`",
    "AND": "`and`",
    "OR": "`or`",
    "$END": "the end of the rule",
}


class Mistake(Struct, frozen=True):
    """What to say about a sentence, and the characters of it that it is about."""

    message: str
    hint: str
    start: int
    end: int


class Piece(Struct, frozen=True):
    """A word of the sentence as the lexer took it; `kind` is the name of its terminal."""

    kind: str
    text: str
    start: int

    @property
    def end(self) -> int:
        """The offset behind it."""
        return self.start + len(self.text)


def of_character(text: str, at: int) -> Mistake:
    """Return what to say about a character with which no word of the language begins."""
    char = text[at]
    if char in _QUOTES:
        line = text[at + 1 :].split("\n", 1)[0]
        if "\\" in line.split(char, 1)[0]:
            return Mistake("there are no escapes in texts", _SIGN_HINTS["\\"], at, at + 1)
        message = f"the {_QUOTES[char]} quote is never closed"
        return Mistake(message, "close the text with the same quote, on the same line", at, at + 1 + len(line))
    if char in _CURLY:
        return Mistake(f"{quote(char)} is no straight quote", 'write texts in straight quotes: "docker0"', at, at + 1)
    start = at
    while start and text[start - 1].isalnum() and char == ":":
        start -= 1
    bare = _BARE.match(text, start)
    shown = bare.group().rstrip(".:") if bare else ""
    if (char.isdigit() or char == ":") and len(shown) > 1:
        return _bare_value(shown, start) or _sign(char, at)
    return _sign(char, at)


def _bare_value(shown: str, at: int) -> Mistake | None:
    """Tell a value without quotes: an address, a network, a link-layer address, what is no whole number."""
    end = at + len(shown)
    for read, kind in ((parse_address, "address"), (parse_cidr, "cidr")):
        try:
            read(shown)
        except ValueError as error:
            if kind == "address" or "host bits" not in str(error):
                continue
        return Mistake(f"{quote(shown)} stands bare", f'write {kind}("{shown}")', at, end)
    if _MAC.fullmatch(shown) or not shown[0].isdigit():
        return (
            Mistake(f"{quote(shown)} stands bare", f'if it is text, write "{shown}"', at, end)
            if ":" in shown[:-1]
            else None
        )
    if shown.count(".") == 1 and shown.replace(".", "").isdigit():
        return Mistake(f"{quote(shown)} is no whole number", "the language knows whole numbers only", at, end)
    return Mistake(f"{quote(shown)} is no number", f'if it is text, write "{shown}"', at, end)


def _sign(char: str, at: int) -> Mistake:
    shown = quote(char)
    if not char.isascii():
        shown += f" (U+{ord(char):04X} {unicodedata.name(char, 'without a name')})"
    return Mistake(f"{shown} is no part of the language", _SIGN_HINTS.get(char, ""), at, at + 1)


def of_token(before: Sequence[Piece], found: Piece, accepts: Sequence[str]) -> Mistake:
    """Return what to say about a word that cannot stand behind the words before it; kind $END is the end."""
    for look in (_at_the_beginning, _after_is, _at_a_bracket, _in_a_quantifier, _after_a_condition):
        mistake = look(before, found, accepts)
        if mistake is not None:
            return mistake
    wanted = [_WANTED[name] for name in sorted(accepts) if name in _WANTED]
    return _about(found, "{} cannot stand here", f"expected {' or '.join(wanted)}" if wanted else "")


def _about(found: Piece, message: str, hint: str) -> Mistake:
    shown = "the end of the rule" if found.kind == "$END" else quote(found.text)
    return Mistake(message.format(shown), hint, found.start, found.end)


def _at_the_beginning(before: Sequence[Piece], found: Piece, _: Sequence[str]) -> Mistake | None:
    if not before:
        verbs = named(lambda verb: True, "or")
        return _about(found, "a rule begins with its verb, not with {}", verbs)
    if not any(piece.kind == "WHEN" for piece in before):
        hint = "the condition comes after `when`: discard nic when nic is slave"
        return _about(found, "{} stands where `when` is missing", hint)
    if before[-1].kind == "WHEN" and found.kind == "$END":
        hint = "a condition that always holds is written `true`"
        return _about(found, "there is no condition after `when`", hint)
    return None


def _after_is(before: Sequence[Piece], found: Piece, _: Sequence[str]) -> Mistake | None:
    last = before[-1]
    rest = before[:-1]
    negated = bool(rest) and rest[-1].kind == "NOT"
    after = rest[:-1] if negated else rest
    if last.text in _ARTICLES and after and after[-1].kind == "IS" and found.kind == "NAME":
        hint = f"no article: say `is {'not ' * negated}{found.text}`"
        return Mistake(f"{quote(last.text)} is no state", hint, last.start, found.end)
    negated = last.kind == "NOT"
    word_before = rest[-1] if negated and rest else last
    if word_before.kind != "IS":
        return None
    if found.kind in ("IN", "RELATION", "COMPARE"):
        return _about(found, "`is` and {} do not go together", f"no `is`: say `{'not ' * negated}{found.text}`")
    if found.text in ("not", "!", "no"):
        return _about(found, "{} cannot follow `is` here", "say `is not` once")
    hint = "a boolean stands alone: say `x` or `not x`" if found.kind == "BOOL" else "for values say `=` or `in`"
    return _about(found, "after `is` comes the name of a state, not {}", hint)


def _at_a_bracket(before: Sequence[Piece], found: Piece, _: Sequence[str]) -> Mistake | None:
    opened: list[Piece] = []
    for piece in before:
        if piece.text in ("(", "["):
            opened.append(piece)
        elif piece.text in (")", "]") and opened:
            opened.pop()
    if found.text in (")", "]") and found.kind != "STRING":
        if not opened:
            return _about(found, "{} closes nothing", "")
        if (opened[-1].text, found.text) not in (("(", ")"), ("[", "]")):
            return _about(found, f"{{}} does not close {quote(opened[-1].text)}", "")
    if found.text == "(" and before[-1].kind == "IN":
        return _about(found, "{} cannot stand here", 'lists stand in brackets: ["eth0", "eth1"]')
    ends_too_early = found.kind == "$END" or (opened and opened[-1].text == "[" and found.kind not in _VALUES)
    if opened and ends_too_early and before[-1].kind not in ("AND", "OR", "NOT", *_RELATIONS):
        return _about(opened[-1], "{} is never closed", "")
    if opened and found.kind in _RELATIONS and _is_call(before, opened[-1]):
        return _about(opened[-1], "{} is never closed", "")
    return None


def _is_call(before: Sequence[Piece], opened: Piece) -> bool:
    at = before.index(opened)
    return opened.text == "(" and at > 0 and before[at - 1].kind == "NAME"


def _in_a_quantifier(before: Sequence[Piece], found: Piece, accepts: Sequence[str]) -> Mistake | None:
    example = "some address in nic.matched satisfies …"
    if before[-1].kind == "QUANTIFIER":
        return _about(found, "a quantifier is followed by a name of its own, not by {}", example)
    if len(before) > 1 and before[-2].kind == "QUANTIFIER":
        return _about(found, "{} stands where `in` is missing", example)
    if "SATISFIES" in accepts:
        return _about(found, "{} stands where `satisfies` is missing", example)
    if found.kind == "QUANTIFIER":
        return _about(found, "{} cannot stand here", "put the quantifier last, or in parentheses")
    return None


def _after_a_condition(before: Sequence[Piece], found: Piece, accepts: Sequence[str]) -> Mistake | None:
    for piece in (found, before[-1]):
        if piece.kind == "NAME" and piece.text.lower() in _OTHER_WORDS:
            return _about(piece, "{} is no word of the language", _OTHER_WORDS[piece.text.lower()])
    if before[-1].kind == "COMPARE" and found.kind == "COMPARE":
        return _about(found, f"{{}} cannot follow {quote(before[-1].text)}", "the signs are = != < <= > >=")
    if "AND" not in accepts:
        return None
    if found.kind in _RELATIONS:
        return _about(found, "{} cannot follow a finished comparison", "compare twice and join with `and`")
    return _about(found, "{} cannot follow a finished condition", "join conditions with `and` or `or`")
