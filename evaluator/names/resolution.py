"""The document that says how a name was resolved, and the way back from it without a network.

What DNS said is not believed but read again from the raw responses, and whatever the document says
besides must be what comes out. Of a hosts file the document keeps what was read, and its digest.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta
from typing import Any

from evaluator.base import json_values as plain
from evaluator.base.diagnostic import Diagnostic, HostNameCode, HostNameError
from evaluator.base.schema import is_valid, violations
from evaluator.base.text import quote
from evaluator.facts.address import parse_address
from evaluator.facts.host_addresses import HostAddresses
from evaluator.names.config import CONFIG_KEYS, ResolverConfig, digest_of
from evaluator.names.exchange import Exchange
from evaluator.names.freeze import Found, freeze, freeze_loopback
from evaluator.names.host_name import HostName, read_host_name
from evaluator.names.hosts_file import HostsEntry
from evaluator.names.lookup import Family

_SCHEMA = "decision#resolution"


def loopback_document(name: HostName) -> dict[str, object]:
    """Return the document of a name that is never asked for."""
    return _document(Found(name, None, (), require_complete=False), "localhost", None, (), {})


def dns_document(
    found: Found, config: ResolverConfig, exchanges: Sequence[Exchange], libraries: Mapping[str, str]
) -> dict[str, object]:
    """Return how the name was resolved, enough to do it again without a network."""
    return _document(found, found.source, config.to_dict(), exchanges, libraries)


def from_resolution(resolution: Mapping[str, Any]) -> HostAddresses:
    """Return the addresses that a kept `resolution` holds, read again from its raw responses; no network.

    HostNameError where it is damaged, or says anything that its raw responses do not.
    """
    _refuse_invalid(resolution)
    name = read_host_name(resolution["asked"])
    if not isinstance(name, HostName):
        raise _refusal(f"{quote(resolution['asked'])} is a literal and has no resolution")
    if name.is_localhost:
        again = loopback_document(name)
        host = freeze_loopback(name, again)
    else:
        again, host = _look_again(name, resolution)
    for key, value in again.items():
        if resolution[key] != value:
            raise _refusal(f"its {quote(key)} is not what its raw responses give", f"/{key}")
    return host


def _refuse_invalid(resolution: Mapping[str, Any]) -> None:
    try:
        given = plain.loads(plain.dumps(resolution))
    except (TypeError, ValueError) as error:
        raise _refusal(f"it is no JSON: {error}") from None
    if not is_valid(given, _SCHEMA):
        raise HostNameError(
            Diagnostic(HostNameCode.RESOLUTION_INVALID, f"{one.found} stands where {one.expected} belongs", one.pointer)
            for one in violations(given, _SCHEMA)
        )


def _look_again(name: HostName, resolution: Mapping[str, Any]) -> tuple[dict[str, object], HostAddresses]:
    from evaluator.names.dns import rebuild  # noqa: PLC0415 -- dnspython, only where DNS was asked

    config = resolution["config"]
    if config is None or config["sha256"] != digest_of(config):
        raise _refusal("it does not say whom it asked, or not what it said first", "/config")
    try:
        hosts = _hosts_entry(resolution["hosts"])
        exchanges = [Exchange.from_dict(query) for query in resolution["queries"]]
        families = rebuild(name.ascii, exchanges, had_servers=bool(config["servers"]))
        found = Found(name, hosts, families, resolution["require_complete"])
        again = _document(found, found.source, config, exchanges, resolution["libraries"])
    except (ValueError, TypeError, OverflowError) as error:
        raise _refusal(f"it cannot be read again: {error}") from None
    return again, freeze(found, again)


def _refusal(message: str, place: str = "") -> HostNameError:
    return HostNameError([Diagnostic(HostNameCode.RESOLUTION_INVALID, f"the resolution is damaged: {message}", place)])


def _hosts_entry(kept: Mapping[str, Any] | None) -> HostsEntry | None:
    if kept is None:
        return None
    addresses = tuple(parse_address(text) for text in kept["addresses"])
    return HostsEntry(addresses, tuple(kept["lines"]), kept["sha256"], tuple(kept["malformed"]))


def _document(
    found: Found,
    source: str,
    config: Mapping[str, object] | None,
    exchanges: Sequence[Exchange],
    libraries: Mapping[str, str],
) -> dict[str, object]:
    return {
        "asked": found.name.asked,
        "ascii": found.name.ascii,
        "unicode": found.name.unicode,
        "source": source,
        "require_complete": found.require_complete,
        "config": None if config is None else {key: config[key] for key in CONFIG_KEYS if key in config},
        "hosts": None if found.hosts is None else found.hosts.to_dict(),
        "families": [family.to_dict() for family in found.families],
        "queries": [exchange.to_dict() for exchange in exchanges],
        "valid_until": _valid_until(found.families, exchanges),
        "libraries": dict(sorted(libraries.items())),
    }


def _valid_until(families: Sequence[Family], exchanges: Sequence[Exchange]) -> str | None:
    """Return when the first record ends, counted from the first question."""
    ttls = [family.least_ttl for family in families if family.least_ttl is not None]
    if not ttls:
        return None
    began = min(datetime.fromisoformat(exchange.started) for exchange in exchanges)
    return (began + timedelta(seconds=min(ttls))).isoformat(timespec="milliseconds")
