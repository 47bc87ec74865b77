"""Decides every small host and finds the smallest one that breaks a property.

Hosts that differ only in names are enumerated once. The enumeration varies the topology up to a size (`topologies.py`),
the devices that own the host addresses, the form of the answer, and the values of all facts that are read
(`lazy_host.py`).
Every host is decided by the compiled rules, which production uses too. A host that breaks the property is written as a
VDSM report. The report is read, decided with `Policy.decide` and checked again. If this gives another result,
`Unconfirmed` is raised. So no translation of the policy has to be trusted.

Hosts with fewer interfaces are decided first, then hosts with fewer links between interfaces, then hosts with fewer
owners. So the first host that breaks a property is the smallest.

The topologies of one size are shared among processes. The processes are forked, so they inherit the checks and their
compiled policies.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from functools import partial
from itertools import chain, product
from typing import cast

from msgspec import Struct

from evaluator.base.cached_property import cached_property
from evaluator.base.processes import available_processors, process_pool, result_of
from evaluator.policy.compile.rules import CompiledPolicy
from evaluator.policy.language.environment import Question
from evaluator.policy.run.verdict import Verdict
from evaluator.verify.abstract_host import AbstractHost
from evaluator.verify.choices import Choices
from evaluator.verify.lazy_host import KIND_OF_SEPARATE, LazyHost
from evaluator.verify.lazy_question import LazyAnswers, LazyParameters
from evaluator.verify.shape import Shape
from evaluator.verify.space import AnswerSet, Space
from evaluator.verify.state_host import abstract_host
from evaluator.verify.topologies import Permutation, Topology, automorphisms, is_least_of_orbit, topologies

_SWAPPED_BITS = (0, 2, 1, 3)
_FEW_TOPOLOGIES = 100  # fewer are decided in this process, because starting others takes longer
_PARTS_OF_A_PROCESS = 8


class SmallHost(Struct, frozen=True, dict=True):
    """The host that the enumeration builds in one run. Policies decide this host.

    The facts of the host are chosen during the run, when `question` reads them. A changed copy of the host has the same
    choices.
    """

    question: Question
    facts: LazyHost
    answers: LazyAnswers

    @classmethod
    def of(cls, facts: LazyHost, answers: LazyAnswers, parameters: LazyParameters) -> SmallHost:
        """Return the small host that consists of these facts, addresses and parameters."""
        return cls(Question(facts, answers, parameters, facts.owned_addresses()), facts, answers)

    def verdict(self, compiled: CompiledPolicy) -> Verdict:
        """Return the result of a policy for the host, computed once in a run."""
        key, computed = (id(compiled), id(self.question)), self.facts.choices.computed
        if key not in computed:
            computed[key] = compiled.decide(self.question)
        return cast("Verdict", computed[key])

    def stated(self) -> AbstractHost:
        """Return the host with the facts that have been chosen so far."""
        return abstract_host(self.facts, self.answers)

    @cached_property
    def with_unowned_answer(self) -> tuple[SmallHost, ...]:
        """Copies of the host with one more host address. No interface owns this address.

        For each address of `Space.added`, one copy has this address as its last host address. If a condition depends on
        the order of the host addresses, another copy has this address as its first host address. A host without host
        addresses has no copies.
        """
        order, space = self.answers.order, self.facts.space
        orders = (
            one
            for added in space.added
            for one in ((*order, added), (added, *order))[: len(order) and 1 + space.has_order]
        )
        return tuple(map(self._with_answers, orders))

    def _with_answers(self, order: AnswerSet) -> SmallHost:
        answers, question = LazyAnswers.in_the_order(order, self.facts.choices), self.question
        return SmallHost(Question(self.facts, answers, question.parameters, question.owned), self.facts, answers)

    def with_separate_interface(self) -> Iterator[SmallHost]:
        """Yield copies of the host with one more interface, one copy for each kind of interface.

        The interface has no host address, no network, no upper and no lower device. If the decision of a copy did not
        read the kind of the interface, the other copies are left out, because they would give the same decision.
        """
        computed = self.facts.choices.computed
        for host in self._with_interfaces:
            computed.pop(KIND_OF_SEPARATE, None)
            yield host
            if KIND_OF_SEPARATE not in computed:
                return

    @cached_property
    def _with_interfaces(self) -> tuple[SmallHost, ...]:
        question = self.question
        return tuple(
            SmallHost(Question(facts, question.host, question.parameters, question.owned), facts, self.answers)
            for facts in self.facts.with_separate
        )


class Example(Struct, frozen=True):
    """A host that breaks a property. If the property compares two decisions, `changed` is the changed host."""

    host: AbstractHost
    changed: AbstractHost | None = None


Check = Callable[[SmallHost], Example | None]
Examples = tuple[Example | None, ...]
Progress = Callable[[int, int], None]  # the number of decided topologies, and of all topologies


def hosts(topology: Topology, space: Space) -> Iterator[SmallHost]:
    """Yield the hosts of a topology. A host is only valid until the next host is requested.

    The same object is yielded several times, with other facts each time. It is yielded once for each combination of the
    facts that the caller reads.
    """
    shape, renamings = Shape.of(topology), automorphisms(topology)
    for answers in space.answers:
        if len(answers) > 1 and len(topology) > space.most_with_two_answers:
            continue
        for owners in _owners(len(topology), answers, renamings, can_swap=_can_swap(space, answers)):
            choices = Choices()
            owned = tuple(tuple(address for at, address in enumerate(answers) if mask >> at & 1) for mask in owners)
            facts = LazyHost.with_owners(shape, owned, space, choices)
            host = SmallHost.of(facts, LazyAnswers.in_the_order(answers, choices), LazyParameters(space, choices))
            for _ in choices.runs():
                yield host


def _owners(
    size: int, answers: AnswerSet, renamings: Sequence[Permutation], *, can_swap: bool
) -> Iterator[tuple[int, ...]]:
    """Yield each assignment of owned host addresses to devices. Assignments with few owned addresses come first.

    An assignment has a bit mask for each device. The mask has a bit for each host address: the bit is 1 if the device
    owns the address. No device owns an unusable address. If a renaming of the devices makes one assignment equal to
    another, only one of them is yielded. If `can_swap` is true, a renaming may also exchange the two addresses.
    """
    usable = sum(1 << at for at, address in enumerate(answers) if not address.unusable)
    assignments = (
        masks
        for masks in product(range(2 ** len(answers)), repeat=size)
        if all(mask | usable == usable for mask in masks)
        and is_least_of_orbit(masks, renamings)
        and not (can_swap and any(_swapped(masks, renaming) < masks for renaming in renamings))
    )
    return iter(sorted(assignments, key=lambda masks: sum(map(int.bit_count, masks))))


def _can_swap(space: Space, answers: AnswerSet) -> bool:
    """Return whether every condition has the same result if the two addresses of an answer are exchanged."""
    return not space.has_order and answers in space.alike


def _swapped(masks: tuple[int, ...], renaming: Permutation) -> tuple[int, ...]:
    return tuple([_SWAPPED_BITS[masks[at]] for at in renaming])


def find(checks: Sequence[Check], space: Space, size: int, progress: Progress = lambda done, total: None) -> Examples:
    """Return for each check the smallest host of at most `size` interfaces that breaks it.

    The result for a check that no host breaks is None. All checks decide the same hosts, so several checks cost little
    more than one check.
    """
    examples: Examples = (None,) * len(checks)
    for interfaces in range(size + 1):
        open_checks = tuple(check for check, example in zip(checks, examples, strict=True) if example is None)
        if not open_checks:
            break
        new = iter(_find_in(topologies(interfaces), open_checks, space, progress))
        examples = tuple(next(new) if example is None else example for example in examples)
    return examples


def find_within(checks: Sequence[Check], space: Space, size: int, most_calls: int) -> tuple[Examples, int]:
    """Return the smallest host for each check, like `find`, but limit the number of calls of checks.

    The search ends after `most_calls` calls. This limits its time if the space has many values. The second value of the
    result is a number of interfaces: all hosts of at most this size were decided.
    """
    examples: list[Example | None] = [None] * len(checks)
    calls = 0
    for interfaces in range(size + 1):
        for host in chain.from_iterable(hosts(topology, space) for topology in topologies(interfaces)):
            pending = [number for number, example in enumerate(examples) if example is None]
            calls += len(pending)
            if not pending or calls > most_calls:
                return tuple(examples), interfaces - bool(pending)
            for number in pending:
                examples[number] = checks[number](host)
            if any(examples[number] for number in pending):
                host.facts.choices.restart()
    return tuple(examples), size


def _find_in(shapes: Sequence[Topology], checks: Sequence[Check], space: Space, progress: Progress) -> Examples:
    processes = available_processors()
    if processes < 2 or len(shapes) < _FEW_TOPOLOGIES:
        return first_of_each(shapes, checks, space)
    length = -(-len(shapes) // (processes * _PARTS_OF_A_PROCESS))
    parts = [shapes[start : start + length] for start in range(0, len(shapes), length)]
    examples: Examples = (None,) * len(checks)
    with process_pool(processes, "fork", partial(_inherit, checks, space)) as pool:
        done = 0
        for part, future in [(part, pool.submit(_first_of_part, part)) for part in parts]:
            examples = _earlier(examples, result_of(future))
            done += len(part)
            progress(done, len(shapes))
            if all(examples):
                break
    return examples


_inherited: list[tuple[Sequence[Check], Space]] = []  # in a forked process, the checks of its owner


def _inherit(checks: Sequence[Check], space: Space) -> None:
    _inherited[:] = [(checks, space)]


def _first_of_part(shapes: Sequence[Topology]) -> Examples:
    ((checks, space),) = _inherited
    return first_of_each(shapes, checks, space)


def first_of_each(shapes: Iterable[Topology], checks: Sequence[Check], space: Space) -> Examples:
    """Return for each check the first host of these topologies that breaks it."""
    examples: list[Example | None] = [None] * len(checks)
    pending = list(range(len(checks)))
    for shape in shapes:
        for host in hosts(shape, space):
            for number in pending:
                examples[number] = checks[number](host)
            if any(examples[number] for number in pending):
                pending = [number for number in pending if examples[number] is None]
                if not pending:
                    return tuple(examples)
                host.facts.choices.restart()
    return tuple(examples)


def _earlier(examples: Examples, new: Examples) -> Examples:
    return tuple(first if first is not None else second for first, second in zip(examples, new, strict=True))
