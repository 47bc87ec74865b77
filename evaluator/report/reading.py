"""What a reader of one tool's format hands on: facts, and what is wrong with the report."""

from __future__ import annotations

from collections.abc import Callable, Iterable

from evaluator.diagnostic import Diagnostic, ReportCode, ReportError
from evaluator.facts.host import HostFacts
from evaluator.finding import Finding
from evaluator.frozen import dataclass, field
from evaluator.schema import is_valid, violations
from evaluator.text import quote, quote_all

READER_VERSION = 2  # goes up when a report may become other facts than before


@dataclass(frozen=True, slots=True, eq=False)
class Report:
    """A validated capability report: where it came from, the facts in it, and what is wrong with it.

    `document` is the plain JSON value it was read from; the JSON Pointers of the facts point into it.
    `text` is what it was read from, None where it was handed over as a value. `item` is the name by which
    it was chosen in a document that holds several.
    """

    format: str
    facts: HostFacts
    findings: tuple[Finding, ...]
    document: object = field(repr=False, compare=False)
    text: bytes | None = field(default=None, repr=False, compare=False)
    item: str | None = field(default=None, compare=False)

    def __eq__(self, other: object) -> bool:
        if not isinstance(other, Report):
            return NotImplemented
        return (self.format, self.facts, self.findings) == (other.format, other.facts, other.findings)

    def __hash__(self) -> int:
        return hash((self.format, self.findings))

    @property
    def table(self) -> HostFacts:
        """The facts as a decision looks at them; of most readers all of them."""
        return self.facts

    def with_facts(self, facts: HostFacts) -> Report:
        """Return the report as if it had told these facts."""
        return Report(self.format, facts, self.findings, self.document, self.text, self.item)


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


@dataclass(frozen=True, slots=True)
class ReportFormat:
    """One tool's format: how it is recognised by its shape, and how it becomes a report.

    `looks_for` says in words what `recognises` looks at. `read` raises ReportError with every
    problem if the document breaks the format's `schema`, by which its reports are masked too.
    """

    name: str
    looks_for: str
    recognises: Callable[[object], bool]
    read: Callable[[object], Report]
    schema: str = ""
