"""Can the two sides of `=`, `in`, `overlaps`, `within`, `like`, `above` be held against each other?"""

from __future__ import annotations

from evaluator.policy import nodes
from evaluator.policy.check_expression import ExpressionChecker, Scope
from evaluator.policy.problems import Problems
from evaluator.policy.program import Condition, Expression, Relate, Related
from evaluator.policy.types import Base, Type, comparable
from evaluator.text import quote

_RIGHT_SIGN = {"==": "=", "<>": "!="}
_ORDERED = (Base.INTEGER, Base.TEXT)
_ADDRESSES = (Base.ADDRESS, Base.OWNED)
_SCALARS = (*_ORDERED, *_ADDRESSES, Base.BOOLEAN, Base.CIDR, Base.NIC)


class RelationChecker:
    """Checks one relation."""

    def __init__(self, problems: Problems, expressions: ExpressionChecker) -> None:
        self._problems = problems
        self._expressions = expressions

    def check(self, node: nodes.Relation, scope: Scope) -> Condition | None:
        """Return the checked relation, None where mistakes were noted."""
        sign = node.sign.text
        if sign in _RIGHT_SIGN:
            message = f"{quote(sign)} is no word of the language"
            self._problems.error("WRONG_SIGN", message, node.sign.span, f"say {quote(_RIGHT_SIGN[sign])}")
            sign = _RIGHT_SIGN[sign]
        left = self._expressions.known_value(node.left, scope)
        right = self._expressions.known_value(node.right, scope)
        if left is None or right is None:
            return None
        relation = self._fit(Relate(sign), left, right)
        if relation is None:
            self._refuse(node, Relate(sign), left, right)
            return None
        return Related(left, relation, right, node.negated, self._problems.text(node.span), node.span)

    def _fit(self, sign: Relate, left: Expression, right: Expression) -> Relate | None:
        one, two = left.type, right.type
        lists = (one.is_list, two.is_list)
        match sign:
            case Relate.EQUAL | Relate.UNEQUAL:
                fits = lists == (False, False) and one.base in _SCALARS and comparable(one.base, two.base)
            case Relate.LESS | Relate.AT_MOST | Relate.MORE | Relate.AT_LEAST:
                fits = lists == (False, False) and one.base in _ORDERED and one.base == two.base
            case Relate.IN:
                if not one.is_list and one.base in _ADDRESSES and two.base is Base.CIDR:
                    return Relate.IN_NETWORK
                fits = lists == (False, True) and comparable(one.base, two.base)
            case Relate.OVERLAPS | Relate.WITHIN:
                fits = lists == (True, True) and comparable(one.base, two.base)
            case Relate.LIKE:
                fits = one == Type(Base.TEXT) and two.base in (Base.TEXT, Base.NOTHING)
            case _:
                fits = one == two == Type(Base.NIC)
        return sign if fits else None

    def _refuse(self, node: nodes.Relation, sign: Relate, left: Expression, right: Expression) -> None:
        message = (
            f"{quote(left.text)} is of type {left.type} and {quote(right.text)} of type {right.type}; "
            f"{quote(node.sign.text)} does not fit them"
        )
        self._problems.error("WRONG_TYPE", message, node.span, _hint(sign, left, right))


def _hint(sign: Relate, left: Expression, right: Expression) -> str:
    one, two = left.type, right.type
    binder = "address" if one.base in _ADDRESSES else "x"
    if sign is Relate.IN and one.is_list:
        return f"some {binder} in {left.text} satisfies {binder} in {right.text}"
    if sign in (Relate.OVERLAPS, Relate.WITHIN) and one.base in _ADDRESSES and two.base is Base.CIDR:
        quantifier = "some" if sign is Relate.OVERLAPS else "every"
        return f"{quantifier} {binder} in {left.text} satisfies {binder} in {right.text}"
    if sign in (Relate.OVERLAPS, Relate.WITHIN) and not (one.is_list and two.is_list):
        return f"{quote(sign)} holds two lists against each other; for one value say `in`"
    if sign is Relate.IN and two == Type(Base.TEXT):
        return 'a part of a text is found by a glob: nic.name like "*bond*"'
    if sign in (Relate.EQUAL, Relate.UNEQUAL) and (one.is_list or two.is_list):
        return "lists are held against each other by `overlaps` and `within`, a value and a list by `in`"
    if {one.base, two.base} == {Base.TEXT, Base.NIC}:
        return "an interface's name is `.name`"
    if Base.TEXT in (one.base, two.base) and (one.base in _ADDRESSES or two.base in _ADDRESSES):
        return 'an address is written address("192.0.2.1")'
    if Base.TEXT in (one.base, two.base) and Base.INTEGER in (one.base, two.base):
        return "a number is written without quotes"
    return ""
