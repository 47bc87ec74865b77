"""The settings of the service, as plain values: options of the command, or arguments of a program that embeds it."""

from __future__ import annotations

from pathlib import Path

from msgspec import Struct

from evaluator.names.config import DEFAULT_TIMEOUT

MIB = 1024 * 1024


class Limits(Struct, frozen=True):
    """The limits for requests.

    `body` is the largest body of a request in bytes. The default allows a report of 32 MiB, and 1 MiB for the other
    members of the question. In a batch, `body` limits each line, not the whole body. `bodies` limits the bytes of all
    bodies that are in memory at one time. `requests` is the number of requests that are handled at one time. `seconds`
    is the time for one request, from its headers to its answer. In a batch, the service reads, decides and answers one
    group of lines after another, and `seconds` is the time for each of these steps.
    """

    body: int = 33 * MIB
    bodies: int = 256 * MIB
    requests: int = 256
    seconds: float = 30.0


class Lookup(Struct, frozen=True):
    """How a host name is resolved if the question contains no DNS answers: arguments of `resolve_host_async`."""

    servers: tuple[str, ...] = ()
    timeout: float = DEFAULT_TIMEOUT
    hosts_file: Path | None = None


class Settings(Struct, frozen=True):
    """Everything that the application needs.

    `policies` are policy files and folders. `default_policy` decides questions that name no policy. `log` is the file
    of the decision log, and `writes_records` means that records are written to standard output instead. `tokens` is a
    file of tokens. `hosts` are the accepted values of the header Host; None accepts every value.
    """

    policies: tuple[Path, ...] = ()
    policy_path: tuple[Path, ...] = ()
    default_policy: str = "strict"
    log: Path | None = None
    sign_key: Path | None = None
    writes_records: bool = False
    tokens: Path | None = None
    hosts: frozenset[str] | None = None
    lookup: Lookup = Lookup()
    limits: Limits = Limits()
