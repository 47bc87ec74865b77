"""Checks operands: whether each word, call and list exists, and its type.

`operand` resolves an operand. The type of an operand depends on its place in the rule. For example, `nic.mtu` has the
type `integer?`, because its value may be unknown. After `nic.mtu is known and`, it has the type `integer`.
`known_value` is for operands whose value is used, in a comparison or as an argument. It reports an operand that may be
unknown at this place.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping

from msgspec import Struct, field
from msgspec.structs import replace

from evaluator.base.fix import Fix, Safety
from evaluator.base.source import Span
from evaluator.base.text import did_you_mean, quote
from evaluator.facts.address import parse_address, parse_cidr
from evaluator.policy.check.inline import NamedConditions
from evaluator.policy.language.checked import (
    Constant,
    Count,
    Expression,
    Filter,
    ListOf,
    ParameterValue,
    Read,
    RouteTo,
    Variable,
)
from evaluator.policy.language.types import SCALARS, Base, Type, comparable
from evaluator.policy.language.verbs import VERBS, Subject
from evaluator.policy.language.vocabulary import FUNCTIONS, states_of, words_of
from evaluator.policy.source.problems import Problems
from evaluator.policy.syntax import foreign, nodes

_NIC = Type(Base.NIC)
_NO_CONDITIONS = NamedConditions()

_WORDS = re.compile(r"[a-z]+")


class Scope(Struct, frozen=True):
    """The names that can be used at one place of a rule, and the operands that certainly have a value there.

    Before an author can write `nic.mtu > 1500`, the rule must test that `nic.mtu` has a value, as in
    `nic.mtu is known and nic.mtu > 1500`. `known` has the operands with such a test before the place. `quantifiers`
    is the number of quantifiers around the place. `is_named` is true in a named condition, which is checked without the
    rule that uses it.
    """

    parameters: Mapping[str, Type]
    verb: str
    variables: Mapping[str, Type] = field(default_factory=dict)
    known: frozenset[Expression] = frozenset()
    quantifiers: int = 0
    conditions: NamedConditions = _NO_CONDITIONS
    is_named: bool = False

    def proving(self, values: frozenset[Expression]) -> Scope:
        """Return a copy of the scope in which these values are known too."""
        return replace(self, known=self.known | values)

    def binding(self, name: str, type_: Type) -> Scope:
        """Return the scope inside a quantifier."""
        return replace(self, variables={**self.variables, name: type_}, quantifiers=self.quantifiers + 1)


CheckFilter = Callable[[nodes.Filtered, Scope], Filter | None]


class ExpressionChecker:
    """Resolves operands; the result is None if mistakes in an operand were reported."""

    def __init__(self, problems: Problems, filter_of: CheckFilter) -> None:
        self.problems = problems
        self._filter_of = filter_of

    def known_value(self, node: nodes.Operand, scope: Scope, relation: Span | None = None) -> Expression | None:
        """Return the operand. If the operand has mistakes or may be unknown, report this and return None.

        If the operand is a side of a relation, `relation` is the span of this relation.
        """
        operand = self.operand(node, scope)
        if operand is not None and operand.type.optional:
            self._refuse_unknown(operand, node, "the comparison", relation)
            return None
        return operand

    def operand(self, node: nodes.Operand, scope: Scope) -> Expression | None:
        """Return the operand, whose value may be unknown; None if mistakes in the operand were reported."""
        match node:
            case nodes.DottedName():
                return self._word(node, scope)
            case nodes.Call():
                return self._call(node, scope)
            case nodes.Filtered():
                return self._filtered(node, scope)
            case nodes.Items():
                return self._items(node, scope)
            case nodes.Literal(value=bool()):
                return Constant(node.value, Type(Base.BOOLEAN), self.problems.text(node.span))
            case nodes.Literal(value=int()):
                return Constant(node.value, Type(Base.INTEGER), self.problems.text(node.span))
            case nodes.Literal():
                return Constant(node.value, Type(Base.TEXT), self.problems.text(node.span))

    def _refuse_unknown(
        self, operand: Expression, node: nodes.Operand, user: str, relation: Span | None = None
    ) -> None:
        state = "given" if isinstance(operand, ParameterValue) else "known"
        text = self.problems.text(node.span)
        self.problems.error(
            "VALUE_MAY_BE_UNKNOWN",
            f"{quote(text)} may be unknown, but {user} needs a known value",
            node.span,
            f"test the value first: {quote(f'{text} is {state} and …')} or {quote(f'{text} is unknown or …')}",
            () if relation is None else self._guard(text, state, relation),
        )

    def _guard(self, text: str, state: str, relation: Span) -> tuple[Fix, ...]:
        """Return the fix that inserts, before a relation, a test whether a value is known.

        After `not`, the fix also adds parentheses.

        A `reject` or `ambiguous` rule must usually be true if the value is unknown, and the new test would make it
        false. So such a rule gets no fix: the author must choose.
        """
        before = self.problems.source.text[: relation.start].rstrip()
        verbs = [VERBS[word] for word in _WORDS.findall(before) if word in VERBS]
        if verbs and verbs[-1].refuses:
            return ()
        test = f"{text} is {state}"
        end = Span(relation.end, relation.end)
        start, title = Span(relation.start, relation.start), f"write {quote(test + ' and …')}"
        if before.endswith(("!", "not")):
            return self.problems.fix_all([(start, f"({test} and "), (end, ")")], Safety.UNSAFE, title)
        return self.problems.fix(start, f"{test} and ", Safety.UNSAFE, title)

    def _word(self, node: nodes.DottedName, scope: Scope) -> Expression | None:
        value = self._root(node, scope)
        for at, part in enumerate(node.parts[1:], start=1):
            value = None if value is None else self._owner(_narrowed(value, scope), node.parts[:at])
            value = None if value is None else self._field(value, part)
        return None if value is None else _narrowed(value, scope)

    def _owner(self, owner: Expression, parts: tuple[nodes.Name, ...]) -> Expression | None:
        """Return the value before a dot. If the value may be unknown, report this and return None."""
        if not owner.type.optional:
            return owner
        word = nodes.DottedName(parts, Span(parts[0].span.start, parts[-1].span.end))
        self._refuse_unknown(owner, word, "the word after it")
        return None

    def _root(self, node: nodes.DottedName, scope: Scope) -> Expression | None:
        name = node.parts[0]
        if name.text in scope.variables:
            return Variable(name.text, scope.variables[name.text])
        if name.text in scope.parameters:
            return ParameterValue(name.text, scope.parameters[name.text])
        word = words_of(None).get(name.text)
        if scope.is_named and name.text == "candidates":
            message = "a named condition cannot use `candidates`, because each rule can have different candidates"
            self.problems.error("CONDITION_SCOPE", message, name.span, "use `candidates` in the rule")
            return None
        if word is not None:
            return Read(word.key, None, word.type, name.text)
        self._unknown_word(node, scope)
        return None

    def _unknown_word(self, node: nodes.DottedName, scope: Scope) -> None:
        name = node.parts[0].text
        if name == "nic":
            message = f"a rule that begins with `{scope.verb} when` has no `nic`"
            hint = f"write `{scope.verb} nic when …` to look at each interface"
            if scope.verb in VERBS and VERBS[scope.verb].subject is Subject.REFUSED:
                hint = "write `reject nic when …` to look at each interface, or use `candidates`"
        elif name == "other":
            message, hint = "`other` has no meaning here", "write `some other in candidates satisfies …`"
            if scope.is_named:
                hint = "in the named condition, write `nic` instead of `other`; in the rule, write `other is NAME`"
        elif len(node.parts) == 1 and name in states_of(Base.NIC):
            kinds = {state.name for state in states_of(Base.NIC).values() if state.family == "kind"}
            message = f"{quote(name)} is a {'kind' if name in kinds else 'state'}, not a condition"
            hint = f"write `nic is {name}`"
        else:
            message = f"unknown word {quote(name)}"
            hint = _hint_for_word(name, scope)
            if len(node.parts) == 1 and (not hint or hint.startswith("did you mean")):
                hint = f'{hint} if you mean a text, write "{name}"'.strip()
        self.problems.error("UNKNOWN_WORD", message, node.parts[0].span, hint, self._fixes_of_word(node, hint, scope))

    def _fixes_of_word(self, node: nodes.DottedName, hint: str, scope: Scope) -> tuple[Fix, ...]:
        """Return the fixes for an unknown word that has no dot before it. The hint contains the word to insert."""
        name, known = node.parts[0], _known_words(scope)
        if hint.startswith("did you mean"):
            return self.problems.name_fix(name.span, name.text, known)
        is_word_of_nic = name.text in words_of(Base.NIC) and "nic" in scope.variables
        safety = Safety.SAFE if is_word_of_nic and hint == f"write `nic.{name.text}`" else Safety.UNSAFE
        return self.problems.hint_fix(node.span if len(node.parts) == 1 else name.span, hint, safety)

    def _field(self, owner: Expression, part: nodes.Name) -> Expression | None:
        owner_text = quote(owner.text)
        if owner.type.is_list:
            hint = foreign.hint_of(foreign.LIST_WORDS, part.text, owner.text)
            self.problems.error(
                "LIST_HAS_NO_FIELD",
                f"{owner_text} is a list, so {quote('.' + part.text)} cannot follow it",
                part.span,
                hint or f"write `some x in {owner.text} satisfies x.{part.text} …`",
            )
            return None
        word = words_of(owner.type.base).get(part.text)
        if word is None:
            hint = _hint_for_field(owner, part)
            fixes: tuple[Fix, ...] = ()
            if hint.startswith("did you mean"):
                fixes = self.problems.name_fix(part.span, part.text, words_of(owner.type.base))
            self.problems.error("UNKNOWN_WORD", f"{owner_text} has no {quote(part.text)}", part.span, hint, fixes)
            return None
        return Read(word.key, owner, word.type, f"{owner.text}.{part.text}")

    def _call(self, node: nodes.Call, scope: Scope) -> Expression | None:
        name = node.function.text
        arguments = [self.known_value(argument, scope) for argument in node.arguments]
        if name not in FUNCTIONS:
            operand = self.problems.text(node.arguments[0].span) if node.arguments else "…"
            hint = foreign.hint_of(foreign.FUNCTIONS, name, operand) or did_you_mean(name, FUNCTIONS)
            fixes = self.problems.name_fix(node.function.span, name, FUNCTIONS)
            if not hint.startswith("did you mean"):
                fixes = self.problems.hint_fix(node.span, hint)
            hint = hint or f"the functions are {', '.join(FUNCTIONS)}"
            self.problems.error("UNKNOWN_FUNCTION", f"unknown function {quote(name)}", node.function.span, hint, fixes)
            return None
        valid = [argument for argument in arguments if argument is not None]
        if len(valid) < len(arguments):
            return None
        if len(valid) != 1:
            message = f"{quote(name)} takes one argument ({FUNCTIONS[name].takes}), but {len(valid)} were given"
            self.problems.error("WRONG_ARGUMENTS", message, node.span)
            return None
        return self._apply(name, valid[0], node)

    def _filtered(self, node: nodes.Filtered, scope: Scope) -> Expression | None:
        name = node.function.text
        filtered = self._filter_of(node, scope)
        if name != "count":
            message = f"`x in LIST satisfies CONDITION` is allowed in `count`, but not in {quote(name)}"
            hint = did_you_mean(name, ["count"]) or "write `count(x in LIST satisfies CONDITION)`"
            fixes = self.problems.name_fix(node.function.span, name, ["count"])
            self.problems.error("UNKNOWN_FUNCTION", message, node.function.span, hint, fixes)
            return None
        return None if filtered is None else Count(filtered, FUNCTIONS[name].gives, self.problems.text(node.span))

    def _apply(self, name: str, argument: Expression, node: nodes.Call) -> Expression | None:
        text, gives = self.problems.text(node.span), FUNCTIONS[name].gives
        if name == "count" and argument.type.is_list:
            return Count(argument, gives, text)
        if name == "route_to" and argument.type in (Type(Base.ADDRESS), Type(Base.OWNED)):
            return RouteTo(argument, gives, text)
        if name in ("cidr", "address") and isinstance(argument, Constant) and isinstance(argument.value, str):
            read = parse_cidr if name == "cidr" else parse_address
            try:
                return Constant(read(argument.value), gives, text)
            except ValueError as error:
                reason = f": {error}" if "host bits" in str(error) or "prefix length" in str(error) else ""
                message = f"{quote(argument.value)} is not {'a network' if name == 'cidr' else 'an address'}{reason}"
                self.problems.error("BAD_LITERAL", message, node.arguments[0].span)
                return None
        takes = FUNCTIONS[name].takes
        message = f"{quote(name)} takes {takes}; {quote(argument.text)} is of type {argument.type}"
        hint = "write the text itself, in quotes" if name in ("cidr", "address") else ""
        self.problems.error("WRONG_TYPE", message, node.arguments[0].span, hint)
        return None

    def _items(self, node: nodes.Items, scope: Scope) -> Expression | None:
        results = [self.known_value(operand, scope) for operand in node.operands]
        items = tuple(item for item in results if item is not None)
        if len(items) < len(results):
            return None
        base = items[0].type.base if items else Base.NOTHING
        for item, operand in zip(items, node.operands, strict=True):
            hint = ""
            if item.type.is_list or item.type.base not in SCALARS:
                hint = "the elements of a list must be single values"
            elif not comparable(item.type.base, base):
                hint = f"all elements of a list must have the type of the first element: {base}"
            if hint:
                message = f"{quote(item.text)} ({item.type}) is not allowed in this list"
                self.problems.error("WRONG_TYPE", message, operand.span, hint)
                return None
        return ListOf(items, Type(base, is_list=True), self.problems.text(node.span))


def _narrowed(expression: Expression, scope: Scope) -> Expression:
    """Return the value. If the value is proven known at this place, the `?` of its type is removed."""
    if (
        expression.type.optional
        and expression in scope.known
        and isinstance(expression, Read | ParameterValue | Variable)
    ):
        return replace(expression, type=expression.type.known)
    return expression


def _hint_for_field(owner: Expression, part: nodes.Name) -> str:
    """Return a hint for an unknown word after a dot."""
    states, words = states_of(owner.type.base), words_of(owner.type.base)
    is_nic = owner.type.base is Base.NIC
    hint = foreign.hint_of(foreign.NIC_WORDS, part.text, owner.text) if is_nic else ""
    state = part.text if part.text in states else foreign.without_is(part.text, states)
    if hint or state:
        return hint or f"write `{owner.text} is {state}`"
    if not words:
        return f"{quote(owner.text)} is of type {owner.type}: no word can follow it after a dot"
    return did_you_mean(part.text, words) or f"the words of {quote(owner.text)} are {', '.join(sorted(words))}"


def _hint_for_word(name: str, scope: Scope) -> str:
    """Return a hint for an unknown word without a dot before it."""
    if name in FUNCTIONS:
        return f"write `{name}(…)`"
    if name in words_of(Base.NIC) and "nic" in scope.variables:
        return f"write `nic.{name}`"
    return foreign.hint_of(foreign.ROOT_WORDS, name) or did_you_mean(name, _known_words(scope))


def _known_words(scope: Scope) -> set[str]:
    return {*words_of(None), *scope.parameters, *scope.variables}
