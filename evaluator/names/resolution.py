"""Write the `resolution` document of a lookup, and replay the lookup from it without a network.

The replay trusts only the raw DNS responses in the stored document. It parses these responses again and builds a new
document from the result. If the new document differs from the stored document, the stored document is damaged. A
document does not contain the hosts file, only the entry for the name and the digest of the file.
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
from evaluator.names.freeze import NameAnswers, freeze, freeze_loopback
from evaluator.names.host_name import HostName, read_host_name
from evaluator.names.hosts_file import HostsEntry
from evaluator.names.lookup import Family

_SCHEMA = "decision#resolution"


def loopback_document(name: HostName) -> dict[str, object]:
    """Return the document of a name that is resolved without a lookup, such as `localhost`."""
    return _document(NameAnswers(name, None, (), require_complete=False), "localhost", None, (), {})


def dns_document(
    answers: NameAnswers, config: ResolverConfig, exchanges: Sequence[Exchange], libraries: Mapping[str, str]
) -> dict[str, object]:
    """Return the document of a lookup. The document contains everything that a replay without a network needs."""
    return _document(answers, answers.source, config.to_dict(), exchanges, libraries)


def from_resolution(resolution: Mapping[str, Any]) -> HostAddresses:
    """Return the addresses of a stored `resolution`. Its raw responses are parsed again, without a network.

    Raises HostNameError if the document is invalid, or if a member differs from the raw responses.
    """
    _refuse_invalid(resolution)
    name = read_host_name(resolution["asked"])
    if not isinstance(name, HostName):
        raise _refusal(f"{quote(resolution['asked'])} is an address literal, which has no resolution")
    if name.is_localhost:
        replayed = loopback_document(name)
        host = freeze_loopback(name, replayed)
    else:
        replayed, host = _replay(name, resolution)
    for key, value in replayed.items():
        if resolution[key] != value:
            raise _refusal(f"the member {quote(key)} differs from the raw responses", f"/{key}")
    return host


def _refuse_invalid(resolution: Mapping[str, Any]) -> None:
    try:
        document = plain.loads(plain.dumps(resolution))
    except (TypeError, ValueError) as error:
        raise _refusal(f"it is not JSON: {error}") from None
    if not is_valid(document, _SCHEMA):
        raise HostNameError(
            Diagnostic(HostNameCode.RESOLUTION_INVALID, error.message, error.pointer)
            for error in violations(document, _SCHEMA)
        )


def _replay(name: HostName, resolution: Mapping[str, Any]) -> tuple[dict[str, object], HostAddresses]:
    from evaluator.names.dns import rebuild  # noqa: PLC0415 -- imports dnspython

    config = resolution["config"]
    if config is None or config["sha256"] != digest_of(config):
        raise _refusal("the configuration is missing or was altered", "/config")
    try:
        hosts = _hosts_entry(resolution["hosts"])
        exchanges = [Exchange.from_dict(query) for query in resolution["queries"]]
        families = rebuild(name.ascii, exchanges, had_servers=bool(config["servers"]))
        answers = NameAnswers(name, hosts, families, resolution["require_complete"])
        replayed = _document(answers, answers.source, config, exchanges, resolution["libraries"])
    except (ValueError, TypeError, OverflowError) as error:
        raise _refusal(f"the lookup cannot be replayed: {error}") from None
    return replayed, freeze(answers, replayed)


def _refusal(message: str, place: str = "") -> HostNameError:
    return HostNameError([Diagnostic(HostNameCode.RESOLUTION_INVALID, f"the resolution is damaged: {message}", place)])


def _hosts_entry(document: Mapping[str, Any] | None) -> HostsEntry | None:
    if document is None:
        return None
    addresses = tuple(parse_address(text) for text in document["addresses"])
    return HostsEntry(addresses, tuple(document["lines"]), document["sha256"], tuple(document["malformed"]))


def _document(
    answers: NameAnswers,
    source: str,
    config: Mapping[str, object] | None,
    exchanges: Sequence[Exchange],
    libraries: Mapping[str, str],
) -> dict[str, object]:
    return {
        "asked": answers.name.asked,
        "ascii": answers.name.ascii,
        "unicode": answers.name.unicode,
        "source": source,
        "require_complete": answers.require_complete,
        "config": None if config is None else {key: config[key] for key in CONFIG_KEYS if key in config},
        "hosts": None if answers.hosts is None else answers.hosts.to_dict(),
        "families": [family.to_dict() for family in answers.families],
        "queries": [exchange.to_dict() for exchange in exchanges],
        "valid_until": _valid_until(answers.families, exchanges),
        "libraries": dict(sorted(libraries.items())),
    }


def _valid_until(families: Sequence[Family], exchanges: Sequence[Exchange]) -> str | None:
    """Return the time when the first DNS record expires; None without records.

    The TTL of each record is counted from the first query.
    """
    ttls = [family.least_ttl for family in families if family.least_ttl is not None]
    if not ttls:
        return None
    first_query = min(datetime.fromisoformat(exchange.started) for exchange in exchanges)
    return (first_query + timedelta(seconds=min(ttls))).isoformat(timespec="milliseconds")
