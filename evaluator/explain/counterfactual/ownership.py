"""Edits of who owns which host address: the interface gains one, others lose it, or both."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping

from evaluator.base.text import quote
from evaluator.decision.decide import Case
from evaluator.decision.trace import EditKind
from evaluator.explain.counterfactual.members import released
from evaluator.explain.counterfactual.trial import (
    Make,
    Option,
    ReportEdit,
    Trial,
    report_trial,
    report_trials,
    touching,
)
from evaluator.explain.restate.restate import hides_addresses
from evaluator.explain.restate.writer import with_length
from evaluator.facts.address import Address, OwnedAddress
from evaluator.facts.link import Kind, Link

_MOST_ADDRESSES = 3
_MOST_RIVALS = 3
_MOST_AT_ONCE = 64
_MOST_LOSSES_APART = 8
USUAL_LENGTH = {4: 24, 6: 64}
Held = Mapping[str, tuple[Address, ...]]  # the host addresses on other interfaces
Loss = tuple[tuple[str, tuple[Address, ...]], ...]  # which interface loses which
_OF_ADDRESSES = {"addresses", "ways", "conflicts"}


class Owners:
    """Who owns the wanted host addresses, and how long they usually are, found once for all interfaces of a host."""

    def __init__(self, case: Case) -> None:
        self._facts = case.report.facts
        self.wanted = case.host.usable or tuple(one for one in case.host.withheld if not one.unusable)
        held: dict[str, list[Address]] = {}
        for address, names in self._facts.owners_of(self.wanted).items():
            for name in names:
                held.setdefault(name, []).append(address)
        self._held = {name: tuple(held[name]) for name in sorted(held)}
        self._lengths: dict[Address, int | None] = {}

    def beside(self, link: Link) -> Held:
        """Return the wanted addresses that other interfaces own."""
        return {name: addresses for name, addresses in self._held.items() if name != link.name}

    def as_owned(self, link: Link, address: Address) -> OwnedAddress:
        """Return the address with the length that it has on another interface, or that its subnet here has."""
        length = self._length(address)
        if length is None:
            own = next((subnet.prefix for subnet in link.subnets if address in subnet), None)
            length = self._length_nearby(address) if own is None else own
        return OwnedAddress(address, length)

    def _length(self, address: Address) -> int | None:
        if address not in self._lengths:
            links = self._facts.owning(address)
            found = (one.prefix for link in links for one in link.addresses if one.address == address and one.prefix)
            self._lengths[address] = next(found, None)
        return self._lengths[address]

    def _length_nearby(self, address: Address) -> int:
        near = self._facts.near((address,))[:1]
        lengths = (subnet.prefix for link in near for subnet in link.subnets if address in subnet)
        return next(lengths, USUAL_LENGTH[address.version])


def ownership(case: Case, link: Link, owners: Owners) -> Iterator[Option]:
    """Yield edits by which the interface owns host addresses, and by which it alone does."""
    held = owners.beside(link)
    shown = tuple(_shown(case, link)) if hides_addresses(case.report) else ()
    gains = tuple(_gains(link, owners.wanted, held))
    gain_of = {new: _gain(link, tuple(owners.as_owned(link, address) for address in new)) for new in gains}
    for new in gains:
        yield Option((*shown, gain_of[new]))
    for loss in dict.fromkeys(_losses(held)):
        yield Option(lost(loss))
    for new in gains:
        for loss in dict.fromkeys(_losses_beside(held, new)):
            yield Option((*shown, gain_of[new], *lost(loss)))


def _gains(link: Link, wanted: tuple[Address, ...], held: Held) -> Iterator[tuple[Address, ...]]:
    """Yield what the interface may gain: one address, that of another interface first, or all that it lacks."""
    if link.kind is Kind.LOOPBACK:
        return
    owned = {address for addresses in held.values() for address in addresses}
    own = link.address_set
    missing = sorted((address for address in wanted if address not in own), key=lambda a: a not in owned)
    singles = [(address,) for address in missing[:_MOST_ADDRESSES]]
    yield from dict.fromkeys((*singles, *([tuple(sorted(missing))] if 0 < len(missing) <= _MOST_AT_ONCE else ())))


def _gain(link: Link, new: tuple[OwnedAddress, ...]) -> Trial:
    name = link.name

    def make(case: Case) -> ReportEdit | None:
        link = case.report.facts.by_name[name]
        return ReportEdit(
            EditKind.ADDRESSES,
            link,
            lambda writer: writer.add_addresses(link, new),
            touching({name: _OF_ADDRESSES}),
            lambda case: owned_texts(case.report.facts.by_name[name].addresses),
            f"{quote(name)} owned {_and(map(with_length, new))}",
        )

    return report_trial(f"addresses of {name}", make, len(new))


def _shown(case: Case, link: Link) -> Iterator[Trial]:
    """Yield what has to be so that a report of its kind shows addresses of the interface."""
    if link.up is False:
        yield _up(link.name)
    yield from released(case, link)


def _up(name: str) -> Trial:
    def make(case: Case) -> ReportEdit:
        link = case.report.facts.by_name[name]
        return ReportEdit(
            EditKind.UP,
            link,
            lambda writer: writer.set_up(link),
            touching({name: {"up"}}),
            lambda case: case.report.facts.by_name[name].up,
            f"{quote(name)} were up",
        )

    return report_trial(f"state of {name}", make, 0)


def _losses(held: Held) -> Iterator[Loss]:
    """Yield who loses what: each address alone, each interface alone, at last all that they hold."""
    addresses = dict.fromkeys(address for several in held.values() for address in several)
    for address in list(addresses)[:_MOST_ADDRESSES]:
        yield _everywhere(held, address)
    for name in list(held)[:_MOST_RIVALS]:
        yield ((name, held[name]),)
    if held:
        yield tuple(held.items())


def _losses_beside(held: Held, new: tuple[Address, ...]) -> Iterator[Loss]:
    """Yield what others lose when the interface gains addresses: these, or all that they hold."""
    if len(new) == 1 and _everywhere(held, new[0]):
        yield _everywhere(held, new[0])
    if held:
        yield tuple(held.items())


def _everywhere(held: Held, address: Address) -> Loss:
    return tuple((name, (address,)) for name, several in held.items() if address in several)


def lost(loss: Loss) -> tuple[Trial, ...]:
    """Return the edits by which interfaces lose addresses: of a few each by itself, so that one may prove needless."""
    makes = {f"addresses of {name}": _loss(name, gone) for name, gone in loss}
    if len(loss) > _MOST_LOSSES_APART:
        return (report_trials(makes, sum(len(gone) for _, gone in loss)),)
    return tuple(
        report_trial(subject, make, len(gone)) for (subject, make), (_, gone) in zip(makes.items(), loss, strict=True)
    )


def _loss(name: str, gone: tuple[Address, ...]) -> Make:
    def make(case: Case) -> ReportEdit | None:
        link = case.report.facts.by_name[name]
        if link.address_set.isdisjoint(gone):
            return None
        return ReportEdit(
            EditKind.ADDRESSES,
            link,
            lambda writer: writer.remove_addresses(link, frozenset(gone)),
            touching({name: _OF_ADDRESSES}),
            lambda case: owned_texts(case.report.facts.by_name[name].addresses),
            f"{quote(name)} did not own {_and(map(str, gone))}",
        )

    return make


def owned_texts(owned: Iterable[OwnedAddress]) -> list[str]:
    """Return addresses with their lengths, as data."""
    return [with_length(one) for one in owned]


def _and(words: Iterable[str]) -> str:
    return " and ".join(map(quote, words))
