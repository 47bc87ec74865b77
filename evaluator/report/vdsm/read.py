"""Reads the reply to VDSM's getCapabilities. All versions since 4.9 are supported.

Source of the format: VDSM's API schema (types NetInfoNic, NetInfoBond, NetInfoVlan, NetInfoBridgedNetwork,
NetInfoBridgelessNetwork) and the replies of old versions. The maps `nics`, `vlans`, `bondings` and `bridges` describe
devices. The map `networks` describes logical networks, each with the device that it is on.
"""

from __future__ import annotations

from collections.abc import Mapping
from functools import partial
from typing import Any

import msgspec

from evaluator.base.checked_cast import checked_cast
from evaluator.base.diagnostic import Diagnostic, ReportCode, ReportError
from evaluator.base.text import quote, quote_all
from evaluator.facts.host import HostFacts
from evaluator.facts.table import table_of
from evaluator.report.json_text import plain_copy
from evaluator.report.reading import Reading, convert_or_none, decode_or_none, normalized, refuse_invalid
from evaluator.report.shapes import VDSM_ENVELOPES, VDSM_SCHEMA
from evaluator.report.vdsm.entry import MAPS
from evaluator.report.vdsm.findings import findings
from evaluator.report.vdsm.link import UNSUPPORTED_WORDS, VdsmHost
from evaluator.report.vdsm.wire import Capabilities, Nic, Parts, Reply

__all__ = ["UNSUPPORTED_WORDS", "read", "read_text"]

_TRUTH_KEYS = ("bridged", "dhcpv4", "dhcpv6", "ipv4defaultroute", "ipv6autoconf")
_REPLIES = msgspec.json.Decoder(Reply)


def read_text(text: bytes) -> Reading | None:
    """Return the facts in the text of a reply.

    The result is None if the typed decoder refuses the text, or if the text can be in another format.
    """
    reply = decode_or_none(_REPLIES, text)
    if reply is None:
        return None
    if reply.nics is not None:
        return _reading(reply, reply.nics, ())
    if reply.result is not None:
        return _reading(reply.result, reply.result.nics, ("result",))
    return None if reply.info is None else _reading(reply.info, reply.info.nics, ("info",))


def read(document: object) -> Reading:
    """Return the facts of a host. The reply is given as a plain value.

    Raises ReportError, with every problem, if the reply is invalid.
    """
    path = _path_to_body(document)
    body = checked_cast(document, dict)[path[0]] if path else document
    capabilities = _convert_directly(document, body) or _validate_and_convert(plain_copy(document), path)
    return _reading(capabilities, capabilities.nics, path)


def _convert_directly(document: object, body: object) -> Capabilities | None:
    """Return the network part of a reply; None if the typed decoder refuses the reply."""
    is_valid = isinstance(document, dict) and (body is document or _is_valid_envelope(document))
    return convert_or_none(body, Capabilities) if is_valid else None


def _validate_and_convert(document: object, path: tuple[str, ...]) -> Capabilities:
    """Validate a reply with the schema, and return its network part.

    Raises ReportError, with every problem, if the schema refuses the reply.
    """
    _refuse_error_reply(document)
    refuse_invalid(document, VDSM_SCHEMA)
    body = checked_cast(normalized(checked_cast(document, dict)[path[0]] if path else document), dict)
    for key in (*MAPS.values(), "networks"):
        if key in body:
            body[key] = {name: _with_truths(entry) for name, entry in body[key].items()}
    return msgspec.convert(_with_truths(body), Capabilities)


def _path_to_body(document: object) -> tuple[str, ...]:
    """Return the path of the network part: empty, `result` or `info`."""
    if not isinstance(document, dict) or document.get("nics") is not None:
        return ()
    return next(((key,) for key in VDSM_ENVELOPES if document.get(key) is not None), ())


def _is_valid_envelope(document: Mapping[str, Any]) -> bool:
    """Return whether the members of an envelope, except the network part, are valid by the schema."""
    return isinstance(document.get("jsonrpc"), str | None) and isinstance(document.get("status"), dict | None)


def _with_truths(entry: dict[str, Any]) -> dict[str, Any]:
    """Return an entry in which booleans replace texts such as `"True"` and `"false"`, in capital or small letters."""
    texts = {key: entry[key] for key in (*_TRUTH_KEYS, "supportsIPv6") if isinstance(entry.get(key), str)}
    return {**entry, **{key: text.lower() == "true" for key, text in texts.items()}} if texts else entry


def _reading(body: Parts, nics: dict[str, Nic], path: tuple[str, ...]) -> Reading:
    host = VdsmHost(body, nics, path)
    if len(host.devices) < sum(map(len, host.maps)):
        _refuse_duplicate_names(host)
    facts = HostFacts(host, table_of(host.address_texts()))
    return Reading(facts, partial(findings, host, facts))


def _refuse_error_reply(document: object) -> None:
    for key in ("error", "status"):
        error = _error_of(document, key)
        if error:
            message = f"the reply is an error message of the host: {quote(error)}"
            raise ReportError([Diagnostic(ReportCode.IS_ERROR_REPLY, message, f"/{key}")])


def _error_of(document: object, key: str) -> str:
    """Return the message of an error reply of JSON-RPC or XML-RPC; empty if the reply has a body."""
    if not isinstance(document, dict) or any(document.get(key) is not None for key in ("nics", *VDSM_ENVELOPES)):
        return ""
    error = document.get(key)
    return str(error.get("message") or error.get("code", "")) if isinstance(error, dict) else ""


def _refuse_duplicate_names(host: VdsmHost) -> None:
    places: dict[str, list[str]] = {}
    for devices in host.maps:
        for name, entry in devices.items():
            places.setdefault(name, []).append(host.pointer(name, entry))
    problems = [
        Diagnostic(
            ReportCode.NAME_TWICE,
            f"{quote(name)} is in {len(pointers)} maps: {quote_all(pointers)}",
            pointers[-1],
            hint="an interface can be in one map only: `nics`, `vlans`, `bondings` or `bridges`",
        )
        for name, pointers in places.items()
        if len(pointers) > 1
    ]
    if problems:
        raise ReportError(problems)
