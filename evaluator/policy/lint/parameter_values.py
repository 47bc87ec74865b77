"""Warns about values of parameters, such as a glob that is compared exactly or a lookalike character.

The checker of a policy checks only the defaults. If a caller passes values, this module gives the same warnings for the
passed values.
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
