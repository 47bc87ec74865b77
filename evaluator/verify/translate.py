"""Translates checked conditions to formulas about one host.

`host_terms.py` translates the facts; this module builds conditions from them. Lists of owned addresses are compared by
address, as the interpreter compares them (`identity`).

If a clause has no exact translation, the formula contains a new relation of the variables instead of the clause. The
solver knows nothing about this relation. So a proof is right for every meaning of the clause. The texts of such clauses
are collected, because they can be the reason why no proof is found.
"""

from __future__ import annotations

from collections.abc import Mapping

from msgspec import Struct, field
from msgspec.structs import replace

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
from evaluator.policy.language.types import Base
from evaluator.verify.host_terms import SORTS, HostTerms, Members, Relation, Term, Untranslatable, World
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
from evaluator.verify.theory import NIC, SYMBOLS, Theory

_MOST_COUNTED = 6
_COMPARISONS = {Relate.LESS: "<", Relate.AT_MOST: "<=", Relate.MORE: ">", Relate.AT_LEAST: ">="}
_ADDRESS_STATES = ("ipv4", "ipv6", "link_local", "private", "global")


class Scope(Struct, frozen=True):
    """The context of a translation: the candidates, and a term for each variable, such as `nic`.

    `beaten` has the quantifiers whose bodies are strict orders. For each of them, `encode.py` has defined a relation
    that is true for an interface if another interface is above it. This relation is used instead of `exists`.
    """

    candidates: Relation
    variables: Mapping[str, Term] = field(default_factory=dict)
    beaten: Mapping[Condition, str] = field(default_factory=dict)

    def binding(self, name: str, term: Term) -> Scope:
        """Return the scope in which a variable of a quantifier has a value."""
        return replace(self, variables={**self.variables, name: term})


