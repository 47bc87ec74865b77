"""In which forms a command prints what was decided; each is a name and the function that writes it."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from types import MappingProxyType
from typing import Protocol, TextIO, cast

from msgspec import Struct

from evaluator.base.lazy_import import entry
from evaluator.decision.decision import Decision

_NO_FACTS: Mapping[str, str] = MappingProxyType({})


class Kept(Struct, frozen=True):
    """The facts of a record about its decision, such as id and time, and the record itself; empty without a record."""

    facts: Mapping[str, str] = _NO_FACTS
    record: Mapping[str, object] | None = None


NOT_KEPT = Kept()


class Write(Protocol):
    """Writes a decision in one form."""

    def __call__(self, decision: Decision, kept: Kept, stream: TextIO, /) -> None:
        """Write it."""


class Output(Struct, frozen=True):
    """A form; `writer` is `module:function`, as of an entry point, and imported when it is asked for."""

    name: str
    writer: str

    @property
    def write(self) -> Write:
        """The function."""
        return cast("Write", entry(self.writer))


def output_of(outputs: Iterable[Output], name: str) -> Output:
    """Return the form with a name."""
    return next(output for output in outputs if output.name == name)
