"""Reads the questions in an Arrow record batch. An invalid question becomes an item with diagnostics.

A batch has one of two shapes. With the column `question`, each value is the JSON text of a whole question. Otherwise
the columns are the members of a question: `report` (JSON text), and either `addresses` or both `host` and `answers`.
The columns `id`, `format`, `parameters` and `labels` are optional. A null value is a missing member. Other columns are
ignored, because the tables of a fleet have more columns than a question.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import TypeAlias

import pyarrow as pa

from evaluator.base.diagnostic import Diagnostic, QuestionError, ReportCode, ReportError
from evaluator.decision.question import AskedQuestion, question_about, question_of, read_question
from evaluator.engine import Policy
from evaluator.policy.parameters import parse_assignments
from evaluator.report.json_text import parse_json
from evaluator.workbench.corpus import Unreadable

Item: TypeAlias = AskedQuestion | Unreadable
TEXT_COLUMN = "question"
COLUMNS = (TEXT_COLUMN, "id", "report", "addresses", "host", "answers", "format", "parameters", "labels")
_MEMBERS = tuple(name for name in COLUMNS if name not in (TEXT_COLUMN, "report"))


def question_in_text(text: bytes, default_id: str) -> Item:
    """Return the question in a JSON text, or its problems; `default_id` is its id if the text has no id."""
    try:
        return question_of(text, default_id)
    except QuestionError as error:
        return Unreadable(_id_in(text) or default_id, error.diagnostics)


def questions_in(batch: pa.RecordBatch, policies: Sequence[Policy]) -> Iterator[Item]:
    """Yield the questions of a batch, in the order of its rows.

    The texts in a map of parameters are parsed by the types that the policies declare. Raises ReportError if the batch
    has neither the column `question` nor the column `report`, or if one of these columns contains no text.
    """
    refuse_missing_columns(batch.schema.names)
    if TEXT_COLUMN in batch.schema.names:
        texts = _texts(batch, TEXT_COLUMN)
        ids = _values(batch, "id") if "id" in batch.schema.names else [None] * len(texts)
        for text, default_id in zip(texts, ids, strict=True):
            yield question_in_text(text or b"", str(default_id or ""))
        return
    reports = _texts(batch, "report")
    columns = {name: _values(batch, name) for name in _MEMBERS if name in batch.schema.names}
    has_texts = "parameters" in columns and _is_map_of_texts(batch.schema.field("parameters").type)
    for row, report in enumerate(reports):
        members = {name: values[row] for name, values in columns.items() if values[row] is not None}
        yield _question_in_row(report, members, policies if has_texts else ())


def refuse_missing_columns(names: Iterable[str]) -> None:
    """Raise ReportError if a table has neither the column `question` nor the column `report`."""
    if not {TEXT_COLUMN, "report"} & set(names):
        message = "the table has neither a column `question` nor a column `report`"
        hint = "give the column `question` (JSON text), or the columns `report` (JSON text) and `addresses`"
        raise ReportError([Diagnostic("FLEET_COLUMN_MISSING", message, hint=hint)])


def _question_in_row(report: bytes | None, members: dict[str, object], policies: Sequence[Policy]) -> Item:
    """Return the question in a row. If the row is invalid, return the problems of the row.

    The texts of the parameters are parsed by the types that the policies declare.
    """
    try:
        if report is None:
            return read_question(members, "")
        if policies and "parameters" in members:
            members = {**members, "parameters": _parsed(members["parameters"], policies)}
        return question_about(report, members, "")
    except QuestionError as error:
        name = members.get("id")
        return Unreadable(name if isinstance(name, str) else "", error.diagnostics)


def _parsed(parameters: object, policies: Sequence[Policy]) -> object:
    """Return the parameters with values that are parsed from texts.

    The first policy that declares a parameter determines its type.
    """
    if not isinstance(parameters, Mapping):
        return parameters
    values: dict[str, object] = {}
    for policy, assignments in _by_policy(parameters, policies):
        values.update(parse_assignments(policy.program, assignments))
    return values


def _by_policy(parameters: Mapping[str, object], policies: Sequence[Policy]) -> Iterable[tuple[Policy, list[str]]]:
    assignments: list[list[str]] = [[] for _ in policies]
    for name, text in parameters.items():
        declaring = (i for i, policy in enumerate(policies) if name in declared_names(policy))
        assignments[next(declaring, 0)].append(f"{name}={text}")
    return zip(policies, assignments, strict=True)


def declared_names(*policies: Policy) -> frozenset[str]:
    """Return the names of the parameters that at least one of the policies declares."""
    return frozenset(parameter.name for policy in policies for parameter in policy.program.parameters)


def _id_in(text: bytes) -> str | None:
    try:
        document = parse_json(text)
    except ReportError:
        return None
    name = document.get("id") if isinstance(document, dict) else None
    return name if isinstance(name, str) and name else None


def _texts(batch: pa.RecordBatch, name: str) -> list[bytes | None]:
    """Return the texts of a column as bytes. Raises ReportError if the column contains no text."""
    column = batch.column(name)
    if pa.types.is_dictionary(column.type):
        column = column.dictionary_decode()
    try:
        texts: list[bytes | None] = column.cast(pa.large_binary()).to_pylist()
    except (pa.ArrowInvalid, pa.ArrowNotImplementedError):
        message = f"the column `{name}` must contain JSON text; its type is {column.type}"
        raise ReportError([Diagnostic(ReportCode.INVALID, message)]) from None
    return texts


def _values(batch: pa.RecordBatch, name: str) -> list[object]:
    """Return the values of a column as JSON values: a map becomes an object; a null member of a struct is left out."""
    column = batch.column(name)
    values = column.to_pylist()
    if pa.types.is_map(column.type):
        return [None if value is None else dict(value) for value in values]
    if pa.types.is_struct(column.type):
        return [None if value is None else _without_nulls(value) for value in values]
    return list(values)


def _without_nulls(value: Mapping[str, object]) -> dict[str, object]:
    return {name: member for name, member in value.items() if member is not None}


def _is_map_of_texts(type_: pa.DataType) -> bool:
    return bool(
        pa.types.is_map(type_) and (pa.types.is_string(type_.item_type) or pa.types.is_large_string(type_.item_type))
    )
