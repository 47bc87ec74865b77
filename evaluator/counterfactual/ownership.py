"""Edits of who owns which host address: the interface gains one, others lose it, or both."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping

from evaluator.counterfactual.members import released
from evaluator.counterfactual.trial import Option, ReportEdit, Trial, report_trial, touching
from evaluator.decide import Case
from evaluator.facts.address import Address, OwnedAddress
from evaluator.facts.link import Kind, Link
from evaluator.restate.restate import hides_addresses
from evaluator.restate.writer import with_length
from evaluator.text import quote
from evaluator.trace import EditKind

_MOST_ADDRESSES = 3
_MOST_RIVALS = 3
USUAL_LENGTH = {4: 24, 6: 64}
Held = Mapping[str, tuple[Address, ...]]  # the host addresses on other interfaces
Loss = tuple[tuple[str, tuple[Address, ...]], ...]  # which interface loses which
_OF_ADDRESSES = {"addresses", "ways", "conflicts"}


def ownership(case: Case, link: Link) -> Iterator[Option]:
    """Yield edits by which the interface owns host addresses, and by which it alone does."""
    wanted = case.host.usable or tuple(address for address in case.host.withheld if not address.unusable)
    others = tuple(one for one in case.report.facts.links if one.name != link.name)
    held = {other.name: tuple(address for address in wanted if address in other.address_set) for other in others}
    held = {name: addresses for name, addresses in held.items() if addresses}
    shown = tuple(_shown(case, link)) if hides_addresses(case.report) else ()
    gains = tuple(_gains(link, wanted, held))
    for new in gains:
        yield Option((*shown, _gain(case, link, new)))
    for loss in dict.fromkeys(_losses(held)):
        yield Option(lost(loss))
    for new in gains:
        for loss in dict.fromkeys(_losses_beside(held, new)):
            yield Option((*shown, _gain(case, link, new), *lost(loss)))


def _gains(link: Link, wanted: tuple[Address, ...], held: Held) -> Iterator[tuple[Address, ...]]:
    """Yield what the interface may gain: one address, that of another interface first, or all that it lacks."""
    if link.kind is Kind.LOOPBACK:
        return
    owned = {address for addresses in held.values() for address in addresses}
    missing = sorted((address for address in wanted if address not in link.address_set), key=lambda a: a not in owned)
    singles = [(address,) for address in missing[:_MOST_ADDRESSES]]
    yield from dict.fromkeys((*singles, *([tuple(sorted(missing))] if missing else ())))


def _as_owned(case: Case, link: Link, address: Address) -> OwnedAddress:
    """Return the address with the length that it has on another interface, or that its subnet here has."""
    links = case.report.facts.links
    lengths = [one.prefix for other in links for one in other.addresses if one.address == address and one.prefix]
    subnets = (subnet for other in (link, *links) for subnet in other.subnets if address in subnet)
    lengths += [subnet.prefix for subnet in subnets]
    return OwnedAddress(address, lengths[0] if lengths else USUAL_LENGTH[address.version])


def _gain(case: Case, link: Link, addresses: tuple[Address, ...]) -> Trial:
    name, new = link.name, tuple(_as_owned(case, link, address) for address in addresses)

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
    """Return the edits by which interfaces lose addresses."""
    return tuple(_loss(name, gone) for name, gone in loss)


def _loss(name: str, gone: tuple[Address, ...]) -> Trial:
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

    return report_trial(f"addresses of {name}", make, len(gone))


def owned_texts(owned: Iterable[OwnedAddress]) -> list[str]:
    """Return addresses with their lengths, as data."""
    return [with_length(one) for one in owned]


def _and(words: Iterable[str]) -> str:
    return " and ".join(map(quote, words))
