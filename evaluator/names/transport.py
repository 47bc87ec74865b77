"""Send a query to a name server and receive the response: over UDP, or over TCP after a truncated response.

Only the header and the question of a packet are compared with the query. A packet with another id or question is
ignored, because anybody can send such a packet. This module does not parse records. So a hostile packet costs only the
time to copy the packet, and cannot delay a timeout.
"""

from __future__ import annotations

import asyncio
import socket
import struct
from collections.abc import Callable

from evaluator.names.config import Server

_HEADER_LENGTH = 12
_IS_RESPONSE = 0x80
_IS_TRUNCATED = 0x02
_LARGEST_DATAGRAM = 65535


async def ask_by_udp(server: Server, query: bytes, on_stray: Callable[[], None]) -> bytes:
    """Return the first datagram that answers the query. `on_stray` is called for each ignored datagram.

    Raises OSError if the network fails.
    """
    loop = asyncio.get_running_loop()
    with _socket(server, socket.SOCK_DGRAM) as sock:
        sock.connect(_sockaddr(server))
        await loop.sock_sendall(sock, query)
        while True:
            response = await loop.sock_recv(sock, _LARGEST_DATAGRAM)
            if answers(query, response):
                return response
            on_stray()


async def ask_by_tcp(server: Server, query: bytes) -> bytes:
    """Return the response over TCP (RFC 7766).

    Raises OSError if the network fails, and EOFError if the server closes the connection too early.
    """
    loop = asyncio.get_running_loop()
    with _socket(server, socket.SOCK_STREAM) as sock:
        await loop.sock_connect(sock, _sockaddr(server))
        await loop.sock_sendall(sock, struct.pack("!H", len(query)) + query)
        (length,) = struct.unpack("!H", await _read(sock, 2))
        return await _read(sock, length)


def answers(query: bytes, response: bytes) -> bool:
    """Return whether the octets are a response with the id and the question of the query."""
    if len(response) < _HEADER_LENGTH or response[:2] != query[:2] or not response[2] & _IS_RESPONSE:
        return False
    question = _question(query)
    questions = int.from_bytes(response[4:6], "big")
    is_error = questions == 0 and bool(response[3] & 0x0F)  # some servers omit the question in an error response
    return is_error or (questions == 1 and response[_HEADER_LENGTH:].lower().startswith(question.lower()))


def is_truncated(response: bytes) -> bool:
    """Return whether the header has the TC flag: the response was truncated."""
    return bool(response[2] & _IS_TRUNCATED)


def _question(query: bytes) -> bytes:
    end = query.index(0, _HEADER_LENGTH) + 5  # root label, type and class
    return query[_HEADER_LENGTH:end]


async def _read(sock: socket.socket, length: int) -> bytes:
    received = bytearray()
    while len(received) < length:
        chunk = await asyncio.get_running_loop().sock_recv(sock, length - len(received))
        if not chunk:
            raise EOFError("closed")
        received += chunk
    return bytes(received)


def _socket(server: Server, kind: socket.SocketKind) -> socket.socket:
    sock = socket.socket(socket.AF_INET if server.address.version == 4 else socket.AF_INET6, kind)
    sock.setblocking(False)
    return sock


def _sockaddr(server: Server) -> tuple[str, int] | tuple[str, int, int, int]:
    if server.address.version == 4:
        return str(server.address), server.port
    return str(server.address), server.port, 0, _scope(server.zone)


def _scope(zone: str) -> int:
    if not zone:
        return 0
    return int(zone) if zone.isascii() and zone.isdigit() and len(zone) < 10 else socket.if_nametoindex(zone)
