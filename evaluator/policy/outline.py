"""The parameters and rules of a policy as plain values, for a program that lists, documents or displays a policy.

The checked program (`language/program.py`) has the same content with parsed conditions and internal types. Its classes
can change in every version; the classes of this module are public.
"""

from __future__ import annotations

from msgspec import Struct

from evaluator.base.diagnostic import Severity
from evaluator.policy.language.program import Parameter, Program, Rule
from evaluator.policy.parameters import shown, type_name


class PolicyParameter(Struct, frozen=True):
    """A parameter that a policy declares.

    `type` is written as in a policy file: `string`, `integer`, `boolean`, `address`, `cidr`, or a list such as
    `[string]`. `default` is JSON-ready data, None if the parameter has no default. Each decision must give a value if
    `is_required` is true.
    """

    name: str
    type: str
    default: object
    is_required: bool
    description: str


class PolicyRule(Struct, frozen=True):
    """A rule of a policy, in the order in which the rules are evaluated.

    `sentence` is the text of the rule in the policy, and `place` is its `policy:line:column`. `cost` is the degree of
    the highest cost that the rule can have, such as `n²` (docs/language.md). If the rule gives no finding, `code` is
    empty and `severity` is None.
    """

    name: str
    verb: str
    sentence: str
    place: str
    cost: str
    code: str
    severity: Severity | None


def parameters_of(program: Program) -> tuple[PolicyParameter, ...]:
    """Return the declared parameters in the order of the policy."""
    return tuple(map(_parameter, program.parameters))


def rules_of(program: Program) -> tuple[PolicyRule, ...]:
    """Return the rules in the order of the policy.

    If the policy extends another policy, this is the order of the expanded text.
    """
    return tuple(map(_rule, program.rules))


def _parameter(parameter: Parameter) -> PolicyParameter:
    default = None if parameter.default is None else shown(parameter.default)
    return PolicyParameter(
        parameter.name, type_name(parameter.type), default, parameter.is_required, parameter.description
    )


def _rule(rule: Rule) -> PolicyRule:
    severity = rule.severity if rule.code else None
    return PolicyRule(rule.name, rule.verb_name, rule.text, rule.place, str(rule.cost), rule.code, severity)
