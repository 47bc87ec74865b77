"""Searches for a small host that breaks a property. The library then confirms the host by deciding its report.

A claim is compiled like a rule, and evaluated for the decision of each host. For a property about two decisions, each
host is decided twice: without the change and with it. For counterexamples, and for all hosts of at most two interfaces,
the reference interpreter evaluates the claim. Otherwise a fault of the compiler could hide itself: the policy and the
claim would be compiled in the same wrong way.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import cast

from evaluator.base.status import NAMING
from evaluator.decision.decide import case_of
from evaluator.decision.decision import Decision
from evaluator.engine import Policy
from evaluator.policy.compile.rules import compile_claim
from evaluator.policy.language.checked import Condition
from evaluator.policy.language.environment import Environment, Question, Value
from evaluator.policy.language.program import Program
from evaluator.policy.parameters import ParameterInput
from evaluator.policy.run.interpret import holds
from evaluator.policy.run.verdict import Verdict
from evaluator.report.read import read_report
from evaluator.verify.abstract_host import AbstractHost
from evaluator.verify.bounded import Check, Example, Examples, Progress, SmallHost, find
from evaluator.verify.claim import ANSWER, STATUS, check_claim
from evaluator.verify.property import Change, Claim, Counterexample, Unchanged
from evaluator.verify.searched_policy import SearchedPolicy, searched_condition
from evaluator.verify.space import Space, space_of
from evaluator.verify.state_host import host_addresses, vdsm_report

_FEW_INTERFACES = 2  # up to this size, the interpreter evaluates claims


class Unconfirmed(Exception):
    """The library and the search decide one host differently.

    The fault is in the search, not in the policy.
    """


def smallest_counterexamples(
    policy: Policy,
    statements: Sequence[Claim | Unchanged],
    size: int,
    parameters: Mapping[str, Value],
    progress: Progress = lambda done, total: None,
) -> tuple[Counterexample | None, ...]:
    """Return the smallest host that breaks each statement; None for a statement that no such host breaks.

    The search decides all hosts of at most `size` interfaces. `parameters` have fixed values, and the search varies the
    values of all other parameters (`space.py`). Raises PolicyError if a claim has mistakes for this policy. Raises
    Unconfirmed if the library decides the report of a host differently than the search.
    """
    examples = smallest_examples(policy.program, statements, size, parameters, progress)
    return confirmed_examples(policy, statements, examples)


def smallest_examples(
    program: Program,
    statements: Sequence[Claim | Unchanged],
    size: int,
    parameters: Mapping[str, Value],
    progress: Progress,
) -> Examples:
    """Return the host of the smallest counterexample of each statement. The library has not yet decided these hosts."""
    space = statements_space(program, statements, parameters)
    return find(checks_of(program, statements), space, size, progress)


def confirmed_examples(
    policy: Policy, statements: Sequence[Claim | Unchanged], examples: Examples
) -> tuple[Counterexample | None, ...]:
    """Return the counterexamples with the decisions of the library.

    Raises Unconfirmed if the decision of the library for a host does not break the property.
    """
    return tuple(
        None if example is None else _confirmed(policy, statement, example)
        for statement, example in zip(statements, examples, strict=True)
    )


def statements_space(
    program: Program, statements: Iterable[Claim | Unchanged], parameters: Mapping[str, Value]
) -> Space:
    """Return the values that facts have in a search. They depend on the deciding rules and on the claims."""
    conditions = [rule.condition for rule in program.rules if rule.verb.decides]
    claims = [statement for statement in statements if isinstance(statement, Claim)]
    conditions += [check_claim(claim, program) for claim in claims]
    defaults = {name: value for claim in claims for name, value in defaults_of(claim, program).items()}
    return space_of(conditions, program.parameters, parameters, defaults)


def checks_of(program: Program, statements: Iterable[Claim | Unchanged]) -> list[Check]:
    """Return one function for each statement about a policy. It checks whether a host breaks the statement."""
    compiled = SearchedPolicy(program)  # all checks share the decision of a host
    return [_check_of(compiled, statement) for statement in statements]


def _check_of(compiled: SearchedPolicy, statement: Claim | Unchanged) -> Check:
    program = compiled.program
    if isinstance(statement, Claim):
        condition = searched_condition(check_claim(statement, program))
        holds_true = compile_claim(program, condition, STATUS, ANSWER)

        def check_claimed(host: SmallHost) -> Example | None:
            verdict = host.verdict(compiled)
            if host.facts.size <= _FEW_INTERFACES:
                is_held = is_true(condition, verdict, host.question, {})
            else:
                answer = verdict.candidates[0] if verdict.status in NAMING else None
                is_held = holds_true(host.question, verdict.candidates, str(verdict.status), answer)
            return None if is_held else Example(host.stated())

        return check_claimed
    variants = _VARIANTS[statement.change]

    def check_unchanged(host: SmallHost) -> Example | None:
        answer = answer_of(host.verdict(compiled))
        for changed in variants(host):
            if answer_of(compiled.decide(changed.question)) != answer:
                return Example(host.stated(), changed.stated())
        return None

    return check_unchanged


def defaults_of(claim: Claim, program: Program) -> Mapping[str, Value]:
    """Return the values in `claim.defaults` whose names are not parameters of the policy."""
    declared = {parameter.name for parameter in program.parameters}
    return {name: value for name, value in claim.defaults.items() if name not in declared}


def is_true(condition: Condition, verdict: Verdict, question: Question, defaults: Mapping[str, Value]) -> bool:
    """Return whether a claim is true for a decision."""
    if defaults:
        question = with_defaults(question, defaults)
    return holds(condition, Environment(question, verdict.candidates), bindings_of(verdict))


def with_defaults(question: Question, defaults: Mapping[str, Value]) -> Question:
    """Return a question in which each parameter without a value has its default."""
    return Question(question.facts, question.host, {**defaults, **question.parameters}, question.owned)


def bindings_of(verdict: Verdict) -> Mapping[str, Value]:
    """Return the values of `status` and `answer` in a claim."""
    return {STATUS: str(verdict.status), ANSWER: verdict.candidates[0] if verdict.status in NAMING else None}


def answer_of(verdict: Verdict) -> tuple[str, str | None]:
    """Return the status of a decision and the name of its interface."""
    return str(verdict.status), verdict.candidates[0].name if verdict.status in NAMING else None


_VARIANTS: Mapping[Change, Callable[[SmallHost], Iterable[SmallHost]]] = {
    Change.UNOWNED_ANSWER: lambda host: host.with_unowned_answer,
    Change.SEPARATE_INTERFACE: SmallHost.with_separate_interface,
}


def _confirmed(policy: Policy, statement: Claim | Unchanged, example: Example) -> Counterexample:
    decision = decide_host(policy, example.host)
    changed = None if example.changed is None else decide_host(policy, example.changed)
    if isinstance(statement, Claim):
        case = case_of(decision)
        question = case.question()
        condition, defaults = check_claim(statement, policy.program), defaults_of(statement, policy.program)
        is_broken = not is_true(condition, case.compiled.decide(question), question, defaults)
    else:
        is_broken = changed is not None and _answer(decision) != _answer(changed)
    if not is_broken:
        raise Unconfirmed(f"the report of a counterexample does not break the property: {example}")
    return counterexample_of(example, decision, changed)


def decide_host(policy: Policy, host: AbstractHost) -> Decision:
    """Return the decision for the report of a host."""
    return policy.decide(read_report(vdsm_report(host)), host_addresses(host), parameters=inputs(host.parameters))


def inputs(parameters: Mapping[str, Value]) -> Mapping[str, ParameterInput | None]:
    """Return the values of parameters as inputs of a decision."""
    return {name: cast("ParameterInput | None", value) for name, value in parameters.items()}


def counterexample_of(example: Example, decision: Decision, changed: Decision | None) -> Counterexample:
    """Return an example as a counterexample, with its decisions."""
    host, other = example.host, example.changed
    return Counterexample(
        host,
        vdsm_report(host),
        tuple(host.addresses[index] for index in host.answers),
        *_answer(decision),
        changed_host=other,
        changed_report=None if other is None else vdsm_report(other),
        changed_addresses=None if other is None else tuple(other.addresses[index] for index in other.answers),
        changed_status=None if changed is None else str(changed.status),
        changed_nic=None if changed is None else changed.host_active_nic,
    )


def _answer(decision: Decision) -> tuple[str, str | None]:
    return str(decision.status), decision.host_active_nic
