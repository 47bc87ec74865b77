"""Makes Python code (syntax trees) for the values in the conditions of a policy.

A value that does not depend on the subject or on a variable is computed once for each rule. A statement before the loop
assigns the value to a name such as `once3`. This is correct because every expression of the language has a value and no
side effects. So the result of the rule is the same if a value is computed early, or is computed but not used.

There is one exception: a list that contains a value that may be unknown. An example is `[p, "eth0"]` in the condition
`p is given and nic.name in [p, "eth0"]`. If `p` is not given, the list cannot be computed. The test `p is given` is
inside the loop, so the list is computed there too, on first use, and cached in the environment (`_on_first_use`).

The names of computed values are cached. The keys of this cache are the nodes of the expressions, never their texts,
because two different expressions can have the same text.
"""

from __future__ import annotations

import ast
from collections.abc import Callable
from typing import Any, TypeGuard

from evaluator.base.checked_cast import checked_cast
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
    cached,
    is_in,
    is_like,
    list_of_word,
    matcher,
    networks_of,
    networks_of_word,
    route_to,
    set_of_word,
)

_VARIABLES = (
    "candidates",
    "facts",
    "host",
    "question",
)  # of the function, with the names of the environment's attributes
_IDENTITY = {Base.NIC: "name", Base.OWNED: "address"}
_DISTINCT = ("candidates", "interfaces", "owners")


