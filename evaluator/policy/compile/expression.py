"""The values of a policy's sentences as Python expressions.

A value that does not depend on what is bound is written before the loop over the subjects, once for
each rule. Everything here is total and pure, so it may be computed earlier or not at all.
"""

from __future__ import annotations

import ast
from collections.abc import Callable
from typing import Any

from evaluator.base.checked_cast import proven
from evaluator.policy.compile.python_tree import assign, attribute, call, name
from evaluator.policy.language.checked import (
    Condition,
    Constant,
    Count,
    Expression,
    Filter,
    ListOf,
    ParameterValue,
    Quantified,
    Read,
    RouteTo,
    Variable,
    floor_of,
    is_bound,
    is_early,
    may_be_unknown,
)
from evaluator.policy.language.environment import identity
from evaluator.policy.language.types import Base
from evaluator.policy.run.candidate_index import Extreme
from evaluator.policy.run.lists import (
    above_in,
    is_in,
    is_like,
    kept,
    list_of_word,
    matcher,
    networks_of,
    networks_of_word,
    route_to,
    set_of_word,
)

_VARIABLES = ("candidates", "facts", "host", "question")  # the function's own, called as the scene's attributes
_IDENTITY = {Base.NIC: "name", Base.OWNED: "address"}
_DISTINCT = ("candidates", "interfaces", "owners")


