"""Compile a checked policy to Python functions. Decisions run these functions instead of the interpreter.

The reference interpreter (`policy/run/interpret.py`) defines the meaning. The compiled functions must give the same
candidates, results and findings for every policy and every report; property tests compare the two.

Two functions are compiled for a policy, because an engine usually needs only the status and the name:

- `compile_decide`: evaluates only the rules that can change the status, in the order of the policy. It returns the
  status, the candidates, the refusals and the trace. It is compiled when the policy is loaded.
- `compile_results_and_findings`: takes the trace from the first function, evaluates the `warn` rules and builds the
  messages of all rules. It is compiled when findings or the trace of a decision are first read. It evaluates no rule a
  second time.

Functions are built as syntax trees (`ast`), never as source text. Texts of a policy become constants of the tree, and
the names of the policy's variables get a prefix (`v_`). So no text of a policy can become code, and no text needs
quotes.

Four optimizations make the functions fast:

- A value that does not depend on the subject is computed once for each rule, before the loop over the subjects
  (`expression.py`). If an expression occurs twice, it is computed once. Two expressions are equal if their syntax nodes
  are equal; their texts are never compared.
- If a rule only searches in a list, the list is converted once. A list of values becomes a set, a list of networks
  becomes a table by prefix length, and a list of globs becomes one compiled pattern.
- A rule on all interfaces is evaluated only for the interfaces that an index lookup returns
  (`policy/run/candidate_index.py`).
- A rule on candidates is skipped if the list of candidates is empty.

The step budget limits the steps of a decision. Before the first function evaluates a rule, it counts the steps of the
rule. It also counts the steps of the `warn` rules. So it fails if the steps of all rules exceed the budget, and the
second function cannot fail. For usual hosts `budget` is None and nothing is counted (`policy/run/budget.py`).

In the compiled code, `result3` is the result of rule 3: the interfaces for which the rule was true, or a boolean.
`after3` are the candidates after rule 3. For the policy with the rules `match nic when nic.name = "eth0"` and
`ambiguous when count(candidates) > 1`, `compile_decide` writes this function, without the statements of the budget:

    def policy(question):
        facts = question.facts
        host = question.host
        candidates = ()
        hits = []
        for nic in facts.named(k1):
            if nic.name == k1:
                hits.append(nic)
        result0 = tuple(hits)
        after0 = result0
        candidates = after0
        once0 = len(candidates)
        result1 = once0 > k3
        after1 = candidates
        return Verdict(…)

docs/one-policy.md shows the function of another policy in full.
"""

from __future__ import annotations

import ast
from collections.abc import Callable, Mapping, Sequence
from itertools import compress
from typing import Any

from evaluator.base.cached_property import cached_property
from evaluator.base.finding import Finding
from evaluator.base.status import Status
from evaluator.facts.host import HostFacts
from evaluator.facts.link import Link
from evaluator.policy.compile.condition import ConditionWriter
from evaluator.policy.compile.expression import variable
from evaluator.policy.compile.python_tree import assign, attribute, call, name, parsed
from evaluator.policy.language.checked import Condition
from evaluator.policy.language.environment import Environment, Question
from evaluator.policy.language.program import Program, Rule
from evaluator.policy.language.verbs import Effect, Judges
from evaluator.policy.run.budget import Costs
from evaluator.policy.run.candidate_index import lookup_for
from evaluator.policy.run.evidence import AffectedRules, affected_rules, depends_on_missing
from evaluator.policy.run.required_facts import matches_host_addresses, required_facts
from evaluator.policy.run.verdict import Trace, Verdict, status_without_candidates
from evaluator.policy.run.wording import finding_of, finding_without_subject, show

DecideFunction = Callable[[Question], Verdict]
ResultsAndFindings = tuple[Trace, list[Finding]]
ResultsFunction = Callable[[Question, Trace], ResultsAndFindings]
ConditionFunction = Callable[[Question, tuple[Link, ...], Link | None], bool]
ClaimFunction = Callable[[Question, tuple[Link, ...], str, Link | None], bool]
_FIRST_STATEMENTS = """
facts = question.facts
host = question.host
candidates = ()
"""


