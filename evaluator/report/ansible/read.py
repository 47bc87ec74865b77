"""The network facts of Ansible's `setup` module become facts of a host.

Source of the format: what ansible-core 2.19 gathered on hosts set up for the purpose, and how it does
so. Ansible reads /sys and the text of `ip addr`. It tells bonds and bridges apart from the rest, and
calls nearly all of the rest `ether`, so that vlans, macvlans and Open vSwitch bridges have no kind and no
lower device here. Where it loses an address or an interface, its own lists still show it.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from functools import partial
from typing import Any, NamedTuple, TypeGuard

import msgspec

from evaluator.base.checked_cast import proven
from evaluator.base.diagnostic import Diagnostic, ReportCode, ReportError, Severity
from evaluator.base.finding import Finding, FindingCode, incomplete
from evaluator.base.text import escaped, json_pointer, quote
from evaluator.facts.address import ADDRESS_FLAGS, Address
from evaluator.facts.host import HostFacts, Told
from evaluator.facts.link import Kind, Link
from evaluator.facts.table import table_of
from evaluator.report.ansible import wire
from evaluator.report.ansible.link import (
    KINDS,
    AnsibleLink,
    Device,
    Devices,
    Gateway,
    Part,
    entries_in,
    kind_of,
)
from evaluator.report.ansible.system import KEYS as SYSTEM_KEYS
from evaluator.report.ansible.system import refuse_other_system
from evaluator.report.common import NETWORK_WORDS, device_not_reported, place_of
from evaluator.report.consistency import contradictions
from evaluator.report.json_text import parse_json_without_duplicates, plain_copy
from evaluator.report.owned import Entry, read_owned
from evaluator.report.reading import Reading, converted, decoded, refuse_invalid, refuse_names_twice, simplified
from evaluator.report.shapes import ANSIBLE_PAYLOAD, ANSIBLE_PREFIX, ANSIBLE_WRAPPER

SCHEMA = "ansible-facts"
_ALL_LISTS = ("all_ipv4_addresses", "all_ipv6_addresses")
_DEFAULTS = ("default_ipv4", "default_ipv6")
_NO_INTERFACES = frozenset({"interfaces", "locally_reachable_ips", "local", *_DEFAULTS, *_ALL_LISTS})
_LONGEST_IFNAME = 15
_BEGINNING = 256  # octets in which the wrapper is looked for
_LACKING = (
    NETWORK_WORDS
    | {"nic is dhcp", "nic is dhcpv6", "nic is carrier", "nic.altnames", "nic.alias"}
    | {f"address is {flag}" for flag in ADDRESS_FLAGS}
    | {f"nic is {kind}" for kind in Kind if kind not in KINDS}
)
_FACTS = msgspec.json.Decoder(wire.Facts)
_PLAYS = msgspec.json.Decoder(wire.Play)
_NO_DEFAULT = wire.Fact()


class _Facts(NamedTuple):
    """The facts, the keys that lead to them, and the prefix of their names: `ansible_` or none."""

    path: tuple[str, ...]
    prefix: str
    body: wire.Facts

    def get(self, name: str) -> object:
        """Return a fact."""
        return self.body.get(self.prefix + name)

    def texts(self, name: str) -> Sequence[str]:
        """Return a fact that is a list of texts, if it is there."""
        found = self.get(name)
        return [text for text in found if isinstance(text, str)] if isinstance(found, list) else ()

    def default(self, name: str) -> wire.Fact:
        """Return a default route."""
        found = self.get(name)
        return found if isinstance(found, wire.Fact) else _NO_DEFAULT

    def pointer(self, name: str) -> str:
        """Return where a fact stands."""
        return f"{json_pointer(self.path)}/{self.prefix}{escaped(name)}"

    @property
    def is_usual(self) -> bool:
        """Whether the facts that are read have the types that the schema gives them; those of interfaces do."""
        lists = [self.get(name) for name in ("interfaces", *_ALL_LISTS)]
        objects = [self.get(name) for name in (*_DEFAULTS, "locally_reachable_ips")]
        reachable = objects[-1]
        return (
            lists[0] is not None
            and all(found is None or (isinstance(found, list) and _are_texts(found)) for found in lists)
            and all(found is None or isinstance(found, wire.Fact) for found in objects)
            and not any(fact is not reachable and fact.is_of_none for fact in self.body.values() if is_fact(fact))
        )


def is_fact(value: object) -> TypeGuard[wire.Fact]:
    """Return whether a fact is an object."""
    return isinstance(value, wire.Fact)


def _are_texts(values: list[object]) -> bool:
    return all(isinstance(value, str) for value in values)


def read_text(text: bytes) -> Reading | None:
    """Return what the text of facts results in; None if only its plain value can show whether it is one."""
    if b'"ansible_facts"' in text[:_BEGINNING]:
        play = decoded(_PLAYS, text)
        is_usual = play is not None and play.payload is msgspec.UNSET
        return _of_usual((ANSIBLE_WRAPPER,), play.ansible_facts) if play is not None and is_usual else None
    facts = decoded(_FACTS, text)
    return None if facts is None or ANSIBLE_WRAPPER in facts else _of_usual((), facts)


def _of_usual(path: tuple[str, ...], body: wire.Facts) -> Reading | None:
    facts = _Facts(path, _prefix_of(body), body)
    is_known = bool(facts.prefix) or isinstance(body.get("all_ipv4_addresses"), list)
    if not is_known or not facts.is_usual or ANSIBLE_PAYLOAD in body:
        return None
    # that each interface has the types of Linux shows that the shape does not tell another system
    if not body.keys().isdisjoint(SYSTEM_KEYS):
        refuse_other_system(path, {key: body[key] for key in SYSTEM_KEYS if key in body})
    return _reading(facts)


def read(document: object) -> Reading:
    """Return what Ansible's facts result in; ReportError with every problem if they are invalid."""
    if isinstance(document, dict) and isinstance(document.get(ANSIBLE_PAYLOAD), str):
        inner = parse_json_without_duplicates(document[ANSIBLE_PAYLOAD])
        return msgspec.structs.replace(_read(inner), document=inner)
    return _read(document)


