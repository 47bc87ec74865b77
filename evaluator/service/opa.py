"""The data API of OPA (Open Policy Agent), so that clients of OPA can use the service.

The input is a question. The result of `POST /v1/data/activenic/decision` is the decision document. The result of
`activenic/resolved` is `true` if the status is `resolved`, else `false`. The result of `activenic` has both. Any other
path is undefined: as in OPA, the response has the status 200 and no result. But an invalid question is an error under
every path. `/v1/batch/data/…` decides several inputs (the API of Enterprise OPA).

An error has the members of problem details, and also the members of OPA's errors (`code`, `message`, `errors`). Its
media type is application/json, and every mistake of the client is 400, because OPA's clients parse no other errors.
"""

from __future__ import annotations

import uuid
from collections.abc import Callable, Mapping
from typing import TypeVar

import msgspec
from msgspec import Raw, Struct
from starlette.requests import Request
from starlette.responses import Response

from evaluator.base.diagnostic import QuestionError
from evaluator.base.json_values import dumps, to_ascii
from evaluator.base.status import Status
from evaluator.report.json_text import parse_json_without_duplicates
from evaluator.service.body import Bodies
from evaluator.service.decider import Answer, Decider
from evaluator.service.form import DOCUMENT, Form
from evaluator.service.problem import Problem, ProblemType, problem_of


class _Input(Struct, frozen=True):
    input: Raw


class _Inputs(Struct, frozen=True):
    inputs: dict[str, Raw]


_STATUS = Form(("status",))
_JSON = "application/json"
_T = TypeVar("_T", _Input, _Inputs)
_MIXED = 207
_ITEM_FAILED = "500"  # the only status that clients of the batch API accept for an item that failed
_OPA_STATUSES = {413: 413, 429: 429}


class _Rule(Struct, frozen=True):
    """The response under one path of the data API.

    The decider makes an answer in `form`. `result` makes the member `result` of the response from this answer.
    """

    form: Form
    result: Callable[[Answer], object]


def _is_resolved(answer: Answer) -> bool:
    return answer.decision.status is Status.RESOLVED


_RULES: Mapping[str, _Rule] = {
    "activenic/decision": _Rule(DOCUMENT, lambda answer: Raw(answer.content)),
    "activenic/resolved": _Rule(_STATUS, _is_resolved),
    "activenic": _Rule(DOCUMENT, lambda answer: {"decision": Raw(answer.content), "resolved": _is_resolved(answer)}),
}


class DataApi:
    """The handlers of the data API."""

    def __init__(self, decider: Decider, bodies: Bodies) -> None:
        self._decider = decider
        self._bodies = bodies

    async def post(self, request: Request) -> Response:
        """Decide one input."""
        try:
            with self._bodies.reservation() as reservation:
                text = await self._bodies.read(request, reservation)
                question = bytes(_decoded(text, _Input).input)
                rule = _rule_of(request)
                if rule is None:
                    await self._decider.read(question)
                    return _json({})
                answer = await self._decider.answer(question, rule.form)
        except (Problem, QuestionError) as error:
            status, document = _error(error)
            return _json(document, status)
        return _json({"result": rule.result(answer), "decision_id": answer.decision_id})

    async def post_batch(self, request: Request) -> Response:
        """Decide several inputs. An invalid input does not affect the others."""
        try:
            with self._bodies.reservation() as reservation:
                text = await self._bodies.read(request, reservation)
                rule = _rule_of(request)
                inputs = _decoded(text, _Inputs).inputs
                items = {key: await self._item(bytes(raw), rule) for key, raw in inputs.items() if rule is not None}
                await self._decider.store(*(item for item in items.values() if isinstance(item, Answer)))
        except (Problem, QuestionError) as error:
            status, document = _error(error)
            return _json(document, status)
        status = 200 if all(isinstance(item, Answer) for item in items.values()) else _MIXED
        responses = {key: _response(item, rule, status) for key, item in items.items() if rule is not None}
        return _json({"batch_decision_id": str(uuid.uuid4()), "responses": responses}, status)

    async def _item(self, text: bytes, rule: _Rule) -> Answer | QuestionError:
        try:
            return await self._decider.decide(text, rule.form)
        except QuestionError as error:
            return error


async def health(_: Request) -> Response:
    """Return the response of OPA's health API."""
    return _json({})


def _rule_of(request: Request) -> _Rule | None:
    return _RULES.get(request.path_params["path"].strip("/"))


def _decoded(text: bytes, type_: type[_T]) -> _T:
    parse_json_without_duplicates(text, "body")
    try:
        return msgspec.json.decode(text, type=type_)
    except msgspec.MsgspecError as error:
        raise Problem(ProblemType.INVALID_REQUEST, str(error)) from None


def _response(item: Answer | QuestionError, rule: _Rule, status: int) -> dict[str, object]:
    """Return the response to one input of a batch.

    If only some inputs of the batch are valid, the response contains the HTTP status of this input.
    """
    head = {} if status != _MIXED else {"http_status_code": "200" if isinstance(item, Answer) else _ITEM_FAILED}
    if isinstance(item, Answer):
        return {**head, "result": rule.result(item), "decision_id": item.decision_id}
    _, document = _error(item)
    return {**head, **document}


def _error(error: Problem | QuestionError) -> tuple[int, dict[str, object]]:
    problem = error if isinstance(error, Problem) else problem_of(error)
    document = problem.to_dict()
    is_of_client = problem.type.status < 500
    status = _OPA_STATUSES.get(problem.type.status, 400) if is_of_client else problem.type.status
    errors = [{"code": diagnostic.code, "message": diagnostic.message} for diagnostic in problem.diagnostics]
    return status, {
        **document,
        "status": status,
        "code": "invalid_parameter" if is_of_client else "internal_error",
        "message": document["detail"],
        "errors": errors,
    }


def _json(document: object, status: int = 200) -> Response:
    return Response(to_ascii(dumps(document)), status, media_type=_JSON)
