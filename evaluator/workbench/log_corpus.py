"""Reads the questions of the records in a decision log."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

from evaluator.audit.log.items import Damaged
from evaluator.audit.log.store import DecisionLog
from evaluator.audit.replay import recorded_question
from evaluator.base.diagnostic import QuestionError
from evaluator.decision.question import AskedQuestion
from evaluator.workbench.corpus import Unreadable


def read_log_corpus(path: Path) -> Iterator[AskedQuestion | Unreadable]:
    """Yield the questions of the records in a log or an export.

    A record is unreadable if it is damaged or masked, or if its report was erased. Raises RecordError if the file is
    neither a log nor an export.
    """
    with DecisionLog.open(path, read_only=True) as log:
        for record in log.places():
            if isinstance(record, Damaged):
                yield Unreadable(record.name, record.problems)
                continue
            try:
                report, host = recorded_question(record)
            except QuestionError as error:
                yield Unreadable(record.decision_id, error.diagnostics)
                continue
            given = record.envelope["input"]["parameters"]
            yield AskedQuestion(record.decision_id, report, host, given, record.envelope["labels"])
