"""Reads the network facts of Ansible's `setup` module.

Source of the format: the facts that ansible-core 2.19 gathered on test hosts, and its source code. Ansible reads /sys
and the text output of `ip addr`. Ansible recognizes bonds and bridges, and gives nearly all other interfaces the type
`ether`. So VLANs, macvlans and Open vSwitch bridges have no kind and no lower device in the facts. Ansible also lists
all addresses and all interfaces. If an address or an interface is in these lists but has no other facts, the reader
yields a finding.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from functools import partial
from typing import Any, NamedTuple

import msgspec

from evaluator.base.diagnostic import Diagnostic, ReportCode, ReportError, Severity
from evaluator.base.finding import Finding, FindingCode, incomplete
from evaluator.base.text import escaped, json_pointer, quote
from evaluator.facts.address import Address
from evaluator.facts.host import HostFacts
from evaluator.facts.link import Kind
from evaluator.facts.table import table_of
from evaluator.report.ansible import wire
from evaluator.report.ansible.link import (
    UNSUPPORTED_WORDS,
    AnsibleHost,
    Device,
    Gateway,
    Part,
    device_findings,
    entries_in,
    kind_of,
)
from evaluator.report.ansible.system import KEYS as SYSTEM_KEYS
from evaluator.report.ansible.system import refuse_other_system
from evaluator.report.common import device_not_reported, read_gateway
from evaluator.report.consistency import consistency_findings
from evaluator.report.json_text import parse_json_without_duplicates, plain_copy
from evaluator.report.owned import AddressEntry, read_owned
from evaluator.report.reading import (
    Reading,
    convert_or_none,
    decode_or_none,
    normalized,
    refuse_invalid,
    refuse_names_twice,
)
from evaluator.report.shapes import ANSIBLE_PAYLOAD, ANSIBLE_PREFIX, ANSIBLE_WRAPPER

__all__ = ["UNSUPPORTED_WORDS", "read", "read_text"]

SCHEMA = "ansible-facts"
_ALL_LISTS = ("all_ipv4_addresses", "all_ipv6_addresses")
_DEFAULTS = ("default_ipv4", "default_ipv6")
_NO_INTERFACES = frozenset({"interfaces", "locally_reachable_ips", "local", *_DEFAULTS, *_ALL_LISTS})
_LONGEST_IFNAME = 15
_BEGINNING = 256  # the wrapper is searched in so many octets at the beginning of a text
_FACTS = msgspec.json.Decoder(wire.Facts)
_PLAYS = msgspec.json.Decoder(wire.Play)
_NO_DEFAULT = wire.Fact()
_TEXT = {str}


class _Facts(NamedTuple):
    """The facts, their path in the document, and the prefix of their names: `ansible_` or empty."""

    path: tuple[str, ...]
    prefix: str
    body: wire.Facts

    def get(self, name: str) -> object:
        """Return the fact with this name (without the prefix); None if the fact is missing."""
        return self.body.get(self.prefix + name)

    def texts(self, name: str) -> Sequence[str]:
        """Return the strings in a fact that is a list. If the fact is missing or not a list, the result is empty."""
        fact = self.get(name)
        return [text for text in fact if isinstance(text, str)] if isinstance(fact, list) else ()

    def default(self, name: str) -> wire.Fact:
        """Return a default route. If the route is missing, return an empty fact."""
        fact = self.get(name)
        return fact if isinstance(fact, wire.Fact) else _NO_DEFAULT

    def pointer(self, name: str) -> str:
        """Return the JSON Pointer of a fact."""
        return f"{json_pointer(self.path)}/{self.prefix}{escaped(name)}"

    @property
    def is_fully_checked(self) -> bool:
        """Whether the host facts that the reader uses have the types of the schema.

        The decoder has already checked the facts of interfaces.
        """
        lists = [self.get(name) for name in ("interfaces", *_ALL_LISTS)]
        objects = [self.get(name) for name in (*_DEFAULTS, "locally_reachable_ips")]
        reachable = objects[-1]
        return (
            lists[0] is not None
            and all(fact is None or (isinstance(fact, list) and _are_texts(fact)) for fact in lists)
            and all(fact is None or isinstance(fact, wire.Fact) for fact in objects)
            and not [
                fact
                for fact in self.body.values()
                if isinstance(fact, wire.Fact) and fact is not reachable and fact.has_other_addresses
            ]
        )


def _are_texts(values: list[object]) -> bool:
    return set(map(type, values)) <= _TEXT


def read_text(text: bytes) -> Reading | None:
    """Return the facts of a host in Ansible's text.

    The result is None if the typed decoder refuses the text, or if the text can be in another format.
    """
    if b'"ansible_facts"' in text[:_BEGINNING]:
        play = decode_or_none(_PLAYS, text)
        if play is None or play.payload is not msgspec.UNSET:
            return None
        return _reading_if_fully_checked((ANSIBLE_WRAPPER,), play.ansible_facts)
    body = decode_or_none(_FACTS, text)
    return None if body is None or ANSIBLE_WRAPPER in body else _reading_if_fully_checked((), body)


def _reading_if_fully_checked(path: tuple[str, ...], body: wire.Facts) -> Reading | None:
    """Return the facts of the host; None if the typed decoder did not check everything that the schema checks."""
    gathered = _Facts(path, _prefix_of(body), body)
    is_recognized = bool(gathered.prefix) or isinstance(body.get("all_ipv4_addresses"), list)
    if not is_recognized or not gathered.is_fully_checked or ANSIBLE_PAYLOAD in body:
        return None
    # the interfaces have the shape of Linux facts, so only the facts that name the system can show another system
    if not body.keys().isdisjoint(SYSTEM_KEYS):
        refuse_other_system(path, {key: body[key] for key in SYSTEM_KEYS if key in body})
    return _reading(gathered)


def read(document: object) -> Reading:
    """Return the facts of a host. The document of Ansible is given as a plain value.

    Raises ReportError, with every problem, if the document is invalid.
    """
    if isinstance(document, dict) and isinstance(document.get(ANSIBLE_PAYLOAD), str):
        inner = parse_json_without_duplicates(document[ANSIBLE_PAYLOAD])
        return msgspec.structs.replace(_read(inner), document=inner)
    return _read(document)


def _read(document: object) -> Reading:
    path, body = _body_of(document)
    converted = convert_or_none(body, wire.Facts)
    reading = None if converted is None else _reading_if_fully_checked(path, converted)
    return _validate_and_convert(plain_copy(document)) if reading is None else reading


def _validate_and_convert(document: object) -> Reading:
    """Validate a document of Ansible with the schema, and return the facts of the host.

    Facts that are not used can have any shape, so they are removed before the conversion. Raises ReportError, with
    every problem, if the schema refuses the document.
    """
    path, body = _body_of(document)
    refuse_other_system(path, body)
    _refuse_without_network(path, body)
    refuse_invalid(document, SCHEMA)
    prefix = _prefix_of(body)
    listed = {_mangled(name) for name in body[f"{prefix}interfaces"]} - _NO_INTERFACES
    names = ("interfaces", *_ALL_LISTS, *listed)
    used = {prefix + name: _of_interface(normalized(body.get(prefix + name))) for name in names}
    used |= {prefix + name: _of_default(normalized(body.get(prefix + name))) for name in _DEFAULTS}
    return _reading(_Facts(path, prefix, msgspec.convert(used, wire.Facts)))


def _of_interface(fact: object) -> object:
    """Return the members of a fact that describe an interface or label; None if the fact does not describe one."""
    if not isinstance(fact, dict):
        return fact
    is_interface_or_label = not {"device", "ipv4", "ipv4_secondaries"}.isdisjoint(fact)
    if not is_interface_or_label:
        return None
    return {key: value for key, value in fact.items() if key not in wire.OF_DEFAULT}


def _of_default(fact: object) -> object:
    """Return only those members of a fact that a default route can have."""
    return {key: fact[key] for key in wire.OF_DEFAULT if key in fact} if isinstance(fact, dict) else None


def _reading(gathered: _Facts) -> Reading:
    devices, problems = _devices(gathered)
    host = AnsibleHost(devices, tuple(_gateways(gathered)))
    facts = HostFacts(host, table_of(host.address_texts()))
    return Reading(facts, partial(findings, gathered, host, facts, problems))


def findings(gathered: _Facts, host: AnsibleHost, facts: HostFacts, problems: Sequence[Finding]) -> Iterator[Finding]:
    """Yield all findings about the facts, including `problems`, which the reader has found before."""
    yield from problems
    if not gathered.get("interfaces"):
        hint = "install iproute2 on the host, and gather the facts of the host again"
        yield incomplete("the report names no interface: is iproute2 installed on the host?", hint=hint)
    for name, device in host.devices.items():
        if device.kind is Kind.LOOPBACK or name in facts.table.irregular:
            yield from host.owned(device).findings
        yield from device_findings(device, host)
    for gateway in host.gateways:
        if gateway.interface in host.devices:
            yield from read_gateway(gateway.interface, gateway.text)[1]
    missing = {gateway.interface for gateway in host.gateways} - host.devices.keys()
    yield from (device_not_reported(name) for name in sorted(missing))
    yield from _slaves_without_bond(host, facts)
    yield from _without_owner(gathered, host, facts)
    yield from consistency_findings(facts)


def _body_of(document: object) -> tuple[tuple[str, ...], Mapping[str, Any]]:
    """Return the path of the facts, and the facts. The facts are empty if the document is not an object."""
    body = document if isinstance(document, dict) else {}
    if ANSIBLE_WRAPPER not in body:
        return (), body
    return (ANSIBLE_WRAPPER,), body[ANSIBLE_WRAPPER] if isinstance(body[ANSIBLE_WRAPPER], dict) else {}


def _prefix_of(body: Mapping[str, object]) -> str:
    return ANSIBLE_PREFIX if body.get(f"{ANSIBLE_PREFIX}interfaces") is not None else ""


def _refuse_without_network(path: tuple[str, ...], body: Mapping[str, Any]) -> None:
    if body and body.get(f"{_prefix_of(body)}interfaces") is None:
        hint = "gather the facts with `gather_subset=network`, and make sure that iproute2 is installed on the host"
        raise ReportError(
            [Diagnostic(ReportCode.INVALID, "the facts name no interfaces", json_pointer(path) or "/", hint)]
        )


def _devices(gathered: _Facts) -> tuple[dict[str, Device], list[Finding]]:
    """Return the interfaces with their labels, and findings for listed interfaces that the facts do not describe."""
    described: dict[str, dict[str, Part]] = {}
    labels: dict[str, Part] = {}
    keys = {name: _mangled(name) for name in gathered.texts("interfaces")}
    place, prefix, facts = gathered.pointer(""), gathered.prefix, gathered.body
    for name, key in keys.items():
        data = facts.get(prefix + key)
        if not isinstance(data, wire.Fact) or key in _NO_INTERFACES:
            continue
        if data.device is not None:
            described.setdefault(data.device, {})[key] = Part(data, place + escaped(key))
        elif data.ipv4 is not None or data.ipv4_secondaries is not None:
            other = labels.get(key)
            label = name if other is None or other.label is None else min(name, other.label)
            labels[key] = Part(data, place + escaped(key), label)
    several = [(name, same) for name, same in described.items() if len(same) > 1]
    clashes = [(name, tuple(part.pointer for part in same.values())) for name, same in several]
    refuse_names_twice(clashes, "each interface must be described only once, under its own name")
    of_device, findings = _labels(labels, described)
    findings += [_not_described(name) for name, key in keys.items() if name not in described and key not in labels]
    devices: dict[str, Device] = {}
    for name, same in described.items():
        (part,) = same.values()
        devices[name] = Device(name, part, of_device.get(name, ()), kind_of(part.data))
    return devices, findings


def _mangled(name: str) -> str:
    return name.replace("-", "_").replace(":", "_")


def _labels(labels: Mapping[str, Part], names: Iterable[str]) -> tuple[dict[str, tuple[Part, ...]], list[Finding]]:
    """Return the labels of each interface, and findings for labels without an interface.

    A label begins with the name of its interface and `:`. Ansible writes this `:` as `_`. If several interfaces match,
    the label has no interface.
    """
    if not labels:
        return {}, []
    candidates: dict[str, list[str]] = defaultdict(list)
    for name in names:
        candidates[_mangled(name)].append(name)
    of_device: dict[str, list[Part]] = {}
    findings: list[Finding] = []
    for label, part in labels.items():
        places = (i for i, char in enumerate(label[: _LONGEST_IFNAME + 1]) if char == "_")
        owners = [name for i in places for name in candidates.get(label[:i], ())]
        if len(owners) == 1:
            of_device.setdefault(owners[0], []).append(part)
        else:
            addresses = read_owned(label, entries_in(part)).addresses
            findings.extend(_without_interface(owned.address, f"under the label {quote(label)}") for owned in addresses)
    by_place = {name: tuple(sorted(parts, key=lambda part: part.pointer)) for name, parts in of_device.items()}
    return by_place, findings


def _gateways(gathered: _Facts) -> Iterator[Gateway]:
    for family in (4, 6):
        default = gathered.default(f"default_ipv{family}")
        if default.interface:
            pointer = f"{gathered.pointer(f'default_ipv{family}')}/gateway"
            yield Gateway(family, default.interface, default.gateway or "", pointer)


def _slaves_without_bond(host: AnsibleHost, facts: HostFacts) -> Iterator[Finding]:
    """Yield a finding for each interface whose own facts state that it is a slave, although no bond lists it."""
    for name, device in host.devices.items():
        if device.fact.data.perm_macaddress is not None and name not in facts.slaves:
            message = f"{quote(name)} is a slave of a bond according to its `perm_macaddress`, but no bond lists it"
            yield Finding(FindingCode.MASTER_NOT_REPORTED, Severity.WARNING, message, (name,))


def _without_owner(gathered: _Facts, host: AnsibleHost, facts: HostFacts) -> Iterator[Finding]:
    """Yield a finding for each address that Ansible lists among all addresses, but that no interface has.

    Such addresses exist because Ansible reports only one of several addresses with the same label. The addresses are
    first compared as texts, because nearly all of them match as texts. Only the other addresses are parsed.
    """
    listed = [
        (text, f"{gathered.pointer(name)}/{i}", name)
        for name in _ALL_LISTS
        for i, text in enumerate(gathered.texts(name))
    ]
    listed += [
        (text, gathered.pointer(name), name) for name in _DEFAULTS for text in [gathered.default(name).address] if text
    ]
    texts = _regular_texts(host, facts) if listed else set()
    unmatched = [item for item in listed if item[0] not in texts]
    shown = _addresses_shown(host, facts) if unmatched else set()
    for text, pointer, name in unmatched:
        for owned in read_owned("", [AddressEntry(text, pointer)]).addresses:
            if owned.address not in shown:
                if name in _ALL_LISTS:
                    shown.add(owned.address)
                yield _without_interface(owned.address, f"in {quote(name)} only")


def _regular_texts(host: AnsibleHost, facts: HostFacts) -> set[str | None]:
    """Return the texts of all addresses that are in the owner index."""
    devices = [device for device in host.devices.values() if device.name not in facts.table.irregular]
    parts = (part for device in devices for part in (device.fact, *device.labels))
    return {entry.address for part in parts for entry in part.data.addresses}


def _addresses_shown(host: AnsibleHost, facts: HostFacts) -> set[Address]:
    """Return the addresses of all interfaces, including the addresses of loopback links."""
    loopbacks = (device for device in host.devices.values() if device.kind is Kind.LOOPBACK)
    shown = {owned.address for link in facts.by_name.values() for owned in link.addresses}
    loopback_entries = (read_owned(device.name, device.entries()) for device in loopbacks)
    return shown.union(owned.address for entries in loopback_entries for owned in entries.addresses)


def _without_interface(address: Address, where: str) -> Finding:
    return Finding(
        FindingCode.ADDRESS_WITHOUT_INTERFACE,
        Severity.WARNING,
        f"the host has {quote(str(address))}, which is {where}: the report does not name the interface of this address",
        (),
        (str(address),),
        hint="run `ip -j -d addr show` on the host",
    )


def _not_described(name: str) -> Finding:
    return Finding(
        FindingCode.INTERFACE_NOT_DESCRIBED,
        Severity.WARNING,
        f"the report lists {quote(name)} as an interface, but has no facts about this interface",
        (name,),
        hint="Ansible writes `-` as `_`, so two names that differ only in these characters have the same key",
    )
