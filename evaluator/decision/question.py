"""One question as a document (`schemas/question.schema.json`): a report and the addresses of its host.

A corpus is a collection of questions. The same document is a line of a corpus, a file of a corpus, and the body of a
request. So a question that was asked once can be asked again anywhere.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from msgspec import Struct

from evaluator.base.checked_cast import checked_cast
from evaluator.base.diagnostic import Diagnostic, HostNameError
from evaluator.base.text import quote
from evaluator.facts.host_addresses import HostAddresses
from evaluator.report.json_text import parse_json
from evaluator.report.read import read_report
from evaluator.report.reading import Report, refuse_invalid

_SCHEMA = "question"


class AskedQuestion(Struct, frozen=True):
    """A question that can be decided. `parameters` are values from the document, `labels` are texts for people."""

    id: str
    report: Report
    host: HostAddresses
    parameters: Mapping[str, Any]
    labels: Mapping[str, str]


def is_question(document: object) -> bool:
    """Return whether a JSON value is a question (`report` with `addresses` or `host`) and not a bare report."""
    return isinstance(document, dict) and "report" in document and ("addresses" in document or "host" in document)


def question_of(question: Mapping[str, object] | str | bytes) -> AskedQuestion:
    """Return the question in a document or in the JSON text of a document, with an empty id if it has none.

    Raises QuestionError, with every problem, if the question is invalid, and TypeError for a value of another type.
    """
    if isinstance(question, str | bytes):
        return read_question(parse_json(question, "question"), "")
    if isinstance(question, Mapping):
        return read_question(dict(question), "")
    raise TypeError(f"a question must be a mapping, JSON text or a pair, not {type(question).__name__}")


def read_question(document: object, default_id: str) -> AskedQuestion:
    """Return the question in a document.

    Raises QuestionError, with every problem, if the document, its report or its host is invalid.
    """
    refuse_invalid(document, _SCHEMA)
    question = checked_cast(document, dict)
    return AskedQuestion(
        question.get("id", default_id),
        read_report(question["report"], question.get("format", "auto")),
        _host(question),
        question.get("parameters", {}),
        question.get("labels", {}),
    )


def _host(question: Mapping[str, Any]) -> HostAddresses:
    if "addresses" in question:
        return HostAddresses.of(*question["addresses"])
    name, answers = question["host"], question.get("answers")
    if answers is None:
        message = f"the question names the host {quote(name)} without `answers`, and no name is looked up here"
        hint = 'add the answers of the resolver: "answers": {"addresses": [...]}'
        raise HostNameError([Diagnostic("HOST_WITHOUT_ANSWERS", message, "/host", hint)])
    return HostAddresses.of(*answers["addresses"], name=name, complete=answers.get("complete", True))
