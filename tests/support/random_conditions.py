"""Random conditions of the whole language, made from the table of words and states.

A condition is built by types, as the checker reads it. A value that may be unknown gets a guard: `X is known and …` or
`X is unknown or …`. The literals are values that the random hosts have, so that clauses are true as well as false.
"""

from __future__ import annotations

import random
import re
from collections.abc import Mapping
from functools import cache
from typing import NamedTuple

from evaluator.policy.language.types import Base, Type
from evaluator.policy.language.vocabulary import STATES, WORDS, Word
from evaluator.policy.parameters import TYPE_NAMES

PARAMETERS: Mapping[str, Mapping[str, object]] = {
    "net": {"type": "string", "default": "storage"},
    "alias": {"type": "string", "optional": True},
    "limit": {"type": "integer", "default": 2},
    "maybe": {"type": "integer", "optional": True},
    "sure": {"type": "boolean", "default": True},
    "peer": {"type": "address", "default": "10.0.1.3"},
    "site": {"type": "cidr", "default": "10.0.0.0/24"},
    "nets": {"type": ["string"], "default": ["ovirtmgmt", "ens*"]},
    "numbers": {"type": ["integer"], "default": [0, 1, 24]},
    "peers": {"type": ["address"], "default": ["10.0.0.1", "2001:db8::1"]},
    "wide": {"type": ["cidr"], "default": ["10.0.1.0/24", "2001:db8::/32"]},
}
NAMED = {
    "tagged": "nic.vlan_id is known and nic.vlan_id > 0",
    "local_name": 'nic.name like ["br*", "c?5"]',
    "in_site": "some a in nic.matched satisfies a in site",
    "over_bond": "some layer in nic.stack satisfies layer is bond",
}
LITERALS: Mapping[Base, tuple[str, ...]] = {
    Base.TEXT: ('"ens1"', '"bond0"', '"ovirtmgmt"', '"storage"', '"br0"', '"a"', '"uplink A"', '"bridge"', '"gone"'),
    Base.INTEGER: ("0", "1", "2", "5", "24", "32", "64", "128", "1500"),
    Base.ADDRESS: ('address("10.0.0.1")', 'address("10.0.1.3")', 'address("2001:db8::1")', 'address("fe80::1")'),
    Base.CIDR: ('cidr("10.0.0.0/24")', 'cidr("10.0.0.0/8")', 'cidr("2001:db8::/64")', 'cidr("10.0.1.2/31")'),
    Base.BOOLEAN: ("true", "false"),
}
GLOBS = ('"ens*"', '"*0"', '"b[or]*"', '"*.?"', '"*"', '"ovirt????"', '"[!a-d]*"', '"ens1"')
_NUMBERS_OF_COUNT = (0, 1, 1, 2, 2, 3, 6, 7)
_LISTED = (Base.NIC, Base.TEXT, Base.ADDRESS, Base.OWNED, Base.CIDR)
_ORDERS = ("=", "!=", "<", "<=", ">", ">=")
_TYPES = {base: name for name, base in TYPE_NAMES.items()} | {Base.NIC: "", Base.OWNED: ""}


class Value(NamedTuple):
    """The text of a value, and the values in it that may be unknown, each as it is written."""

    text: str
    unknown: tuple[str, ...] = ()


FEATURES = (  # patterns for the words and states
    *dict.fromkeys(rf"\bis (not )?{state.name}\b" for state in STATES),
    *(rf"(?<!\")\b{word.name}\b" if word.owner is None else rf"\.{word.name}\b" for word in WORDS),
)


def random_condition(rng: random.Random, depth: int, *, is_of_nic: bool) -> str:
    """Return a condition, about `nic` if `is_of_nic`; `depth` limits connectives and quantifiers."""
    return _Writer(rng, {"nic": Base.NIC} if is_of_nic else {}).condition(depth)


def condition_with(rng: random.Random, feature: int) -> str:
    """Return a condition about `nic` that has a certain word or state."""
    pattern = re.compile(FEATURES[feature % len(FEATURES)])
    while not pattern.search(condition := random_condition(rng, 2, is_of_nic=True)):
        pass
    return condition


