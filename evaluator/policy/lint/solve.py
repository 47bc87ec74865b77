"""Can conditions hold together on any host? One sound analysis, from which most warnings of the checker follow.

The conditions are split into cases, one for each choice of a branch of their `or`s. A case is a list of relations,
states and quantifiers that all hold, and is impossible if no values are left for one of them: an interval or a set of
texts is empty, two states exclude each other, an element of a list would have to satisfy what no element can. If every
case is impossible, so are the conditions. It is never the other way round: where the analysis does not know, or has
used up its steps, the conditions may hold.

`a` always holds if `not a` is impossible; `a` implies `b` if `a and not b` is impossible.
"""

from __future__ import annotations

from collections.abc import Iterable

from evaluator.policy.language.checked import (
    AnyOf,
    Condition,
    Expression,
    Quantified,
    Quantifier,
    Relate,
    Related,
    Variable,
)
from evaluator.policy.language.types import Base, Type
from evaluator.policy.lint.case import Case
from evaluator.policy.lint.normal import ALWAYS, NOWHERE, flat, opposite, with_replaced

NIC = Variable("nic", Type(Base.NIC))
_STEPS = 20_000
# elements of elements of lists: a list may be known to be filled by what was asked of its own elements, without end
_DEEPEST = 40


class Solver:
    """Answers for one policy; `candidate` is what is known of each candidate, with the interface as `nic`.

    The steps are for the whole policy, so that a large one is read in bounded time.
    """

    def __init__(self, candidate: Condition = ALWAYS, steps: int = _STEPS) -> None:
        self.candidate = candidate
        self._steps = steps
        self._depth = 0
        self._names = 0

    def never(self, *conditions: Condition) -> bool:
        """Return whether the conditions can hold together on no host."""
        return self._never(conditions, ())

    def always(self, condition: Condition, *context: Condition) -> bool:
        """Return whether a condition holds wherever those of its context hold."""
        return self._never((*context, opposite(condition)), ())

    def _never(self, conditions: Iterable[Condition], literals: tuple[Condition, ...]) -> bool:
        self._steps -= 1 + len(literals)
        if self._steps < 0 or self._depth >= _DEEPEST:
            return False
        self._depth += 1
        is_never = self._is_impossible(conditions, literals)
        self._depth -= 1
        return is_never

    def _is_impossible(self, conditions: Iterable[Condition], literals: tuple[Condition, ...]) -> bool:
        pending, choices, known = list(conditions), list[AnyOf](), dict.fromkeys(literals)
        for condition in pending:
            for part in flat(condition):
                if isinstance(part, AnyOf):
                    choices.append(part)
                elif part not in known:
                    known[part] = None
                    pending.extend(self._of_candidate(part))
        self._steps -= len(known) - len(literals)
        if self._steps < 0:
            return False
        literals = tuple(known)
        case = Case(literals)
        if case.is_impossible or self._breaks_a_list(case, literals):
            return True
        if not choices:
            return False
        first = min(choices, key=lambda choice: len(choice.conditions))
        rest = [choice for choice in choices if choice is not first]
        return all(self._never((branch, *rest), literals) for branch in first.conditions)

    def _of_candidate(self, part: Condition) -> tuple[Condition, ...]:
        """Return what is known of an interface that is a candidate by a relation."""
        if self.candidate == ALWAYS or not isinstance(part, Related) or part.negated:
            return ()
        is_candidate = part.relation is Relate.IN and _is_candidates(part.right)
        return (with_replaced(self.candidate, NIC, part.left),) if is_candidate else ()

    def _breaks_a_list(self, case: Case, literals: tuple[Condition, ...]) -> bool:
        """Return whether a list would need an element that satisfies what none can."""
        context = tuple(literal for literal in literals if not isinstance(literal, Quantified))
        quantified = [literal for literal in literals if isinstance(literal, Quantified)]
        quantified += [known for literal in context for known in case.of_filters(literal)]
        for some in quantified:
            if some.quantifier is Quantifier.SOME and self._no_element(some.domain, some, quantified, context):
                return True
        for element, domain in case.memberships:
            bodies = [
                with_replaced(every.body, every.variable, element)
                for every in quantified
                if _is_for_all(every, domain) and not every.others_only
            ]
            if bodies and self._never(bodies, context):
                return True
        return any(
            case.is_filled(every.domain) and self._no_element(every.domain, None, quantified, context)
            for every in quantified
            if _is_for_all(every, every.domain) and not every.others_only
        )

    def _no_element(
        self,
        domain: Expression,
        some: Quantified | None,
        quantified: list[Quantified],
        context: tuple[Condition, ...],
    ) -> bool:
        """Return whether no element of a list can satisfy what `some` and each `every` over it ask of it."""
        self._names += 1
        element = Variable(f"#{self._names}", domain.type.element)
        is_other = some is not None and some.others_only
        bodies = [] if some is None else [with_replaced(some.body, some.variable, element)]
        bodies += [
            with_replaced(every.body, every.variable, element)
            for every in quantified
            if _is_for_all(every, domain) and (is_other or not every.others_only)
        ]
        is_member = Related(element, Relate.IN, domain, False, "", NOWHERE)
        if is_other:
            bodies.append(Related(element, Relate.UNEQUAL, NIC, False, "", NOWHERE))
        return self._never((is_member, *bodies), context)


def _is_for_all(condition: Quantified, domain: Expression) -> bool:
    return condition.quantifier is Quantifier.EVERY and condition.domain == domain


def _is_candidates(domain: Expression) -> bool:
    return getattr(getattr(domain, "word", None), "name", "") == "candidates"
