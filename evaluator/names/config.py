"""The configuration of a lookup: the name servers and the timeout, from options or from `/etc/resolv.conf`.

This module sends no query and imports no DNS library. All problems of the options are reported together.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path

from msgspec import Struct

from evaluator.base import json_values as plain
from evaluator.base.diagnostic import Diagnostic, HostNameCode, HostNameError
from evaluator.base.files import read_regular
from evaluator.base.text import quote
from evaluator.facts.address import Address, parse_address
from evaluator.facts.literal import parse_literal

DEFAULT_TIMEOUT = 5.0
EDNS_PAYLOAD = 1232
CONFIG_KEYS = (
    "servers",
    "timeout",
    "source",
    "search",
    "cache",
    "edns_payload",
    "sha256",
)  # the members of the document of a configuration, in order
MOST_SERVERS = 8
_LONGEST_TIMEOUT = 300.0
_SYSTEM_SERVERS = 3  # the limit of the C library, see resolv.conf(5)
_SYSTEM_FILE = Path("/etc/resolv.conf")
_PORT = 53


class Server(Struct, frozen=True):
    """A name server. `zone` is the interface of a link-local address, and empty for other addresses."""

    address: Address
    port: int = _PORT
    zone: str = ""

    def __str__(self) -> str:
        zone = f"%{self.zone}" if self.zone else ""
        return f"{self.address}{zone}#{self.port}"


class ResolverConfig(Struct, frozen=True):
    """The name servers in order, the seconds for the whole lookup, and the source: `given` or `system`."""

    servers: tuple[Server, ...]
    timeout: float
    source: str

    def to_dict(self) -> dict[str, object]:
        """Return the configuration as JSON-ready data, with its digest."""
        document: dict[str, object] = {
            "servers": [str(server) for server in self.servers],
            "timeout": str(self.timeout),
            "source": self.source,
            "search": False,
            "cache": False,
            "edns_payload": EDNS_PAYLOAD,
        }
        return {**document, "sha256": digest_of(document)}


def digest_of(document: Mapping[str, object]) -> str:
    """Return the SHA-256 of the document of a configuration, computed without the member `sha256`."""
    import hashlib  # noqa: PLC0415 -- only for a lookup

    content = {key: value for key, value in document.items() if key != "sha256"}
    return hashlib.sha256(plain.dumps_sorted(content)).hexdigest()


def read_config(servers: Sequence[str], timeout: float) -> ResolverConfig:
    """Return the configuration of the options.

    `servers` are at most eight texts `IP` or `IP#PORT`; an IPv6 address may be in brackets. Without `servers`, the name
    servers of the system are used. `timeout` is in seconds, more than 0 and at most 300. Raises HostNameError, with all
    problems, if an option is invalid.
    """
    problems = list(_timeout_problems(timeout))
    listed = [servers] if isinstance(servers, str) else servers
    if not isinstance(listed, list | tuple):
        problems.append(Diagnostic(HostNameCode.SERVER_INVALID, f"{quote(str(servers))} is not a list of name servers"))
        listed = ()
    parsed = []
    for text in listed:
        try:
            parsed.append(_read_server(text))
        except (ValueError, TypeError):
            hint = "write IP or IP#PORT; a link-local address needs its interface, as in fe80::1%eth0"
            message = f"{quote(str(text))} is not a valid name server"
            problems.append(Diagnostic(HostNameCode.SERVER_INVALID, message, hint=hint))
    if len(listed) > MOST_SERVERS:
        message = f"{len(listed)} name servers were given; at most {MOST_SERVERS} are allowed"
        problems.append(Diagnostic(HostNameCode.SERVER_INVALID, message))
    if problems:
        raise HostNameError(problems)
    return ResolverConfig(tuple(parsed), timeout, "given") if listed else system_config(timeout)


def system_config(timeout: float, file: Path = _SYSTEM_FILE) -> ResolverConfig:
    """Return the first three valid name servers of resolv.conf(5). A missing file counts as an empty file."""
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
        message = f"the timeout of {quote(str(timeout))} seconds is not between 0 and {_LONGEST_TIMEOUT:.0f}"
        yield Diagnostic(HostNameCode.TIMEOUT_INVALID, message)


def _read_server(text: str) -> Server:
    if not isinstance(text, str):
        raise TypeError("a name server must be a string")
    host, mark, port = text.partition("#")
    number = _PORT
    if mark:
        if not (port.isascii() and port.isdigit() and len(port) <= 5 and 0 < int(port) < 65536):
            raise ValueError("invalid port")
        number = int(port)
    parse_literal(host)
    address, _, zone = host.removeprefix("[").removesuffix("]").partition("%")
    return Server(parse_address(address), number, zone)