def _read(document: object) -> Reading:
    path, body = _body_of(document)
    known = converted(body, wire.Facts)
    reading = None if known is None else _of_usual(path, known)
    return _of_odd_value(plain_copy(document)) if reading is None else reading


def _of_odd_value(document: object) -> Reading:
    """Return the same of any facts that the schema accepts; of the others those are kept that are read."""
    path, body = _body_of(document)
    refuse_other_system(path, body)
    _refuse_without_network(path, body)
    refuse_invalid(document, SCHEMA)
    prefix = _prefix_of(body)
    listed = {_mangled(name) for name in body[f"{prefix}interfaces"]} - _NO_INTERFACES
    names = ("interfaces", *_ALL_LISTS, *listed)
    kept = {prefix + name: _of_interface(simplified(body.get(prefix + name))) for name in names}
    kept |= {prefix + name: _of_default(simplified(body.get(prefix + name))) for name in _DEFAULTS}
    return _reading(_Facts(path, prefix, msgspec.convert(kept, wire.Facts)))


def _of_interface(fact: object) -> object:
    """Return a fact as far as it is read; one that is of no interface or label may hold anything."""
    if not isinstance(fact, dict):
        return fact
    is_one = not {"device", "ipv4", "ipv4_secondaries"}.isdisjoint(fact)
    return {key: value for key, value in fact.items() if key not in wire.OF_DEFAULT} if is_one else None


def _of_default(fact: object) -> object:
    return {key: fact[key] for key in wire.OF_DEFAULT if key in fact} if isinstance(fact, dict) else None


def _reading(facts: _Facts) -> Reading:
    by_name, problems = _devices(facts)
    devices = Devices(by_name, tuple(_gateways(facts)))
    ordered = sorted(by_name.values(), key=lambda device: place_of(device.kind))
    links: dict[str, Link] = {
        one.name: AnsibleLink(one.name, one.kind, at, one, devices) for at, one in enumerate(ordered)
    }
    table = table_of(devices.address_texts())
    members = [len(one.fact.data.slaves or one.fact.data.interfaces or ()) for one in by_name.values()]
    told = Told(
        lacking=_LACKING,
        other_lists=max(members, default=4) + 4,
        all_lists=partial(_count_lists, members),
    )
    host = HostFacts(links, table, told)
    return Reading(host, partial(findings, facts, devices, host, problems))


def _count_lists(members: Sequence[int]) -> int:
    """Return how long the lists of members, gateways and default routes of all interfaces are together."""
    return sum(members) + 4 * len(members)


def findings(facts: _Facts, devices: Devices, host: HostFacts, problems: Sequence[Finding]) -> Iterator[Finding]:
    """Yield what is wrong with the facts; `problems` are those that were met on the way."""
    yield from problems
    if not facts.get("interfaces"):
        hint = "install iproute2 on the host, and gather its facts again"
        yield incomplete("the report names no interface: is iproute2 installed there?", hint=hint)
    for one in host.by_name.values():
        link = proven(one, AnsibleLink)
        if link.kind is Kind.LOOPBACK or link.name in host.table.odd:
            yield from link.owned().findings
        yield from link.findings()
    missing = {gateway.interface for gateway in devices.gateways} - devices.by_name.keys()
    yield from (device_not_reported(name) for name in sorted(missing))
    yield from _slaves_without_bond(host)
    yield from _not_shown(facts, devices, host)
    yield from contradictions(host)


def _body_of(document: object) -> tuple[tuple[str, ...], Mapping[str, Any]]:
    """Return the facts and the keys that lead to them; no facts if the document is no object."""
    body = document if isinstance(document, dict) else {}
    if ANSIBLE_WRAPPER not in body:
        return (), body
    return (ANSIBLE_WRAPPER,), body[ANSIBLE_WRAPPER] if isinstance(body[ANSIBLE_WRAPPER], dict) else {}


def _prefix_of(body: Mapping[str, object]) -> str:
    return ANSIBLE_PREFIX if body.get(f"{ANSIBLE_PREFIX}interfaces") is not None else ""


