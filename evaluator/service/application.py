"""The service as an ASGI application, for any server: `create_application(Settings(…))`.

This module creates the objects of the service and passes them to the handlers that need them. No object is global. So a
process can have several applications, for example in tests.
"""

from __future__ import annotations

import asyncio
import contextlib
import logging
from collections.abc import AsyncIterator

from starlette.applications import Starlette
from starlette.routing import Route, Router
from starlette.types import ASGIApp, Receive, Scope, Send

from evaluator.base.diagnostic import Diagnostic, QuestionError
from evaluator.policy_store.events import PolicyChange, PolicyEvent
from evaluator.policy_store.store import PolicyStore
from evaluator.service.batch import Batch
from evaluator.service.body import Bodies
from evaluator.service.decider import Decider
from evaluator.service.decisions import Decisions
from evaluator.service.endpoint import Admit, Endpoint, Handler, Shared
from evaluator.service.guard import Guard
from evaluator.service.health import Health, describe, schema
from evaluator.service.metrics import Metrics
from evaluator.service.opa import DataApi
from evaluator.service.opa import health as opa_health
from evaluator.service.policies import Policies
from evaluator.service.problem import Problem, ProblemType
from evaluator.service.recorder import LineRecorder, LogRecorder, NoRecorder, Recorder
from evaluator.service.settings import Settings
from evaluator.service.tokens import Tokens
from evaluator.service.tracing import tracing_or_none

log = logging.getLogger("activenic.service")
_SECONDS_BETWEEN_LOOKS = 1.0  # at the token file


class Service:
    """The application and its parts. Raises QuestionError if a file of the settings is invalid."""

    def __init__(self, settings: Settings) -> None:
        self.settings = settings
        self.store = PolicyStore(settings.policies, policy_path=settings.policy_path, on_event=self._report)
        self.store.policy(settings.default_policy)
        self.metrics = Metrics(self.store)
        self.tokens = None if settings.tokens is None else Tokens(settings.tokens)
        self.recorder = _recorder(settings, self.metrics)
        self.is_draining = False
        tracing = tracing_or_none()
        self._decider = Decider(settings, self.store, self.metrics, self.recorder, tracing)
        self._shared = Shared(settings.limits.seconds, self.metrics, tracing)
        self._guard = Guard(settings, self.tokens, self.metrics)
        self._token_problem = ""
        self._decider.warm_up()

    def application(self) -> ASGIApp:
        """Return the ASGI application. Its lifespan starts and ends the threads of the service."""
        return Router(self._routes(), default=_not_found, lifespan=self._lifespan, redirect_slashes=False)

    def not_ready(self) -> str:
        """Return the reason why the service should get no requests now. The text is empty if it should get requests."""
        if self.is_draining:
            return "the service is stopping"
        return "" if self.recorder.is_ready else "the last decision could not be appended to the log"

    def warnings(self) -> tuple[Diagnostic, ...]:
        """Return warnings about files that other users can read or write, and about the policies."""
        tokens = () if self.tokens is None else self.tokens.warnings
        records = () if self.recorder.log is None else self.recorder.log.warnings
        return (*tokens, *records, *(problem for policy in self.store.policies.values() for problem in policy.warnings))

    def reload(self) -> None:
        """Read the policies and the tokens again, now."""
        self.store.reload()
        self._reload_tokens()

    def _routes(self) -> list[Route]:
        admit, everyone = self._guard.admit, self._guard.admit_everyone
        bodies = Bodies(self.settings.limits)
        decisions = Decisions(self._decider, bodies, self.recorder.log)
        policies = Policies(self.store, self.settings.default_policy)
        health = Health(self.metrics, self.not_ready)
        batch = Batch(self._decider, bodies, self.settings.limits.seconds)
        data = DataApi(self._decider, bodies)
        return [
            self._route("/v1/decisions", admit, POST=decisions.post),
            self._route("/v1/decisions:batch", admit, POST=batch.post),
            self._route("/v1/data/{path:path}", admit, POST=data.post),
            self._route("/v1/batch/data/{path:path}", admit, POST=data.post_batch),
            self._route("/health", everyone, GET=opa_health),
            self._route("/v1/decisions/{id}", admit, GET=decisions.get),
            self._route("/v1/policies", admit, GET=policies.list),
            self._route("/v1/policies/", admit, GET=policies.list),  # clients of OPA ask with the slash
            self._route("/v1/policies/{name}", admit, GET=policies.get),
            self._route("/healthz", everyone, GET=health.live),
            self._route("/readyz", everyone, GET=health.ready),
            self._route("/metrics", admit, GET=health.metrics),
            self._route("/openapi.json", admit, GET=describe),
            self._route("/schemas/{name}", admit, GET=schema),
        ]

    def _route(self, path: str, admit: Admit, **handlers: Handler) -> Route:
        return Route(path, Endpoint(path, handlers, admit, self._shared))

    @contextlib.asynccontextmanager
    async def _lifespan(self, _: Starlette) -> AsyncIterator[None]:
        if self.settings.policies:
            self.store.watch()
        watcher = asyncio.create_task(self._watch_tokens())
        try:
            yield
        finally:
            watcher.cancel()
            self.close()

    def close(self) -> None:
        """End the threads. Close the log after all submitted records are written."""
        self.store.close()
        self._decider.close()
        self.recorder.close()

    async def _watch_tokens(self) -> None:
        while self.tokens is not None:
            await asyncio.sleep(_SECONDS_BETWEEN_LOOKS)
            self._reload_tokens()

    def _reload_tokens(self) -> None:
        try:
            if self.tokens is not None and self.tokens.reload():
                log.info("the tokens were read again")
            self._token_problem = ""
        except QuestionError as error:
            if str(error) != self._token_problem:
                log.error("the tokens did not change, because the token file is invalid: %s", error)
            self._token_problem = str(error)

    def _report(self, event: PolicyEvent) -> None:
        """Log and count a change of a policy file."""
        level = logging.ERROR if event.change is PolicyChange.REFUSED else logging.INFO
        log.log(level, "%s", event)
        for diagnostic in event.diagnostics:
            log.log(level, "%s", diagnostic)
        self.metrics.count_event(event)


async def _not_found(scope: Scope, receive: Receive, send: Send) -> None:
    if scope["type"] == "websocket":
        await send({"type": "websocket.close"})
    else:
        await Problem(ProblemType.NOT_FOUND).response()(scope, receive, send)


def _recorder(settings: Settings, metrics: Metrics) -> Recorder:
    if settings.log is not None:
        return LogRecorder(settings.log, settings.sign_key, metrics)
    return LineRecorder(metrics) if settings.writes_records else NoRecorder()
