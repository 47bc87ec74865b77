"""The section on rules: the effect of each rule of the policy, and the candidates that are left after the rule."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence

from evaluator.decision.decide import case_of
from evaluator.decision.decision import Decision, Explanation
from evaluator.decision.trace import Reason, Step
from evaluator.policy.language.verbs import VERBS
from evaluator.render.drawing.markup import Html, element, joined, name
from evaluator.render.html.parts import folded, names, section, table
from evaluator.render.html.reasons import because

_MOST_NAMES = 8


def pipeline(decision: Decision, explanation: Explanation) -> Html:
    """Return the section on rules as HTML."""
    head = element(
        "p",
        "The policy ",
        name(decision.policy),
        " is a pipeline: its rules add and remove candidates from top to bottom. "
        "The place of each rule is policy:line:column.",
    )
    return section("How the policy decided", "rules", head, rules_table(decision, explanation))


def rules_table(decision: Decision, explanation: Explanation) -> Html:
    """Return the table of the rules with their effects."""
    without_subject = {reason.place: reason for reason in explanation.rules}
    sentences = {rule.place: rule.text for rule in case_of(decision).program.rules}
    rows = [_row(step, sentences.get(step.place, ""), without_subject) for step in decision.trace]
    heads = ("rule", "effect", "candidates after it")
    return element("div", table("Rules", heads, rows), class_="pipeline")


def _row(step: Step, sentence: str, without_subject: Mapping[str, Reason]) -> tuple[Html, Html, Html]:
    rule = joined(
        [
            name(step.rule),
            element("span", step.verb, class_="verb"),
            name(step.place, css_class="place"),
            element("span", name(sentence), class_="sentence"),
        ],
        " ",
    )
    reason = without_subject.get(step.place)
    why = [folded("why", because(reason), css_class="why")] if reason is not None else []
    return rule, joined([*_effects(step), *why]), _after(step)


def _effects(step: Step) -> Iterator[Html]:
    before, after = frozenset(step.before), frozenset(step.after)
    added = [text for text in step.after if text not in before]
    removed = [text for text in step.before if text not in after]
    verb = VERBS[step.verb]
    if added:
        yield _names_with(verb.does, added, "in")
    if removed:
        yield _names_with(verb.does, removed, "out")
    if added or removed:
        return
    if step.fired and not verb.chooses:
        yield _names_with(verb.does, step.hits, "hit")
    else:
        yield element("p", "no change" if verb.chooses else "did not fire", class_="idle")


def _names_with(word: str, texts: Sequence[str], css_class: str) -> Html:
    if not texts:
        return element("p", word, class_=css_class)
    return element("p", word, " ", names(texts, _MOST_NAMES), class_=css_class)


def _after(step: Step) -> Html:
    if not step.after:
        return element("span", "none", class_="idle")
    css_class = "flow" if step.before != step.after else "flow same"
    return element("span", names(step.after, _MOST_NAMES), class_=css_class)
