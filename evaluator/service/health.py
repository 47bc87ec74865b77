"""The routes for the operation of the service: health, readiness, metrics, and the OpenAPI description."""

from __future__ import annotations

from collections.abc import Callable
from functools import cache
from importlib import resources

from msgspec import yaml
from starlette.requests import Request
from starlette.responses import Response

from evaluator.base.json_values import dumps
from evaluator.base.shipped import list_shipped, read_shipped
from evaluator.service import metrics as prometheus
from evaluator.service.metrics import Metrics
from evaluator.service.problem import Problem, ProblemType

_JSON = "application/json"
_SUFFIX = ".schema.json"


class Health:
    """The handlers of the health routes. `not_ready` returns why requests should not be sent, or an empty text."""

    def __init__(self, metrics: Metrics, not_ready: Callable[[], str]) -> None:
        self._metrics = metrics
        self._not_ready = not_ready

    async def live(self, _: Request) -> Response:
        """Return 200: the process answers."""
        return Response(dumps({"status": "alive"}), media_type=_JSON)

    async def ready(self, _: Request) -> Response:
        """Return 200 if the service should get requests, else 503."""
        reason = self._not_ready()
        if reason:
            return Response(dumps({"status": "not ready", "reason": reason}), 503, media_type=_JSON)
        return Response(dumps({"status": "ready"}), media_type=_JSON)

    async def metrics(self, _: Request) -> Response:
        """Return the metrics in the text format of Prometheus."""
        return Response(self._metrics.text(), headers={"content-type": prometheus.MEDIA_TYPE})


async def describe(_: Request) -> Response:
    """Return the OpenAPI description, which refers to the schemas."""
    return Response(_description(), media_type=_JSON)


@cache
def _description() -> bytes:
    return dumps(yaml.decode((resources.files("evaluator.service") / "openapi.yaml").read_bytes()))


async def schema(request: Request) -> Response:
    """Return a JSON Schema."""
    name = request.path_params["name"]
    if not name.endswith(_SUFFIX) or name not in list_shipped("schemas"):
        raise Problem(ProblemType.NOT_FOUND)
    return Response(read_shipped("schemas", name), media_type="application/schema+json")
