"""What every engine is asked and must answer, so that none of them is compared on a question of its own."""

from __future__ import annotations

from collections.abc import Callable

from msgspec import Struct

Answer = tuple[str, str | None]  # the status, and the name of the interface if one remained

NAME, TRACE, FINDINGS, EXPLANATION = "name", "trace", "findings", "explanation"


class Question(Struct, frozen=True):
    """A report as text, never seen before by any engine, and the addresses of the host.

    The text is kept as `str` and as octets, since decoders differ in what they take at no cost.
    """

    kind: str
    text: str
    data: bytes
    host: tuple[str, ...]
    expected: Answer


class Contender(Struct, frozen=True):
    """An engine with the policy loaded, and what it leaves out of the question.

    `row` says what it gives besides the status and the name; `known` a question's kind that it is
    known to answer otherwise, and why.
    """

    name: str
    packages: tuple[str, ...]
    decide: Callable[[Question], Answer]
    row: str = NAME
    leaves_out: tuple[str, ...] = ()
    known: tuple[tuple[str, str], ...] = ()
    largest: int = 4096

    def reason(self, kind: str) -> str:
        """Return why it is known to differ on this kind of question; empty where it should not."""
        return dict(self.known).get(kind, "")


class Absent(Exception):
    """The package of a contender is not installed, so that the run goes on without it."""
