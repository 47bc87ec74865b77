"""The types of questions and answers, which are the same for all engines."""

from __future__ import annotations

from collections.abc import Callable

from msgspec import Struct

Answer = tuple[str, str | None]  # the status, and the name of the interface if exactly one candidate is left

NAME, TRACE, FINDINGS, EXPLANATION = "name", "trace", "findings", "explanation"


class Question(Struct, frozen=True):
    """A report as text, new to every engine, and the addresses of the host.

    The text is stored as `str` and as octets, because each decoder reads one of them faster.
    """

    kind: str
    text: str
    data: bytes
    host: tuple[str, ...]
    expected: Answer


class Contender(Struct, frozen=True):
    """An engine with the policy loaded, and the parts of the question that it leaves out.

    `row` names the results besides the status and the name. `known` lists the kinds of questions that it is known to
    answer differently, with the reason.
    """

    name: str
    packages: tuple[str, ...]
    decide: Callable[[Question], Answer]
    row: str = NAME
    leaves_out: tuple[str, ...] = ()
    known: tuple[tuple[str, str], ...] = ()
    largest: int = 4096

    def reason(self, kind: str) -> str:
        """Return the known reason for another answer to this kind of question; empty without such a reason."""
        return dict(self.known).get(kind, "")
