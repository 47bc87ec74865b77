"""Makes the conditions that show whether a rule, or an operand of `or` in a rule, is dead.

- A rule is dead if it never fires. A rule that chooses candidates is also dead if it never changes the candidates.
- An operand of `or` is dead if it never makes the condition of its rule true. For example, the rule
  `match nic when nic is up and (nic is bond or nic is vlan)` has the operand `nic is bond`. The operand is dead if the
  condition `nic is up and nic is bond` is false for every interface of every host.

`sampled_hosts.py` evaluates these conditions for random hosts. `dead_rules.py` asks the solver about them.

An operand of `and` is not reported, even if the other operands imply it. Authors write such operands to make a rule
faster or easier to read. The property `every-clause-matters` of `activenic verify` reports these operands too.
"""

from __future__ import annotations

from collections.abc import Iterator
from enum import Enum, auto

from msgspec import Struct
from msgspec.structs import replace

from evaluator.policy.language.checked import (
    AllOf,
    AnyOf,
    Condition,
    IsKnown,
    Not,
    Quantified,
    Quantifier,
    walk,
)
from evaluator.policy.language.program import Program, Rule
from evaluator.policy.language.verbs import Effect
from evaluator.policy.lint.clauses import is_constant


class Can(Enum):
    """What a part of a policy can do. A part that can never do this is dead."""

    FIRE = auto()  # the rule is true for an interface that it judges, or once
    CHANGE = auto()  # the rule changes the candidates
    HOLD = auto()  # the clause is true at its place


class Part(Struct, frozen=True):
    """A part of a rule. The part is alive if its `condition` is true for some host.

    `number` is the index of the rule in the policy. `clause` is the part as the policy states it.
    """

    number: int
    can: Can
    condition: Condition
    clause: Condition


def parts_of(program: Program, number: int) -> Iterator[Part]:
    """Yield the parts of a rule: first the rule itself, then its effect, then its clauses, outer clauses first.

    If a condition consists only of `true` and `false`, its author wanted a constant, so the rule has no parts.
    """
    rule = program.rules[number]
    if is_constant(rule.condition):
        return
    yield Part(number, Can.FIRE, rule.condition, rule.condition)
    if rule.verb.effect is Effect.KEEP or (rule.verb.effect is Effect.ADD and _adds_again(program, number)):
        yield Part(number, Can.CHANGE, rule.condition, rule.condition)
    for clause, condition in _alternatives(rule.condition):
        yield Part(number, Can.HOLD, condition, clause)


def own_rules(program: Program) -> tuple[int, ...]:
    """Return the numbers of the rules that are in the policy's own text, not in a policy that it extends."""
    return tuple(number for number, rule in enumerate(program.rules) if is_own(program, rule))


def is_own(program: Program, rule: Rule) -> bool:
    """Return whether a rule is in the policy's own text."""
    return rule.place.startswith(f"{program.name}:")


def is_inside(clause: Condition, other: Condition) -> bool:
    """Return whether `clause` is a part of `other`, or is `other` itself."""
    return any(node is clause for node in walk(other))


def _adds_again(program: Program, number: int) -> bool:
    """Return whether a rule before this one adds candidates too."""
    return any(rule.verb.effect is Effect.ADD for rule in program.rules[:number])


def _alternatives(condition: Condition) -> Iterator[tuple[Condition, Condition]]:
    """Yield each alternative of an `or`, with the whole condition in which this alternative replaces the `or`.

    For example, `nic is up and (nic is bond or nic is vlan)` has the alternatives `nic is bond` and `nic is vlan`. The
    first alternative comes with the condition `nic is up and nic is bond`.
    """
    match condition:
        case AllOf(conditions=parts):
            for number, part in enumerate(parts):
                for clause, inner in _alternatives(part):
                    yield clause, replace(condition, conditions=(*parts[:number], inner, *parts[number + 1 :]))
        case AnyOf(conditions=parts):
            for number, part in enumerate(parts):
                guards = tuple(_negated(guard) for guard in parts[:number] if _tests_known(guard))
                own = [] if isinstance(part, IsKnown) or is_constant(part) else [(part, part)]
                for clause, inner in (*own, *_alternatives(part)):
                    yield clause, replace(AllOf(guards, part.text, part.span), conditions=(*guards, inner))
        case Not(condition=inner):
            yield from _alternatives(inner)
        case Quantified(body=body):
            for clause, inner in _alternatives(body):
                yield clause, replace(condition, quantifier=Quantifier.SOME, body=inner)


def _negated(condition: Condition) -> Condition:
    return Not(condition, condition.text, condition.span)


def _tests_known(condition: Condition) -> bool:
    """Return whether a condition contains a test `is known` or `is unknown`.

    Later operands of `or` can rely on this test, as in `nic.mtu is unknown or nic.mtu > 1500`.
    """
    return any(isinstance(node, IsKnown) for node in walk(condition))
