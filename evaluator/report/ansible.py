"""The network facts of Ansible's `setup` module become facts of a host.

Source of the format: what ansible-core 2.19 gathered on hosts set up for the purpose, and how it does
so. Ansible reads /sys and the text of `ip addr`. It tells bonds and bridges apart from the rest, and
calls nearly all of the rest `ether`, so that vlans, macvlans and Open vSwitch bridges have no kind and no
lower device here. Where it loses an address or an interface, its own lists still show it.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping
from typing import Any

from evaluator.diagnostic import Diagnostic, ReportCode, ReportError, Severity
from evaluator.facts.address import Address
from evaluator.facts.host import HostFacts
from evaluator.facts.link import Kind, Link
from evaluator.finding import Finding, FindingCode, incomplete, merge
from evaluator.frozen import dataclass
from evaluator.report.ansible_device import KINDS, Device, Gateway, entries_in, link_of
from evaluator.report.ansible_system import refuse_other_system
from evaluator.report.beyond_vdsm import NETWORK_WORDS, Part, device_not_reported, place_of
from evaluator.report.contradictions import contradictions
from evaluator.report.json_text import parse_json_without_duplicates, without_nulls
from evaluator.report.owned import Entry, read_owned
from evaluator.report.reading import Report, refuse_invalid, refuse_names_twice
from evaluator.report.shapes import ANSIBLE_PAYLOAD, ANSIBLE_PREFIX, ANSIBLE_WRAPPER
from evaluator.text import json_pointer, quote

SCHEMA = "ansible-facts"
_ALL_LISTS = ("all_ipv4_addresses", "all_ipv6_addresses")
_DEFAULTS = ("default_ipv4", "default_ipv6")
_NO_INTERFACES = frozenset({"interfaces", "locally_reachable_ips", "local", *_DEFAULTS, *_ALL_LISTS})
_LONGEST_IFNAME = 15
_LACKING = frozenset({"nic is dhcp"} | NETWORK_WORDS | {f"nic is {kind}" for kind in Kind if kind not in KINDS})


@dataclass(frozen=True, slots=True)
class _Facts:
    """The facts, the keys that lead to them, and the prefix of their names: `ansible_` or none."""

    path: tuple[str, ...]
    prefix: str
    body: Mapping[str, Any]

    def get(self, name: str) -> Any:  # noqa: ANN401 -- whatever the fact is
        return self.body.get(self.prefix + name)

    def pointer(self, name: str) -> str:
        return json_pointer((*self.path, self.prefix + name))


def read(document: object) -> Report:
    """Return the report that Ansible's facts make; ReportError with every problem where they are none."""
    if isinstance(document, dict) and isinstance(document.get(ANSIBLE_PAYLOAD), str):
        document = parse_json_without_duplicates(document[ANSIBLE_PAYLOAD])
    path, body = _body_of(document)
    refuse_other_system(path, body)
    _refuse_without_network(path, body)
    refuse_invalid(document, SCHEMA)
    facts = _Facts(path, _prefix_of(body), without_nulls(body))
    devices, findings = _devices(facts)
    gateways = tuple(_gateways(facts))
    described = frozenset(device.name for device in devices)
    links = []
    for position, device in enumerate(sorted(devices, key=lambda device: place_of(device.kind))):
        link, problems = link_of(device, position, described, gateways)
        links.append(link)
        findings.extend(problems)
    host = HostFacts(links=tuple(links), lacking=_LACKING)
    if not facts.get("interfaces"):
        hint = "install iproute2 on the host, and gather its facts again"
        findings.append(incomplete("the report names no interface: is iproute2 installed there?", hint=hint))
    findings.extend(_of_gateways(gateways, described))
    findings.extend(_slaves_without_bond(devices))
    findings.extend(_not_shown(facts, devices, links))
    findings.extend(contradictions(host))
    return Report("ansible", host, merge(findings), document)


def _body_of(document: object) -> tuple[tuple[str, ...], Mapping[str, Any]]:
    """Return the facts and the keys that lead to them; no facts if the document is no object."""
    body = document if isinstance(document, dict) else {}
    if ANSIBLE_WRAPPER not in body:
        return (), body
    return (ANSIBLE_WRAPPER,), body[ANSIBLE_WRAPPER] if isinstance(body[ANSIBLE_WRAPPER], dict) else {}


def _prefix_of(body: Mapping[str, Any]) -> str:
    return ANSIBLE_PREFIX if body.get(f"{ANSIBLE_PREFIX}interfaces") is not None else ""


def _refuse_without_network(path: tuple[str, ...], body: Mapping[str, Any]) -> None:
    if body and body.get(f"{_prefix_of(body)}interfaces") is None:
        hint = "gather them with `gather_subset=network`, and see that iproute2 is installed on the host"
        raise ReportError(
            [Diagnostic(ReportCode.INVALID, "the facts name no interfaces", json_pointer(path) or "/", hint)]
        )


