"""The reason of a rule: the clause that decided, the values that it read, and their places in the report."""

from __future__ import annotations

from collections.abc import Sequence

from evaluator.decision.trace import Reason
from evaluator.policy.run.clause_value import ClauseValue
from evaluator.render.drawing.markup import Html, element, joined, name

_MOST_POINTERS = 6


def because(reason: Reason) -> Html:
    """Return the clause that decided and the values in this clause."""
    return clause_with_values(f"this is {'true' if reason.held else 'false'}: ", reason.clause, reason.seen)


def clause_with_values(words: str, clause: str, seen: Sequence[ClauseValue]) -> Html:
    """Return a text, then a clause, then the values that the clause read."""
    sentence = element("p", words, name(clause))
    if not seen:
        return sentence
    return joined([sentence, element("ul", *map(_seen, seen), class_="seen")])


def _seen(value: ClauseValue) -> Html:
    parts: list[Html | str] = [name(value.word), " = ", element("b", value.value)]
    if value.pointers:
        pointers = joined((name(pointer, css_class="place") for pointer in value.pointers[:_MOST_POINTERS]), " ")
        more = len(value.pointers) - _MOST_POINTERS
        parts += [", in the report at ", pointers, f" and {more} more places" if more > 0 else ""]
    return element("li", *parts)
