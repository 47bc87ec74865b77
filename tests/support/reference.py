"""A policy as the reference interpreter runs it, in the terms of the compiled one."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from evaluator.base.finding import Finding
from evaluator.facts.address import Address, OwnedAddress
from evaluator.facts.link import Link
from evaluator.policy.compile.rules import CompiledPolicy, ResultsAndFindings
from evaluator.policy.language.environment import Environment, Question
from evaluator.policy.language.program import Program, Template
from evaluator.policy.language.types import Base
from evaluator.policy.language.verbs import Effect
from evaluator.policy.run.interpret import Bindings, RuleResult, evaluate, run
from evaluator.policy.run.verdict import Trace, Verdict, status_of
from evaluator.policy.run.wording import show


class Reference(CompiledPolicy):
    """A policy that is run by the reference interpreter."""

    def __init__(self, program: Program) -> None:
        self.program = program
        self.decide = self._decide
        self.results_and_findings = self._results_and_findings

    def _decide(self, question: Question) -> Verdict:
        steps = run(self.program.rules, question)
        deciding = [step for step in steps if step.rule.verb.decides]
        refusals = tuple(s.rule.code for s in steps if s.fired and s.rule.verb.refuses)
        return Verdict(status_of(question, steps), steps[-1].after, trace_of(deciding), refusals)

    def _results_and_findings(self, question: Question, _: Trace) -> ResultsAndFindings:
        steps = run(self.program.rules, question)
        return trace_of(steps), findings_of(steps, question)


def trace_of(steps: Sequence[RuleResult]) -> Trace:
    """Return steps as a compiled policy hands them on."""
    return tuple(s.hits if s.rule.has_subject else s.fired for s in steps), tuple(s.after for s in steps)


def findings_of(steps: Sequence[RuleResult], question: Question) -> list[Finding]:
    """Return what the rules found: about each interface for which one held, or about what its message names."""
    return [found for step in steps if step.fired and not step.rule.verb.chooses for found in _findings(step, question)]


def _findings(step: RuleResult, question: Question) -> Iterator[Finding]:
    rule, environment = step.rule, Environment(question, step.before)
    found: list[tuple[Bindings, set[str], set[Address]]]
    if rule.has_subject:
        found = [({"nic": nic}, {nic.name}, _about(rule.message, environment, nic)) for nic in step.hits]
    else:
        found = [({}, *_named_in(rule.message, environment, {}))]
    for bound, interfaces, addresses in found:
        if rule.verb.effect is Effect.MAKE_AMBIGUOUS:
            interfaces.update(nic.name for nic in step.before)
            addresses.update(owned.address for nic in step.before for owned in question.matched(nic))
        message, hint = (_filled(template, environment, bound) for template in (rule.message, rule.hint))
        texts = tuple(str(address) for address in sorted(addresses))
        yield Finding(rule.code, rule.severity, message, tuple(sorted(interfaces)), texts, rule.place, hint)


def _filled(template: Template, environment: Environment, bound: Bindings) -> str:
    return "".join(
        part if isinstance(part, str) else show(evaluate(part, environment, bound)) for part in template.parts
    )


def _about(template: Template, environment: Environment, nic: Link) -> set[Address]:
    """Return the addresses that a message names; if it has no words for addresses, those that the interface matched."""
    words = [part for part in template.parts if not isinstance(part, str)]
    if any(word.type.base in (Base.ADDRESS, Base.OWNED) for word in words):
        return _named_in(template, environment, {"nic": nic})[1]
    return {owned.address for owned in environment.question.matched(nic)}


def _named_in(template: Template, environment: Environment, bound: Bindings) -> tuple[set[str], set[Address]]:
    """Return the interfaces and the addresses that a message names."""
    interfaces: set[str] = set()
    addresses: set[Address] = set()
    for part in template.parts:
        value = part if isinstance(part, str) else evaluate(part, environment, bound)
        for item in value if isinstance(value, tuple) else (value,):
            if isinstance(item, Link):
                interfaces.add(item.name)
            elif isinstance(item, OwnedAddress):
                addresses.add(item.address)
            elif isinstance(item, Address):
                addresses.add(item)
    return interfaces, addresses
