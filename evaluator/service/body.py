"""Reads the bodies of requests within limits: the size of one body, and the size of all bodies in memory together.

A limit of the size alone is not enough: 256 requests of 33 MiB each would need 8 GiB. So the bytes of all bodies that
are in memory are counted, and a request that would exceed the limit of this sum is refused with 429. A body is read in
chunks, so a client that announces a large body and sends nothing uses no memory. The time limit of the request
(`guard.py`) ends a body that never ends or arrives too slowly.
"""

from __future__ import annotations

from collections.abc import AsyncIterator

from starlette.requests import Request
from starlette.types import Receive

from evaluator.service.problem import Problem, ProblemType
from evaluator.service.settings import MIB, Limits

IS_READ = "activenic.is_read"  # the key in the scope of a request whose body has arrived
_JSON = "application/json"


class Bodies:
    """Counts the bytes of all bodies in memory. All methods are called in the event loop, so no lock is necessary."""

    def __init__(self, limits: Limits) -> None:
        self._limits = limits
        self._bytes = 0

    async def read(self, request: Request, reservation: Reservation) -> bytes:
        """Return the body of a request. `reservation` counts the bytes of the body.

        Raises Problem if the media type is not JSON, if the body is too large, or if all bodies together are too large.
        """
        require_media_type(request, _JSON)
        announced = request.headers.get("content-length", "")
        if announced.isdecimal() and int(announced) > self._limits.body:
            raise too_large(self._limits.body)
        chunks: list[bytes] = []
        is_complete = False
        while not is_complete:
            chunk, is_complete = await _next_chunk(request.receive)
            reservation.add(len(chunk))
            chunks.append(chunk)
        request.scope[IS_READ] = True
        return chunks[0] if len(chunks) == 1 else b"".join(chunks)

    def reservation(self) -> Reservation:
        """Return a counter of one body. At the end of its `with` block, the bytes of the body do not count any more."""
        return Reservation(self, self._limits.body)

    def reserve(self, size: int) -> None:
        """Count bytes. Raises Problem if all bodies together would be too large."""
        if self._bytes + size > self._limits.bodies:
            raise Problem(ProblemType.BUSY, "the bodies of all requests together exceed the memory limit")
        self._bytes += size


class Reservation:
    """The bytes of one body."""

    def __init__(self, bodies: Bodies, limit: int) -> None:
        self._bodies = bodies
        self._limit = limit
        self.size = 0

    def add(self, size: int) -> None:
        """Count bytes. Raises Problem if this body, or all bodies together, are too large."""
        if self.size + size > self._limit:
            raise too_large(self._limit)
        self._bodies.reserve(size)
        self.size += size

    def __enter__(self) -> Reservation:
        return self

    def __exit__(self, *_: object) -> None:
        self.free(self.size)

    def free(self, size: int) -> None:
        """Subtract bytes that are not in memory any more."""
        self._bodies.reserve(-size)
        self.size -= size


def too_large(limit: int) -> Problem:
    """Return the problem of a body or a line that is larger than a limit."""
    return Problem(ProblemType.TOO_LARGE, f"the limit is {limit // MIB} MiB")


async def chunks_of(request: Request) -> AsyncIterator[bytes]:
    """Yield the chunks of a body. Raises Problem if the client closes the connection before the end."""
    is_complete = False
    while not is_complete:
        chunk, is_complete = await _next_chunk(request.receive)
        if chunk:
            yield chunk


async def _next_chunk(receive: Receive) -> tuple[bytes, bool]:
    """Return a chunk of a body, and whether it is the last one."""
    message = await receive()
    if message["type"] != "http.request":
        raise Problem(ProblemType.TIMEOUT, "the connection was closed before the end of the body")
    return message.get("body", b""), not message.get("more_body", False)


def require_media_type(request: Request, *allowed: str) -> None:
    """Raise Problem if the media type of the body is not allowed.

    This also protects against web pages of another origin. They can send a body only with the media types of forms, or
    after a preflight request, which this service refuses.
    """
    media_type = request.headers.get("content-type", "").partition(";")[0].strip().lower()
    if media_type not in allowed:
        raise Problem(ProblemType.MEDIA_TYPE, f"the header Content-Type must be {' or '.join(allowed)}")
