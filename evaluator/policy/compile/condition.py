"""Makes Python code (syntax trees) for the conditions of a policy.

`rules.py` puts the code into functions. `expression.py` makes the code for the values that a condition compares. The
docstrings show examples of the code. In these examples, `k0`, `k1` … are constants, such as a text of the policy or the
Python function that tests a state. `v_x` is the variable `x` of a quantifier.
"""

from __future__ import annotations

import ast
import fnmatch
import re
from collections.abc import Iterable

from msgspec.structs import replace

from evaluator.facts.host import HostFacts
from evaluator.facts.link import Link
from evaluator.policy.compile.expression import Values, is_candidates, is_other, variable
from evaluator.policy.compile.python_tree import attribute, call, name, negation
from evaluator.policy.language.checked import (
    AllOf,
    AnyOf,
    Condition,
    Constant,
    Expression,
    InState,
    IsKnown,
    ListOf,
    Not,
    Quantified,
    Quantifier,
    Relate,
    Related,
    Truth,
    floor_of,
)
from evaluator.policy.language.program import Template
from evaluator.policy.language.types import Base
from evaluator.policy.run.candidate_index import Index, IndexLookup, extreme_of

_SHORT_LIST = 4
_ADDRESS_TYPES = (Base.ADDRESS, Base.OWNED)
_COMPARISONS: dict[Relate, ast.cmpop] = {
    Relate.EQUAL: ast.Eq(),
    Relate.UNEQUAL: ast.NotEq(),
    Relate.LESS: ast.Lt(),
    Relate.AT_MOST: ast.LtE(),
    Relate.MORE: ast.Gt(),
    Relate.AT_LEAST: ast.GtE(),
}