class Values:
    """Makes the code that computes values. All code is a part of one compiled function.

    `constants` are the values that expressions use by name. `statements` are the statements that the current rule
    executes once. `uses_environment` is true if the code of the current rule uses the name `environment`.
    """

    def __init__(self, condition: Callable[[Condition], ast.expr]) -> None:
        self._condition = condition
        self.constants: dict[str, object] = {"route_to": route_to, "identity": identity, "list_of_word": list_of_word}
        self.constants.update(set_of_word=set_of_word, networks_of_word=networks_of_word, networks_of=networks_of)
        self.constants.update(is_in=is_in, matcher=matcher, is_like=is_like, cached=cached, above_in=above_in)
        self.statements: list[ast.stmt] = []
        self.loops = 0  # the number of quantifiers around the value
        self.uses_environment = False
        self._constant_names: dict[int, str] = {}
        self._once: dict[tuple[object, ...], str] = {}  # names by form and node

    def begin_rule(self) -> None:
        """Remove the values that were computed once for the previous rule, because the candidates have changed."""
        self._once, self.statements, self.uses_environment = {}, [], False

    def environment(self) -> ast.expr:
        """Return the variable `environment`, and set `uses_environment`.

        If `uses_environment` is true, the code of the rule begins with `environment = Environment(…)`.
        """
        self.uses_environment = True
        return name("environment")

    def constant(self, value: object) -> ast.expr:
        """Return the name of a constant value."""
        constant = self._constant_names.setdefault(id(value), f"k{len(self._constant_names)}")
        self.constants[constant] = value
        return name(constant)

    def value(self, node: Expression) -> ast.expr:
        """Return the code for a value.

        A value that does not depend on the subject or a variable is computed once for the rule.
        """
        if isinstance(node, Variable):
            return name(variable(node.name))
        if isinstance(node, Constant):
            return self.constant(node.value)
        return self._hoisted(node, self._write, "value")

    def _write(self, node: Expression) -> ast.expr:
        """Return the code for a value that is not a variable or a constant.

        - `p`, a parameter: `question.parameters['p']`
        - `count(candidates)`: `len(candidates)`; `count(nic.slaves)`: `len(frozenset(map(identity, SLAVES)))`
        - `count(x in LIST satisfies BODY)`: `len({v_x.name for v_x in LIST if BODY})`
        - `["eth0", "eth1"]`: `(k0, k1)`
        - `route_to(A)`: `route_to(environment, A)`
        """
        match node:
            case Read():
                return self._read(node)
            case ParameterValue():
                parameters = attribute(name("question"), "parameters")
                return ast.Subscript(parameters, ast.Constant(node.name), ast.Load())
            case Count(operand=Filter() as filtered):
                return call(name("len"), self._filtered(filtered))
            case Count():
                counted = self.value(node.operand) if _is_distinct(node.operand) else self.identity_set(node.operand)
                return call(name("len"), counted)
            case ListOf():
                return ast.Tuple([self.value(operand) for operand in node.operands], ast.Load())
            case RouteTo():
                return call(name("route_to"), self.environment(), self.identity(node.operand))
        raise AssertionError(f"unknown expression: {node}")

    def _filtered(self, node: Filter) -> ast.expr:
        """Return the code for a set: the identities of the elements that satisfy the condition.

        `x in LIST satisfies BODY`: `{v_x.name for v_x in LIST if BODY}`; for `other` also `if v_other.name !=
        nic.name`.
        """
        variable_name = variable(node.variable.name)
        ifs = [is_other(variable_name)] if node.others_only else []
        domain = self.domain(node)
        self.loops += 1
        loop = ast.comprehension(ast.Name(variable_name, ast.Store()), domain, [*ifs, self._condition(node.body)], 0)
        self.loops -= 1
        return ast.SetComp(self.identity(node.variable), [loop])

    def domain(self, node: Quantified | Filter) -> ast.expr:
        """Return the code for the list of a quantifier or filter.

        If the body begins with `x above y`, the list has only elements above `y`:

        `x in candidates satisfies x above nic and …`: `above_in(environment, nic, candidates)`, an index for the rule.
        `x in nic.uppers satisfies x above nic and …`: `near(facts, nic, UPPERS)`, which filters a long list.
        """
        domain, floor = self.value(node.domain), floor_of(node)
        if floor is None:
            return domain
        if isinstance(node.domain, Read) and node.domain.owner is None:  # the list is the same for the whole rule
            return call(name("above_in"), self.environment(), self.value(floor), domain)
        return call(name("near"), name("facts"), self.value(floor), domain)

    def _read(self, node: Read) -> ast.expr:
        """Return the code for a word.

        - a word with a path: `nic.mtu` as `nic.mtu`, `report.networks` as `facts.networks`
        - a word of the question: `nic.matched` as `question.matched(nic)`, `host.unowned` as `question.unowned`
        - another word: `k0(environment, nic)`, where `k0` is the function of the word
        - a list of an interface inside a quantifier: `list_of_word(environment, k0, v_x)`, which caches the list
        """
        word = node.word
        if node.owner is None and word.path:
            first, *path = word.path
            return attribute(name(first) if first in _VARIABLES else attribute(self.environment(), first), *path)
        if self._is_cached(node):
            return self._cached("list_of_word", node)
        owner = ast.Constant(None) if node.owner is None else self.value(node.owner)
        if word.path:
            return attribute(owner, *word.path)
        if word.of_question:
            value = attribute(name("question"), word.name)
            return call(value, owner) if word.owner is Base.NIC else value
        return call(self.constant(word.get), self.environment(), owner)

    def _is_cached(self, node: Expression) -> TypeGuard[Read]:
        """Return whether a value is a list such as `nic.ports` inside a quantifier, which may read it many times."""
        is_list = isinstance(node, Read) and node.type.is_list and node.word.owner is Base.NIC
        return is_list and self.loops > 0 and is_bound(node)

    def _cached(self, function: str, node: Read) -> ast.expr:
        """Return the code that calls a function. The function converts an interface's list and caches the result."""
        if node.owner is None:
            raise TypeError(f"the word {node.word.shown} must follow an interface, as in `nic.slaves`")
        return call(name(function), self.environment(), self.constant(node.word), self.value(node.owner))

    def in_networks(self, address: Expression, networks: Expression) -> ast.expr:
        """Return the code that tests whether an address is in one of several networks: `v_a.address in once1`.

        `once1` is a constant: `networks_of(NETWORKS)`, which has one set of networks for each prefix length. Networks
        that depend on a variable are tested one by one: `is_in(v_a.address, NETWORKS)`. The networks of an interface
        are cached.
        """
        searched = self.identity(address)
        if self._is_cached(networks):
            return ast.Compare(searched, [ast.In()], [self._cached("networks_of_word", networks)])
        if not is_bound(networks) and is_bound(address):
            converted = self._hoisted(networks, lambda node: call(name("networks_of"), self.value(node)), "networks")
            return ast.Compare(searched, [ast.In()], [converted])
        return call(name("is_in"), searched, self.value(networks))

    def matches_globs(self, text: Expression, globs: Expression) -> ast.expr:
        """Return the code that tests whether a text matches one of several globs. At least one glob is not a constant.

        The code is `once1(TEXT) is not None`, and `once1` is `matcher(GLOBS)`. If a glob depends on a variable, the
        code is `is_like(environment, TEXT, GLOBS)`.
        """
        if is_bound(globs):
            return call(name("is_like"), self.environment(), self.value(text), self.value(globs))
        match = self._hoisted(globs, lambda node: call(name("matcher"), self.value(node)), "matcher")
        return ast.Compare(call(match, self.value(text)), [ast.IsNot()], [ast.Constant(None)])

    def text(self, node: Expression) -> ast.expr:
        """Return the code that converts a value to a text for a message: `show(VALUE)`."""
        return self._hoisted(node, lambda node: call(name("show"), self.value(node)), "text")

    def identity(self, node: Expression) -> ast.expr:
        """Return the code for the key by which a value is compared.

        - The key of an interface is its name: `nic.name`.
        - The key of an owned address is the address without its prefix: `v_a.address`.
        - The key of any other value is the value: `VALUE`.

        If an interface or owned address may be unknown, the code is `identity(VALUE)`.
        """
        value = self.value(node)
        if node.type.base not in _IDENTITY:
            return value
        if may_be_unknown(node):  # the value before the loop may be None; then the rule never uses it
            return call(name("identity"), value)
        return attribute(value, _IDENTITY[node.type.base])

    def identity_set(self, node: Expression) -> ast.expr:
        """Return the code for a set with the key of each element of a list. `identity` describes the keys."""
        return self._hoisted(node, self._as_set, "set")

    def _as_set(self, node: Expression) -> ast.expr:
        """Return the code for a list as a set.

        | list | code |
        | --- | --- |
        | `nic.addresses` | `nic.address_set`, which exists already |
        | `nic.matched` | `question.matched_set(nic)`, which exists already |
        | `host.addresses` | `host.usable_set`, which exists already |
        | a word of a quantifier's variable, such as `x.networks` | `set_of_word(environment, k0, v_x)`, a cached set |
        | other interfaces or owned addresses | `frozenset(map(identity, LIST))` |
        | any other list | `frozenset(LIST)` |
        """
        if isinstance(node, Read) and node.word.owner is Base.NIC and node.owner is not None:
            if self._is_cached(node) and node.word.name != "matched":
                return self._cached("set_of_word", node)
            if node.word.name == "addresses":
                return attribute(self.value(node.owner), "address_set")
            if node.word.name == "matched":
                return call(attribute(name("question"), "matched_set"), self.value(node.owner))
        if isinstance(node, Read) and node.word.owner is Base.HOST and node.word.name == "addresses":
            return attribute(name("host"), "usable_set")
        items = self.value(node)
        if may_be_unknown(node):  # as in `identity`
            items = ast.BoolOp(ast.Or(), [items, ast.Tuple([], ast.Load())])
        if node.type.base in _IDENTITY or isinstance(node, ListOf):
            items = call(name("map"), name("identity"), items)
        return call(name("frozenset"), items)

    def membership(self, left: Expression, right: Expression) -> ast.expr:
        """Return the code that tests whether a value is in a list: `nic.name in once1`. `once1` is the list as a set.

        If the value and the list do not depend on the subject or a variable, the test is computed once. To build a set
        saves time only if a rule searches the list several times. If a rule searches a list of texts or numbers only
        once, the code searches the list itself: `k0 in facts.networks`.
        """
        is_plain = isinstance(right, Read) and right.type.base not in _IDENTITY
        is_repeated = is_bound(left) and not is_bound(right)  # then building a set saves time
        items = self.value(right) if is_plain and not is_repeated else self.identity_set(right)
        test = ast.Compare(self.identity(left), [ast.In()], [items])
        if not (is_early(left) and is_early(right)):
            return test
        return self._computed_once(("in", left, right), lambda: test)

    def beyond_extreme(self, extreme: Extreme) -> ast.expr:
        """Return the code that compares the least or the greatest value of a list with the value of the subject.

        The least or greatest value is computed once for each rule; it is None if the list is empty:
        `once0 = min((item.position for item in candidates), default=None)`, then
        `once0 is not None and once0 < nic.position`.
        """
        subject, domain = checked_cast(self.value(extreme.subject), ast.Attribute), self.value(extreme.domain)
        key = ("least" if extreme.is_least else "greatest", extreme.subject.word, extreme.domain)

        def minimum_or_maximum() -> ast.expr:
            loop = ast.comprehension(ast.Name("item", ast.Store()), domain, [], 0)
            values = ast.GeneratorExp(attribute(name("item"), subject.attr), [loop])
            default = ast.keyword("default", ast.Constant(None))
            return ast.Call(name("min" if extreme.is_least else "max"), [values], [default])

        limit = self._computed_once(key, minimum_or_maximum)
        beyond = ast.Compare(limit, [ast.Lt() if extreme.is_least else ast.Gt()], [subject])
        is_any = ast.Compare(limit, [ast.IsNot()], [ast.Constant(None)])
        return ast.BoolOp(ast.And(), [is_any, beyond])

    def _hoisted(self, node: Expression, write: Callable[[Any], ast.expr], form: str) -> ast.expr:
        """Return the code for a value. The code computes the value as early and as rarely as possible.

        `write` returns the code for the value in one form: the plain value, a set, or networks by prefix length.
        """
        if not is_early(node):
            return self._on_first_use(node, write, form) if node.type.is_list and not is_bound(node) else write(node)
        own_variable = _variable_of(node) if form == "value" else None
        if own_variable is not None:
            return own_variable
        return self._computed_once((form, node), lambda: write(node))

    def _computed_once(self, key: tuple[object, ...], write: Callable[[], ast.expr]) -> ast.expr:
        """Return the name of a value that the rule computes once, before its loop."""
        if key not in self._once:
            value = write()
            self._once[key] = f"once{len(self._once)}"
            self.statements.append(assign(self._once[key], value))
        return name(self._once[key])

    def _on_first_use(self, node: Expression, write: Callable[[Any], ast.expr], form: str) -> ast.expr:
        """Return the code that converts a list when the rule first uses it, and caches the result.

        A part of the list may be unknown. The rule uses the list only if all parts are known, so the conversion has to
        wait until then.
        """
        arguments = ast.arguments([], [], None, [], [], None, [])
        key = self.constant((form, len(self._constant_names)))
        return call(name("cached"), self.environment(), key, ast.Lambda(arguments, write(node)))


def _variable_of(node: Expression) -> ast.expr | None:
    """Return the local variable that contains the value, such as `candidates`; None without such a variable."""
    if isinstance(node, Read) and node.owner is None:
        path = node.word.path
        return name(path[0]) if len(path) == 1 and path[0] in _VARIABLES else None
    return None


def is_candidates(node: Expression) -> bool:
    """Return whether an expression is the word `candidates`."""
    return isinstance(node, Read) and node.owner is None and node.word.name == "candidates"


def _is_distinct(node: Expression) -> bool:
    return isinstance(node, Read) and node.owner is None and node.word.name in _DISTINCT


def is_other(variable_name: str) -> ast.expr:
    """Return the code that tests whether a variable is an interface other than the rule's own `nic`."""
    return ast.Compare(attribute(name(variable_name), "name"), [ast.NotEq()], [attribute(name("nic"), "name")])


def variable(text: str) -> str:
    """Return the Python name of a variable of the policy; the prefix separates it from the function's own names."""
    return "nic" if text == "nic" else f"v_{text}"
