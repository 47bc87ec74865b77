"""Warnings about dead parts of a policy: rules and clauses that never have an effect. The solver proves each warning.

The checks in `policy/lint` need no other package. Their small solver reads the rules in order, and knows few facts
about hosts. The solver of this module uses facts that are true in all reports, for example about `above` and `slave`.
So the proofs find more problems than the checks. The kinds of problems and the codes are the same. If a check has
already reported a problem of a rule, the proofs do not report the problem again.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence

from msgspec import Struct
from msgspec.structs import replace

from evaluator.base.diagnostic import Diagnostic
from evaluator.base.source import Span
from evaluator.base.text import quote, quote_all
from evaluator.policy.check.named import check_conditions
from evaluator.policy.language.checked import Condition
from evaluator.policy.language.program import Cost, Program, Rule
from evaluator.policy.language.verbs import Effect
from evaluator.policy.lint.solve import Solver
from evaluator.policy.source.chain import PolicyChain
from evaluator.policy.source.extend import levels
from evaluator.policy.source.problems import Problems
from evaluator.verify.dead_rules import Dead, DeadParts, dead_parts
from evaluator.verify.rule_parts import Can, Part, own_rules

_OF_RULES = frozenset({"ALWAYS_KNOWN", "RULE_NEVER_FIRES", "RULE_SHADOWED"})
_OF_CLAUSES = frozenset({"CONDITION_ALWAYS_TRUE", "CONDITION_NEVER_TRUE"})
_PROVED = "(proved for every host)"


def proved_warnings(program: Program, chain: PolicyChain) -> tuple[Diagnostic, ...]:
    """Return the warnings about the dead parts of a valid policy's own text. Known warnings are not repeated."""
    return _Warnings(program, chain).all()


class _Reported(Struct, frozen=True):
    """The places of the warnings that the checks in `policy/lint` have reported, by code."""

    places: Mapping[str, Collection[int]]

    @classmethod
    def of(cls, warnings: Sequence[Diagnostic]) -> _Reported:
        codes = {warning.code for warning in warnings}
        return cls({code: [one.order for one in warnings if one.code == code] for code in codes})

    def has(self, codes: Collection[str], span: Span) -> bool:
        """Return whether there is a warning with one of these codes inside a span."""
        return any(span.start <= at <= span.end for code in codes for at in self.places.get(code, ()))


