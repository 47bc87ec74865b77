"""Possible changes of the owners of host addresses: an interface gains addresses, other interfaces lose them.

The idea: most policies choose the interface that owns the host's address. An explanation asks which change would make a
certain interface the hostActiveNic. Two changes help most often: this interface gains the address, or every *rival*
loses its host addresses. A rival is another interface that owns a host address. For each interface, this module
proposes *options* (possible changes): a gain, a loss, or a gain together with a loss.

- A gain adds one host address, or all host addresses that the interface does not own. Addresses of rivals are tried
  first, because an operator would probably move an address from a rival.
- A loss removes one address from all rivals, all addresses from one rival, or all addresses from all rivals.
- The prefix length of a gained address is read from the report, so that the address gets a usual subnet (`as_owned`).
- Some formats hide the addresses of interfaces that are down, of slaves or of ports. Then a gain needs more edits: the
  interface becomes up and leaves its masters. Without these edits, a report of the format cannot contain the new
  address.

Limits: options for a single address exist only for the first three addresses, and options for a single rival only for
the first three rivals. If the host has more than 64 addresses that the interface does not own, no option adds all these
addresses. An option for all rivals can have thousands of edits, so the search tries such an option only alone
(`search.py`). This module proposes options, and does not test them. The search verifies an option by deciding again.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping

from evaluator.base.text import quote
from evaluator.decision.decide import Case
from evaluator.decision.trace import EditKind
from evaluator.explain.counterfactual.members import removed_from_masters
from evaluator.explain.counterfactual.trial import (
    BuildEdit,
    Option,
    ReportEdit,
    Trial,
    changed_facts,
    report_trial,
    report_trials,
)
from evaluator.explain.restate.restate import hides_addresses
from evaluator.explain.restate.writer import with_length
from evaluator.facts.address import Address, OwnedAddress
from evaluator.facts.link import Kind, Link

_MOST_ADDRESSES = 3
_MOST_RIVALS = 3
_MOST_AT_ONCE = 64
_MOST_SEPARATE_LOSSES = 8
USUAL_LENGTH = {4: 24, 6: 64}
RivalAddresses = Mapping[str, tuple[Address, ...]]  # host addresses on other interfaces, by interface
Loss = tuple[tuple[str, tuple[Address, ...]], ...]  # interfaces, each with the addresses that it loses
_ADDRESS_FACTS = {"addresses", "main_routes", "conflicts"}


class Owners:
    """The owners and usual prefix lengths of the host addresses, computed once for all interfaces of a host."""

    def __init__(self, case: Case) -> None:
        self._facts = case.report.facts
        withheld = tuple(address for address in case.host.withheld if not address.unusable)
        self.host_addresses = case.host.usable or withheld
        by_owner: dict[str, list[Address]] = {}
        for address, names in self._facts.owners_of(self.host_addresses).items():
            for name in names:
                by_owner.setdefault(name, []).append(address)
        self._by_owner = {name: tuple(by_owner[name]) for name in sorted(by_owner)}
        self._lengths: dict[Address, int | None] = {}

    def rivals_of(self, link: Link) -> RivalAddresses:
        """Return the host addresses that other interfaces own, by the name of the interface."""
        return {name: addresses for name, addresses in self._by_owner.items() if name != link.name}

    def as_owned(self, link: Link, address: Address) -> OwnedAddress:
        """Return the address with a likely prefix length. The length comes from the first of these sources that exists:

        - an interface that has the same address;
        - a subnet of `link` that contains the address;
        - a subnet of another interface that contains the address;
        - the usual length of the address family.
        """
        length = self._length(address)
        if length is None:
            own = next((subnet.prefix for subnet in link.subnets if address in subnet), None)
            length = self._length_nearby(address) if own is None else own
        return OwnedAddress(address, length)

    def _length(self, address: Address) -> int | None:
        if address not in self._lengths:
            links = self._facts.owning(address)
            owned = (owned for link in links for owned in link.addresses)
            lengths = (entry.prefix for entry in owned if entry.address == address and entry.prefix)
            self._lengths[address] = next(lengths, None)
        return self._lengths[address]

    def _length_nearby(self, address: Address) -> int:
        near = self._facts.near((address,))[:1]
        lengths = (subnet.prefix for link in near for subnet in link.subnets if address in subnet)
        return next(lengths, USUAL_LENGTH[address.version])


def ownership_options(case: Case, link: Link, owners: Owners) -> Iterator[Option]:
    """Yield possible changes: the interface gains host addresses, other interfaces lose host addresses, or both."""
    rivals = owners.rivals_of(link)
    visibility = tuple(_visibility(case, link)) if hides_addresses(case.report) else ()
    gains = tuple(_gains(link, owners.host_addresses, rivals))
    gain_of = {new: _gain(link, tuple(owners.as_owned(link, address) for address in new)) for new in gains}
    for new in gains:
        yield Option((*visibility, gain_of[new]))
    for loss in dict.fromkeys(_losses(rivals)):
        yield Option(losing(loss))
    for new in gains:
        for loss in dict.fromkeys(_losses_with_gain(rivals, new)):
            yield Option((*visibility, gain_of[new], *losing(loss)))


def _gains(link: Link, host_addresses: tuple[Address, ...], rivals: RivalAddresses) -> Iterator[tuple[Address, ...]]:
    """Yield sets of host addresses that the interface can gain: first each single address, then the set of all.

    Addresses that another interface owns are before the other single addresses.
    """
    if link.kind is Kind.LOOPBACK:
        return
    owned = {address for addresses in rivals.values() for address in addresses}
    own = link.address_set
    not_owned = (address for address in host_addresses if address not in own)
    missing = sorted(not_owned, key=lambda address: address not in owned)
    singles = [(address,) for address in missing[:_MOST_ADDRESSES]]
    together = [tuple(sorted(missing))] if 0 < len(missing) <= _MOST_AT_ONCE else []
    yield from dict.fromkeys((*singles, *together))


def _gain(link: Link, new: tuple[OwnedAddress, ...]) -> Trial:
    name = link.name

    def build(case: Case) -> ReportEdit | None:
        link = case.report.facts.by_name[name]
        return ReportEdit(
            EditKind.ADDRESSES,
            link,
            lambda writer: writer.add_addresses(link, new),
            changed_facts({name: _ADDRESS_FACTS}),
            lambda case: owned_texts(case.report.facts.by_name[name].addresses),
            f"{quote(name)} owned {joined_with_and(map(with_length, new))}",
        )

    return report_trial(f"addresses of {name}", build, len(new))


def _visibility(case: Case, link: Link) -> Iterator[Trial]:
    """Yield the trials that make the interface visible.

    In some formats, a report shows the addresses of an interface only if the interface is up and not a slave or port.
    """
    if link.up is False:
        yield _up(link.name)
    yield from removed_from_masters(case, link)


def _up(name: str) -> Trial:
    def build(case: Case) -> ReportEdit:
        link = case.report.facts.by_name[name]
        return ReportEdit(
            EditKind.UP,
            link,
            lambda writer: writer.set_up(link),
            changed_facts({name: {"up"}}),
            lambda case: case.report.facts.by_name[name].up,
            f"{quote(name)} were up",
        )

    return report_trial(f"state of {name}", build, 0)


def _losses(rivals: RivalAddresses) -> Iterator[Loss]:
    """Yield the cases in which other interfaces lose host addresses, in this order:

    - for each host address: every other interface that owns this address loses the address;
    - for each other interface: this interface loses all its host addresses;
    - all other interfaces lose all their host addresses.
    """
    addresses = dict.fromkeys(address for owned in rivals.values() for address in owned)
    for address in list(addresses)[:_MOST_ADDRESSES]:
        yield _everywhere(rivals, address)
    for name in list(rivals)[:_MOST_RIVALS]:
        yield ((name, rivals[name]),)
    if rivals:
        yield tuple(rivals.items())


def _losses_with_gain(rivals: RivalAddresses, new: tuple[Address, ...]) -> Iterator[Loss]:
    """Yield the cases in which other interfaces lose addresses while this interface gains addresses.

    If the interface gains a single address, the first case is that the other interfaces lose only this address. In the
    last case, the other interfaces lose all host addresses.
    """
    if len(new) == 1 and _everywhere(rivals, new[0]):
        yield _everywhere(rivals, new[0])
    if rivals:
        yield tuple(rivals.items())


def _everywhere(rivals: RivalAddresses, address: Address) -> Loss:
    return tuple((name, (address,)) for name, owned in rivals.items() if address in owned)


def losing(loss: Loss) -> tuple[Trial, ...]:
    """Return the trials that remove the given addresses from their interfaces.

    If at most eight interfaces lose addresses, each of them has its own trial, so that the search can leave out a
    single trial. Otherwise one trial is for all interfaces.
    """
    builders = {f"addresses of {name}": _loss(name, addresses) for name, addresses in loss}
    if len(loss) > _MOST_SEPARATE_LOSSES:
        return (report_trials(builders, sum(len(addresses) for _, addresses in loss)),)
    return tuple(
        report_trial(subject, build, len(addresses))
        for (subject, build), (_, addresses) in zip(builders.items(), loss, strict=True)
    )


def _loss(name: str, addresses: tuple[Address, ...]) -> BuildEdit:
    def build(case: Case) -> ReportEdit | None:
        link = case.report.facts.by_name[name]
        if link.address_set.isdisjoint(addresses):
            return None
        return ReportEdit(
            EditKind.ADDRESSES,
            link,
            lambda writer: writer.remove_addresses(link, frozenset(addresses)),
            changed_facts({name: _ADDRESS_FACTS}),
            lambda case: owned_texts(case.report.facts.by_name[name].addresses),
            f"{quote(name)} did not own {joined_with_and(map(str, addresses))}",
        )

    return build


def owned_texts(owned: Iterable[OwnedAddress]) -> list[str]:
    """Return addresses as `address/length` texts."""
    return [with_length(address) for address in owned]


def joined_with_and(words: Iterable[str]) -> str:
    """Return the words in backticks, joined with "and"."""
    return " and ".join(map(quote, words))
