"""Stores the decisions of the service: in a decision log, as JSON lines on standard output, or not at all.

In all three cases, an answer is sent only after `store` has returned. If `store` raises RecordError, the client gets
503 and no answer. Records are written in groups (`audit/log/group_commit.py`), so that concurrent requests share one
synchronization with the disk.
"""

from __future__ import annotations

import asyncio
import os
import sys
import time
from collections.abc import Sequence
from pathlib import Path
from typing import Protocol

from evaluator.audit.log.group_commit import GroupCommit
from evaluator.audit.log.store import DecisionLog
from evaluator.audit.record import Record
from evaluator.base.diagnostic import Diagnostic, RecordCode, RecordError
from evaluator.base.json_values import dumps, to_ascii
from evaluator.base.text import reason_of
from evaluator.service.metrics import Metrics

_PAUSE_AFTER_FAILURE = 5.0


class Recorder(Protocol):
    """A recorder stores the decisions of the service."""

    @property
    def log(self) -> DecisionLog | None:
        """The log that contains the stored decisions; None if the recorder writes no log."""

    @property
    def needs_records(self) -> bool:
        """Whether records must be built and stored."""

    @property
    def is_ready(self) -> bool:
        """Whether records can be stored, as far as the recorder knows."""

    async def store(self, records: Sequence[Record]) -> None:
        """Store the records, then return. Raises RecordError if a record cannot be stored."""

    def close(self) -> None:
        """Write all submitted records, and close the file."""


class NoRecorder:
    """A recorder that stores no decision."""

    log = None
    needs_records = False
    is_ready = True

    async def store(self, records: Sequence[Record]) -> None:
        """Do nothing."""

    def close(self) -> None:
        """Do nothing."""


class _GroupRecorder:
    """Stores records with a group commit.

    After a failure, the recorder is not ready for some seconds, so that a load balancer uses another instance. The
    recorder still tries to store the record of each request in this time. After this time it is ready again, because an
    operator can have freed space on a full disk.
    """

    needs_records = True

    def __init__(self, commit: GroupCommit) -> None:
        self._commit = commit
        self._failed_at = -_PAUSE_AFTER_FAILURE

    @property
    def is_ready(self) -> bool:
        """Whether some seconds have passed since the last failure."""
        return time.monotonic() - self._failed_at >= _PAUSE_AFTER_FAILURE

    async def store(self, records: Sequence[Record]) -> None:
        """Store the records, then return. Raises RecordError if a record cannot be stored."""
        futures = [asyncio.wrap_future(self._commit.submit(record)) for record in records]
        results = await asyncio.gather(*futures, return_exceptions=True)
        for result in results:
            if isinstance(result, BaseException):
                self._failed_at = time.monotonic()
                raise result


class LogRecorder(_GroupRecorder):
    """Stores records in a decision log."""

    def __init__(self, path: Path, sign_key: Path | None, metrics: Metrics) -> None:
        self.log = DecisionLog.open(path, signer=sign_key)
        super().__init__(GroupCommit(self.log.append_records, metrics.observe_commit))

    def close(self) -> None:
        """Write all submitted records, and close the log."""
        self._commit.close()
        self.log.close()


class LineRecorder(_GroupRecorder):
    """Writes each record as a line of JSON to standard output. Another program reads and stores the lines.

    When `store` returns, the line is written to standard output. The recorder cannot know whether the other program
    stores the line.
    """

    log = None

    def __init__(self, metrics: Metrics) -> None:
        super().__init__(GroupCommit(_write_lines, metrics.observe_commit))

    def close(self) -> None:
        """Write all submitted records."""
        self._commit.close()


def _write_lines(records: Sequence[Record]) -> None:
    """Write records to standard output, without the buffer of `sys.stdout`. Raises RecordError if this fails."""
    content = memoryview(b"".join(to_ascii(dumps(record.to_dict())) + b"\n" for record in records))
    try:
        while content:
            content = content[os.write(sys.stdout.fileno(), content) :]
    except (OSError, ValueError) as error:
        message = f"the record cannot be written to standard output: {reason_of(error)}"
        raise RecordError([Diagnostic(RecordCode.UNWRITABLE, message)]) from None
