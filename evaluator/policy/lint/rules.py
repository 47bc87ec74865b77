"""What is allowed in a policy and probably not meant, seen from all its rules together."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from evaluator.base.source import Span
from evaluator.base.text import quote
from evaluator.policy.language.checked import ParameterValue
from evaluator.policy.language.environment import Value
from evaluator.policy.language.verbs import Effect, named
from evaluator.policy.lint.binders import unbound_branches
from evaluator.policy.lint.clauses import lint_clauses
from evaluator.policy.lint.literals import traps
from evaluator.policy.lint.normal import mentions
from evaluator.policy.lint.pipeline import Pipeline
from evaluator.policy.lint.placed import Placed
from evaluator.policy.lint.solve import Solver
from evaluator.policy.run.required_facts import nodes_of
from evaluator.policy.source.problems import Problems


def lint(rules: Sequence[Placed], defaults: Mapping[str, Value], problems: Problems) -> None:
    """Note what is odd about each rule, whatever else the file holds, and about the order of the verbs."""
    solver = Solver()
    for placed in rules:
        lint_clauses(placed, solver, problems)
        unbound_branches(placed.rule.condition, problems)
        for trap in traps(placed.rule.condition, defaults):
            span = problems.find(trap.words, placed.span if trap.node is None else trap.node.span)
            problems.warning(trap.code, trap.message, span, trap.hint)
    _out_of_order(rules, problems)


def lint_whole(rules: Sequence[Placed], problems: Problems) -> None:
    """Note what is certain only if every rule of the policy is known: what is never matched, what does nothing."""
    if not any(placed.rule.verb.effect is Effect.ADD for placed in rules):
        where = rules[0].span if rules else Span(0, 0)
        hint = "match nic when nic.addresses overlaps host.addresses"
        problems.error("POLICY_WITHOUT_MATCH", "no `match` rule: no interface is ever a candidate", where, hint)
    Pipeline(Solver(), problems).follow(rules)


def unused_parameters(declared: Sequence[tuple[str, Span]], rules: Sequence[Placed], problems: Problems) -> None:
    """Note parameters that neither a rule nor a message mentions."""
    used: set[str] = set()
    for placed in rules:
        used.update(node.name for node in nodes_of(placed.rule) if isinstance(node, ParameterValue))
    for name, span in declared:
        if name not in used:
            problems.warning(
                "PARAMETER_UNUSED", f"no rule uses the parameter {quote(name)}", span, "remove it, or use it"
            )


def _out_of_order(rules: Sequence[Placed], problems: Problems) -> None:
    judged = discarded = ""
    for placed in rules:
        rule = placed.rule
        adds = rule.verb.effect is Effect.ADD
        if rule.verb.chooses and judged:
            message = f"{quote(rule.name)} chooses after {quote(judged)} has judged"
            problems.warning(
                "CHOOSER_AFTER_JUDGE", message, placed.span, f"put {named(lambda verb: verb.chooses)} first"
            )
        if adds and discarded and not mentions(rule.condition, "candidates"):
            message = f"{quote(rule.name)} may add again what {quote(discarded)} has discarded"
            hint = "put it first, or write `count(candidates) = 0 and …`"
            problems.warning("MATCH_AFTER_DISCARD", message, placed.span, hint)
        if not rule.verb.chooses:
            judged = judged or rule.name
        elif not adds:
            discarded = discarded or rule.name
