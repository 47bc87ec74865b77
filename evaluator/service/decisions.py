"""The routes `/v1/decisions` and `/v1/decisions/{id}`: ask one question, and read a logged decision again."""

from __future__ import annotations

import io
import re

from starlette.requests import Request
from starlette.responses import Response

from evaluator.audit.log.store import DecisionLog
from evaluator.audit.record import Record
from evaluator.audit.replay import replay
from evaluator.base.diagnostic import RecordCode, RecordError
from evaluator.base.json_values import dumps, to_ascii
from evaluator.base.version import __version__
from evaluator.render.explained import explained
from evaluator.render.html.page import print_explanation
from evaluator.render.output import RecordInfo
from evaluator.service.body import Bodies
from evaluator.service.decider import Answer, Decider
from evaluator.service.form import Form, form_of
from evaluator.service.problem import Problem, ProblemType

ID_HEADER = "decision-id"
_ID = re.compile(r"[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}")
_HTML = "text/html"
_MOST_CHANGES = 250  # interfaces with changes on a page, as in `activenic explain --output html`


class Decisions:
    """The handlers of the routes for decisions."""

    def __init__(self, decider: Decider, bodies: Bodies, log: DecisionLog | None) -> None:
        self._decider = decider
        self._bodies = bodies
        self._log = log

    async def post(self, request: Request) -> Response:
        """Answer a question."""
        form = form_of(request)
        with self._bodies.reservation() as reservation:
            answer = await self._decider.answer(await self._bodies.read(request, reservation), form)
        return self._response(answer, form)

    async def get(self, request: Request) -> Response:
        """Return a logged decision: its record as JSON, or the auditor's page."""
        if self._log is None:
            raise Problem(ProblemType.NOT_FOUND, "this service has no log of decisions")
        decision_id = request.path_params["id"]
        if not _ID.fullmatch(decision_id):
            raise Problem(ProblemType.NOT_FOUND, "the id of a decision must be a UUID")
        record = await self._decider.in_thread(_record, self._log, decision_id)
        if _prefers_html(request.headers.get("accept", "")):
            return Response(await self._decider.in_thread(_page, record), media_type=_HTML)
        return Response(to_ascii(dumps(record.to_dict())), media_type="application/json")

    def _response(self, answer: Answer, form: Form) -> Response:
        headers = {ID_HEADER: answer.decision_id}
        if self._log is not None:
            headers["location"] = f"/v1/decisions/{answer.decision_id}"
        return Response(answer.content, 200, headers, form.media_type)


def _record(log: DecisionLog, decision_id: str) -> Record:
    """Return a record. Raises Problem if the log has no record with this id."""
    try:
        return log.get(decision_id)
    except RecordError as error:
        if [problem.code for problem in error.diagnostics] == [RecordCode.NOT_FOUND]:
            raise Problem(ProblemType.NOT_FOUND, "the log has no decision with this id") from None
        raise Problem(ProblemType.DAMAGED, diagnostics=error.diagnostics) from None


def _page(record: Record) -> bytes:
    """Return the auditor's page of a record. Raises Problem if the record cannot be replayed."""
    replayed = replay(record, __version__)
    if record.damage or replayed.decision is None or not replayed.is_answer:
        reasons = "; ".join((*(str(problem) for problem in record.damage), *replayed.reasons, *replayed.differences))
        raise Problem(ProblemType.DAMAGED, f"the record cannot be explained: {reasons}")
    stream = io.StringIO()
    facts = {"decision": record.decision_id, "time": record.envelope["timestamp"]}
    print_explanation(explained(replayed.decision, None, _MOST_CHANGES), RecordInfo(facts, record.envelope), stream)
    return stream.getvalue().encode()


def _prefers_html(accept: str) -> bool:
    """Return whether a client accepts HTML and names it before JSON, as browsers do."""
    types = [part.partition(";")[0].strip().lower() for part in accept.split(",")]
    return _HTML in types and "application/json" not in types[: types.index(_HTML)]
