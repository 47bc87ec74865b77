"""The step budget as a compiled policy keeps it: by bounds that cost nothing, exactly where these say too much.

Bounds are never under what `cost.Budget` counts, so a decision that they allow is one that it allows.
"""

from __future__ import annotations

from evaluator.policy.cost import STEP_BUDGET, Budget, Sizes, price_of
from evaluator.policy.program import Rule
from evaluator.policy.scene import Question


class Prices:
    """What the rules of one policy cost at most, by the sizes of a host rounded up to powers of two.

    What was worked out is kept; there are at most a few thousand such prices.
    """

    def __init__(self, rules: tuple[Rule, ...]) -> None:
        self._rules = rules
        self._known: dict[tuple[int, int, int, int, int], int] = {}  # by the rule's own identity
        self.harmless = self._greatest_harmless_size()

    def _greatest_harmless_size(self) -> int:
        """Return up to which length of all its lists no host can exceed the budget; 0 if none is known."""
        for size in (4096, 1024, 256, 64, 16):
            sizes = Sizes(size, size, size, size, size)
            if sum(price_of(rule, sizes) for rule in self._rules) <= STEP_BUDGET:
                return size
        return 0

    def budget(self, question: Question) -> BoundedBudget | None:
        """Return the budget of one decision; None where its lists are so short that it need not be counted."""
        facts = question.facts
        given = len(question.host.answers)
        for value in question.parameters.values():
            if isinstance(value, tuple):
                given = max(given, len(value))
        if given < self.harmless and facts.is_below(self.harmless):
            return None
        return BoundedBudget(self, question, given)

    def price(self, rule: Rule, interfaces: int, candidates: int, stack: int, others: int) -> int:
        """Return what a rule costs at most; `stack` bounds what belongs to the stack of one interface."""
        key = id(rule), interfaces.bit_length(), candidates.bit_length(), stack.bit_length(), others.bit_length()
        if key not in self._known:
            n, c, s, m = (1 << bits for bits in key[1:])
            self._known[key] = price_of(rule, Sizes(n, c, s, s, m))
        return self._known[key]


class BoundedBudget:
    """The steps that one decision may take; `given` is the length of the longest list beside the report's.

    A coarse bound comes first, then one that takes a look at each interface, then the count itself.
    """

    def __init__(self, prices: Prices, question: Question, given: int) -> None:
        self._prices = prices
        self._question = question
        self._given = given
        self._others = max(given, question.facts.list_bound)
        self._stack = question.facts.size
        self._is_close = False
        self._bound = 0
        self._paid: list[tuple[Rule, int]] = []
        self._exact: Budget | None = None

    def spend(self, rule: Rule, candidates: int) -> None:
        """Count what the rule may cost with so many candidates; PolicyError where that is over the budget."""
        if self._exact is not None:
            self._exact.spend(rule, candidates)
            return
        self._paid.append((rule, candidates))
        self._bound += self._price(rule, candidates)
        if self._bound > STEP_BUDGET and not self._is_close:
            self._is_close = True
            facts = self._question.facts
            self._others, self._stack = max(self._given, facts.longest_list), facts.topology.largest_stack
            self._bound = sum(self._price(*paid) for paid in self._paid)
        if self._bound > STEP_BUDGET:
            self._exact = Budget(self._question)
            for paid in self._paid:
                self._exact.spend(*paid)

    def _price(self, rule: Rule, candidates: int) -> int:
        return self._prices.price(rule, self._question.facts.size, candidates, self._stack, self._others)
