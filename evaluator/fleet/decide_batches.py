"""The function that decides a fleet: batches of questions in, batches of result rows out.

It knows no files and no engine. The command maps it over files with processes, and an engine such as Spark maps it over
its partitions (`mapInArrow` has the same shape).
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

    A batch has the column `question` (JSON text), or `report` (JSON text) with `addresses`, or with `host` and
    `answers`; `id`, `format`, `parameters` and `labels` are optional. Each question becomes one row; an invalid
    question becomes a row with its problems in `error`. `parameters` take precedence over those of a question.
    `findings` and `digest` fill the columns `findings` and `sha256`. Raises PolicyError before the first batch if one
    of `parameters` is unknown or invalid, and ReportError if a batch has no such columns.
    """
    asked = Asked(policy, parameters or {}, findings, digest)
    refuse_invalid_parameters(policy, asked.parameters)
    return (result_batch(questions_in(batch, (policy,)), asked) for batch in batches)


def refuse_invalid_parameters(policy: Policy, parameters: Parameters) -> None:
    """Raise PolicyError if a parameter is unknown or invalid; a question may give the missing parameters."""
    try:
        bind(policy.program, parameters)
    except PolicyError as error:
        problems = [problem for problem in error.diagnostics if problem.code != "PARAMETER_MISSING"]
        if problems:
            raise PolicyError(problems) from None
