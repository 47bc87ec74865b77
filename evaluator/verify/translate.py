"""Translates checked conditions to formulas about one host.

A value becomes a term, and a list becomes a membership: a function from a term to the formula that the list contains
it. An interface's address with its prefix (`owned`) is an element of its own sort; lists of them are compared by
address, as the interpreter compares them (`identity`).

A clause without an exact translation becomes a fresh relation of its variables, which can be true or false for any
values. So a proof does not depend on the clause, and stays right. The texts of such clauses are collected, because they
can be the reason why no proof is found.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping

from msgspec import Struct, field
from msgspec.structs import replace

from evaluator.facts.address import Address, Cidr
from evaluator.policy.language.checked import (
    AllOf,
    AnyOf,
    Condition,
    Constant,
    Count,
    Expression,
    Filter,
    InState,
    IsKnown,
    ListOf,
    Not,
    ParameterValue,
    Quantified,
    Quantifier,
    Read,
    Relate,
    Related,
    RouteTo,
    Truth,
    Variable,
    walk,
)
from evaluator.policy.language.environment import Value
from evaluator.policy.language.types import Base
from evaluator.verify.smt import (
    FALSE,
    TRUE,
    Formula,
    apply,
    conjunction,
    disjunction,
    distinct,
    equal,
    exists,
    negation,
)
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
_MOST_COUNTED = 6
_COMPARISONS = {Relate.LESS: "<", Relate.AT_MOST: "<=", Relate.MORE: ">", Relate.AT_LEAST: ">="}
_ADDRESS_STATES = ("ipv4", "ipv6", "link_local", "private", "global")
Relation = Callable[[str], Formula]


class Term(Struct, frozen=True):
    """The translation of a value; `known` is the formula that the value is known."""

    text: str
    base: Base
    known: Formula = TRUE


class Members(Struct, frozen=True):
    """The translation of a list: `contains` returns the formula that the list contains a term."""

    base: Base
    contains: Relation


class Untranslatable(Exception):
    """A part of a condition has no exact translation."""


class World(Struct, frozen=True):
    """One of the hosts that a question to the solver is about.

    `renamed` are the symbols that have other names for this host, because their values differ from those of the other
    host. `absent` is the term of an interface that only the other host has. If `is_empty`, the host has no interface at
    all. `parameters` are the given parameters. All other parameters can have any value of their type.
    """

    renamed: Mapping[str, str] = {}
    absent: str | None = None
    is_empty: bool = False
    parameters: Mapping[str, Value] = {}


class Scope(Struct, frozen=True):
    """The values of the variables at one place of a condition, and the candidates there.

    `beaten` has the quantifiers that are replaced by a relation of the rule's `nic`, each with this relation
    (`encode.py`).
    """

    candidates: Relation
    variables: Mapping[str, Term] = field(default_factory=dict)
    beaten: Mapping[Condition, str] = field(default_factory=dict)

    def binding(self, name: str, term: Term) -> Scope:
        """Return the scope inside a quantifier."""
        return replace(self, variables={**self.variables, name: term})


class Translator:
    """Translates conditions about one host; `untranslated` are the clauses without an exact translation."""

    def __init__(self, theory: Theory, world: World) -> None:
        self.theory = theory
        self.world = world
        self.untranslated: dict[str, None] = {}
        self._abstract: dict[tuple[Condition, tuple[str, ...]], str] = {}

    def condition(self, node: Condition, scope: Scope) -> Formula:
        """Return the formula that a condition is true."""
        match node:
            case AllOf(conditions=conditions):
                return conjunction([self.condition(part, scope) for part in conditions])
            case AnyOf(conditions=conditions):
                return disjunction([self.condition(part, scope) for part in conditions])
            case Not(condition=inner):
                return negation(self.condition(inner, scope))
        try:
            return self._clause(node, scope)
        except Untranslatable:
            return self._abstracted(node, scope)

    def some_nic(self, body: Relation) -> Formula:
        """Return the formula that an interface of this host has a property."""
        if self.world.is_empty:
            return FALSE
        variable = self.theory.fresh("n")
        return exists([(variable, NIC)], conjunction((self.is_here(variable), body(variable))))

    def every_nic(self, body: Relation) -> Formula:
        """Return the formula that all interfaces of this host have a property."""
        return negation(self.some_nic(lambda nic: negation(body(nic))))

    def is_here(self, nic: str) -> Formula:
        """Return the formula that an interface belongs to this host."""
        return TRUE if self.world.absent is None else negation(equal(nic, self.world.absent))

    def fact(self, name: str, *arguments: str) -> str:
        """Return the value of a symbol of the theory for this host."""
        return apply(self.theory.symbol(name, self.world.renamed), *arguments)

    def matched(self, nic: str, address: str) -> Formula:
        """Return the formula that an address is a usable host address that an interface owns."""
        return self.fact("matched", nic, address)

    def is_owner(self, nic: str) -> Formula:
        """Return the formula that is true if an interface owns a usable host address."""
        return self.fact("owner", nic)

    # -- clauses

    def _clause(self, node: Condition, scope: Scope) -> Formula:
        match node:
            case Quantified():
                return self._quantified(node, scope)
            case Truth(operand=operand):
                return self.value(operand, scope).text
            case InState():
                holds = self._in_state(node, scope)
                return negation(holds) if node.negated else holds
            case IsKnown(operand=operand):
                known = self.value(operand, scope).known
                return negation(known) if node.negated else known
            case Related():
                holds = self._related(node, scope)
                return negation(holds) if node.negated else holds
        raise Untranslatable

    def _abstracted(self, node: Condition, scope: Scope) -> Formula:
        """Return a new relation of the variables, which replaces a clause.

        Equal clauses get the same relation, unless the clause reads the candidates, which are different for each rule.
        """
        self.untranslated[node.text] = None
        names = sorted({part.name for part in walk(node) if isinstance(part, Variable)} & set(scope.variables))
        terms = [scope.variables[name] for name in names]
        reads_candidates = any(isinstance(part, Read) and part.word.name == "candidates" for part in walk(node))
        key = node, tuple(SORTS[term.base] for term in terms)
        symbol = None if reads_candidates else self._abstract.get(key)
        if symbol is None:
            symbol = self._abstract[key] = self.theory.declare(self.theory.fresh("clause"), key[1])
        return apply(symbol, *(term.text for term in terms))

    def _quantified(self, node: Quantified, scope: Scope) -> Formula:
        if node in scope.beaten:
            is_beaten = apply(scope.beaten[node], scope.variables["nic"].text)
            return is_beaten if node.quantifier is Quantifier.SOME else negation(is_beaten)
        members = self.listed(node.domain, scope)

        def body(term: str) -> Formula:
            inner = scope.binding(node.variable.name, Term(term, members.base))
            holds = self.condition(node.body, inner)
            return negation(holds) if node.quantifier is Quantifier.EVERY else holds

        some = self._some(
            members.base,
            lambda term: conjunction((members.contains(term), self._is_other(node, term, scope), body(term))),
        )
        return some if node.quantifier is Quantifier.SOME else negation(some)

    @staticmethod
    def _is_other(node: Quantified | Filter, term: str, scope: Scope) -> Formula:
        return negation(equal(term, scope.variables["nic"].text)) if node.others_only else TRUE

    def _some(self, base: Base, body: Relation) -> Formula:
        """Return the formula that an element of a sort has a property."""
        if base is Base.NIC:
            return self.some_nic(body)
        variable = self.theory.fresh(base[0])
        return exists([(variable, SORTS[base])], body(variable))

    # -- values

    def value(self, node: Expression, scope: Scope) -> Term:
        """Return the translation of a scalar. Raises Untranslatable."""
        match node:
            case Constant(value=value):
                return self.literal(value)
            case Variable(name=name):
                return scope.variables[name]
            case ParameterValue():
                return self._parameter(node)
            case Read(owner=None):
                return self._word(node)
            case Read(owner=owner) if owner is not None:
                return self._word_of(node, owner, scope)
        raise Untranslatable

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

    def _parameter(self, node: ParameterValue) -> Term:
        base = node.type.base
        if node.name in self.world.parameters:
            value = self.world.parameters[node.name]
            return Term(self._any(base), base, FALSE) if value is None else self.literal(value)
        symbol = self.theory.declare(f"parameter.{base}.{node.name}", (), SORTS[base])
        known = self.theory.declare(f"given.{node.name}", ()) if node.type.optional else TRUE
        return Term(symbol, base, known)

    def _any(self, base: Base) -> str:
        """Return a constant that can have any value. It is the value of an unknown; no checked rule reads it."""
        return self.theory.declare(self.theory.fresh("unknown"), (), SORTS[base])

    def _optional(self, name: str, base: Base, *arguments: tuple[str, str]) -> Term:
        """Return a fact that may be unknown; `arguments` are terms with their sorts."""
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

    def _plain(self, name: str, base: Base, *arguments: tuple[str, str]) -> Term:
        """Return a fact that is always known."""
        if name not in SYMBOLS:
            self.theory.declare(self.world.renamed.get(name, name), [sort for _, sort in arguments], SORTS[base])
        return Term(self._applied(name, [term for term, _ in arguments]), base)

    def _word(self, node: Read) -> Term:
        type_ = node.word.type
        if type_.is_list or type_.base not in SORTS:
            raise Untranslatable
        return self._optional(node.word.name, type_.base) if type_.optional else self._plain(node.word.name, type_.base)

    def _word_of(self, node: Read, owner: Expression, scope: Scope) -> Term:
        word, type_ = node.word, node.word.type
        if type_.is_list:
            raise Untranslatable
        name = "host_name" if word.key == (Base.HOST, "name") else word.name
        if word.owner in (Base.HOST, Base.REPORT):
            return self._optional(name, type_.base) if type_.optional else self._plain(name, type_.base)
        term = self.value(owner, scope)
        argument = term.text, SORTS[term.base]
        return self._optional(name, type_.base, argument) if type_.optional else self._plain(name, type_.base, argument)

    # -- lists

    def listed(self, node: Expression, scope: Scope) -> Members:
        """Return the translation of a list. Raises Untranslatable."""
        match node:
            case Read(owner=None):
                return self._root_list(node, scope)
            case Read(owner=owner) if owner is not None:
                return self._list_of(node, owner, scope)
            case ListOf(operands=operands, type=type_):
                terms = [self.value(operand, scope) for operand in operands]
                base = terms[0].base if terms else type_.base
                return Members(base, lambda x: disjunction([equal(x, self._as(base, term)) for term in terms]))
            case ParameterValue():
                return self._listed_parameter(node)
            case Filter():
                return self._filtered(node, scope)
            case RouteTo(operand=operand):
                address = self._as(Base.ADDRESS, self.value(operand, scope))
                return Members(Base.NIC, lambda nic: self.fact("best_route", address, nic))
            case Constant(value=tuple() as values, type=type_):
                terms = [self.literal(value) for value in values]
                return Members(type_.base, lambda x: disjunction([equal(x, term.text) for term in terms]))
        raise Untranslatable

    def _filtered(self, node: Filter, scope: Scope) -> Members:
        members = self.listed(node.domain, scope)

        def contains(term: str) -> Formula:
            inner = scope.binding(node.variable.name, Term(term, members.base))
            kept = self.condition(node.body, inner)
            return conjunction((members.contains(term), self._is_other(node, term, scope), kept))

        return Members(members.base, contains)

    def _listed_parameter(self, node: ParameterValue) -> Members:
        base = node.type.base
        if node.name in self.world.parameters:
            values = self.world.parameters[node.name]
            terms = [self.literal(value).text for value in (values if isinstance(values, tuple) else ())]
            return Members(base, lambda x: disjunction([equal(x, term) for term in terms]))
        symbol = self.theory.declare(f"parameters.{base}.{node.name}", (SORTS[base],))
        return Members(base, lambda x: apply(symbol, x))

    def _root_list(self, node: Read, scope: Scope) -> Members:
        match node.word.name:
            case "candidates":
                return Members(Base.NIC, scope.candidates)
            case "interfaces":
                return Members(Base.NIC, lambda _: TRUE)
            case "owners":
                return Members(Base.NIC, self.is_owner)
        raise Untranslatable

    def _list_of(self, node: Read, owner: Expression, scope: Scope) -> Members:
        word = node.word
        if not word.type.is_list:
            raise Untranslatable
        base, key = word.type.base, word.key
        if word.owner in (Base.HOST, Base.REPORT):
            return Members(base, self._host_lists()[key])
        nic = self.value(owner, scope).text
        lists = self._nic_lists(nic)
        if word.name in lists:
            return Members(base, lists[word.name])
        symbol = self.theory.declare(self.world.renamed.get(word.name, word.name), (NIC, SORTS[base]))
        return Members(base, lambda x: apply(symbol, nic, x))

    def _host_lists(self) -> Mapping[object, Relation]:
        return {
            (Base.HOST, "addresses"): lambda a: self.fact("usable", a),
            (Base.HOST, "answers"): lambda a: self.fact("answer", a),
            (Base.HOST, "unusable"): lambda a: conjunction((self.fact("answer", a), negation(self.fact("usable", a)))),
            (Base.HOST, "unowned"): lambda a: conjunction(
                (self.fact("usable", a), self.every_nic(lambda n: negation(self.matched(n, a))))
            ),
            (Base.REPORT, "networks"): lambda t: self.fact("on_host", t),
        }

    def _nic_lists(self, nic: str) -> Mapping[str, Relation]:
        fact = self.fact

        def matched(owned: str) -> Formula:
            return conjunction((fact("has", nic, owned), fact("usable", fact("address", owned))))

        return {
            "addresses": lambda v: fact("has", nic, v),
            "matched": matched,
            "primary_addresses": lambda v: conjunction((fact("has", nic, v), self._owned_state("primary", v))),
            "host_prefixes": lambda v: conjunction((matched(v), self._owned_state("host_prefix", v))),
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

    def _owned_state(self, state: str, owned: str) -> Formula:
        return apply(self.theory.declare(f"is_{state}", (OWNED,)), owned)

    def _identities(self, node: Expression, scope: Scope) -> Members:
        """Return a list of the values that relations compare. A list of owned addresses becomes a list of addresses."""
        if isinstance(node, Read) and node.owner is not None and node.key[0] is Base.NIC:
            if node.word.name == "addresses":
                nic = self.value(node.owner, scope).text
                return Members(Base.ADDRESS, lambda a: self.fact("owns", nic, a))
            if node.word.name == "matched":
                nic = self.value(node.owner, scope).text
                return Members(Base.ADDRESS, lambda a: self.matched(nic, a))
        members = self.listed(node, scope)
        if members.base is not Base.OWNED:
            return members
        return Members(
            Base.ADDRESS,
            lambda a: self._some(
                Base.OWNED, lambda v: conjunction((members.contains(v), equal(self.fact("address", v), a)))
            ),
        )

    def _as(self, base: Base, term: Term) -> str:
        """Return the term that relations compare: for an owned address, its address."""
        is_owned = term.base is Base.OWNED and base is not Base.OWNED
        return self.fact("address", term.text) if is_owned else term.text

    # -- relations and states

    def _related(self, node: Related, scope: Scope) -> Formula:
        match node.relation:
            case Relate.IN:
                members = self._identities(node.right, scope)
                return members.contains(self._as(members.base, self.value(node.left, scope)))
            case Relate.OVERLAPS | Relate.WITHIN:
                return self._compared_lists(node, scope)
            case Relate.IN_NETWORK:
                return self._in_network(node, scope)
            case Relate.LIKE:
                return self._like(node, scope)
            case Relate.ABOVE | Relate.BELOW:
                left, right = self.value(node.left, scope).text, self.value(node.right, scope).text
                upper, lower = (left, right) if node.relation is Relate.ABOVE else (right, left)
                return self.fact("above", upper, lower)
        if isinstance(node.left, Count) or isinstance(node.right, Count):
            return self._counted(node, scope)
        return self._compared_values(node.relation, *(self.value(side, scope) for side in (node.left, node.right)))

    def _compared_values(self, relation: Relate, left: Term, right: Term) -> Formula:
        left, right = self._compared(left), self._compared(right)
        if relation in (Relate.EQUAL, Relate.UNEQUAL):
            is_equal = equal(left.text, right.text)
            return negation(is_equal) if relation is Relate.UNEQUAL else is_equal
        if left.base is Base.TEXT:
            return self._ordered_texts(relation, left.text, right.text)
        return apply(_COMPARISONS[relation], left.text, right.text)

    def _compared(self, term: Term) -> Term:
        return Term(self.fact("address", term.text), Base.ADDRESS, term.known) if term.base is Base.OWNED else term

    def _ordered_texts(self, relation: Relate, left: str, right: str) -> Formula:
        lesser, greater = (left, right) if relation in (Relate.LESS, Relate.AT_MOST) else (right, left)
        before = self.fact("text_before", lesser, greater)
        return before if relation in (Relate.LESS, Relate.MORE) else disjunction((before, equal(lesser, greater)))

    def _compared_lists(self, node: Related, scope: Scope) -> Formula:
        owner = _owner_of(node)
        if owner is not None:
            return self.is_owner(self.value(owner, scope).text)
        left, right = self._identities(node.left, scope), self._identities(node.right, scope)
        base = right.base if left.base is Base.NOTHING else left.base
        if node.relation is Relate.OVERLAPS:
            return self._some(base, lambda x: conjunction((left.contains(x), right.contains(x))))
        return negation(self._some(base, lambda x: conjunction((left.contains(x), negation(right.contains(x))))))

    def _in_network(self, node: Related, scope: Scope) -> Formula:
        address = self._as(Base.ADDRESS, self.value(node.left, scope))
        if not node.right.type.is_list:
            return self.fact("contains", self.value(node.right, scope).text, address)
        members = self.listed(node.right, scope)
        return self._some(Base.CIDR, lambda c: conjunction((members.contains(c), self.fact("contains", c, address))))

    def _like(self, node: Related, scope: Scope) -> Formula:
        text = self.value(node.left, scope).text
        if not node.right.type.is_list:
            return self.fact("like", text, self._glob(node.right, scope))
        if isinstance(node.right, ListOf):
            globs = [self._glob(operand, scope) for operand in node.right.operands]
            return disjunction([self.fact("like", text, glob) for glob in globs])
        members = self.listed(node.right, scope)
        return self._some(Base.TEXT, lambda g: conjunction((members.contains(g), self.fact("like", text, g))))

    def _glob(self, node: Expression, scope: Scope) -> str:
        is_literal = isinstance(node, Constant) and isinstance(node.value, str)
        return (
            self.theory.glob(str(node.value))
            if isinstance(node, Constant) and is_literal
            else self.value(node, scope).text
        )

    def _counted(self, node: Related, scope: Scope) -> Formula:
        """Translate `count(LIST) < 2` and the like: there are no two different elements."""
        count, bound, relation = node.left, node.right, node.relation
        if isinstance(count, Constant):
            count, bound, relation = bound, count, _MIRRORED.get(relation, relation)
        is_constant = isinstance(count, Count) and isinstance(bound, Constant) and isinstance(bound.value, int)
        if not isinstance(count, Count) or not isinstance(bound, Constant) or not is_constant:
            raise Untranslatable
        number = int(str(bound.value))
        if number > _MOST_COUNTED:
            raise Untranslatable
        at_least, more = self._at_least(number, count, scope), self._at_least(number + 1, count, scope)
        return {
            Relate.AT_LEAST: at_least,
            Relate.MORE: more,
            Relate.LESS: negation(at_least),
            Relate.AT_MOST: negation(more),
            Relate.EQUAL: conjunction((at_least, negation(more))),
            Relate.UNEQUAL: disjunction((negation(at_least), more)),
        }[relation]

    def _at_least(self, number: int, count: Count, scope: Scope) -> Formula:
        if number <= 0:
            return TRUE
        members = self._identities(count.operand, scope)
        if number == 1 and isinstance(count.operand, Read) and count.operand.key == (Base.NIC, "matched"):
            return self.is_owner(self.value(_owner(count.operand), scope).text)
        if number == 1:
            return self._some(members.base, members.contains)
        if members.base is Base.NIC and self.world.is_empty:
            return FALSE
        names = [self.theory.fresh(members.base[0]) for _ in range(number)]
        here = [self.is_here(name) if members.base is Base.NIC else TRUE for name in names]
        variables = [(name, SORTS[members.base]) for name in names]
        return exists(variables, conjunction((*here, distinct(names), *map(members.contains, names))))

    def _in_state(self, node: InState, scope: Scope) -> Formula:
        state = node.state
        if state.owner is Base.HOST:
            return self._plain(f"is_{state.name}", Base.BOOLEAN).text
        term = self.value(node.operand, scope)
        if state.kind is not None:
            return equal(self.fact("kind", term.text), self.theory.text(str(state.kind)))
        if state.name in _ADDRESS_STATES:
            return self.fact(state.name, self._as(Base.ADDRESS, term))
        if state.owner is Base.OWNED:
            return self._owned_state(state.name, term.text)
        if state.name in ("slave", "port"):
            return self.some_nic(lambda upper: self.fact(state.name, upper, term.text))
        if state.name in SYMBOLS:
            return self.fact(state.name, term.text)
        return self._plain(f"is_{state.name}", Base.BOOLEAN, (term.text, NIC)).text


_MIRRORED = {
    Relate.LESS: Relate.MORE,
    Relate.MORE: Relate.LESS,
    Relate.AT_MOST: Relate.AT_LEAST,
    Relate.AT_LEAST: Relate.AT_MOST,
}


def _owner(node: Read) -> Expression:
    """Return the expression before the dot of a word. Raises Untranslatable for a word without a dot."""
    if node.owner is None:
        raise Untranslatable
    return node.owner


def _owner_of(node: Related) -> Expression | None:
    """Return `nic` if a clause is `nic.addresses overlaps host.addresses`, because `owner` is a symbol of its own."""
    sides = {side.key: side for side in (node.left, node.right) if isinstance(side, Read)}
    owned = sides.get((Base.NIC, "addresses")) or sides.get((Base.NIC, "matched"))
    is_owner = node.relation is Relate.OVERLAPS and (Base.HOST, "addresses") in sides
    return owned.owner if is_owner and owned is not None else None
