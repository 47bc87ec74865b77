"""Can the two sides of `=`, `in`, `overlaps`, `within`, `like`, `above` be held against each other?

A literal that no value can equal is a mistake too: a kind that does not exist, a glob that is none.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator

from msgspec import Struct

from evaluator.facts.link import Kind
from evaluator.policy import nodes
from evaluator.policy.check_expression import ExpressionChecker, Scope
from evaluator.policy.checked import Condition, Constant, Expression, ListOf, Read, Relate, Related
from evaluator.policy.problems import Problems
from evaluator.policy.types import SCALARS, Base, Type, comparable
from evaluator.text import did_you_mean, quote

_RIGHT_SIGN = {"==": "=", "<>": "!=", "&&": "and", "||": "or", "!": "not"}
_ORDERED = (Base.INTEGER, Base.TEXT)
_ADDRESSES = (Base.ADDRESS, Base.OWNED)
_GLOB = re.compile(r"(?:[^\[]|\[!?\]?[^\]]*\])*")
_REVERSED_RANGE = re.compile(r"\[!?[^\]]*?(.)-(.)[^\]]*\]")


def refuse_sign(problems: Problems, sign: nodes.Name) -> None:
    """Note a sign of other languages that parses on purpose, so that all of them are named at once."""
    if sign.text in _RIGHT_SIGN:
        message = f"{quote(sign.text)} is no word of the language"
        problems.error("WRONG_SIGN", message, sign.span, f"say {quote(_RIGHT_SIGN[sign.text])}")


class RelationChecker:
    """Checks one relation."""

    def __init__(self, problems: Problems, expressions: ExpressionChecker) -> None:
        self._problems = problems
        self._expressions = expressions

    def check(self, node: nodes.Relation, scope: Scope) -> Condition | None:
        """Return the checked relation, None where mistakes were noted."""
        for word in (node.negation, node.sign):
            if word is not None:
                refuse_sign(self._problems, word)
        sign = Relate(_RIGHT_SIGN.get(node.sign.text, node.sign.text))
        left = self._expressions.known_value(node.left, scope)
        right = self._expressions.known_value(node.right, scope)
        if left is None or right is None:
            return None
        relation = _fit(sign, left.type, right.type)
        if relation is None:
            self._refuse(node, sign, left, right)
            return None
        self._check_literals(node, relation, left, right)
        negated = node.negation is not None
        return Related(left, relation, right, negated, self._problems.text(node.span), node.span)

    def _refuse(self, node: nodes.Relation, sign: Relate, left: Expression, right: Expression) -> None:
        message = (
            f"{quote(left.text)} is of type {left.type} and {quote(right.text)} of type {right.type}; "
            f"{quote(node.sign.text)} does not fit them"
        )
        hint = _hint(sign, left, right, node.negation is not None)
        self._problems.error("WRONG_TYPE", message, node.span, hint)

    def _check_literals(self, node: nodes.Relation, relation: Relate, left: Expression, right: Expression) -> None:
        """Note literals that would make the relation silently true or false."""
        if relation not in (Relate.EQUAL, Relate.UNEQUAL, Relate.IN, Relate.OVERLAPS, Relate.LIKE):
            return
        if relation is Relate.LIKE:
            for glob in map(str, _values(right)):
                if not _GLOB.fullmatch(glob) or any(a > b for a, b in _REVERSED_RANGE.findall(glob)):
                    message = f"{quote(glob)} is no glob"
                    self._problems.error(
                        "BAD_LITERAL", message, node.right.span, "`*`, `?` and `[a-z]` stand for others"
                    )
        if relation is Relate.LIKE:
            return
        for side, other, place in ((left, right, node.right.span), (right, left, node.left.span)):
            allowed = _ALLOWED.get(side.word.name) if isinstance(side, Read) and side.word.owner is Base.NIC else None
            for value in _values(other) if allowed else ():
                if allowed is not None and not allowed.holds(value):
                    hint = did_you_mean(str(value), allowed.known) or allowed.hint
                    message = f"{quote(side.text)} is never {quote(str(value))}"
                    self._problems.error("BAD_LITERAL", message, place, hint)


class _Allowed(Struct, frozen=True):
    """The values that a word can have: those known by name, and a test."""

    holds: Callable[[object], bool]
    hint: str
    known: tuple[str, ...] = ()


_CONFLICTS = ("addr", "network")
_MAC = re.compile(r"[0-9a-f]{2}(?::[0-9a-f]{2})+")
_ALLOWED = {
    "kind": _Allowed(lambda value: value in list(Kind), f"kinds: {', '.join(Kind)}", tuple(Kind)),
    "conflicts": _Allowed(lambda value: value in _CONFLICTS, 'it holds "addr" or "network"', ("addr", "network")),
    "bond_mode": _Allowed(lambda value: value in range(7), "bond modes are 0 to 6"),
    "vlan_id": _Allowed(lambda value: value in range(4096), "vlan ids are 0 to 4095"),
    "mac": _Allowed(lambda value: bool(_MAC.fullmatch(str(value))), 'write it in lower case: "52:54:00:00:00:0a"'),
}


def _values(expression: Expression) -> Iterator[object]:
    if isinstance(expression, Constant):
        yield expression.value
    elif isinstance(expression, ListOf):
        for operand in expression.operands:
            yield from _values(operand)


def _fit(sign: Relate, one: Type, two: Type) -> Relate | None:
    """Return the relation that a sign means between two types, None where it means nothing."""
    lists = (one.is_list, two.is_list)
    match sign:
        case Relate.EQUAL | Relate.UNEQUAL:
            fits = lists == (False, False) and one.base in SCALARS and comparable(one.base, two.base)
        case Relate.LESS | Relate.AT_MOST | Relate.MORE | Relate.AT_LEAST:
            fits = lists == (False, False) and one.base in _ORDERED and one.base == two.base
        case Relate.IN:
            if not one.is_list and one.base in _ADDRESSES and two.base is Base.CIDR:
                return Relate.IN_NETWORK
            fits = lists == (False, True) and one.base in SCALARS and comparable(one.base, two.base)
        case Relate.OVERLAPS | Relate.WITHIN:
            fits = lists == (True, True) and comparable(one.base, two.base)
        case Relate.LIKE:
            fits = one == Type(Base.TEXT) and two.base in (Base.TEXT, Base.NOTHING)
        case _:
            fits = one == two == Type(Base.NIC)
    return sign if fits else None


def _hint(sign: Relate, left: Expression, right: Expression, negated: bool) -> str:
    one, two = left.type, right.type
    binder = "address" if one.base in _ADDRESSES else "x"
    if one.is_list and _fit(sign, one.element, two) is not None:
        return f"{'no' if negated else 'some'} {binder} in {left.text} satisfies {binder} {sign} {right.text}"
    if sign in (Relate.OVERLAPS, Relate.WITHIN) and one.is_list and _fit(Relate.IN, one.element, two) is not None:
        quantifier = "some" if sign is Relate.OVERLAPS else "every"
        return f"{quantifier} {binder} in {left.text} satisfies {binder} in {right.text}"
    if sign in (Relate.OVERLAPS, Relate.WITHIN) and not (one.is_list and two.is_list):
        return f"{quote(sign)} holds two lists against each other; for one value say `in`"
    if sign is Relate.IN and two == Type(Base.TEXT):
        return 'a part of a text is found by a glob: nic.name like "*bond*"'
    if sign in (Relate.EQUAL, Relate.UNEQUAL) and (one.is_list or two.is_list):
        return "lists are held against each other by `overlaps` and `within`, a value and a list by `in`"
    return _literal_hint(left, right)


def _literal_hint(left: Expression, right: Expression) -> str:
    bases = {left.type.base, right.type.base}
    if bases == {Base.TEXT, Base.NIC}:
        return "an interface's name is `.name`"
    if Base.TEXT in bases and bases & set(_ADDRESSES):
        return 'an address is written address("192.0.2.1")'
    if bases == {Base.TEXT, Base.INTEGER}:
        number = left if left.type.base is Base.INTEGER else right
        if isinstance(number, Constant):
            return f'a text is written in quotes: "{number.text}"'
        return "a number is written without quotes"
    return ""
