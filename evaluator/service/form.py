"""The forms of an answer: the whole decision document, or the small answer with some of its members.

`decide` always computes the members of the small answer. The document also has the findings and the trace, so it costs
several times as much. A client asks for the small answer with the query parameter `fields`, or with the media-type
profile of the schema (RFC 6906).
"""

from __future__ import annotations

from functools import lru_cache

from msgspec import Struct
from starlette.datastructures import QueryParams
from starlette.requests import Request

from evaluator.base.json_values import dumps, to_ascii
from evaluator.base.text import did_you_mean, quote
from evaluator.decision.decision import Decision
from evaluator.service.problem import Problem, ProblemType

SCHEMA_VERSION = 1
PROFILE = "urn:activenic:schema:answer:1"
FIELDS = ("status", "hostActiveNic", "refusals", "decision_id", "candidates", "owners")
_PROFILE_FIELDS = FIELDS[:4]
_JSON = "application/json"


class Form(Struct, frozen=True):
    """The members that an answer has: only the members in `fields`, or the whole decision document if it is None."""

    fields: tuple[str, ...] | None = None

    @property
    def media_type(self) -> str:
        """The media type of the response."""
        return _JSON if self.fields is None else f'{_JSON}; profile="{PROFILE}"'

    def write(self, decision: Decision, decision_id: str) -> bytes:
        """Return the answer as compact JSON in ASCII."""
        if self.fields is None:
            return decision.to_json()
        values = {
            "status": decision.status,
            "hostActiveNic": decision.host_active_nic,
            "refusals": decision.refusals,
            "decision_id": decision_id,
            "candidates": decision.candidates,
            "owners": decision.owners,
        }
        return to_ascii(dumps({"schema_version": SCHEMA_VERSION, **{name: values[name] for name in self.fields}}))


DOCUMENT = Form()


def form_of(request: Request) -> Form:
    """Return the form that a request asks for. Raises Problem if a field is unknown or given twice."""
    return _form(request.scope["query_string"], request.headers.get("accept", ""))


@lru_cache(maxsize=64)
def _form(query: bytes, accept: str) -> Form:
    """Return the form for a query string and a header Accept; cached, because a client always sends the same."""
    values = QueryParams(query).getlist("fields")
    if not values:
        return Form(_PROFILE_FIELDS) if _has_profile(accept) else DOCUMENT
    names = ",".join(values).split(",")
    for name in names:
        if name not in FIELDS or names.count(name) > 1:
            problem = "unknown" if name not in FIELDS else "repeated"
            hint = did_you_mean(name, FIELDS) or f"known fields: {', '.join(FIELDS)}"
            raise Problem(ProblemType.INVALID_REQUEST, f"{problem} field {quote(name)} in `fields`; {hint}")
    return Form(tuple(name for name in FIELDS if name in names))


def _has_profile(accept: str) -> bool:
    return any(PROFILE in part.partition(";")[2] for part in accept.split(","))
