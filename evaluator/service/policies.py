"""The routes `/v1/policies` and `/v1/policies/{name}`: the policies in use (`schemas/policies.schema.json`)."""

from __future__ import annotations

from starlette.requests import Request
from starlette.responses import Response

from evaluator.base.diagnostic import PolicyError
from evaluator.base.json_values import dumps, to_ascii
from evaluator.engine import Policy
from evaluator.policy.source.find import shipped_names
from evaluator.policy_store.store import PolicyStore
from evaluator.service.problem import Problem, ProblemType

SCHEMA_VERSION = 1


class Policies:
    """The handlers of the routes for policies. The service never changes a policy."""

    def __init__(self, store: PolicyStore, default: str) -> None:
        self._store = store
        self._default = default

    async def list(self, _: Request) -> Response:
        """Return all policies: the policies in files, and the shipped policies."""
        names = sorted({*self._store.policies, *shipped_names()})
        documents = [self._document(self._store.policy(name)) for name in names]
        return _json({"schema_version": SCHEMA_VERSION, "default": self._default, "policies": documents})

    async def get(self, request: Request) -> Response:
        """Return one policy."""
        try:
            policy = self._store.policy(request.path_params["name"])
        except PolicyError as error:
            raise Problem(ProblemType.NOT_FOUND, diagnostics=error.diagnostics) from None
        return _json({"schema_version": SCHEMA_VERSION, **self._document(policy)})

    def _document(self, policy: Policy) -> dict[str, object]:
        return {
            "name": policy.name,
            "sha256": policy.digest,
            "texts": [text.to_dict() for text in policy.program.texts],
            "description": policy.description,
            "source": "file" if policy.name in self._store.policies else "shipped",
            "parameters": [
                {
                    "name": parameter.name,
                    "type": parameter.type,
                    "default": parameter.default,
                    "required": parameter.is_required,
                    "description": parameter.description,
                }
                for parameter in policy.parameters
            ],
        }


def _json(document: object) -> Response:
    return Response(to_ascii(dumps(document)), media_type="application/json")
