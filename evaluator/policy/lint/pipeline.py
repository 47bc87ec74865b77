"""Warns about rules that have no effect because of the rules before them.

This is abstract interpretation of the list of rules. The abstract state is the *invariant*: a condition about `nic`
that is true for each interface that can be a candidate at this point. At the start it is `false`: no candidates exist.

- `match C`: the invariant becomes `invariant or C`;
- `discard C`: the invariant becomes `invariant and not C`;
- `prefer C`: the invariant stays. `invariant and C` would be wrong: if C is false for all candidates, `prefer` removes
  no candidate;
- `ambiguous`, `reject`, `warn`: the invariant stays.

A condition that mentions `candidates` is weakened first (`normal.weakened`), because the candidates change from rule to
rule. The invariant then allows more interfaces than necessary, never fewer, so the warnings stay sound.

The solver assumes the invariant for each interface in `candidates`. If the condition of a rule contradicts the
invariant, the rule never fires. A rule is shadowed if an earlier rule has the same effect on all interfaces on which
the later rule can fire. The warning names the earlier rule. So the analysis stores earlier rules, not only the
invariant. For example, a second `match` rule with the same condition adds nothing. But if a `discard` or `prefer` rule
is between the two `match` rules, the second `match` rule can add interfaces that were removed. So the analysis compares
two `match` rules only if no `discard` or `prefer` rule is between them.

A mistake in one rule must not be reported for two rules. If the condition of a rule is impossible on its own,
`clauses.py` reports the rule, and this module does not. If no `match` rule can ever match, the later rules are not
reported.
"""

from __future__ import annotations

from collections.abc import Sequence

from evaluator.base.text import quote, quote_all
from evaluator.policy.language.checked import Condition
from evaluator.policy.language.program import Rule
from evaluator.policy.language.verbs import Effect
from evaluator.policy.lint.clauses import is_constant, subject_context
from evaluator.policy.lint.normal import ALWAYS, NEVER, all_of, any_of, mentions, opposite, weakened
from evaluator.policy.lint.placed import PlacedRule
from evaluator.policy.lint.solve import Solver
from evaluator.policy.source.problems import Problems


