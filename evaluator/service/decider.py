"""Decides a question: reads its text, resolves its host name if necessary, decides, and stores the record.

The steps run in different threads, for these reasons:

- A decision is pure computation. On a host with ten interfaces it takes less time than a switch to another thread and
  back. So a short text is decided in the event loop.
- A long text (up to 32 MiB) can take seconds, and the event loop must go on to answer health checks and other requests.
  So it is decided in a thread. Two threads are enough: Python runs one thread at a time, and more threads would only
  take processor time from the event loop.
- A name is resolved asynchronously: a coroutine that waits costs nothing.
- The log is written by a thread of its own (`recorder.py`), because a commit waits for the disk.

Two designs were tried and rejected. With a thread for each decision, a usual request takes twice the processor time.
With several processes, each report is copied to another process, which costs too much. To use more processors, run
several instances of the service (docs/service.md).
"""

from __future__ import annotations

import asyncio
import time
import uuid
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime
from typing import ParamSpec, TypeVar

from msgspec import Struct

from evaluator.audit.record import Record, make_record
from evaluator.base.version import __version__
from evaluator.decision.decision import Decision
from evaluator.decision.question import AskedQuestion, NamedQuestion, question_or_name
from evaluator.facts.host_addresses import HostAddresses
from evaluator.names.resolve import resolve_host_async
from evaluator.policy_store.store import PolicyStore
from evaluator.service.form import DOCUMENT, Form
from evaluator.service.metrics import Metrics
from evaluator.service.recorder import Recorder
from evaluator.service.settings import Settings
from evaluator.service.tracing import Tracing

SHORT = 32 * 1024
_THREADS = 2
_LOOKUPS = 32  # at one time, so that a batch does not flood a name server
_EXAMPLE = b'{"report": {"nics": {"ens1": {"addr": "192.0.2.1"}}}, "addresses": ["192.0.2.1"]}'
_P = ParamSpec("_P")
_T = TypeVar("_T")


class Answer(Struct, frozen=True):
    """A decision with its id, its answer as JSON text, and its record if records are stored."""

    decision: Decision
    decision_id: str
    content: bytes
    record: Record | None
    question_id: str


class Decider:
    """Decides questions with the policies of a store. All methods are called in the event loop."""

    def __init__(
        self, settings: Settings, store: PolicyStore, metrics: Metrics, recorder: Recorder, tracing: Tracing | None
    ) -> None:
        self._settings = settings
        self._store = store
        self._metrics = metrics
        self._recorder = recorder
        self._tracing = tracing
        self._threads = ThreadPoolExecutor(_THREADS, thread_name_prefix="activenic-decide")
        self._lookups = asyncio.Semaphore(_LOOKUPS)

    async def answer(self, text: bytes, form: Form) -> Answer:
        """Return the answer to the question in a JSON text, after its record is stored.

        Raises QuestionError if the question is invalid, and RecordError if the record cannot be stored.
        """
        answer = await self.decide(text, form)
        await self.store(answer)
        return answer

    async def store(self, *answers: Answer) -> None:
        """Store the records of answers. Return after they are stored. Raises RecordError if one cannot be stored."""
        records = [answer.record for answer in answers if answer.record is not None]
        if records:
            await self._recorder.store(records)

    async def decide(self, text: bytes, form: Form) -> Answer:
        """Return the answer to the question in a JSON text, without storing its record."""
        is_short = len(text) <= SHORT
        question = await self.read(text)
        if isinstance(question, NamedQuestion):
            question = question.about(await self._resolve(question.host_name))
        started = 0 if self._tracing is None else time.time_ns()
        answer = self._decide(question, form) if is_short else await self.in_thread(self._decide, question, form)
        if self._tracing is not None:
            self._tracing.decided(answer.decision, answer.decision_id, started, time.time_ns())
        return answer

    async def read(self, text: bytes) -> AskedQuestion | NamedQuestion:
        """Return the question in a JSON text. Raises QuestionError if the question is invalid."""
        return question_or_name(text) if len(text) <= SHORT else await self.in_thread(question_or_name, text)

    async def in_thread(self, function: Callable[_P, _T], *args: _P.args, **kwargs: _P.kwargs) -> _T:
        """Return the result of a function that takes long, without blocking the event loop."""
        future = self._threads.submit(function, *args, **kwargs)
        return await asyncio.wrap_future(future)

    def warm_up(self) -> None:
        """Decide one question without a record or a metric, so that the first request does not wait for imports."""
        question = question_or_name(_EXAMPLE)
        if isinstance(question, AskedQuestion):
            policy = self._store.policy("strict")
            DOCUMENT.write(policy.decide(question.report, question.host), "")

    def close(self) -> None:
        """End the threads. Computations that still run are not awaited."""
        self._threads.shutdown(wait=False, cancel_futures=True)

    def _decide(self, question: AskedQuestion, form: Form) -> Answer:
        started = time.perf_counter()
        policy = self._store.policy(question.policy or self._settings.default_policy)
        decision = policy.decide(question.report, question.host, parameters=question.parameters)
        decision_id = str(uuid.uuid4())
        content = form.write(decision, decision_id)
        record = None
        if self._recorder.needs_records:
            record = make_record(decision, decision_id, datetime.now(UTC), question.labels, __version__)
        self._metrics.decisions.labels(policy.name, decision.status).inc()
        self._metrics.decision_seconds.observe(time.perf_counter() - started)
        return Answer(decision, decision_id, content, record, question.id)

    async def _resolve(self, name: str) -> HostAddresses:
        lookup = self._settings.lookup
        started = time.perf_counter()
        try:
            async with self._lookups:
                began = time.time_ns()
                host = await resolve_host_async(
                    name, servers=lookup.servers, timeout=lookup.timeout, hosts_file=lookup.hosts_file
                )
            if self._tracing is not None:
                self._tracing.resolved(host, began, time.time_ns())
            return host
        finally:
            self._metrics.lookup_seconds.observe(time.perf_counter() - started)
