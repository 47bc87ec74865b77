"""What `nmstatectl show` prints becomes facts: nmstate 0.3, 1.x and 2.x.

Source of the format: nmstate's documentation of its YAML and reports of 0.3.7. It is a list of
interfaces, each with its type, and beside it the routes. An Open vSwitch bridge stands in it apart
from its own port, under one name; to the host the two are one bridge.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from functools import partial

import msgspec

from evaluator.base.checked_cast import proven
from evaluator.base.diagnostic import Severity
from evaluator.base.finding import Finding, FindingCode, conflict
from evaluator.base.text import quote, quote_all
from evaluator.facts.host import HostFacts, Told
from evaluator.facts.link import Kind, Link
from evaluator.facts.table import table_of
from evaluator.report.common import NETWORK_WORDS, ROUTE_WORDS, place_of
from evaluator.report.consistency import contradictions
from evaluator.report.json_text import plain_copy
from evaluator.report.kubernetes import state_in
from evaluator.report.nmstate.device import (
    OVS_BRIDGE,
    AccessTag,
    Device,
    Part,
    access_tags,
    controllers_of,
    device_of,
    entries_of,
    family_of,
    listed_members,
    part_of,
)
from evaluator.report.nmstate.link import Devices, NmstateLink
from evaluator.report.nmstate.wire import Interface, State
from evaluator.report.reading import Reading, converted, decoded, refuse_invalid, refuse_names_twice, simplified

SCHEMA = "nmstate-report"
# told by versions that read the kernel; those before them ask NetworkManager, which hides addresses
_OF_KERNEL_READERS = ("min_mtu", "max_mtu", "accept_all_mac_addresses", "ethtool", "mptcp", "alt_names")
_OF_KERNEL = frozenset({"nic.altnames", "address is dynamic", "address is deprecated"})
_LACKING = NETWORK_WORDS | {
    *("nic is carrier", "nic.alias", "address.label"),
    *("address is temporary", "address is tentative"),
}
_MOST_NAMES = 5
_STATES = msgspec.json.Decoder(State)


def read_text(text: bytes) -> Reading | None:
    """Return what the text of a state results in; None if only its plain value can show whether it is one."""
    state = decoded(_STATES, text)
    return _reading(state, "") if state is not None and state.is_plain and state.addr is msgspec.UNSET else None


def read(document: object, item: str | None = None) -> Reading:
    """Return what nmstate's state results in; ReportError with every problem if it is invalid.

    `item` is the name of the Kubernetes object that holds the state, if the document is a list of several.
    """
    found = state_in(document, item)
    state = converted(found.value, State) or _of_odd_value(plain_copy(found.value), found.pointer)
    return _reading(state, found.pointer)


def _of_odd_value(value: object, pointer: str) -> State:
    """Return the same of any state that the schema accepts."""
    refuse_invalid(value, SCHEMA, pointer)
    return msgspec.convert(simplified(value), State)


def _reading(state: State, pointer: str) -> Reading:
    parts = [part_of(data, f"{pointer}/interfaces/{i}") for i, data in enumerate(state.interfaces)]
    devices = Devices(state, pointer, _devices(part for part in parts if part.data.state != "absent"))
    ordered = sorted(devices.by_name.values(), key=lambda device: place_of(device.kind))
    links: dict[str, Link] = {device.name: NmstateLink.of(device, at, devices) for at, device in enumerate(ordered)}
    table = table_of(devices.address_texts())
    told = Told(lacking=_lacking(state), other_lists=_most_names(devices), all_lists=partial(_count_lists, devices))
    facts = HostFacts(links, table, told, devices.blocked)
    return Reading(facts, partial(findings, parts, devices, facts))


def findings(parts: Sequence[Part], devices: Devices, facts: HostFacts) -> Iterator[Finding]:
    """Yield what is wrong with a state."""
    yield from _absent(parts)
    for one in facts.by_name.values():
        link = proven(one, NmstateLink)
        if link.kind is Kind.LOOPBACK or link.name in facts.table.odd:
            yield from link.owned().findings
        yield from link.findings()
    yield from devices.routing.findings
    yield from _not_told(devices)
    yield from _controllers_in_conflict(devices.by_name)
    yield from contradictions(facts)


def _count_lists(devices: Devices) -> int:
    """Return how long the lists of members, routes and names of all interfaces are together."""
    routes = devices.state.routes
    listed = 0 if routes is None else 2 * (len(routes.running or ()) + len(routes.config or ()))
    known = devices.by_name.values()
    names = sum(len(device.kernel.data.alt_names or ()) for device in known)
    return listed + names + sum(len(listed_members(one)) + len(one.members) for one in known) + 4 * len(known)


def _most_names(devices: Devices) -> int:
    """Return a length that no list of members and routes of one interface exceeds."""
    routes = devices.state.routes
    listed = 0 if routes is None else max(len(routes.running or ()), len(routes.config or ()))
    members = [len(listed_members(device)) + len(device.members) for device in devices.by_name.values()]
    names = [len(device.kernel.data.alt_names or ()) for device in devices.by_name.values()]
    return max([listed, 4, *members, *names])


def _lacking(state: State) -> frozenset[str]:
    has_routes = state.routes is not None and not (state.routes.running is None and state.routes.config is None)
    lacking = _LACKING if has_routes else _LACKING | ROUTE_WORDS
    return lacking if any(map(_is_of_kernel_reader, state.interfaces)) else lacking | _OF_KERNEL


def _has_lifetimes(data: Interface) -> bool:
    entries = (one for family in (data.ipv4, data.ipv6) if family is not None for one in family.address or ())
    return any(one.valid_life_time is not None or one.preferred_life_time is not None for one in entries)


def _devices(parts: Iterable[Part]) -> dict[str, Device]:
    """Bring together the entries of one name, the kernel's before that of Open vSwitch."""
    by_name: dict[str, list[Part]] = {}
    members: dict[str, set[str]] = defaultdict(set)
    tags: dict[str, list[AccessTag]] = defaultdict(list)
    for part in parts:
        by_name.setdefault(part.data.name, []).append(part)
        for port, tag in access_tags(part):
            tags[port].append(tag)
        if part.data.controller or part.data.master:
            for controller in controllers_of(part.data):
                members[controller].add(part.data.name)
    clashes = ((name, tuple(p.pointer for p in same)) for name, same in by_name.items() if not _are_one(same))
    refuse_names_twice(clashes, "only an Open vSwitch bridge and its own port may share a name")
    return {
        name: device_of(
            name,
            tuple(sorted(same, key=lambda part: part.data.type == OVS_BRIDGE)) if len(same) > 1 else tuple(same),
            tuple(sorted(members[name])) if name in members else (),
            tuple(sorted(tags[name])) if name in tags else (),
        )
        for name, same in by_name.items()
    }


