"""Warns about the values of parameters that a caller passes. The checker of a policy checks only the defaults.

For example, there is a warning if a value contains a lookalike character, or if the value is a glob and a rule compares
it exactly.
"""

from __future__ import annotations

from collections.abc import Mapping

from evaluator.base.diagnostic import Diagnostic, Severity, in_order
from evaluator.policy.language.environment import Value
from evaluator.policy.language.program import Program
from evaluator.policy.lint.literals import of_parameters


def warnings_of(program: Program, values: Mapping[str, Value]) -> tuple[Diagnostic, ...]:
    """Return the warnings about values of parameters. The place of a warning is the rule that uses the parameter."""
    return in_order(
        Diagnostic(warning.code, warning.message, rule.place, warning.hint, Severity.WARNING)
        for rule in program.rules
        for warning in of_parameters(rule.condition, values, "the value of")
    )
