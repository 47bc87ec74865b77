"""What is allowed in a policy and probably not meant, seen from all its rules together."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from evaluator.policy.fold import fold
from evaluator.policy.problems import Problems
from evaluator.policy.program import ParameterValue, Read, Rule, walk
from evaluator.source import Span
from evaluator.text import quote


@dataclass(frozen=True, slots=True)
class Placed:
    """A checked rule and the place of its sentence."""

    rule: Rule
    span: Span


def lint(rules: Sequence[Placed], problems: Problems) -> None:
    """Note rules that never fire, that nothing can follow, that repeat another, or that stand in the wrong order."""
    if not any(placed.rule.verb == "match" for placed in rules):
        where = rules[0].span if rules else Span(0, 0)
        hint = "match nic when nic.addresses overlaps host.addresses"
        problems.error("POLICY_WITHOUT_MATCH", "no rule says `match`, so no interface can ever be left", where, hint)
    _never_firing(rules, problems)
    _nothing_after(rules, problems)
    _out_of_order(rules, problems)
    _repeated(rules, problems)


def unused_parameters(declared: Sequence[tuple[str, Span]], rules: Sequence[Placed], problems: Problems) -> None:
    """Note parameters that neither a rule nor a message mentions."""
    used: set[str] = set()
    for placed in rules:
        expressions = [part for part in placed.rule.message.parts if not isinstance(part, str)]
        for root in (placed.rule.condition, *expressions):
            used.update(node.name for node in walk(root) if isinstance(node, ParameterValue))
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


def _never_firing(rules: Sequence[Placed], problems: Problems) -> None:
    matched = False
    for placed in rules:
        rule = placed.rule
        over_candidates = rule.verb in ("discard", "prefer") or (rule.verb == "reject" and rule.has_subject)
        if over_candidates and not matched:
            message = f"the rule {quote(rule.name)} can never fire: there are no candidates before the first `match`"
            problems.warning("RULE_NEVER_FIRES", message, placed.span, "move it behind the `match` rules")
        elif fold(rule.condition) is False:
            message = f"the rule {quote(rule.name)} can never fire: its condition holds on no report"
            problems.warning("RULE_NEVER_FIRES", message, placed.span)
        matched = matched or rule.verb == "match"


def _nothing_after(rules: Sequence[Placed], problems: Problems) -> None:
    for at, placed in enumerate(rules):
        rule = placed.rule
        if fold(rule.condition) is not True or rule.verb not in ("discard", "ambiguous", "match"):
            continue
        what = {
            "discard": "it discards every candidate",
            "ambiguous": "the decision is never an interface",
            "match": "every interface is a candidate",
        }[rule.verb]
        powerless = {"discard": ("discard", "prefer"), "match": ("match",)}.get(rule.verb)
        if powerless and not any(later.rule.verb in powerless for later in rules[at + 1 :]):
            continue
        message = f"after the rule {quote(rule.name)} nothing can change: {what}, whatever the report says"
        problems.warning("NOTHING_CHANGES_AFTER", message, placed.span)


def _out_of_order(rules: Sequence[Placed], problems: Problems) -> None:
    judged = discarded = ""
    for placed in rules:
        rule = placed.rule
        if rule.is_chooser and judged:
            message = f"{quote(rule.name)} chooses after {quote(judged)} has judged"
            problems.warning("CHOOSER_AFTER_JUDGE", message, placed.span, "put match, discard and prefer first")
        if rule.verb == "match" and discarded and not mentions(rule, "candidates"):
            message = f"{quote(rule.name)} may add again what {quote(discarded)} has discarded"
            problems.warning(
                "MATCH_AFTER_DISCARD",
                message,
                placed.span,
                "put it first, or say `count(candidates) = 0 and …`",
            )
        if not rule.is_chooser:
            judged = judged or rule.name
        elif rule.verb != "match":
            discarded = discarded or rule.name


def _repeated(rules: Sequence[Placed], problems: Problems) -> None:
    seen: dict[tuple[str, str], str] = {}
    for placed in rules:
        rule = placed.rule
        if rule.verb == "match":
            seen = {key: name for key, name in seen.items() if key[0] not in ("discard", "prefer")}
        key = (rule.verb, rule.text)
        if key in seen:
            message = f"the rule {quote(rule.name)} says the same as {quote(seen[key])} before it"
            problems.warning("RULE_SHADOWED", message, placed.span, "remove one of them")
        seen.setdefault(key, rule.name)