class CompiledPolicy:
    """A checked policy and its compiled functions; threads can share it."""

    def __init__(self, program: Program) -> None:
        self.program = program
        self.costs = Costs(program)
        self.decide = compile_decide(program, self.costs)

    def __reduce__(self) -> tuple[type[CompiledPolicy], tuple[Program]]:
        """Pickle only the program, because functions cannot be pickled. Another process compiles the program again."""
        return CompiledPolicy, (self.program,)

    @cached_property
    def required_facts(self) -> Mapping[str, str]:
        """The facts that the policy reads, each with the place of the first rule that reads it."""
        return required_facts(self.program)

    def affected_rules(self, missing: frozenset[str]) -> AffectedRules:
        """Return the rules that read one of these facts."""
        rules = self._affected_rules.get(missing)
        if rules is None:
            rules = self._affected_rules[missing] = affected_rules(self.program, missing)
        return rules

    def could_change(self, number: int, missing: frozenset[str]) -> ConditionFunction:
        """Return a function that tests whether missing facts could change the result of a rule.

        `number` is the index of the rule.
        """
        key = number, missing
        if key not in self._could_change:
            condition = depends_on_missing(self.program.rules[number].condition, missing)
            self._could_change[key] = compile_condition(self.program, condition)
        return self._could_change[key]

    @cached_property
    def _could_change(self) -> dict[tuple[int, frozenset[str]], ConditionFunction]:
        """The cache of `could_change`."""
        return {}

    @cached_property
    def _affected_rules(self) -> dict[frozenset[str], AffectedRules]:
        """The cache of `affected_rules`; it has few entries, one for each kind of report."""
        return {}

    @cached_property
    def matches_host_addresses(self) -> bool:
        """Whether a `match` rule of the policy reads the host's addresses or their owners."""
        return matches_host_addresses(self.program)

    @cached_property
    def results_and_findings(self) -> ResultsFunction:
        """The function that evaluates the `warn` rules and builds the findings of all rules.

        `decide` evaluates all other rules. This function takes the trace of `decide`. It returns the trace of all rules
        and the findings.
        """
        return compile_results_and_findings(self.program)


def compile_decide(program: Program, costs: Costs) -> DecideFunction:
    """Return a function that evaluates all rules except `warn`, with the same results as `interpret.run`.

    `costs` are the costs of the program. Before the function evaluates a rule, it raises PolicyError if the steps
    counted so far exceed the step budget.
    """
    writer = ConditionWriter()
    body = decide_statements(program, writer)
    decide: DecideFunction = _function(program, ["question"], body, {**writer.constants, "costs": costs})
    return decide


def decide_statements(program: Program, writer: ConditionWriter) -> list[ast.stmt]:
    """Return the body of the function that `compile_decide` returns; its parameter is `question`."""
    body = parsed(_FIRST_STATEMENTS + "budget = costs.budget(question)")
    deciding: list[tuple[int, Rule]] = []
    charges: list[ast.stmt] = []
    for number, rule in enumerate(program.rules):
        charges.append(_charge(rule, writer))
        if rule.verb.decides:
            body.append(ast.If(name("budget"), charges, []))
            charges = []
            is_first = not any(earlier.verb.effect is Effect.ADD for _, earlier in deciding)
            body.extend(_rule(number, rule, writer, is_first=is_first))
            deciding.append((number, rule))
    if charges:
        body.append(ast.If(name("budget"), charges, []))
    body.append(_verdict(deciding, writer))
    return body


def compile_results_and_findings(program: Program) -> ResultsFunction:
    """Return a function that evaluates the `warn` rules and builds the findings of all rules.

    A decision first calls the function that `compile_decide` returns. That function evaluates all rules except the
    `warn` rules, and counts the steps of all rules. Its trace is an argument of the function returned here. The result
    is the trace of all rules, and their findings.
    """
    writer = ConditionWriter()
    body = parsed(_FIRST_STATEMENTS + "findings = []")
    deciding = [number for number, rule in enumerate(program.rules) if rule.verb.decides]
    body.append(ast.Assign([_trace(deciding, ast.Store())], name("trace")))
    for number, rule in enumerate(program.rules):
        if not rule.verb.decides:
            body.extend(_rule(number, rule, writer, is_first=False))
        if not rule.verb.chooses:
            body.append(ast.If(name(f"result{number}"), _findings(number, rule, writer), []))
        body.append(assign("candidates", name(f"after{number}")))
    trace = _trace(range(len(program.rules)), ast.Load())
    body.append(ast.Return(ast.Tuple([trace, name("findings")], ast.Load())))
    function: ResultsFunction = _function(program, ["question", "trace"], body, writer.constants)
    return function


def compile_condition(program: Program, condition: Condition) -> ConditionFunction:
    """Return a function that tests a condition. If the condition mentions `nic`, it is tested for one interface."""
    return _condition(program, condition, "nic")


def compile_claim(program: Program, condition: Condition, status: str, answer: str) -> ClaimFunction:
    """Return a function that tests a condition about a decision.

    `status` and `answer` are the names of the variables that have the status and the interface of the decision.
    """
    return _condition(program, condition, variable(status), variable(answer))


def _condition(program: Program, condition: Condition, *variables: str) -> Callable[..., bool]:
    """Return a function that tests a condition.

    The parameters of this function are `question`, `candidates`, and the names in `variables`.
    """
    writer = ConditionWriter()
    once = writer.begin_rule(is_on_candidates=False)
    result = ast.Return(writer.condition(condition))
    body = [*parsed("facts = question.facts\nhost = question.host"), *_with_environment([*once, result], writer)]
    function: Callable[..., bool] = _function(program, ["question", "candidates", *variables], body, writer.constants)
    return function


