"""Explains a counterexample: the decisions about its hosts, and the clause that makes a claim false.

The library decides the hosts again, so everything that is explained comes from real decisions. The clause is found in
the same way as the deciding clause of a rule (`policy/run/clause.py`).
"""

from __future__ import annotations

from msgspec import Struct

from evaluator.decision.decide import case_of
from evaluator.decision.decision import Decision
from evaluator.engine import Policy
from evaluator.policy.language.checked import Not
from evaluator.policy.language.environment import Environment
from evaluator.policy.run.clause import ClauseFinder, DecidingClause
from evaluator.verify.abstract_host import AbstractHost
from evaluator.verify.claim import check_claim
from evaluator.verify.property import Claim, Counterexample, Statement
from evaluator.verify.search import bindings_of, decide_host, defaults_of, with_defaults


class DecidedHost(Struct, frozen=True):
    """A small host and its decision."""

    host: AbstractHost
    decision: Decision


class ExplainedExample(Struct, frozen=True):
    """The host of a counterexample with its decision.

    `changed` is the changed host, if the property compares two decisions. `clause` is the clause that makes a claim
    false; `clause.held` is its value.
    """

    first: DecidedHost
    changed: DecidedHost | None = None
    clause: DecidingClause | None = None


def explain_example(policy: Policy, statement: Statement, example: Counterexample) -> ExplainedExample:
    """Return the explanation of a counterexample of a statement about a policy."""
    first = _decided(policy, example.host)
    if isinstance(statement, Claim):
        return ExplainedExample(first, clause=_false_clause(policy, statement, first.decision))
    return ExplainedExample(first, None if example.changed_host is None else _decided(policy, example.changed_host))


def _decided(policy: Policy, host: AbstractHost) -> DecidedHost:
    return DecidedHost(host, decide_host(policy, host))


def _false_clause(policy: Policy, claim: Claim, decision: Decision) -> DecidingClause:
    """Return the deciding clause of a false claim, with the value of this clause.

    A claim `never: X` is the condition `not (X)`. If it is false, X is true, so the result is a true clause of X.
    """
    condition = check_claim(claim, policy.program)
    is_never = isinstance(condition, Not)
    if isinstance(condition, Not):
        condition = condition.condition
    case = case_of(decision)
    question = with_defaults(case.question(), defaults_of(claim, policy.program))
    verdict = case.compiled.decide(question)
    finder = ClauseFinder(Environment(question, verdict.candidates))
    found = finder.deciding_clause(condition, bindings_of(verdict))
    if found.held is not is_never:
        raise AssertionError(f"the claim `{claim.condition}` is true for its counterexample")
    return found
