"""Writes a small host in the short notation of policy tests, for the results of `verify` and `mutate`."""

from __future__ import annotations

from collections.abc import Iterator

from evaluator.base.text import visible
from evaluator.facts.link import Kind
from evaluator.verify.abstract_host import AbstractHost, AbstractInterface


def statements_of(host: AbstractHost) -> str:
    """Return the interfaces of a host, separated by semicolons."""
    return visible("; ".join(_statements(host))) or "no interface"


def asked_by(host: AbstractHost) -> str:
    """Return the addresses by which the decision is asked, and the parameters that have a value."""
    answers = ", ".join(host.addresses[index] for index in host.answers) or "no address"
    if host.name is not None:
        answers = f"{host.name} ({answers}{'' if host.complete else ', incomplete'})"
    return f"asked by {answers}{_given(host)}"


def _given(host: AbstractHost) -> str:
    given = [f"{name}={visible(str(value))}" for name, value in host.parameters.items() if value is not None]
    return f" with {', '.join(given)}" if given else ""


def _statements(host: AbstractHost) -> Iterator[str]:
    names = [interface.name for interface in host.interfaces]
    for interface in host.interfaces:
        lowers = ", ".join(names[index] for index in interface.lowers)
        relation = "on" if interface.kind is Kind.VLAN else "over"
        yield " ".join(
            (
                str(interface.kind) if interface.kind is not Kind.PHYSICAL else "nic",
                interface.name,
                *((relation, lowers) if lowers else ()),
                *_owned(interface, host.addresses),
                *(("carries", ", ".join(interface.networks)) if interface.networks else ()),
                *(("vlan", str(interface.vlan_id)) if interface.vlan_id else ()),
                *(f"({word}: {value})" for word, value in interface.facts.items()),
            )
        )
    if host.last_client_iface is not None:
        yield f"last client {host.last_client_iface}"


def _owned(interface: AbstractInterface, addresses: tuple[str, ...]) -> Iterator[str]:
    """Yield the addresses of an interface; those that are not its primary addresses are marked."""
    lengths = interface.prefixes or (None,) * len(interface.owns)
    texts = []
    for index, length in zip(interface.owns, lengths, strict=True):
        mark = "" if index in interface.primary else " (secondary)"
        texts.append(addresses[index] + ("" if length is None else f"/{length}") + mark)
    if texts:
        yield f"has {', '.join(texts)}"
