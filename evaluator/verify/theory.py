"""The facts of a host as symbols of first-order logic, and the laws that every report obeys.

There are five sorts: interfaces, addresses, owned addresses (an interface's address with its prefix), texts and
networks. The solver knows nothing about the elements of these sorts. Integers are the integers of the solver. A fact of
an interface is a symbol for a function or a relation on these sorts. The solver knows nothing about the symbol except
its laws. So every host is a model, but a model may also describe something that is not a possible host. A formula that
has no model is false for every host.

Each law in the table is true for every report of every format. So a proof is right. But the table does not contain
every true law. So a model is only a hint: the search among real hosts must find the counterexample (`bounded.py`). A
law that is false for some report would make proofs wrong. Therefore each law has a sentence, and tests check each law
on random reports.

A law is used only if the policy or the property mentions its symbols: fewer axioms make the search shorter, and fewer
laws never make a proof wrong.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Iterator, Mapping

from msgspec import Struct

from evaluator.facts.address import Address, Cidr
from evaluator.facts.host import HostFacts
from evaluator.facts.host_addresses import HostAddresses
from evaluator.facts.link import Kind
from evaluator.policy.language.environment import Environment, Question
from evaluator.policy.language.types import Base
from evaluator.policy.language.vocabulary import state_named
from evaluator.verify.classes import glob_combinations, matches, sample_addresses
from evaluator.verify.smt import (
    TRUE,
    Formula,
    apply,
    conjunction,
    disjunction,
    distinct,
    equal,
    forall,
    negation,
)

NIC, ADDRESS, OWNED, TEXT, NETWORK, INTEGER, BOOLEAN = "Nic", "Address", "Owned", "Text", "Network", "Int", "Bool"
_NAME = re.compile(r"\|[^|]*\||[^\s()|]+")
_NOT_RENAMED: Mapping[str, str] = {}
_SORTS = (NIC, ADDRESS, OWNED, TEXT, NETWORK)


class Symbol(Struct, frozen=True):
    """A function symbol of the solver.

    `arguments` are the sorts of its arguments, and `value` is the sort of its value. `needs` are other symbols that
    occur in its laws.
    """

    arguments: tuple[str, ...]
    value: str = BOOLEAN
    needs: tuple[str, ...] = ()


class Law(Struct, frozen=True):
    """A formula about some symbols that is true for every report, and its sentence. A definition has no sentence."""

    symbols: tuple[str, ...]
    formula: Formula
    sentence: str = ""


_OF_NIC = (NIC,)
SYMBOLS: Mapping[str, Symbol] = {
    "above": Symbol((NIC, NIC)),
    "reaches": Symbol((NIC, NIC), needs=("above",)),
    "lower": Symbol((NIC, NIC), needs=("reaches",)),
    "slave": Symbol((NIC, NIC), needs=("lower",)),
    "port": Symbol((NIC, NIC), needs=("lower",)),
    "base": Symbol(_OF_NIC, NIC, needs=("lower", "base.known")),
    "base.known": Symbol(_OF_NIC),
    "owns": Symbol((NIC, ADDRESS)),
    "has": Symbol((NIC, OWNED), needs=("address", "owns")),
    "address": Symbol((OWNED,), ADDRESS),
    "matched": Symbol((NIC, ADDRESS), needs=("owns", "usable")),
    "owner": Symbol(_OF_NIC, needs=("matched",)),
    "answer": Symbol((ADDRESS,)),
    "usable": Symbol((ADDRESS,), needs=("answer",)),
    "first_address": Symbol((), ADDRESS, needs=("answer", "first_address.known")),
    "first_address.known": Symbol(()),
    "name": Symbol(_OF_NIC, TEXT, needs=("named",)),
    "named": Symbol((TEXT,), NIC),
    "position": Symbol(_OF_NIC, INTEGER, needs=("at_position",)),
    "at_position": Symbol((INTEGER,), NIC),
    "kind": Symbol(_OF_NIC, TEXT),
    "carries": Symbol((NIC, TEXT), needs=("on_host",)),
    "on_host": Symbol((TEXT,)),
    "up": Symbol(_OF_NIC),
    "down": Symbol(_OF_NIC),
    "subnet": Symbol((NIC, NETWORK)),
    "route": Symbol((NIC, NETWORK)),
    "gateway": Symbol((NIC, ADDRESS)),
    "contains": Symbol((NETWORK, ADDRESS)),
    "best_route": Symbol((ADDRESS, NIC), needs=("route", "contains")),
    "network": Symbol((OWNED,), NETWORK, needs=("contains", "address")),
    "prefix": Symbol((OWNED,), INTEGER),
    "ipv4": Symbol((ADDRESS,)),
    "ipv6": Symbol((ADDRESS,)),
    "link_local": Symbol((ADDRESS,)),
    "private": Symbol((ADDRESS,)),
    "global": Symbol((ADDRESS,)),
    "like": Symbol((TEXT, TEXT)),
    "text_before": Symbol((TEXT, TEXT)),
}


def _strict_order(relation: str, sort: str) -> tuple[Formula, ...]:
    x, y, z = ("x", sort), ("y", sort), ("z", sort)
    chain = apply("and", apply(relation, "x", "y"), apply(relation, "y", "z"))
    return (
        forall([x], negation(apply(relation, "x", "x"))),
        forall([x, y, z], apply("=>", chain, apply(relation, "x", "z"))),
    )


def _for_all(variables: str, formula: Formula) -> Formula:
    """Return the formula with "for all" and the variables before it.

    The first letter of a variable determines its sort.
    """
    sorts = {"n": NIC, "m": NIC, "o": NIC, "a": ADDRESS, "v": OWNED, "t": TEXT, "c": NETWORK}
    return forall([(name, sorts[name[0]]) for name in variables.split()], formula)


_KINDS = disjunction(equal("(kind n)", f"|text:{kind}|") for kind in Kind)
LAWS: tuple[Law, ...] = (
    Law(
        ("above",),
        conjunction(_strict_order("above", NIC)),
        "no interface is above itself; if A is above B and B is above C, then A is above C",
    ),
    Law(
        ("reaches",),
        conjunction(
            (
                _for_all("n m o", "(=> (and (reaches n m) (reaches m o)) (reaches n o))"),
                _for_all("n m", "(= (above n m) (and (reaches n m) (not (reaches m n))))"),
            )
        ),
    ),
    Law(
        ("lower",),
        _for_all("n m", "(=> (lower n m) (reaches n m))"),
        "an interface is above its direct lower devices, except a lower device in the same cycle",
    ),
    Law(("slave",), _for_all("n m", "(=> (slave n m) (lower n m))"), "slaves are lower devices"),
    Law(("port",), _for_all("n m", "(=> (port n m) (lower n m))"), "ports are lower devices"),
    Law(("base",), _for_all("n", "(=> (base.known n) (lower n (base n)))"), "the base of a VLAN is its lower device"),
    Law(
        ("has",),
        conjunction(
            (
                _for_all("n v", "(=> (has n v) (owns n (address v)))"),
                _for_all("n a", "(=> (owns n a) (exists ((v Owned)) (and (has n v) (= (address v) a))))"),
            )
        ),
    ),
    Law(("matched",), _for_all("n a", "(= (matched n a) (and (owns n a) (usable a)))")),
    Law(("owner",), _for_all("n", "(= (owner n) (exists ((a Address)) (matched n a)))")),
    Law(
        ("owns", "usable"),
        _for_all("n a", "(=> (and (owns n a) (answer a)) (usable a))"),
        "no interface owns a loopback, multicast, broadcast or unspecified address",
    ),
    Law(
        ("usable",),
        _for_all("a", "(=> (usable a) (answer a))"),
        "each usable host address is one of the host's answers",
    ),
    Law(
        ("first_address",),
        "(=> first_address.known (answer first_address))",
        "the first address is one of the host's answers",
    ),
    Law(("name",), _for_all("n", "(= (named (name n)) n)"), "interfaces have different names"),
    Law(("position",), _for_all("n", "(= (at_position (position n)) n)"), "interfaces have different positions"),
    Law(("kind",), _for_all("n", _KINDS), "an interface has exactly one kind"),
    Law(
        ("carries",),
        _for_all("n t", "(=> (carries n t) (on_host t))"),
        "the networks of an interface are networks of the host",
    ),
    Law(("up", "down"), _for_all("n", "(not (and (up n) (down n)))"), "no interface is both up and down"),
    Law(
        ("best_route",),
        _for_all("a n", "(=> (best_route a n) (exists ((c Network)) (and (route n c) (contains c a))))"),
        "an interface in `route_to(…)` has a route to the address",
    ),
    Law(
        ("network",),
        _for_all("v", "(contains (network v) (address v))"),
        "every address of an interface is in the subnet of this address",
    ),
    Law(
        ("text_before",),
        conjunction(
            (
                *_strict_order("text_before", TEXT),
                _for_all("t1 t2", "(or (= t1 t2) (text_before t1 t2) (text_before t2 t1))"),
            )
        ),
        "texts have an order",
    ),
)


def _as(formula: Formula, is_true: bool) -> Formula:
    return formula if is_true else negation(formula)


def _all_as(formulas: Iterable[Formula], values: Iterable[bool]) -> Formula:
    return conjunction(map(_as, formulas, values))


def _renamed(law: Law, renamed: Mapping[str, str]) -> Law:
    """Return the same law about another host, whose symbols have other names."""
    formula = _NAME.sub(lambda name: renamed.get(name.group(), name.group()), law.formula)
    return Law(law.symbols, formula, law.sentence)


def _state(name: str) -> Callable[[Address], bool]:
    holds = state_named(Base.ADDRESS, name).holds
    return lambda address: holds(_NO_ENVIRONMENT, address)


_NO_ENVIRONMENT = Environment(Question(HostFacts.of(()), HostAddresses(), {}), ())
_ADDRESS_STATES: Mapping[str, Callable[[Address], bool]] = {
    name: _state(name) for name in ("ipv4", "ipv6", "link_local", "private", "global")
}


class Theory:
    """Collects the symbols, the literals and the axioms of one question to the solver."""

    def __init__(self) -> None:
        self._declarations: dict[str, str] = {}
        self._axioms: list[tuple[Formula, tuple[str, ...]]] = []
        self._fresh = 0
        self._renamings: list[Mapping[str, str]] = []
        self._texts: dict[str, str] = {}
        self._globs: dict[str, str] = {}
        self._addresses: dict[str, Address] = {}
        self._networks: dict[str, Cidr] = {}

    def symbol(self, name: str, renamed: Mapping[str, str] = _NOT_RENAMED) -> str:
        """Declare a symbol of the table and the symbols that its laws need, and return its name.

        `renamed` are the names of symbols for the second of two hosts. The renamed symbols have the same laws.
        """
        symbol, known = renamed.get(name, name), SYMBOLS[name]
        if renamed and renamed not in self._renamings:
            self._renamings.append(renamed)
        if symbol not in self._declarations:
            self.declare(symbol, known.arguments, known.value)
            for needed in known.needs:
                self.symbol(needed, renamed)
            if name == "kind":
                for kind in Kind:
                    self.text(str(kind))
        return symbol

    def declare(self, name: str, arguments: Iterable[str], value: str = BOOLEAN) -> str:
        """Declare a symbol that is not in the table of symbols, unless it is declared already, and return its name."""
        self._declarations.setdefault(name, f"(declare-fun {name} ({' '.join(arguments)}) {value})")
        return name

    def fresh(self, words: str) -> str:
        """Return a new name that begins with a given text."""
        self._fresh += 1
        return f"{words}.{self._fresh}"

    def define(self, words: str, variables: str, sort: str, formula: Formula) -> str:
        """Declare a new relation on one sort by its definition, and return its name."""
        name = self.declare(self.fresh(words), (sort,))
        self.axiom(forall([(variables, sort)], equal(apply(name, variables), formula)), name)
        return name

    def axiom(self, formula: Formula, *about: str) -> None:
        """Add an axiom. `about` are symbols: a question that uses none of these symbols leaves the axiom out."""
        if formula != TRUE:
            self._axioms.append((formula, about))

    def text(self, value: str) -> str:
        """Return the constant that means a text."""
        name = self._literal(TEXT, f"text:{value}")
        self._texts[name] = value
        return name

    def glob(self, value: str) -> str:
        """Return the constant that means a glob. A glob is a text too."""
        name = self.text(value)
        self._globs[name] = value
        return name

    def address(self, value: Address) -> str:
        """Return the constant that means an address."""
        name = self._literal(ADDRESS, f"address:{value}")
        self._addresses[name] = value
        return name

    def network(self, value: Cidr) -> str:
        """Return the constant that means a network."""
        name = self._literal(NETWORK, f"network:{value}")
        self._networks[name] = value
        return name

    def _literal(self, sort: str, label: str) -> str:
        plain = (
            char if char.isascii() and (char.isalnum() or char in "-_.:/* []?!") else f"%{ord(char):x}%"
            for char in label
        )
        return self.declare(f"|{''.join(plain)}|", (), sort)

    def _facts_of_literals(self) -> Iterator[Formula]:
        """Yield the formulas about the literals.

        The formulas state that the literals are different, which globs match a text, and which networks contain an
        address.
        """
        yield from (distinct(list(names)) for names in (self._texts, self._addresses, self._networks))
        for text, value in self._texts.items():
            yield conjunction(
                _as(apply("like", text, name), matches(glob, value)) for name, glob in self._globs.items()
            )
        combinations = glob_combinations(tuple(self._globs.values())) if self._globs else None
        if combinations is not None:
            yield _for_all(
                "t", disjunction(_all_as([f"(like t {name})" for name in self._globs], c) for c in combinations)
            )
        states = [name for name in _ADDRESS_STATES if name in self._declarations]
        yield from (self._facts_of_address(name, value, states) for name, value in self._addresses.items())
        if self._networks or states:
            samples = sample_addresses(self._networks.values())
            classes = dict.fromkeys(self._facts_of_address("a", sample, states) for sample in samples)
            yield _for_all("a", disjunction(classes))

    def _facts_of_address(self, name: str, value: Address, states: Iterable[str]) -> Formula:
        """Return the formula about one address: the networks that contain it, and its states, such as `private`."""
        is_in = (_as(apply("contains", network, name), value in cidr) for network, cidr in self._networks.items())
        has = (_as(apply(state, name), _ADDRESS_STATES[state](value)) for state in states)
        return conjunction((*(is_in if "contains" in self._declarations else ()), *has))

    @property
    def laws(self) -> tuple[Law, ...]:
        """The laws about the symbols that this theory declares."""
        laws = [law for law in LAWS if self._declares(law, _NOT_RENAMED)]
        for renamed in self._renamings:
            own = [law for law in LAWS if not renamed.keys().isdisjoint(_NAME.findall(law.formula))]
            laws += [_renamed(law, renamed) for law in own if self._declares(law, renamed)]
        return tuple(laws)

    def _declares(self, law: Law, renamed: Mapping[str, str]) -> bool:
        return all(renamed.get(symbol, symbol) in self._declarations for symbol in law.symbols)

    def script(self, *goals: Formula) -> str:
        """Return the SMT-LIB text that asks whether the axioms and goals can be true together.

        The text contains only the axioms that the goals need. With fewer axioms, the solver finds proofs sooner. Each
        proof is still right, because it uses fewer assumptions.
        """
        asserted = (*(law.formula for law in self.laws), *self._facts_of_literals(), *self._relevant(goals), *goals)
        lines = [
            "(set-logic ALL)",
            *(f"(declare-sort {sort} 0)" for sort in _SORTS),
            *self._declarations.values(),
            *(f"(assert {formula})" for formula in asserted if formula != TRUE),
            "(check-sat)",
        ]
        return "\n".join(lines) + "\n"

    def _relevant(self, goals: Iterable[Formula]) -> list[Formula]:
        """Return the axioms that some goals need.

        An axiom is needed if it is about a symbol that a goal or a needed axiom uses. An axiom that is about no symbol
        is always needed.
        """
        reached = {name for goal in goals for name in _NAME.findall(goal)}
        relevant = {formula: not about for formula, about in self._axioms}
        is_growing = True
        while is_growing:
            is_growing = False
            for formula, about in self._axioms:
                if not relevant[formula] and not reached.isdisjoint(about):
                    relevant[formula] = is_growing = True
                    reached.update(_NAME.findall(formula))
        return [formula for formula, _ in self._axioms if relevant[formula]]
