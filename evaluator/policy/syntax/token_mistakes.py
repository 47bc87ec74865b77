"""Explains syntax errors: which mistake was probably made, and what to write instead.

The input is the unexpected token, the tokens before it, and the names of the tokens that the parser would accept there.
The functions in `of_token` each know one kind of mistake. Their docstrings show examples: a wrong text, then the
beginning of its hint. The functions are tried in a fixed order, from the most specific context to the least specific,
and the first result is used. The place of a mistake can differ from the unexpected token. For a parenthesis that is
never closed, the place is the opening parenthesis.

A character that begins no token is explained by `character_mistakes.py`.
"""

from __future__ import annotations

import re
from collections.abc import Container, Sequence

from evaluator.base.fix import Safety
from evaluator.base.text import quote
from evaluator.policy.language.verbs import VERBS, named
from evaluator.policy.language.vocabulary import FUNCTIONS
from evaluator.policy.syntax import foreign
from evaluator.policy.syntax.mistake import Mistake, Piece, Repair, repair_of

_ARTICLES = ("a", "an", "the")
_COMPARED = {"=>": ">=", "=<": "<=", "><": "!=", "!==": "!=", "===": "=", "==!": "!="}
_MISSPELLED = frozenset({"=>", "=<", "!==", "==="})  # the signs in `_COMPARED` that have one possible meaning
_MEANS_WHEN = frozenset({"if", "where", "whenever"})
_MEANS_SATISFIES = frozenset({"where", "satisfy", "satisfying"})
_ONE_WORD = re.compile(r"write `([^`…{} ]+)`")
_CLOSING = {"(": ")", "[": "]"}
_RELATIONS = ("COMPARE", "RELATION", "IN", "IS")
_VALUES = ("STRING", "INT", "BOOL")
_SHOWN_TERMINALS = {
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


def of_token(before: Sequence[Piece], unexpected: Piece, accepts: Sequence[str]) -> Mistake:
    """Return the mistake at a token that is not allowed after the preceding tokens."""
    for explain in (
        _at_the_beginning,
        _after_is,
        _at_a_bracket,
        _at_a_foreign_word,
        _in_a_quantifier,
        _after_a_condition,
    ):
        mistake = explain(before, unexpected, accepts)
        if mistake is not None:
            return mistake
    expected = [_SHOWN_TERMINALS[name] for name in sorted(accepts) if name in _SHOWN_TERMINALS]
    return _about(unexpected, "{} is not allowed here", f"expected {' or '.join(expected)}" if expected else "")


def _about(piece: Piece, message: str, hint: str, repair: Repair | None = None) -> Mistake:
    """Return a mistake at a token; `{}` in the message becomes the token."""
    text = "the end of the rule" if piece.kind == "$END" else quote(piece.text)
    return Mistake(message.format(text), hint, piece.start, piece.end, repair)


def _instead(piece: Piece, hint: str, certain: Container[str] = ()) -> Repair | None:
    """Return the fix that replaces a token by the word in a hint such as ``write `when` ``."""
    word = _ONE_WORD.fullmatch(hint)
    safety = Safety.SAFE if piece.text in certain else Safety.UNSAFE
    return repair_of(piece.start, piece.end, word[1], safety) if word else None


def _at_the_beginning(before: Sequence[Piece], unexpected: Piece, _: Sequence[str]) -> Mistake | None:
    """Return the mistake if a rule has no verb or no condition.

    `when nic is up`: "the verbs are …". `match nic when`: "write `true` for a condition that is always true".
    """
    if not before:
        return _about(
            unexpected, "a rule begins with a verb, not with {}", f"the verbs are {named(lambda _: True, 'or')}"
        )
    if not any(piece.kind == "WHEN" for piece in before):
        return _before_the_condition(before, unexpected)
    if before[-1].kind == "WHEN" and unexpected.kind == "$END":
        return _about(
            unexpected, "the condition after `when` is missing", "write `true` for a condition that is always true"
        )
    return None


def _before_the_condition(before: Sequence[Piece], unexpected: Piece) -> Mistake:
    """Return the mistake if a word before `when` is wrong, or if `when` is missing.

    `discard all nic when …`: "write `nic`: the rule looks at each interface". `discard nic nic is up`: "write the
    condition after `when`".
    """
    verb, last = before[0], before[-1]
    if verb.text not in VERBS and verb.text in foreign.VERBS:
        return _about(verb, "unknown verb {}", foreign.VERBS[verb.text])
    hint = "write the condition after `when`: discard nic when nic is slave"
    if unexpected.text == ",":
        return _about(unexpected, "{} is not allowed before the condition", f"remove it; {hint}")
    for subject in (last, unexpected):
        other = foreign.hint_of(foreign.SUBJECTS, subject.text)
        if other and subject is not verb:
            is_article = subject.text in _ARTICLES and unexpected.text == "nic"
            repair = repair_of(subject.start, unexpected.start, "") if is_article else None
            return _about(subject, "{} is not needed before the subject", other, repair)
    instead = foreign.hint_of(foreign.BEFORE_THE_CONDITION, unexpected.text)
    if instead:
        repair = _instead(unexpected, instead, _MEANS_WHEN)
        return _about(unexpected, "unknown word {} before the condition", f"{instead}: {hint}", repair)
    return _about(unexpected, "`when` is missing before {}", hint)


def _after_is(before: Sequence[Piece], unexpected: Piece, _: Sequence[str]) -> Mistake | None:
    """Return the mistake if a token after `is` or `is not` is wrong.

    `nic is a bond`: "remove the article". `nic.mtu is 1500`: "write `nic.mtu = 1500`". `nic is not in owners`: "write
    `not in` without `is`".
    """
    last = before[-1]
    rest = before[:-1]
    article = _article_after_is(last, rest, unexpected)
    if article is not None:
        return article
    negated = last.kind == "NOT"
    word_before = rest[-1] if negated and rest else last
    if word_before.kind != "IS":
        return None
    operand = "".join(piece.text for piece in _operand_of(rest if not negated else rest[:-1]))
    is_not = "not " * negated
    if unexpected.kind in ("IN", "RELATION", "COMPARE"):
        without = repair_of(word_before.start, last.start if negated else unexpected.start, "")
        is_certain = not (negated and unexpected.kind == "COMPARE")
        hint = f"write `{is_not}{unexpected.text}` without `is`"
        return _about(unexpected, "`is` is not allowed before {}", hint, without if is_certain else None)
    if unexpected.text in ("not", "!", "no"):
        return _about(unexpected, "{} is not allowed after `is` here", "write `is not` once")
    if unexpected.text == "(":
        hint = (
            f"repeat the operand: `{operand} is {is_not}bridge {'and' if negated else 'or'} {operand} is {is_not}bond`"
        )
        return _about(unexpected, "the name of a state is missing before {}", hint)
    repair: Repair | None = None
    if unexpected.kind in ("INT", "STRING"):
        hint = f"write `{operand} {'!=' if negated else '='} {unexpected.text}`"
        repair = repair_of(word_before.start, last.end, "!=" if negated else "=")
    elif unexpected.kind == "BOOL":
        hint = "a boolean is used without `is`: write `x` or `not x`"
    else:
        hint = "use `=` or `in` to compare values"
    return _about(unexpected, "expected the name of a state after `is`, found {}", hint, repair)


def _article_after_is(last: Piece, rest: Sequence[Piece], unexpected: Piece) -> Mistake | None:
    """Return the mistake if the token `last` is an article between `is` and the name of a state."""
    negated = bool(rest) and rest[-1].kind == "NOT"
    after = rest[:-1] if negated else rest
    if last.text not in _ARTICLES or not after or after[-1].kind != "IS" or unexpected.kind != "NAME":
        return None
    hint = f"remove the article: `is {'not ' * negated}{unexpected.text}`"
    repair = repair_of(last.start, unexpected.start, "")
    return Mistake(f"unknown state {quote(last.text)}", hint, last.start, unexpected.end, repair)


def _operand_of(pieces: Sequence[Piece]) -> Sequence[Piece]:
    """Return the last tokens that are together one dotted word, such as `nic`, `.` and `mtu`."""
    start = len(pieces)
    while start and (pieces[start - 1].kind == "NAME" or pieces[start - 1].text == "."):
        start -= 1
    return pieces[start:]


def _at_a_bracket(before: Sequence[Piece], unexpected: Piece, _: Sequence[str]) -> Mistake | None:
    """Return the mistake if a parenthesis or bracket is wrong or missing.

    `count(nic.slaves > 1`: "add `)`". `nic.name in ("a", "b")`: "write a list in brackets".
    """
    opened: list[Piece] = []
    for piece in before:
        if piece.text in ("(", "["):
            opened.append(piece)
        elif piece.text in (")", "]") and opened:
            opened.pop()
    if unexpected.text in (")", "]") and unexpected.kind != "STRING":
        mistake = _at_a_closing_bracket(opened, unexpected)
        if mistake is not None:
            return mistake
    if unexpected.text == "(" and before[-1].kind == "IN":
        return _about(unexpected, "{} is not allowed after `in`", 'write a list in brackets: ["eth0", "eth1"]')
    if not opened:
        return None
    if unexpected.kind == "INT" and before[-1].kind == "INT":
        hint = f"compare twice: nic.mtu >= {before[-1].text} and nic.mtu <= {unexpected.text.lstrip('-')}"
        return _about(unexpected, "a range is not a value: {}", hint)
    ends_too_early = unexpected.kind == "$END" or (opened[-1].text == "[" and unexpected.kind not in _VALUES)
    is_open = ends_too_early and before[-1].kind not in ("AND", "OR", "NOT", *_RELATIONS)
    if is_open or (unexpected.kind in _RELATIONS and _is_call(before, opened[-1])):
        sign, end = _CLOSING[opened[-1].text], before[-1].end
        repair = repair_of(end, end, sign, Safety.UNSAFE) if unexpected.kind == "$END" else None
        return _about(opened[-1], "{} is never closed", f"add {quote(sign)}", repair)
    return None


def _at_a_closing_bracket(opened: Sequence[Piece], unexpected: Piece) -> Mistake | None:
    """Return the mistake if a closing bracket does not close the last open bracket.

    `nic is up)`: "remove the bracket, or add `(`". `["a")`: "first close the bracket `[`".
    """
    if not opened:
        sign = "(" if unexpected.text == ")" else "["
        repair = repair_of(unexpected.start, unexpected.end, "", Safety.UNSAFE)
        return _about(
            unexpected, f"{{}} has no {quote(sign)} before it", f"remove the bracket, or add {quote(sign)}", repair
        )
    last = quote(opened[-1].text)
    if _CLOSING[opened[-1].text] != unexpected.text:
        return _about(unexpected, f"{{}} does not close {last}", f"first close the bracket {last}")
    return None


def _is_call(before: Sequence[Piece], opened: Piece) -> bool:
    """Return whether an opening parenthesis begins the arguments of a function: `count(`."""
    at = before.index(opened)
    return opened.text == "(" and at > 0 and before[at - 1].kind == "NAME"


def _at_a_foreign_word(before: Sequence[Piece], unexpected: Piece, accepts: Sequence[str]) -> Mistake | None:
    """Return the mistake if a word from another language is between two values, or replaces a quantifier.

    `nic.mtu between 1 and 5`: "compare twice". `nic.name.startswith("eth")`: "write `like` with a glob".
    """
    last = before[-1]
    if last.kind == "NAME" and len(before) > 1 and before[-2].text == ".":
        if unexpected.text == "(":
            operand = "".join(piece.text for piece in _operand_of(before[:-2]))
            hint = foreign.hint_of(foreign.FUNCTIONS, last.text, operand) or "the functions are count and route_to"
            return Mistake(f"a function cannot follow a dot: {quote(f'.{last.text}(')}", hint, last.start, last.end)
        last = unexpected
    if "SATISFIES" in accepts or ("AND" not in accepts and last.kind != "NAME"):
        return None
    is_quantified = last.kind == "NAME" and unexpected.kind == "NAME"
    for piece in (unexpected, last) if is_quantified or last is unexpected else (unexpected,):
        hint = foreign.hint_of(foreign.BETWEEN_VALUES, piece.text) if piece.kind in ("NAME", "WHEN") else ""
        if hint:
            return _about(piece, "unknown word {}", hint, _instead(piece, hint))
    return None


_FOR_SATISFIES = frozenset({"where", "when", "if", "with", "such", "that", "which", "having", "satisfy", "satisfying"})


def _in_a_quantifier(before: Sequence[Piece], unexpected: Piece, accepts: Sequence[str]) -> Mistake | None:
    """Return the mistake if a word in `some x in LIST satisfies` is wrong, or if a quantifier is used as a value.

    `some x in nic.slaves where x is up`: "write `satisfies` instead". `nic.mtu = some x in …`: "write it last, or in
    parentheses".
    """
    example = "write `some address in nic.matched satisfies …`"
    if before[-1].kind == "QUANTIFIER":
        return _about(unexpected, "a variable is missing after the quantifier, before {}", example)
    if len(before) > 1 and before[-2].kind == "QUANTIFIER":
        return _about(unexpected, "`in` is missing before {}", example)
    if "SATISFIES" in accepts and unexpected.text in _FOR_SATISFIES:
        repair = _instead(unexpected, "write `satisfies`", _MEANS_SATISFIES)
        return _about(unexpected, "unknown word {} after a list", "write `satisfies` instead", repair)
    if "SATISFIES" in accepts:
        return _about(unexpected, "`satisfies` is missing before {}", example)
    if unexpected.kind == "QUANTIFIER":
        return _about(
            unexpected, "a quantifier is not allowed here: {}", "write the quantifier last, or put it in parentheses"
        )
    return None


def _after_a_condition(before: Sequence[Piece], unexpected: Piece, accepts: Sequence[str]) -> Mistake | None:
    """Return the mistake if two operators are adjacent, a value is missing, or a token follows a complete condition.

    `nic.mtu => 5`: "write `>=`". `nic is up and`: "something is missing after `and`".
    """
    last = before[-1]
    if last.kind == "COMPARE" and unexpected.kind == "COMPARE":
        intended = _COMPARED.get(last.text + unexpected.text)
        hint = f"write `{intended}`" if intended else "the comparisons are = != < <= > >="
        safety = Safety.SAFE if last.text + unexpected.text in _MISSPELLED else Safety.UNSAFE
        repair = repair_of(last.start, unexpected.end, intended, safety) if intended else None
        return Mistake(
            f"unknown operator {quote(last.text + unexpected.text)}", hint, last.start, unexpected.end, repair
        )
    if unexpected.kind == "$END":
        return _about(unexpected, "the rule ends too early", f"something is missing after {quote(last.text)}")
    if unexpected.kind == "IS" and last.kind in ("WHEN", "AND", "OR"):
        return _about(unexpected, "a value is missing before {}", f"write `nic {unexpected.text} …`")
    if last.text == "not" and unexpected.kind == "IS":
        repair = repair_of(last.start, unexpected.end, "is not")
        return _about(unexpected, "`not` must be after `is`", "write `is not`", repair)
    if "AND" not in accepts:
        return None
    return _after_a_whole_condition(before, unexpected)


def _after_a_whole_condition(before: Sequence[Piece], unexpected: Piece) -> Mistake:
    """Return the mistake if a token follows a complete condition.

    `nic is up nic is down`: "join conditions with `and` or `or`". `nic.mtu = 5 = 6`: "compare twice and join with
    `and`". `nic.slaves[0] is up`: "a list has no index".
    """
    if unexpected.kind == "INT" and before[-1].text == "vlan":
        return _about(
            unexpected,
            "a number cannot follow `vlan`: {}",
            f"write `nic.vlan_id is known and nic.vlan_id = {unexpected.text}`",
        )
    if unexpected.kind in ("COMPARE", "IS") and before[-1].kind in ("NAME", "RPAR", "BOOL"):
        is_state = any(piece.kind == "IS" for piece in before[-3:])
        if is_state or before[-1].kind != "NAME":
            hint = "write `CONDITION` or `not CONDITION`, without a comparison with `true` or `false`"
            return _about(unexpected, "a condition is not a value: {}", hint)
    if unexpected.kind in _RELATIONS:
        return _about(unexpected, "{} is not allowed after a whole comparison", "compare twice and join with `and`")
    if unexpected.text == ",":
        is_list = before[-1].kind in _VALUES and any(piece.kind in ("IN", "RELATION") for piece in before[-3:])
        hint = 'write a list in brackets: ["eth0", "eth1"]' if is_list else "join conditions with `and` or `or`"
        return _about(unexpected, "{} is not allowed here", hint)
    if unexpected.text == "[":
        return _about(unexpected, "{} is not allowed here", "a list has no index: write `some x in LIST satisfies …`")
    if before[-1].kind == "NAME" and before[-1].text in FUNCTIONS:
        return _about(unexpected, f"`(` is missing after {quote(before[-1].text)}", f"write `{before[-1].text}(…)`")
    return _about(unexpected, "{} is not allowed after a whole condition", "join conditions with `and` or `or`")
