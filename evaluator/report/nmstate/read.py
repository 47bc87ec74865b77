"""Reads the output of `nmstatectl show` (nmstate 0.3, 1.x and 2.x).

Source of the format: nmstate's documentation of its YAML, and reports of nmstate 0.3.7. A report has the routes and a
list of interfaces. Each interface has a type. An Open vSwitch bridge and its own port are two entries with the same
name. The reader returns one bridge for these two entries.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from functools import partial

import msgspec

from evaluator.base.diagnostic import Severity
from evaluator.base.finding import Finding, FindingCode, conflict
from evaluator.base.text import quote, quote_all
from evaluator.facts.host import HostFacts
from evaluator.facts.link import Kind
from evaluator.facts.table import table_of
from evaluator.report.consistency import consistency_findings
from evaluator.report.json_text import plain_copy
from evaluator.report.kubernetes import state_in
from evaluator.report.nmstate.device import (
    OVS_BRIDGE,
    AccessTag,
    Device,
    Part,
    access_tags,
    conflicts,
    controllers_of,
    device_of,
    entries_of,
    family_of,
    listed_members,
    part_of,
)
from evaluator.report.nmstate.link import UNSUPPORTED_WORDS, NmstateHost, is_of_kernel_reader, kind_unknown
from evaluator.report.nmstate.wire import State
from evaluator.report.reading import (
    Reading,
    convert_or_none,
    decode_or_none,
    normalized,
    refuse_invalid,
    refuse_names_twice,
)

__all__ = ["UNSUPPORTED_WORDS", "read", "read_text"]

SCHEMA = "nmstate-report"
_MOST_NAMES = 5
_STATES = msgspec.json.Decoder(State)


def read_text(text: bytes) -> Reading | None:
    """Return the facts in the text of a report.

    The result is None if the typed decoder refuses the text, or if the text can be in another format.
    """
    state = decode_or_none(_STATES, text)
    return _reading(state, "") if state is not None and state.is_unambiguous and state.addr is msgspec.UNSET else None


def read(document: object, item: str | None = None) -> Reading:
    """Return the facts of a host. The report is given as a plain value.

    If the document is a Kubernetes list of several NodeNetworkStates, `item` is the name of the NodeNetworkState to
    read. Raises ReportError, with every problem, if the report is invalid.
    """
    part = state_in(document, item)
    state = convert_or_none(part.value, State) or _validate_and_convert(plain_copy(part.value), part.pointer)
    return _reading(state, part.pointer)


def _validate_and_convert(value: object, pointer: str) -> State:
    """Validate a report with the schema, and return it as typed structs.

    Raises ReportError, with every problem, if the schema refuses the report.
    """
    refuse_invalid(value, SCHEMA, pointer)
    return msgspec.convert(normalized(value), State)


def _reading(state: State, pointer: str) -> Reading:
    parts = [part_of(data, f"{pointer}/interfaces/{i}") for i, data in enumerate(state.interfaces)]
    host = NmstateHost(state, pointer, _devices([part for part in parts if part.data.state != "absent"]))
    facts = HostFacts(host, table_of(host.address_texts()))
    return Reading(facts, partial(findings, parts, host, facts))


def findings(parts: Sequence[Part], host: NmstateHost, facts: HostFacts) -> Iterator[Finding]:
    """Yield the findings about a report."""
    yield from _absent(parts)
    for name, device in host.devices.items():
        if device.kind is Kind.LOOPBACK or name in facts.table.irregular:
            yield from host.owned(device).findings
        yield from conflicts(device)
        if device.is_unknown:
            yield from kind_unknown(facts.link(name))
    yield from host.routing.findings
    yield from _hidden_addresses(host)
    yield from _controllers_in_conflict(host.devices)
    yield from consistency_findings(facts)


def _devices(parts: Iterable[Part]) -> dict[str, Device]:
    """Return the devices by name. If two entries have the same name, the entry of the Open vSwitch bridge is last."""
    by_name: dict[str, list[Part]] = {}
    members: dict[str, set[str]] = defaultdict(set)
    tags: dict[str, list[AccessTag]] = defaultdict(list)
    for part in parts:
        by_name.setdefault(part.data.name, []).append(part)
        if part.type == OVS_BRIDGE:
            for port, tag in access_tags(part):
                tags[port].append(tag)
        if part.data.controller or part.data.master:
            for controller in controllers_of(part.data):
                members[controller].add(part.data.name)
    several = [(name, same) for name, same in by_name.items() if len(same) > 1]
    clashes = [(name, tuple(p.pointer for p in same)) for name, same in several if not _are_one_device(same)]
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


def _are_one_device(parts: list[Part]) -> bool:
    """Return whether several entries with the same name can describe one device."""
    return len(parts) == 2 and sum(part.data.type == OVS_BRIDGE for part in parts) == 1


def _controllers_in_conflict(devices: Mapping[str, Device]) -> Iterator[Finding]:
    """Yield a finding if an interface names a controller that does not list this interface as a member.

    Also yield a finding if the controller is not in the report, or if an interface has several controllers.
    """
    if not [part for device in devices.values() for part in device.parts if part.data.controller or part.data.master]:
        return
    members_of = {name: listed_members(device) for name, device in devices.items()}
    listed_by: dict[str, set[str]] = defaultdict(set)
    for name, members in members_of.items():
        for member in members:
            listed_by[member].add(name)
    for device in devices.values():
        controllers = device.controllers
        for controller in controllers:
            if controller not in members_of:
                yield _no_controller(device.name, controller)
            elif members_of[controller] and device.name not in members_of[controller]:
                message = f"{_names(device.name, controller)}, but {quote(controller)} does not list it"
                yield conflict(device.name, f"{message}; activenic uses {quote(device.name)} as a member")
        others = listed_by.get(device.name, set()) - set(controllers)
        if controllers and (others or len(controllers) > 1):
            shown = quote_all(sorted({*controllers, *others}))
            yield conflict(
                device.name,
                f"{quote(device.name)} is a member of several controllers, and activenic uses all of them: {shown}",
            )


def _names(name: str, controller: str) -> str:
    return f"{quote(name)} names {quote(controller)} as its controller"


def _no_controller(name: str, controller: str) -> Finding:
    message = f"{_names(name, controller)}, but the report does not describe {quote(controller)}"
    hint = "the reporting tool may leave out some kinds of interfaces"
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


def _hidden_addresses(host: NmstateHost) -> Iterator[Finding]:
    """Yield a finding if interfaces possibly have addresses that this kind of report does not show."""
    routes, devices = host.state.routes, host.devices
    if routes is not None and routes.config is not None and routes.running is None:
        dynamic = tuple(sorted(name for name, device in devices.items() if _is_dynamic(device)))
        message = f"the report shows only settings, not the dynamic addresses of {_some(dynamic)}"
        if dynamic:
            yield _addresses_hidden(Severity.WARNING, message, dynamic, "use `nmstatectl show` without `-r`")
    down = [device for device in devices.values() if device.kernel.data.state == "down"]
    without = [device.name for device in down if device.kind is not Kind.LOOPBACK and not any(entries_of(device))]
    names = tuple(sorted(without))
    if names and not any(map(is_of_kernel_reader, host.state.interfaces)):
        message = f"nmstate before 1.0 hides addresses of interfaces that are not activated: {_some(names)}"
        yield _addresses_hidden(Severity.INFO, message, names, "run `ip -j -d addr show` on the host")


def _is_dynamic(device: Device) -> bool:
    families = [family_of(part, family) for part in device.parts for family in ("ipv4", "ipv6")]
    return any(family.enabled and (family.dhcp or family.autoconf) for family in families)


def _addresses_hidden(severity: Severity, message: str, names: tuple[str, ...], hint: str) -> Finding:
    return Finding(FindingCode.ADDRESSES_NOT_TOLD, severity, message, names, hint=hint)


def _some(names: tuple[str, ...]) -> str:
    """Return a text with the first names and the number of further names."""
    more = len(names) - _MOST_NAMES
    return quote_all(names[:_MOST_NAMES]) + (f" and {more} others" if more > 0 else "")
