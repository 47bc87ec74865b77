"""A checked policy becomes Python functions: what production runs.

The reference (`interpret.py`) is the meaning; this must give the same steps for every report, and property tests
hold the two together. What does not depend on the subject is computed once for each rule; lists that are only asked
what is in them become sets; a rule looks at no more interfaces than its sieve lets through (`sieve.py`); a rule on
candidates is skipped where there are none. The rules that only warn, and the messages, are a second function, which
goes on from what the first has done. Functions are built as syntax trees, never as text, so that nothing a policy says
can become code.
"""

from __future__ import annotations

import ast
from collections.abc import Callable, Mapping, Sequence
from functools import cached_property
from typing import TYPE_CHECKING, Any

from evaluator.base.finding import Finding
from evaluator.base.status import Status
from evaluator.facts.host import HostFacts
from evaluator.facts.link import Link
from evaluator.policy.compile.condition import Writer
from evaluator.policy.compile.python_tree import assign, attribute, call, name, parsed
from evaluator.policy.language.checked import Condition
from evaluator.policy.language.environment import Question, Scene
from evaluator.policy.language.program import Program, Rule
from evaluator.policy.language.verbs import Effect, Judges
from evaluator.policy.run.candidate_index import sieved
from evaluator.policy.run.cost import Pricing
from evaluator.policy.run.verdict import Trace, Verdict, status_of_none
from evaluator.policy.run.wording import finding_at_once, finding_of, show

if TYPE_CHECKING:
    from evaluator.policy.run.evidence import Asking

Judge = Callable[[Question], Verdict]
Said = tuple[Trace, list[Finding]]
Say = Callable[[Question, Trace], Said]
Test = Callable[[Question, tuple[Link, ...], Link | None], bool]
_PROLOGUE = """
facts = question.facts
host = question.host
candidates = ()
"""


class Compiled:
    """A program and the functions that run it; shared between threads."""

    def __init__(self, program: Program) -> None:
        self.program = program
        self.decide = compile_deciding(program)

    def __reduce__(self) -> tuple[type[Compiled], tuple[Program]]:
        """Let another process compile the program itself."""
        return Compiled, (self.program,)

    @cached_property
    def asked(self) -> Mapping[str, str]:
        """The facts that the policy asks for, with the place of the first rule that does."""
        from evaluator.policy.run.required_facts import facts_asked  # noqa: PLC0415 -- a status and a name ask for none

        return facts_asked(self.program)

    def asking(self, missing: frozenset[str]) -> Asking:
        """Return which rules ask for one of these facts."""
        known = self._asking.get(missing)
        if known is None:
            from evaluator.policy.run.evidence import asking_for  # noqa: PLC0415 -- as above

            known = self._asking[missing] = asking_for(self.program, missing)
        return known

    def could_change(self, number: int, missing: frozenset[str]) -> Test:
        """Return the function that says whether one of these facts could change a rule that asks for some."""
        key = number, missing
        if key not in self._tests:
            self._tests[key] = compile_test(self.program, self.asking(missing).open[number])
        return self._tests[key]

    @cached_property
    def _tests(self) -> dict[tuple[int, frozenset[str]], Test]:
        """What `could_change` returned before."""
        return {}

    @cached_property
    def _asking(self) -> dict[frozenset[str], Asking]:
        """What `asking` returned before: a few, one for each kind of report."""
        return {}

    @cached_property
    def asks_for_addresses(self) -> bool:
        """Whether the policy finds its candidates by the host's addresses."""
        from evaluator.policy.run.required_facts import asks_for_addresses  # noqa: PLC0415 -- as above

        return asks_for_addresses(self.program)

    @cached_property
    def say(self) -> Say:
        """The function that judges the rules that only warn, and says what every rule found.

        It takes the trace of the deciding rules and returns that of all, and the findings.
        """
        return compile_saying(self.program)


def compile_deciding(program: Program) -> Judge:
    """Return a function that judges the rules that decide as `interpret.run` does.

    PolicyError, before a rule is begun, where its worst cost would exceed the step budget.
    """
    writer = Writer()
    body = parsed(_PROLOGUE + "budget = pricing.budget(question)")
    judged: list[tuple[int, Rule]] = []
    owed: list[ast.stmt] = []
    for number, rule in enumerate(program.rules):
        owed.append(_payment(rule, writer))
        if rule.verb.decides:
            body.append(ast.If(name("budget"), owed, []))
            owed = []
            is_first = not any(earlier.verb.effect is Effect.ADD for _, earlier in judged)
            body.extend(_judgement(number, rule, writer, is_first=is_first))
            judged.append((number, rule))
    if owed:
        body.append(ast.If(name("budget"), owed, []))
    body.append(_ending(judged, writer))
    judge: Judge = _function(program, ["question"], body, {**writer.constants, "pricing": Pricing(program)})
    return judge


