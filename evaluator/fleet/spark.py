"""Decides the questions in a Spark DataFrame (extra `spark`): `mapInArrow` maps `decide_batches` over its partitions.

Spark reads the questions and writes the rows, so this module uses no files. If a worker is killed, Spark runs its
partitions again. The result does not change, because a decision is a pure function.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from itertools import tee
from typing import TYPE_CHECKING

import pyarrow as pa
from msgspec import Struct

from evaluator.base.text import quote
from evaluator.engine import Parameters, Policy
from evaluator.fleet.asked_texts import AskedTexts
from evaluator.fleet.decide_batches import decide_batches, refuse_invalid_parameters
from evaluator.fleet.questions import COLUMNS, refuse_missing_columns
from evaluator.fleet.rows import RESULT, Asked

if TYPE_CHECKING:
    from pyspark.sql import DataFrame

_ROWS_AT_A_TIME = 500


def decide(
    questions: DataFrame,
    policy: Policy,
    parameters: Parameters | None = None,
    *,
    findings: bool = False,
    digest: bool = False,
    retain: Sequence[str] = (),
) -> DataFrame:
    """Return a DataFrame with one row of the result for each row of a DataFrame of questions.

    `questions` has the same columns as the batches of `decide_batches`. The arguments `parameters`, `findings` and
    `digest` have the same meaning as for `decide_batches`. The columns in `retain` are copied to the front of each row.
    For example, copy a column of numbers and sort by this column, because a DataFrame has no order. Spark computes the
    rows when they are needed. Raises PolicyError if one of `parameters` is unknown or invalid, and ReportError if the
    columns of a question are missing. Raises ValueError if a column in `retain` has the same name as a column of the
    result.
    """
    asked = Asked(policy, parameters or {}, findings, digest)
    refuse_invalid_parameters(policy, asked.parameters)
    refuse_missing_columns(questions.columns)
    twice = [name for name in retain if name in RESULT.names]
    if twice:
        raise ValueError(f"the result has a column {quote(twice[0])}; give the column of the questions another name")
    columns = dict.fromkeys([*(name for name in COLUMNS if name in questions.columns), *retain])
    selected = questions.select(*map(_quoted, columns))
    retained = [f"{_quoted(name)} {selected.schema[name].dataType.simpleString()}" for name in retain]
    schema = ", ".join([*retained, *(f"{_quoted(field.name)} {_spark_type(field.type)}" for field in RESULT)])
    return selected.mapInArrow(_Partition(AskedTexts.of(asked), tuple(retain)).decide, schema)


class _Partition(Struct, frozen=True):
    """Decides the batches of a partition. Spark sends an instance of this class to the workers."""

    asked: AskedTexts
    retained: tuple[str, ...]

    def decide(self, batches: Iterable[pa.RecordBatch]) -> Iterator[pa.RecordBatch]:
        asked = self.asked.load()
        parts, others = tee(_small_parts(batches))
        decided = decide_batches(parts, asked.policy, asked.parameters, findings=asked.findings, digest=asked.digest)
        for rows, part in zip(decided, others, strict=True):
            columns = [*(part.column(name) for name in self.retained), *rows.columns]
            yield pa.RecordBatch.from_arrays(columns, names=[*self.retained, *RESULT.names])


def _small_parts(batches: Iterable[pa.RecordBatch]) -> Iterator[pa.RecordBatch]:
    """Yield small parts of the batches. The texts of a part are copied together, so small parts use little memory."""
    for batch in batches:
        for start in range(0, batch.num_rows, _ROWS_AT_A_TIME):
            yield batch.slice(start, _ROWS_AT_A_TIME)


def _spark_type(type_: pa.DataType) -> str:
    """Return the SQL name of a type of the result."""
    if pa.types.is_list(type_):
        return f"array<{_spark_type(type_.value_type)}>"
    if pa.types.is_map(type_):
        return f"map<{_spark_type(type_.key_type)}, {_spark_type(type_.item_type)}>"
    if pa.types.is_struct(type_):
        members = (f"{_quoted(member.name)}: {_spark_type(member.type)}" for member in type_)
        return f"struct<{', '.join(members)}>"
    return str(type_)


def _quoted(name: str) -> str:
    """Return the name of a column as Spark's SQL writes it."""
    escaped = name.replace("`", "``")
    return f"`{escaped}`"
