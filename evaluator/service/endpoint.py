"""One route of the service as an ASGI application: admits a request, runs its handler, and sends the response.

A handler has a time limit. This module converts every error to problem details. A problem or a diagnostic is sent with
its details. Any other exception is logged and sent as 500 without details, because its message could contain data of a
client.
"""

from __future__ import annotations

import asyncio
import logging
import time
from collections.abc import Awaitable, Callable, Mapping

from msgspec import Struct
from prometheus_client import Histogram
from starlette.requests import Request
from starlette.responses import Response
from starlette.types import Receive, Scope, Send

from evaluator.base.diagnostic import QuestionError
from evaluator.service.body import IS_READ
from evaluator.service.guard import Admission
from evaluator.service.metrics import Metrics
from evaluator.service.problem import Problem, ProblemType, problem_of
from evaluator.service.tracing import Tracing

log = logging.getLogger("activenic.service")
Handler = Callable[[Request], Awaitable[Response]]
Admit = Callable[[Request], Admission]


class Shared(Struct, frozen=True):
    """The objects that all endpoints share. `seconds` is the time for one request. `tracing` is None if it is off."""

    seconds: float
    metrics: Metrics
    tracing: Tracing | None


class Endpoint:
    """The handlers of one route by method."""

    def __init__(self, label: str, handlers: Mapping[str, Handler], admit: Admit, shared: Shared) -> None:
        self._label = label
        self._handlers = dict(handlers)
        if "GET" in handlers:
            self._handlers["HEAD"] = handlers["GET"]
        self._admit = admit
        self._seconds = shared.seconds
        self._metrics = shared.metrics
        self._tracing = shared.tracing
        self._histograms: dict[int, Histogram] = {}  # `labels` costs more than `observe`

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Handle one request."""
        started = time.perf_counter()
        request = Request(scope, receive, send)
        status = 500
        try:
            with self._admit(request):
                response = await self._respond(request)
                status = response.status_code
                await response(scope, receive, send)
        except Problem as problem:
            status = problem.type.status
            await self._refuse(problem, scope, receive, send)
        finally:
            self._observe(status, time.perf_counter() - started)

    async def _respond(self, request: Request) -> Response:
        handler = self._handlers.get(request.method)
        if handler is None:
            headers = {"allow": ", ".join(self._handlers)}
            raise Problem(ProblemType.METHOD_NOT_ALLOWED, f"allowed: {headers['allow']}", headers=headers)
        try:
            async with asyncio.timeout(self._seconds):
                if self._tracing is None:
                    return await handler(request)
                with self._tracing.parent_of(request):
                    return await handler(request)
        except TimeoutError:
            is_waiting = request.method == "POST" and IS_READ not in request.scope
            type_ = ProblemType.TIMEOUT if is_waiting else ProblemType.OVERDUE
            raise Problem(type_, f"the limit is {self._seconds:g} seconds") from None
        except QuestionError as error:
            raise problem_of(error) from None
        except Problem:
            raise
        except Exception:
            log.exception("a request to %s failed", self._label)
            raise Problem(ProblemType.INTERNAL) from None

    def _observe(self, status: int, seconds: float) -> None:
        histogram = self._histograms.get(status)
        if histogram is None:
            histogram = self._histograms[status] = self._metrics.request_seconds.labels(self._label, status)
        histogram.observe(seconds)

    async def _refuse(self, problem: Problem, scope: Scope, receive: Receive, send: Send) -> None:
        self._metrics.problems.labels(problem.type.urn).inc()
        await problem.response()(scope, receive, send)