def compile_saying(program: Program) -> Say:
    """Return a function that goes on from the trace of the deciding rules: it judges the others, and says what is so.

    All rules have been paid for.
    """
    writer = Writer()
    body = parsed(_PROLOGUE + "found = []")
    deciding = [number for number, rule in enumerate(program.rules) if rule.verb.decides]
    body.append(ast.Assign([_trace(deciding, ast.Store())], name("trace")))
    for number, rule in enumerate(program.rules):
        if not rule.verb.decides:
            body.extend(_judgement(number, rule, writer, is_first=False))
        if not rule.verb.chooses:
            body.append(ast.If(name(f"held{number}"), _saying(number, rule, writer), []))
        body.append(assign("candidates", name(f"after{number}")))
    trace = _trace(range(len(program.rules)), ast.Load())
    body.append(ast.Return(ast.Tuple([trace, name("found")], ast.Load())))
    say: Say = _function(program, ["question", "trace"], body, writer.constants)
    return say


def compile_test(program: Program, condition: Condition) -> Test:
    """Return a function that says whether a condition holds for an interface, or at all."""
    writer = Writer()
    once = writer.begin_rule(is_on_candidates=False)
    held = ast.Return(writer.condition(condition))
    body = [*parsed("facts = question.facts\nhost = question.host"), *_with_scene([*once, held])]
    test: Test = _function(program, ["question", "candidates", "nic"], body, writer.constants)
    return test


def _function(program: Program, given: list[str], body: list[ast.stmt], constants: Mapping[str, object]) -> Any:  # noqa: ANN401 -- a function of these arguments
    """Return the function with this body."""
    arguments = ast.arguments([], [ast.arg(one) for one in given], None, [], [], None, [])
    module = ast.fix_missing_locations(ast.Module([ast.FunctionDef("judge", arguments, body, [])], []))
    namespace: dict[str, Any] = {
        **constants,
        "Scene": Scene,
        "Verdict": Verdict,
        "status_of_none": status_of_none,
        "is_among": _is_among,
        "refused": _refused,
        "with_more": _with_more,
        "without": _without,
        "show": show,
        "finding_of": finding_of,
        "finding_at_once": finding_at_once,
        **{status.name: status for status in Status},
    }
    exec(compile(module, f"<policy {program.name}>", "exec"), namespace)  # noqa: S102 -- built from checked nodes only
    return namespace["judge"]


def _trace(numbers: Sequence[int], use: ast.expr_context) -> ast.Tuple:
    """Write the trace of some rules: for whom each held, and the candidates after each."""
    parts = [ast.Tuple([ast.Name(f"{part}{number}", use) for number in numbers], use) for part in ("held", "after")]
    return ast.Tuple([*parts], use)


def _saying(number: int, rule: Rule, writer: Writer) -> list[ast.stmt]:
    """Write the findings of a rule that held."""
    once = writer.begin_rule(is_on_candidates=False)
    message, hint = (writer.message(template) for template in (rule.message, rule.hint))
    about = [writer.constant(rule), name("question")]
    if rule.has_subject:
        finding = call(name("finding_of"), *about, name("nic"), writer.addresses(rule.message), message, hint)
        saying: ast.stmt = ast.Expr(call(attribute(name("found"), "append"), finding))
        saying = ast.For(ast.Name("nic", ast.Store()), name(f"held{number}"), [saying], [])
    else:
        named = writer.values(rule.message)
        finding = call(name("finding_at_once"), *about, name("candidates"), named, message, hint)
        saying = ast.Expr(call(attribute(name("found"), "append"), finding))
    return _with_scene([*once, saying])


def _payment(rule: Rule, writer: Writer) -> ast.stmt:
    """Write what a rule costs."""
    return ast.Expr(
        call(attribute(name("budget"), "spend"), writer.constant(rule), call(name("len"), name("candidates")))
    )


def _judgement(number: int, rule: Rule, writer: Writer, *, is_first: bool) -> list[ast.stmt]:
    """Write one rule: for whom it holds, and what becomes of the candidates."""
    held, after = f"held{number}", f"after{number}"
    once = writer.begin_rule(is_on_candidates=rule.has_subject and rule.verb.judges is Judges.CANDIDATES)
    if not rule.has_subject:
        judging = [assign(held, writer.condition(rule.condition))]
        return [*_with_scene([*once, *judging]), assign(after, name("candidates"))]
    if rule.verb.judges is Judges.INTERFACES:
        judging = _of_all(held, rule, writer)
        judging = [*once, *judging]
    else:
        judging = _loop(held, writer.condition(rule.condition), name("candidates"))
        judging = [assign(held, ast.Tuple([], ast.Load())), ast.If(name("candidates"), [*once, *judging], [])]
    ending = [assign(after, _after(rule.verb.effect, held, is_first=is_first)), assign("candidates", name(after))]
    return [*_with_scene(judging), *ending]


