"""Does each word, call and list of a rule exist, and what is its type?

A word that may be unknown keeps its optional type here; whoever uses the value asks `known_value`,
which refuses it unless the text before it proves it known.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping

from msgspec import Struct, field
from msgspec.structs import replace

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


class Scope(Struct, frozen=True):
    """What a word may mean at one place of a rule; `known` are the values proven known there.

    `is_named` tells that the place is in a named condition, which cannot know the rule that names it.
    """

    parameters: Mapping[str, Type]
    verb: str
    variables: Mapping[str, Type] = field(default_factory=dict)
    known: frozenset[Expression] = frozenset()
    quantifiers: int = 0
    conditions: NamedConditions = _NO_CONDITIONS
    is_named: bool = False

    def proving(self, values: frozenset[Expression]) -> Scope:
        """Return the scope in which these values are known as well."""
        return replace(self, known=self.known | values)

    def binding(self, name: str, type_: Type) -> Scope:
        """Return the scope inside a quantifier."""
        return replace(self, variables={**self.variables, name: type_}, quantifiers=self.quantifiers + 1)


CheckFilter = Callable[[nodes.Filtered, Scope], Filter | None]


class ExpressionChecker:
    """Resolves operands; None stands for one whose mistakes have been noted."""

    def __init__(self, problems: Problems, filter_of: CheckFilter) -> None:
        self.problems = problems
        self._filter_of = filter_of

    def known_value(self, node: nodes.Operand, scope: Scope) -> Expression | None:
        """Resolve an operand whose value is used here, so it must be proven known."""
        found = self.operand(node, scope)
        if found is not None and found.type.optional:
            self._refuse_unknown(found, node, "the comparison")
            return None
        return found

    def operand(self, node: nodes.Operand, scope: Scope) -> Expression | None:
        """Resolve an operand, unknown or not."""
        match node:
            case nodes.Word():
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

    def _refuse_unknown(self, found: Expression, node: nodes.Operand, user: str) -> None:
        state = "given" if isinstance(found, ParameterValue) else "known"
        text = self.problems.text(node.span)
        self.problems.error(
            "VALUE_MAY_BE_UNKNOWN",
            f"{quote(text)} may be unknown, and {user} needs its value",
            node.span,
            f"write first: {text} is {state} and …, or {text} is unknown or …",
        )

    def _word(self, node: nodes.Word, scope: Scope) -> Expression | None:
        found = self._root(node, scope)
        for at, part in enumerate(node.parts[1:], start=1):
            found = None if found is None else self._owner(_narrowed(found, scope), node.parts[:at])
            found = None if found is None else self._field(found, part)
        return None if found is None else _narrowed(found, scope)

    def _owner(self, found: Expression, parts: tuple[nodes.Name, ...]) -> Expression | None:
        """Return the value that a word is read from, which must be known."""
        if not found.type.optional:
            return found
        self._refuse_unknown(found, nodes.Word(parts, Span(parts[0].span.start, parts[-1].span.end)), "what follows")
        return None

    def _root(self, node: nodes.Word, scope: Scope) -> Expression | None:
        name = node.parts[0]
        if name.text in scope.variables:
            return Variable(name.text, scope.variables[name.text])
        if name.text in scope.parameters:
            return ParameterValue(name.text, scope.parameters[name.text])
        word = words_of(None).get(name.text)
        if scope.is_named and name.text == "candidates":
            message = "a condition cannot ask about `candidates`, which are others in each rule"
            self.problems.error("CONDITION_SCOPE", message, name.span, "ask about them in the rule")
            return None
        if word is not None:
            return Read(word.key, None, word.type, name.text)
        self._unknown_word(node, scope)
        return None

    def _unknown_word(self, node: nodes.Word, scope: Scope) -> None:
        name = node.parts[0].text
        if name == "nic":
            message = f"there is no `nic` in a rule that begins with `{scope.verb} when`"
            hint = f"write `{scope.verb} nic when …` to look at each interface"
            if scope.verb in VERBS and VERBS[scope.verb].subject is Subject.REFUSED:
                hint = "write `reject nic when …` to look at each interface, or ask about `candidates`"
        elif name == "other":
            message, hint = "`other` is not bound here", "some other in candidates satisfies …"
            if scope.is_named:
                hint = "in a condition `nic` is what is before `is`: write `other is NAME` in the rule"
        elif len(node.parts) == 1 and name in states_of(Base.NIC):
            kinds = {state.name for state in states_of(Base.NIC).values() if state.family == "kind"}
            message = f"{quote(name)} is a {'kind' if name in kinds else 'state'}, not a condition"
            hint = f"write `nic is {name}`"
        else:
            message = f"unknown word {quote(name)}"
            hint = _hint_for(name, scope)
            if len(node.parts) == 1 and (not hint or hint.startswith("did you mean")):
                hint = f'{hint} if it is text, write "{name}"'.strip()
        self.problems.error("UNKNOWN_WORD", message, node.parts[0].span, hint)

    def _field(self, owner: Expression, part: nodes.Name) -> Expression | None:
        shown = quote(owner.text)
        if owner.type.is_list:
            hint = foreign.hint_of(foreign.LIST_WORDS, part.text, owner.text)
            self.problems.error(
                "LIST_HAS_NO_FIELD",
                f"{shown} is a list, so {quote('.' + part.text)} cannot follow it",
                part.span,
                hint or f"write `some x in {owner.text} satisfies x.{part.text} …`",
            )
            return None
        word = words_of(owner.type.base).get(part.text)
        if word is None:
            self.problems.error("UNKNOWN_WORD", f"{shown} has no {quote(part.text)}", part.span, _instead(owner, part))
            return None
        return Read(word.key, owner, word.type, f"{owner.text}.{part.text}")

    def _call(self, node: nodes.Call, scope: Scope) -> Expression | None:
        name = node.function.text
        arguments = [self.known_value(argument, scope) for argument in node.arguments]
        if name not in FUNCTIONS:
            operand = self.problems.text(node.arguments[0].span) if node.arguments else "…"
            hint = foreign.hint_of(foreign.FUNCTIONS, name, operand) or did_you_mean(name, FUNCTIONS)
            functions = f"the functions are {', '.join(FUNCTIONS)}"
            self.problems.error(
                "UNKNOWN_FUNCTION", f"unknown function {quote(name)}", node.function.span, hint or functions
            )
            return None
        known = [argument for argument in arguments if argument is not None]
        if len(known) < len(arguments):
            return None
        if len(known) != 1:
            message = f"{quote(name)} takes one argument, {FUNCTIONS[name].takes}; {len(known)} are given"
            self.problems.error("WRONG_ARGUMENTS", message, node.span)
            return None
        return self._apply(name, known[0], node)

    def _filtered(self, node: nodes.Filtered, scope: Scope) -> Expression | None:
        name = node.function.text
        found = self._filter_of(node, scope)
        if name != "count":
            message = f"{quote(name)} takes no list with a condition"
            hint = did_you_mean(name, ["count"]) or "say `count(x in LIST satisfies CONDITION)`"
            self.problems.error("UNKNOWN_FUNCTION", message, node.function.span, hint)
            return None
        return None if found is None else Count(found, FUNCTIONS[name].gives, self.problems.text(node.span))

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
                reason = str(error) if "host bits" in str(error) or "no prefix" in str(error) else "it cannot be read"
                message = f"{quote(argument.value)} is not {'a network' if name == 'cidr' else 'an address'}: {reason}"
                self.problems.error("BAD_LITERAL", message, node.arguments[0].span)
                return None
        takes = FUNCTIONS[name].takes
        message = f"{quote(name)} takes {takes}; {quote(argument.text)} is of type {argument.type}"
        hint = "write the text itself, in quotes" if name in ("cidr", "address") else ""
        self.problems.error("WRONG_TYPE", message, node.arguments[0].span, hint)
        return None

    def _items(self, node: nodes.Items, scope: Scope) -> Expression | None:
        found = [self.known_value(operand, scope) for operand in node.operands]
        items = tuple(item for item in found if item is not None)
        if len(items) < len(found):
            return None
        base = items[0].type.base if items else Base.NOTHING
        for item, operand in zip(items, node.operands, strict=True):
            hint = ""
            if item.type.is_list or item.type.base not in SCALARS:
                hint = "the elements of a list are single values"
            elif not comparable(item.type.base, base):
                hint = f"the first element is of type {base}, and a list has elements of one type"
            if hint:
                message = f"{quote(item.text)} ({item.type}) is not allowed in this list"
                self.problems.error("WRONG_TYPE", message, operand.span, hint)
                return None
        return ListOf(items, Type(base, is_list=True), self.problems.text(node.span))


def _narrowed(found: Expression, scope: Scope) -> Expression:
    """Return the value with the type that it has where it is proven known."""
    if found.type.optional and found in scope.known and isinstance(found, Read | ParameterValue):
        return replace(found, type=found.type.known)
    return found


def _instead(owner: Expression, part: nodes.Name) -> str:
    """Return what was probably meant by an unknown word after a dot."""
    states, known = states_of(owner.type.base), words_of(owner.type.base)
    is_nic = owner.type.base is Base.NIC
    hint = foreign.hint_of(foreign.NIC_WORDS, part.text, owner.text) if is_nic else ""
    state = part.text if part.text in states else foreign.without_is(part.text, states)
    if hint or state:
        return hint or f"write `{owner.text} is {state}`"
    if not known:
        return f"{quote(owner.text)} is of type {owner.type}, which has no words"
    return did_you_mean(part.text, known) or f"{quote(owner.text)} has {', '.join(sorted(known))}"


def _hint_for(name: str, scope: Scope) -> str:
    """Return what an unknown word was probably meant to be."""
    if name in FUNCTIONS:
        return f"write `{name}(…)`"
    if name in words_of(Base.NIC) and "nic" in scope.variables:
        return f"write `nic.{name}`"
    return foreign.hint_of(foreign.ROOT_WORDS, name) or did_you_mean(
        name, {*words_of(None), *scope.parameters, *scope.variables}
    )
