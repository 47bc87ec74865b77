"""One case of the analysis: relations and states that all hold, and the values that they leave.

Each number and each address has a set of ranges, each text, boolean and network a set of texts, each pair of values
the signs (`<`, `=`, `>`) that are still possible between them. A relation makes these sets smaller; if one is empty,
the case is impossible.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from math import inf

from msgspec.structs import replace

from evaluator.facts.address import Cidr
from evaluator.facts.link import Kind
from evaluator.policy.language.checked import (
    Condition,
    Constant,
    Count,
    Expression,
    InState,
    IsKnown,
    ListOf,
    Not,
    Quantified,
    Quantifier,
    Read,
    Relate,
    Related,
    Truth,
    filters_of,
)
from evaluator.policy.language.types import Base, Type
from evaluator.policy.lint.globs import Texts
from evaluator.policy.lint.normal import NOWHERE, opposite
from evaluator.policy.lint.numbers import IPV4, IPV6, STATES, Numbers, joined, spanned
from evaluator.policy.lint.ranges import domain, elements

_ROUNDS = 3
_SIGNS = {
    Relate.EQUAL: frozenset("="),
    Relate.UNEQUAL: frozenset("<>"),
    Relate.LESS: frozenset("<"),
    Relate.AT_MOST: frozenset("<="),
    Relate.MORE: frozenset(">"),
    Relate.AT_LEAST: frozenset(">="),
}
_STACKED = {Relate.ABOVE: frozenset("^"), Relate.BELOW: frozenset("v")}
_TURNED = str.maketrans("<>^v", "><v^")
_SOME = Numbers(((1, inf),))
_NONE = Numbers(((0, 0),))
_MEMBERS_OF = {"slaves": (Kind.BOND, Kind.TEAM), "ports": (Kind.BRIDGE, Kind.OVS)}
_HOST_PREFIX = {None: joined([(32, 32), (128, 128)]), 4: Numbers(((32, 32),)), 6: Numbers(((128, 128),))}
_SHORT_PREFIX = Numbers(((0, 32),))


class Case:
    """What some literals that all hold leave over; `memberships` are elements with their lists."""

    def __init__(self, literals: Iterable[Condition]) -> None:
        self.is_impossible = False
        self.memberships: list[tuple[Expression, Expression]] = []
        self._numbers: dict[Expression, Numbers] = {}
        self._texts: dict[Expression, Texts] = {}
        self._signs: dict[tuple[Expression, Expression], frozenset[str]] = {}
        self._claims: dict[Condition, bool] = {}
        self._states: dict[tuple[Expression, str], str] = {}
        relations: list[Related] = []
        for literal in literals:
            self._claim(literal)
            match literal:
                case Related():
                    relations.append(literal)
                    self._relate(literal)
                case InState():
                    self._state(literal)
                case IsKnown():
                    self._known(literal)
                case Truth(operand=operand):
                    self._text(operand, Texts(frozenset({"true"})))
                case Not(condition=Truth(operand=operand)):
                    self._text(operand, Texts(frozenset({"false"})))
                case Quantified(quantifier=Quantifier.SOME, domain=listed):
                    self._number(Count(listed, Type(Base.INTEGER), ""), _SOME)
        self._settle(relations)

    def _settle(self, relations: list[Related]) -> None:
        """Let the relations narrow the values until nothing changes; fewer rounds leave more values, never fewer."""
        for _ in range(_ROUNDS):
            before = (dict(self._numbers), dict(self._texts))
            for relation in relations:
                if not self.is_impossible:
                    self._narrow(relation)
            self._derive()
            if self.is_impossible or before == (self._numbers, self._texts):
                return

    def is_filled(self, listed: Expression) -> bool:
        """Return whether a list has an element for certain."""
        return self._numbers_of(Count(listed, Type(Base.INTEGER), "")).within(_SOME)

    def of_filters(self, literal: Condition) -> Iterator[Quantified]:
        """Yield what the count of a filtered list means for the list: some element satisfies the condition, or none."""
        for found in filters_of(literal):
            count = self._numbers_of(Count(found, Type(Base.INTEGER), ""))
            if count.within(_SOME):
                yield Quantified(
                    Quantifier.SOME, found.variable, found.others_only, found.domain, found.body, "", NOWHERE
                )
            elif count.within(_NONE):
                body = opposite(found.body)
                yield Quantified(Quantifier.EVERY, found.variable, found.others_only, found.domain, body, "", NOWHERE)

    def _claim(self, literal: Condition) -> None:
        """Note the claim of a literal, without its `not`; the opposite cannot hold as well."""
        holds = True
        if isinstance(literal, InState | IsKnown | Related) and literal.negated:
            literal, holds = replace(literal, negated=False), False
        elif isinstance(literal, Not):
            literal, holds = literal.condition, False
        if self._claims.setdefault(literal, holds) is not holds:
            self.is_impossible = True

    def _number(self, value: Expression, left: Numbers) -> None:
        found = self._numbers[value] = self._numbers_of(value).both(left)
        self.is_impossible = self.is_impossible or found.is_empty

    def _text(self, value: Expression, left: Texts) -> None:
        found = self._texts[value] = self._texts_of(value).both(left)
        self.is_impossible = self.is_impossible or found.is_empty

    def _numbers_of(self, value: Expression) -> Numbers:
        found = self._numbers.get(value)
        if found is None:
            natural = domain(value)
            found = natural if isinstance(natural, Numbers) else Numbers()
        return found

    def _texts_of(self, value: Expression) -> Texts:
        found = self._texts.get(value)
        if found is None:
            natural = domain(value)
            found = natural if isinstance(natural, Texts) else Texts()
        return found

    def _sign(self, left: Expression, right: Expression, signs: frozenset[str]) -> None:
        if (right, left) in self._signs:
            left, right, signs = right, left, frozenset("".join(signs).translate(_TURNED))
        possible = self._signs.get((left, right), frozenset("<=>^v|" if left != right else "=|"))
        found = self._signs[left, right] = possible & signs
        self.is_impossible = self.is_impossible or not found & frozenset("<=>") or not found & frozenset("^v|")

    def _kind(self, owner: Expression, kinds: Texts) -> None:
        self._text(Read((Base.NIC, "kind"), owner, Type(Base.TEXT), ""), kinds)

    def _state(self, literal: InState) -> None:
        operand, state = literal.operand, literal.state
        if state.kind is not None:
            name = frozenset({str(state.kind)})
            self._kind(operand, Texts(never=name) if literal.negated else Texts(only=name))
        elif state.name in STATES:
            addresses = STATES[state.name]
            self._number(operand, addresses.others() if literal.negated else addresses)
        elif state.family and not literal.negated:
            is_other = self._states.setdefault((operand, state.family), state.name) != state.name
            self.is_impossible = self.is_impossible or is_other

    def _known(self, literal: IsKnown) -> None:
        operand = literal.operand
        if literal.negated:
            self.is_impossible = self.is_impossible or not operand.type.optional
        elif isinstance(operand, Read) and operand.word.name == "bond_mode" and operand.owner is not None:
            self._kind(operand.owner, Texts(frozenset({str(Kind.BOND)})))

    def _relate(self, literal: Related) -> None:
        """Note the consequences of a relation that do not depend on the values of its sides."""
        left, right, relation = literal.left, literal.right, literal.relation
        if relation in _SIGNS:
            signs = _SIGNS[relation]
            self._sign(left, right, (frozenset("<=>") - signs if literal.negated else signs) | frozenset("^v|"))
        elif relation in _STACKED:
            signs = _STACKED[relation]
            self._sign(left, right, (frozenset("^v|") - signs if literal.negated else signs) | frozenset("<=>"))
        elif relation is Relate.WITHIN:
            if left == right and literal.negated:
                self.is_impossible = True
            if literal.negated:
                self._filled(left)
        elif relation is Relate.OVERLAPS and not literal.negated:
            self._filled(left)
            self._filled(right)
        elif relation is Relate.IN and not literal.negated:
            self._filled(right)
            self.memberships.append((left, right))
        elif right.type.is_list and not literal.negated:
            self._filled(right)
        if relation is Relate.OVERLAPS:
            self._owns(literal)

    def _filled(self, listed: Expression) -> None:
        self._number(Count(listed, Type(Base.INTEGER), ""), _SOME)

    def _owns(self, literal: Related) -> None:
        """Note that `nic.addresses overlaps host.addresses` means that something is in `nic.matched`."""
        for one, other in ((literal.left, literal.right), (literal.right, literal.left)):
            names = [side.word.shown if isinstance(side, Read) else "" for side in (one, other)]
            if names == ["nic.addresses", "host.addresses"] and isinstance(one, Read):
                matched = Count(replace(one, key=(Base.NIC, "matched")), Type(Base.INTEGER), "")
                self._number(matched, _NONE if literal.negated else _SOME)

    def _narrow(self, literal: Related) -> None:
        """Remove the values of each side that are impossible beside those of the other."""
        left, right, relation = literal.left, literal.right, literal.relation
        if relation in _SIGNS:
            self._compare(left, right, relation, literal.negated)
        elif relation is Relate.IN:
            self._member(left, right, literal.negated)
        elif relation is Relate.IN_NETWORK:
            networks = _networks(right)
            if networks is not None:
                self._number(left, networks.others() if literal.negated else networks)
        elif relation is Relate.LIKE:
            globs = _texts_in(right)
            if globs is not None:
                self._text(left, Texts(unlike=globs) if literal.negated else Texts(like=(globs,)))
        elif relation is Relate.OVERLAPS and not literal.negated:
            self._overlap(left, right)
        elif relation is Relate.WITHIN and not literal.negated and self.is_filled(left):
            self._filled(right)
            self._overlap(left, right)

    def _compare(self, left: Expression, right: Expression, relation: Relate, negated: bool) -> None:
        signs = frozenset("<=>") - _SIGNS[relation] if negated else _SIGNS[relation]
        for one, other, possible in ((left, right, signs), (right, left, frozenset("".join(signs).translate(_TURNED)))):
            natural = domain(one)
            if isinstance(natural, Numbers):
                self._number(one, _numbers_beside(self._numbers_of(other), possible, natural))
            elif isinstance(natural, Texts):
                beside = _texts_beside(self._texts_of(other), possible)
                if beside is not None:
                    self._text(one, beside)
        network = right.value if isinstance(right, Constant) else None
        if signs == _SIGNS[Relate.EQUAL] and isinstance(left, Read) and isinstance(network, Cidr) and left.owner:
            self._number(left.owner, joined([spanned(network)]))
            prefix = Read((Base.OWNED, "prefix"), left.owner, Type(Base.INTEGER), "")
            self._number(prefix, Numbers(((network.prefix, network.prefix),)))

    def _member(self, left: Expression, right: Expression, negated: bool) -> None:
        operands = right.operands if isinstance(right, ListOf) else ()
        if negated:
            for operand in operands:
                self._compare(left, operand, Relate.UNEQUAL, False)
            if _is_owners(right):
                self._number(Count(_matched(left), Type(Base.INTEGER), ""), _NONE)
            return
        self._among(left, right)
        if len(operands) == 1:
            self._compare(left, operands[0], Relate.EQUAL, False)

    def _among(self, value: Expression, listed: Expression) -> None:
        possible = elements(listed)
        if isinstance(possible, Numbers):
            self._number(value, possible)
        elif isinstance(possible, Texts):
            self._text(value, possible)
        if _is_owners(listed):
            self._filled(_matched(value))

    def _overlap(self, left: Expression, right: Expression) -> None:
        one, other = elements(left), elements(right)
        if isinstance(one, Numbers):
            are_disjoint = isinstance(other, Numbers) and one.both(other).is_empty
        else:
            are_disjoint = isinstance(one, Texts) and isinstance(other, Texts) and one.both(other).is_empty
        self.is_impossible = self.is_impossible or are_disjoint

    def _derive(self) -> None:
        """Derive facts about one word from the values of another: members about the kind, prefixes about the family."""
        for value, left in list(self._numbers.items()):
            if isinstance(value, Count) and isinstance(value.operand, Read) and left.within(_SOME):
                word, owner = value.operand.word, value.operand.owner
                if word.owner is Base.NIC and word.name in _MEMBERS_OF and owner is not None:
                    self._kind(owner, Texts(frozenset(map(str, _MEMBERS_OF[word.name]))))
            elif isinstance(value, Read) and value.word.owner is Base.OWNED and value.owner is not None:
                if self._numbers_of(value.owner).within(IPV4):
                    self._number(value, _SHORT_PREFIX)
                elif left.both(_SHORT_PREFIX).is_empty:
                    self._number(value.owner, IPV6)
        for literal, holds in list(self._claims.items()):
            if holds and isinstance(literal, InState) and literal.state.name == "host_prefix":
                addresses = self._numbers_of(literal.operand)
                family = 4 if addresses.within(IPV4) else 6 if addresses.within(IPV6) else None
                prefix = Read((Base.OWNED, "prefix"), literal.operand, Type(Base.INTEGER), "")
                self._number(prefix, _HOST_PREFIX[family])


def _numbers_beside(other: Numbers, signs: frozenset[str], natural: Numbers) -> Numbers:
    """Return the numbers that have one of these relations to one of the others."""
    if other.is_empty:
        return other
    (least, _), (_, greatest) = other.ranges[0], other.ranges[-1]
    ranges = list(other.ranges) if "=" in signs else []
    if "<" in signs:
        ranges.append((-inf, greatest - 1))
    if ">" in signs:
        ranges.append((least + 1, inf))
    return joined(ranges).both(natural)


def _texts_beside(other: Texts, signs: frozenset[str]) -> Texts | None:
    if other.only is None:
        return None
    if signs == frozenset("="):
        return other
    if "=" not in signs and len(other.only) == 1:
        return Texts(never=other.only)
    return None


def _networks(expression: Expression) -> Numbers | None:
    operands = expression.operands if isinstance(expression, ListOf) else (expression,)
    values = [operand.value for operand in operands if isinstance(operand, Constant)]
    networks = [value for value in values if isinstance(value, Cidr)]
    return joined(map(spanned, networks)) if len(networks) == len(operands) else None


def _texts_in(expression: Expression) -> tuple[str, ...] | None:
    operands = expression.operands if isinstance(expression, ListOf) else (expression,)
    texts = tuple(operand.value for operand in operands if isinstance(operand, Constant))
    return tuple(map(str, texts)) if len(texts) == len(operands) else None


def _is_owners(listed: Expression) -> bool:
    return isinstance(listed, Read) and listed.owner is None and listed.word.name == "owners"


def _matched(nic: Expression) -> Expression:
    return Read((Base.NIC, "matched"), nic, Type(Base.OWNED, is_list=True), "")
