"""Edits of who owns which host address: the interface gains one, others lose it, or both."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from evaluator.counterfactual.trial import Option, ReportEdit, Trial, report_trial, touching
from evaluator.decide import Case
from evaluator.facts.address import Address, OwnedAddress
from evaluator.facts.link import Kind, Link
from evaluator.restate.writer import FULL_LENGTH, with_length
from evaluator.text import quote
from evaluator.trace import EditKind

_MOST_ADDRESSES = 3
_MOST_RIVALS = 3
_USUAL_LENGTH = {4: 24, 6: 64}
_OF_ADDRESSES = {"addresses", "ways"}


def ownership(case: Case, link: Link) -> Iterator[Option]:
    """Yield edits by which the interface owns host addresses, and by which it alone does."""
    wanted = case.host.usable or tuple(address for address in case.host.withheld if not address.unusable)
    others = tuple(one for one in case.report.facts.links if one.name != link.name)
    held = {other.name: tuple(address for address in wanted if address in other.address_set) for other in others}
    held = {name: addresses for name, addresses in held.items() if addresses}
    losses = tuple(dict.fromkeys(_losses(held)))
    gains = tuple(_gains(case, link, wanted, held))
    yield from (Option((gain,)) for gain in gains)
    parted = [Option(tuple(_loss(name, gone) for name, gone in loss)) for loss in losses]
    yield from parted
    yield from (Option((gain, *option.trials)) for gain in gains for option in parted)


def _gains(
    case: Case, link: Link, wanted: tuple[Address, ...], held: dict[str, tuple[Address, ...]]
) -> Iterator[Trial]:
    missing = tuple(address for address in wanted if address not in link.address_set)
    if not missing or link.kind is Kind.LOOPBACK:
        return
    owned = {address for addresses in held.values() for address in addresses}
    one = next((address for address in missing if address in owned), missing[0])
    for new in dict.fromkeys(((one,), *((address,) for address in missing[:_MOST_ADDRESSES]), missing)):
        yield _gain(link.name, tuple(_as_owned(case, link, address) for address in new))


def _as_owned(case: Case, link: Link, address: Address) -> OwnedAddress:
    """Return the address with the length that it has on another interface, or that its subnet here has."""
    links = case.report.facts.links
    lengths = [one.prefix for other in links for one in other.addresses if one.address == address and one.prefix]
    subnets = (subnet for other in (link, *links) for subnet in other.subnets if address in subnet)
    lengths += [subnet.prefix for subnet in subnets]
    return OwnedAddress(address, lengths[0] if lengths else min(_USUAL_LENGTH[address.version], _greatest(address)))


def _greatest(address: Address) -> int:
    return FULL_LENGTH[address.version]


def _gain(name: str, new: tuple[OwnedAddress, ...]) -> Trial:
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


def _losses(held: dict[str, tuple[Address, ...]]) -> Iterator[tuple[tuple[str, tuple[Address, ...]], ...]]:
    """Yield who loses what: each address alone, each interface alone, at last all that they hold."""
    addresses = dict.fromkeys(address for several in held.values() for address in several)
    for address in list(addresses)[:_MOST_ADDRESSES]:
        yield tuple((name, (address,)) for name, several in held.items() if address in several)
    for name in list(held)[:_MOST_RIVALS]:
        yield ((name, held[name]),)
    if held:
        yield tuple(held.items())


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
