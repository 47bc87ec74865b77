"""Writes a small host in words that follow the short notation of policy tests, for `verify`, `mutate` and `diff`.

Facts that the notation cannot state are added in parentheses. `short_notation.py` writes the notation itself.
"""

from __future__ import annotations

from collections.abc import Collection, Iterator

from evaluator.base.text import visible
from evaluator.facts.link import Kind
from evaluator.verify.abstract_host import AbstractHost, AbstractInterface

KIND_WORDS = {Kind.PHYSICAL: "nic", Kind.VLAN: "vlan", Kind.BOND: "bond", Kind.BRIDGE: "bridge"}


def statements_of(host: AbstractHost) -> str:
    """Return the interfaces of a host, separated by semicolons."""
    return visible("; ".join(_statements(host))) or "no interface"


def asked_by(host: AbstractHost, added: Collection[str] = ()) -> str:
    """Return the host addresses with which the decision is made, and the parameters that have a value.

    The addresses in `added` are marked as added.
    """
    texts = [host.addresses[index] for index in host.answers]
    answers = ", ".join(f"{text} (added)" if text in added else text for text in texts) or "no address"
    if host.name is not None:
        answers = f"{host.name} ({answers}{'' if host.complete else ', incomplete'})"
    return f"asked by {answers}{_given(host)}"


def _given(host: AbstractHost) -> str:
    given = [f"{name}={visible(str(value))}" for name, value in host.parameters.items() if value is not None]
    return f" with {', '.join(given)}" if given else ""


def _statements(host: AbstractHost) -> Iterator[str]:
    for interface in host.interfaces:
        kind = KIND_WORDS[interface.kind]
        yield " ".join((kind, interface.name, *relation(host, interface), *facts(host, interface)))
    if host.last_client_iface is not None:
        yield f"last client {host.last_client_iface}"


def relation(host: AbstractHost, interface: AbstractInterface) -> Iterator[str]:
    """Yield the lower devices of an interface, as a phrase. Without lower devices, yield nothing."""
    if interface.lowers:
        lowers = ", ".join(host.interfaces[index].name for index in interface.lowers)
        yield f"{'on' if interface.kind is Kind.VLAN else 'over'} {lowers}"


def facts(host: AbstractHost, interface: AbstractInterface) -> Iterator[str]:
    """Yield one phrase for each fact of an interface, except its name, kind and lower devices."""
    addresses = list(_owned(host, interface))
    if addresses:
        yield f"has {', '.join(addresses)}"
    if interface.networks:
        yield f"carries {', '.join(interface.networks)}"
    if interface.vlan_id:
        yield f"vlan {interface.vlan_id}"
    yield from (f"({word}: {value})" for word, value in interface.facts.items())


def _owned(host: AbstractHost, interface: AbstractInterface) -> Iterator[str]:
    """Yield the addresses of an interface. An address that is not a primary address is marked as secondary."""
    lengths = interface.prefixes or (None,) * len(interface.owns)
    for index, length in zip(interface.owns, lengths, strict=True):
        mark = "" if index in interface.primary else " (secondary)"
        yield host.addresses[index] + ("" if length is None else f"/{length}") + mark
