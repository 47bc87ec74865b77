"""VDSM's getCapabilities, every generation since 4.9, becomes facts.

Source of the format: VDSM's API schema (types NetInfoNic, NetInfoBond, NetInfoVlan,
NetInfoBridgedNetwork, NetInfoBridgelessNetwork) and the replies of old versions. The maps `nics`,
`vlans`, `bondings`, `bridges` describe devices; `networks` says which logical network is on which.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from evaluator.diagnostic import Diagnostic, ReportCode, ReportError, Severity
from evaluator.facts.host import HostFacts
from evaluator.facts.link import Kind
from evaluator.finding import Finding, FindingCode, merge
from evaluator.frozen import dataclass
from evaluator.report.contradictions import contradictions
from evaluator.report.json_text import without_nulls
from evaluator.report.reading import Report, refuse_invalid
from evaluator.report.shapes import VDSM_ENVELOPES, VDSM_SCHEMA
from evaluator.report.vdsm_device import Carried, Device, link_of
from evaluator.report.vdsm_network import carried_networks
from evaluator.text import escaped, json_pointer, quote, quote_all

_DEVICE_MAPS = {"nics": Kind.PHYSICAL, "vlans": Kind.VLAN, "bondings": Kind.BOND, "bridges": Kind.BRIDGE}
_EXPECTED_MAPS = ("vlans", "bondings", "networks")
_TRUTH_KEYS = ("bridged", "dhcpv4", "dhcpv6", "ipv4defaultroute", "ipv6autoconf")
_CARRIES_NOTHING = Carried()
_HOST_FACTS = {"networks": "networks", "last_client_iface": "lastClientIface"}
# VDSM reports no operational state, and of the kinds only four
_LACKING = frozenset(
    {"nic is up", "nic is down"} | {f"nic is {kind}" for kind in Kind if kind not in _DEVICE_MAPS.values()}
)


@dataclass(frozen=True, slots=True)
class _Envelope:
    """The network part of a reply, in plain values, and the keys that lead to it."""

    path: tuple[str, ...]
    body: Mapping[str, Any]


def _unwrap(document: Mapping[str, Any]) -> _Envelope:
    if document.get("nics") is None:
        for key in VDSM_ENVELOPES:
            if document.get(key) is not None:
                return _Envelope((key,), _plain(document[key]))
    return _Envelope((), _plain(document))


def _plain(body: Mapping[str, Any]) -> Mapping[str, Any]:
    """Return a network part as if all generations wrote it alike: without nulls, truth values not as texts."""
    plain = {key: without_nulls(value) for key, value in body.items() if value is not None}
    for key in (*_DEVICE_MAPS, "networks"):
        if key in plain:
            plain[key] = {name: _with_truths(entry) for name, entry in plain[key].items()}
    return plain


def _with_truths(entry: Mapping[str, Any]) -> Mapping[str, Any]:
    """Return an entry with truth values for their texts: VDSM 4.9.5 and 4.9.6 send `"bridged": "True"`."""
    texts = {key: entry[key] for key in _TRUTH_KEYS if isinstance(entry.get(key), str)}
    return {**entry, **{key: text.lower() == "true" for key, text in texts.items()}} if texts else entry


def read(document: object) -> Report:
    """Return the report that a reply of VDSM's makes; ReportError with every problem where it is none."""
    _refuse_error_reply(document)
    refuse_invalid(document, VDSM_SCHEMA)
    assert isinstance(document, dict)  # noqa: S101 -- the schema has said so
    envelope = _unwrap(document)
    devices = _devices(envelope)
    _refuse_duplicate_names(devices)
    networks, network_findings = carried_networks(envelope.body.get("networks", {}), devices)
    links, findings = [], list(network_findings)
    described = frozenset(device.name for device in devices)
    for device in devices:
        link, problems = link_of(device, described, networks.get(device.name, _CARRIES_NOTHING))
        links.append(link)
        findings.extend(problems)
    facts = HostFacts(
        links=tuple(links),
        networks=tuple(sorted(envelope.body.get("networks", {}))),
        last_client_iface=envelope.body.get("lastClientIface") or None,
        lacking=_LACKING,
        pointers={
            word: json_pointer((*envelope.path, key)) for word, key in _HOST_FACTS.items() if key in envelope.body
        },
    )
    findings.extend(_missing_maps(envelope.body))
    findings.extend(contradictions(facts))
    return Report("vdsm", facts, merge(findings), document)


