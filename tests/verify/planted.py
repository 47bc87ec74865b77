"""Plants the faults of `faults.yaml`, one at a time, and asks each leg of the tests whether it finds the fault.

    python -m tests.verify.planted             the table of faults and legs, as in docs/verify.md
    python -m tests.verify.planted found       the same, from a run of all legs

A fault is a changed text: of a policy, of a function of the compiler or of the translation, or of a law. A function is
compiled again from its changed text, and replaces the original while the legs run. So the faults need no code of their
own, and a row of the table that does not fit the code any more fails.

The legs are the ones that the tests of this folder and the tests of the policies use, with fewer cases:

- proofs: another set of properties is proved
- small hosts: a host of at most two interfaces breaks another set of properties, or a property that is proved, or the
  search and the library decide a host differently
- formulas: the formulas of a policy, evaluated for a random host, differ from the interpreter
- policy tests: a test of a policy fails
- compiled rules: the compiled rules differ from the interpreter
"""

from __future__ import annotations
import __future__

import inspect
import random
import sys
import textwrap
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from functools import cache
from importlib import import_module
from pathlib import Path
from types import ModuleType
from typing import NamedTuple
from unittest.mock import patch

import yaml
from msgspec.structs import replace

import evaluator
from evaluator.policy.compile.rules import CompiledPolicy
from evaluator.policy.language.environment import Question
from evaluator.policy.language.program import Program
from evaluator.testing.case_file import PolicyCase, read_case_file
from evaluator.testing.run_cases import run_case
from evaluator.verify import prove, theory
from evaluator.verify.host_terms import World
from evaluator.verify.property import BUILT_IN, Claim
from evaluator.verify.search import Unconfirmed, smallest_counterexamples
from evaluator.verify.solver import Answer, ask
from tests.verify import ground_decisions
from tests.verify.ground_decisions import (
    SHIPPED,
    Case,
    Encoded,
    cases,
    compiled_difference,
    difference,
    encode,
    parameters,
    steps_of,
)

ROOT = Path(__file__).parents[2]
LEGS = ("proofs", "small hosts", "formulas", "policy tests", "compiled rules")
CLAIMS = {one.name: one.statement for one in BUILT_IN if isinstance(one.statement, Claim)} | {
    "never-empty": Claim("count(interfaces) > 0")  # false only for the empty report
}
_EFFORT = 15_000  # of the solver for one question
_SECONDS = 60.0
_SIZE = 2
_CASES, _POLICIES = 240, 40


class Fault(NamedTuple):
    """One row of the table."""

    name: str
    kind: str
    change: Mapping[str, str]
    found_by: tuple[str, ...]

    @property
    def policy(self) -> str:
        """The policy that is proved, searched and tested."""
        return self.change.get("policy", "strict")


@cache
def faults() -> tuple[Fault, ...]:
    """Return the rows of the table."""
    rows = yaml.safe_load(Path(__file__).with_name("faults.yaml").read_text(encoding="utf-8"))
    return tuple(Fault(row["name"], row["kind"], row["change"], tuple(row["found_by"])) for row in rows)


def found_by(fault: Fault) -> tuple[str, ...]:
    """Return the legs that find a fault."""
    expected = _results_without_fault(fault.policy)
    with _planted(fault) as policy:
        return tuple(_finding_legs(fault, policy, expected))


# -- planting


def _replaced(text: str, old: str, new: str) -> str:
    assert text.count(old) == 1, f"{old!r} is {text.count(old)} times in:\n{text}"
    return text.replace(old, new)


@contextmanager
def _planted(fault: Fault) -> Iterator[evaluator.Policy]:
    """Plant a fault, and yield the policy that is tested: one with the fault, or one that is compiled with it."""
    change = fault.change
    if "policy" in change:
        file = _file_of(fault.policy)
        text = _replaced(file.read_text(encoding="utf-8"), change["old"], change["new"])
        yield evaluator.load_policy(text=text)
    elif "law" in change:
        laws = [replace(law, formula=law.formula.replace(change["law"], change["new"])) for law in theory.LAWS]
        assert sum(law not in theory.LAWS for law in laws) == 1
        with patch.object(theory, "LAWS", tuple(laws)):
            yield evaluator.load_policy(fault.policy)
    else:
        owner, name, changed = _changed_function(change["code"], change["old"], change["new"])
        with patch.object(owner, name, changed):
            yield evaluator.Policy(evaluator.load_policy(fault.policy).program)


def _changed_function(code: str, old: str, new: str) -> tuple[ModuleType | type, str, object]:
    """Return the module or class of a function, its name, and the function with a changed text."""
    module_name, _, path = code.partition(":")
    module = import_module(module_name)
    class_name, _, name = path.rpartition(".")
    owner = getattr(module, class_name) if class_name else module
    text = textwrap.dedent(inspect.getsource(inspect.getattr_static(owner, name)))
    text = _replaced(text, textwrap.dedent(old), new)
    namespace: dict[str, object] = {}
    compiled = compile(text, code, "exec", flags=__future__.annotations.compiler_flag, dont_inherit=True)
    exec(compiled, vars(module), namespace)
    return owner, name, namespace[name]