class Translator:
    """Translates conditions about one host; `untranslated` are the clauses without an exact translation."""

    def __init__(self, theory: Theory, world: World) -> None:
        self.host = HostTerms(theory, world)
        self.untranslated: dict[str, None] = {}
        self._abstract: dict[tuple[Condition, tuple[str, ...]], str] = {}

    def condition(self, node: Condition, scope: Scope) -> Formula:
        """Return the translation of a condition."""
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
        """Return the formula for a clause that has no translation: a new relation of the variables in the clause.

        Equal clauses get the same relation. But a clause that reads the candidates always gets a new relation, because
        the candidates are different for each rule.
        """
        self.untranslated[node.text] = None
        names = sorted({part.name for part in walk(node) if isinstance(part, Variable)} & set(scope.variables))
        terms = [scope.variables[name] for name in names]
        reads_candidates = any(isinstance(part, Read) and part.word.name == "candidates" for part in walk(node))
        key = node, tuple(SORTS[term.base] for term in terms)
        symbol = None if reads_candidates else self._abstract.get(key)
        if symbol is None:
            symbol = self._abstract[key] = self.host.theory.declare(self.host.theory.fresh("clause"), key[1])
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

        some = self.host.some(
            members.base,
            lambda term: conjunction((members.contains(term), self._is_other(node, term, scope), body(term))),
        )
        return some if node.quantifier is Quantifier.SOME else negation(some)

    @staticmethod
    def _is_other(node: Quantified | Filter, term: str, scope: Scope) -> Formula:
        return negation(equal(term, scope.variables["nic"].text)) if node.others_only else TRUE

    def value(self, node: Expression, scope: Scope) -> Term:
        """Return the translation of a scalar. Raises Untranslatable without an exact translation."""
        match node:
            case Constant(value=value):
                return self.host.literal(value)
            case Variable(name=name):
                return scope.variables[name]
            case ParameterValue():
                return self.host.parameter(node)
            case Read(owner=None):
                return self.host.word(node)
            case Read(owner=owner) if owner is not None:
                return self._word_of(node, owner, scope)
        raise Untranslatable

    def _word_of(self, node: Read, owner: Expression, scope: Scope) -> Term:
        word, type_ = node.word, node.word.type
        if type_.is_list:
            raise Untranslatable
        name = "host_name" if word.key == (Base.HOST, "name") else word.name
        if word.owner in (Base.HOST, Base.REPORT):
            return self.host.optional(name, type_.base) if type_.optional else self.host.plain(name, type_.base)
        term = self.value(owner, scope)
        argument = term.text, SORTS[term.base]
        return (
            self.host.optional(name, type_.base, argument)
            if type_.optional
            else self.host.plain(name, type_.base, argument)
        )

    def listed(self, node: Expression, scope: Scope) -> Members:
        """Return the translation of a list. Raises Untranslatable without an exact translation."""
        match node:
            case Read(owner=None):
                return self._root_list(node, scope)
            case Read(owner=owner) if owner is not None:
                return self._list_of(node, owner, scope)
            case ListOf(operands=operands, type=type_):
                terms = [self.value(operand, scope) for operand in operands]
                base = terms[0].base if terms else type_.base
                return Members(
                    base, lambda x: disjunction([equal(x, self.host.identity(base, term)) for term in terms])
                )
            case ParameterValue():
                return self.host.listed_parameter(node)
            case Filter():
                return self._filtered(node, scope)
            case RouteTo(operand=operand):
                address = self.host.identity(Base.ADDRESS, self.value(operand, scope))
                return Members(Base.NIC, lambda nic: self.host.fact("best_route", address, nic))
            case Constant(value=tuple() as values, type=type_):
                terms = [self.host.literal(value) for value in values]
                return Members(type_.base, lambda x: disjunction([equal(x, term.text) for term in terms]))
        raise Untranslatable

    def _filtered(self, node: Filter, scope: Scope) -> Members:
        members = self.listed(node.domain, scope)

        def contains(term: str) -> Formula:
            inner = scope.binding(node.variable.name, Term(term, members.base))
            kept = self.condition(node.body, inner)
            return conjunction((members.contains(term), self._is_other(node, term, scope), kept))

        return Members(members.base, contains)

    def _root_list(self, node: Read, scope: Scope) -> Members:
        match node.word.name:
            case "candidates":
                return Members(Base.NIC, scope.candidates)
            case "interfaces":
                return Members(Base.NIC, lambda _: TRUE)
            case "owners":
                return Members(Base.NIC, self.host.is_owner)
        raise Untranslatable

    def _list_of(self, node: Read, owner: Expression, scope: Scope) -> Members:
        word = node.word
        if not word.type.is_list:
            raise Untranslatable
        base, key = word.type.base, word.key
        if word.owner in (Base.HOST, Base.REPORT):
            contains = self.host.host_lists().get(key)
            if contains is None:
                raise Untranslatable
            return Members(base, contains)
        nic = self.value(owner, scope).text
        lists = self.host.nic_lists(nic)
        if word.name in lists:
            return Members(base, lists[word.name])
        symbol = self.host.theory.declare(self.host.world.renamed.get(word.name, word.name), (NIC, SORTS[base]))
        return Members(base, lambda x: apply(symbol, nic, x))

    def _identities(self, node: Expression, scope: Scope) -> Members:
        """Return a list of the values that relations compare. A list of owned addresses becomes a list of addresses."""
        if isinstance(node, Read) and node.owner is not None and node.key[0] is Base.NIC:
            if node.word.name == "addresses":
                nic = self.value(node.owner, scope).text
                return Members(Base.ADDRESS, lambda a: self.host.fact("owns", nic, a))
            if node.word.name == "matched":
                nic = self.value(node.owner, scope).text
                return Members(Base.ADDRESS, lambda a: self.host.matched(nic, a))
        members = self.listed(node, scope)
        if members.base is not Base.OWNED:
            return members
        return Members(
            Base.ADDRESS,
            lambda a: self.host.some(
                Base.OWNED, lambda v: conjunction((members.contains(v), equal(self.host.fact("address", v), a)))
            ),
        )

    def _related(self, node: Related, scope: Scope) -> Formula:
        match node.relation:
            case Relate.IN:
                members = self._identities(node.right, scope)
                return members.contains(self.host.identity(members.base, self.value(node.left, scope)))
            case Relate.OVERLAPS | Relate.WITHIN:
                return self._compared_lists(node, scope)
            case Relate.IN_NETWORK:
                return self._in_network(node, scope)
            case Relate.LIKE:
                return self._like(node, scope)
            case Relate.ABOVE | Relate.BELOW:
                left, right = self.value(node.left, scope).text, self.value(node.right, scope).text
                upper, lower = (left, right) if node.relation is Relate.ABOVE else (right, left)
                return self.host.fact("above", upper, lower)
        if isinstance(node.left, Count) or isinstance(node.right, Count):
            return self._counted(node, scope)
        return self._compared_values(node.relation, *(self.value(side, scope) for side in (node.left, node.right)))

    def _compared_values(self, relation: Relate, left: Term, right: Term) -> Formula:
        left, right = self.host.as_compared(left), self.host.as_compared(right)
        if relation in (Relate.EQUAL, Relate.UNEQUAL):
            is_equal = equal(left.text, right.text)
            return negation(is_equal) if relation is Relate.UNEQUAL else is_equal
        if left.base is Base.TEXT:
            return self.host.ordered_texts(relation, left.text, right.text)
        return apply(_COMPARISONS[relation], left.text, right.text)

    def _compared_lists(self, node: Related, scope: Scope) -> Formula:
        owner = _owner_of(node)
        if owner is not None:
            return self.host.is_owner(self.value(owner, scope).text)
        left, right = self._identities(node.left, scope), self._identities(node.right, scope)
        base = right.base if left.base is Base.NOTHING else left.base
        if node.relation is Relate.OVERLAPS:
            return self.host.some(base, lambda x: conjunction((left.contains(x), right.contains(x))))
        return negation(self.host.some(base, lambda x: conjunction((left.contains(x), negation(right.contains(x))))))

    def _in_network(self, node: Related, scope: Scope) -> Formula:
        address = self.host.identity(Base.ADDRESS, self.value(node.left, scope))
        if not node.right.type.is_list:
            return self.host.fact("contains", self.value(node.right, scope).text, address)
        members = self.listed(node.right, scope)
        return self.host.some(
            Base.CIDR, lambda c: conjunction((members.contains(c), self.host.fact("contains", c, address)))
        )

    def _like(self, node: Related, scope: Scope) -> Formula:
        text = self.value(node.left, scope).text
        if not node.right.type.is_list:
            return self.host.fact("like", text, self._glob(node.right, scope))
        if isinstance(node.right, ListOf):
            globs = [self._glob(operand, scope) for operand in node.right.operands]
            return disjunction([self.host.fact("like", text, glob) for glob in globs])
        members = self.listed(node.right, scope)
        return self.host.some(Base.TEXT, lambda g: conjunction((members.contains(g), self.host.fact("like", text, g))))

    def _glob(self, node: Expression, scope: Scope) -> str:
        is_literal = isinstance(node, Constant) and isinstance(node.value, str)
        return (
            self.host.theory.glob(str(node.value))
            if isinstance(node, Constant) and is_literal
            else self.value(node, scope).text
        )

    def _counted(self, node: Related, scope: Scope) -> Formula:
        """Translate a comparison of `count(LIST)` with a number.

        For example, `count(LIST) < 2` means that the list does not have two different elements.
        """
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
            return self.host.is_owner(self.value(_owner(count.operand), scope).text)
        if number == 1:
            return self.host.some(members.base, members.contains)
        if members.base is Base.NIC and self.host.world.is_empty:
            return FALSE
        names = [self.host.theory.fresh(members.base[0]) for _ in range(number)]
        here = [self.host.is_here(name) if members.base is Base.NIC else TRUE for name in names]
        variables = [(name, SORTS[members.base]) for name in names]
        return exists(variables, conjunction((*here, distinct(names), *map(members.contains, names))))

    def _in_state(self, node: InState, scope: Scope) -> Formula:
        state = node.state
        if state.owner is Base.HOST:
            return self.host.plain(f"is_{state.name}", Base.BOOLEAN).text
        term = self.value(node.operand, scope)
        if state.kind is not None:
            return equal(self.host.fact("kind", term.text), self.host.theory.text(str(state.kind)))
        if state.name in _ADDRESS_STATES:
            return self.host.fact(state.name, self.host.identity(Base.ADDRESS, term))
        if state.owner is Base.OWNED:
            return self.host.owned_state(state.name, term.text)
        if state.name in ("slave", "port"):
            return self.host.some_nic(lambda upper: self.host.fact(state.name, upper, term.text))
        if state.name in SYMBOLS:
            return self.host.fact(state.name, term.text)
        name = f"is_{state.name}" if term.base is Base.NIC else f"is_{term.base}_{state.name}"
        return self.host.plain(name, Base.BOOLEAN, (term.text, SORTS[term.base])).text


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
    """Return the interface of the clause `nic.addresses overlaps host.addresses`; None for any other clause.

    The theory has the symbol `owner` for this clause.
    """
    sides = {side.key: side for side in (node.left, node.right) if isinstance(side, Read)}
    owned = sides.get((Base.NIC, "addresses")) or sides.get((Base.NIC, "matched"))
    is_owner = node.relation is Relate.OVERLAPS and (Base.HOST, "addresses") in sides
    return owned.owner if is_owner and owned is not None else None
