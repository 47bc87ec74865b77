"""What a reader of one tool's format hands on: facts, and what is wrong with the report."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from functools import cached_property
from typing import Protocol, TypeVar, cast

import msgspec
from msgspec import Struct

from evaluator.base.diagnostic import Diagnostic, ReportCode, ReportError
from evaluator.base.finding import Finding, merge
from evaluator.base.lazy_import import entry
from evaluator.base.schema import is_valid, violations
from evaluator.base.text import quote, quote_all
from evaluator.facts.host import HostFacts

READER_VERSION = 2  # goes up when a report may become other facts than before
_T = TypeVar("_T")


class Reading(Struct, frozen=True):
    """What a reader makes of a document: the facts, and what finds out what is wrong with it.

    `document` is the part that the JSON Pointers point into, if it is not the one that was handed over.
    """

    facts: HostFacts
    findings: Callable[[], Iterable[Finding]]
    document: object = None


class Report(Struct, frozen=True, dict=True, eq=False):
    """A validated capability report: where it came from, the facts in it, and what is wrong with it.

    `text` is what it was read from, None if it was handed over as a value. `item` is the name by which
    it was chosen in a document that holds several.
    """

    format: str
    reading: Reading
    load: Callable[[], object]
    text: bytes | None = None
    item: str | None = None

    @property
    def facts(self) -> HostFacts:
        """The facts in it."""
        return self.reading.facts

    @cached_property
    def findings(self) -> tuple[Finding, ...]:
        """What is wrong with it, sorted."""
        return merge(self.reading.findings())

    @cached_property
    def document(self) -> object:
        """The plain JSON value that it was read from; the JSON Pointers of the facts point into it."""
        return self.load() if self.reading.document is None else self.reading.document

    def __eq__(self, other: object) -> bool:
        if not isinstance(other, Report):
            return NotImplemented
        return (self.format, self.facts, self.findings) == (other.format, other.facts, other.findings)

    def __ne__(self, other: object) -> bool:
        return not self == other

    def __hash__(self) -> int:
        return hash((self.format, self.findings))


class Reader(Protocol):
    """The module that reads one tool's format."""

    def read(self, document: object) -> Reading:
        """Return what a document results in; ReportError with every problem where it breaks the format's schema."""

    def read_text(self, text: bytes) -> Reading | None:
        """Return the same of a text that is written as the tool writes it, and None for any other."""


class ItemReader(Protocol):
    """The same of a format in which a document may hold several hosts."""

    def read(self, document: object, item: str) -> Reading:
        """Return what one of the hosts in a document results in."""


class Format(Struct, frozen=True):
    """One tool's format: how it is recognised by its shape, and the module that reads it.

    `looks_for` describes the shape that `detect` looks for. `begins` are the usual beginnings of its texts. `is_yaml`
    means that the tool prints YAML as well, `has_items` that a document may hold several hosts, `is_kernel` that names
    in a text may be of any octets, `is_usual` that it is tried first if the beginning of a text does not help. Its
    reports are masked by `schema`, too, after `to_mask` has turned the document into one that the schema describes.
    `writer` states changes in its documents. What is named as `module:name` is imported when it is asked for.
    """

    name: str
    looks_for: str
    detect: Callable[[object], bool]
    reader: str
    begins: tuple[bytes, ...] = ()
    schema: str = ""
    to_mask: str = ""
    writer: str = ""
    is_yaml: bool = False
    has_items: bool = False
    is_kernel: bool = False
    is_usual: bool = False

    @property
    def read(self) -> Reader:
        """Its reader."""
        return cast("Reader", entry(self.reader))


def decoded(decoder: msgspec.json.Decoder[_T], text: bytes) -> _T | None:
    """Return what a text holds; None if the types do not accept it."""
    try:
        return decoder.decode(text)
    except (msgspec.MsgspecError, UnicodeDecodeError, RecursionError):
        return None


def converted(value: object, type_: type[_T]) -> _T | None:
    """Return the same of a value."""
    try:
        return msgspec.convert(value, type_)
    except (msgspec.MsgspecError, TypeError, ValueError, OverflowError, RecursionError):
        return None


def simplified(value: object) -> object:
    """Return a JSON value without the members that are null, which are left out ones, and with `1500` for `1500.0`."""
    if isinstance(value, Mapping):
        return {key: simplified(item) for key, item in value.items() if item is not None}
    if isinstance(value, list | tuple):
        return [simplified(item) for item in value]
    return int(value) if isinstance(value, float) and value.is_integer() else value


def refuse_invalid(document: object, schema_name: str, pointer: str = "") -> None:
    """Raise ReportError with every place where the document breaks the schema of its format.

    `pointer` is where the document is in the one that was given.
    """
    if is_valid(document, schema_name):
        return
    raise ReportError(
        Diagnostic(
            ReportCode.INVALID,
            f"found {violation.found}, expected {violation.expected}",
            pointer + violation.pointer or "/",
            order=i,
        )
        for i, violation in enumerate(violations(document, schema_name))
    )


def refuse_names_twice(places: Iterable[tuple[str, tuple[str, ...]]], hint: str) -> None:
    """Raise ReportError with each interface that is described in several places, given by its JSON Pointers."""
    problems = [
        Diagnostic(
            ReportCode.NAME_TWICE,
            f"{quote(name)} is described {len(pointers)} times: {quote_all(pointers)}",
            pointers[-1],
            hint=hint,
        )
        for name, pointers in places
        if len(pointers) > 1
    ]
    if problems:
        raise ReportError(problems)
