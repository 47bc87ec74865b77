"""Possible changes of the question: other host addresses, or other values of the policy's parameters."""

from __future__ import annotations

from collections.abc import Iterator

from msgspec.structs import replace

from evaluator.base.text import quote
from evaluator.decision.decide import Case
from evaluator.decision.trace import Edit, EditKind
from evaluator.explain.counterfactual.ownership import USUAL_LENGTH, joined_with_and
from evaluator.explain.counterfactual.trial import Applied, Option, Trial
from evaluator.facts.address import Address, address_of, in_order, network_of
from evaluator.facts.host_addresses import HostAddresses
from evaluator.facts.link import Link
from evaluator.policy.language.environment import Scalar, Value
from evaluator.policy.language.program import Parameter
from evaluator.policy.language.types import Base
from evaluator.policy.parameters import shown

_MOST_OWN_ADDRESSES = 3
_MOST_OTHER_ADDRESSES = 2


def address_options(case: Case, link: Link) -> Iterator[Option]:
    """Yield the options (possible changes) after which the host has fewer or different addresses."""
    sets = tuple(dict.fromkeys(_address_sets(case.host, link)))
    for addresses in sets:
        yield Option((_addresses_trial(HostAddresses.of(*map(str, addresses))),))
    if not case.host.is_literal:
        for addresses in sets:
            host = replace(
                case.host,
                answers=in_order(addresses),
                first=addresses[0],
                complete=True,
                withheld=(),
                remarks=(),
                resolution=None,
            )
            yield Option((_addresses_trial(host),))


def _address_sets(host: HostAddresses, link: Link) -> Iterator[tuple[Address, ...]]:
    """Yield sets of addresses for the host.

    The first set contains all host addresses that the interface owns. The next sets contain one address each, which the
    interface owns. The last sets contain one host address each, which the interface does not own. The search can
    combine such a set with a change of the report that adds the address to the interface.
    """
    own = link.address_set
    matched = tuple(address for address in host.usable if address in own)
    if matched and (len(matched) < len(host.answers) or not host.is_literal):
        yield matched
    others = sorted(own - set(matched), key=lambda address: (address.is_link_local, address))
    for address in (*(matched if len(matched) > 1 else ()), *others)[:_MOST_OWN_ADDRESSES]:
        yield (address,)
    host_addresses = host.usable or tuple(address for address in host.withheld if not address.unusable)
    if len(host_addresses) > 1 or not host.is_literal or host.unusable:
        missing = [address for address in host_addresses if address not in own]
        for address in missing[:_MOST_OTHER_ADDRESSES]:
            yield (address,)


def _addresses_trial(host: HostAddresses) -> Trial:
    addresses = joined_with_and(map(str, host.answers))
    if host.is_literal:
        sentence = f"the host had only the address{'es' * (len(host.answers) > 1)} {addresses}"
    else:
        sentence = f"the name {quote(host.name)} resolved to {addresses} and to no other address"

    def apply(case: Case) -> Applied | None:
        edit = Edit(EditKind.ANSWERS, None, host_data(case.host), host_data(host), sentence)
        return None if edit.before == edit.after else Applied(replace(case, host=host), (edit,))

    return Trial(("answers",), 1, False, apply)


def host_data(host: HostAddresses) -> object:
    """Return the host in the form of a policy test: a list of addresses, or a map if the host has a name."""
    addresses = [str(address) for address in sorted(host.answers, key=lambda address: address != host.first)]
    if host.is_literal:
        return addresses
    return {"name": host.name, "addresses": addresses, "complete": host.complete}


def parameter_options(case: Case, link: Link) -> Iterator[Option]:
    """Yield possible changes of a parameter: to a value of the interface, such as its VLAN ID, or to the default."""
    for parameter in case.program.parameters:
        current = case.parameters.get(parameter.name)
        for value in dict.fromkeys(_values(case, parameter, link)):
            if value != current:
                yield Option((_parameter_trial(parameter, value, size=2 if value == link.name else 1),))
        if not parameter.is_required and current != parameter.default:
            yield Option((_parameter_trial(parameter, parameter.default),))


def _values(case: Case, parameter: Parameter, link: Link) -> Iterator[Value]:
    base, current = parameter.type.base, case.parameters.get(parameter.name)
    if parameter.type.is_list:
        if base is Base.TEXT and isinstance(current, tuple):
            yield _toggled(current, link.name)
        return
    if base is Base.INTEGER and link.vlan_id is not None:
        yield link.vlan_id
    elif base is Base.TEXT:
        yield from (*link.networks, link.name)
    elif base is Base.BOOLEAN:
        yield not current
    elif base is Base.CIDR:
        yield from link.subnets
    elif base is Base.ADDRESS:
        yield from link.gateways
        usual = (network_of(address, USUAL_LENGTH[address.version]) for address in case.host.usable[:1])
        yield from (address_of(net.first.version, net.first.number + 1) for net in (*link.subnets, *usual))


def _toggled(names: tuple[Scalar, ...], name: str) -> Value:
    return tuple(other for other in names if other != name) if name in names else (*names, name)


def _parameter_trial(parameter: Parameter, value: Value, size: int = 1) -> Trial:
    name = parameter.name
    new_value = "no value" if value is None else f"the value {quote(_as_text(value))}"
    sentence = f"the parameter {quote(name)} had {new_value}"

    def apply(case: Case) -> Applied | None:
        edit = Edit(EditKind.PARAMETER, None, {name: shown(case.parameters.get(name))}, {name: shown(value)}, sentence)
        return Applied(replace(case, parameters={**case.parameters, name: value}), (edit,))

    return Trial((f"parameter {name}",), size, False, apply)


def _as_text(value: Value) -> str:
    if isinstance(value, bool):
        return "true" if value else "false"
    return ",".join(map(str, value)) if isinstance(value, tuple) else str(value)
