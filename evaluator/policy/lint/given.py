"""The traps in values that are given for parameters: a glob that is compared exactly, a letter that looks like another.

The checker of a policy sees defaults only; who gives a value asks here.
"""

from __future__ import annotations

from collections.abc import Mapping

from evaluator.base.diagnostic import Diagnostic, Severity, in_order
from evaluator.policy.language.environment import Value
from evaluator.policy.language.program import Program
from evaluator.policy.lint.literals import of_parameters


def warnings_of(program: Program, given: Mapping[str, Value]) -> tuple[Diagnostic, ...]:
    """Return what is probably wrong with the values that are given; the place is that of the rule that uses one."""
    return in_order(
        Diagnostic(trap.code, trap.message, rule.place, trap.hint, Severity.WARNING)
        for rule in program.rules
        for trap in of_parameters(rule.condition, given, "the value of")
    )