def _are_one(parts: list[Part]) -> bool:
    return len(parts) == 1 or (len(parts) == 2 and sum(part.data.type == OVS_BRIDGE for part in parts) == 1)


def _controllers_in_conflict(devices: Mapping[str, Device]) -> Iterator[Finding]:
    """Compare the controllers that members name with the members that controllers list."""
    listed = {name: listed_members(device) for name, device in devices.items()}
    listing: dict[str, set[str]] = defaultdict(set)
    for name, members in listed.items():
        for member in members:
            listing[member].add(name)
    for device in devices.values():
        named = device.controllers
        if not named and device.name not in listing:
            continue
        for controller in named:
            if controller not in listed:
                yield _no_controller(device.name, controller)
            elif listed[controller] and device.name not in listed[controller]:
                message = f"{quote(device.name)} names {quote(controller)} as its controller, but that does not list it"
                yield conflict(device.name, f"{message}; it counts as a member")
        others = listing.get(device.name, set()) - set(named)
        if len(named) > 1 or (named and others):
            shown = quote_all(sorted({*named, *others}))
            yield conflict(
                device.name, f"{quote(device.name)} is a member of several controllers, which all count: {shown}"
            )


def _no_controller(name: str, controller: str) -> Finding:
    message = f"{quote(name)} names {quote(controller)} as its controller, which the report does not describe"
    hint = "the reporting tool may leave out interfaces of that kind"
    return Finding(FindingCode.MASTER_NOT_REPORTED, Severity.WARNING, message, (name,), hint=hint)


def _absent(parts: Sequence[Part]) -> Iterator[Finding]:
    for part in parts:
        if part.data.state == "absent":
            name = part.data.name
            yield Finding(
                FindingCode.INTERFACE_ABSENT,
                Severity.WARNING,
                f"{quote(name)} is marked `absent` and ignored; only a desired state has this mark",
                (name,),
                hint="use the output of `nmstatectl show`",
            )


def _not_told(devices: Devices) -> Iterator[Finding]:
    """Say whose addresses such a report leaves out even where there are some."""
    routes, by_name = devices.state.routes, devices.by_name
    if routes is not None and routes.config is not None and routes.running is None:
        dynamic = tuple(sorted(name for name, device in by_name.items() if _is_dynamic(device)))
        message = f"the report shows settings only; the addresses that {_some(dynamic)} got are not in it"
        if dynamic:
            yield _addresses_not_told(Severity.WARNING, message, dynamic, "use `nmstatectl show` without `-r`")
    asleep = (device for device in by_name.values() if device.kernel.data.state == "down")
    bare = (device.name for device in asleep if device.kind is not Kind.LOOPBACK and not any(entries_of(device)))
    down = tuple(sorted(bare))
    if down and not any(map(_is_of_kernel_reader, devices.state.interfaces)):
        message = f"nmstate before 1.0 shows no addresses of what NetworkManager has not activated: {_some(down)}"
        yield _addresses_not_told(Severity.INFO, message, down, "ask the host with `ip -j -d addr show`")


def _is_of_kernel_reader(data: Interface) -> bool:
    return any(getattr(data, key) is not None for key in _OF_KERNEL_READERS) or _has_lifetimes(data)


def _is_dynamic(device: Device) -> bool:
    families = [family_of(part, family) for part in device.parts for family in ("ipv4", "ipv6")]
    return any(family.enabled and (family.dhcp or family.autoconf) for family in families)


def _addresses_not_told(severity: Severity, message: str, names: tuple[str, ...], hint: str) -> Finding:
    return Finding(FindingCode.ADDRESSES_NOT_TOLD, severity, message, names, hint=hint)


def _some(names: tuple[str, ...]) -> str:
    """Return the first names, and how many others there are."""
    more = len(names) - _MOST_NAMES
    return quote_all(names[:_MOST_NAMES]) + (f" and {more} others" if more > 0 else "")