class Pipeline:
    """Computes what is true for all candidates after each rule of a whole policy (the invariant)."""

    def __init__(self, solver: Solver, problems: Problems) -> None:
        self._solver = solver
        self._problems = problems
        self._invariant: Condition = NEVER
        self._is_emptied = False
        self._has_match = False
        self._added: list[PlacedRule] = []  # the `match` rules whose interfaces are all still candidates
        self._matched: list[PlacedRule] = []
        self._discarded: list[PlacedRule] = []
        self._preferred: list[PlacedRule] = []
        self._judged: list[PlacedRule] = []
        self._lasting = 0  # the number of rules in `_judged` that do not report on candidates

    def follow(self, rules: Sequence[PlacedRule]) -> None:
        """Report each rule that has no effect, in the order of the rules."""
        steps = {Effect.ADD: self._match, Effect.REMOVE: self._discard, Effect.KEEP: self._prefer}
        steps |= {Effect.MAKE_AMBIGUOUS: self._ambiguous, Effect.REJECT: self._reject, Effect.NOTE: self._judge}
        for placed in rules:
            self._solver.candidate = self._invariant
            effect = placed.rule.verb.effect
            if not self._is_emptied or effect is Effect.ADD:
                steps[effect](placed)
        self._solver.candidate = ALWAYS
        emptied = self._discarded[-1] if self._is_emptied else None
        if emptied is not None:
            self._report_end(emptied, "no candidate remains", "restrict its condition")

    def _match(self, placed: PlacedRule) -> None:
        rule = placed.rule
        is_never = self._never_fires(placed)
        self._has_match = True
        if is_never:
            return
        whole = [added for added in self._added if self._solver.always(added.rule.condition)]
        matched = any_of(tuple(added.rule.condition for added in self._added))
        if whole:
            result = f"{quote(rule.name)} can add nothing, because every interface is already a candidate"
            self._report_end(whole[0], result, "remove one of them")
        elif self._added and self._solver.always(matched, weakened(rule.condition)):
            cause = self._single_cause(self._added, placed)
            self._report_shadowed(placed, cause, "adds only interfaces that are already candidates")
        weakened_condition = weakened(rule.condition)
        self._invariant = (
            weakened_condition if self._invariant == NEVER else any_of((self._invariant, weakened_condition))
        )
        self._is_emptied = False
        self._matched.append(placed)
        self._discarded, self._preferred = [], []
        self._forget_candidates()
        if not mentions(rule.condition, "candidates"):
            self._added.append(placed)

    def _discard(self, placed: PlacedRule) -> None:
        rule = placed.rule
        if self._never_fires(placed):
            return
        self._is_emptied = self._solver.always(rule.condition, *subject_context(placed))
        self._invariant = all_of((self._invariant, weakened(opposite(rule.condition))))
        self._discarded.append(placed)
        self._added = []
        self._forget_candidates()

    def _prefer(self, placed: PlacedRule) -> None:
        rule, context = placed.rule, subject_context(placed)
        if self._never_fires(placed):
            return
        if not is_constant(rule.condition) and self._is_true_for_all(rule, context):
            self._report_shadowed(placed, None, "removes no candidate")
        for earlier in self._preferred:
            before = earlier.rule.condition
            if self._is_settled(rule, (*context, before)) and self._is_settled(rule, (*context, opposite(before))):
                self._report_shadowed(placed, earlier, "changes nothing")
                break
        self._added = []
        self._forget_candidates()
        if not mentions(rule.condition, "candidates"):
            self._preferred.append(placed)

    def _is_true_for_all(self, rule: Rule, context: tuple[Condition, ...]) -> bool:
        before, self._solver.candidate = self._solver.candidate, ALWAYS
        is_own = self._solver.always(rule.condition, *context)  # then clauses.py reports it
        self._solver.candidate = before
        return not is_own and self._solver.always(rule.condition, *context)

    def _is_settled(self, rule: Rule, context: tuple[Condition, ...]) -> bool:
        """Return whether the condition has the same value for all candidates that satisfy the context."""
        return self._solver.never(*context, rule.condition) or self._solver.always(rule.condition, *context)

    def _ambiguous(self, placed: PlacedRule) -> None:
        if self._solver.always(placed.rule.condition):
            self._report_end(placed, "the decision is always ambiguous", "restrict its condition")
        else:
            self._judge(placed)

    def _reject(self, placed: PlacedRule) -> None:
        rule = placed.rule
        self._judge(placed)
        may_fire = not self._solver.never(*subject_context(placed), rule.condition)
        if may_fire and not is_constant(rule.condition) and self._is_true_for_all(rule, subject_context(placed)):
            message = f"the rule {quote(rule.name)} rejects every candidate that remains after the earlier rules"
            hint = "restrict the condition; otherwise no decision can be `resolved`"
            self._problems.warning("CONDITION_ALWAYS_TRUE", message, rule.condition.span, hint)

    def _judge(self, placed: PlacedRule) -> None:
        rule = placed.rule
        if self._never_fires(placed):
            return
        for earlier in self._judged:
            other = earlier.rule
            same_verb = (other.verb, other.has_subject) == (rule.verb, rule.has_subject)
            if same_verb and _repeats_finding(placed, earlier) and self._solver.always(other.condition, rule.condition):
                self._report_shadowed(placed, earlier, "reports nothing new")
                break
        self._judged.append(placed)

    def _never_fires(self, placed: PlacedRule) -> bool:
        """Return whether a rule never fires. If earlier rules are the cause, report the rule."""
        rule = placed.rule
        context = subject_context(placed)
        if not self._solver.never(*context, rule.condition):
            return False
        self._solver.candidate = ALWAYS
        is_own = self._solver.never(*context, rule.condition)  # then clauses.py reports it
        if not is_own and not (self._invariant == NEVER and self._has_match):
            message, hint = self._reason(rule, context)
            self._problems.warning("RULE_NEVER_FIRES", message, placed.span, hint)
        self._solver.candidate = self._invariant
        return True

    def _reason(self, rule: Rule, context: tuple[Condition, ...]) -> tuple[str, str]:
        start = f"the rule {quote(rule.name)} can never fire: "
        if self._invariant == NEVER:
            return (
                start + "the list of candidates is empty before the first `match`",
                "move the rule after the `match` rules",
            )
        for earlier in reversed(self._discarded):
            self._solver.candidate = weakened(opposite(earlier.rule.condition))
            if self._solver.never(*context, rule.condition):
                name = quote(earlier.rule.name)
                return (
                    start + f"{name} has discarded every interface for which the condition is true",
                    f"remove the rule, or move it before {name}",
                )
        self._solver.candidate = any_of(tuple(weakened(match.rule.condition) for match in self._matched))
        if self._solver.never(*context, rule.condition):
            names = quote_all(match.rule.name for match in self._matched)
            verb = "matches" if len(self._matched) == 1 else "match"
            return (
                start + f"{names} {verb} no interface for which the condition is true",
                "remove the rule, or add an earlier `match` rule that matches these interfaces",
            )
        return (
            start + "after the earlier rules, no interface remains for which the condition is true",
            "remove the rule, or move it before the earlier rules",
        )

    def _single_cause(self, earlier: Sequence[PlacedRule], placed: PlacedRule) -> PlacedRule | None:
        """Return one earlier rule that makes a rule ineffective; None if only several rules together do this."""
        condition = weakened(placed.rule.condition)
        return next((each for each in earlier if self._solver.always(each.rule.condition, condition)), None)

    def _report_shadowed(self, placed: PlacedRule, earlier: PlacedRule | None, effect: str) -> None:
        name = quote(placed.rule.name)
        after = "the earlier rules" if earlier is None else quote(earlier.rule.name)
        is_same = earlier is not None and self._means_the_same(placed.rule, earlier.rule)
        message = f"the rule {name} repeats the rule {after}" if is_same else f"after {after}, the rule {name} {effect}"
        hint = "remove one of them" if is_same else f"remove the rule, or move it before {after}"
        self._problems.warning("RULE_SHADOWED", message, placed.span, hint)

    def _means_the_same(self, one: Rule, other: Rule) -> bool:
        here, there = one.condition, other.condition
        return self._solver.always(here, there) and self._solver.always(there, here)

    def _report_end(self, placed: PlacedRule, result: str, hint: str) -> None:
        message = f"after the rule {quote(placed.rule.name)} no rule can change the result: {result}"
        self._problems.warning("NOTHING_CHANGES_AFTER", message, placed.span, hint)

    def _forget_candidates(self) -> None:
        """Remove the stored rules whose result depends on the candidates, because the candidates have changed."""
        self._judged[self._lasting :] = [
            placed
            for placed in self._judged[self._lasting :]
            if placed.rule.verb.effect is not Effect.REJECT and not mentions(placed.rule.condition, "candidates")
        ]
        self._lasting = len(self._judged)


def _repeats_finding(placed: PlacedRule, earlier: PlacedRule) -> bool:
    """Return whether the earlier rule's finding already reports everything that this rule's finding reports."""
    rule, other = placed.rule, earlier.rule
    is_same = all(getattr(rule, name) == getattr(other, name) for name in ("code", "severity", "message", "hint"))
    return is_same or (rule.severity == other.severity and not placed.has_own_finding)