def _function(
    program: Program, parameters: list[str], body: list[ast.stmt], constants: Mapping[str, object]
) -> Callable[..., Any]:
    """Return the Python function with these parameters and this body."""
    arguments = ast.arguments([], [ast.arg(parameter) for parameter in parameters], None, [], [], None, [])
    module = ast.fix_missing_locations(ast.Module([ast.FunctionDef("policy", arguments, body, [])], []))
    namespace: dict[str, Any] = {
        **constants,
        "Environment": Environment,
        "Verdict": Verdict,
        "status_without_candidates": status_without_candidates,
        "is_among": _is_among,
        "refusals": _refusals,
        "with_more": _with_more,
        "without": _without,
        "show": show,
        "finding_of": finding_of,
        "finding_without_subject": finding_without_subject,
        **{status.name: status for status in Status},
    }
    exec(compile(module, f"<policy {program.name}>", "exec"), namespace)  # noqa: S102 -- built from checked nodes only
    function: Callable[..., Any] = namespace["policy"]
    return function


def _trace(numbers: Sequence[int], use: ast.expr_context) -> ast.Tuple:
    """Return the code for the trace of the rules with these numbers: their results, and the candidates after them."""
    parts = [ast.Tuple([ast.Name(f"{part}{number}", use) for number in numbers], use) for part in ("result", "after")]
    return ast.Tuple([*parts], use)


def _findings(number: int, rule: Rule, writer: ConditionWriter) -> list[ast.stmt]:
    """Return the statements that append the findings of a rule that was true."""
    once = writer.begin_rule(is_on_candidates=False)
    message, hint = (writer.message(template) for template in (rule.message, rule.hint))
    arguments = [writer.constant(rule), name("question")]
    if rule.has_subject:
        finding = call(name("finding_of"), *arguments, name("nic"), writer.addresses(rule.message), message, hint)
        statement: ast.stmt = ast.Expr(call(attribute(name("findings"), "append"), finding))
        statement = ast.For(ast.Name("nic", ast.Store()), name(f"result{number}"), [statement], [])
    else:
        values = writer.values(rule.message)
        finding = call(name("finding_without_subject"), *arguments, name("candidates"), values, message, hint)
        statement = ast.Expr(call(attribute(name("findings"), "append"), finding))
    return _with_environment([*once, statement], writer)


def _charge(rule: Rule, writer: ConditionWriter) -> ast.stmt:
    """Return the statement that charges the steps of a rule to the budget: `budget.charge(k0, len(candidates))`."""
    return ast.Expr(
        call(attribute(name("budget"), "charge"), writer.constant(rule), call(name("len"), name("candidates")))
    )


def _rule(number: int, rule: Rule, writer: ConditionWriter, *, is_first: bool) -> list[ast.stmt]:
    """Return the statements that evaluate one rule and change the candidates.

    `is_first` is true if no earlier rule adds candidates, so the candidates are empty before it.
    """
    result, after = f"result{number}", f"after{number}"
    once = writer.begin_rule(is_on_candidates=rule.has_subject and rule.verb.judges is Judges.CANDIDATES)
    if not rule.has_subject:
        evaluation = [assign(result, writer.condition(rule.condition))]
        return [*_with_environment([*once, *evaluation], writer), assign(after, name("candidates"))]
    if rule.verb.judges is Judges.INTERFACES:
        loop = _loop_over_interfaces(result, rule, writer)
        evaluation = _with_environment([*once, *loop], writer)
    else:
        loop = _loop(result, writer.condition(rule.condition), name("candidates"))
        guarded = _with_environment([*once, *loop], writer)
        evaluation = [assign(result, ast.Tuple([], ast.Load())), ast.If(name("candidates"), guarded, [])]
    change = [assign(after, _after(rule.verb.effect, result, is_first=is_first)), assign("candidates", name(after))]
    return [*evaluation, *change]


def _loop_over_interfaces(result: str, rule: Rule, writer: ConditionWriter) -> list[ast.stmt]:
    """Return the code that evaluates a rule for all interfaces, or for the interfaces that an index lookup returns."""
    lookup = lookup_for(rule)
    if lookup is None:
        return _loop(result, writer.condition(rule.condition), attribute(name("facts"), "links"))
    interfaces = writer.lookup(lookup)
    if lookup.rest is None:
        return [assign(result, interfaces)]
    return _loop(result, writer.condition(lookup.rest), interfaces)


def _with_environment(statements: list[ast.stmt], writer: ConditionWriter) -> list[ast.stmt]:
    if not writer.uses_environment:
        return statements
    return [*parsed("environment = Environment(question, candidates)"), *statements]