def _devices(facts: _Facts) -> tuple[tuple[Device, ...], list[Finding]]:
    """Return the interfaces with the addresses of their labels, and what the list names without describing it."""
    described: dict[str, Part] = {}
    labels: dict[str, Part] = {}
    keys: dict[str, str] = {}
    for name in facts.get("interfaces"):
        keys[name] = mangled = _mangled(name)
        data = facts.get(mangled)
        if mangled in _NO_INTERFACES or not isinstance(data, dict):
            continue
        into = described if "device" in data else labels if {"ipv4", "ipv4_secondaries"} & data.keys() else {}
        into[mangled] = Part(data, facts.pointer(mangled))
    by_name: dict[str, list[Part]] = defaultdict(list)
    for fact in described.values():
        by_name[fact.data["device"]].append(fact)
    clashes = ((name, tuple(fact.pointer for fact in same)) for name, same in by_name.items())
    refuse_names_twice(clashes, "an interface is described once, under its own name")
    of_device, findings = _labels(labels, by_name)
    undescribed = (name for name, key in keys.items() if name not in by_name and key not in labels)
    findings.extend(_not_described(name) for name in undescribed)
    devices = tuple(Device(name, same[0], of_device.get(name, ())) for name, same in by_name.items())
    return devices, findings


def _mangled(name: str) -> str:
    return name.replace("-", "_").replace(":", "_")


def _labels(
    labels: Mapping[str, Part], by_name: Mapping[str, list[Part]]
) -> tuple[dict[str, tuple[Part, ...]], list[Finding]]:
    """Give each label to the one interface whose name it begins with; `_` stands where `:` did."""
    candidates: dict[str, list[str]] = defaultdict(list)
    for name in by_name:
        candidates[_mangled(name)].append(name)
    of_device: dict[str, tuple[Part, ...]] = {}
    findings: list[Finding] = []
    for label, fact in labels.items():
        places = (i for i, char in enumerate(label[: _LONGEST_IFNAME + 1]) if char == "_")
        owners = [name for i in places for name in candidates.get(label[:i], ())]
        if len(owners) == 1:
            of_device[owners[0]] = (*of_device.get(owners[0], ()), fact)
        else:
            addresses = read_owned(label, entries_in(fact)).addresses
            findings.extend(_without_interface(owned.address, f"under the label {quote(label)}") for owned in addresses)
    return of_device, findings


def _gateways(facts: _Facts) -> Iterator[Gateway]:
    for family in (4, 6):
        default = facts.get(f"default_ipv{family}") or {}
        if default.get("interface"):
            pointer = f"{facts.pointer(f'default_ipv{family}')}/gateway"
            yield Gateway(family, default["interface"], default.get("gateway", ""), pointer)


def _of_gateways(gateways: Iterable[Gateway], described: frozenset[str]) -> Iterator[Finding]:
    missing = {gateway.interface for gateway in gateways} - described
    return (device_not_reported(name) for name in sorted(missing))


def _slaves_without_bond(devices: Iterable[Device]) -> Iterator[Finding]:
    """Yield who is a slave by its own facts and not by those of a bond."""
    devices = tuple(devices)
    slaves = {name for device in devices for name in device.slaves}
    for device in devices:
        if "perm_macaddress" in device.fact.data and device.name not in slaves:
            message = f"{quote(device.name)} is a slave of a bond by its `perm_macaddress`, and no bond lists it"
            yield Finding(FindingCode.MASTER_NOT_REPORTED, Severity.WARNING, message, (device.name,))


def _not_shown(facts: _Facts, devices: Iterable[Device], links: Iterable[Link]) -> Iterator[Finding]:
    """Compare Ansible's list of all addresses with those of the interfaces: of several under one label it shows one."""
    loopbacks = (device for device in devices if device.kind is Kind.LOOPBACK)  # whose links own none
    shown = {owned.address for link in links for owned in link.addresses}
    shown.update(owned.address for one in loopbacks for owned in read_owned(one.name, one.entries()).addresses)
    for name in _ALL_LISTS:
        texts = facts.get(name) or ()
        entries = (Entry(text, f"{facts.pointer(name)}/{i}") for i, text in enumerate(texts))
        for owned in read_owned("", entries).addresses:
            if owned.address not in shown:
                shown.add(owned.address)
                yield _without_interface(owned.address, f"in {quote(name)} only")
    for name in _DEFAULTS:
        entries = (Entry(text, facts.pointer(name)) for text in [(facts.get(name) or {}).get("address")] if text)
        for owned in read_owned("", entries).addresses:
            if owned.address not in shown:
                yield _without_interface(owned.address, f"in {quote(name)} only")


def _without_interface(address: Address, where: str) -> Finding:
    return Finding(
        FindingCode.ADDRESS_WITHOUT_INTERFACE,
        Severity.WARNING,
        f"the host has {quote(str(address))}, which stands {where}: the report does not say on which interface",
        (),
        (str(address),),
        hint="ask the host with `ip -j -d addr show`",
    )


def _not_described(name: str) -> Finding:
    return Finding(
        FindingCode.INTERFACE_NOT_DESCRIBED,
        Severity.WARNING,
        f"the report lists {quote(name)} and does not describe it",
        (name,),
        hint="Ansible writes `-` as `_`, so that one of two such names hides the other",
    )
