"""The interface between `read.py` and the readers of the formats, and the functions that all readers use.

A reader has two entry points, `read_text` and `read`. They never contradict each other. The format's JSON Schema is the
published contract: a document is valid if and only if the schema accepts the document.

`FormatReader.read_text` is the fast path of a text. The function decodes the text in one pass into the typed structs of
the format's `wire.py`. It creates no values for members that no rule reads. If the types accept a document, the schema
accepts it too. But the types refuse some valid documents: documents with forms that tools hardly ever print, such as
`1500.0` for an integer. If the types refuse the text, or a key of another format is present, the result is None. None
means "not decided", never "invalid".

`FormatReader.read` accepts or refuses every document. Its argument is a plain value. The function first tries to
convert the value to the same types: this is the fast path of a value. If the types refuse the value, the function takes
the slow path, which has three steps:

1. Validate the value with the schema, which reports every problem with a JSON Pointer.
2. Normalize the value: `normalized` writes `1500` for `1500.0` and drops null members, and the reader of VDSM converts
   booleans from text.
3. Convert the value to the types. After the first two steps, the conversion cannot fail.

So both paths give the same structs and thus the same facts and findings. The types only decide how fast a document is
read. `tests/report/test_verdict.py` compares text, dict and schema on captured, generated and mutated documents.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from typing import Protocol, TypeVar, cast

import msgspec
from msgspec import Struct

from evaluator.base.cached_property import cached_property
from evaluator.base.diagnostic import Diagnostic, ReportCode, ReportError
from evaluator.base.finding import Finding, merge
from evaluator.base.lazy_import import entry
from evaluator.base.schema import is_valid, violations
from evaluator.base.text import quote, quote_all
from evaluator.facts.host import HostFacts

READER_VERSION = 2  # incremented when the same report may give different facts than before
_T = TypeVar("_T")


class Reading(Struct, frozen=True):
    """The result of a reader: the facts, and a function that yields the findings on the report.

    `document` is the value that the JSON Pointers refer to. It is None if the JSON Pointers refer to the document that
    the caller gave to the reader.
    """

    facts: HostFacts
    findings: Callable[[], Iterable[Finding]]
    document: object = None


class Report(Struct, frozen=True, dict=True, eq=False):
    """A validated report: its format, its facts, and the findings about it. Create one with `read_report`.

    `text` is the text of the report, None if the caller gave a dict. If the document has several hosts, `item` is the
    name that selected the host. `load` returns the document. It is called on the first use of `document`.
    """

    format: str
    reading: Reading
    load: Callable[[], object]
    text: bytes | None = None
    item: str | None = None

    @property
    def facts(self) -> HostFacts:
        """The facts of the host."""
        return self.reading.facts

    @cached_property
    def findings(self) -> tuple[Finding, ...]:
        """The findings about the report, sorted."""
        return merge(self.reading.findings())

    @cached_property
    def document(self) -> object:
        """The plain JSON value of the report. The JSON Pointers of the facts refer to this value."""
        return self.load() if self.reading.document is None else self.reading.document

    def __eq__(self, other: object) -> bool:
        if not isinstance(other, Report):
            return NotImplemented
        return (self.format, self.facts, self.findings) == (other.format, other.facts, other.findings)

    def __ne__(self, other: object) -> bool:
        return not self == other

    def __repr__(self) -> str:
        return f"Report(format={self.format!r}, interfaces={len(self.facts.links)})"

    def __hash__(self) -> int:
        return hash((self.format, self.findings))


class FormatReader(Protocol):
    """The module that reads one format.

    `UNSUPPORTED_WORDS` are the words of the rule language that have no value in this format, such as `nic.speed` in the
    output of `ip`.
    """

    UNSUPPORTED_WORDS: frozenset[str]

    def read(self, document: object) -> Reading:
        """Return the facts of a document.

        Raises ReportError, with every problem, if the schema of the format refuses the document.
        """

    def read_text(self, text: bytes) -> Reading | None:
        """Return the facts of a text that the typed decoder accepts; None if the text must be read with `read`."""


class ItemReader(Protocol):
    """The module that reads a format whose documents can describe several hosts."""

    def read(self, document: object, item: str) -> Reading:
        """Return the facts of the host with the name `item`."""


class Format(Struct, frozen=True, dict=True):
    """One report format: how to recognize it, and the modules that read, mask and change its documents.

    `detect` checks the shape of a document, and `looks_for` describes this shape in error messages. `reader` is the
    module that reads the format. `begins` are the usual beginnings of texts in this format. `schema` is the name of the
    JSON Schema of the format, which also controls masking. Before masking, `to_mask` converts the document to a
    document that the schema describes. `writer` is the class that writes changes into its documents.

    `is_yaml` means that the tool also prints YAML. `has_items` means that a document can describe several hosts.
    `is_kernel` means that names in a text can have any octets. If a text does not begin as any format does, the format
    with `is_default` is the most likely format. Values such as `module:name` are imported on first use.
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
    is_default: bool = False

    @cached_property
    def read(self) -> FormatReader:
        """The module that reads the format."""
        return cast("FormatReader", entry(self.reader))


def decode_or_none(decoder: msgspec.json.Decoder[_T], text: bytes) -> _T | None:
    """Return the value that a typed decoder reads from a text; None if the decoder refuses the text."""
    try:
        return decoder.decode(text)
    except (msgspec.MsgspecError, UnicodeDecodeError, RecursionError):
        return None


def convert_or_none(value: object, type_: type[_T]) -> _T | None:
    """Convert a plain value to a type; None if the type refuses the value."""
    try:
        return msgspec.convert(value, type_)
    except (msgspec.MsgspecError, TypeError, ValueError, OverflowError, RecursionError):
        return None


def normalized(value: object) -> object:
    """Return a copy of a JSON value for a typed decoder: without null members, and with `1500` instead of `1500.0`."""
    if isinstance(value, Mapping):
        return {key: normalized(item) for key, item in value.items() if item is not None}
    if isinstance(value, list | tuple):
        return [normalized(item) for item in value]
    return int(value) if isinstance(value, float) and value.is_integer() else value


def refuse_invalid(document: object, schema_name: str, pointer: str = "") -> None:
    """Raise ReportError with every violation of a schema in the document.

    If the document is a part of the document that the user gave, `pointer` is the JSON Pointer of this part.
    """
    if is_valid(document, schema_name):
        return
    raise ReportError(
        Diagnostic(
            ReportCode.INVALID,
            violation.message,
            pointer + violation.pointer or "/",
            order=i,
        )
        for i, violation in enumerate(violations(document, schema_name))
    )


def refuse_names_twice(places: Iterable[tuple[str, tuple[str, ...]]], hint: str) -> None:
    """Raise ReportError if an interface is described several times.

    `places` has the name of each interface, and the JSON Pointers to the places that describe the interface.
    """
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
