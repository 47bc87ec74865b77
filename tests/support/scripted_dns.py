"""A name server on loopback that does what a test tells it: answers, faults, silence."""

from __future__ import annotations

import socket
import struct
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress

import dns.flags
import dns.message
import dns.rcode
import dns.rrset

Script = Callable[[dns.message.Message, str], "bytes | list[bytes] | None"]


def answer(
    query: dns.message.Message, *records: str, rcode: str = "NOERROR", authority: str = ""
) -> dns.message.Message:
    """Return a response with records written as in a zone file."""
    response = dns.message.make_response(query, recursion_available=True)
    response.set_rcode(dns.rcode.from_text(rcode))
    for record in records:
        name, ttl, _, rdtype, value = record.split(None, 4)
        response.answer.append(dns.rrset.from_text(name, int(ttl), "IN", rdtype, value))
    if authority:
        name, ttl, _, rdtype, value = authority.split(None, 4)
        response.authority.append(dns.rrset.from_text(name, int(ttl), "IN", rdtype, value))
    return response


SOA = "lab.test. 60 IN SOA ns.lab.test. root.lab.test. 1 60 60 60 60"


def _socket_pair() -> tuple[socket.socket, socket.socket]:
    """Return a UDP and a TCP socket on one free port."""
    for _ in range(50):
        udp = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        tcp = socket.socket(socket.AF_INET, socket.SOCK_STREAM)
        udp.bind(("127.0.0.1", 0))
        tcp.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            tcp.bind(udp.getsockname())
        except OSError:  # the port is somebody else's over TCP
            udp.close()
            tcp.close()
            continue
        tcp.listen(8)
        return udp, tcp
    raise AssertionError("no port is free over both UDP and TCP")


class _Server:
    """One UDP and one TCP socket on the same port, each served by a thread."""

    def __init__(self, script: Script) -> None:
        self._script = script
        self._udp, self._tcp = _socket_pair()
        self.port = self._udp.getsockname()[1]
        self.failure: BaseException | None = None
        self._threads = [threading.Thread(target=serve, daemon=True) for serve in (self._serve_udp, self._serve_tcp)]
        for thread in self._threads:
            thread.start()

    def close(self) -> None:
        for sock in (self._udp, self._tcp):
            with suppress(OSError):
                sock.shutdown(socket.SHUT_RDWR)  # wakes the thread that waits on it
            sock.close()
        for thread in self._threads:
            thread.join(2)

    def _wires(self, data: bytes, transport: str) -> list[bytes]:
        try:
            made = self._script(dns.message.from_wire(data), transport)
        except BaseException as error:
            self.failure = error
            return []
        return [] if made is None else made if isinstance(made, list) else [made]

    def _serve_udp(self) -> None:
        with suppress(OSError):
            while True:
                data, peer = self._udp.recvfrom(4096)
                if not data:
                    return
                for wire in self._wires(data, "udp"):
                    self._udp.sendto(wire, peer)

    def _serve_tcp(self) -> None:
        with suppress(OSError):
            while True:
                connection, _ = self._tcp.accept()
                with connection:
                    with connection.makefile("rb") as stream:
                        (length,) = struct.unpack("!H", stream.read(2))
                        query = stream.read(length)
                    for wire in self._wires(query, "tcp"):
                        with suppress(OSError):  # the client has gone
                            connection.sendall(struct.pack("!H", len(wire)) + wire)


@contextmanager
def scripted_server(script: Script) -> Iterator[str]:
    """Serve on a free port of loopback while the block runs; yields `IP#PORT`."""
    server = _Server(script)
    try:
        yield f"127.0.0.1#{server.port}"
    finally:
        server.close()
    if server.failure is not None:
        raise server.failure
