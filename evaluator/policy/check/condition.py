"""Checks conditions: their types, and their use of values that may be unknown.

If `x` may be unknown, a condition must test `x is known` before it uses `x`. This check is a flow analysis, as in
languages with null safety. A condition is evaluated from left to right, and
evaluation stops as soon as the result is certain. So in `nic.mtu is known and nic.mtu > 1500` the comparison is
evaluated only if the MTU is known. Therefore each checked condition has two sets of values. `if_true` are the values
that are known if the condition is true. `if_false` are the values that are known if the condition is false:

- `x is known`: `if_true` contains x. `x is unknown`: `if_false` contains x.
- `not a`: the two sets of `a` are exchanged.
- `a and b`: `b` is evaluated only if `a` is true, so `b` is checked with the `if_true` of `a`. If `a and b` is true,
  both parts are true, so its `if_true` is the union of the `if_true` of `a` and of `b`. If `a and b` is false, there
  are two cases: `a` is false, or `a` is true and `b` is false. `if_false` has the values that are known in both cases.
- `a or b`: the same as for `and`, but true and false are exchanged.
- a quantifier: both sets are empty, because the list of the quantifier may be empty.

So an unknown value is never compared, and the language needs no third truth value.
"""

from __future__ import annotations

from msgspec import Struct

from evaluator.base.source import Span
from evaluator.base.text import did_you_mean, quote
from evaluator.policy.check.expression import ExpressionChecker, Scope
from evaluator.policy.check.inline import ConditionUse, quantifiers_in
from evaluator.policy.check.relation import RelationChecker, refuse_operator
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
LONGEST_INSERTED = 4000
_NOTHING: frozenset[Expression] = frozenset()


class Checked(Struct, frozen=True):
    """A checked condition; None if it has mistakes.

    `if_true` are the values that are known if the condition is true. `if_false` are the values that are known if the
    condition is false.
    """

    condition: Condition | None
    if_true: frozenset[Expression] = _NOTHING
    if_false: frozenset[Expression] = _NOTHING


class _Binding(Struct, frozen=True):
    """A variable, the list whose elements are the values of the variable, and the condition about each element."""

    variable: Variable
    domain: Expression
    body: Condition


