"""Decides whether a conjunction of literals is impossible. A literal is a relation, `x is STATE` or `x is known`.

This is constraint propagation over abstract domains. Each expression has the set of values that it can still have:

- a number or an address: a set of ranges (`Numbers`);
- a text, a boolean or a network: allowed and excluded texts, and globs (`Texts`);
- a pair of compared values: the signs that are still possible. The signs `<`, `=` and `>` mean that the first value is
  less, equal or greater. The signs `^`, `v` and `|` mean that the first interface is above the second interface, below
  it, or neither above nor below;
- a list: its length, as the number `count(list)`. The elements of a list have no set.

Each literal makes these sets smaller. Literals that compare two expressions are applied repeatedly, because a smaller
set on one side can make the set of the other side smaller. After each round, `_derive` draws conclusions from one word
about another word. For example, an interface with members must be a bond, a team or a bridge, and an address with a
prefix longer than 32 must be IPv6. If a set becomes empty, the conjunction is impossible. An example, literal by
literal:

    count(nic.networks) < 3                   networks: 0 to 2
    count(nic.ports) < count(nic.networks)    ports: 0 to 1; networks: 1 to 2
    count(nic.ports) > 1                      ports: no value is left, so the conjunction is impossible

In `nic is bridge and count(nic.slaves) > 0`, no literal alone makes a set empty. But `_derive` adds that an interface
with slaves is a bond or a team. Then no kind is left.

All sets are supersets of the real values, so stopping early is safe: after `_ROUNDS` rounds the sets may be larger than
necessary, but never too small. Without this limit, `a < b and b < c and c < a` for integers without an upper bound
would narrow the sets forever.
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
from evaluator.policy.lint.numbers import IPV4, IPV6, STATES, Numbers, network_range, union
from evaluator.policy.lint.ranges import domain, element_domain
from evaluator.policy.lint.related_values import (
    is_owners,
    matched,
    networks_in,
    numbers_related_to,
    texts_in,
    texts_related_to,
)

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
_MIRRORED = str.maketrans("<>^v", "><v^")
_POSITIVE = Numbers(((1, inf),))
_ZERO = Numbers(((0, 0),))
_MEMBERS_OF = {"slaves": (Kind.BOND, Kind.TEAM), "ports": (Kind.BRIDGE, Kind.OVS)}
_HOST_PREFIX = {None: union([(32, 32), (128, 128)]), 4: Numbers(((32, 32),)), 6: Numbers(((128, 128),))}
_SHORT_PREFIX = Numbers(((0, 32),))


class Conjunction:
    """The values that words can have if all of these literals are true.

    `memberships` are pairs of an element and a list that contains it.
    """

    def __init__(self, literals: Iterable[Condition]) -> None:
        self.is_impossible = False
        self.memberships: list[tuple[Expression, Expression]] = []
        self._numbers: dict[Expression, Numbers] = {}
        self._texts: dict[Expression, Texts] = {}
        self._signs: dict[tuple[Expression, Expression], frozenset[str]] = {}
        self._truths: dict[Condition, bool] = {}
        self._states: dict[tuple[Expression, str], str] = {}
        relations: list[Related] = []
        for literal in literals:
            self._store_truth(literal)
            match literal:
                case Related():
                    relations.append(literal)
                    self._apply_relation(literal)
                case InState():
                    self._apply_state(literal)
                case IsKnown():
                    self._apply_known(literal)
                case Truth(operand=operand):
                    self._restrict_text(operand, Texts(frozenset({"true"})))
                case Not(condition=Truth(operand=operand)):
                    self._restrict_text(operand, Texts(frozenset({"false"})))
                case Quantified(quantifier=Quantifier.SOME, domain=listed):
                    self._restrict_number(Count(listed, Type(Base.INTEGER), ""), _POSITIVE)
        self._propagate(relations)

    def _propagate(self, relations: list[Related]) -> None:
        """Apply the relations until no set changes, or for `_ROUNDS` rounds."""
        for _ in range(_ROUNDS):
            before = (dict(self._numbers), dict(self._texts))
            for relation in relations:
                if not self.is_impossible:
                    self._narrow(relation)
            self._derive()
            if self.is_impossible or before == (self._numbers, self._texts):
                return

    def is_nonempty(self, listed: Expression) -> bool:
        """Return whether a list certainly has an element."""
        return self._numbers_of(Count(listed, Type(Base.INTEGER), "")).is_subset_of(_POSITIVE)

    def quantifiers_from_counts(self, literal: Condition) -> Iterator[Quantified]:
        """Yield the quantifiers that follow from each `count(x in LIST satisfies CONDITION)` in a literal.

        If the count is positive, `some x in LIST satisfies CONDITION` follows. If the count is 0, `every x in LIST
        satisfies not CONDITION` follows.
        """
        for filtered in filters_of(literal):
            count = self._numbers_of(Count(filtered, Type(Base.INTEGER), ""))
            if count.is_subset_of(_POSITIVE):
                yield Quantified(
                    Quantifier.SOME,
                    filtered.variable,
                    filtered.others_only,
                    filtered.domain,
                    filtered.body,
                    "",
                    NOWHERE,
                )
            elif count.is_subset_of(_ZERO):
                body = opposite(filtered.body)
                yield Quantified(
                    Quantifier.EVERY, filtered.variable, filtered.others_only, filtered.domain, body, "", NOWHERE
                )

    def _store_truth(self, literal: Condition) -> None:
        """Store that a literal is true, or false if it has `not`. A literal cannot be both true and false."""
        is_true = True
        if isinstance(literal, InState | IsKnown | Related) and literal.negated:
            literal, is_true = replace(literal, negated=False), False
        elif isinstance(literal, Not):
            literal, is_true = literal.condition, False
        if self._truths.setdefault(literal, is_true) is not is_true:
            self.is_impossible = True

    def _restrict_number(self, value: Expression, allowed: Numbers) -> None:
        """Intersect the possible numbers of a value with a set. If no number remains, the conjunction is impossible."""
        remaining = self._numbers[value] = self._numbers_of(value).intersection(allowed)
        self.is_impossible = self.is_impossible or remaining.is_empty

    def _restrict_text(self, value: Expression, allowed: Texts) -> None:
        """Intersect the possible texts of a value with a set. If no text remains, the conjunction is impossible."""
        remaining = self._texts[value] = self._texts_of(value).intersection(allowed)
        self.is_impossible = self.is_impossible or remaining.is_empty

    def _numbers_of(self, value: Expression) -> Numbers:
        """Return the numbers that are still possible for a word; without a condition, all numbers of the word."""
        numbers = self._numbers.get(value)
        if numbers is None:
            natural = domain(value)
            numbers = natural if isinstance(natural, Numbers) else Numbers()
        return numbers

    def _texts_of(self, value: Expression) -> Texts:
        """Return the texts that are still possible for a word; without a condition, all texts of the word."""
        texts = self._texts.get(value)
        if texts is None:
            natural = domain(value)
            texts = natural if isinstance(natural, Texts) else Texts()
        return texts

    def _restrict_signs(self, left: Expression, right: Expression, signs: frozenset[str]) -> None:
        """Remove all signs between two values, except the given signs. The head of this module lists the signs.

        At least one of `<`, `=` and `>` must remain, and at least one of `^`, `v` and `|`. Otherwise the literals
        cannot be true together. `b < a` is stored as `a > b`, so that both notations restrict the same set. Only `=`
        and `|` are possible between a value and itself, so `a < a` and `a above a` are impossible.
        """
        if (right, left) in self._signs:
            left, right, signs = right, left, frozenset("".join(signs).translate(_MIRRORED))
        possible = self._signs.get((left, right), frozenset("<=>^v|" if left != right else "=|"))
        remaining = self._signs[left, right] = possible & signs
        self.is_impossible = self.is_impossible or not remaining & frozenset("<=>") or not remaining & frozenset("^v|")

    def _restrict_kind(self, owner: Expression, kinds: Texts) -> None:
        """Intersect the kinds of an interface with a set: `nic is bond` restricts the word `nic.kind`."""
        self._restrict_text(Read((Base.NIC, "kind"), owner, Type(Base.TEXT), ""), kinds)

    def _apply_state(self, literal: InState) -> None:
        """Apply `x is STATE` or `x is not STATE`.

        - `nic is bond`: the kind is bond. `nic is not bond`: the kind is not bond.
        - `a is private`: the address is in a private network. `a is not private`: the address is outside.
        - `nic is up`: `nic is down` is false, because both are states of one family.
        """
        operand, state = literal.operand, literal.state
        if state.kind is not None:
            name = frozenset({str(state.kind)})
            self._restrict_kind(operand, Texts(never=name) if literal.negated else Texts(only=name))
        elif state.name in STATES:
            addresses = STATES[state.name]
            self._restrict_number(operand, addresses.complement() if literal.negated else addresses)
        elif state.family and not literal.negated:
            is_other = self._states.setdefault((operand, state.family), state.name) != state.name
            self.is_impossible = self.is_impossible or is_other

    def _apply_known(self, literal: IsKnown) -> None:
        """Apply `x is known` or `x is unknown`.

        `x is unknown` is impossible if `x` always has a value. `nic.bond_mode is known` is true only for a bond.
        """
        operand = literal.operand
        if literal.negated:
            self.is_impossible = self.is_impossible or not operand.type.optional
        elif isinstance(operand, Read) and operand.word.name == "bond_mode" and operand.owner is not None:
            self._restrict_kind(operand.owner, Texts(frozenset({str(Kind.BOND)})))

    def _apply_relation(self, literal: Related) -> None:
        """Restrict the signs between two values, and the lengths of lists. `_narrow` restricts the values themselves.

        - `x < y`: the signs `=` and `>` are removed. `x not above y`: the sign `^` is removed.
        - `x in L`: L has an element, and the pair is stored in `memberships`.
        - `L overlaps M`: both lists have an element. `L not within M`: L has an element; impossible if L is M.
        - `address in NETWORKS`, `text like GLOBS`: the list on the right has an element.
        """
        left, right, relation = literal.left, literal.right, literal.relation
        if relation in _SIGNS:
            signs = _SIGNS[relation]
            self._restrict_signs(
                left, right, (frozenset("<=>") - signs if literal.negated else signs) | frozenset("^v|")
            )
        elif relation in _STACKED:
            signs = _STACKED[relation]
            self._restrict_signs(
                left, right, (frozenset("^v|") - signs if literal.negated else signs) | frozenset("<=>")
            )
        elif relation is Relate.WITHIN:
            if left == right and literal.negated:
                self.is_impossible = True
            if literal.negated:
                self._require_element(left)
        elif relation is Relate.OVERLAPS and not literal.negated:
            self._require_element(left)
            self._require_element(right)
        elif relation is Relate.IN and not literal.negated:
            self._require_element(right)
            self.memberships.append((left, right))
        elif right.type.is_list and not literal.negated:
            self._require_element(right)
        if relation is Relate.OVERLAPS:
            self._apply_ownership(literal)

    def _require_element(self, listed: Expression) -> None:
        """Apply the fact that a list is not empty: `count(listed)` is at least 1."""
        self._restrict_number(Count(listed, Type(Base.INTEGER), ""), _POSITIVE)

    def _apply_ownership(self, literal: Related) -> None:
        """Use that `nic.addresses overlaps host.addresses` is true if and only if `nic.matched` is not empty."""
        for left, right in ((literal.left, literal.right), (literal.right, literal.left)):
            words = [side.word.shown if isinstance(side, Read) else "" for side in (left, right)]
            if words == ["nic.addresses", "host.addresses"] and isinstance(left, Read):
                matched = Count(replace(left, key=(Base.NIC, "matched")), Type(Base.INTEGER), "")
                self._restrict_number(matched, _ZERO if literal.negated else _POSITIVE)

    def _narrow(self, literal: Related) -> None:
        """Remove the values with which a relation can never be true.

        For example, if the speed is at most 1000, `nic.mtu < nic.speed` removes each MTU that is 1000 or greater.

        - `address in NETWORKS`, `text like GLOBS`: if all networks or globs are constants, the values that they do not
          match are removed. With `not`, the values that they match are removed.
        - `L overlaps M`: impossible if no element of L can be equal to an element of M.
        - `L within M`, if L is not empty: M is not empty. Also impossible if no element of L can be equal to an element
          of M.
        """
        left, right, relation = literal.left, literal.right, literal.relation
        if relation in _SIGNS:
            self._narrow_compared(left, right, relation, literal.negated)
        elif relation is Relate.IN:
            self._narrow_member(left, right, literal.negated)
        elif relation is Relate.IN_NETWORK:
            networks = networks_in(right)
            if networks is not None:
                self._restrict_number(left, networks.complement() if literal.negated else networks)
        elif relation is Relate.LIKE:
            globs = texts_in(right)
            if globs is not None:
                self._restrict_text(left, Texts(unlike=globs) if literal.negated else Texts(like=(globs,)))
        elif relation is Relate.OVERLAPS and not literal.negated:
            self._compare_lists(left, right)
        elif relation is Relate.WITHIN and not literal.negated and self.is_nonempty(left):
            self._require_element(right)
            self._compare_lists(left, right)

    def _narrow_compared(self, left: Expression, right: Expression, relation: Relate, negated: bool) -> None:
        """Apply a comparison to both sides. A negated comparison is applied as its opposite: `not x < y` as `x >= y`.

        - `x < y`: x is at most max(y) - 1, and y is at least min(x) + 1.
        - `x <= y`: x is at most max(y), and y is at least min(x).
        - `x = y`: x is one of the values of y, and y is one of the values of x.
        - `text != "a"`: the text is not "a".
        - `a.network = cidr("10.0.0.0/24")`: the address is in this network, and its prefix length is 24.
        """
        signs = frozenset("<=>") - _SIGNS[relation] if negated else _SIGNS[relation]
        for side, other, possible in (
            (left, right, signs),
            (right, left, frozenset("".join(signs).translate(_MIRRORED))),
        ):
            natural = domain(side)
            if isinstance(natural, Numbers):
                self._restrict_number(side, numbers_related_to(self._numbers_of(other), possible, natural))
            elif isinstance(natural, Texts):
                related = texts_related_to(self._texts_of(other), possible)
                if related is not None:
                    self._restrict_text(side, related)
        network = right.value if isinstance(right, Constant) else None
        if signs == _SIGNS[Relate.EQUAL] and isinstance(left, Read) and isinstance(network, Cidr) and left.owner:
            self._restrict_number(left.owner, union([network_range(network)]))
            prefix = Read((Base.OWNED, "prefix"), left.owner, Type(Base.INTEGER), "")
            self._restrict_number(prefix, Numbers(((network.prefix, network.prefix),)))

    def _narrow_member(self, left: Expression, right: Expression, negated: bool) -> None:
        """Apply `x in LIST` or `x not in LIST`.

        - `x in [a]`: x = a. `x not in [a, b]`: x != a, and x != b.
        - `x in L`: see `_narrow_element`. `nic not in owners`: `nic.matched` is empty.
        """
        operands = right.operands if isinstance(right, ListOf) else ()
        if negated:
            for operand in operands:
                self._narrow_compared(left, operand, Relate.UNEQUAL, False)
            if is_owners(right):
                self._restrict_number(Count(matched(left), Type(Base.INTEGER), ""), _ZERO)
            return
        self._narrow_element(left, right)
        if len(operands) == 1:
            self._narrow_compared(left, operands[0], Relate.EQUAL, False)

    def _narrow_element(self, value: Expression, listed: Expression) -> None:
        """Apply `x in L`: x is a value that an element of L can have. `nic in owners`: `nic.matched` is not empty."""
        possible = element_domain(listed)
        if isinstance(possible, Numbers):
            self._restrict_number(value, possible)
        elif isinstance(possible, Texts):
            self._restrict_text(value, possible)
        if is_owners(listed):
            self._require_element(matched(value))

    def _compare_lists(self, left: Expression, right: Expression) -> None:
        """Use that two lists have a common element. If no value can be in both lists, the conjunction is impossible."""
        left_elements, right_elements = element_domain(left), element_domain(right)
        if isinstance(left_elements, Numbers):
            are_disjoint = isinstance(right_elements, Numbers) and left_elements.intersection(right_elements).is_empty
        else:
            are_disjoint = (
                isinstance(left_elements, Texts)
                and isinstance(right_elements, Texts)
                and left_elements.intersection(right_elements).is_empty
            )
        self.is_impossible = self.is_impossible or are_disjoint

    def _derive(self) -> None:
        """Use what is known about one word for another word.

        - `nic.slaves` has an element: the kind is bond or team. `nic.ports` has an element: the kind is bridge or OVS
          bridge.
        - An address is IPv4: its prefix length is at most 32. The length is more than 32: the address is IPv6.
        - An address `is host_prefix`: its length is 32 (IPv4) or 128 (IPv6). If the family is unknown, both are
          possible.
        """
        for value, numbers in list(self._numbers.items()):
            if isinstance(value, Count) and isinstance(value.operand, Read) and numbers.is_subset_of(_POSITIVE):
                word, owner = value.operand.word, value.operand.owner
                if word.owner is Base.NIC and word.name in _MEMBERS_OF and owner is not None:
                    self._restrict_kind(owner, Texts(frozenset(map(str, _MEMBERS_OF[word.name]))))
            elif isinstance(value, Read) and value.word.owner is Base.OWNED and value.owner is not None:
                if self._numbers_of(value.owner).is_subset_of(IPV4):
                    self._restrict_number(value, _SHORT_PREFIX)
                elif numbers.intersection(_SHORT_PREFIX).is_empty:
                    self._restrict_number(value.owner, IPV6)
        for literal, is_true in list(self._truths.items()):
            if is_true and isinstance(literal, InState) and literal.state.name == "host_prefix":
                addresses = self._numbers_of(literal.operand)
                family = 4 if addresses.is_subset_of(IPV4) else 6 if addresses.is_subset_of(IPV6) else None
                prefix = Read((Base.OWNED, "prefix"), literal.operand, Type(Base.INTEGER), "")
                self._restrict_number(prefix, _HOST_PREFIX[family])
