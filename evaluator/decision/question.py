"""One question as a document (`schemas/question.schema.json`): a report and the addresses of its host.

A corpus is a collection of questions. A line of a corpus, a file of a corpus and the body of a request have the same
form. So the same document can be used in all three places.

A question in JSON text is read on a fast path or a slow path. The fast path is a typed decoder, which checks the
members. The decoder passes the text of the report to the reader of the report's format, so that no member is parsed
twice. If the fast path refuses a text, the slow path parses the text into plain values and validates them against the
schema. So only the slow path decides whether a question is invalid, and only the slow path creates messages.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Annotated, Any, Literal

import msgspec
from msgspec import UNSET, Struct, UnsetType

from evaluator.base.checked_cast import checked_cast
from evaluator.base.diagnostic import Diagnostic, HostNameError, QuestionError
from evaluator.base.text import quote
from evaluator.facts.host_addresses import HostAddresses
from evaluator.report.json_text import has_unique_keys, is_within_limits, parse_json, parse_json_without_duplicates
from evaluator.report.read import read_report, read_typed
from evaluator.report.reading import Report, decode_or_none, refuse_invalid

_SCHEMA = "question"
_Scalar = str | int | bool | None
_Named = Annotated[str, msgspec.Meta(min_length=1)]


class AskedQuestion(Struct, frozen=True):
    """A question with all inputs that a decision needs.

    `parameters` are values from the document, `labels` are texts for people. `policy` is the name in the document, or
    empty.
    """

    id: str
    report: Report
    host: HostAddresses
    parameters: Mapping[str, Any]
    labels: Mapping[str, str]
    policy: str = ""


class NamedQuestion(Struct, frozen=True):
    """A question with a host name, but without DNS answers.

    The name must be resolved before a decision is possible.
    """

    id: str
    report: Report
    host_name: str
    parameters: Mapping[str, Any]
    labels: Mapping[str, str]
    policy: str = ""

    def about(self, host: HostAddresses) -> AskedQuestion:
        """Return the question with the addresses that the name was resolved to."""
        return AskedQuestion(self.id, self.report, host, self.parameters, self.labels, self.policy)


class _Answers(Struct, frozen=True, forbid_unknown_fields=True):
    addresses: list[str]
    complete: bool = True


class _Text(Struct, frozen=True, forbid_unknown_fields=True):
    """The members of a question in JSON text, as in the schema. A question with parameters is read on the slow path."""

    report: msgspec.Raw
    id: _Named = ""
    addresses: list[str] | UnsetType = UNSET
    host: _Named | UnsetType = UNSET
    answers: _Answers | UnsetType = UNSET
    format: Literal["auto", "vdsm", "iproute2", "nmstate", "ansible"] = "auto"
    policy: _Named = ""
    parameters: dict[str, _Scalar | list[_Scalar]] = {}
    labels: dict[str, str] = {}

    def host_addresses(self) -> HostAddresses | None:
        """Return the addresses of the host; None if the members about the host do not satisfy the schema."""
        if self.addresses is not UNSET:
            return HostAddresses.of(*self.addresses) if self.host is UNSET and self.answers is UNSET else None
        if self.host is UNSET or self.answers is UNSET:
            return None
        return HostAddresses.of(*self.answers.addresses, name=self.host, complete=self.answers.complete)


_TEXTS = msgspec.json.Decoder(_Text)


def is_question(document: object) -> bool:
    """Return whether a JSON value is a question (`report` with `addresses` or `host`), and not only a report."""
    return isinstance(document, dict) and "report" in document and ("addresses" in document or "host" in document)


def question_of(question: Mapping[str, object] | str | bytes, default_id: str = "") -> AskedQuestion:
    """Return the question in a document or in a JSON text. If it has no `id`, its id is `default_id`.

    Raises QuestionError, with every problem, if the question is invalid, and TypeError for a value of another type.
    """
    if isinstance(question, bytes):
        return _read_fast(question, default_id) or read_question(parse_json(question, "question"), default_id)
    if isinstance(question, str):
        return read_question(parse_json(question, "question"), default_id)
    if isinstance(question, Mapping):
        return read_question(dict(question), default_id)
    raise TypeError(f"a question must be a mapping, JSON text or a pair, not {type(question).__name__}")


def question_or_name(text: bytes) -> AskedQuestion | NamedQuestion:
    """Return the question in a JSON text. A question with a host name does not need DNS answers.

    Raises QuestionError, with every problem, if the question is invalid, or if an object in the text has the same key
    twice.
    """
    asked = _read_fast(text, "") if has_unique_keys(text) else None
    if asked is not None:
        return asked
    document = parse_json_without_duplicates(text, "question")
    refuse_invalid(document, _SCHEMA)
    question = checked_cast(document, dict)
    if "host" not in question or "answers" in question:
        return _asked(question, question["report"], "")
    report = read_report(question["report"], question.get("format", "auto"))
    return NamedQuestion(
        question.get("id", ""),
        report,
        question["host"],
        question.get("parameters", {}),
        question.get("labels", {}),
        question.get("policy", ""),
    )


def read_question(document: object, default_id: str) -> AskedQuestion:
    """Return the question in a document.

    Raises QuestionError, with every problem, if the document, its report or its host is invalid.
    """
    refuse_invalid(document, _SCHEMA)
    question = checked_cast(document, dict)
    return _asked(question, question["report"], default_id)


def question_about(report: str | bytes, members: Mapping[str, object], default_id: str) -> AskedQuestion:
    """Return the question about the text of a report; `members` are the other members of the question's document.

    Raises QuestionError, with every problem, if a member or the report is invalid.
    """
    refuse_invalid({**members, "report": {}}, _SCHEMA)
    return _asked(members, report, default_id)


def _asked(members: Mapping[str, Any], report: str | bytes | dict[str, object], default_id: str) -> AskedQuestion:
    return AskedQuestion(
        members.get("id", default_id),
        read_report(report, members.get("format", "auto")),
        _host(members),
        members.get("parameters", {}),
        members.get("labels", {}),
        members.get("policy", ""),
    )


def _read_fast(text: bytes, default_id: str) -> AskedQuestion | None:
    """Return the question in a JSON text; None if the text must be read on the slow path."""
    question = decode_or_none(_TEXTS, text) if is_within_limits(text) else None
    if question is None:
        return None
    try:
        host = question.host_addresses()
        report = read_typed(bytes(question.report), question.format)
    except QuestionError:
        return None
    if host is None or report is None:
        return None
    name = question.id or default_id
    return AskedQuestion(name, report, host, question.parameters, question.labels, question.policy)


def _host(question: Mapping[str, Any]) -> HostAddresses:
    if "addresses" in question:
        return HostAddresses.of(*question["addresses"])
    name, answers = question["host"], question.get("answers")
    if answers is None:
        message = f"the question has the host {quote(name)} but no `answers`; names in questions are not looked up"
        hint = 'add the answers of the resolver: "answers": {"addresses": [...]}'
        raise HostNameError([Diagnostic("HOST_WITHOUT_ANSWERS", message, "/host", hint)])
    return HostAddresses.of(*answers["addresses"], name=name, complete=answers.get("complete", True))
