"""Decides random small hosts, to find the parts of a policy that are not dead.

If a rule fires for one host, this host proves that the rule is not dead. Such a host is usually found much faster than
the solver answers, because the solver needs most time for questions whose answer is "possible". So the solver is asked
only about the parts that have no effect on any random host.

The hosts have at most three interfaces. The values of their facts are from the space of the policy (`space.py`): for
example, `nic.mtu >= 9000` gives the MTUs 8999, 9000 and 9001. In contrast to `bounded.py`, the values are not
enumerated but drawn at random, so that a few hundred hosts reach the rules of a long policy. The names of the
interfaces and of the host are texts of the policy too. The same policy always gives the same hosts.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Sequence
from typing import TypeVar, cast

from msgspec.structs import replace

from evaluator.facts.address import in_order
from evaluator.facts.host_addresses import HostAddresses
from evaluator.policy.language.checked import Constant, walk
from evaluator.policy.language.environment import Environment, Question
from evaluator.policy.language.program import Program
from evaluator.policy.run.interpret import RuleResult, apply_rule, holds, subjects
from evaluator.verify.choices import Choices, Key
from evaluator.verify.lazy_host import LazyHost
from evaluator.verify.name_texts import NameTexts
from evaluator.verify.rule_parts import Can, Part
from evaluator.verify.shape import Shape
from evaluator.verify.space import Space, space_of
from evaluator.verify.topologies import topologies

_HOSTS = 400
_VAIN_HOSTS = 150  # the sampling ends after so many hosts on which no further part has an effect
_SIZES = (1, 2, 2, 3, 3, 3)
_HOST_NAME = "host.example"
_GLOB = re.compile(r"\[!?\]?([^\]])[^\]]*\]|[*?]")
_T = TypeVar("_T")


class _Draws:
    """Pseudo-random numbers: a linear congruential generator with the constants of MMIX (Knuth).

    Every version of Python draws the same numbers. The module `random` does not promise this.
    """

    def __init__(self) -> None:
        self._state = 0

    def number(self, limit: int) -> int:
        """Return a random number from 0 to `limit` - 1."""
        self._state = (self._state * 6364136223846793005 + 1442695040888963407) % 2**64
        return (self._state >> 33) % limit

    def one_of(self, options: Sequence[_T]) -> _T:
        """Return one of the options, chosen at random."""
        return options[self.number(len(options))]

    def percent(self, chance: int) -> bool:
        """Return true with a probability in percent."""
        return self.number(100) < chance


class _DrawnChoices(Choices):
    """Choices that are drawn at random and not enumerated."""

    def __init__(self, draws: _Draws) -> None:
        super().__init__()
        self._draws = draws

    def choose(self, key: Key, options: Sequence[_T]) -> _T:
        """Return the option that was drawn for a key."""
        if key not in self.made:
            self.made[key] = self._draws.one_of(options)
        return cast("_T", self.made[key])


def not_alive(program: Program, parts: Iterable[Part]) -> tuple[Part, ...]:
    """Return the parts that have no effect on any sampled host. Only these parts can be dead."""
    pending, vain = list(parts), 0
    space, draws = space_of([rule.condition for rule in program.rules], program.parameters, {}), _Draws()
    space = replace(space, names=NameTexts())  # the names are drawn before the other facts
    texts = _texts(program)
    for _ in range(_HOSTS):
        if not pending or vain == _VAIN_HOSTS:
            break
        alive = set(_alive(program, pending, _question(space, texts, draws)))
        pending = [part for part in pending if id(part) not in alive]
        vain = 0 if alive else vain + 1
    return tuple(pending)


def _alive(program: Program, parts: Sequence[Part], question: Question) -> Iterator[int]:
    """Yield the `id` of each part that has an effect on a host. `parts` are in the order of the rules."""
    by_rule: dict[int, list[Part]] = {}
    for part in parts:
        by_rule.setdefault(part.number, []).append(part)
    environment = Environment(question, ())
    for number, rule in enumerate(program.rules[: parts[-1].number + 1]):
        asked = by_rule.get(number, ())
        if asked or rule.verb.chooses:
            result = apply_rule(rule, environment)
            yield from (id(part) for part in asked if _is_alive(part, result, environment))
            if result.after != result.before:
                environment = Environment(question, result.after)


def _is_alive(part: Part, result: RuleResult, environment: Environment) -> bool:
    match part.can:
        case Can.FIRE:
            return result.fired
        case Can.CHANGE:
            return result.before != result.after
        case Can.HOLD if result.rule.has_subject:
            return any(holds(part.condition, environment, {"nic": nic}) for nic in subjects(result.rule, environment))
        case _:
            return holds(part.condition, environment, {})


def _question(space: Space, texts: Sequence[str], draws: _Draws) -> Question:
    """Return a host that is drawn at random, and its addresses."""
    topology = draws.one_of(topologies(draws.one_of(_SIZES)))
    names = tuple(dict.fromkeys(draws.one_of(texts) for _ in topology)) if texts and draws.percent(50) else ()
    names = names if len(names) == len(topology) else ()
    answers = draws.one_of(space.answers)
    owners = tuple(
        tuple(address for address in answers if draws.percent(60) and not address.unusable) for _ in topology
    )
    facts = LazyHost.with_owners(Shape.of(topology, names), owners, space, _DrawnChoices(draws))
    asked = draws.one_of((None, _HOST_NAME, *texts))
    is_complete = asked is None or draws.percent(80)
    host = HostAddresses(in_order(answers), asked, is_complete, answers[0] if answers else None)
    parameters = {name: draws.one_of(values) for name, values in space.parameters.items()}
    return Question(facts, host, parameters, facts.owned_addresses())


def _texts(program: Program) -> tuple[str, ...]:
    """Return the texts in the conditions of a policy. The drawn hosts and interfaces have these texts as names.

    A glob is replaced by a text that it matches.
    """
    nodes = (node for rule in program.rules for node in walk(rule.condition))
    texts = [node.value for node in nodes if isinstance(node, Constant) and isinstance(node.value, str)]
    return tuple(dict.fromkeys(name for text in texts if (name := _GLOB.sub(r"\1", text))))