def _refuse_error_reply(document: object) -> None:
    for key in ("error", "status"):
        said = _error_of(document, key)
        if said:
            message = f"the reply is an error of the host: {quote(said)}"
            raise ReportError([Diagnostic(ReportCode.IS_ERROR_REPLY, message, f"/{key}")])


def _error_of(document: object, key: str) -> str:
    """Return what an error reply of JSON-RPC or XML-RPC says; nothing for a reply that has a body."""
    if not isinstance(document, dict) or any(document.get(key) is not None for key in ("nics", *VDSM_ENVELOPES)):
        return ""
    error = document.get(key)
    return str(error.get("message") or error.get("code", "")) if isinstance(error, dict) else ""


def _devices(envelope: _Envelope) -> tuple[Device, ...]:
    found: list[Device] = []
    for map_name, kind in _DEVICE_MAPS.items():
        place = json_pointer((*envelope.path, map_name))
        for name, data in envelope.body.get(map_name, {}).items():
            found.append(Device(name, kind, len(found), data, f"{place}/{escaped(name)}"))
    if "bridges" not in envelope.body:
        found.extend(_bridges_of_networks(envelope, {device.name for device in found}, len(found)))
    return tuple(found)


def _bridges_of_networks(envelope: _Envelope, described: set[str], position: int) -> Iterator[Device]:
    """VDSM 4.9 has no `bridges`: there each network is a bridge over its ports, unless it says otherwise.

    If several networks name one bridge, the one of its name describes it, else the first by name; the addresses of
    all of them are the bridge's.
    """
    networks: Mapping[str, Any] = envelope.body.get("networks", {})
    of_bridge: dict[str, list[str]] = {}
    for name, data in networks.items():
        bridge = data.get("iface") or name
        if data.get("bridged", True) and bridge not in described:
            of_bridge.setdefault(bridge, []).append(name)
    for bridge, names in of_bridge.items():
        name = bridge if bridge in names else min(names)
        ports = sorted({port for one in names for port in networks[one].get("ports", ())})
        data = {**networks[name], "ports": ports}
        pointers = {one: json_pointer((*envelope.path, "networks", one)) for one in names}
        others = tuple((networks[one], pointers[one]) for one in sorted(names) if one != name)
        yield Device(bridge, Kind.BRIDGE, position, data, pointers[name], others)
        position += 1


def _refuse_duplicate_names(devices: tuple[Device, ...]) -> None:
    if len({device.name for device in devices}) == len(devices):
        return
    places: dict[str, list[str]] = {}
    for device in devices:
        places.setdefault(device.name, []).append(device.pointer)
    problems = [
        Diagnostic(
            ReportCode.NAME_TWICE,
            f"{quote(name)} stands in {len(pointers)} maps: {quote_all(pointers)}",
            pointers[-1],
            hint="an interface is one thing: a nic, a vlan, a bond or a bridge",
        )
        for name, pointers in places.items()
        if len(pointers) > 1
    ]
    if problems:
        raise ReportError(problems)


def _missing_maps(body: Mapping[str, Any]) -> Iterator[Finding]:
    for name in _EXPECTED_MAPS:
        if name not in body:
            yield Finding(
                FindingCode.REPORT_LACKS_MAP,
                Severity.WARNING,
                f"the report has no {quote(name)}, which every VDSM sends; interfaces may be missing",
                hint="did the sender mean `bondings` by `bonds`?" if name == "bondings" and "bonds" in body else "",
            )
