"""Decides questions and writes the decisions as rows of an Arrow table.

`RESULT` is the schema of the rows. A question that cannot be decided is a row with `error`, the list of its problems;
all other columns of this row are null, except `id`, `labels` and `policy_sha256`.
"""

from __future__ import annotations

from collections.abc import Iterable

import pyarrow as pa
from msgspec import Struct

from evaluator.base.diagnostic import Diagnostic, QuestionError
from evaluator.base.digest import digest
from evaluator.decision.decision import Decision
from evaluator.decision.question import AskedQuestion
from evaluator.engine import Parameters, Policy
from evaluator.fleet.questions import Item
from evaluator.workbench.corpus import Unreadable

_NAMES = pa.list_(pa.string())
_PROBLEM = pa.struct([(name, pa.string()) for name in ("code", "severity", "message", "place", "hint")])
RESULT = pa.schema(
    [
        ("id", pa.string()),
        ("status", pa.string()),
        ("hostActiveNic", pa.string()),
        ("kind", pa.string()),
        ("candidates", _NAMES),
        ("owners", _NAMES),
        ("refusals", _NAMES),
        ("labels", pa.map_(pa.string(), pa.string())),
        ("policy_sha256", pa.string()),
        ("error", pa.list_(_PROBLEM)),
        ("findings", _NAMES),
        ("sha256", pa.string()),
    ]
)


class Asked(Struct, frozen=True):
    """The policy and the parameters that decide all questions of a fleet, and two options for slow columns.

    `parameters` take precedence over the parameters of a question. If `findings` is true, a row has the codes of the
    findings. If `digest` is true, a row has the SHA-256 of the decision document.
    """

    policy: Policy
    parameters: Parameters
    findings: bool = False
    digest: bool = False


def result_batch(items: Iterable[Item], asked: Asked) -> pa.RecordBatch:
    """Return the rows of questions and invalid questions, in their order."""
    rows = [_row(item, asked) for item in items]
    columns = zip(*rows, strict=True) if rows else [()] * len(RESULT)
    arrays = [pa.array(list(values), field.type) for values, field in zip(columns, RESULT, strict=True)]
    return pa.RecordBatch.from_arrays(arrays, schema=RESULT)


def _row(item: Item, asked: Asked) -> tuple[object, ...]:
    """Return the values of a row, in the order of the schema."""
    if isinstance(item, Unreadable):
        return _refused(item.id, (), item.diagnostics, asked)
    try:
        parameters = {**item.parameters, **asked.parameters} if item.parameters else asked.parameters
        decision = asked.policy.decide(item.report, item.host, parameters=parameters)
    except QuestionError as error:
        return _refused(item.id, tuple(item.labels.items()), error.diagnostics, asked)
    return _decided(item, decision, asked)


def _decided(item: AskedQuestion, decision: Decision, asked: Asked) -> tuple[object, ...]:
    name = decision.host_active_nic
    return (
        item.id,
        decision.status,
        name,
        None if name is None else item.report.facts.by_name[name].kind,  # faster than `Decision.interface`
        decision.candidates,
        decision.owners,
        decision.refusals,
        tuple(item.labels.items()),
        asked.policy.digest,
        None,
        [finding.code for finding in decision.findings] if asked.findings else None,
        digest(decision.to_json()) if asked.digest else None,
    )


def _refused(
    name: str, labels: tuple[tuple[str, str], ...], problems: tuple[Diagnostic, ...], asked: Asked
) -> tuple[object, ...]:
    error = [problem.to_dict() for problem in problems]
    return (name, None, None, None, None, None, None, labels, asked.policy.digest, error, None, None)
