"""Remembers proofs and the results of finished searches, so that a later run does not compute them again.

A question is written as bytes: the kind of the question, the programs of the policies, the statement, the parameters,
and the size of the searched hosts. A later run gets the answer only if all these bytes are the same, and if the
versions of activenic, Python and the solver are the same (`result_store.py`).

Only final answers are remembered. If the solver finds no proof within its time limit, nothing is remembered, because
the next run may have more time. A remembered answer can contain a host, for example a counterexample. Before such an
answer is used, the policy decides this host again, to check that the answer is still true.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from typing import Generic, Protocol, TypeVar

from msgspec import MsgspecError, Struct, json

from evaluator.base.parallel import Progress, compute_in_processes, ignore_progress

_Answer = TypeVar("_Answer")
Compute = Callable[[Sequence[int]], Iterator[tuple[int, _Answer]]]
_ENCODER = json.Encoder(order="deterministic")


def _yes(*_: object) -> bool:
    return True


class Memory(Protocol):
    """A store of answers. It can forget an answer at any time."""

    def recall(self, question: bytes) -> bytes | None:
        """Return the answer to a question; None if it is not remembered."""

    def keep(self, question: bytes, answer: bytes) -> None:
        """Remember the answer to a question."""


class NoMemory:
    """A memory that remembers nothing."""

    def recall(self, question: bytes) -> bytes | None:
        """Return None."""

    def keep(self, question: bytes, answer: bytes) -> None:
        """Forget the answer."""


class Resources(Struct, frozen=True):
    """What expensive computations need: a memory of earlier answers, and a function that shows the progress."""

    memory: Memory = NoMemory()
    progress: Progress = ignore_progress


class AnswerKind(Struct, Generic[_Answer], frozen=True):
    """How answers of one type are remembered.

    `is_final` returns whether an answer is final. Only final answers are remembered. `is_confirmed` takes the index of
    a question and the remembered answer to this question. It returns whether the remembered answer may be used.
    """

    type: type[_Answer]
    is_final: Callable[[_Answer], bool] = _yes
    is_confirmed: Callable[[int, _Answer], bool] = _yes


def question_of(kind: str, *parts: object) -> bytes:
    """Return a question as bytes. `parts` are all data on which the answer depends."""
    return _ENCODER.encode((kind, parts))


def remembered(
    memory: Memory, questions: Sequence[bytes], kind: AnswerKind[_Answer], compute: Compute[_Answer]
) -> Iterator[tuple[_Answer, bool]]:
    """Yield the answer to each question in order, and whether it was remembered.

    `compute` takes the indices of the questions without a remembered answer, and yields their answers in any order.
    Each answer is remembered as soon as it is known, so that an interrupt loses no finished work.
    """
    answers = dict(_recalled(memory, questions, kind))
    known = set(answers)
    computed = compute([number for number in range(len(questions)) if number not in known])
    for number in range(len(questions)):
        while number not in answers:
            finished, answer = next(computed)
            answers[finished] = answer
            if kind.is_final(answer):
                memory.keep(questions[finished], _ENCODER.encode(answer))
        yield answers.pop(number), number in known


def remembered_work(
    resources: Resources, questions: Sequence[bytes], kind: AnswerKind[_Answer], work: Callable[[int], _Answer]
) -> Iterator[tuple[_Answer, bool]]:
    """Yield the same values as `remembered`, but compute the answers in several processes.

    `work` takes the index of a question and returns its answer.
    """

    def compute(numbers: Sequence[int]) -> Iterator[tuple[int, _Answer]]:
        for at, answer in compute_in_processes(work, numbers, resources.progress):
            yield numbers[at], answer

    return remembered(resources.memory, questions, kind, compute)


def _recalled(memory: Memory, questions: Sequence[bytes], kind: AnswerKind[_Answer]) -> Iterator[tuple[int, _Answer]]:
    for number, question in enumerate(questions):
        found = memory.recall(question)
        answer = None if found is None else _decoded(found, kind)
        if answer is not None and kind.is_confirmed(number, answer):
            yield number, answer


def _decoded(text: bytes, kind: AnswerKind[_Answer]) -> _Answer | None:
    try:
        return json.decode(text, type=kind.type)
    except MsgspecError:
        return None
