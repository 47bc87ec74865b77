"""Finds the dead parts of a policy: rules that never fire, rules without effect, and clauses that are never true.

The solver is asked whether a part can be alive (`rule_parts.py`) on any host, of any size, with any values of the
parameters. If the answer is "impossible", the part is dead. Every other answer, and every clause without an exact
translation, gives no result. So a part that is found is certainly dead, but not every dead part is found.

A dead part has a cause: the earlier rules, and the clauses of its own rule, that together make the part dead. The proof
uses the condition of each earlier rule, and each operand of `and` in the part's own rule. These are the *assumptions*
of the proof. To find the cause, assumptions are dropped, and the solver is asked again. An earlier rule without its
assumption can be true for any interfaces. An operand without its assumption is removed. Without an assumption, more
hosts are possible, never fewer. So if the part is still dead without an assumption, this assumption is not a part of
the cause. Half of the assumptions are dropped at once, then quarters, and so on, because a cause usually has only one
or two of many rules. This is the algorithm ddmin (Zeller and Hildebrandt, 2002) with one difference: no group of
assumptions is tested alone, without the others. In the result, every assumption is necessary: without it, the part is
not proved to be dead.

If no candidate can be left before a rule, all rules about candidates are dead. Then only one rule is a mistake: the
rule after which no candidate is left. Only this rule is reported, and not the rules after it.

The effort for each question is limited in units of the solver, and the length of all questions together is limited too.
So the result depends neither on the speed of the machine nor on its load.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Sequence
from functools import cache, partial
from typing import TypeVar

from msgspec import Struct
from msgspec.structs import replace

from evaluator.policy.language.checked import AllOf, Condition
from evaluator.policy.language.program import Program, Rule
from evaluator.policy.language.verbs import Effect
from evaluator.verify.encode import Encoder, IsImpossible, no_interface
from evaluator.verify.host_terms import Relation, World
from evaluator.verify.rule_parts import Can, Part, is_inside, own_rules, parts_of
from evaluator.verify.sampled_hosts import not_alive
from evaluator.verify.smt import Formula, conjunction, negation
from evaluator.verify.solver import Answer, ask
from evaluator.verify.theory import Theory
from evaluator.verify.translate import Scope, Translator

_EFFORT = 5_000  # of one strategy of the solver for one question; most proofs need less
_SECONDS = 60.0  # never reached with this effort; it only ends a question that hangs
_MOST_CHARACTERS = 2_000_000  # of all questions about a policy; the time that they take is proportional to it
_Item = TypeVar("_Item")


class Dead(Struct, frozen=True):
    """A dead part, and its cause: the numbers of earlier rules, and clauses of its own rule. Both can be empty."""

    part: Part
    rules: tuple[int, ...]
    clauses: tuple[Condition, ...]


class DeadParts(Struct, frozen=True):
    """The dead parts of a policy in the order of the rules.

    `emptying` are the numbers of the rules after which no candidate can be left. `unasked` is the number of rules that
    were not examined completely, because a limit was reached.
    """

    dead: tuple[Dead, ...] = ()
    emptying: tuple[int, ...] = ()
    unasked: int = 0


def dead_parts(
    program: Program, is_left_out: Callable[[Part], bool], is_impossible: IsImpossible | None = None
) -> DeadParts:
    """Return the dead parts of a policy's own rules, except the parts for which `is_left_out` is true.

    `is_impossible` answers whether a script of formulas has no model; by default the solver answers.
    """
    parts = [part for number in own_rules(program) for part in parts_of(program, number) if not is_left_out(part)]
    search = _Search(program, _is_impossible if is_impossible is None else is_impossible)
    search.examine(not_alive(program, parts))
    return DeadParts(tuple(search.dead), tuple(sorted(search.emptying)), len(search.unasked))


def _is_impossible(script: str) -> bool:
    return ask(script, _SECONDS, _EFFORT) is Answer.IMPOSSIBLE


class _Search:
    """Asks the solver about the parts of one policy, and collects the dead parts."""

    def __init__(self, program: Program, is_impossible: IsImpossible) -> None:
        self._program = program
        self._answer = is_impossible
        self._is_impossible = cache(self._ask)
        self._characters = 0
        self.dead: list[Dead] = []
        self.emptying: set[int] = set()
        self.unasked: set[int] = set()

    def examine(self, parts: Sequence[Part]) -> None:
        """Find the dead parts among the given parts. The parts must be in the order of the rules."""
        for part in parts:
            if self._is_inside_dead(part):
                continue
            if self._characters >= _MOST_CHARACTERS:
                self.unasked.add(part.number)
                continue
            question = partial(self._is_dead, part)
            is_order = self._first_success(partial(question, self._choosers(part.number), part.condition))
            if is_order is not None:
                self._add(part, is_order)

    def _first_success(self, is_proved: Callable[[IsImpossible], bool]) -> IsImpossible | None:
        """Try a proof without the law of finite orders (`encode.py`), then with this law.

        Return the function `is_order` of the successful proof, or None. The proof with the law takes more time, because
        the solver must first find out which relations are strict orders. The law is seldom necessary.
        """
        return next((is_order for is_order in (_no_order, self._is_impossible) if is_proved(is_order)), None)

    def _is_inside_dead(self, part: Part) -> bool:
        """Return whether the rule of a part, or a clause that contains the part, was already found to be dead."""
        before = (dead.part for dead in self.dead if dead.part.number == part.number)
        return any(dead.can is not Can.HOLD or is_inside(part.clause, dead.clause) for dead in before)

    def _choosers(self, number: int) -> tuple[int, ...]:
        """Return the numbers of the earlier rules that can change the candidates."""
        return tuple(at for at in range(number) if self._program.rules[at].verb.chooses)

    def _is_dead(self, part: Part, rules: Collection[int], condition: Condition, is_order: IsImpossible) -> bool:
        """Return whether the solver proves that a part is dead.

        To find the cause of a dead part, the caller leaves out clauses and earlier rules, and asks again: `condition`
        is the condition of the part's rule without these clauses, and `rules` are the remaining earlier rules. The
        proof assumes that all other earlier rules may match any interfaces.
        """
        rule = replace(self._program.rules[part.number], condition=condition)
        worlds = (World(),) if rule.has_subject else (World(), World(is_empty=True))
        places = (self._before(part.number, rules, world, is_order) for world in worlds)
        return all(self._is_impossible(place.part(rule, part.can)) for place in places)

    def _is_emptied(self, number: int, rules: Collection[int], is_order: IsImpossible) -> bool:
        """Return whether no candidate can be left before a rule."""
        return self._is_impossible(self._before(number, rules, World(), is_order).some_candidate())

    def _before(self, number: int, rules: Collection[int], world: World, is_order: IsImpossible) -> _Place:
        """Return the state of a decision just before a rule is evaluated.

        The state follows from the conditions of the earlier rules in `rules`. Every other earlier rule may match any
        interfaces.
        """
        place = _Place(world, is_order)
        for at in self._choosers(number):
            place.follow(self._program.rules[at], is_assumed=at in rules)
        return place

    def _ask(self, script: str) -> bool:
        self._characters += len(script)
        return self._answer(script)

    def _add(self, part: Part, is_order: IsImpossible) -> None:
        """Add a dead part with its cause.

        If the cause is that no candidate is left after an earlier rule, add this earlier rule instead.
        """
        choosers = self._choosers(part.number)
        rules = _smallest(choosers, lambda kept: self._is_dead(part, kept, part.condition, is_order))
        if rules and self._is_emptied(part.number, choosers, is_order):
            cause = _smallest(choosers, lambda kept: self._is_emptied(part.number, kept, is_order))
            self._add_emptying(max(cause, default=None))
        else:
            self.dead.append(Dead(part, tuple(rules), tuple(self._clauses(part, rules, is_order))))

    def _clauses(self, part: Part, rules: Collection[int], is_order: IsImpossible) -> Sequence[Condition]:
        """Return the operands of `and` that make a rule dead. The operands are from the condition of the rule."""
        whole = part.condition
        if part.can is not Can.FIRE or not isinstance(whole, AllOf):
            return ()
        return _smallest(
            whole.conditions,
            lambda kept: self._is_dead(part, rules, replace(whole, conditions=tuple(kept)), is_order),
        )

    def _add_emptying(self, number: int | None) -> None:
        """Add the number of a rule after which no candidate is left.

        A `match` rule is not added: if no candidate is left after it, it never fires, and so it is a dead rule itself.
        """
        if number is not None and self._program.rules[number].verb.effect is not Effect.ADD:
            self.emptying.add(number)


class _Place:
    """The state of a decision between two rules: the formulas about the candidates, for one host."""

    def __init__(self, world: World, is_order: IsImpossible) -> None:
        self._translator = Translator(Theory(), world)
        self._encoder = Encoder(self._translator, is_order)
        self._candidates: Relation = no_interface

    def follow(self, rule: Rule, *, is_assumed: bool) -> None:
        """Change the candidates as the rule changes them.

        If `is_assumed` is false, the condition of the rule is ignored: the rule may match any interfaces.
        """
        hits = self._encoder.hits(rule, self._candidates) if is_assumed else self._encoder.any_hits(rule)
        self._candidates = self._encoder.after(rule, self._candidates, hits)

    def some_candidate(self) -> str:
        """Return the question whether there is a candidate in this state."""
        return self._script(self._translator.host.some_nic(self._candidates))

    def part(self, rule: Rule, can: Can) -> str:
        """Return the question whether a rule can fire in this state, or whether it can change the candidates."""
        host, before = self._translator.host, self._candidates
        if not rule.has_subject:
            return self._script(self._translator.condition(rule.condition, Scope(before)))
        hits = self._encoder.hits(rule, before)
        if can is not Can.CHANGE:
            return self._script(host.some_nic(hits))
        if rule.verb.effect is Effect.ADD:
            return self._script(host.some_nic(lambda nic: conjunction((hits(nic), negation(before(nic))))))
        removed = host.some_nic(lambda nic: conjunction((before(nic), negation(hits(nic)))))
        return self._script(conjunction((host.some_nic(hits), removed)))

    def _script(self, goal: Formula) -> str:
        return self._translator.host.theory.script(goal)


def _no_order(_: str) -> bool:
    """Return False: no relation counts as a strict order, so a proof does not use the law of finite orders."""
    return False


def _smallest(items: Sequence[_Item], is_enough: Callable[[Sequence[_Item]], bool]) -> Sequence[_Item]:
    """Return a minimal selection of items that is enough. If any of its items is removed, it is not enough.

    Adding an item must never make `is_enough` false. The function tries to remove the last items first.
    """
    kept, size = list(items), max(1, len(items) // 2)
    while size:
        end = len(kept)
        while end > 0:
            rest = [*kept[: max(0, end - size)], *kept[end:]]
            if is_enough(rest):
                kept = rest
            end -= size
        size //= 2
    return kept