def _loop(result: str, condition: ast.expr, domain: ast.expr) -> list[ast.stmt]:
    """Return the loop that collects the interfaces of `domain` for which the condition is true.

    `hits = []`, then `for nic in DOMAIN: if CONDITION: hits.append(nic)`, then `result3 = tuple(hits)`.
    """
    append = ast.Expr(call(attribute(name("hits"), "append"), name("nic")))
    loop = ast.For(ast.Name("nic", ast.Store()), domain, [ast.If(condition, [append], [])], [])
    return [assign("hits", ast.List([], ast.Load())), loop, assign(result, call(name("tuple"), name("hits")))]


def _after(effect: Effect, result: str, *, is_first: bool) -> ast.expr:
    """Return the code for the candidates after a rule with this result.

    - `match`: `with_more(facts, candidates, result3) if result3 else candidates`; for the first `match`: `result3`
    - `discard`: `without(candidates, result3) if result3 else candidates`
    - `prefer`: `result3 or candidates`
    - other verbs: `candidates`
    """
    if effect is Effect.ADD and is_first:
        return name(result)
    if effect is Effect.KEEP:
        return ast.BoolOp(ast.Or(), [name(result), name("candidates")])
    changed = {
        Effect.ADD: call(name("with_more"), name("facts"), name("candidates"), name(result)),
        Effect.REMOVE: call(name("without"), name("candidates"), name(result)),
    }
    if effect in changed:
        return ast.IfExp(name(result), changed[effect], name("candidates"))
    return name("candidates")  # other effects never change the candidates


def _verdict(deciding: list[tuple[int, Rule]], writer: ConditionWriter) -> ast.stmt:
    """Return the statement that returns the verdict. The code computes the same status as `verdict.status_of`."""
    several = ast.Compare(call(name("len"), name("candidates")), [ast.Gt()], [ast.Constant(1)])
    ambiguous = _results_of(deciding, Effect.MAKE_AMBIGUOUS)
    rejections = _results_of(deciding, Effect.REJECT)
    only = ast.Subscript(name("candidates"), ast.Constant(0), ast.Load())
    is_rejected = call(name("is_among"), only, ast.Tuple(rejections, ast.Load()))
    status = ast.IfExp(ast.BoolOp(ast.And(), [_any(rejections), is_rejected]), name("REJECTED"), name("RESOLVED"))
    status = ast.IfExp(_any([several, *ambiguous]), name("AMBIGUOUS"), status)
    status = ast.IfExp(name("candidates"), status, call(name("status_without_candidates"), name("question")))
    trace = _trace([number for number, _ in deciding], ast.Load())
    return ast.Return(call(name("Verdict"), status, name("candidates"), trace, _refusal_codes(deciding, writer)))


def _results_of(deciding: list[tuple[int, Rule]], effect: Effect) -> list[ast.expr]:
    """Return the code for the results of the rules that have this effect."""
    return [name(f"result{number}") for number, rule in deciding if rule.verb.effect is effect]


def _refusal_codes(deciding: list[tuple[int, Rule]], writer: ConditionWriter) -> ast.expr:
    """Return the code for the refusals: the finding codes of the true `reject` and `ambiguous` rules.

    The code is `refusals(k4, (result2, result3)) if … else ()`.
    """
    refusing = [(number, rule.code) for number, rule in deciding if rule.verb.refuses]
    results: list[ast.expr] = [name(f"result{number}") for number, _ in refusing]
    codes = writer.constant(tuple(code for _, code in refusing))
    refusals = call(name("refusals"), codes, ast.Tuple(results, ast.Load()))
    return ast.IfExp(_any(results), refusals, ast.Tuple([], ast.Load()))


def _any(values: list[ast.expr]) -> ast.expr:
    """Return the code that joins the values with `or`. If the list is empty, this is `False`."""
    if len(values) > 1:
        return ast.BoolOp(ast.Or(), values)
    return values[0] if values else ast.Constant(value=False)


def _refusals(codes: tuple[str, ...], results: tuple[tuple[Link, ...] | bool, ...]) -> tuple[str, ...]:
    return tuple(compress(codes, results))


def _is_among(nic: Link, results: tuple[tuple[Link, ...], ...]) -> bool:
    return nic.name in {hit.name for hits in results for hit in hits}


def _with_more(facts: HostFacts, candidates: tuple[Link, ...], hits: tuple[Link, ...]) -> tuple[Link, ...]:
    names = {nic.name for nic in (*candidates, *hits)}
    return tuple([facts.by_name[name] for name in sorted(names)])


def _without(candidates: tuple[Link, ...], hits: tuple[Link, ...]) -> tuple[Link, ...]:
    removed = {nic.name for nic in hits}
    return tuple([nic for nic in candidates if nic.name not in removed])
