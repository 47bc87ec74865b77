"""The worst cost of a rule, read from its text: subjects times the product of its quantifiers' lists."""

from __future__ import annotations

from evaluator.diagnostic import Diagnostic, PolicyError
from evaluator.facts.host import HostFacts
from evaluator.policy.checked import AllOf, AnyOf, Condition, Constant, Expression, ListOf, Not, Quantified
from evaluator.policy.program import Cost, Program
from evaluator.policy.scene import Question
from evaluator.policy.types import Base
from evaluator.text import quote

STEP_BUDGET = 100_000_000


def cost_of(condition: Condition, has_subject: bool) -> Cost:
    """Return the bound of a rule with this condition."""
    worst = _worst(condition)
    return Cost(worst.nics + has_subject, worst.others, worst.constant)


def worst_cost(program: Program) -> Cost:
    """Return the cost of the rule that costs most on a large report."""
    return max((rule.cost for rule in program.rules), key=lambda c: (c.nics, c.others, c.constant), default=Cost())


def refuse_too_costly(program: Program, question: Question) -> None:
    """Raise PolicyError where the policy's bound on this report is over the budget; a decision never hangs."""
    n, m = len(question.facts.links), _longest_other_list(question)
    steps = sum(rule.cost.steps(n, m) for rule in program.rules)
    if steps > STEP_BUDGET:
        dear = max(program.rules, key=lambda rule: rule.cost.steps(n, m))
        raise PolicyError(
            [
                Diagnostic(
                    "POLICY_TOO_COSTLY",
                    f"on this report ({n} interfaces) the policy may need {steps} steps; the budget is {STEP_BUDGET}",
                    dear.place,
                    f"the rule {quote(dear.name)} costs {dear.cost}: fewer quantifiers inside each other",
                )
            ]
        )


def _worst(condition: Condition) -> Cost:
    match condition:
        case AllOf(conditions=parts) | AnyOf(conditions=parts):
            return max((_worst(part) for part in parts), key=lambda c: (c.nics, c.others, c.constant))
        case Not(condition=inner):
            return _worst(inner)
        case Quantified(domain=domain, body=body):
            return _times(_length(domain), _worst(body))
        case _:
            return Cost()


def _length(domain: Expression) -> Cost:
    if isinstance(domain, ListOf):
        return Cost(constant=max(1, len(domain.operands)))
    if isinstance(domain, Constant):
        return Cost()
    return Cost(nics=1) if domain.type.base is Base.NIC else Cost(others=1)


def _times(one: Cost, two: Cost) -> Cost:
    return Cost(one.nics + two.nics, one.others + two.others, one.constant * two.constant)


def _longest_other_list(question: Question) -> int:
    facts: HostFacts = question.facts
    lengths = [len(question.host.answers), len(facts.networks), 1]
    lengths.extend(len(value) for value in question.parameters.values() if isinstance(value, tuple))
    for link in facts.links:
        lengths.extend((len(link.addresses) + 2, len(link.networks), len(link.gateways), len(link.missing)))
    return max(lengths)
