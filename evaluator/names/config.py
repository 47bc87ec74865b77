"""Whom to ask for a name and for how long: read from the caller's options or the system's own file.

Nothing here is asked yet, and no DNS library is needed; every problem of the options is reported at once.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path

from msgspec import Struct

from evaluator.base.diagnostic import Diagnostic, HostNameCode, HostNameError
from evaluator.base.files import read_regular
from evaluator.base.text import quote
from evaluator.facts.address import Address, parse_address
from evaluator.facts.literal import parse_literal

DEFAULT_TIMEOUT = 5.0
EDNS_PAYLOAD = 1232
CONFIG_KEYS = ("servers", "timeout", "source", "search", "cache", "edns_payload", "sha256")  # of its document, in order
MOST_SERVERS = 8
_LONGEST_TIMEOUT = 300.0
_SYSTEM_SERVERS = 3  # as many as the C library reads, resolv.conf(5)
_SYSTEM_FILE = Path("/etc/resolv.conf")
_PORT = 53


class Server(Struct, frozen=True):
    """A name server; `zone` is the interface of a link-local address."""

    address: Address
    port: int = _PORT
    zone: str = ""

    def __str__(self) -> str:
        zone = f"%{self.zone}" if self.zone else ""
        return f"{self.address}{zone}#{self.port}"


class ResolverConfig(Struct, frozen=True):
    """Whom to ask and for how long, in seconds for everything together."""

    servers: tuple[Server, ...]
    timeout: float
    source: str

    def to_dict(self) -> dict[str, object]:
        """Return the configuration as JSON-ready data, with its digest."""
        said: dict[str, object] = {
            "servers": [str(server) for server in self.servers],
            "timeout": str(self.timeout),
            "source": self.source,
            "search": False,
            "cache": False,
            "edns_payload": EDNS_PAYLOAD,
        }
        return {**said, "sha256": digest_of(said)}


def digest_of(said: Mapping[str, object]) -> str:
    """Return the SHA-256 of a configuration's document, its digest left out."""
    import hashlib  # noqa: PLC0415 -- only where something was asked

    from evaluator.base import json_values as plain  # noqa: PLC0415 -- as above

    bare = {key: value for key, value in said.items() if key != "sha256"}
    return hashlib.sha256(plain.dumps_sorted(bare)).hexdigest()


def read_config(servers: Sequence[str], timeout: float) -> ResolverConfig:
    """Return the configuration that the options say; HostNameError with everything that is wrong with them.

    `servers` are `IP` or `IP#PORT`, an IPv6 address in brackets or not, at most eight; none means the
    system's. `timeout` is in seconds.
    """
    problems = list(_timeout_problems(timeout))
    listed = [servers] if isinstance(servers, str) else servers
    if not isinstance(listed, list | tuple):
        problems.append(Diagnostic(HostNameCode.SERVER_INVALID, f"{quote(str(servers))} is no list of name servers"))
        listed = ()
    found = []
    for text in listed:
        try:
            found.append(_read_server(text))
        except (ValueError, TypeError):
            hint = "write IP or IP#PORT; a link-local address with its interface, as in fe80::1%eth0"
            message = f"{quote(str(text))} is no name server"
            problems.append(Diagnostic(HostNameCode.SERVER_INVALID, message, hint=hint))
    if len(listed) > MOST_SERVERS:
        message = f"{len(listed)} name servers are given; at most {MOST_SERVERS} are asked within one deadline"
        problems.append(Diagnostic(HostNameCode.SERVER_INVALID, message))
    if problems:
        raise HostNameError(problems)
    return ResolverConfig(tuple(found), timeout, "given") if listed else system_config(timeout)


def system_config(timeout: float, file: Path = _SYSTEM_FILE) -> ResolverConfig:
    """Return the servers of resolv.conf(5), the first three; what cannot be read there is passed over."""
    try:
        lines = read_regular(file).decode("utf-8", errors="replace").splitlines()
    except OSError:
        lines = []
    return ResolverConfig(tuple(_servers_in(lines))[:_SYSTEM_SERVERS], timeout, "system")


def _servers_in(lines: Iterable[str]) -> Iterable[Server]:
    for line in lines:
        word, *rest = line.split() or [""]
        if word == "nameserver" and rest:
            try:
                yield _read_server(rest[0])
            except ValueError:
                continue


def _timeout_problems(timeout: float) -> Iterable[Diagnostic]:
    is_number = isinstance(timeout, int | float) and not isinstance(timeout, bool)
    if not is_number or not 0 < timeout <= _LONGEST_TIMEOUT:
        message = f"the time-out of {quote(str(timeout))} seconds is not between 0 and {_LONGEST_TIMEOUT:.0f}"
        yield Diagnostic(HostNameCode.TIMEOUT_INVALID, message)


def _read_server(text: str) -> Server:
    if not isinstance(text, str):
        raise TypeError("a server is a text")
    body, mark, port = text.partition("#")
    number = _PORT
    if mark:
        if not (port.isascii() and port.isdigit() and len(port) <= 5 and 0 < int(port) < 65536):
            raise ValueError("no port")
        number = int(port)
    parse_literal(body)
    bare, _, zone = body.removeprefix("[").removesuffix("]").partition("%")
    return Server(parse_address(bare), number, zone)
