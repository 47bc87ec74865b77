"""Checks the claims of properties: conditions of the rule language about one decision.

A claim is a condition without `nic`. It can use `status` (text) and `answer` (nic?), which are the result of the
decision, and `candidates`, the remaining candidates. The checker treats `status` and `answer` as variables. The
interpreter binds values to them, and the translator gives them terms.
"""

from __future__ import annotations

from collections.abc import Mapping

from evaluator.base.diagnostic import PolicyError
from evaluator.base.source import Source
from evaluator.policy.check.condition import ConditionChecker
from evaluator.policy.check.expression import Scope
from evaluator.policy.language.checked import Condition
from evaluator.policy.language.program import Program
from evaluator.policy.language.types import Base, Type
from evaluator.policy.source.problems import Problems
from evaluator.policy.source.scalar import ScalarText
from evaluator.policy.syntax.parse import parse_condition
from evaluator.verify.property import Claim

STATUS, ANSWER = "status", "answer"
_VARIABLES = {STATUS: Type(Base.TEXT), ANSWER: Type(Base.NIC, optional=True)}


def check_claim(claim: Claim, program: Program) -> Condition:
    """Return the checked condition of a claim about a policy.

    Raises PolicyError if the claim has mistakes, for example if it uses a parameter of another type than expected.
    """
    source = Source("claim", claim.condition)
    scalar = ScalarText(source, claim.condition, range(len(claim.condition) + 1))
    problems = Problems(source)
    condition = check_claim_text(scalar, parameter_types(program, claim.defaults), problems)
    if condition is None or problems.has_errors:
        raise PolicyError(problems.diagnostics)
    return condition


def check_claim_text(scalar: ScalarText, parameters: Mapping[str, Type], problems: Problems) -> Condition | None:
    """Return the checked condition in a text; None if mistakes were reported."""
    parsed = parse_condition(scalar, problems)
    if parsed is None:
        return None
    return ConditionChecker(problems).check(parsed, Scope(parameters, "", _VARIABLES)).condition


def parameter_types(program: Program, defaults: Mapping[str, str]) -> Mapping[str, Type]:
    """Return the types of the parameters that a claim can use.

    `defaults` has the defaults of the claim. A parameter that the policy does not declare has the type text.
    """
    declared = {parameter.name: parameter.type for parameter in program.parameters}
    return {**{name: Type(Base.TEXT) for name in defaults}, **declared}
