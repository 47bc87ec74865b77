"""Writes records in groups, so that concurrent callers share one synchronization with the disk.

A commit to a log takes as long as the disk needs to store it, and this time hardly depends on the number of records. So
one thread takes all records that arrived during the last commit and writes them in one transaction (*group commit*, as
in databases). A caller gets a future that is done when its record is on the disk. Under little load a group has one
record, and nothing waits for more records to arrive.

If a group cannot be written, its records are written one by one. So the records of other callers are written even if
one record of the group cannot be stored. Each caller gets only the error of its own record.
"""

from __future__ import annotations

import queue
import threading
import time
from collections.abc import Callable, Sequence
from concurrent.futures import Future

from evaluator.audit.record import Record
from evaluator.base.diagnostic import Diagnostic, RecordCode, RecordError

_MOST = 256
_Waiting = tuple[Record, "Future[None]"]


class GroupCommit:
    """A thread that writes records with `write`.

    `write` must write all of its records, or raise RecordError and write none of them. `on_commit` is called after each
    group with the number of its records and the seconds that `write` took.
    """

    def __init__(
        self,
        write: Callable[[Sequence[Record]], object],
        on_commit: Callable[[int, float], None] = lambda records, seconds: None,
    ) -> None:
        self._write = write
        self._on_commit = on_commit
        self._queue: queue.SimpleQueue[_Waiting | None] = queue.SimpleQueue()
        self._is_closed = False
        self._lock = threading.Lock()
        self._thread = threading.Thread(target=self._run, name="activenic-group-commit", daemon=True)
        self._thread.start()

    def submit(self, record: Record) -> Future[None]:
        """Return a future that is done when the record is on the disk, or has the RecordError of the failure."""
        future: Future[None] = Future()
        with self._lock:  # nothing is put into the queue after the mark of the end
            if self._is_closed:
                raise RecordError([Diagnostic(RecordCode.UNWRITABLE, "the log is closed")])
            self._queue.put((record, future))
        return future

    def close(self) -> None:
        """Write the submitted records, and end the thread."""
        with self._lock:
            self._is_closed = True
            self._queue.put(None)
        self._thread.join()

    def _run(self) -> None:
        is_open = True
        while is_open:
            group: list[_Waiting] = []
            item = self._queue.get()
            while item is not None:
                group.append(item)
                if len(group) == _MOST or self._queue.empty():
                    break
                item = self._queue.get()
            is_open = item is not None
            # from here a future cannot be cancelled any more; the record of a cancelled future is not written
            group = [waiting for waiting in group if waiting[1].set_running_or_notify_cancel()]
            if group:
                self._commit(group)

    def _commit(self, group: Sequence[_Waiting]) -> None:
        started = time.perf_counter()
        try:
            self._write([record for record, _ in group])
        except RecordError as error:
            if len(group) == 1:
                group[0][1].set_exception(error)
                return
            for waiting in group:
                self._commit([waiting])
            return
        except BaseException as error:  # a caller must never wait for a group that failed
            for _, future in group:
                future.set_exception(error)
            return
        self._on_commit(len(group), time.perf_counter() - started)
        for _, future in group:
            future.set_result(None)