def _refuse_without_network(path: tuple[str, ...], body: Mapping[str, Any]) -> None:
    if body and body.get(f"{_prefix_of(body)}interfaces") is None:
        hint = "gather them with `gather_subset=network`, and see that iproute2 is installed on the host"
        raise ReportError(
            [Diagnostic(ReportCode.INVALID, "the facts name no interfaces", json_pointer(path) or "/", hint)]
        )


def _devices(facts: _Facts) -> tuple[dict[str, Device], list[Finding]]:
    """Return the interfaces with the addresses of their labels, and what the list names without describing it."""
    described: dict[str, dict[str, Part]] = {}
    labels: dict[str, Part] = {}
    keys = {name: _mangled(name) for name in facts.texts("interfaces")}
    place = facts.pointer("")
    for name, key in keys.items():
        data = facts.get(key)
        if not is_fact(data) or key in _NO_INTERFACES:
            continue
        if data.device is not None:
            described.setdefault(data.device, {})[key] = Part(data, place + escaped(key))
        elif data.ipv4 is not None or data.ipv4_secondaries is not None:
            known = labels.get(key)
            label = name if known is None or known.label is None else min(name, known.label)
            labels[key] = Part(data, place + escaped(key), label)
    clashes = [
        (name, tuple(part.pointer for part in same.values())) for name, same in described.items() if len(same) > 1
    ]
    refuse_names_twice(clashes, "an interface is described once, under its own name")
    of_device, findings = _labels(labels, described)
    findings += [_not_described(name) for name, key in keys.items() if name not in described and key not in labels]
    devices: dict[str, Device] = {}
    for name, (part,) in ((name, same.values()) for name, same in described.items()):
        devices[name] = Device(name, part, of_device.get(name, ()), kind_of(part.data))
    return devices, findings


def _mangled(name: str) -> str:
    return name.replace("-", "_").replace(":", "_")


def _labels(labels: Mapping[str, Part], names: Iterable[str]) -> tuple[dict[str, tuple[Part, ...]], list[Finding]]:
    """Give each label to the one interface whose name it begins with; `_` stands where `:` did."""
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


def _gateways(facts: _Facts) -> Iterator[Gateway]:
    for family in (4, 6):
        default = facts.default(f"default_ipv{family}")
        if default.interface:
            pointer = f"{facts.pointer(f'default_ipv{family}')}/gateway"
            yield Gateway(family, default.interface, default.gateway or "", pointer)


def _slaves_without_bond(host: HostFacts) -> Iterator[Finding]:
    """Yield who is a slave by its own facts and not by those of a bond."""
    for one in host.by_name.values():
        link = proven(one, AnsibleLink)
        if link.device.fact.data.perm_macaddress is not None and link.name not in host.slaves:
            message = f"{quote(link.name)} is a slave of a bond by its `perm_macaddress`, and no bond lists it"
            yield Finding(FindingCode.MASTER_NOT_REPORTED, Severity.WARNING, message, (link.name,))


def _not_shown(facts: _Facts, devices: Devices, host: HostFacts) -> Iterator[Finding]:
    """Compare Ansible's list of all addresses with those of the interfaces: of several under one label it shows one."""
    in_table = (one for one in devices.by_name.values() if one.name not in host.table.odd)
    parts = (part for device in in_table for part in (device.fact, *device.labels))
    texts = {entry.address for part in parts for entry in part.data.addresses}
    listed = [
        (text, f"{facts.pointer(name)}/{i}", name) for name in _ALL_LISTS for i, text in enumerate(facts.texts(name))
    ]
    listed += [
        (text, facts.pointer(name), name) for name in _DEFAULTS for text in [facts.default(name).address] if text
    ]
    left = [one for one in listed if one[0] not in texts]
    shown = _addresses_shown(devices, host) if left else set()
    for text, pointer, name in left:
        for owned in read_owned("", [Entry(text, pointer)]).addresses:
            if owned.address not in shown:
                if name in _ALL_LISTS:
                    shown.add(owned.address)
                yield _without_interface(owned.address, f"in {quote(name)} only")


def _addresses_shown(devices: Devices, host: HostFacts) -> set[Address]:
    loopbacks = (device for device in devices.by_name.values() if device.kind is Kind.LOOPBACK)  # whose links own none
    shown = {owned.address for link in host.by_name.values() for owned in link.addresses}
    return shown.union(owned.address for one in loopbacks for owned in read_owned(one.name, one.entries()).addresses)


def _without_interface(address: Address, where: str) -> Finding:
    return Finding(
        FindingCode.ADDRESS_WITHOUT_INTERFACE,
        Severity.WARNING,
        f"the host has {quote(str(address))}, which is {where}: the report does not name its interface",
        (),
        (str(address),),
        hint="ask the host with `ip -j -d addr show`",
    )


def _not_described(name: str) -> Finding:
    return Finding(
        FindingCode.INTERFACE_NOT_DESCRIBED,
        Severity.WARNING,
        f"the report lists {quote(name)}, but does not describe it",
        (name,),
        hint="Ansible writes `-` as `_`, so that one of two such names hides the other",
    )
