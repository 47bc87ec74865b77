"""Single edits of a question: what might be otherwise about the answers, the parameters, the report.

Each is a sentence that goes on after "if" and a function that makes the question so. None is judged
here; `what_if.py` tries them.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator

from evaluator.decide import Case
from evaluator.facts.address import Address, OwnedAddress, network_of
from evaluator.facts.edited import with_client, with_links, with_networks
from evaluator.facts.host import HostFacts
from evaluator.facts.link import Kind, Link
from evaluator.facts.route import Route
from evaluator.frozen import dataclass, replace
from evaluator.policy.program import Parameter
from evaluator.policy.scene import Value
from evaluator.policy.types import Base
from evaluator.text import quote, quote_all

_MOST_OWN_ADDRESSES = 3
_MOST_NAMES = 3
_HOST_LENGTH = {4: 32, 6: 128}


@dataclass(frozen=True, slots=True)
class Edit:
    """`said` goes on after "if"; `subject` is what is edited, once at a time; `size` counts the facts that change."""

    said: str
    subject: str
    apply: Callable[[Case], Case]
    size: int = 1


def edits_for(case: Case, link: Link) -> tuple[Edit, ...]:
    """Return the edits that may make the interface the answer; the easiest for a person come first."""
    return (*_answers(case, link), *_parameters(case, link), *_report(case, link))


def _answers(case: Case, link: Link) -> Iterator[Edit]:
    matched = tuple(address for address in case.host.usable if address in link.address_set)
    if matched and len(matched) < len(case.host.answers):
        yield _asked_by(matched)
    others = sorted(
        {owned.address for owned in link.addresses} - set(matched), key=lambda address: (address.is_link_local, address)
    )
    for address in (*(matched if len(matched) > 1 else ()), *others)[:_MOST_OWN_ADDRESSES]:
        yield _asked_by((address,))


def _asked_by(addresses: tuple[Address, ...]) -> Edit:
    def apply(case: Case) -> Case:
        host = replace(case.host, answers=addresses, first=addresses[0], complete=True, withheld=())
        return case._replace(host=host)

    return Edit(f"the host were asked by {_shown(addresses)} alone", "answers", apply)


def _parameters(case: Case, link: Link) -> Iterator[Edit]:
    for parameter in case.program.parameters:
        now = case.parameters.get(parameter.name)
        for value in dict.fromkeys(_values(parameter, link)):
            if value != now:
                yield _parameter(parameter.name, value, size=2 if value == link.name else 1)
        if parameter.type.optional and now is not None:
            yield _parameter(parameter.name, None)


def _values(parameter: Parameter, link: Link) -> Iterator[Value]:
    if parameter.type.is_list:
        return
    if parameter.type.base is Base.INTEGER and link.vlan_id is not None:
        yield link.vlan_id
    elif parameter.type.base is Base.TEXT:
        yield from (*link.networks, link.name)
    elif parameter.type.base is Base.ADDRESS:
        yield from link.gateways
        yield from (Address(net.first.version, net.first.number + 1) for net in link.subnets)


def _parameter(name: str, value: Value, size: int = 1) -> Edit:
    said = "not given" if value is None else quote(str(value))
    return Edit(
        f"the parameter {quote(name)} were {said}",
        f"parameter {name}",
        lambda case: case._replace(parameters={**case.parameters, name: value}),
        size,
    )


def _report(case: Case, link: Link) -> Iterator[Edit]:
    yield from _ownership(case, link)
    if link.kind is Kind.BRIDGE:
        yield _of_link(link, f"{quote(link.name)} were no bridge", "kind", lambda now: replace(now, kind=Kind.PHYSICAL))
    for parameter in case.program.parameters:
        yield from _fitting(case, link, parameter)
    if case.report.facts.last_client_iface != link.name:
        yield Edit(
            f"the last client had come in by {quote(link.name)}",
            "last client",
            lambda case: _with_facts(case, with_client(case.report.facts, link.name)),
        )


def _ownership(case: Case, link: Link) -> Iterator[Edit]:
    wanted, name = case.host.usable, quote(link.name)
    usable = case.host.usable_set
    others = (one for one in case.report.facts.links if one.name != link.name)
    rivals = tuple(one for one in others if not usable.isdisjoint(one.address_set))
    missing = tuple(address for address in wanted if address not in link.address_set)
    if rivals and link.address_set & usable:
        yield Edit(
            _nobody(rivals, _shown(_held(rivals, wanted))),
            "ownership",
            lambda case: _without_rivals(case, link),
            len(rivals),
        )
    if missing:
        held = _held(rivals, wanted)
        one = next((address for address in missing if address in held), missing[0])
        yield from (_owner(link, new, rivals, held) for new in dict.fromkeys(((one,), missing)))
    if any(owned.address in usable and not owned.primary for owned in link.addresses):
        yield _of_link(link, f"the report showed {name}'s host address first", "order", _shown_first)


def _owner(link: Link, new: tuple[Address, ...], rivals: tuple[Link, ...], held: tuple[Address, ...]) -> Edit:
    what = _shown(held) if held != new else "it" if len(new) == 1 else "them"
    alone = f", and {_nobody(rivals, what)}" if rivals else ""
    return Edit(
        f"{quote(link.name)} owned {_shown(new)}{alone}",
        "ownership",
        lambda case: _owning(_without_rivals(case, link), link.name, new),
        len(new) + len(rivals),
    )


def _fitting(case: Case, link: Link, parameter: Parameter) -> Iterator[Edit]:
    """Yield edits by which the interface fits a parameter's value: a network it carries, its vlan id, a route."""
    value, name = case.parameters.get(parameter.name), quote(link.name)
    if isinstance(value, str):
        if value not in link.networks:
            yield Edit(
                f"{name} carried {quote(value)}", f"network {value}", lambda case: _carrying(case, link.name, value)
            )
        if value in case.report.facts.networks and value not in link.networks:
            yield Edit(
                f"the host had no network {quote(value)} yet",
                f"network {value}",
                lambda case: _carrying(case, None, value),
            )
    elif isinstance(value, int) and not isinstance(value, bool) and link.vlan_id != value:
        yield _of_link(link, f"{name} had the vlan id {value}", "vlan", lambda now: replace(now, vlan_id=value))
    elif isinstance(value, Address) and not any(value in way.destination for way in link.ways):
        way = Route(network_of(value, _HOST_LENGTH[value.version]))
        said = f"a route led to {quote(str(value))} through {name}"
        yield _of_link(link, said, "route", lambda now: replace(now, ways=(*now.ways, way)))


