"""What operators write where the grammar stops them, and what to tell them.

`EXAMPLES` are sentences that stop at the same place for the same reason (lark's `match_examples`
finds the one whose parser state and token match); a wrong character is looked up in a table.
"""

from __future__ import annotations

import re
from dataclasses import dataclass

from evaluator.text import quote

EXAMPLES: dict[str, list[str]] = {
    "no when": [
        "discard nic if nic is up",
        "discard nic",
        "ambiguous",
        "discard",
        "discard nic is up",
        "discard nic (nic is up)",
        "discard nic in candidates",
        "discard nic not nic is up",
        "match nic = 1",
        "match nic.a",
    ],
    "no verb": ["when nic is up", "in", "not", '"a"', "1", "(", "some"],
    "no condition": ["match nic when"],
    "never closed": [
        "match nic when (nic is up",
        "match nic when (nic.mtu = 1",
        "match nic when (nic",
        "match nic when (some a in b satisfies a is c",
        "match nic when (nic in a",
        "match nic when (nic above a",
        "match nic when count(a",
        "match nic when nic.mtu in [1",
    ],
    "closes nothing": [
        "match nic when nic is up)",
        "match nic when nic.mtu = 1)",
        "match nic when nic)",
        "match nic when nic in a)",
        "match nic when some a in b satisfies a is c)",
        "match nic when nic.mtu in [1])",
    ],
    "chained comparison": [
        "match nic when 1 < nic.mtu < 9000",
        "match nic when 1 < 2 in a",
        "match nic when a in b in c",
        "match nic when a in b = c",
        "match nic when a above b above c",
        "match nic when a is b = c",
        "match nic when a is b above c",
        "match nic when a is b in c",
    ],
    "is not in": [
        "match nic when nic is in candidates",
        "match nic when nic is not in candidates",
        "match nic when nic is above a",
        "match nic when nic is not above a",
        "match nic when nic is = 1",
    ],
    "is what": [
        "match nic when nic is",
        "match nic when nic is not",
        "match nic when nic is 1",
        'match nic when nic is "a"',
    ],
    "two conditions": [
        "match nic when nic is a bridge",
        "match nic when nic is up nic is down",
        "match nic when nic.mtu = 1 nic is up",
        "match nic when nic nic",
        "match nic when nic in a nic",
        "match nic when a above b nic",
    ],
    "no satisfies": [
        "match nic when some a in b a is c",
        "match nic when some a in b",
        "match nic when some a in b and a is c",
    ],
    "quantifier inside": [
        "match nic when nic is up and a in some",
        "match nic when a = some b in c satisfies b is d",
    ],
    "binder missing": ["match nic when some", "match nic when some in a", "match nic when some 1"],
    "in missing": [
        "match nic when some a satisfies b",
        "match nic when some a of b",
        "match nic when some a",
    ],
}

_ARTICLES = ("a", "an", "the")
_QUOTES = {'"': "double", "'": "single"}
_CURLY = "“”„‟‘’‚‛«»`´"
_BARE_ADDRESS = re.compile(r"[0-9A-Fa-f.:/]+")
_WANTED = {
    "_WHEN": "`when`",
    "WHEN": "`when`",
    "SATISFIES": "`satisfies`",
    "NAME": "a word",
    "LPAR": "`(`",
    "RPAR": "`)`",
    "RSQB": "`]`",
    "COMMA": "`,`",
    "IN": "`in`",
    "$END": "the end of the rule",
}


@dataclass(frozen=True, slots=True)
class Mistake:
    """What to say about a sentence, and the characters of it that it is about."""

    message: str
    hint: str
    start: int
    end: int


