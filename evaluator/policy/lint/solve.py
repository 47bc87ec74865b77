"""Decides whether conditions can be true together on any host. Most warnings of the checker follow from this.

The algorithm is a tableau, with the splitting rule of DPLL:

1. Flatten the conjunctions and move `not` inwards (`normal.flat`). The result is literals, quantifiers and `or`s.
2. Test the literals as one `Conjunction`. If they contradict each other, the answer is "impossible".
3. Test the lists. The solver looks for elements that certainly exist, and calls itself for the conditions of each
   element. If no value of the element satisfies them, the answer is "impossible". A list L has such an element in three
   cases:
   - `some x in L satisfies A` is true. The element is a new variable. It satisfies A, and the condition of each `every`
     over L.
   - The literal `e in L` is true. The element is e. It satisfies the condition of each `every` over L.
   - L is not empty. The element is a new variable. It satisfies the condition of each `every` over L.
4. Choose the `or` with the fewest parts and solve one case for each part. The answer is "impossible" only if every case
   is impossible.

Literals are tested before the split, so a contradiction between them is found once and not in each case. Each case has
the literals of its parent and adds its own literals.

The following condition is an example that needs two steps: `nic is bond and (some x in nic.slaves satisfies x is
bridge) and every y in nic.slaves satisfies y is bond or y is physical`. The literal `nic is bond` and the two
quantifiers alone do not contradict each other. So step 3 introduces the element `#1` and solves `#1 in nic.slaves and
#1 is bridge and (#1 is bond or #1 is physical)`. Step 4 makes two cases of the `or`. In each case, `#1` would have two
kinds, so both cases are impossible.

Invariant: the answer "impossible" is always right. If the solver is not sure, the answer is "possible". This is why the
search may stop at any time. Two limits make the search stop. `_STEPS` limits the steps for one policy, because the
number of cases grows exponentially with the `or`s. `_DEEPEST` limits the depth of the recursion, because a condition
about a new element can require another new element, without end.

Details of step 3:

- The solver never combines two `some` over one list. They can be about two different elements, so they do not
  contradict each other. The solver combines each `some` with all `every` over the same list.
- The question about the new element contains the literals (`context`), but not the quantifiers. With the quantifiers,
  the solver would introduce the same element again, without end. It is sound to leave out conditions: this can only
  change an answer from "impossible" to "possible".
- `others_only` marks a quantifier with the variable `other`. Such a quantifier is about all elements except `nic`, the
  interface of the rule. For example, `every other in L satisfies B` can be true if B is false for `nic`. So the
  solver uses B only for the element of `some other in L`. The other elements of step 3 can be `nic`.

Known limits. In the following cases, among others, the conditions contradict each other, but the answer is "possible":

- Two interfaces are equal: `x = nic and x is bridge and nic is bond`.
- Three or more interfaces are above each other in a cycle: `a above b and b above c and c above a`. For a cycle of two,
  `a above b and b above a`, the answer is "impossible".
- Several `some` need a longer list: a list with a bond and a bridge has at least two elements.
- Only `nic` can be the element: if `some x in L satisfies A` and `no other in L satisfies A` are true, `nic` satisfies
  A. The solver does not derive this.

`candidate` is a condition that is assumed for every interface in `candidates`; `pipeline.py` sets it for each rule.
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
from evaluator.policy.lint.case import Conjunction
from evaluator.policy.lint.normal import ALWAYS, NOWHERE, flat, opposite, with_replaced

NIC = Variable("nic", Type(Base.NIC))
_STEPS = 20_000
_DEEPEST = 40  # a condition about an element can imply that the same list has another element, without end


class Solver:
    """Answers questions about one policy; `candidate` is a condition about `nic` that every candidate satisfies.

    All questions share one budget of steps, so that the time for a large policy is bounded.
    """

    def __init__(self, candidate: Condition = ALWAYS, steps: int = _STEPS) -> None:
        self.candidate = candidate
        self._steps = steps
        self._depth = 0
        self._names = 0

    def never(self, *conditions: Condition) -> bool:
        """Return whether it is certain that no host makes all conditions true together."""
        return self._never(conditions, ())

    def always(self, condition: Condition, *context: Condition) -> bool:
        """Return whether a condition is certainly true if all conditions of its context are true."""
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
        pending, choices, all_literals = list(conditions), list[AnyOf](), dict.fromkeys(literals)
        for condition in pending:
            for part in flat(condition):
                if isinstance(part, AnyOf):
                    choices.append(part)
                elif part not in all_literals:
                    all_literals[part] = None
                    pending.extend(self._facts_of_candidate(part))
        self._steps -= len(all_literals) - len(literals)
        if self._steps < 0:
            return False
        literals = tuple(all_literals)
        case = Conjunction(literals)
        if case.is_impossible or self._contradicts_lists(case, literals):
            return True
        if not choices:
            return False
        first = min(choices, key=lambda choice: len(choice.conditions))
        rest = [choice for choice in choices if choice is not first]
        return all(self._never((branch, *rest), literals) for branch in first.conditions)

    def _facts_of_candidate(self, part: Condition) -> tuple[Condition, ...]:
        """If the part is `x in candidates`, return the condition that all candidates satisfy, with x instead of `nic`.

        For every other part, the result is empty.
        """
        if self.candidate == ALWAYS or not isinstance(part, Related) or part.negated:
            return ()
        is_candidate = part.relation is Relate.IN and _is_candidates(part.right)
        return (with_replaced(self.candidate, NIC, part.left),) if is_candidate else ()

    def _contradicts_lists(self, case: Conjunction, literals: tuple[Condition, ...]) -> bool:
        """Return whether a list must have an element, but no element can satisfy all quantifiers over this list."""
        context = tuple(literal for literal in literals if not isinstance(literal, Quantified))
        quantified = [literal for literal in literals if isinstance(literal, Quantified)]
        quantified += [quantifier for literal in context for quantifier in case.quantifiers_from_counts(literal)]
        for some in quantified:
            if some.quantifier is Quantifier.SOME and self._has_no_element(some.domain, some, quantified, context):
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
            case.is_nonempty(every.domain) and self._has_no_element(every.domain, None, quantified, context)
            for every in quantified
            if _is_for_all(every, every.domain) and not every.others_only
        )

    def _has_no_element(
        self,
        domain: Expression,
        some: Quantified | None,
        quantified: list[Quantified],
        context: tuple[Condition, ...],
    ) -> bool:
        """Return whether no element of a list can satisfy the condition of `some` and of each `every` over the list.

        If `some` is None, only the conditions of `every` count.
        """
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