class _Writer:
    """Writes conditions; `variables` are those that are bound here, with their types."""

    def __init__(self, rng: random.Random, variables: Mapping[str, Base]) -> None:
        self.rng = rng
        self.variables = variables

    def condition(self, depth: int) -> str:
        if depth and self.rng.random() < 0.35:
            connective = self.rng.choice(("and", "or"))
            return f"({self.condition(depth - 1)} {connective} {self.condition(depth - 1)})"
        if depth and self.rng.random() < 0.4:
            return self.quantified(depth - 1)
        negation = "not " if self.rng.random() < 0.2 else ""
        return f"({negation}{self.clause(depth)})"

    def quantified(self, depth: int) -> str:
        quantifier = self.rng.choice(("some", "some", "every", "no"))
        name, domain, body = self.bound(depth)
        return f"({quantifier} {name} in {domain} satisfies {body})"

    def bound(self, depth: int) -> tuple[str, str, str]:
        """Return a variable, its list, and a condition on it."""
        base = self.rng.choice((Base.NIC, self.of_bases(*_LISTED)))
        domain = self.listed(base, depth, is_plain=True)
        is_other = base is Base.NIC and self.variables.get("nic") and "other" not in self.variables
        name = "other" if is_other and self.rng.random() < 0.5 else f"x{len(self.variables)}"
        inner = _Writer(self.rng, {**self.variables, name: base})
        return name, domain.text, inner.clause_about(name, base, depth) if depth < 1 else inner.condition(depth)

    def clause_about(self, name: str, base: Base, depth: int) -> str:
        """Return a clause, half of the time one that compares the newest variable."""
        if base is Base.NIC and self.rng.random() < 0.5:
            other = self.of_base(Base.NIC)
            sides = self.rng.sample((name, other), 2)
            return f"{sides[0]} {self.rng.choice(('above', 'below', 'above', '=', '!='))} {sides[1]}"
        return self.clause(depth)

    def clause(self, depth: int) -> str:
        writers = (self.state, self.comparison, self.membership, self.lists, self.count, self.network, self.glob)
        return self.rng.choice((*writers, self.stack, self.truth, self.known, self.state))(depth)

    def state(self, _: int) -> str:
        owners = sorted({*self.variables.values(), Base.HOST} - {Base.TEXT, Base.CIDR})
        base = self.rng.choice(owners)
        names = [state.name for state in STATES if state.owner is base] + (list(NAMED) if base is Base.NIC else [])
        subject = "host" if base is Base.HOST else self.of_base(base)
        return f"{subject} is {self.rng.choice(('', '', 'not '))}{self.rng.choice(names)}"

    def comparison(self, _: int) -> str:
        base = self.of_bases(Base.TEXT, Base.INTEGER, Base.INTEGER, Base.ADDRESS, Base.CIDR, Base.NIC, Base.BOOLEAN)
        relations = _ORDERS if base in (Base.TEXT, Base.INTEGER) else _ORDERS[:2]
        left, right = self.scalar(base), self.scalar(base)
        return self.guarded(f"{left.text} {self.rng.choice(relations)} {right.text}", left, right)

    def membership(self, depth: int) -> str:
        base = self.of_bases(Base.TEXT, Base.TEXT, Base.INTEGER, Base.ADDRESS, Base.NIC, Base.CIDR)
        left, right = self.scalar(base), self.listed(base, depth)
        return self.guarded(f"{left.text} {self.rng.choice(('in', 'not in'))} {right.text}", left, right)

    def lists(self, depth: int) -> str:
        base = self.rng.choice((Base.NIC, Base.TEXT, Base.ADDRESS, Base.CIDR))
        left, right = self.listed(base, depth), self.listed(base, depth)
        relation = self.rng.choice(("overlaps", "within", "not overlaps", "not within"))
        return self.guarded(f"{left.text} {relation} {right.text}", left, right)

    def count(self, depth: int) -> str:
        if depth and self.rng.random() < 0.5:
            name, domain, body = self.bound(0)
            counted = Value(f"{name} in {domain} satisfies {body}")
        else:
            counted = self.listed(self.of_bases(*_LISTED), depth)
        text, number = f"count({counted.text})", self.rng.choice(_NUMBERS_OF_COUNT)
        if self.rng.random() < 0.1:
            return self.guarded(f"{text} = {self.scalar(Base.INTEGER, is_known=True).text}", counted)
        relation = self.rng.choice(_ORDERS)
        sides = (text, str(number)) if self.rng.random() < 0.8 else (str(number), text)
        return self.guarded(f"{sides[0]} {relation} {sides[1]}", counted)

    def network(self, depth: int) -> str:
        left = self.scalar(Base.ADDRESS)
        right = self.scalar(Base.CIDR) if self.rng.random() < 0.5 else self.listed(Base.CIDR, depth)
        return self.guarded(f"{left.text} {self.rng.choice(('in', 'in', 'not in'))} {right.text}", left, right)

    def glob(self, depth: int) -> str:
        left = self.scalar(Base.TEXT)
        globs = ", ".join(self.rng.sample(GLOBS, 2))
        right = self.rng.choice((Value(self.rng.choice(GLOBS)), Value(f"[{globs}]"), self.listed(Base.TEXT, depth)))
        return self.guarded(f"{left.text} like {right.text}", left, right)

    def stack(self, depth: int) -> str:
        if Base.NIC not in self.variables.values():
            return self.count(depth)
        left, right = self.scalar(Base.NIC), self.scalar(Base.NIC)
        return self.guarded(f"{left.text} {self.rng.choice(('above', 'below', 'not above'))} {right.text}", left, right)

    def truth(self, _: int) -> str:
        return self.scalar(Base.BOOLEAN).text

    def known(self, _: int) -> str:
        texts = [text for base in LITERALS for text in self.values(base, is_optional=True)]
        text = self.rng.choice([*texts, "maybe", "alias"])
        return f"{text} is {self.rng.choice(('known', 'unknown'))}"

    def guarded(self, clause: str, *values: Value) -> str:
        """Return a clause with the guards that its unknown values need."""
        for text in dict.fromkeys(text for value in values for text in value.unknown):
            clause = self.rng.choice((f"{text} is known and {clause}", f"({text} is unknown or {clause})"))
        return f"({clause})"

    # -- values

    def of_bases(self, *bases: Base) -> Base:
        """Return one of some types; the types of interfaces and their addresses only if a variable is an interface."""
        has_nic = Base.NIC in self.variables.values()
        return self.rng.choice([base for base in bases if has_nic or base not in (Base.NIC, Base.OWNED)])

    def of_base(self, base: Base) -> str:
        return self.rng.choice([name for name, own in self.variables.items() if own is base])

    def values(self, base: Base, *, is_optional: bool) -> list[str]:
        """Return the words and parameters of one type that are scalars."""
        words = _words(base, is_optional=is_optional)
        texts = [text for word in words for text in self.read(word.owner, word.name)]
        return texts + _parameters(base, is_optional=is_optional)

    def read(self, owner: Base | None, word: str) -> list[str]:
        """Return the texts that read a word: one for each variable of the type that has it."""
        if owner is None:
            return [word]
        if owner in (Base.HOST, Base.REPORT):
            return [f"{owner}.{word}"]
        return [f"{name}.{word}" for name, base in self.variables.items() if base is owner]

    def scalar(self, base: Base, *, is_known: bool = False) -> Value:
        bases = (Base.ADDRESS, Base.OWNED) if base is Base.ADDRESS else (base,)
        texts = [name for name, own in self.variables.items() if own in bases] * 3
        texts += self.values(base, is_optional=False)
        choices = [*map(Value, [*texts, *LITERALS.get(base, ())])]
        if not is_known:
            choices += [Value(text, (text,)) for text in self.values(base, is_optional=True)] * 2
        return self.rng.choice(choices)

    def listed(self, base: Base, depth: int, *, is_plain: bool = False) -> Value:
        """Return a list of values of a type; only lists without guards if `is_plain`."""
        bases = (Base.ADDRESS, Base.OWNED) if base is Base.ADDRESS and not is_plain else (base,)
        words = [word for own in bases for word in _words(own, is_list=True)]
        texts = [text for word in words for text in self.read(word.owner, word.name)]
        texts += _parameters(base, is_list=True)
        if base is Base.NIC:
            texts.append(f"route_to({self.scalar(Base.ADDRESS, is_known=True).text})")
        if base in LITERALS and self.rng.random() < 0.3:
            return Value(f"[{', '.join(self.rng.sample(LITERALS[base], 2))}]")
        has_nic = Base.NIC in self.variables.values()
        if base is Base.NIC and has_nic and not is_plain and depth and self.rng.random() < 0.2:
            values = [self.scalar(base) for _ in range(2)]
            return Value(f"[{', '.join(v.text for v in values)}]", sum((v.unknown for v in values), ()))
        return Value(self.rng.choice(texts))


@cache
def _words(base: Base, *, is_list: bool = False, is_optional: bool = False) -> list[Word]:
    return [word for word in WORDS if word.type == Type(base, is_list, is_optional)]


@cache
def _parameters(base: Base, *, is_list: bool = False, is_optional: bool = False) -> list[str]:
    """Return the names of the parameters of a type."""
    wanted = [_TYPES[base]] if is_list else _TYPES[base]
    return [name for name, one in PARAMETERS.items() if one["type"] == wanted and ("optional" in one) is is_optional]
