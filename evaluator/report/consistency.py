"""Finds contradictions between the links of a report, for every format.

Examples are a lower device that the report does not describe, a slave of two bonds, a cycle, an address on a slave, and
the same address on several interfaces. Such a report is still valid: the decision uses the consistent part and reports
the findings.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator, Mapping

from evaluator.base.diagnostic import Severity
from evaluator.base.finding import Finding, FindingCode
from evaluator.base.text import quote, quote_all
from evaluator.facts.address import Address
from evaluator.facts.host import HostFacts
from evaluator.facts.link import Kind, Link, Lowers

_DOWN = "nic is down"
_FEW_LAYERS = 6
_MAY_LEAVE_OUT = "the reporting tool may leave out some kinds of interfaces"


def consistency_findings(facts: HostFacts, if_missing: str = _MAY_LEAVE_OUT) -> Iterator[Finding]:
    """Yield a finding for each contradiction between the links.

    `if_missing` is the hint for a lower device that the report does not describe. The hint states why the tool left out
    the device, or the consequence of the missing device.
    """
    lower_names = {name: lowers.names for name, lowers in facts.lower_devices.items()}
    slaves = [slave for lowers in facts.lower_devices.values() for slave in lowers.slaves]
    members = frozenset(slaves)
    yield from _dangling(facts, lower_names, if_missing)
    with_addresses = {name for name, _, _ in facts.table.rows} | facts.table.irregular
    for name in with_addresses & members:
        yield from _address_on_slave(facts.link(name))
    if _DOWN not in facts.unsupported_words:
        for link in map(facts.link, with_addresses):
            if link.up is False:
                yield from _address_on_down_link(link)
    if len(slaves) > len(members):
        yield from _slaves_in_two_bonds(facts.lower_devices)
    if not _is_shallow(lower_names):
        yield from _cycles(facts)
    yield from _shared_addresses(facts)


def _warning(
    code: FindingCode, message: str, *interfaces: str, hint: str = "", address: Address | None = None
) -> Finding:
    addresses = () if address is None else (str(address),)
    return Finding(code, Severity.WARNING, message, tuple(sorted(interfaces)), addresses, hint=hint)


def _dangling(facts: HostFacts, lower_names: Mapping[str, tuple[str, ...]], if_missing: str) -> Iterator[Finding]:
    """Yield a finding for each lower device that the report does not describe or name."""
    described = facts.host.names
    for name, lowers in facts.lower_devices.items():
        may_lack_base = lowers.base is None and not (lowers.slaves or lowers.ports)
        if lowers.elsewhere or may_lack_base or not all(map(described.__contains__, lower_names[name])):
            yield from _dangling_of(facts.link(name), if_missing)


def _dangling_of(link: Link, if_missing: str) -> Iterator[Finding]:
    """Yield a finding for each lower device that the report does not describe."""
    lowers = link.lowers
    slaves, ports = frozenset(lowers.slaves), frozenset(lowers.ports)
    for name in link.missing:
        if name in slaves:
            code, role = FindingCode.SLAVE_NOT_REPORTED, "slave"
        elif name in ports:
            code, role = FindingCode.PORT_NOT_REPORTED, "port"
        else:
            code, role = FindingCode.BASE_NOT_REPORTED, "base"
        yield _warning(
            code,
            f"{quote(link.name)} names {quote(name)} as its {role}, but the report does not describe {quote(name)}",
            link.name,
            hint=if_missing,
        )
    if lowers.elsewhere:
        yield Finding(
            FindingCode.LOWER_DEVICE_ELSEWHERE,
            Severity.INFO,
            f"{quote(link.name)} is on top of an interface in another network namespace",
            (link.name,),
        )
    elif link.kind is Kind.VLAN and lowers.base is None:
        yield _warning(
            FindingCode.BASE_NOT_REPORTED,
            f"the report does not name the base of the vlan {quote(link.name)}",
            link.name,
        )


def _address_on_slave(link: Link) -> Iterator[Finding]:
    for owned in link.addresses:
        if not owned.address.is_link_local:
            yield _warning(
                FindingCode.ADDRESS_ON_SLAVE,
                f"{quote(link.name)} is a slave, but has the address {quote(str(owned.address))}",
                link.name,
                hint="move the address to the bond",
                address=owned.address,
            )


def _address_on_down_link(link: Link) -> Iterator[Finding]:
    if any(not owned.address.is_link_local for owned in link.addresses):
        yield _warning(
            FindingCode.LINK_DOWN,
            f"{quote(link.name)} is down, but activenic uses its addresses",
            link.name,
            hint="check whether the host is reached through this interface",
        )


def _slaves_in_two_bonds(lowers: Mapping[str, Lowers]) -> Iterator[Finding]:
    masters: dict[str, list[str]] = defaultdict(list)
    for name, below in lowers.items():
        for slave in below.slaves:
            masters[slave].append(name)
    for slave, bonds in masters.items():
        if len(bonds) > 1:
            yield _warning(
                FindingCode.SLAVE_IN_TWO_BONDS,
                f"{quote(slave)} is a slave of several bonds: {quote_all(sorted(bonds))}",
                slave,
                *bonds,
            )


def _cycles(facts: HostFacts) -> Iterator[Finding]:
    for names in facts.topology.cycles:
        yield _warning(
            FindingCode.LINK_CYCLE,
            f"{quote_all(names)} are on top of each other in a cycle; activenic ignores the order of these interfaces"
            if len(names) > 1
            else f"{quote_all(names)} is on top of itself",
            *names,
        )


def _is_shallow(lowers: Mapping[str, tuple[str, ...]]) -> bool:
    """Return whether the graph of lower devices has no cycle and few layers.

    Each round removes the lowest layer. A cycle is never removed, so a graph that becomes empty has no cycle.
    """
    for _ in range(_FEW_LAYERS):
        lowers = {name: names for name, names in lowers.items() if not lowers.keys().isdisjoint(names)}
        if not lowers:
            return True
    return False


def _shared_addresses(facts: HostFacts) -> Iterator[Finding]:
    """Yield a finding for each address that several interfaces own."""
    table = facts.table
    shared = table.shared()
    if not (table.irregular or shared):  # true for nearly all hosts
        return
    owners: dict[bytes, set[str]] = defaultdict(set)
    for name in table.irregular:
        for owned in facts.by_name[name].addresses:
            owners[owned.address.packed].add(name)
    for name, packed in table.owners(dict.fromkeys({*shared, *owners})):
        owners[packed].add(name)
    for packed, names in owners.items():
        address = Address(4 if len(packed) == 4 else 6, packed)
        # the kernel gives a VLAN the same link-local address as its lower device, because they have one MAC address
        if len(names) > 1 and not address.is_link_local:
            yield _warning(
                FindingCode.ADDRESS_ON_SEVERAL_INTERFACES,
                f"{quote(str(address))} is on {quote_all(sorted(names))}",
                *names,
                address=address,
            )
