"""The translation against the real thing: laws and decisions of random hosts under shipped and random policies."""

import random
from functools import cache

import pytest

from evaluator.policy.language.checked import Condition, Expression, Relate
from evaluator.policy.language.environment import Question
from evaluator.policy.language.verbs import VERBS
from evaluator.policy.language.vocabulary import STATES, WORDS
from evaluator.verify.theory import LAWS, SYMBOLS, Theory
from tests.verify.ground import GroundPolicy, Sentences
from tests.verify.ground_decisions import STATUSES, compare, host_of, report_of
from tests.verify.host_symbols import HostSymbols

HOSTS = 150
DECISIONS, POLICIES = 3000, 130
FORMATS = ("vdsm", "iproute2", "nmstate", "ansible")
LANGUAGE = {
    *(f"verb {verb.name}" for verb in VERBS.values() if verb.decides),
    *(f"word {word.shown}" for word in WORDS),
    *(f"state {state.shown}" for state in STATES),
    *(f"relation {relation}" for relation in Relate),
    *(f"part {kind.__name__}" for kind in (*Condition.__args__, *Expression.__args__)),
    *(f"status {status}" for status in STATUSES),
    *(f"report {format_}" for format_ in FORMATS),
}


@cache
def met():
    return compare(1, DECISIONS, POLICIES)


def test_every_law_holds_for_every_report():
    theory = Theory()
    for name in SYMBOLS:
        theory.symbol(name)
    assert theory.laws == LAWS
    laws = GroundPolicy(Sentences((), [law.formula for law in LAWS], {}, "answer.0", "status.0"))
    rng = random.Random(1)
    for seed in range(HOSTS):
        report = report_of(rng)
        symbols = HostSymbols(Question(report.facts, host_of(rng, report), {}), seed)
        domains = symbols.domains(laws.literals, laws.integers)
        assert laws.evaluate(domains, symbols.value_of, dict, 0).laws() == []


@pytest.mark.volume
def test_the_formulas_of_random_policies_leave_only_the_decisions_of_the_interpreter_and_the_compiled_rules():
    assert met()["decisions"] == DECISIONS


@pytest.mark.volume
def test_the_random_decisions_cover_the_language():
    assert LANGUAGE - met().keys() == set()
    assert 0 < met()["decisions with an untranslated clause"] < 0.1 * DECISIONS
    assert met()["orders"] > 0.2 * DECISIONS
    assert met()["given parameters"] > 0.1 * DECISIONS
    assert met()["cycles"] > 0.1 * DECISIONS
    assert met()["empty reports"] > 0.02 * DECISIONS
    assert met()["status resolved"] > 0.1 * DECISIONS