class ConditionChecker:
    """Checks the condition of one rule."""

    def __init__(self, problems: Problems) -> None:
        self._problems = problems
        self.inserted_length = 0  # of the texts of all named conditions that were inserted so far
        self._expressions = ExpressionChecker(problems, self._filter)
        self._relations = RelationChecker(problems, self._expressions)

    def check(self, node: nodes.Condition, scope: Scope) -> Checked:
        """Return the checked condition with its sets `if_true` and `if_false`."""
        match node:
            case nodes.Either() | nodes.Both():
                return self._chain(node, scope)
            case nodes.Negation():
                refuse_operator(self._problems, node.operator)
                inner = self.check(node.condition, scope)
                condition = inner.condition and Not(inner.condition, self._problems.text(node.span), node.span)
                return Checked(condition, inner.if_false, inner.if_true)
            case nodes.Quantified():
                return Checked(self._quantified(node, scope))
            case nodes.BareOperand():
                return Checked(self._bare_operand(node, scope))
            case nodes.Relation():
                return Checked(self._relations.check(node, scope))
            case nodes.StateTest():
                return self._state(node, scope)

    def _chain(self, node: nodes.Either | nodes.Both, scope: Scope) -> Checked:
        """Check `a and b and c`. The check of `or` is the same, but true and false are exchanged.

        Let T(a) be the values that are known if `a` is true, and F(a) those that are known if `a` is false. In `a and b
        and c`:

        - `b` is evaluated only if `a` is true, so `b` is checked with T(a). `c` is evaluated only if `a` and `b` are
          true, so `c` is checked with T(a) ∪ T(b).
        - If `a and b and c` is true, T(a) ∪ T(b) ∪ T(c) are known.
        - If `a and b and c` is false, one of `a`, `b` and `c` was false, and the parts before it were true. If `a` was
          false, F(a) are known. If `b` was false, T(a) ∪ F(b) are known. If `c` was false, T(a) ∪ T(b) ∪ F(c) are
          known. So the values in all three sets are known in any case.
        """
        is_and = isinstance(node, nodes.Both)
        passed_on: frozenset[Expression] = _NOTHING  # known in the parts further right
        stopped: frozenset[Expression] | None = None  # known at every part at which evaluation can stop
        conditions: list[Condition] = []
        for operator in node.operators:
            refuse_operator(self._problems, operator)
        for at, part in enumerate(node.conditions):
            is_shortened = self._refuse_shortened(part, node.conditions[:at], is_and=is_and)
            checked = Checked(None) if is_shortened else self.check(part, scope.proving(passed_on))
            continuing, stopping = checked.if_true, checked.if_false
            if not is_and:
                continuing, stopping = stopping, continuing
            here = passed_on | stopping
            stopped = here if stopped is None else stopped & here
            passed_on |= continuing
            if checked.condition is not None:
                conditions.append(checked.condition)
        text, stopped = self._problems.text(node.span), stopped or _NOTHING
        if len(conditions) < len(node.conditions):
            return Checked(None, passed_on if is_and else stopped, stopped if is_and else passed_on)
        if is_and:
            return Checked(AllOf(tuple(conditions), text, node.span), passed_on, stopped)
        return Checked(AnyOf(tuple(conditions), text, node.span), stopped, passed_on)

    def _refuse_shortened(self, part: nodes.Condition, before: tuple[nodes.Condition, ...], *, is_and: bool) -> bool:
        """Report a part of a chain that leaves out its first words, as `nic is bond or bridge`. Return whether it does.

        `before` are the earlier parts of the chain.
        """
        hint = shortened(part, before, self._problems.text, is_and=is_and)
        if hint:
            text = self._problems.text(part.span)
            code = "WRONG_TYPE" if text.startswith(("'", '"', "[")) or text.isdigit() else "UNKNOWN_WORD"
            fixes = self._problems.hint_fix(Span(before[-1].span.start, part.span.end), hint)
            self._problems.error(code, f"{quote(text)} is not a condition", part.span, hint, fixes)
        return bool(hint)

    def _quantified(self, node: nodes.Quantified, scope: Scope) -> Condition | None:
        """Check `some x in LIST satisfies CONDITION`."""
        binding = self._binding(node, scope, "for an empty list, `some` is false and `every` is true")
        if binding is None:
            return None
        text = self._problems.text(node.span)
        others_only = binding.variable.name == "other"
        quantifier = Quantifier(node.quantifier)
        return Quantified(quantifier, binding.variable, others_only, binding.domain, binding.body, text, node.span)

    def _filter(self, node: nodes.Filtered, scope: Scope) -> Filter | None:
        """Check the filtered list in `count(x in LIST satisfies CONDITION)`."""
        binding = self._binding(
            node, scope, "use the variable: without it, `count` counts either all elements or no element"
        )
        if binding is None:
            return None
        others_only = binding.variable.name == "other"
        text = self._problems.text(node.span)
        return Filter(binding.variable, others_only, binding.domain, binding.body, binding.domain.type, text)

    def _binding(self, node: nodes.Quantified | nodes.Filtered, scope: Scope, hint_unused: str) -> _Binding | None:
        """Check the list, the variable and the condition of a quantifier or a filtered list.

        LIST must have a type `[T]`. The condition is checked with the variable as a value of type T, and with the
        values that are known at the quantifier.
        """
        domain = self._expressions.known_value(node.domain, scope)
        name = node.variable
        is_allowed = self._is_variable_allowed(name, domain, scope)
        if scope.quantifiers >= MOST_QUANTIFIERS:
            message = f"more than {MOST_QUANTIFIERS} quantifiers are nested"
            self._problems.error("RULE_TOO_DEEP", message, node.span, "split the rule")
            return None
        if domain is None:
            return None
        if not domain.type.is_list:
            message = f"{quote(domain.text)} is not a list: its type is {domain.type}"
            self._problems.error("WRONG_TYPE", message, node.domain.span)
            return None
        if not is_allowed:
            return None
        inner = scope.binding(name.text, domain.type.element)
        body = self.check(node.body, inner).condition
        if body is None:
            return None
        variable = Variable(name.text, domain.type.element)
        if not any(part == variable for part in walk(body)):
            message = f"the condition after `satisfies` does not mention {quote(name.text)}"
            self._problems.warning("BINDER_UNUSED", message, name.span, hint_unused)
        return _Binding(variable, domain, body)

    def _is_variable_allowed(self, name: nodes.Name, domain: Expression | None, scope: Scope) -> bool:
        """Return whether a variable can have this name. The name must not already have a meaning.

        The name `other` is allowed only in a rule about `nic`, for a list of interfaces.
        """
        used_names = {*words_of(None), *scope.parameters, *scope.variables, "nic"}
        if name.text in used_names:
            message = f"{quote(name.text)} already has a meaning"
            self._problems.error("BINDER_TAKEN", message, name.span, "choose a new name")
            return False
        if name.text != "other":
            return True
        if scope.is_named:
            message = (
                "a named condition cannot use `other`, because `other` means the interfaces except the rule's `nic`"
            )
            self._problems.error("CONDITION_SCOPE", message, name.span, "choose another name")
            return False
        if "nic" not in scope.variables:
            message = "`other` means the interfaces except the rule's `nic`, but this rule has no `nic`"
            self._problems.error("BINDER_TAKEN", message, name.span, "choose another name")
            return False
        if domain is not None and domain.type.is_list and domain.type.base is not Base.NIC:
            message = f"`other` must be an interface, but {quote(domain.text)} is a list of type {domain.type}"
            self._problems.error("BINDER_TAKEN", message, name.span, "choose another name")
            return False
        return True

    def _bare_operand(self, node: nodes.BareOperand, scope: Scope) -> Condition | None:
        """Check a value that is used as a condition: its type must be boolean, and it must be known."""
        operand = self._expressions.operand(node.operand, scope)
        if operand is None:
            return None
        if operand.type.known != Type(Base.BOOLEAN):
            message = f"{quote(operand.text)} is a value of type {operand.type}, not a condition"
            hint = _condition_hint(operand)
            self._problems.error("WRONG_TYPE", message, node.span, hint, self._problems.hint_fix(node.span, hint))
            return None
        known = self._expressions.known_value(node.operand, scope)
        return None if known is None else Truth(known, self._problems.text(node.span), node.span)

    def _state(self, node: nodes.StateTest, scope: Scope) -> Checked:
        """Check `x is NAME`. If NAME is a state, x must be known. If NAME is a named condition, x must be a nic.

        For `x is known` and `x is unknown`, x may be unknown (see `_knowing`).
        """
        operand = self._expressions.operand(node.operand, scope)
        if operand is None:
            return Checked(None)
        if node.negation is not None:
            refuse_operator(self._problems, node.negation)
        if node.state.text in KNOWING:
            return self._knowing(node, operand)
        if operand.type.known == Type(Base.NIC) and node.state.text in scope.conditions.by_name:
            return self._named(node, scope)
        state = states_of(operand.type.base).get(node.state.text)
        if operand.type.is_list or state is None:
            self._unknown_state(node, operand, scope)
            return Checked(None)
        if operand.type.optional and self._expressions.known_value(node.operand, scope) is None:
            return Checked(None)
        return Checked(
            InState(operand, state.key, node.negation is not None, self._problems.text(node.span), node.span)
        )

    def _named(self, node: nodes.StateTest, scope: Scope) -> Checked:
        """Check `x is NAME`. Return the named condition with `nic` replaced by x."""
        scope.conditions.used.add(node.state.text)
        named = scope.conditions.by_name[node.state.text]
        subject = self._expressions.known_value(node.operand, scope)
        if named is None or subject is None:
            return Checked(None)
        self.inserted_length += named.length
        if self.inserted_length > LONGEST_INSERTED:
            message = (
                f"together, the named conditions that this rule uses are longer than {LONGEST_INSERTED} characters"
            )
            self._problems.error("RULE_TOO_LONG", message, node.span, "split the rule")
            return Checked(None)
        if scope.quantifiers + quantifiers_in(named.condition) > MOST_QUANTIFIERS:
            message = f"the rule and its named condition together nest more than {MOST_QUANTIFIERS} quantifiers"
            self._problems.error("RULE_TOO_DEEP", message, node.span, "split the rule")
            return Checked(None)
        words = f"{self._problems.text(node.operand.span)} is {node.state.text}"
        use = ConditionUse(subject, words, node.span, {*words_of(None), *scope.parameters, *scope.variables})
        condition, proofs = use.condition(named), (use.with_subject(named.if_true), use.with_subject(named.if_false))
        if node.negation is None:
            return Checked(condition, *proofs)
        return Checked(Not(condition, self._problems.text(node.span), node.span), *reversed(proofs))

    def _unknown_state(self, node: nodes.StateTest, operand: Expression, scope: Scope) -> None:
        name, states = node.state.text, {*states_of(operand.type.base)}
        if operand.type.base is Base.NIC:
            states |= scope.conditions.by_name.keys()
        if operand.type.is_list:
            message = f"{quote(operand.text)} is a list, and a list has no states"
            quantifier = "some" if node.negation is None else "no"
            hint = f"write `{quantifier} x in {operand.text} satisfies x is {name}`"
            if name in ("empty", "none", "null"):
                hint = f"write `count({operand.text}) {'=' if node.negation is None else '>'} 0`"
            fixes = self._problems.hint_fix(node.span, hint)
            self._problems.error("WRONG_TYPE", message, node.operand.span, hint, fixes)
            return
        knowing = KNOWING if operand.type.optional else ()
        is_not, null, set_ = ("", "unknown", "known") if node.negation is None else ("not ", "known", "unknown")
        hint = foreign.hint_of(foreign.STATES, name, operand.text, is_not, null, set_)
        if not operand.type.optional and name.lower() in foreign.NULLS:
            hint = f"{quote(operand.text)} is never unknown: remove the condition"
        hint = hint or did_you_mean(name, {*states, *knowing})
        if not hint and states:
            hint = f"the states of {quote(operand.text)} are {', '.join(sorted(states))}"
        elif not hint:
            hint = f"compare the value with {'=' if node.negation is None else '!='}: {operand.text} = …"
            if operand.type.base is Base.TEXT:
                hint = f'write `{operand.text} {"=" if node.negation is None else "!="} "{name}"`'
            elif operand.type.base not in SCALARS:
                hint = f"use one of the words of {quote(operand.text)}: {_words(operand)}"
        message = f"{quote(operand.text)} ({operand.type}) has no state {quote(name)}"
        fixes = self._problems.hint_fix(node.span, hint)
        if hint.startswith("did you mean"):
            fixes = self._problems.name_fix(node.state.span, name, {*states, *knowing})
        self._problems.error("UNKNOWN_STATE", message, node.state.span, hint, fixes)

    def _knowing(self, node: nodes.StateTest, operand: Expression) -> Checked:
        """Check `x is known` or `x is unknown`.

        x is proven known if `x is known` is true, or if `x is unknown` is false.
        """
        name, text = node.state.text, self._problems.text(node.operand.span)
        if name == "given" and not isinstance(operand, ParameterValue):
            message = f"{quote(text)} is not a parameter"
            hint = f"write `{text} is known`" if operand.type.optional else "remove the condition"
            fixes = self._problems.fix(node.state.span, "known") if operand.type.optional else ()
            self._problems.error("UNKNOWN_STATE", message, node.state.span, hint, fixes)
            return Checked(None)
        negated = KNOWING[name] == (node.negation is not None)
        if not operand.type.optional:
            result = "false" if negated else "true"
            message = f"{quote(text)} is never unknown here, so the condition is always {result}"
            self._problems.warning("ALWAYS_KNOWN", message, node.span, "" if negated else "remove it")
        proven = frozenset({operand})
        condition = IsKnown(operand, negated, self._problems.text(node.span), node.span)
        return Checked(condition, _NOTHING if negated else proven, proven if negated else _NOTHING)


def _condition_hint(operand: Expression) -> str:
    """Return the hint for a value that is used as a condition although it is not boolean."""
    text = operand.text
    if operand.type.is_list:
        return f"write `count({text}) > 0`"
    if isinstance(operand, Constant):
        return f"compare {quote(text)} with another value"
    known = f"{text} is known and " if operand.type.optional else ""
    match operand.type.base:
        case Base.INTEGER:
            return f"compare the value: `{known}{text} > 0`" + (f", or write `{text} is known`" if known else "")
        case Base.TEXT:
            return f'compare the value: `{known}{text} = "…"`' + (f", or write `{text} is known`" if known else "")
        case _:
            return f"write a state, such as `{text} is {next(iter(states_of(operand.type.base)), 'known')}`"


def _words(operand: Expression) -> str:
    return ", ".join(f"{operand.text}.{name}" for name in sorted(words_of(operand.type.base)))