def _of_all(held: str, rule: Rule, writer: Writer) -> list[ast.stmt]:
    """Write a rule that judges all interfaces, or those that its sieve lets through."""
    sieve = sieved(rule)
    if sieve is None:
        return _loop(held, writer.condition(rule.condition), attribute(name("facts"), "links"))
    domain = writer.domain(sieve)
    if sieve.rest is None:
        return [assign(held, domain)]
    return _loop(held, writer.condition(sieve.rest), domain)


def _with_scene(statements: list[ast.stmt]) -> list[ast.stmt]:
    """Put the scene before statements that look at it."""
    looks = any(isinstance(node, ast.Name) and node.id == "scene" for part in statements for node in ast.walk(part))
    return [*parsed("scene = Scene(question, candidates)"), *statements] if looks else statements


def _loop(held: str, condition: ast.expr, domain: ast.expr) -> list[ast.stmt]:
    """Write the search for the subjects for which the condition holds."""
    keep = ast.Expr(call(attribute(name("hits"), "append"), name("nic")))
    search = ast.For(ast.Name("nic", ast.Store()), domain, [ast.If(condition, [keep], [])], [])
    return [assign("hits", ast.List([], ast.Load())), search, assign(held, call(name("tuple"), name("hits")))]


def _after(effect: Effect, held: str, *, is_first: bool) -> ast.expr:
    """Write the candidates after a rule that held for these subjects; judges never change them."""
    if effect is Effect.ADD and is_first:
        return name(held)
    if effect is Effect.KEEP:
        return ast.BoolOp(ast.Or(), [name(held), name("candidates")])
    changed = {
        Effect.ADD: call(name("with_more"), name("facts"), name("candidates"), name(held)),
        Effect.REMOVE: call(name("without"), name("candidates"), name(held)),
    }
    if effect in changed:
        return ast.IfExp(name(held), changed[effect], name("candidates"))
    return name("candidates")


def _ending(judged: list[tuple[int, Rule]], writer: Writer) -> ast.stmt:
    """Write which status holds, as `verdict.status_of` does, and the codes of what rejects or makes ambiguous."""
    several = ast.Compare(call(name("len"), name("candidates")), [ast.Gt()], [ast.Constant(1)])
    said = [name(f"held{number}") for number, rule in judged if rule.verb.effect is Effect.MAKE_AMBIGUOUS]
    rejecting = [number for number, rule in judged if rule.verb.effect is Effect.REJECT]
    rejects: list[ast.expr] = [name(f"held{number}") for number in rejecting]
    only = ast.Subscript(name("candidates"), ast.Constant(0), ast.Load())
    is_rejected = call(name("is_among"), only, ast.Tuple(rejects, ast.Load()))
    status = ast.IfExp(ast.BoolOp(ast.And(), [_any(rejects), is_rejected]), name("REJECTED"), name("RESOLVED"))
    status = ast.IfExp(_any([several, *said]), name("AMBIGUOUS"), status)
    status = ast.IfExp(name("candidates"), status, call(name("status_of_none"), name("question")))
    trace = _trace([number for number, _ in judged], ast.Load())
    return ast.Return(call(name("Verdict"), status, name("candidates"), trace, _refusals(judged, writer)))


def _refusals(judged: list[tuple[int, Rule]], writer: Writer) -> ast.expr:
    refusing = [(number, rule.code) for number, rule in judged if rule.verb.refuses]
    helds: list[ast.expr] = [name(f"held{number}") for number, _ in refusing]
    codes = writer.constant(tuple(code for _, code in refusing))
    said = call(name("refused"), codes, ast.Tuple(helds, ast.Load()))
    return ast.IfExp(_any(helds), said, ast.Tuple([], ast.Load()))


def _any(values: list[ast.expr]) -> ast.expr:
    if len(values) > 1:
        return ast.BoolOp(ast.Or(), values)
    return values[0] if values else ast.Constant(value=False)


def _refused(codes: tuple[str, ...], helds: tuple[tuple[Link, ...] | bool, ...]) -> tuple[str, ...]:
    return tuple([code for code, held in zip(codes, helds, strict=True) if held])


def _is_among(nic: Link, rejects: tuple[tuple[Link, ...], ...]) -> bool:
    return any(hit.name == nic.name for hits in rejects for hit in hits)


def _with_more(facts: HostFacts, candidates: tuple[Link, ...], hits: tuple[Link, ...]) -> tuple[Link, ...]:
    names = {nic.name for nic in (*candidates, *hits)}
    return tuple([facts.by_name[name] for name in sorted(names)])


def _without(candidates: tuple[Link, ...], hits: tuple[Link, ...]) -> tuple[Link, ...]:
    gone = {nic.name for nic in hits}
    return tuple([nic for nic in candidates if nic.name not in gone])
