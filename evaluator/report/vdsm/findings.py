"""Yields the findings about a VDSM reply.

`_unusual_entries` is a quick check that most entries pass. `_entry_findings` examines only the other entries.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from evaluator.base.diagnostic import Severity
from evaluator.base.finding import Finding, FindingCode, conflict
from evaluator.base.text import quote
from evaluator.facts.host import HostFacts
from evaluator.facts.netmask import NETMASKS
from evaluator.report.consistency import consistency_findings
from evaluator.report.vdsm.addresses import addr_conflict, is_listed
from evaluator.report.vdsm.entry import (
    NO_GATEWAYS,
    base_of,
    bond_options,
    gateway_texts,
    is_malformed,
    mode_of,
    truth_of,
    vlan_id_of,
    whole_number,
)
from evaluator.report.vdsm.link import VdsmHost
from evaluator.report.vdsm.network import disagreement
from evaluator.report.vdsm.wire import Bond, Device, Vlan

_EXPECTED_MAPS = ("vlans", "bondings", "networks")
_IF_MISSING = "oVirt cannot set up a network over an interface that VDSM does not report, such as a team"
_VALID_NETMASKS = frozenset((None, "", *NETMASKS))


def findings(host: VdsmHost, facts: HostFacts) -> Iterator[Finding]:
    """Yield the findings about a reply."""
    body = host.body
    for name in _EXPECTED_MAPS:
        if getattr(body, name) is None:
            yield Finding(
                FindingCode.REPORT_LACKS_MAP,
                Severity.WARNING,
                f"the report has no {quote(name)}, which every VDSM sends; interfaces may be missing",
                hint="did you mean `bondings` instead of `bonds`?"
                if name == "bondings" and body.bonds is not None
                else "",
            )
    yield from (disagreement(*parts) for parts in host.disagreements)
    invalid = [name for name, entry in host.devices.items() if entry.netmask not in _VALID_NETMASKS]
    for name in facts.table.irregular.union(invalid):
        yield from facts.link(name).owned().findings
    for name, entry in _unusual_entries(host.devices):
        yield from _entry_findings(name, entry, host)
    yield from consistency_findings(facts, _IF_MISSING)


def _unusual_entries(devices: Mapping[str, Device]) -> list[tuple[str, Device]]:
    """Return the entries that may have findings. A quick check leaves out entries that certainly have no findings."""
    return [
        (name, entry)
        for name, entry in devices.items()
        if entry.gateway not in NO_GATEWAYS
        or entry.ipv6gateway not in NO_GATEWAYS
        or entry.bootproto4 == "dhcp"
        or ((entry.addr or entry.ipv4addrs) and not is_listed(entry))
        or (name != f"{entry.iface}.{entry.vlanid}" if isinstance(entry, Vlan) else entry.cfg is not None)
    ]


def _entry_findings(name: str, entry: Device, host: VdsmHost) -> Iterator[Finding]:
    """Yield the findings about the entry of a device, except findings about its addresses."""
    quoted = quote(name)
    for key, text in gateway_texts(entry).items():
        if is_malformed(text):
            message = f"{quoted} has the {key} {quote(text)}, which is not a valid IP address and is ignored"
            yield Finding(FindingCode.MALFORMED_ADDRESS, Severity.WARNING, message, (name,))
    yield from addr_conflict(name, entry)
    if isinstance(entry, Vlan):
        yield from _name_conflict(name, entry, host)
    if isinstance(entry, Bond) and len({mode_of(options) for options in bond_options(entry)} - {None}) > 1:
        message = f"{quoted} has different modes in `opts` and in the `BONDING_OPTS` of `cfg`; activenic uses `opts`"
        yield conflict(name, message)
    if entry.bootproto4 == "dhcp" and truth_of(entry.dhcpv4) is False:
        message = (
            f"{quoted} uses DHCP according to `bootproto4`, but not according to `dhcpv4`; activenic uses `bootproto4`"
        )
        yield conflict(name, message)


def _name_conflict(name: str, entry: Vlan, host: VdsmHost) -> Iterator[Finding]:
    """Compare the entry of a VLAN with its name, if the name is DEVICE.ID and the reply describes DEVICE."""
    base_in_name, dot, number = name.rpartition(".")
    id_in_name = whole_number(number)
    if not dot or id_in_name is None or base_in_name not in host.devices:
        return
    base, vlan_id = base_of(name, entry), vlan_id_of(name, entry)
    if base != base_in_name or vlan_id != id_in_name:
        entry_text = f"{quote(name)} uses VLAN {vlan_id} on {quote(str(base))}"
        message = f"{entry_text}, but its name has another VLAN or device; activenic uses the entry"
        yield conflict(name, message, Severity.INFO)
