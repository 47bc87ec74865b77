"""The output forms of `activenic test`, and the type of the functions that write them.

Such a function gets the outcomes of the test files one after the other, while the tests run. So the text form can print
the outcome of each file as soon as the tests of the file end. All other forms are documents and are written at the end.
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
    """The type of the functions that write the outcome of a test run. Each function writes one of `FORMS`."""

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
