"""The errors of the service: problem details (RFC 9457) with our diagnostics (`schemas/problem.schema.json`)."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from enum import Enum
from types import MappingProxyType

from starlette.responses import Response

from evaluator.base.diagnostic import Diagnostic, QuestionError, RecordError, ReportCode
from evaluator.base.json_values import dumps, to_ascii

MEDIA_TYPE = "application/problem+json"
_NO_HEADERS: Mapping[str, str] = MappingProxyType({})
_MALFORMED = {
    ReportCode.DUPLICATE_KEY,
    ReportCode.EMPTY,
    ReportCode.NOT_JSON,
    ReportCode.TOO_DEEP,
}
_RETRY = MappingProxyType({"retry-after": "1"})


class ProblemType(Enum):
    """A kind of error: the name in its URN, the status of the response, and its title."""

    MALFORMED = "malformed", 400, "the body is not a JSON document that this service reads"
    INVALID_QUESTION = "invalid-question", 422, "the question is invalid"
    INVALID_REQUEST = "invalid-request", 400, "the request is invalid"
    UNAUTHORIZED = "unauthorized", 401, "a token is missing or unknown"
    NOT_FOUND = "not-found", 404, "the resource does not exist"
    METHOD_NOT_ALLOWED = "method-not-allowed", 405, "the resource does not support this method"
    TIMEOUT = "timeout", 408, "the request did not arrive in time"
    TOO_LARGE = "too-large", 413, "the body is too large"
    MEDIA_TYPE = "media-type", 415, "the resource does not accept the media type of the body"
    WRONG_HOST = "wrong-host", 421, "the service does not accept this value of the header Host"
    BUSY = "busy", 429, "the service handles too many requests at this time"
    INTERNAL = "internal", 500, "the service failed; its log has the reason"
    DAMAGED = "damaged", 500, "the record of this decision is damaged or cannot be replayed"
    NOT_STORED = "not-stored", 503, "the decision could not be appended to the log"
    OVERDUE = "overdue", 503, "the answer was not ready in time"

    def __init__(self, urn: str, status: int, title: str) -> None:
        self.urn = f"urn:activenic:problem:{urn}"
        self.status = status
        self.title = title


class Problem(Exception):
    """An error response. `diagnostics` are the problems of the request, and `detail` is a sentence about them."""

    def __init__(
        self,
        type_: ProblemType,
        detail: str = "",
        diagnostics: Iterable[Diagnostic] = (),
        headers: Mapping[str, str] = _NO_HEADERS,
    ) -> None:
        super().__init__(detail or type_.title)
        self.type = type_
        self.detail = detail
        self.diagnostics = tuple(diagnostics)
        self.headers = _RETRY if type_ in (ProblemType.BUSY, ProblemType.NOT_STORED) else headers

    def to_dict(self) -> dict[str, object]:
        """Return the members of the problem details."""
        detail = self.detail or "; ".join(problem.message for problem in self.diagnostics) or self.type.title
        return {
            "type": self.type.urn,
            "title": self.type.title,
            "status": self.type.status,
            "detail": detail,
            "diagnostics": [problem.to_dict() for problem in self.diagnostics],
        }

    def response(self) -> Response:
        """Return the HTTP response."""
        content = to_ascii(dumps(self.to_dict()))
        return Response(content, self.type.status, dict(self.headers), MEDIA_TYPE)


def problem_of(error: QuestionError) -> Problem:
    """Return the problem for an error of the library."""
    codes = {diagnostic.code for diagnostic in error.diagnostics}
    if isinstance(error, RecordError):
        return Problem(ProblemType.NOT_STORED, diagnostics=error.diagnostics)
    if ReportCode.TOO_LARGE in codes:
        return Problem(ProblemType.TOO_LARGE, diagnostics=error.diagnostics)
    type_ = ProblemType.MALFORMED if codes & _MALFORMED else ProblemType.INVALID_QUESTION
    return Problem(type_, diagnostics=error.diagnostics)