def of_character(text: str, at: int) -> Mistake:
    """Return what to say about a character with which no word of the language begins."""
    char = text[at]
    if char in _QUOTES:
        return Mistake(
            f"the {_QUOTES[char]} quote is never closed",
            "close the text with the same quote, on the same line",
            at,
            len(text),
        )
    if char in _CURLY:
        return Mistake(f"{quote(char)} is no straight quote", 'write texts in straight quotes: "docker0"', at, at + 1)
    if char == ":":
        return Mistake(
            "`:` is no word of the language",
            "between a quantifier's list and its condition say `satisfies`",
            at,
            at + 1,
        )
    if char.isdigit() or char == "-":
        bare = _BARE_ADDRESS.match(text, at)
        shown = bare.group().rstrip(".:") if bare else char
        end = at + len(shown)
        if "." in shown or ":" in shown:
            kind = "cidr" if "/" in shown else "address"
            return Mistake(f"{quote(shown)} stands bare", f'write {kind}("{shown}")', at, end)
        return Mistake(
            f"{quote(text[at:].split(maxsplit=1)[0])} is no number", "if it is text, put it in quotes", at, end
        )
    if char == "\\":
        return Mistake(
            "there are no escapes in texts", "a text holds neither backslashes nor its own quote", at, at + 1
        )
    if char in "&|":
        return Mistake(
            f"{quote(char)} is no word of the language",
            f"say {'`and`' if char == '&' else '`or`'}",
            at,
            at + 1,
        )
    hints = {
        "{": "braces belong in messages; in a rule name the word itself",
        "+": "the language does not calculate",
        "*": 'a glob is a text: nic.name like "virbr*"',
        "/": 'a network is written cidr("10.20.0.0/16")',
        ";": "one rule holds one sentence",
        "#": "a comment stands outside the rule",
    }
    return Mistake(f"{quote(char)} is no part of the language", hints.get(char, ""), at, at + 1)


def of_token(kind: str | None, text: str, start: int, end: int, found: str, accepts: list[str]) -> Mistake:
    """Return what to say about a word that cannot stand where it stands."""
    before = text[:start].split()
    last = before[-1] if before else ""
    shown = quote(found) if found else "the end of the rule"
    if kind == "two conditions" and last in _ARTICLES:
        return Mistake(f"{quote(last)} is no state", f"no article: say `is {found}`", text.rindex(last, 0, start), end)
    if kind == "never closed" and not found:
        opened = _last_open(text)
        if opened is not None:
            return Mistake(f"{quote(text[opened])} is never closed", "", opened, opened + 1)
    fixed = {
        "no when": (
            f"{shown} stands where `when` is missing",
            "the condition comes after `when`: discard nic when nic is down",
        ),
        "no verb": (
            f"a rule begins with its verb, not with {shown}",
            "match, discard, prefer, ambiguous, reject or warn",
        ),
        "no condition": (
            "there is no condition after `when`",
            "a condition that always holds is written `true`",
        ),
        "closes nothing": (f"{shown} closes nothing", ""),
        "chained comparison": (
            f"{shown} cannot follow a finished comparison",
            "compare twice and join with `and`",
        ),
        "is not in": (
            f"`is` and {shown} do not go together",
            f"no `is`: say {quote(_without_is(before, found))}",
        ),
        "is what": (f"after `is` comes the name of a state, not {shown}", "for values say `=` or `in`"),
        "two conditions": (
            f"{shown} cannot follow a finished condition",
            "join conditions with `and` or `or`",
        ),
        "no satisfies": (
            f"{shown} stands where `satisfies` is missing",
            "some address in nic.matched satisfies address is ipv4",
        ),
        "quantifier inside": (f"{shown} cannot stand here", "put the quantifier last, or in parentheses"),
        "binder missing": (
            f"a quantifier is followed by a name of its own, not by {shown}",
            "some address in nic.matched satisfies …",
        ),
        "in missing": (f"{shown} stands where `in` is missing", "some address in nic.matched satisfies …"),
    }
    if kind in fixed:
        return Mistake(*fixed[kind], start, end)
    wanted = [_WANTED[name] for name in accepts if name in _WANTED]
    hint = f"expected {' or '.join(wanted)}" if wanted else ""
    return Mistake(f"{shown} cannot stand here", hint, start, end)


def _without_is(before: list[str], found: str) -> str:
    return f"not {found}" if before and before[-1] == "not" else found


def _last_open(text: str) -> int | None:
    """Return where the innermost parenthesis or bracket that is still open stands, texts left out."""
    opened: list[int] = []
    in_text = ""
    for at, char in enumerate(text):
        if in_text:
            in_text = "" if char == in_text else in_text
        elif char in _QUOTES:
            in_text = char
        elif char in "([":
            opened.append(at)
        elif char in ")]" and opened:
            opened.pop()
    return opened[-1] if opened else None
