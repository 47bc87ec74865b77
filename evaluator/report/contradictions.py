"""Where the links of a report do not fit together, whatever tool wrote it.

Dangling lower devices, a slave in two bonds, cycles, an address on a slave, one address on several
interfaces. None of these refuses a report: the decision is made on what fits, and says so.
"""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterator

from evaluator.diagnostic import Severity
from evaluator.facts.address import Address
from evaluator.facts.host import HostFacts
from evaluator.facts.link import Link
from evaluator.finding import Finding, FindingCode
from evaluator.text import quote, quote_all

_FEW_LAYERS = 6


def contradictions(facts: HostFacts) -> Iterator[Finding]:
    """Yield a finding for each place where the links contradict each other."""
    for link in facts.links:
        lowers = link.lowers
        if link.missing or lowers.elsewhere or (lowers.base is None and link.kind == "vlan"):
            yield from _dangling(link)
        if not link.addresses:
            continue
        if link.name in facts.slaves:
            yield from _address_on_slave(link)
        if link.up is False:
            yield from _address_on_down_link(link)
    yield from _slaves_in_two_bonds(facts)
    yield from _cycles(facts)
    yield from _shared_addresses(facts)


def _warning(
    code: FindingCode, message: str, *interfaces: str, hint: str = "", address: Address | None = None
) -> Finding:
    addresses = () if address is None else (str(address),)
    return Finding(code, Severity.WARNING, message, tuple(sorted(interfaces)), addresses, hint=hint)


def _dangling(link: Link) -> Iterator[Finding]:
    for name in link.missing:
        if name in link.lowers.slaves:
            code, role = FindingCode.SLAVE_NOT_REPORTED, "slave"
        elif name in link.lowers.ports:
            code, role = FindingCode.PORT_NOT_REPORTED, "port"
        else:
            code, role = FindingCode.BASE_NOT_REPORTED, "base"
        yield _warning(
            code,
            f"{quote(link.name)} names {quote(name)} as its {role}, which the report does not describe",
            link.name,
            hint="the reporting tool may leave out interfaces of that kind",
        )
    if link.lowers.elsewhere:
        yield Finding(
            FindingCode.LOWER_DEVICE_ELSEWHERE,
            Severity.INFO,
            f"{quote(link.name)} stands on an interface of another network namespace",
            (link.name,),
        )
    elif link.kind == "vlan" and link.lowers.base is None:
        yield _warning(
            FindingCode.BASE_NOT_REPORTED,
            f"the report does not say what the vlan {quote(link.name)} stands on",
            link.name,
        )


def _address_on_slave(link: Link) -> Iterator[Finding]:
    for owned in link.addresses:
        if not owned.address.is_link_local:
            yield _warning(
                FindingCode.ADDRESS_ON_SLAVE,
                f"{quote(link.name)} is a slave and has the address {quote(str(owned.address))}",
                link.name,
                hint="the address of a bond belongs on the bond",
                address=owned.address,
            )


def _address_on_down_link(link: Link) -> Iterator[Finding]:
    if any(not owned.address.is_link_local for owned in link.addresses):
        yield _warning(
            FindingCode.LINK_DOWN,
            f"{quote(link.name)} is down and has an address; it counts all the same",
            link.name,
            hint="find out whether the host is reached over it",
        )


def _slaves_in_two_bonds(facts: HostFacts) -> Iterator[Finding]:
    masters: dict[str, list[str]] = defaultdict(list)
    for link in facts.links:
        for slave in link.lowers.slaves:
            masters[slave].append(link.name)
    for slave, bonds in masters.items():
        if len(bonds) > 1:
            yield _warning(
                FindingCode.SLAVE_IN_TWO_BONDS,
                f"{quote(slave)} is a slave of {quote_all(bonds)} at once",
                slave,
                *bonds,
            )


def _cycles(facts: HostFacts) -> Iterator[Finding]:
    if _is_flat(facts):
        return
    for names in facts.topology.cycles:
        yield _warning(
            FindingCode.LINK_CYCLE,
            f"{quote_all(names)} stand on each other in a circle; none of them counts as above another"
            if len(names) > 1
            else f"{quote_all(names)} stands on itself",
            *names,
        )


def _is_flat(facts: HostFacts) -> bool:
    """Return whether all that stand on others are gone after a few layers are taken away, as cycles never are."""
    standing = {link.name: link.lowers.names for link in facts.links if link.lowers.names}
    for _ in range(_FEW_LAYERS):
        standing = {name: lowers for name, lowers in standing.items() if not standing.keys().isdisjoint(lowers)}
        if not standing:
            return True
    return not standing


def _shared_addresses(facts: HostFacts) -> Iterator[Finding]:
    times = Counter([owned.address.number for link in facts.links for owned in link.addresses])
    if len(times) == times.total():  # as on nearly all hosts
        return
    owners: dict[Address, list[str]] = defaultdict(list)
    for link in facts.links:
        # of a link-local one the same on a vlan and its base is how the kernel makes them
        several = {owned.address for owned in link.addresses if times[owned.address.number] > 1}
        for address in several:
            if not address.is_link_local:
                owners[address].append(link.name)
    for address, names in owners.items():
        if len(names) > 1:
            yield _warning(
                FindingCode.ADDRESS_ON_SEVERAL_INTERFACES,
                f"{quote(str(address))} is on {quote_all(names)}",
                *names,
                address=address,
            )
