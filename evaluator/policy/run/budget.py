"""Limits the steps of one decision. For most hosts, the steps need not be counted.

`cost.py` counts the steps of each rule. The sum for all rules must not exceed `STEP_BUDGET`. Otherwise PolicyError is
raised before the rule is evaluated.

The steps never decrease when a host grows. A host is *usual* if its lists and texts are shorter than `SHORT`. When a
policy is compiled, `Costs` computes `affordable_size`, a number of interfaces. A usual host with fewer interfaces is
always within the budget. The steps of such a host are not counted, because counting would take longer than the
decision.

Two ideas were tried and rejected. The first was a rough estimate before the exact count. It saved no time, because the
sizes of a host are computed only once. The second was to assume that each list is as long as the number of interfaces.
With this assumption, `affordable_size` of the shipped policies was 256. Without the assumption it is 1024, so more
hosts need no count.

The closure of the topology is expensive to build, so it is built only if its own steps are within the budget. Direct
neighbours are counted without the closure.
"""

from __future__ import annotations

from itertools import accumulate

from msgspec.structs import replace

from evaluator.base.diagnostic import Diagnostic, PolicyError
from evaluator.base.text import quote
from evaluator.facts.host import HostFacts
from evaluator.facts.lists import Lists
from evaluator.policy.language.environment import Question, Value
from evaluator.policy.language.program import Program, Rule
from evaluator.policy.run.cost import SHORT, Sizes, Stacks, ValueSize, count_steps, texts_in

STEP_BUDGET = 30_000_000
_OCTETS_OF_THE_CLOSURE = 16  # building so many octets of the closure costs about one step


def _is_short(value: Value) -> bool:
    if isinstance(value, tuple):
        return len(value) < SHORT and all(len(text) < SHORT for text in texts_in(value))
    return not isinstance(value, str) or len(value) < SHORT


class Costs:
    """The costs of a policy's rules.

    No steps are counted for a host that has only short lists and texts, and fewer interfaces than `affordable_size`.
    """

    def __init__(self, program: Program) -> None:
        self._parameters = [parameter.name for parameter in program.parameters]
        self.affordable_size = self._largest_affordable_size(program.rules)

    def _largest_affordable_size(self, rules: tuple[Rule, ...]) -> int:
        """Return a number of interfaces: a usual host with fewer interfaces never exceeds the budget.

        A usual host has only short lists and texts. The result is 0 if no such number was found.
        """
        for size in (2048, 1024, 512, 256, 128, 64, 32, 16):
            sizes = Sizes.usual(size, self._parameters)
            if all(steps <= STEP_BUDGET for steps in accumulate(count_steps(rule, sizes) for rule in rules)):
                return size
        return 0

    def budget(self, question: Question) -> Budget | None:
        """Return the budget of one decision; None for a host that is so small that no steps are counted."""
        host = question.host
        is_usual = len(host.answers) < SHORT and (host.asked is None or len(host.asked) < SHORT)
        is_usual = is_usual and all(map(_is_short, question.parameters.values()))
        return None if is_usual and question.facts.is_below(self.affordable_size, SHORT) else Budget(question)


class Budget:
    """The steps that one decision has been charged so far, limited to `STEP_BUDGET`."""

    def __init__(self, question: Question) -> None:
        facts, host = question.facts, question.host
        self._facts = facts
        self._sizes = Sizes(
            interfaces=facts.size,
            candidates=0,
            answers=len(host.answers),
            host_name=len(host.name),
            networks=len(facts.networks),
            lists=facts.lists,
            neighbours=lambda: facts.topology.neighbours,
            name=facts.longest_name,
            parameters={name: _value_size(value) for name, value in question.parameters.items()},
            stacks=self._stacks,
        )
        self._closure = 0
        self._rule_steps = 0

    def charge(self, rule: Rule, candidates: int) -> None:
        """Add the steps of a rule. `candidates` is the number of candidates before the rule.

        Raises PolicyError if the sum exceeds the budget.
        """
        self._rule_steps += count_steps(rule, replace(self._sizes, candidates=candidates))
        if self.charged > STEP_BUDGET:
            message = f"the policy may need {self.charged} steps on this report ({self._facts.size} interfaces)"
            hint = f"the rule {quote(rule.name)} costs {rule.cost}: use fewer nested quantifiers"
            problem = Diagnostic("POLICY_TOO_COSTLY", f"{message}; the budget is {STEP_BUDGET}", rule.place, hint)
            raise PolicyError([problem])

    @property
    def charged(self) -> int:
        """The number of steps charged so far."""
        return self._rule_steps + self._closure

    def _stacks(self) -> Stacks:
        """Return the sizes of all stacks.

        The closure of the topology is built only if its size is within the budget.
        """
        topology = self._facts.topology
        self._closure = topology.octets // _OCTETS_OF_THE_CLOSURE
        if self._closure > STEP_BUDGET:
            return _NO_STACKS
        return stacks_of(self._facts)


_NO_STACKS = Stacks(Lists(0, 0), Lists(0, 0))


def stacks_of(facts: HostFacts) -> Stacks:
    """Return the sizes of all stacks of a host. This builds the closure of the host's topology."""
    topology = facts.topology
    topology.build()
    related = topology.pairs + topology.edges + facts.size
    return Stacks(Lists(topology.most_above, topology.pairs), Lists(topology.largest_stack, related))


def _value_size(value: Value) -> ValueSize:
    return ValueSize(len(value) if isinstance(value, tuple) else 1, max(map(len, texts_in(value)), default=0))
