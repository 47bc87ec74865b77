"""What is allowed in a policy and probably not meant, seen from all its rules together."""

from __future__ import annotations

from collections.abc import Sequence

from msgspec import Struct

from evaluator.policy.asked import nodes_of
from evaluator.policy.checked import ParameterValue, Read, walk
from evaluator.policy.fold import fold
from evaluator.policy.problems import Problems
from evaluator.policy.program import Rule
from evaluator.policy.verbs import Effect, Judges, Verb, named
from evaluator.source import Span
from evaluator.text import quote


class Placed(Struct, frozen=True):
    """A checked rule and the place of its sentence."""

    rule: Rule
    span: Span


def lint(rules: Sequence[Placed], problems: Problems) -> None:
    """Note what is odd about rules whatever else the file holds: conditions that never hold, order, repetition."""
    for placed in rules:
        if fold(placed.rule.condition) is False:
            message = f"the rule {quote(placed.rule.name)} can never fire: its condition holds on no report"
            problems.warning("RULE_NEVER_FIRES", message, placed.span)
    _out_of_order(rules, problems)
    _repeated(rules, problems)


def lint_whole(rules: Sequence[Placed], problems: Problems) -> None:
    """Note what can be said only where every rule of the policy is known: what is never matched, what is over."""
    if not any(_adds(placed.rule.verb) for placed in rules):
        where = rules[0].span if rules else Span(0, 0)
        hint = "match nic when nic.addresses overlaps host.addresses"
        problems.error("POLICY_WITHOUT_MATCH", "no rule says `match`, so no interface can ever be left", where, hint)
    _before_any_match(rules, problems)
    _nothing_after(rules, problems)


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


def mentions(rule: Rule, word: str) -> bool:
    """Return whether a rule's condition reads a word that stands alone, such as `candidates`."""
    return any(
        isinstance(node, Read) and node.owner is None and node.word.name == word for node in walk(rule.condition)
    )


def _before_any_match(rules: Sequence[Placed], problems: Problems) -> None:
    for placed in rules:
        rule = placed.rule
        if _adds(rule.verb):
            return
        if rule.has_subject and rule.verb.judges is Judges.CANDIDATES:
            message = f"the rule {quote(rule.name)} can never fire: there are no candidates before the first `match`"
            problems.warning("RULE_NEVER_FIRES", message, placed.span, "move it behind the `match` rules")


def _nothing_after(rules: Sequence[Placed], problems: Problems) -> None:
    """Note rules whose condition always holds and which leave nothing for what follows to change."""
    emptied: Placed | None = None  # a rule that has discarded everything, with no `match` since
    filled: Placed | None = None  # a rule that has matched everything, with none removed since
    for placed in rules:
        rule = placed.rule
        effect, always = rule.verb.effect, fold(rule.condition) is True
        if effect is Effect.ADD:
            if filled is not None:
                _note_end(
                    filled, problems, f"{quote(rule.name)} can add nothing: every interface is a candidate already"
                )
            emptied, filled = None, placed if always else None
        elif rule.verb.chooses:
            filled = None
            emptied = placed if effect is Effect.REMOVE and always else emptied
        elif effect is Effect.MAKE_AMBIGUOUS and always:
            _note_end(placed, problems, "the decision names no interface, whatever the report says")
    if emptied is not None:
        _note_end(emptied, problems, "no interface is ever left, whatever the report says")


def _note_end(placed: Placed, problems: Problems, what: str) -> None:
    message = f"after the rule {quote(placed.rule.name)} nothing can change: {what}"
    problems.warning("NOTHING_CHANGES_AFTER", message, placed.span)


def _out_of_order(rules: Sequence[Placed], problems: Problems) -> None:
    judged = discarded = ""
    for placed in rules:
        rule = placed.rule
        adds = _adds(rule.verb)
        if rule.verb.chooses and judged:
            message = f"{quote(rule.name)} chooses after {quote(judged)} has judged"
            problems.warning(
                "CHOOSER_AFTER_JUDGE", message, placed.span, f"put {named(lambda verb: verb.chooses)} first"
            )
        if adds and discarded and not mentions(rule, "candidates"):
            message = f"{quote(rule.name)} may add again what {quote(discarded)} has discarded"
            hint = "put it first, or say `count(candidates) = 0 and …`"
            problems.warning("MATCH_AFTER_DISCARD", message, placed.span, hint)
        if not rule.verb.chooses:
            judged = judged or rule.name
        elif not adds:
            discarded = discarded or rule.name


def _adds(verb: Verb) -> bool:
    return verb.effect is Effect.ADD


def _repeated(rules: Sequence[Placed], problems: Problems) -> None:
    """Note a rule that does again what one before it has done, with nothing in between that could make a difference."""
    seen: dict[tuple[Verb, *tuple[object, ...]], str] = {}
    for placed in rules:
        rule = placed.rule
        verb = rule.verb
        key = (verb, rule.has_subject, rule.condition, rule.code, rule.severity, rule.message, rule.hint)
        if key in seen:
            message = f"the rule {quote(rule.name)} says the same as {quote(seen[key])} before it"
            problems.warning("RULE_SHADOWED", message, placed.span, "remove one of them")
        if verb.chooses:  # it undoes what the others do, and what is judged by the candidates is judged anew
            seen = {k: name for k, name in seen.items() if k[0].chooses and _adds(k[0]) is _adds(verb)}
        if not (verb.chooses and mentions(rule, "candidates")):
            seen.setdefault(key, rule.name)
