"""Where the service listens, and which protection this place needs.

A loopback address and a Unix socket can be reached from this machine only; the mode of the socket's file further limits
the users. Any other address needs tokens or mutual TLS, so that a wrong `--bind` never opens the service to a network.
"""

from __future__ import annotations

import ipaddress
from collections.abc import Iterator
from pathlib import Path

from msgspec import Struct

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
        """The address for people."""
        if self.unix is not None:
            return f"unix:{self.unix}"
        host = f"[{self.address}]" if ":" in self.address else self.address
        return f"{'http' if self.tls is None else 'https'}://{host}:{self.port}"

    def accepted_hosts(self, has_tokens: bool) -> frozenset[str] | None:
        """Return the values of the header Host to accept, without the port; None for every value.

        A token or a client certificate already proves that a request does not come from a web page of a stranger.
        """
        if self.unix is not None or has_tokens or not self.is_local:
            return None
        return _LOCAL_NAMES | {f"[{self.address}]" if ":" in self.address else self.address}


def listen_mistakes(listen: Listen, has_tokens: bool) -> Iterator[str]:
    """Yield why the service must not listen there."""
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
