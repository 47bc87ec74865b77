"""Checks each relation: whether its operator, such as `=` or `in`, can compare the types of the two sides.

Two kinds of literals are also mistakes: an invalid glob, and a literal that can never be equal to the other side, such
as an unknown kind. With such a literal the relation is always false, and the author would not notice. Hints show the
relation that was probably intended.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator

from msgspec import Struct

from evaluator.base.fix import Fix
from evaluator.base.source import Span
from evaluator.base.text import did_you_mean, quote
from evaluator.facts.address import parse_address, parse_cidr
from evaluator.facts.link import Kind
from evaluator.policy.check.expression import ExpressionChecker, Scope
from evaluator.policy.language.checked import Condition, Constant, Expression, ListOf, Read, Relate, Related
from evaluator.policy.language.types import SCALARS, Base, Type, comparable
from evaluator.policy.source.problems import Problems
from evaluator.policy.syntax import foreign, nodes

_RIGHT_OPERATOR = {"==": "=", "<>": "!=", "&&": "and", "||": "or", "!": "not"}
_ORDERED = (Base.INTEGER, Base.TEXT)
_ORDERING = (Relate.LESS, Relate.AT_MOST, Relate.MORE, Relate.AT_LEAST)
_ADDRESSES = (Base.ADDRESS, Base.OWNED)
_GLOB = re.compile(r"(?:[^\[]|\[!?\]?[^\]]*\])*")
_REVERSED_RANGE = re.compile(r"\[!?[^\]]*?(.)-(.)[^\]]*\]")


def refuse_operator(problems: Problems, operator: nodes.Name) -> None:
    """Report an operator of another language. The grammar accepts it, so that all mistakes are reported at once."""
    if operator.text in _RIGHT_OPERATOR:
        message, right = f"unknown operator {quote(operator.text)}", _RIGHT_OPERATOR[operator.text]
        problems.error(
            "WRONG_SIGN", message, operator.span, f"write {quote(right)}", problems.word_fix(operator.span, right)
        )


class RelationChecker:
    """Checks one relation."""

    def __init__(self, problems: Problems, expressions: ExpressionChecker) -> None:
        self._problems = problems
        self._expressions = expressions

    def check(self, node: nodes.Relation, scope: Scope) -> Condition | None:
        """Return the checked relation; None if mistakes were reported."""
        for word in (node.negation, node.operator):
            if word is not None:
                refuse_operator(self._problems, word)
        if self._refuse_null(node):
            return None
        operator = Relate(_RIGHT_OPERATOR.get(node.operator.text, node.operator.text))
        left = self._expressions.known_value(node.left, scope, node.span)
        right = self._expressions.known_value(node.right, scope, node.span)
        if left is None or right is None:
            return None
        if Type(Base.NOTHING) in (left.type, right.type):
            return None  # a parameter of an unknown type, which is reported at its declaration
        relation = _relation_between(operator, left.type, right.type)
        if relation is None:
            self._refuse(node, operator, left, right)
            return None
        self._check_literals(node, relation, left, right)
        negated = node.negation is not None
        return Related(left, relation, right, negated, self._problems.text(node.span), node.span)

    def _refuse(self, node: nodes.Relation, operator: Relate, left: Expression, right: Expression) -> None:
        sides = f"{quote(left.text)} ({left.type}) with {quote(right.text)} ({right.type})"
        message = f"cannot compare {sides} by {quote(node.operator.text)}"
        hint = _hint(operator, left, right, node.negation is not None)
        self._problems.error("WRONG_TYPE", message, node.span, hint, self._problems.hint_fix(node.span, hint))

    def _refuse_null(self, node: nodes.Relation) -> bool:
        """Report a comparison with `null` or a similar word of another language; return whether it was reported."""
        for side, other in ((node.right, node.left), (node.left, node.right)):
            if isinstance(side, nodes.DottedName) and side.text in foreign.NULLS:
                is_known = node.operator.text in ("!=", "<>") or node.negation is not None
                hint = f"write `{self._problems.text(other.span)} is {'known' if is_known else 'unknown'}`"
                fixes = self._problems.hint_fix(node.span, hint)
                self._problems.error("UNKNOWN_WORD", f"unknown word {quote(side.text)}", side.span, hint, fixes)
                return True
        return False

    def _check_literals(self, node: nodes.Relation, relation: Relate, left: Expression, right: Expression) -> None:
        """Report literals that make the relation always true or always false."""
        if relation not in (Relate.EQUAL, Relate.UNEQUAL, Relate.IN, Relate.OVERLAPS, Relate.LIKE):
            return
        if relation is Relate.LIKE:
            for glob in map(str, _values(right)):
                if not _GLOB.fullmatch(glob) or any(a > b for a, b in _REVERSED_RANGE.findall(glob)):
                    message, hint = f"invalid glob {quote(glob)}", "the wildcards of a glob are `*`, `?` and `[a-z]`"
                    self._problems.error("BAD_LITERAL", message, node.right.span, hint)
        if relation is Relate.LIKE:
            return
        for side, other, place in ((left, right, node.right.span), (right, left, node.left.span)):
            allowed = _ALLOWED.get(side.word.name) if isinstance(side, Read) and side.word.owner is Base.NIC else None
            for value in _values(other) if allowed else ():
                if allowed is not None and not allowed.holds(value):
                    hint = did_you_mean(str(value), allowed.known) or allowed.hint
                    message = f"{quote(side.text)} is never {quote(str(value))}"
                    fixes = self._literal_fixes(place, str(value), allowed.known)
                    self._problems.error("BAD_LITERAL", message, place, hint, fixes)

    def _literal_fixes(self, place: Span, value: str, known: tuple[str, ...]) -> tuple[Fix, ...]:
        """Return the fix for a text that is never the value of a word: replace it with a similar possible value."""
        span = self._problems.find(value, place)
        return self._problems.name_fix(span, value, known) if self._problems.text(span) == value else ()


class _Allowed(Struct, frozen=True):
    """A description of the values that a word can have.

    The description consists of a function that tests whether a value is possible, a hint for messages, and, if they can
    be listed, all values.
    """

    holds: Callable[[object], bool]
    hint: str
    known: tuple[str, ...] = ()


_CONFLICTS = ("addr", "network")
_MAC = re.compile(r"[0-9a-f]{2}(?::[0-9a-f]{2})+")
_ALLOWED = {
    "kind": _Allowed(lambda value: value in list(Kind), f"kinds: {', '.join(Kind)}", tuple(Kind)),
    "conflicts": _Allowed(
        lambda value: value in _CONFLICTS, '`conflicts` contains only "addr" and "network"', _CONFLICTS
    ),
    "bond_mode": _Allowed(lambda value: value in range(7), "bond modes are 0 to 6"),
    "vlan_id": _Allowed(lambda value: value in range(4096), "VLAN IDs are 0 to 4095"),
    "mac": _Allowed(
        lambda value: bool(_MAC.fullmatch(str(value))), 'write a MAC address in lower case: "52:54:00:00:00:0a"'
    ),
}


def _values(expression: Expression) -> Iterator[object]:
    """Yield the value of a constant, or the values of the constants in a list."""
    if isinstance(expression, Constant):
        yield expression.value
    elif isinstance(expression, ListOf):
        for operand in expression.operands:
            yield from _values(operand)


def _relation_between(operator: Relate, left: Type, right: Type) -> Relate | None:
    """Return the relation that an operator means between two types; None if the operator cannot compare the types.

    An operator can compare the types in these cases:

    - `=`, `!=`: two scalars of one type, or an `address` and an `owned`.
    - `<`, `<=`, `>`, `>=`: two integers or two texts.
    - `in`: a scalar and a list of scalars that `=` can compare with the scalar.
    - `in`: an `address` or `owned`, and a `cidr` or a list of `cidr`. Here, `in` means the relation `in network`.
    - `overlaps`, `within`: two lists whose elements `=` can compare.
    - `like`: a text, and a text or a list of texts.
    - `above`, `below`: two interfaces.

    Every operator that accepts a list accepts the empty list `[]` too.
    """
    lists = (left.is_list, right.is_list)
    match operator:
        case Relate.EQUAL | Relate.UNEQUAL:
            fits = lists == (False, False) and left.base in SCALARS and comparable(left.base, right.base)
        case Relate.LESS | Relate.AT_MOST | Relate.MORE | Relate.AT_LEAST:
            fits = lists == (False, False) and left.base in _ORDERED and left.base == right.base
        case Relate.IN:
            if not left.is_list and left.base in _ADDRESSES and right.base is Base.CIDR:
                return Relate.IN_NETWORK
            fits = lists == (False, True) and left.base in SCALARS and comparable(left.base, right.base)
        case Relate.OVERLAPS | Relate.WITHIN:
            fits = lists == (True, True) and comparable(left.base, right.base)
        case Relate.LIKE:
            fits = left == Type(Base.TEXT) and right.base in (Base.TEXT, Base.NOTHING)
        case _:
            fits = left == right == Type(Base.NIC)
    return operator if fits else None


def _hint(operator: Relate, left: Expression, right: Expression, negated: bool) -> str:
    """Return the relation that was probably intended; an empty text if no relation is probable."""
    hint = _address_hint(operator, left, right) or _quantifier_hint(operator, left, right, negated)
    if hint:
        return hint
    left_type, right_type = left.type, right.type
    if operator in (Relate.OVERLAPS, Relate.WITHIN) and not (left_type.is_list and right_type.is_list):
        return f"{quote(operator)} compares two lists; for one value use `in`"
    if operator is Relate.IN and right_type == Type(Base.TEXT):
        return 'to search for a part of a text, use a glob: nic.name like "*bond*"'
    if operator is Relate.IN and left_type == right_type:
        return f"write `{left.text} {'!=' if negated else '='} {right.text}`"
    if operator in _ORDERING and left_type.base not in _ORDERED:
        return "only integers and texts have an order"
    if operator in (Relate.EQUAL, Relate.UNEQUAL):
        return _list_hint(operator, left, right) or _literal_hint(left, right)
    return _literal_hint(left, right)


def _quantifier_hint(operator: Relate, left: Expression, right: Expression, negated: bool) -> str:
    """Return a hint how to apply the relation to each element of a list; empty if this is not allowed."""
    left_type, right_type = left.type, right.type
    variable = "address" if left_type.base in _ADDRESSES else "x"
    quantifier = "no" if negated else "some"
    if left_type.is_list and _relation_between(operator, left_type.element, right_type) is not None:
        return f"write `{quantifier} {variable} in {left.text} satisfies {variable} {operator} {right.text}`"
    if (
        operator in (Relate.OVERLAPS, Relate.WITHIN)
        and left_type.is_list
        and _relation_between(Relate.IN, left_type.element, right_type) is not None
    ):
        quantifier = "some" if operator is Relate.OVERLAPS else "every"
        return f"write `{quantifier} {variable} in {left.text} satisfies {variable} in {right.text}`"
    if operator in (Relate.ABOVE, Relate.BELOW) and left_type == Type(Base.NIC) and right_type == left_type.listed:
        return f"write `{quantifier} x in {right.text} satisfies {left.text} {operator} x`"
    return ""


def _address_hint(operator: Relate, left: Expression, right: Expression) -> str:
    """Return a hint how to write an address or a network that was written as a text; empty for other mistakes."""
    for text, other in ((right, left), (left, right)):
        if not isinstance(text, Constant) or not isinstance(text.value, str) or other.type.base not in _ADDRESSES:
            continue
        for kind, read in (("cidr", parse_cidr), ("address", parse_address)):
            try:
                read(text.value)
            except ValueError:
                continue
            written = f'{kind}("{text.value}")'
            if other.type.is_list:
                written_operator = "in" if kind == "cidr" else "="
                return f"write `some address in {other.text} satisfies address {written_operator} {written}`"
            written_operator = "in" if kind == "cidr" else "=" if operator is Relate.IN else operator
            return f"write `{other.text} {written_operator} {written}`" if text is right else f"write `{written}`"
    return ""


def _list_hint(operator: Relate, left: Expression, right: Expression) -> str:
    """Return a hint how to compare a list or a network, such as `count(…) = 2` or `… in …`; empty for other types."""
    is_not = "not " * (operator is Relate.UNEQUAL)
    if left.type.is_list and right.type == Type(Base.INTEGER):
        return f"write `count({left.text}) {operator} {right.text}`"
    if left.type.base in _ADDRESSES and right.type == Type(Base.CIDR):
        return f"write `{left.text} {is_not}in {right.text}`"
    if not left.type.is_list and right.type.is_list and _relation_between(Relate.IN, left.type, right.type) is not None:
        return f"write `{left.text} {is_not}in {right.text}`"
    if left.type.is_list and not right.type.is_list and _relation_between(Relate.IN, right.type, left.type) is not None:
        return f"write `{right.text} {is_not}in {left.text}`"
    if left.type.is_list and right.type.is_list:
        return "use `overlaps` or `within` to compare two lists"
    return "use `in` to compare a value with a list" if left.type.is_list or right.type.is_list else ""


def _literal_hint(left: Expression, right: Expression) -> str:
    """Return a hint how to write a literal with the type of the other side; empty if this is not the mistake."""
    bases = {left.type.base, right.type.base}
    if bases == {Base.TEXT, Base.NIC}:
        return "write `.name` for the name of an interface"
    if Base.TEXT in bases and bases & set(_ADDRESSES):
        return 'write an address as address("192.0.2.1")'
    if bases == {Base.TEXT, Base.INTEGER}:
        number = left if left.type.base is Base.INTEGER else right
        if isinstance(number, Constant):
            return f'write a text in quotes: "{number.text}"'
        return "write a number without quotes"
    return ""