def _file_of(policy: str) -> Path:
    folder = ROOT / ("policies" if policy in SHIPPED else "examples/recipes")
    return folder / f"{policy}.yaml"


@cache
def _policy(name: str) -> evaluator.Policy:
    return evaluator.load_policy(name if name in SHIPPED else _file_of(name))


@cache
def _cases_of(policy: str) -> tuple[PolicyCase, ...]:
    return tuple(read_case_file(_file_of(policy).with_suffix(".test.yaml")))


# -- legs


class Results(NamedTuple):
    """The properties that are proved for a policy, and those that a small host breaks."""

    proved: frozenset[str]
    broken: frozenset[str]


def _results(policy: evaluator.Policy) -> Results:
    with patch.object(prove, "ask", _ask):
        proofs = {name: prove.prove(policy.program, claim, {}, _SECONDS) for name, claim in CLAIMS.items()}
    return Results(frozenset(name for name, proof in proofs.items() if proof.is_proved), frozenset(_broken(policy)))


def _broken(policy: evaluator.Policy) -> Iterator[str]:
    try:
        examples = smallest_counterexamples(policy, tuple(CLAIMS.values()), _SIZE, {})
    except Unconfirmed:
        yield "unconfirmed"
    else:
        yield from (name for name, example in zip(CLAIMS, examples, strict=True) if example is not None)


def _ask(script: str, seconds: float, effort: int | None = None) -> Answer:
    return _ask_little(script)


@cache
def _ask_little(script: str) -> Answer:
    return ask(script, _SECONDS, _EFFORT)


@cache
def _results_without_fault(policy: str) -> Results:
    return _results(_policy(policy))


def _finding_legs(fault: Fault, policy: evaluator.Policy, expected: Results) -> Iterator[str]:
    """Yield the legs that find the fault that is planted now."""
    results = _results(policy)
    if results.proved != expected.proved:
        yield "proofs"
    if results.broken != expected.broken or not results.broken.isdisjoint(results.proved):
        yield "small hosts"
    number = _CASES // 5 if fault.kind == "policy" else _CASES  # all about one policy
    asked = [_asked(fault, policy, case) for case in _random_cases()[:number]]
    if _is_any_formula_wrong(asked, _encodings_without_fault() if fault.kind == "compiler" else {}):
        yield "formulas"
    if _is_any_test_failed(fault, policy):
        yield "policy tests"
    if _is_any_compiled_rule_wrong(asked):
        yield "compiled rules"


class Asked(NamedTuple):
    """A policy and a question."""

    program: Program
    question: Question


def _asked(fault: Fault, policy: evaluator.Policy, case: Case) -> Asked:
    """Return a random case; for a fault in a policy, about this policy."""
    if fault.kind != "policy":
        return Asked(ground_decisions.program(case.policy), case.question)
    values = parameters(random.Random(case.policy), policy.program)
    return Asked(policy.program, Question(case.report.facts, case.question.host, values))


@cache
def _encodings_without_fault() -> dict[tuple[str, bool], Encoded]:
    return {}


def _is_any_formula_wrong(asked: Sequence[Asked], encodings: dict[tuple[str, bool], Encoded]) -> bool:
    for at, (program, question) in enumerate(asked):
        is_empty = not question.facts.links
        key = program.digest, is_empty
        if key not in encodings:
            encodings[key] = encode(program, World(is_empty=is_empty))
        if difference(encodings[key], steps_of(program, question), question, at, with_laws=True):
            return True
    return False


def _is_any_compiled_rule_wrong(asked: Sequence[Asked]) -> bool:
    compiled: dict[str, CompiledPolicy] = {}
    for program, question in asked:
        if program.digest not in compiled:
            compiled[program.digest] = CompiledPolicy(program)
        if compiled_difference(compiled[program.digest], steps_of(program, question), question):
            return True
    return False


def _is_any_test_failed(fault: Fault, policy: evaluator.Policy) -> bool:
    """Run the tests of the changed policy, or those of all shipped policies if the compiler is changed."""
    tested = {name: evaluator.Policy(_policy(name).program) for name in SHIPPED} if fault.kind == "compiler" else {}
    for name, one in {**tested, **({fault.policy: policy} if not tested else {})}.items():
        if not all(run_case(replace(case, policy=one)).passed for case in _cases_of(name)):
            return True
    return False


@cache
def _random_cases() -> tuple[Case, ...]:
    return tuple(cases(random.Random(20), _CASES, _POLICIES))


# -- the table


def table(legs_of: Callable[[Fault], Sequence[str]]) -> str:
    """Return the table of faults and legs in Markdown."""
    lines = [f"| fault | in | {' | '.join(LEGS)} |", f"| --- | --- |{' --- |' * len(LEGS)}"]
    for fault in faults():
        legs = legs_of(fault)
        where = f"`{fault.policy}`" if fault.kind == "policy" else f"the {fault.kind}"
        lines.append(f"| {fault.name} | {where} | {' | '.join('found' if leg in legs else '' for leg in LEGS)} |")
    return "\n".join(lines)


if __name__ == "__main__":
    print(table(found_by if sys.argv[1:] == ["found"] else lambda fault: fault.found_by))
