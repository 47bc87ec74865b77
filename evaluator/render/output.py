"""The forms of a command's output. Each form has a name and a function that writes a result in this form."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from types import MappingProxyType
from typing import Generic, Protocol, TextIO, TypeVar, cast

from msgspec import Struct

from evaluator.base.lazy_import import entry
from evaluator.decision.decision import Decision, Explanation

_Write = TypeVar("_Write")
_NO_FACTS: Mapping[str, str] = MappingProxyType({})


class RecordInfo(Struct, frozen=True):
    """The log record of a decision, and facts of this record, such as its id. Empty if the decision has no record."""

    facts: Mapping[str, str] = _NO_FACTS
    record: Mapping[str, object] | None = None


NO_RECORD = RecordInfo()


class Write(Protocol):
    """A function that writes a decision in one output format."""

    def __call__(self, decision: Decision, info: RecordInfo, stream: TextIO, /) -> None:
        """Write the decision to a stream."""


class Output(Struct, Generic[_Write], frozen=True):
    """An output format. `writer` is `module:function`, like an entry point; the module is imported on first use.

    The type parameter is the type of the writer function: for example, `Write` for decisions and `WriteExplanation` for
    explanations.
    """

    name: str
    writer: str

    @property
    def write(self) -> _Write:
        """Import the writer function and return it."""
        return cast("_Write", entry(self.writer))


class WriteExplanation(Protocol):
    """A function that writes an explanation in one output format."""

    def __call__(self, explanation: Explanation, info: RecordInfo, stream: TextIO, /) -> None:
        """Write the explanation to a stream."""


def output_of(outputs: Iterable[Output[_Write]], name: str) -> Output[_Write]:
    """Return the output format that has this name."""
    return next(output for output in outputs if output.name == name)
