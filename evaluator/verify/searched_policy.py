"""A policy as the search of small hosts decides it: compiled as in production, but its steps are not counted.

The step budget reads the name of the host and all parameters before the first rule. In a search, each read is a choice,
so each host would be decided several times with the same result.
"""

from __future__ import annotations

from evaluator.policy.compile.rules import CompiledPolicy, compile_decide
from evaluator.policy.language.environment import Question
from evaluator.policy.language.program import Program
from evaluator.policy.run.budget import Budget, Costs


class _Uncounted(Costs):
    """The costs of a policy for hosts that are so small that no steps are counted."""

    def budget(self, question: Question) -> Budget | None:
        """Return None: the decision has no limit."""
        return None


class SearchedPolicy(CompiledPolicy):
    """A compiled policy for small hosts."""

    def __init__(self, program: Program) -> None:
        super().__init__(program)
        self.decide = compile_decide(program, _Uncounted(program))
