"""What `nmstatectl show` prints becomes facts: nmstate 0.3, 1.x and 2.x.

Source of the format: nmstate's documentation of its YAML and reports of 0.3.7. It is a list of
interfaces, each with its type, and beside it the routes. An Open vSwitch bridge stands in it apart
from its own port, under one name; to the host the two are one bridge.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator, Mapping
from typing import Any

from evaluator.diagnostic import Severity
from evaluator.facts.host import HostFacts
from evaluator.facts.link import Kind
from evaluator.finding import Finding, FindingCode, conflict, merge
from evaluator.report.beyond_vdsm import NETWORK_WORDS, ROUTE_WORDS, Part, place_of
from evaluator.report.contradictions import contradictions
from evaluator.report.json_text import without_nulls
from evaluator.report.kubernetes import state_in
from evaluator.report.nmstate_device import OVS_BRIDGE, Device, controllers_of, entries_of, link_of, listed_members
from evaluator.report.nmstate_route import read_routing, with_routes
from evaluator.report.reading import Report, refuse_invalid, refuse_names_twice
from evaluator.text import quote, quote_all

SCHEMA = "nmstate-report"
# told by versions that read the kernel; those before them ask NetworkManager, which hides addresses
_OF_KERNEL_READERS = frozenset({"min-mtu", "max-mtu", "accept-all-mac-addresses", "ethtool", "mptcp"})
_MOST_NAMES = 5


def read(document: object, item: str | None = None) -> Report:
    """Return the report that nmstate's state makes; ReportError with every problem if it is invalid.

    `item` is the name of the Kubernetes object that holds the state, if the document is a list of several.
    """
    found = state_in(document, item)
    refuse_invalid(found.value, SCHEMA, found.pointer)
    state = without_nulls(found.value)
    assert isinstance(state, dict)  # noqa: S101 -- the schema has said so
    place = f"{found.pointer}/interfaces"
    parts = tuple(Part(data, f"{place}/{i}") for i, data in enumerate(state["interfaces"]))
    devices = _devices(tuple(part for part in parts if part.data.get("state") != "absent"))
    described = frozenset(device.name for device in devices)
    links, findings = [], list(_absent(parts))
    for position, device in enumerate(sorted(devices, key=lambda device: place_of(device.kind))):
        link, problems = link_of(device, position, described)
        links.append(link)
        findings.extend(problems)
    routing = read_routing(state, found.pointer)
    routed = with_routes(links, routing)
    facts = HostFacts(links=routed, blocked=tuple(sorted(set(routing.blocked))), lacking=_lacking(state))
    findings.extend(routing.findings)
    findings.extend(_not_told(state, devices))
    findings.extend(_controllers_in_conflict(devices))
    findings.extend(contradictions(facts))
    return Report("nmstate", facts, merge(findings), document, item=item)


def _lacking(document: Mapping[str, Any]) -> frozenset[str]:
    return NETWORK_WORDS if {"running", "config"} & document.get("routes", {}).keys() else NETWORK_WORDS | ROUTE_WORDS


def _devices(parts: tuple[Part, ...]) -> tuple[Device, ...]:
    """Bring together the entries of one name, the kernel's before that of Open vSwitch."""
    by_name: dict[str, list[Part]] = defaultdict(list)
    members: dict[str, set[str]] = defaultdict(set)
    for part in parts:
        by_name[part.data["name"]].append(part)
        for controller in controllers_of(part):
            members[controller].add(part.data["name"])
    clashes = ((name, tuple(p.pointer for p in same)) for name, same in by_name.items() if not _are_one(same))
    refuse_names_twice(clashes, "only an Open vSwitch bridge and its own port may share a name")
    return tuple(
        Device(name, tuple(sorted(same, key=lambda part: part.type == OVS_BRIDGE)), tuple(sorted(members[name])))
        for name, same in by_name.items()
    )


def _are_one(parts: list[Part]) -> bool:
    return len(parts) == 1 or (len(parts) == 2 and sum(part.type == OVS_BRIDGE for part in parts) == 1)


def _controllers_in_conflict(devices: tuple[Device, ...]) -> Iterator[Finding]:
    """Compare the controllers that members name with the members that controllers list."""
    listed = {device.name: listed_members(device) for device in devices}
    listing: dict[str, set[str]] = defaultdict(set)
    for name, members in listed.items():
        for member in members:
            listing[member].add(name)
    for device in devices:
        named = device.controllers
        for controller in named:
            if controller not in listed:
                yield _no_controller(device.name, controller)
            elif listed[controller] and device.name not in listed[controller]:
                message = f"{quote(device.name)} names {quote(controller)} as its controller, which does not list it"
                yield conflict(device.name, f"{message}; it counts as a member")
        others = listing[device.name] - set(named)
        if len(named) > 1 or (named and others):
            shown = quote_all(sorted({*named, *others}))
            yield conflict(device.name, f"{quote(device.name)} is a member of {shown} at once; each of them counts")


def _no_controller(name: str, controller: str) -> Finding:
    message = f"{quote(name)} names {quote(controller)} as its controller, which the report does not describe"
    hint = "the reporting tool may leave out interfaces of that kind"
    return Finding(FindingCode.MASTER_NOT_REPORTED, Severity.WARNING, message, (name,), hint=hint)


def _absent(parts: tuple[Part, ...]) -> Iterator[Finding]:
    for part in parts:
        if part.data.get("state") == "absent":
            name = part.data["name"]
            yield Finding(
                FindingCode.INTERFACE_ABSENT,
                Severity.WARNING,
                f"{quote(name)} is marked `absent` and was left out; only a wanted state says so, not a shown one",
                (name,),
                hint="give the output of `nmstatectl show`",
            )


def _not_told(document: Mapping[str, Any], devices: tuple[Device, ...]) -> Iterator[Finding]:
    """Say whose addresses such a report leaves out even where there are some."""
    bare = tuple(device for device in devices if device.kind is not Kind.LOOPBACK and not any(entries_of(device)))
    routes: Mapping[str, Any] = document.get("routes", {})
    if "config" in routes and "running" not in routes:
        dynamic = tuple(sorted(device.name for device in devices if _is_dynamic(device)))
        message = f"the report shows settings only; the addresses that {_some(dynamic)} got are not in it"
        if dynamic:
            yield _addresses_not_told(Severity.WARNING, message, dynamic, "say `nmstatectl show` without `-r`")
    down = tuple(sorted(device.name for device in bare if device.kernel.data.get("state") == "down"))
    entries: list[Mapping[str, Any]] = document["interfaces"]
    if down and not any(_OF_KERNEL_READERS & entry.keys() for entry in entries):
        message = f"nmstate before 1.0 shows no addresses of what NetworkManager has not activated: {_some(down)}"
        yield _addresses_not_told(Severity.INFO, message, down, "ask the host with `ip -j -d addr show`")


def _is_dynamic(device: Device) -> bool:
    families = [part.data.get(family, {}) for part in device.parts for family in ("ipv4", "ipv6")]
    return any(family.get("enabled") and (family.get("dhcp") or family.get("autoconf")) for family in families)


def _addresses_not_told(severity: Severity, message: str, names: tuple[str, ...], hint: str) -> Finding:
    return Finding(FindingCode.ADDRESSES_NOT_TOLD, severity, message, names, hint=hint)


def _some(names: tuple[str, ...]) -> str:
    """Return the first names, and how many others there are."""
    more = len(names) - _MOST_NAMES
    return quote_all(names[:_MOST_NAMES]) + (f" and {more} others" if more > 0 else "")
