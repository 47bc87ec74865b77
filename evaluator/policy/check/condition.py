"""Does each condition of a rule compare what can be compared, and only values proven known?

Judging goes from left to right and stops early, so `X is known and …` guards what follows: each
condition reports which words it proves known if it holds, and which if it does not. `and` passes on
what its left side proves, `or` what its left side refutes, `not` swaps, a quantifier proves nothing.
"""

from __future__ import annotations

from msgspec import Struct

from evaluator.base.text import did_you_mean, quote
from evaluator.policy.check.expression import ExpressionChecker, Scope
from evaluator.policy.check.inline import Use, quantifiers_in
from evaluator.policy.check.relation import RelationChecker, refuse_sign
from evaluator.policy.check.shortened import shortened
from evaluator.policy.language.checked import (
    AllOf,
    AnyOf,
    Condition,
    Constant,
    Expression,
    Filter,
    InState,
    IsKnown,
    Not,
    ParameterValue,
    Quantified,
    Quantifier,
    Truth,
    Variable,
    walk,
)
from evaluator.policy.language.types import SCALARS, Base, Type
from evaluator.policy.language.vocabulary import KNOWING, states_of, words_of
from evaluator.policy.source.problems import Problems
from evaluator.policy.syntax import foreign, nodes

MOST_QUANTIFIERS = 3
LONGEST_WRITTEN_OUT = 4000
_NOTHING: frozenset[Expression] = frozenset()


class Checked(Struct, frozen=True):
    """A condition (None where mistakes were noted) and the values it proves known if true, if false."""

    condition: Condition | None
    if_true: frozenset[Expression] = _NOTHING
    if_false: frozenset[Expression] = _NOTHING


class _Bound(Struct, frozen=True):
    """A list, the variable that stands for each of its elements, and what is asked of them."""

    variable: Variable
    domain: Expression
    body: Condition


