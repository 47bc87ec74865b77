"""The address on which the service listens, and the protection that this address needs.

A loopback address and a Unix socket can be reached only from this machine. The mode of a Unix socket's file also
determines which users can connect. Any other address needs tokens or mutual TLS, so that a wrong `--bind` never opens
the service to everybody in a network.
"""

from __future__ import annotations

import ipaddress
import socket
import ssl
from collections.abc import Iterator
from pathlib import Path

from msgspec import Struct

from evaluator.audit.log.ownership import key_warnings
from evaluator.base.diagnostic import Diagnostic, QuestionError, Severity
from evaluator.base.text import quote_path, reason_of

_TOKENS_IN_CLEAR = Diagnostic(
    "TOKENS_WITHOUT_TLS",
    "tokens are sent over the network without encryption",
    hint="give `--tls-cert` and `--tls-key`, or put the service behind a proxy with TLS",
    severity=Severity.WARNING,
)
_LOCAL_NAMES = frozenset({"localhost", "127.0.0.1", "[::1]"})


class Tls(Struct, frozen=True):
    """The files of TLS: the certificate, its key, and the certificate authorities of clients (mutual TLS)."""

    cert: Path
    key: Path
    client_ca: Path | None = None


class Listen(Struct, frozen=True):
    """An address and a port, or the path of a Unix socket."""

    address: str = "127.0.0.1"
    port: int = 8181
    unix: Path | None = None
    tls: Tls | None = None

    @property
    def is_local(self) -> bool:
        """Whether only this machine can reach the service."""
        return self.unix is not None or ipaddress.ip_address(self.address).is_loopback

    @property
    def url(self) -> str:
        """The address as it is printed."""
        if self.unix is not None:
            return f"unix:{self.unix}"
        host = f"[{self.address}]" if ":" in self.address else self.address
        return f"{'http' if self.tls is None else 'https'}://{host}:{self.port}"

    def accepted_hosts(self, has_tokens: bool) -> frozenset[str] | None:
        """Return the accepted values of the header Host, without the port; None if every value is accepted.

        Checking this header refuses requests from web pages of another origin (DNS rebinding). The check is not needed
        if every request must have a token or a client certificate, because such a page has neither.
        """
        if self.unix is not None or has_tokens or not self.is_local:
            return None
        return _LOCAL_NAMES | {f"[{self.address}]" if ":" in self.address else self.address}


def listen_mistakes(listen: Listen, has_tokens: bool) -> Iterator[str]:
    """Yield the reasons why the service must not listen on an address."""
    if listen.unix is None:
        try:
            ipaddress.ip_address(listen.address)
        except ValueError:
            yield f"`--bind` must be an IP address, not `{listen.address}`"
            return
    has_mutual_tls = listen.tls is not None and listen.tls.client_ca is not None
    if not listen.is_local and not has_tokens and not has_mutual_tls:
        yield (
            f"`--bind {listen.address}` opens the service to a network: give `--token-file`, or `--tls-client-ca` with "
            "`--tls-cert` and `--tls-key`"
        )


def prepare(listen: Listen, has_tokens: bool) -> tuple[Diagnostic, ...]:
    """Check that the service can listen on an address, and return warnings.

    A Unix socket that no server uses any more is removed. The check is necessary, because granian does not notice
    another server on its port: it opens the port in a mode in which several processes can share it.

    Raises QuestionError if the address is in use, or if a file of TLS cannot be read.
    """
    _require_tls_files(listen.tls)
    try:
        _require_free_port(listen) if listen.unix is None else _require_free_path(listen.unix)
    except OSError as error:
        message = f"cannot listen on {listen.url}: {reason_of(error)}"
        raise QuestionError([Diagnostic("ADDRESS_IN_USE", message)]) from None
    if listen.tls is not None:
        return key_warnings(listen.tls.key)
    return (_TOKENS_IN_CLEAR,) if has_tokens and not listen.is_local else ()


def _require_free_port(listen: Listen) -> None:
    family = socket.AF_INET6 if ":" in listen.address else socket.AF_INET
    with socket.socket(family) as trial:
        trial.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        trial.bind((listen.address, listen.port))


def _require_free_path(path: Path) -> None:
    if not (path.exists() or path.is_symlink()):
        return
    if not path.is_socket():
        raise OSError("the path is a file that is not a socket")
    with socket.socket(socket.AF_UNIX) as trial:
        try:
            trial.connect(str(path))
        except ConnectionRefusedError:
            path.unlink()
        else:
            raise OSError("another server listens on this socket")


def _require_tls_files(tls: Tls | None) -> None:
    """Raise QuestionError if a file of TLS cannot be read, or if the key does not belong to the certificate."""
    if tls is None:
        return
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    problems: list[Diagnostic] = []
    for path in filter(None, (tls.cert, tls.key, tls.client_ca)):
        try:
            path.read_bytes()
        except OSError as error:
            message = f"the file {quote_path(path)} cannot be read: {reason_of(error)}"
            problems.append(Diagnostic("TLS_UNREADABLE", message))
    if not problems:
        try:
            context.load_cert_chain(tls.cert, tls.key, password=lambda: "")
            if tls.client_ca is not None:
                context.load_verify_locations(tls.client_ca)
        except (ssl.SSLError, ValueError) as error:
            reason = getattr(error, "reason", None) or str(error)
            problems.append(Diagnostic("TLS_UNREADABLE", f"the certificate, key or authorities are invalid: {reason}"))
    if problems:
        raise QuestionError(problems)
