"""Refuses a request if its header Host or its token is wrong, or if the service handles too many requests.

The header Host is checked because of DNS rebinding. Without tokens, a service on 127.0.0.1 accepts the requests of all
local users. Suppose that a local user opens the web page `http://evil.example`, and that the attacker then lets the
name `evil.example` resolve to 127.0.0.1. Now the page can send requests to the service. But the browser sends the
header `Host: evil.example`, so the service refuses these requests (status 421).
"""

from __future__ import annotations

from starlette.requests import Request

from evaluator.service.metrics import Metrics
from evaluator.service.problem import Problem, ProblemType
from evaluator.service.settings import Settings
from evaluator.service.tokens import Tokens

_CHALLENGE = {"www-authenticate": 'Bearer realm="activenic"'}


class Admission:
    """A `with` block. The service counts the request as running until the block ends."""

    def __init__(self, guard: Guard, requests: int) -> None:
        self._guard = guard
        self._requests = requests

    def __enter__(self) -> None:
        self._guard.count(self._requests)

    def __exit__(self, *_: object) -> None:
        self._guard.count(-self._requests)


class Guard:
    """Counts the requests that are handled now, and refuses further requests if there are too many."""

    def __init__(self, settings: Settings, tokens: Tokens | None, metrics: Metrics) -> None:
        self._hosts = settings.hosts
        self._most = settings.limits.requests
        self._tokens = tokens
        self._in_flight = 0
        metrics.in_flight.set_function(lambda: self._in_flight)

    def admit(self, request: Request) -> Admission:
        """Return a `with` block during which the request is counted. Raises Problem if the request is refused."""
        self._require_host(request)
        if self._tokens is not None and not self._tokens.accept(request.headers.get("authorization")):
            raise Problem(ProblemType.UNAUTHORIZED, "send the header `Authorization: Bearer TOKEN`", headers=_CHALLENGE)
        if self._in_flight >= self._most:
            raise Problem(ProblemType.BUSY, f"the service already handles {self._most} requests")
        return Admission(self, 1)

    def admit_everyone(self, request: Request) -> Admission:
        """Admit a health check, even if it has no token and the service is busy."""
        self._require_host(request)
        return Admission(self, 0)

    def count(self, requests: int) -> None:
        """Change the number of requests that are handled now."""
        self._in_flight += requests

    def _require_host(self, request: Request) -> None:
        if self._hosts is None:
            return
        host = request.headers.get("host", "")
        name = host.rpartition(":")[0] if host.rpartition(":")[2].isdecimal() else host
        if name.lower() not in self._hosts:
            raise Problem(ProblemType.WRONG_HOST, "use the address on which the service listens, or localhost")