class _Warnings:
    """The warnings about one policy."""

    def __init__(self, program: Program, chain: PolicyChain) -> None:
        self._program = program
        self._problems = Problems(chain.source)
        *_, self._merged = levels(chain.texts, Problems(chain.source))
        self._spans = [entry.located.children["rule"].span for entry in self._merged.entries]
        self._reported = _Reported.of(program.warnings)
        self._never_true: list[str] = []

    def all(self) -> tuple[Diagnostic, ...]:
        """Return all warnings."""
        self._report_conditions()
        found = dead_parts(self._program, self._is_reported)
        for dead in found.dead:
            if not self._is_of_condition(dead):
                self._report(dead)
        for number in found.emptying:
            message = f"after the rule {self._name(number)} no rule can change the result {_PROVED}: "
            message += "no candidate remains"
            self._problems.warning("NOTHING_CHANGES_AFTER", message, self._spans[number], "restrict its condition")
        self._report_unasked(found)
        return tuple(self._problems.diagnostics)

    def _is_reported(self, part: Part) -> bool:
        """Return whether another check has already reported the rule that contains this part.

        Also return True if an earlier rule has the warning NOTHING_CHANGES_AFTER.
        """
        span = self._spans[part.number]
        codes = _OF_RULES | _OF_CLAUSES if part.can is Can.HOLD else _OF_RULES
        is_after_end = any(self._reported.has({"NOTHING_CHANGES_AFTER"}, at) for at in self._spans[: part.number])
        return is_after_end or self._reported.has(codes, span)

    def _name(self, number: int) -> str:
        return quote(self._program.rules[number].name)

    # -- rules

    def _report(self, dead: Dead) -> None:
        part, rule = dead.part, self._program.rules[dead.part.number]
        span = self._spans[part.number]
        after = f"after {self._names(dead.rules)}, " if dead.rules else ""
        match part.can:
            case Can.FIRE:
                reason, hint = self._reason(dead, rule)
                message = f"the rule {quote(rule.name)} can never fire {_PROVED}: {reason}"
                self._problems.warning("RULE_NEVER_FIRES", message, span, hint)
            case Can.CHANGE:
                is_adding = rule.verb.effect is Effect.ADD
                effect = "adds only interfaces that are already candidates" if is_adding else "removes no candidate"
                message = f"{after}the rule {quote(rule.name)} {effect} {_PROVED}"
                self._problems.warning("RULE_SHADOWED", message, span, "remove the rule, or move it up")
            case Can.HOLD:
                message = f"{after}{quote(part.clause.text)} is never true here {_PROVED}"
                self._problems.warning("CONDITION_NEVER_TRUE", message, part.clause.span, "remove it")

    def _reason(self, dead: Dead, rule: Rule) -> tuple[str, str]:
        """Return why a rule can never fire, and a hint."""
        clauses = dead.clauses or (dead.part.clause,)
        if not dead.rules:
            return _contradiction(clauses), "use `or` if one of the conditions is enough" if len(clauses) > 1 else ""
        names = self._names(dead.rules)
        effects = {self._program.rules[number].verb.effect for number in dead.rules}
        removing = (number for number in dead.rules if self._program.rules[number].verb.effect is not Effect.ADD)
        first = next(removing, None)
        hint = "remove the rule" + ("" if first is None else f", or move it before {self._name(first)}")
        if rule.has_subject and effects == {Effect.REMOVE}:
            which = "every interface for which the condition is true"
            if len(dead.clauses) == 1:
                which = f"every interface for which {quote(dead.clauses[0].text)} is true"
            return f"{names} {'has' if len(dead.rules) == 1 else 'have'} discarded {which}", hint
        if rule.has_subject and effects == {Effect.ADD}:
            matches = "matches" if len(dead.rules) == 1 else "match"
            return (
                f"{names} {matches} no interface for which the condition is true",
                "remove the rule, or add an earlier `match` rule that matches these interfaces",
            )
        return f"{_contradiction(clauses)} after {names}", hint

    def _names(self, numbers: Sequence[int]) -> str:
        return quote_all(self._program.rules[number].name for number in numbers)

    def _report_unasked(self, found: DeadParts) -> None:
        if found.unasked:
            numbers = own_rules(self._program)
            message = f"the solver did not examine {found.unasked} of {len(numbers)} rules, because the policy is long"
            hint = "the other checks are complete"
            self._problems.info("RULES_NOT_PROVED", message, self._spans[numbers[0]], hint)

    # -- named conditions

    def _report_conditions(self) -> None:
        """Report the named conditions of the policy's own text that are never true."""
        conditions = self._rules_of_conditions()
        found = dead_parts(replace(self._program, rules=conditions), lambda part: part.can is not Can.FIRE)
        self._never_true.extend(conditions[dead.part.number].name for dead in found.dead)
        for dead in found.dead:
            name = conditions[dead.part.number].name
            if not self._is_of_condition(dead):
                message = f"the condition {quote(name)} is never true {_PROVED}"
                span = self._merged.conditions[name].located.span
                self._problems.warning("CONDITION_NEVER_TRUE", message, span, "correct the condition, or remove it")

    def _rules_of_conditions(self) -> tuple[Rule, ...]:
        """Return each named condition as a rule that fires if the condition is true for some interface.

        A condition is left out if the checks in `policy/lint` find that it is never true. They report the rules that
        use it.
        """
        program, merged = self._program, self._merged
        types = {parameter.name: parameter.type for parameter in program.parameters}
        checked = check_conditions(merged.conditions, types, Problems(self._problems.source)).by_name
        own = {name: checked[name] for name, declaration in merged.conditions.items() if declaration.is_own}
        return tuple(
            Rule(name, "warn", True, named.condition, "", f"{program.name}:0:0", Cost())
            for name, named in own.items()
            if named is not None and not Solver().never(named.condition)
        )

    def _is_of_condition(self, dead: Dead) -> bool:
        """Return whether a part is dead only because it uses a condition that is never true."""
        clauses = dead.clauses or (dead.part.clause,)
        uses = tuple(f" is {name}" for name in self._never_true)
        return not dead.rules and any(_first_words(clause.text).endswith(uses) for clause in clauses)


def _first_words(text: str) -> str:
    """Return the words of a clause before ` (`, for example `nic is container` for `nic is container (nic is bridge)`.

    If a clause uses a named condition, `check/inline.py` writes its text in this form.
    """
    return text.split(" (", 1)[0]


def _contradiction(clauses: Sequence[Condition]) -> str:
    """Return the words for clauses that are never true together."""
    texts = [quote(clause.text) for clause in clauses]
    if len(texts) == 1:
        return f"{texts[0]} is never true"
    return f"{', '.join(texts[:-1])} and {texts[-1]} cannot {'both' if len(texts) == 2 else 'all'} be true"
