"""Finds the parts of a policy without an effect.

To find the effect of a part, the policy is changed. Two decisions are different if they have another status, another
interface or other findings.

- A rule is removed. It has an effect if some decision of the changed policy is different.
- A clause is replaced by true, and in a second changed policy by false. It has an effect if each of these two policies
  has some decision that is different.

A question with a different decision is a *witness* of the effect. The questions of the policy's tests are tried first.
If no test is a witness for a part, a small host is searched.

The guards `is known`, `is unknown` and `is given` are left out, because a rule without its guard would compare an
unknown value. The rules of the policies that this policy extends are left out too, because those policies have their
own tests.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence

from msgspec import Struct
from msgspec.structs import replace

from evaluator.base.parallel import compute_in_order
from evaluator.decision.decision import Decision
from evaluator.engine import Policy
from evaluator.policy.language.checked import AllOf, AnyOf, Condition, Constant, IsKnown, Not, Truth
from evaluator.policy.language.environment import Value
from evaluator.policy.language.program import Program, Rule
from evaluator.policy.language.types import Base, Type
from evaluator.verify.abstract_host import AbstractHost
from evaluator.verify.compare_mutants import compare_groups
from evaluator.verify.distinguish import groups_of
from evaluator.verify.memory import AnswerKind, Resources, question_of, remembered
from evaluator.verify.mutants import Mutant
from evaluator.verify.property import EveryClauseMatters, EveryRuleMatters
from evaluator.verify.prove_mutants import prove_mutants
from evaluator.verify.search import decide_host
from evaluator.verify.witness import Witness, compare_decisions

_SECONDS = 2.0  # for the proof that a clause is redundant
_MOST_INTERFACES = 3


class PolicyTests(Struct, frozen=True):
    """The tests of a policy.

    `decide` takes the policy or a changed policy, decides the question of each test with it, and yields the name of the
    test and the decision. `questions` are the questions as data.
    """

    decide: Callable[[Policy], Iterator[tuple[str, Decision]]]
    questions: object = ()


class Effects(Struct, frozen=True):
    """The parts of a policy for which a witness was found, and the parts without a witness.

    `witnesses` has one witness for each part with an effect. It is proved that the parts in `redundant` have no effect
    on any host. The parts in `silent` have no effect on hosts of at most `size` interfaces. The parts in `silent` read
    `words`. The search of small hosts does not enumerate the values of these words, so it can miss a witness.
    """

    redundant: tuple[str, ...] = ()
    silent: tuple[str, ...] = ()
    words: tuple[str, ...] = ()
    size: int = 0
    witnesses: tuple[Witness, ...] = ()


def parts_without_effect(
    policy: Policy,
    statement: EveryRuleMatters | EveryClauseMatters,
    tests: PolicyTests,
    size: int,
    parameters: Mapping[str, Value],
    resources: Resources,
) -> tuple[Effects, bool]:
    """Return the parts of a policy that change no decision, and whether they were remembered.

    The parts change no decision in the tests, and none on hosts of at most `size` interfaces.
    """
    program, searched = policy.program, min(size, _MOST_INTERFACES)

    def compute(numbers: Sequence[int]) -> Iterator[tuple[int, Effects]]:
        for number in numbers:
            changed = _without_rules(program) if isinstance(statement, EveryRuleMatters) else _without_clauses(program)
            yield number, _effects(policy, list(changed), tests, searched, parameters, resources)

    question = question_of("effects", program, statement, tests.questions, searched, parameters)
    # that a part has no effect on small hosts is not final: the solver may prove it for every host later
    kind = AnswerKind(Effects, is_final=lambda found: not found.silent)
    ((found, is_remembered),) = remembered(resources.memory, [question], kind, compute)
    return found, is_remembered


def _effects(
    policy: Policy,
    changed: Sequence[Mutant],
    tests: PolicyTests,
    size: int,
    parameters: Mapping[str, Value],
    resources: Resources,
) -> Effects:
    """Find a witness for each changed policy, or prove that no decision is different.

    The tests are tried first, then the hosts of one interface. Most changed policies have a witness there. A proof for
    a policy with a witness cannot succeed, and it would take its whole time limit. So the proofs are tried after these
    two steps. Larger hosts are searched after the proofs, because this search takes long without a witness.
    """
    program = policy.program
    tested = list(_in_tests(policy, changed, tests, resources))
    silent = [one for one, witness in zip(changed, tested, strict=True) if witness is None]
    small, without, _ = _on_hosts(policy, silent, min(size, 1), parameters, resources)
    proofs = prove_mutants(program, without, parameters, _SECONDS, resources)
    is_redundant = [is_proved for is_proved, _ in proofs]
    redundant = tuple(_shown(one) for one, is_proved in zip(without, is_redundant, strict=True) if is_proved)
    unproved = [one for one, is_proved in zip(without, is_redundant, strict=True) if not is_proved]
    larger, rest, words = _on_hosts(policy, unproved, size, parameters, resources)
    found = {witness.part: witness for witness in (*tested, *small, *larger) if witness is not None}
    witnesses = tuple(found[_shown(one)] for one in changed if _shown(one) in found)
    return Effects(redundant, tuple(map(_shown, rest)), words, size, witnesses)


def _in_tests(
    policy: Policy, changed: Sequence[Mutant], tests: PolicyTests, resources: Resources
) -> Iterator[Witness | None]:
    """Yield for each changed policy the first test that is a witness, None if no test is a witness."""
    old = dict(tests.decide(policy))

    def witness(one: Mutant) -> Witness | None:
        for test, decision in tests.decide(Policy(one.program)):
            words = compare_decisions(old[test], decision) if test in old else None
            if words is not None:
                return Witness(_shown(one), *words, test=test)
        return None

    return compute_in_order(witness, changed, resources.progress)


def _on_hosts(
    policy: Policy, changed: Sequence[Mutant], size: int, parameters: Mapping[str, Value], resources: Resources
) -> tuple[list[Witness], list[Mutant], tuple[str, ...]]:
    """Return the witnesses among the small hosts, the changed policies without a witness, and words.

    The policies without a witness read these words. The search does not try all values of these words, so a witness can
    exist that the search does not find.
    """
    groups = groups_of(policy.program, changed)
    compared = compare_groups(policy, groups, size, parameters, resources)
    witnesses: list[Witness] = []
    without: list[Mutant] = []
    words: set[str] = set()
    for group, (comparisons, _) in zip(groups, compared, strict=True):
        for one, comparison in zip(group, comparisons, strict=True):
            witness = None if comparison.host is None else _on_host(policy, one, comparison.host)
            if witness is None:
                without.append(one)
                words.update(comparison.left_out)
            else:
                witnesses.append(witness)
    return witnesses, without, tuple(sorted(words))


def _on_host(policy: Policy, changed: Mutant, host: AbstractHost) -> Witness | None:
    """Return the witness on a host that the comparison of the policies found; None if the answers do not differ."""
    words = compare_decisions(decide_host(policy, host), decide_host(Policy(changed.program), host))
    return None if words is None else Witness(_shown(changed), *words, host=host)


def _shown(one: Mutant) -> str:
    return f"{one.rule}: {one.change}"


def _without_rules(program: Program) -> Iterator[Mutant]:
    rules = program.rules
    for number in _own_rules(program):
        if len(rules) > 1:
            others = (*rules[:number], *rules[number + 1 :])
            yield _changed(program, number, others, "the rule is removed")


def _own_rules(program: Program) -> Iterator[int]:
    return (number for number, rule in enumerate(program.rules) if rule.place.startswith(f"{program.name}:"))


def _without_clauses(program: Program) -> Iterator[Mutant]:
    for number in _own_rules(program):
        rule = program.rules[number]
        for clause, with_clause in _clauses(rule.condition):
            for value in (True, False):
                new = replace(rule, condition=with_clause(_constant(value, clause)))
                words = f"`{' '.join(clause.text.split())}` is replaced by {'true' if value else 'false'}"
                yield _changed(program, number, _with(program.rules, number, new), words)


def _with(rules: tuple[Rule, ...], number: int, rule: Rule) -> tuple[Rule, ...]:
    return (*rules[:number], rule, *rules[number + 1 :])


def _changed(program: Program, number: int, rules: tuple[Rule, ...], change: str) -> Mutant:
    rule = program.rules[number]
    return Mutant(rule.name, rule.place, change, replace(program, rules=rules), (number,))


def _clauses(condition: Condition) -> Iterator[tuple[Condition, Callable[[Condition], Condition]]]:
    """Yield each clause of a condition, with a function that replaces the clause and returns the condition."""
    match condition:
        case AllOf(conditions=parts) | AnyOf(conditions=parts):
            for number, part in enumerate(parts):
                for clause, rebuild in _clauses(part):
                    yield clause, _in_chain(condition, number, rebuild)
        case Not(condition=inner):
            for clause, rebuild in _clauses(inner):
                yield clause, _in_negation(condition, rebuild)
        case IsKnown():
            return
        case _:
            yield condition, lambda other: other


def _in_chain(
    chain: AllOf | AnyOf, number: int, rebuild: Callable[[Condition], Condition]
) -> Callable[[Condition], Condition]:
    parts = chain.conditions
    return lambda other: replace(chain, conditions=(*parts[:number], rebuild(other), *parts[number + 1 :]))


def _in_negation(negation: Not, rebuild: Callable[[Condition], Condition]) -> Callable[[Condition], Condition]:
    return lambda other: replace(negation, condition=rebuild(other))


def _constant(value: bool, clause: Condition) -> Condition:
    text = "true" if value else "false"
    return Truth(Constant(value, Type(Base.BOOLEAN), text), text, clause.span)
