"""The translation against the real thing: laws and decisions of random hosts under shipped and random policies."""

import random
import re
from functools import cache

from evaluator import HostAddresses, read_report
from evaluator.policy.language.environment import Question
from evaluator.policy.parameters import bind
from evaluator.policy.run.interpret import run
from evaluator.policy.run.verdict import status_of
from evaluator.verify.encode import Encoder
from evaluator.verify.host_terms import World
from evaluator.verify.solver import Answer, ask
from evaluator.verify.theory import LAWS, SYMBOLS, Theory
from evaluator.verify.translate import Translator
from tests.equality import policy, seeded_case
from tests.verify.structure import Structure, asserted, trees

CASES = 3
STATUSES = ("resolved", "rejected", "ambiguous", "no_match", "unknown_host")


@cache
def is_impossible(script):
    """Return whether a relation is an order; the scripts of one policy are asked of the solver once."""
    return ask(script, 5, 15_000) is Answer.IMPOSSIBLE


def hosts(rng):
    """Yield questions about one random host: the numbers of their policies, and the addresses."""
    case = seeded_case(rng)
    report = read_report(case.text)
    for number, host in case.questions:
        name = rng.choice([None, None, "node7.example.org"])
        yield report, number, HostAddresses.of(*map(str, host.answers), name=name, complete=rng.random() < 0.8)


def whole_script(theory, outcome):
    """Return all axioms of a policy: those of a question about everything, without the question."""
    answer = outcome.answer.text
    question = (f"(= {outcome.status} |text:resolved|)", outcome.answer.known, outcome.candidates(answer))
    lines = theory.script(*question).splitlines()
    return "\n".join(lines[: -len(question) - 1])


def question_of(report, number, host):
    chosen = policy(number)[0]
    values = {"engine_address": "10.0.1.9"} if chosen.name == "route-to-engine" else {}
    return chosen.program, Question(report.facts, host, bind(chosen.program, values))


def test_every_law_holds_for_every_report():
    theory = Theory()
    for name in SYMBOLS:
        theory.symbol(name)
    assert theory.laws == LAWS
    script, rng = theory.script(), random.Random(1)
    for _ in range(CASES):
        report, number, host = next(hosts(rng))
        structure = Structure(question_of(report, number, host)[1], script)
        del structure.domains["Text"][13:]
        del structure.domains["Int"][12:]
        for law in LAWS:
            assert structure.holds(trees(law.formula)[0]), law.sentence or law.formula


def test_the_axioms_of_a_policy_leave_only_the_status_and_interface_of_its_decision():
    rng, translated, orders = random.Random(2), 0, 0
    for _ in range(CASES):
        for report, number, host in hosts(rng):
            program, question = question_of(report, number, host)
            translator = Translator(Theory(), World(is_empty=not report.facts.links))
            encoder = Encoder(translator, is_impossible)
            outcome = encoder.outcome(program)
            if translator.untranslated:
                continue
            script = whole_script(translator.host.theory, outcome)
            translated += 1
            orders += len(encoder.orders)
            steps = run(program.rules, question)
            status, candidates = str(status_of(question, steps)), steps[-1].after
            answer = candidates[0] if status in ("resolved", "rejected") else None
            possible = [name for name in STATUSES if _is_possible(question, script, outcome, name, answer)]
            assert possible == [status], (number, report.to_dict() if hasattr(report, "to_dict") else report)
            structure = _structure(question, script, outcome, status, answer)
            left = [nic for nic in report.facts.links if structure.holds(["candidate", "n"], {"n": nic})]
            assert tuple(left) == candidates
            assert structure.holds(trees(outcome.answer.known)[0]) == (answer is not None)
            assert all(structure.holds(tree) for tree in structure.rest)
    assert translated > CASES
    assert orders > CASES


def _structure(question, script, outcome, status, answer):
    links = question.facts.links
    structure = Structure(question, script, {outcome.status: status, outcome.answer.text: answer or (*links, None)[0]})
    structure.rest = structure.define(asserted(script))
    structure.definitions["candidate"] = (["x"], trees(outcome.candidates("x"))[0])
    return structure


def _is_possible(question, script, outcome, status, answer):
    structure = _structure(question, script, outcome, status, answer)
    about_status = (tree for tree in structure.rest if outcome.status in re.findall(r"[^\s'\[\],]+", str(tree)))
    return all(map(structure.holds, about_status))
