"""`POST /v1/decisions:batch`: decides many questions, one in each line.

The response has one line for each question, in the same order. The response begins before the body of the request has
ended: this body is read in chunks. The complete lines of a chunk are decided, their records are stored with one
synchronization of the disk, and then their answers are sent. So a batch of any length needs the memory of one chunk and
one line. The client sees the first answers before it has sent the last questions. The time limit of a request applies
to each chunk, not to the whole batch.

Each line of a chunk is decided in its own task. So lookups of names overlap, and other requests are handled between two
lines.

For an invalid question, the response has a line with the problem, and the batch continues. If the log fails or a line
is too large, the last line has the problem, and the response ends. So the client knows that the remaining questions
were not answered.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator

from msgspec import Raw
from starlette.requests import Request
from starlette.responses import Response
from starlette.types import Receive, Scope, Send

from evaluator.base.diagnostic import QuestionError
from evaluator.base.json_values import dumps, to_ascii
from evaluator.service.body import Bodies, Reservation, chunks_of, require_media_type
from evaluator.service.decider import Answer, Decider
from evaluator.service.form import Form, form_of
from evaluator.service.problem import Problem, ProblemType, problem_of

SCHEMA_VERSION = 1
LINES = ("application/x-ndjson", "application/jsonl")
_LARGEST_GROUP = 128  # lines whose answers are in memory at one time


class Batch:
    """The handler of the route for batches."""

    def __init__(self, decider: Decider, bodies: Bodies, seconds: float) -> None:
        self._decider = decider
        self._bodies = bodies
        self._seconds = seconds

    async def post(self, request: Request) -> Response:
        """Answer the questions in the lines of a body."""
        require_media_type(request, *LINES)
        return _Lines(self._answers(request, form_of(request)))

    async def _answers(self, request: Request, form: Form) -> AsyncIterator[bytes]:
        """Yield the answers to the lines of a body, in groups."""
        number = 0
        try:
            with self._bodies.reservation() as reservation:
                async for lines in self._groups(request, reservation):
                    async with asyncio.timeout(self._seconds):
                        yield await self._group(lines, number, form)
                    number += len(lines)
        except TimeoutError:
            yield _problem_line(number + 1, Problem(ProblemType.TIMEOUT, f"the limit is {self._seconds:g} seconds"))
        except QuestionError as error:
            yield _problem_line(number + 1, problem_of(error))
        except Problem as problem:
            yield _problem_line(number + 1, problem)

    async def _groups(self, request: Request, reservation: Reservation) -> AsyncIterator[list[bytes]]:
        """Yield the lines of a body in groups. Empty lines are included, because they count in the line numbers."""
        parts: list[bytes] = []  # of a line that is not complete; joined once, because a line can have 32 MiB
        chunks = chunks_of(request)
        while True:
            async with asyncio.timeout(self._seconds):
                chunk = await anext(chunks, b"")
            reservation.add(len(chunk))
            parts.append(chunk)
            if chunk and b"\n" not in chunk:
                continue
            lines = b"".join(parts).split(b"\n")
            parts = [lines.pop()] if chunk else []
            for at in range(0, len(lines), _LARGEST_GROUP):
                yield lines[at : at + _LARGEST_GROUP]
            reservation.free(reservation.size - sum(map(len, parts)))
            if not chunk:
                return

    async def _group(self, lines: list[bytes], before: int, form: Form) -> bytes:
        """Return the answers to some lines, after their records are stored. `before` is the number of earlier lines."""
        numbered = [(number, line) for number, line in enumerate(lines, before + 1) if line.strip()]
        items = await asyncio.gather(*(self._item(line, form) for _, line in numbered))
        await self._decider.store(*(item for item in items if isinstance(item, Answer)))
        return b"".join(
            _answer_line(number, item, form) if isinstance(item, Answer) else _problem_line(number, item)
            for (number, _), item in zip(numbered, items, strict=True)
        )

    async def _item(self, line: bytes, form: Form) -> Answer | Problem:
        try:
            return await self._decider.decide(line, form)
        except QuestionError as error:
            return problem_of(error)


def _answer_line(number: int, answer: Answer, form: Form) -> bytes:
    content = {"document" if form.fields is None else "answer": Raw(answer.content)}
    head = {"schema_version": SCHEMA_VERSION, "line": number, "id": answer.question_id or None}
    return to_ascii(dumps({**head, "decision_id": answer.decision_id, **content})) + b"\n"


def _problem_line(number: int, problem: Problem) -> bytes:
    document = {"schema_version": SCHEMA_VERSION, "line": number, "id": None, "problem": problem.to_dict()}
    return to_ascii(dumps(document)) + b"\n"


class _Lines(Response):
    """A response that is sent in parts while its request is still read.

    Starlette's StreamingResponse cannot be used: it also reads the request, to notice the end of the connection.
    """

    media_type = LINES[0]

    def __init__(self, parts: AsyncIterator[bytes]) -> None:
        super().__init__()
        del self.headers["content-length"]
        self._parts = parts

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Send the response."""
        await send({"type": "http.response.start", "status": self.status_code, "headers": self.raw_headers})
        async for part in self._parts:
            if part:
                await send({"type": "http.response.body", "body": part, "more_body": True})
        await send({"type": "http.response.body", "body": b"", "more_body": False})