class ConditionWriter:
    """Makes the code of conditions and messages in one function; `constants` are values that the code uses by name."""

    def __init__(self) -> None:
        self._values = Values(self.condition)
        self.constant = self._values.constant
        self._is_on_candidates = False

    @property
    def constants(self) -> dict[str, object]:
        """The constants and functions that the compiled code uses. The keys are their names in the code."""
        return {**self._values.constants, "near": _near}

    @property
    def uses_environment(self) -> bool:
        """Whether the code of the current rule uses the name `environment`."""
        return self._values.uses_environment

    def begin_rule(self, *, is_on_candidates: bool) -> list[ast.stmt]:
        """Start the code of a rule. Return an empty list, to which statements are added that run once for the rule.

        `is_on_candidates` is true if every subject of the rule is a candidate.
        """
        self._is_on_candidates = is_on_candidates
        self._values.begin_rule()
        return self._values.statements

    def message(self, template: Template) -> ast.expr:
        """Return the code for a message or hint: an f-string such as `f'{show(nic.name)} is …'`."""
        parts: list[ast.expr] = []
        for part in template.parts:
            if isinstance(part, str):
                parts.append(ast.Constant(part))
            else:
                parts.append(ast.FormattedValue(self._values.text(part), -1))
        return ast.JoinedStr(parts)

    def values(self, template: Template) -> ast.expr:
        """Return the code for a tuple that contains the value of each word in a message."""
        return self._values_of(part for part in template.parts if not isinstance(part, str))

    def addresses(self, template: Template) -> ast.expr:
        """Return the code for a tuple that contains the value of each address word in a message."""
        words = (part for part in template.parts if not isinstance(part, str))
        return self._values_of(word for word in words if word.type.base in _ADDRESS_TYPES)

    def _values_of(self, words: Iterable[Expression]) -> ast.expr:
        return ast.Tuple([self._values.value(word) for word in words], ast.Load())

    def lookup(self, lookup: IndexLookup) -> ast.expr:
        """Return the code for the interfaces that an index lookup returns: `question.owners`, `facts.named(once0)` …"""
        key = None if lookup.key is None else self._values.value(lookup.key)
        match lookup.index, key:
            case Index.OWNERS, _:
                return attribute(name("question"), "owners")
            case Index.HOST_PREFIXES, _:
                return call(attribute(name("question"), "owners_with_host_prefix"))
            case Index.CANDIDATES, _:
                return name("candidates")
            case Index.ROUTES, ast.expr():
                return key
            case Index.NAMED, ast.expr():
                return call(attribute(name("facts"), "named"), key)
            case Index.OWNING, ast.expr():
                return call(attribute(name("facts"), "owning"), key)
            case Index.NEAR, ast.expr():
                return call(attribute(name("facts"), "near"), key)
            case _, ast.expr():
                return ast.IfExp(key, attribute(name("facts"), "links"), ast.Tuple([], ast.Load()))
        raise AssertionError(f"the compiler has no code for this lookup: {lookup}")

    def condition(self, node: Condition) -> ast.expr:
        """Return the code for a condition.

        - `a and b`, `a or b`, `not a`: the operators of Python, which stop as early as the language does
        - `p`, a boolean parameter: `question.parameters['p']`
        - `nic.mtu is known`, `nic.mtu is unknown`: `nic.mtu is not None`, `nic.mtu is None`
        """
        match node:
            case AllOf():
                return ast.BoolOp(ast.And(), [self.condition(part) for part in node.conditions])
            case AnyOf():
                return ast.BoolOp(ast.Or(), [self.condition(part) for part in node.conditions])
            case Not():
                return negation(self.condition(node.condition))
            case Truth():
                return self._values.value(node.operand)
            case IsKnown():
                comparison = ast.Is() if node.negated else ast.IsNot()
                return ast.Compare(self._values.value(node.operand), [comparison], [ast.Constant(None)])
            case InState():
                test = self._state(node)
            case Related():
                test = self._relation(node)
            case Quantified():
                return self._quantified(node)
        return negation(test) if node.negated else test

    def _state(self, node: InState) -> ast.expr:
        """Return the code for a state: `nic is bond` as `nic.kind is k0`, `nic is up` as `k0(environment, nic)`."""
        operand = self._values.value(node.operand)
        if node.state.kind is not None:
            return ast.Compare(attribute(operand, "kind"), [ast.Is()], [self.constant(node.state.kind)])
        return call(self.constant(node.state.holds), self._values.environment(), operand)

    def _relation(self, node: Related) -> ast.expr:
        """Return the code for a relation. It compares interfaces by name, and addresses without their prefix length.

        - `nic.mtu > 1500`: `nic.mtu > k0`
        - `nic.addresses overlaps host.addresses`: `not nic.address_set.isdisjoint(once0)`
        - `nic.matched within host.addresses`: `question.matched_set(nic) <= once0`
        - `address in cidr("10.0.0.0/8")`: `v_address.address in k0`
        - `nic above other`, `nic below other`: `facts.is_above(UPPER.name, LOWER.name)`
        """
        left, right = node.left, node.right
        match node.relation:
            case Relate.OVERLAPS:
                return negation(
                    call(attribute(self._values.identity_set(left), "isdisjoint"), self._values.identity_set(right))
                )
            case Relate.WITHIN:
                return ast.Compare(self._values.identity_set(left), [ast.LtE()], [self._values.identity_set(right)])
            case Relate.IN:
                return self._values.membership(left, right)
            case Relate.IN_NETWORK:
                if right.type.is_list:
                    return self._values.in_networks(left, right)
                return ast.Compare(self._values.identity(left), [ast.In()], [self._values.value(right)])
            case Relate.LIKE:
                return self._glob(left, right)
            case Relate.ABOVE:
                return _is_above(self._values.value(left), self._values.value(right))
            case Relate.BELOW:
                return _is_above(self._values.value(right), self._values.value(left))
        return ast.Compare(self._values.identity(left), [_COMPARISONS[node.relation]], [self._values.identity(right)])

    def _glob(self, left: Expression, right: Expression) -> ast.expr:
        """Return the code that tests whether a text matches globs. If all globs are constants, they become one pattern.

        `nic.name like ["eth*", "ens*"]`: `k0(nic.name) is not None`, where `k0` is the method `match` of the pattern.
        """
        parts = right.operands if isinstance(right, ListOf) else (right,)
        constants = [part.value for part in parts if isinstance(part, Constant)]
        if len(constants) < len(parts):
            return self._values.matches_globs(left, right)
        globs = [str(glob) for value in constants for glob in (value if isinstance(value, tuple) else (value,))]
        match = re.compile("|".join(map(fnmatch.translate, globs)) or "(?!)").match
        return ast.Compare(call(self.constant(match), self._values.value(left)), [ast.IsNot()], [ast.Constant(None)])

    def _quantified(self, node: Quantified) -> ast.expr:
        """Return the code for a quantifier.

        - `some x in LIST satisfies BODY`: `any(BODY for v_x in LIST)`
        - `no x in LIST satisfies BODY`: `not any(BODY for v_x in LIST)`
        - `every x in LIST satisfies BODY`: `all(BODY for v_x in LIST)`
        - `some other in candidates satisfies BODY`, in a rule on candidates: `len(candidates) > 1 and any(BODY for
          v_other in candidates if v_other.name != nic.name)`
        - `some x in LIST satisfies x above nic and BODY`: `any(BODY and facts.is_above(v_x.name, nic.name) for v_x in
          above_in(environment, nic, LIST))`
        - `some other in candidates satisfies other.position < nic.position`: the code compares `nic.position` with the
          least position of all candidates (`Values.beyond_extreme`)
        """
        extreme = extreme_of(node)
        if extreme is not None:
            test = self._values.beyond_extreme(extreme)
            return negation(test) if node.quantifier is Quantifier.NO else test
        domain = self._values.domain(node)
        body = node.body if floor_of(node) is None else _with_floor_last(node.body)
        variable_name = variable(node.variable.name)
        ifs: list[ast.expr] = []
        if node.others_only:
            ifs = [is_other(variable_name)]
        loop = ast.comprehension(ast.Name(variable_name, ast.Store()), domain, ifs, 0)
        every = node.quantifier is Quantifier.EVERY
        self._values.loops += 1
        test = call(name("all" if every else "any"), ast.GeneratorExp(self.condition(body), [loop]))
        self._values.loops -= 1
        if node.others_only and self._is_on_candidates and is_candidates(node.domain):
            # a single candidate has no others: then the loop is not started
            count = call(name("len"), name("candidates"))
            others = ast.Compare(count, [ast.Lt() if every else ast.Gt()], [ast.Constant(2 if every else 1)])
            test = ast.BoolOp(ast.Or() if every else ast.And(), [others, test])
        return negation(test) if node.quantifier is Quantifier.NO else test


def _is_above(upper: ast.expr, lower: ast.expr) -> ast.expr:
    return call(attribute(name("facts"), "is_above"), attribute(upper, "name"), attribute(lower, "name"))


def _with_floor_last(body: Condition) -> Condition:
    """Return the body of a quantifier. If it begins with `x above y`, this costly part is moved to the end."""
    if not isinstance(body, AllOf):
        return body
    return replace(body, conditions=(*body.conditions[1:], body.conditions[0]))


def _near(facts: HostFacts, floor: Link, items: tuple[Link, ...]) -> tuple[Link, ...]:
    """Return a short list unchanged. From a long list, return only the interfaces above `floor`."""
    if len(items) <= _SHORT_LIST:
        return items
    names = frozenset(facts.topology.above(floor.name))
    return tuple([item for item in items if item.name in names]) if names else ()
