"""Runs all checks of this package on the rules of a policy, and checks the order of the verbs."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence

from evaluator.base.fix import Fix
from evaluator.base.source import Span
from evaluator.base.text import quote
from evaluator.policy.language.checked import ParameterValue
from evaluator.policy.language.environment import Value
from evaluator.policy.language.verbs import Effect, named
from evaluator.policy.lint.clauses import lint_clauses
from evaluator.policy.lint.literals import LiteralWarning, literal_warnings
from evaluator.policy.lint.normal import mentions
from evaluator.policy.lint.pipeline import Pipeline
from evaluator.policy.lint.placed import PlacedRule
from evaluator.policy.lint.quantifier_scope import unbound_branches
from evaluator.policy.lint.solve import Solver
from evaluator.policy.run.required_facts import nodes_of
from evaluator.policy.source.problems import Problems

_OPERATOR = re.compile(r"[A-Za-z_]\w*(?:\s*\.\s*\w+)*\s*(not\s+in\b|in\b|!=|=)")  # after a word, in a valid relation


def lint(rules: Sequence[PlacedRule], defaults: Mapping[str, Value], problems: Problems) -> None:
    """Report the warnings about each rule, and about the order of the verbs."""
    solver = Solver()
    for placed in rules:
        lint_clauses(placed, solver, problems)
        unbound_branches(placed.rule.condition, problems)
        for warning in literal_warnings(placed.rule.condition, defaults):
            span = problems.find(warning.words, placed.span if warning.node is None else warning.node.span)
            problems.warning(warning.code, warning.message, span, warning.hint, _fixes(warning, span, problems))
    _out_of_order(rules, problems)


def _fixes(warning: LiteralWarning, span: Span, problems: Problems) -> tuple[Fix, ...]:
    """Return the fix of a warning, if the source text contains the value or the operator exactly as it was checked."""
    if warning.instead and problems.text(span) == warning.words:
        return problems.fix(span, warning.instead, warning.safety)
    if not warning.operator or warning.node is None:
        return ()
    whole = warning.node.span
    operator = _OPERATOR.match(problems.source.text, whole.start, whole.end)
    return () if operator is None else problems.word_fix(Span(*operator.span(1)), warning.operator, warning.safety)


def lint_whole(rules: Sequence[PlacedRule], problems: Problems) -> None:
    """Report mistakes that are certain only if all rules are valid: a missing `match` rule, rules without effect."""
    if not any(placed.rule.verb.effect is Effect.ADD for placed in rules):
        span = rules[0].span if rules else Span(0, 0)
        hint = "add a rule: match nic when nic.addresses overlaps host.addresses"
        message = "the policy has no `match` rule, so no interface is ever a candidate"
        problems.error("POLICY_WITHOUT_MATCH", message, span, hint)
    Pipeline(Solver(), problems).follow(rules)


def unused_parameters(declared: Sequence[tuple[str, Span]], rules: Sequence[PlacedRule], problems: Problems) -> None:
    """Report parameters that no rule and no message uses."""
    used: set[str] = set()
    for placed in rules:
        used.update(node.name for node in nodes_of(placed.rule) if isinstance(node, ParameterValue))
    for name, span in declared:
        if name not in used:
            problems.warning(
                "PARAMETER_UNUSED", f"no rule uses the parameter {quote(name)}", span, "remove the parameter, or use it"
            )


def _out_of_order(rules: Sequence[PlacedRule], problems: Problems) -> None:
    """Report rules in the wrong order. There are two cases:

    - A rule changes the candidates, but an earlier `reject`, `ambiguous` or `warn` rule has reported about them.
    - A `match` rule may add interfaces that an earlier rule has removed.
    """
    first_judge = first_remover = ""
    for placed in rules:
        rule = placed.rule
        adds = rule.verb.effect is Effect.ADD
        if rule.verb.chooses and first_judge:
            message = f"{quote(rule.name)} changes the candidates after {quote(first_judge)} has reported about them"
            problems.warning(
                "CHOOSER_AFTER_JUDGE", message, placed.span, f"put the {named(lambda verb: verb.chooses)} rules first"
            )
        if adds and first_remover and not mentions(rule.condition, "candidates"):
            name, remover = quote(rule.name), quote(first_remover)
            message = f"{remover} removes interfaces, but the later rule {name} may add them again"
            hint = f"put {name} before {remover}, or begin the condition of {name} with `count(candidates) = 0 and`"
            problems.warning("MATCH_AFTER_DISCARD", message, placed.span, hint)
        if not rule.verb.chooses:
            first_judge = first_judge or rule.name
        elif not adds:
            first_remover = first_remover or rule.name