class Values:
    """Writes the values of one policy: `constants` are what expressions name, `statements` what is computed once."""

    def __init__(self, condition: Callable[[Condition], ast.expr]) -> None:
        self._condition = condition
        self.constants: dict[str, object] = {"route_to": route_to, "identity": identity, "list_of_word": list_of_word}
        self.constants.update(set_of_word=set_of_word, networks_of_word=networks_of_word, networks_of=networks_of)
        self.constants.update(is_in=is_in, matcher=matcher, is_like=is_like, kept=kept, above_in=above_in)
        self.statements: list[ast.stmt] = []
        self.loops = 0  # how many quantifiers the value is inside: a list may be asked for as often as they turn
        self._known: dict[int, str] = {}
        self._once: dict[tuple[object, ...], str] = {}  # by what is computed, its nodes, never by their texts

    def begin_rule(self) -> None:
        """Forget what was computed once for the rule before: the candidates have changed."""
        self._once, self.statements = {}, []

    def constant(self, value: object) -> ast.expr:
        """Return the name of a value."""
        known = self._known.setdefault(id(value), f"k{len(self._known)}")
        self.constants[known] = value
        return name(known)

    def value(self, node: Expression) -> ast.expr:
        """Write a value; what depends on nothing bound is computed once."""
        if isinstance(node, Variable):
            return name(variable(node.name))
        if isinstance(node, Constant):
            return self.constant(node.value)
        return self._hoisted(node, self._written, "value")

    def _written(self, node: Expression) -> ast.expr:
        match node:
            case Read():
                return self._read(node)
            case ParameterValue():
                parameters = attribute(name("question"), "parameters")
                return ast.Subscript(parameters, ast.Constant(node.name), ast.Load())
            case Count(operand=Filter() as filtered):
                return call(name("len"), self._filtered(filtered))
            case Count():
                counted = self.value(node.operand) if _is_distinct(node.operand) else self.items(node.operand)
                return call(name("len"), counted)
            case ListOf():
                return ast.Tuple([self.value(operand) for operand in node.operands], ast.Load())
            case RouteTo():
                return call(name("route_to"), name("scene"), self.bare(node.operand))
        raise AssertionError(f"no such expression: {node}")

    def _filtered(self, node: Filter) -> ast.expr:
        """Write the set of what makes the elements equal that satisfy the condition."""
        bound = variable(node.variable.name)
        ifs = [is_other(bound)] if node.others_only else []
        domain = self.domain(node)
        self.loops += 1
        loop = ast.comprehension(ast.Name(bound, ast.Store()), domain, [*ifs, self._condition(node.body)], 0)
        self.loops -= 1
        return ast.SetComp(self.bare(node.variable), [loop])

    def domain(self, node: Quantified | Filter) -> ast.expr:
        """Write the list that a quantifier or filter ranges over, without what its body rules out at once."""
        domain, floor = self.value(node.domain), floor_of(node)
        if floor is None:
            return domain
        if isinstance(node.domain, Read) and node.domain.owner is None:  # the same as long as the rule is judged
            return call(name("above_in"), name("scene"), self.value(floor), domain)
        return call(name("near"), name("facts"), self.value(floor), domain)

    def _read(self, node: Read) -> ast.expr:
        word = node.word
        if node.owner is None and word.path:
            first, *path = word.path
            return attribute(name(first) if first in _VARIABLES else attribute(name("scene"), first), *path)
        if self._is_kept(node):
            return self._kept("list_of_word", node)
        owner = ast.Constant(None) if node.owner is None else self.value(node.owner)
        if word.path:
            return attribute(owner, *word.path)
        if word.owner is Base.NIC and word.name == "matched":
            return call(attribute(name("question"), "matched"), owner)
        return call(self.constant(word.get), name("scene"), owner)

    def _is_kept(self, node: Expression) -> bool:
        """Return whether a list of an interface may be asked for many times, so that it is made once."""
        is_list = isinstance(node, Read) and node.type.is_list and node.word.owner is Base.NIC
        return is_list and self.loops > 0 and is_bound(node)

    def _kept(self, make: str, node: Expression) -> ast.expr:
        """Write what is made once of a list of an interface."""
        assert isinstance(node, Read) and node.owner is not None  # noqa: S101, PT018 -- as `_is_kept` says
        return call(name(make), name("scene"), self.constant(node.word), self.value(node.owner))

    def networks(self, address: Expression, networks: Expression) -> ast.expr:
        """Write whether an address is in one of several networks."""
        asked = self.bare(address)
        if self._is_kept(networks):
            return ast.Compare(asked, [ast.In()], [self._kept("networks_of_word", networks)])
        if not is_bound(networks) and is_bound(address):
            made = self._hoisted(networks, lambda node: call(name("networks_of"), self.value(node)), "networks")
            return ast.Compare(asked, [ast.In()], [made])
        return call(name("is_in"), asked, self.value(networks))

    def glob(self, text: Expression, globs: Expression) -> ast.expr:
        """Write whether a text is like one of several globs that are not known when the policy is loaded."""
        if is_bound(globs):
            return call(name("is_like"), name("scene"), self.value(text), self.value(globs))
        match = self._hoisted(globs, lambda node: call(name("matcher"), self.value(node)), "matcher")
        return ast.Compare(call(match, self.value(text)), [ast.IsNot()], [ast.Constant(None)])

    def text(self, node: Expression) -> ast.expr:
        """Write a value as people read it."""
        return self._hoisted(node, lambda node: call(name("show"), self.value(node)), "text")

    def bare(self, node: Expression) -> ast.expr:
        """Write a value as what makes it equal to others: a nic's name, an owned address's number."""
        value = self.value(node)
        if node.type.base not in _IDENTITY:
            return value
        if may_be_unknown(node):  # it may be computed where it is unknown, but is never used then
            return call(name("identity"), value)
        return attribute(value, _IDENTITY[node.type.base])

    def items(self, node: Expression) -> ast.expr:
        """Write a list as the set of what makes its elements equal."""
        return self._hoisted(node, self._as_set, "set")

    def _as_set(self, node: Expression) -> ast.expr:
        if isinstance(node, Read) and node.word.owner is Base.NIC and node.owner is not None:
            if self._is_kept(node) and node.word.name != "matched":
                return self._kept("set_of_word", node)
            if node.word.name == "addresses":
                return attribute(self.value(node.owner), "address_set")
            if node.word.name == "matched":
                return call(attribute(name("question"), "matched_set"), self.value(node.owner))
        if isinstance(node, Read) and node.word.owner is Base.HOST and node.word.name == "addresses":
            return attribute(name("host"), "usable_set")
        items = self.value(node)
        if may_be_unknown(node):  # as above
            items = ast.BoolOp(ast.Or(), [items, ast.Tuple([], ast.Load())])
        if node.type.base in _IDENTITY or isinstance(node, ListOf):
            items = call(name("map"), name("identity"), items)
        return call(name("frozenset"), items)

    def membership(self, left: Expression, right: Expression) -> ast.expr:
        """Write whether a value stands in a list; where neither depends on anything bound, it is asked once."""
        is_plain = isinstance(right, Read) and right.type.base not in _IDENTITY
        is_many_times = is_bound(left) and not is_bound(right)  # then a set is worth its making
        items = self.value(right) if is_plain and not is_many_times else self.items(right)
        asked = ast.Compare(self.bare(left), [ast.In()], [items])
        if not (is_early(left) and is_early(right)):
            return asked
        key = ("in", left, right)
        if key not in self._once:
            known = self._once[key] = f"once{len(self._once)}"
            self.statements.append(assign(known, asked))
        return name(self._once[key])

    def beyond_extreme(self, extreme: Extreme) -> ast.expr:
        """Write whether the subject's value is beyond the least or greatest of a list, found once for each rule."""
        subject, domain = proven(self.value(extreme.subject), ast.Attribute), self.value(extreme.domain)
        key = ("least" if extreme.is_least else "greatest", extreme.subject.word, extreme.domain)
        if key not in self._once:
            known = self._once[key] = f"once{len(self._once)}"
            loop = ast.comprehension(ast.Name("one", ast.Store()), domain, [], 0)
            values = ast.GeneratorExp(attribute(name("one"), subject.attr), [loop])
            none = ast.keyword("default", ast.Constant(None))
            found = ast.Call(name("min" if extreme.is_least else "max"), [values], [none])
            self.statements.append(assign(known, found))
        beyond = ast.Compare(name(self._once[key]), [ast.Lt() if extreme.is_least else ast.Gt()], [subject])
        is_any = ast.Compare(name(self._once[key]), [ast.IsNot()], [ast.Constant(None)])
        return ast.BoolOp(ast.And(), [is_any, beyond])

    def _hoisted(self, node: Expression, write: Callable[[Any], ast.expr], what: str) -> ast.expr:
        if not is_early(node):
            return self._when_used(node, write, what) if node.type.is_list and not is_bound(node) else write(node)
        known = _as_it_stands(node) if what == "value" else None
        if known is not None:
            return known
        key = (what, node)
        if key not in self._once:
            value = write(node)
            self._once[key] = f"once{len(self._once)}"
            self.statements.append(ast.Assign([ast.Name(self._once[key], ast.Store())], value))
        return name(self._once[key])

    def _when_used(self, node: Expression, write: Callable[[Any], ast.expr], what: str) -> ast.expr:
        """Write what is made of a list once, but not before the rule has asked whether all in it is known."""
        arguments = ast.arguments([], [], None, [], [], None, [])
        key = self.constant((what, len(self._known)))
        return call(name("kept"), name("scene"), key, ast.Lambda(arguments, write(node)))


def _as_it_stands(node: Expression) -> ast.expr | None:
    """Return the name of a value that is there already."""
    if isinstance(node, Read) and node.owner is None:
        path = node.word.path
        return name(path[0]) if len(path) == 1 and path[0] in _VARIABLES else None
    return None


def is_candidates(node: Expression) -> bool:
    """Return whether a list is that of the candidates."""
    return isinstance(node, Read) and node.owner is None and node.word.name == "candidates"


def _is_distinct(node: Expression) -> bool:
    return isinstance(node, Read) and node.owner is None and node.word.name in _DISTINCT


def is_other(bound: str) -> ast.expr:
    """Write whether what is bound is another interface than the rule's own."""
    return ast.Compare(attribute(name(bound), "name"), [ast.NotEq()], [attribute(name("nic"), "name")])


def variable(text: str) -> str:
    """Return the Python name of what a sentence binds; none is one of ours."""
    return "nic" if text == "nic" else f"v_{text}"