class ConditionChecker:
    """Checks the condition of one rule."""

    def __init__(self, problems: Problems) -> None:
        self._problems = problems
        self.written_out = 0  # the length of the named conditions that were written out so far
        self._expressions = ExpressionChecker(problems, self._filter)
        self._relations = RelationChecker(problems, self._expressions)

    def check(self, node: nodes.Condition, scope: Scope) -> Checked:
        """Return the checked condition with what it proves."""
        match node:
            case nodes.Either() | nodes.Both():
                return self._chain(node, scope)
            case nodes.Negation():
                refuse_sign(self._problems, node.sign)
                inner = self.check(node.condition, scope)
                condition = inner.condition and Not(inner.condition, self._problems.text(node.span), node.span)
                return Checked(condition, inner.if_false, inner.if_true)
            case nodes.Quantified():
                return Checked(self._quantified(node, scope))
            case nodes.Holds():
                return Checked(self._holds(node, scope))
            case nodes.Relation():
                return Checked(self._relations.check(node, scope))
            case nodes.State():
                return self._state(node, scope)

    def _chain(self, node: nodes.Either | nodes.Both, scope: Scope) -> Checked:
        """Check `a and b and c`; for `or` the same with true and false exchanged."""
        is_and = isinstance(node, nodes.Both)
        passed_on: frozenset[Expression] = _NOTHING  # proven for what stands further right
        stopped: frozenset[Expression] | None = None  # proven wherever judging stopped early
        conditions: list[Condition] = []
        for sign in node.signs:
            refuse_sign(self._problems, sign)
        for at, part in enumerate(node.conditions):
            hint = shortened(part, node.conditions[:at], self._problems.text, is_and=is_and)
            if hint:
                text = self._problems.text(part.span)
                code = "WRONG_TYPE" if text.startswith(("'", '"', "[")) or text.isdigit() else "UNKNOWN_WORD"
                self._problems.error(code, f"{quote(text)} is not a condition", part.span, hint)
            checked = Checked(None) if hint else self.check(part, scope.proving(passed_on))
            going_on, stopping = (checked.if_true, checked.if_false) if is_and else (checked.if_false, checked.if_true)
            here = passed_on | stopping
            stopped = here if stopped is None else stopped & here
            passed_on |= going_on
            if checked.condition is not None:
                conditions.append(checked.condition)
        text, stopped = self._problems.text(node.span), stopped or _NOTHING
        if len(conditions) < len(node.conditions):
            return Checked(None, passed_on if is_and else stopped, stopped if is_and else passed_on)
        if is_and:
            return Checked(AllOf(tuple(conditions), text, node.span), passed_on, stopped)
        return Checked(AnyOf(tuple(conditions), text, node.span), stopped, passed_on)

    def _quantified(self, node: nodes.Quantified, scope: Scope) -> Condition | None:
        bound = self._bound(node, scope, "over an empty list `some` never holds and `every` always does")
        if bound is None:
            return None
        text = self._problems.text(node.span)
        others_only = bound.variable.name == "other"
        quantifier = Quantifier(node.quantifier)
        return Quantified(quantifier, bound.variable, others_only, bound.domain, bound.body, text, node.span)

    def _filter(self, node: nodes.Filtered, scope: Scope) -> Filter | None:
        """Check the list of those that `count(x in LIST satisfies CONDITION)` counts."""
        bound = self._bound(node, scope, "it counts the whole list or nothing")
        if bound is None:
            return None
        others_only = bound.variable.name == "other"
        text = self._problems.text(node.span)
        return Filter(bound.variable, others_only, bound.domain, bound.body, bound.domain.type, text)

    def _bound(self, node: nodes.Quantified | nodes.Filtered, scope: Scope, if_unused: str) -> _Bound | None:
        """Check a list, the name that each of its elements gets, and what is asked of them."""
        domain = self._expressions.known_value(node.domain, scope)
        name = node.binder
        fits = self._binder_fits(name, domain, scope)
        if scope.quantifiers >= MOST_QUANTIFIERS:
            message = f"more than {MOST_QUANTIFIERS} quantifiers stand inside each other"
            self._problems.error("RULE_TOO_DEEP", message, node.span, "split the rule")
            return None
        if domain is None:
            return None
        if not domain.type.is_list:
            message = f"{quote(domain.text)} is of type {domain.type}, no list to choose from"
            self._problems.error("WRONG_TYPE", message, node.domain.span)
            return None
        if not fits:
            return None
        inner = scope.binding(name.text, domain.type.element)
        body = self.check(node.body, inner).condition
        if body is None:
            return None
        variable = Variable(name.text, domain.type.element)
        if not any(part == variable for part in walk(body)):
            message = f"the condition after `satisfies` does not mention {quote(name.text)}"
            self._problems.warning("BINDER_UNUSED", message, name.span, if_unused)
        return _Bound(variable, domain, body)

    def _binder_fits(self, name: nodes.Name, domain: Expression | None, scope: Scope) -> bool:
        taken = {*words_of(None), *scope.parameters, *scope.variables, "nic"}
        if name.text in taken:
            message = f"{quote(name.text)} means something already"
            self._problems.error("BINDER_TAKEN", message, name.span, "choose a new name")
            return False
        if name.text != "other":
            return True
        if scope.is_named:
            message = "`other` means the interfaces except the rule's own, and a condition belongs to no rule"
            self._problems.error("CONDITION_SCOPE", message, name.span, "choose another name")
            return False
        if "nic" not in scope.variables:
            message = "`other` means the interfaces except the rule's own, and this rule has none"
            self._problems.error("BINDER_TAKEN", message, name.span, "choose another name")
            return False
        if domain is not None and domain.type.is_list and domain.type.base is not Base.NIC:
            message = f"`other` ranges over interfaces, and {quote(domain.text)} holds none"
            self._problems.error("BINDER_TAKEN", message, name.span, "choose another name")
            return False
        return True

    def _holds(self, node: nodes.Holds, scope: Scope) -> Condition | None:
        found = self._expressions.operand(node.operand, scope)
        if found is None:
            return None
        if found.type.known != Type(Base.BOOLEAN):
            message = f"{quote(found.text)} is a value of type {found.type}, not a condition"
            self._problems.error("WRONG_TYPE", message, node.span, _condition_of(found))
            return None
        known = self._expressions.known_value(node.operand, scope)
        return None if known is None else Truth(known, self._problems.text(node.span), node.span)

    def _state(self, node: nodes.State, scope: Scope) -> Checked:
        found = self._expressions.operand(node.operand, scope)
        if found is None:
            return Checked(None)
        if node.negation is not None:
            refuse_sign(self._problems, node.negation)
        if node.state.text in KNOWING:
            return self._knowing(node, found)
        if found.type.known == Type(Base.NIC) and node.state.text in scope.conditions.known:
            return self._named(node, scope)
        state = states_of(found.type.base).get(node.state.text)
        if found.type.is_list or state is None:
            self._unknown_state(node, found, scope)
            return Checked(None)
        if found.type.optional and self._expressions.known_value(node.operand, scope) is None:
            return Checked(None)
        return Checked(InState(found, state.key, node.negation is not None, self._problems.text(node.span), node.span))

    def _named(self, node: nodes.State, scope: Scope) -> Checked:
        """Return the condition that a rule names, as it is meant there."""
        scope.conditions.used.add(node.state.text)
        named = scope.conditions.known[node.state.text]
        subject = self._expressions.known_value(node.operand, scope)
        if named is None or subject is None:
            return Checked(None)
        self.written_out += named.length
        if self.written_out > LONGEST_WRITTEN_OUT:
            message = "the named conditions, written out, are longer than"
            self._problems.error(
                "RULE_TOO_LONG", f"{message} {LONGEST_WRITTEN_OUT} characters", node.span, "split the rule"
            )
            return Checked(None)
        if scope.quantifiers + quantifiers_in(named.condition) > MOST_QUANTIFIERS:
            message = f"with those of the condition, more than {MOST_QUANTIFIERS} quantifiers are inside each other"
            self._problems.error("RULE_TOO_DEEP", message, node.span, "split the rule")
            return Checked(None)
        words = f"{self._problems.text(node.operand.span)} is {node.state.text}"
        use = Use(subject, words, node.span, {*words_of(None), *scope.parameters, *scope.variables})
        condition, proofs = use.condition(named), (use.values(named.if_true), use.values(named.if_false))
        if node.negation is None:
            return Checked(condition, *proofs)
        return Checked(Not(condition, self._problems.text(node.span), node.span), *reversed(proofs))

    def _unknown_state(self, node: nodes.State, found: Expression, scope: Scope) -> None:
        name, known = node.state.text, {*states_of(found.type.base)}
        if found.type.base is Base.NIC:
            known |= scope.conditions.known.keys()
        if found.type.is_list:
            message = f"{quote(found.text)} is a list, and a list has no states"
            quantifier = "some" if node.negation is None else "no"
            hint = f"write `{quantifier} x in {found.text} satisfies x is {name}`"
            if name in ("empty", "none", "null"):
                hint = f"write `count({found.text}) {'=' if node.negation is None else '>'} 0`"
            self._problems.error("WRONG_TYPE", message, node.operand.span, hint)
            return
        knowing = KNOWING if found.type.optional else ()
        is_not, null, set_ = ("", "unknown", "known") if node.negation is None else ("not ", "known", "unknown")
        hint = foreign.hint_of(foreign.STATES, name, found.text, is_not, null, set_)
        if not found.type.optional and name.lower() in foreign.NULLS:
            hint = f"{quote(found.text)} is never unknown: leave the condition out"
        hint = hint or did_you_mean(name, {*known, *knowing})
        if not hint and known:
            hint = f"its states are {', '.join(sorted(known))}"
        elif not hint:
            hint = f"compare it with {'=' if node.negation is None else '!='}: {found.text} = …"
            if found.type.base is Base.TEXT:
                hint = f'write `{found.text} {"=" if node.negation is None else "!="} "{name}"`'
            elif found.type.base not in SCALARS:
                hint = f"ask for one of its words: {_words(found)}"
        message = f"{quote(found.text)} ({found.type}) has no state {quote(name)}"
        self._problems.error("UNKNOWN_STATE", message, node.state.span, hint)

    def _knowing(self, node: nodes.State, found: Expression) -> Checked:
        name, text = node.state.text, self._problems.text(node.operand.span)
        if name == "given" and not isinstance(found, ParameterValue):
            message = f"{quote(text)} is not a parameter"
            hint = f"write `{text} is known`" if found.type.optional else "leave the condition out"
            self._problems.error("UNKNOWN_STATE", message, node.state.span, hint)
            return Checked(None)
        negated = KNOWING[name] == (node.negation is not None)
        if not found.type.optional:
            message = f"{quote(text)} is never unknown here, so the condition {'never' if negated else 'always'} holds"
            self._problems.warning("ALWAYS_KNOWN", message, node.span, "" if negated else "leave it out")
        proven = frozenset({found})
        condition = IsKnown(found, negated, self._problems.text(node.span), node.span)
        return Checked(condition, _NOTHING if negated else proven, proven if negated else _NOTHING)


def _condition_of(found: Expression) -> str:
    """Return a condition about a value that was written as if it were one."""
    text = found.text
    if found.type.is_list:
        return f"write `count({text}) > 0`"
    if isinstance(found, Constant):
        return "compare it with something"
    known = f"{text} is known and " if found.type.optional else ""
    match found.type.base:
        case Base.INTEGER:
            return f"compare it: `{known}{text} > 0`" + (f", or write `{text} is known`" if known else "")
        case Base.TEXT:
            return f'compare it: `{known}{text} = "…"`' + (f", or write `{text} is known`" if known else "")
        case _:
            return f"write a state, such as `{text} is {next(iter(states_of(found.type.base)), 'known')}`"


def _words(found: Expression) -> str:
    return ", ".join(f"{found.text}.{name}" for name in sorted(words_of(found.type.base)))