def _of_link(link: Link, said: str, what: str, change: Callable[[Link], Link]) -> Edit:
    return Edit(said, what, lambda case: _with_link(case, link.name, change))


def _with_link(case: Case, name: str, change: Callable[[Link], Link]) -> Case:
    facts = case.report.facts
    return _with_facts(case, with_links(facts, [change(facts.by_name[name])]))


def _with_facts(case: Case, facts: HostFacts) -> Case:
    return case._replace(report=case.report.with_facts(facts))


def _without_rivals(case: Case, link: Link) -> Case:
    unwanted, facts = case.host.usable_set, case.report.facts
    rivals = (one for one in facts.links if not (one.name == link.name or unwanted.isdisjoint(one.address_set)))
    freed = [replace(one, addresses=_other_than(one.addresses, unwanted)) for one in rivals]
    return _with_facts(case, with_links(facts, freed))


def _other_than(owned: tuple[OwnedAddress, ...], unwanted: frozenset[Address]) -> tuple[OwnedAddress, ...]:
    return tuple(one for one in owned if one.address not in unwanted)


def _owning(case: Case, name: str, addresses: tuple[Address, ...]) -> Case:
    new = tuple(OwnedAddress(address, primary=True) for address in addresses)
    return _with_link(case, name, lambda link: replace(link, addresses=(*link.addresses, *new)))


def _shown_first(link: Link) -> Link:
    return replace(link, addresses=tuple(replace(owned, primary=True) for owned in link.addresses))


def _carrying(case: Case, name: str | None, network: str) -> Case:
    """Move a network to one interface, or take it from the host."""
    facts = case.report.facts
    moved = [
        replace(link, networks=_with_or_without(link.networks, network, link.name == name))
        for link in facts.links
        if (network in link.networks) is not (link.name == name)
    ]
    networks = _with_or_without(facts.networks, network, name is not None)
    return _with_facts(case, with_networks(with_links(facts, moved), networks))


def _with_or_without(networks: tuple[str, ...], network: str, wanted: bool) -> tuple[str, ...]:
    others = {one for one in networks if one != network}
    return tuple(sorted({*others, network} if wanted else others))


def _held(links: Iterable[Link], wanted: tuple[Address, ...]) -> tuple[Address, ...]:
    return tuple(address for address in wanted if any(address in link.address_set for link in links))


def _nobody(rivals: tuple[Link, ...], what: str) -> str:
    if len(rivals) > _MOST_NAMES:
        return f"no other interface owned {what}"
    return f"{quote_all(link.name for link in rivals)} did not own {what}"


def _shown(addresses: Iterable[Address]) -> str:
    return " and ".join(quote(str(address)) for address in addresses)
