"""The facts of one host as terms and formulas, without the rules.

A value becomes a term. A list becomes a function: it takes a term, and returns a formula that is true if the list
contains the term. A term has a sort, such as Address. An address that an interface owns, with its prefix length, has
the sort Owned. `translate.py` builds conditions from terms and lists.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping

from msgspec import Struct

from evaluator.facts.address import Address, Cidr
from evaluator.policy.language.checked import ParameterValue, Read, Relate
from evaluator.policy.language.environment import Value
from evaluator.policy.language.types import Base
from evaluator.verify.smt import FALSE, TRUE, Formula, apply, conjunction, disjunction, equal, exists, negation
from evaluator.verify.theory import ADDRESS, BOOLEAN, INTEGER, NETWORK, NIC, OWNED, SYMBOLS, TEXT, Theory

SORTS: Mapping[Base, str] = {
    Base.NIC: NIC,
    Base.ADDRESS: ADDRESS,
    Base.OWNED: OWNED,
    Base.TEXT: TEXT,
    Base.CIDR: NETWORK,
    Base.INTEGER: INTEGER,
    Base.BOOLEAN: BOOLEAN,
    Base.NOTHING: TEXT,  # the empty list; no element is ever looked for
}
Relation = Callable[[str], Formula]


class Term(Struct, frozen=True):
    """The translation of a value; `known` is the formula that is true if the value is known."""

    text: str
    base: Base
    known: Formula = TRUE


class Members(Struct, frozen=True):
    """The translation of a list: `contains` returns the formula that is true if the list contains a term."""

    base: Base
    contains: Relation


class Untranslatable(Exception):
    """A part of a condition has no exact translation."""


class World(Struct, frozen=True):
    """A host in a question to the solver. Some questions have two hosts: a host and a changed copy of it.

    - `renamed`: new names of symbols. If the two hosts can have different values for `position`, one of the two hosts
      has another name for this symbol, such as `position.old`.
    - `absent`: the term of the interface that only the other host has.
    - `is_empty`: whether the host has no interface at all.
    - `parameters`: the given parameters. All other parameters can have any value of their type.
    """

    renamed: Mapping[str, str] = {}
    absent: str | None = None
    is_empty: bool = False
    parameters: Mapping[str, Value] = {}


class HostTerms:
    """The values and lists of one host, its answers and the parameters."""

    def __init__(self, theory: Theory, world: World) -> None:
        self.theory = theory
        self.world = world

    def some_nic(self, body: Relation) -> Formula:
        """Return the formula that is true if at least one interface of this host has a property."""
        if self.world.is_empty:
            return FALSE
        variable = self.theory.fresh("n")
        return exists([(variable, NIC)], conjunction((self.is_here(variable), body(variable))))

    def every_nic(self, body: Relation) -> Formula:
        """Return the formula that is true if all interfaces of this host have a property."""
        return negation(self.some_nic(lambda nic: negation(body(nic))))

    def some(self, base: Base, body: Relation) -> Formula:
        """Return the formula that is true if at least one element of a sort has a property."""
        if base is Base.NIC:
            return self.some_nic(body)
        variable = self.theory.fresh(base[0])
        return exists([(variable, SORTS[base])], body(variable))

    def is_here(self, nic: str) -> Formula:
        """Return the formula that is true if an interface belongs to this host."""
        return TRUE if self.world.absent is None else negation(equal(nic, self.world.absent))

    def fact(self, name: str, *arguments: str) -> str:
        """Return the term for a fact of this host: a symbol of the theory with its arguments."""
        return apply(self.theory.symbol(name, self.world.renamed), *arguments)

    def matched(self, nic: str, address: str) -> Formula:
        """Return the formula that is true if an interface owns an address, and this is a usable host address."""
        return self.fact("matched", nic, address)

    def is_owner(self, nic: str) -> Formula:
        """Return the formula that is true if an interface owns a usable host address."""
        return self.fact("owner", nic)

    def literal(self, value: object) -> Term:
        """Return the translation of a scalar that is known. Raises Untranslatable for other values."""
        match value:
            case bool():
                return Term(TRUE if value else FALSE, Base.BOOLEAN)
            case int():
                return Term(str(value) if value >= 0 else f"(- {-value})", Base.INTEGER)
            case str():
                return Term(self.theory.text(value), Base.TEXT)
            case Address():
                return Term(self.theory.address(value), Base.ADDRESS)
            case Cidr():
                return Term(self.theory.network(value), Base.CIDR)
        raise Untranslatable

    def parameter(self, node: ParameterValue) -> Term:
        """Return the value of a parameter: the given value, or any value of the type."""
        base = node.type.base
        if node.name in self.world.parameters:
            value = self.world.parameters[node.name]
            return Term(self.any_value(base), base, FALSE) if value is None else self.literal(value)
        symbol = self.theory.declare(f"parameter.{base}.{node.name}", (), SORTS[base])
        known = self.theory.declare(f"given.{node.name}", ()) if node.type.optional else TRUE
        return Term(symbol, base, known)

    def listed_parameter(self, node: ParameterValue) -> Members:
        """Return the elements of a parameter that is a list."""
        base = node.type.base
        if node.name in self.world.parameters:
            values = self.world.parameters[node.name]
            terms = [self.literal(value).text for value in (values if isinstance(values, tuple) else ())]
            return Members(base, lambda x: disjunction([equal(x, term) for term in terms]))
        symbol = self.theory.declare(f"parameters.{base}.{node.name}", (SORTS[base],))
        return Members(base, lambda x: apply(symbol, x))

    def any_value(self, base: Base) -> str:
        """Return a constant for the value of an unknown fact.

        The constant can have any value, because no checked rule reads the value of an unknown fact.
        """
        return self.theory.declare(self.theory.fresh("unknown"), (), SORTS[base])

    def plain(self, name: str, base: Base, *arguments: tuple[str, str]) -> Term:
        """Return the term of a fact that is always known."""
        if name not in SYMBOLS:
            self.theory.declare(self.world.renamed.get(name, name), [sort for _, sort in arguments], SORTS[base])
        return Term(self._applied(name, [term for term, _ in arguments]), base)

    def optional(self, name: str, base: Base, *arguments: tuple[str, str]) -> Term:
        """Return the term of a fact that may be unknown; `arguments` are terms with their sorts."""
        sorts, terms = [sort for _, sort in arguments], [term for term, _ in arguments]
        for symbol, value in ((name, SORTS[base]), (f"{name}.known", BOOLEAN)):
            if symbol not in SYMBOLS:
                self.theory.declare(self.world.renamed.get(symbol, symbol), sorts, value)
        known = f"{name}.known"
        return Term(self._applied(name, terms), base, self._applied(known, terms))

    def _applied(self, name: str, terms: list[str]) -> str:
        if name in SYMBOLS:
            return self.fact(name, *terms)
        return apply(self.world.renamed.get(name, name), *terms)

    def word(self, node: Read) -> Term:
        """Return the value of a word without a dot. Raises Untranslatable for a list."""
        type_ = node.word.type
        if type_.is_list or type_.base not in SORTS:
            raise Untranslatable
        return self.optional(node.word.name, type_.base) if type_.optional else self.plain(node.word.name, type_.base)

    def host_lists(self) -> Mapping[object, Relation]:
        """Return a relation for each word of the host or the report whose value is a list, such as `host.answers`.

        The key of `host.answers` is `(Base.HOST, "answers")`.
        """
        return {
            (Base.HOST, "addresses"): lambda a: self.fact("usable", a),
            (Base.HOST, "answers"): lambda a: self.fact("answer", a),
            (Base.HOST, "unusable"): lambda a: conjunction((self.fact("answer", a), negation(self.fact("usable", a)))),
            (Base.HOST, "unowned"): lambda a: conjunction(
                (self.fact("usable", a), self.every_nic(lambda n: negation(self.matched(n, a))))
            ),
            (Base.REPORT, "networks"): lambda t: self.fact("on_host", t),
        }

    def nic_lists(self, nic: str) -> Mapping[str, Relation]:
        """Return a relation for each word of `nic` whose value is a list. The key of `nic.ports` is `ports`."""
        fact = self.fact

        def matched(owned: str) -> Formula:
            return conjunction((fact("has", nic, owned), fact("usable", fact("address", owned))))

        return {
            "addresses": lambda v: fact("has", nic, v),
            "matched": matched,
            "primary_addresses": lambda v: conjunction((fact("has", nic, v), self.owned_state("primary", v))),
            "host_prefixes": lambda v: conjunction((matched(v), self.owned_state("host_prefix", v))),
            "subnets": lambda c: fact("subnet", nic, c),
            "routes": lambda c: fact("route", nic, c),
            "gateways": lambda a: fact("gateway", nic, a),
            "networks": lambda t: fact("carries", nic, t),
            "slaves": lambda n: fact("slave", nic, n),
            "ports": lambda n: fact("port", nic, n),
            "lowers": lambda n: fact("lower", nic, n),
            "uppers": lambda n: fact("lower", n, nic),
            "stack": lambda n: disjunction((equal(n, nic), fact("above", nic, n))),
        }

    def owned_state(self, state: str, owned: str) -> Formula:
        """Return the formula that is true if an owned address has a state, such as `is primary`."""
        return apply(self.theory.declare(f"is_{state}", (OWNED,)), owned)

    def identity(self, base: Base, term: Term) -> str:
        """Return the term that relations compare. For an owned address, this is the address without its prefix."""
        is_owned = term.base is Base.OWNED and base is not Base.OWNED
        return self.fact("address", term.text) if is_owned else term.text

    def as_compared(self, term: Term) -> Term:
        """Return the term that is compared. For an owned address, this is the address without its prefix."""
        return Term(self.fact("address", term.text), Base.ADDRESS, term.known) if term.base is Base.OWNED else term

    def ordered_texts(self, relation: Relate, left: str, right: str) -> Formula:
        """Return the formula for `left < right`, `<=`, `>` or `>=`. Texts are ordered by their code points."""
        lesser, greater = (left, right) if relation in (Relate.LESS, Relate.AT_MOST) else (right, left)
        before = self.fact("text_before", lesser, greater)
        return before if relation in (Relate.LESS, Relate.MORE) else disjunction((before, equal(lesser, greater)))
