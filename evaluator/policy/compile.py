"""A checked policy becomes one Python function: what production runs.

The reference (`interpret.py`) is the meaning; this must give the same steps for every report, and a
property test holds the two together. What does not depend on the subject is computed once for each
rule; lists that are only asked what is in them become sets; a quantifier over what stands above its
subject looks at nothing else. The function is built as a syntax tree, never as text, so that nothing
a policy says can become code.
"""

from __future__ import annotations

import ast
from collections.abc import Callable, Container
from typing import Any

from evaluator.facts.link import Link
from evaluator.policy.compile_condition import Writer
from evaluator.policy.cost import budget_for, greatest_harmless_size
from evaluator.policy.interpret import Judged, act
from evaluator.policy.program import Program, Rule
from evaluator.policy.scene import Question, Scene
from evaluator.policy.syntax import assign, attribute, call, name

Judge = Callable[[Question], tuple[Judged, ...]]
_SUBJECTS_OF_ALL = ("match", "warn")
_PROLOGUE = (
    "budget = budget_for(question, harmless)",
    "steps = []",
    "candidates = ()",
    "facts = question.facts",
    "host = question.host",
)


def compile_program(program: Program, verbs: Container[str]) -> Judge:
    """Return a function that gives the steps of the rules of these verbs, as `interpret.run` does.

    PolicyError, before a rule is begun, where its worst cost would exceed the step budget.
    """
    writer = Writer()
    body = [ast.parse(line).body[0] for line in _PROLOGUE]
    for rule in program.rules:
        body.extend(_statements(rule, writer, is_judged=rule.verb in verbs))
    body.append(ast.Return(call(name("tuple"), name("steps"))))
    arguments = ast.arguments([], [ast.arg("question")], None, [], [], None, [])
    module = ast.fix_missing_locations(ast.Module([ast.FunctionDef("judge", arguments, body, [])], []))
    namespace: dict[str, Any] = {
        **writer.constants,
        "budget_for": budget_for,
        "harmless": greatest_harmless_size(program.rules),
        "Scene": Scene,
        "step": _step,
        "fire": _fire,
    }
    exec(compile(module, f"<policy {program.name}>", "exec"), namespace)  # noqa: S102 -- built from checked nodes only
    judge: Judge = namespace["judge"]
    return judge


def _statements(rule: Rule, writer: Writer, *, is_judged: bool) -> list[ast.stmt]:
    """Write one rule: pay for it, judge it for its subjects, act."""
    constant = writer.constant(rule)
    price = call(attribute(name("budget"), "spend"), constant, call(name("len"), name("candidates")))
    spend = ast.If(name("budget"), [ast.Expr(price)], [])
    if not is_judged:
        return [spend]
    condition, once = writer.rule(rule)
    scene = assign("scene", call(name("Scene"), name("question"), name("candidates")))
    if rule.has_subject:
        subjects = attribute(name("facts"), "links") if rule.verb in _SUBJECTS_OF_ALL else name("candidates")
        loop = ast.comprehension(ast.Name("nic", ast.Store()), subjects, [condition], 0)
        made = call(name("step"), constant, name("scene"), ast.ListComp(name("nic"), [loop]))
    else:
        made = call(name("fire"), constant, name("candidates"), condition)
    keep = ast.Expr(call(attribute(name("steps"), "append"), name("made")))
    after = assign("candidates", attribute(name("made"), "after"))
    return [spend, scene, *once, assign("made", made), keep, after]


def _step(rule: Rule, scene: Scene, hits: list[Link]) -> Judged:
    found = tuple(hits)
    return Judged(rule, scene.candidates, act(rule.verb, scene, found), found, bool(found))


def _fire(rule: Rule, candidates: tuple[Link, ...], fired: bool) -> Judged:
    return Judged(rule, candidates, candidates, (), fired)
