"""The function that decides a fleet: it takes batches of questions and returns batches of result rows.

The function uses no files and no engine. The command calls it for files in several processes. An engine such as Spark
calls it for its partitions (`mapInArrow` takes a function with the same types).
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator

import pyarrow as pa

from evaluator.base.diagnostic import PolicyError
from evaluator.engine import Parameters, Policy
from evaluator.fleet.questions import questions_in
from evaluator.fleet.rows import Asked, result_batch
from evaluator.policy.parameters import bind


def decide_batches(
    batches: Iterable[pa.RecordBatch],
    policy: Policy,
    parameters: Parameters | None = None,
    *,
    findings: bool = False,
    digest: bool = False,
) -> Iterator[pa.RecordBatch]:
    """Return an iterator with a batch of result rows for each batch of questions, in the same order.

    A batch has either the column `question` (JSON text) or the column `report` (JSON text). A report needs the column
    `addresses`, or the columns `host` and `answers`. The columns `id`, `format`, `parameters` and `labels` are
    optional. Each question becomes one row; an invalid question becomes a row with its problems in `error`.

    The argument `parameters` is for all questions. If it has a parameter, the questions' own values of this parameter
    are ignored. If the argument `findings` is true, the result has values in the column `findings`. If the argument
    `digest` is true, the result has values in the column `sha256`. Raises PolicyError before the first batch if the
    argument `parameters` has an unknown or invalid parameter. Raises ReportError if a batch has neither the column
    `question` nor the column `report`.
    """
    asked = Asked(policy, parameters or {}, findings, digest)
    refuse_invalid_parameters(policy, asked.parameters)
    return (result_batch(questions_in(batch, (policy,)), asked) for batch in batches)


def refuse_invalid_parameters(policy: Policy, parameters: Parameters) -> None:
    """Raise PolicyError if a parameter is unknown or invalid. A parameter may be missing: a question can give it."""
    try:
        bind(policy.program, parameters)
    except PolicyError as error:
        problems = [problem for problem in error.diagnostics if problem.code != "PARAMETER_MISSING"]
        if problems:
            raise PolicyError(problems) from None
