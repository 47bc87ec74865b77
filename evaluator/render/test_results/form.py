"""The forms in which `activenic test` writes its outcome, and the type of their writers.

A writer gets the outcomes of the files while the tests run, so that the text form prints each file when it is done. All
other forms are documents and are written at the end.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Protocol, TextIO

from msgspec import Struct

from evaluator.render.output import Output
from evaluator.testing.outcome import Demands, FileOutcome


class View(Struct, frozen=True):
    """The settings of the text form. If `verbose` is true, every test is printed."""

    verbose: bool = False


class WriteTests(Protocol):
    """A function that writes the outcome of a run in one form."""

    def __call__(self, files: Iterable[FileOutcome], demands: Demands, view: View, stream: TextIO, /) -> None:
        """Write the outcome of a test run to a stream."""


FORMS: tuple[Output[WriteTests], ...] = (
    Output("text", "evaluator.render.test_results.text:write"),
    Output("json", "evaluator.render.test_results.document:write"),
    Output("junit", "evaluator.render.test_results.junit:write"),
    Output("github", "evaluator.render.test_results.github:write"),
    Output("markdown", "evaluator.render.test_results.markdown:write"),
    Output("lcov", "evaluator.render.test_results.lcov:write"),
    Output("cobertura", "evaluator.render.test_results.cobertura:write"),
)
COVERAGE_FORMS = ("lcov", "cobertura")
