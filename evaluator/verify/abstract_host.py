"""A small host as data: the interfaces in the order of the report, and the addresses as texts."""

from __future__ import annotations

from collections.abc import Mapping

from msgspec import Struct

from evaluator.facts.link import Kind
from evaluator.policy.language.environment import Literal


class AbstractInterface(Struct, frozen=True):
    """One interface of an abstract host.

    `lowers` are indices into `AbstractHost.interfaces`: the slaves of a bond, the ports of a bridge, the base of a
    VLAN. `owns` and `primary` are indices into `AbstractHost.addresses`; `primary` is a subset of `owns`. `prefixes`
    are the prefix lengths of `owns`. `networks` are the logical networks on the interface itself, without the networks
    on its bridge. `vlan_id` is 0 for an interface that is not a VLAN, None for an unknown ID. `facts` are all other
    facts that the decision read. Each key in `facts` is a word of the rule language.
    """

    name: str
    kind: Kind
    lowers: tuple[int, ...] = ()
    owns: tuple[int, ...] = ()
    primary: tuple[int, ...] = ()
    prefixes: tuple[int, ...] = ()
    networks: tuple[str, ...] = ()
    vlan_id: int | None = 0
    facts: Mapping[str, Literal] = {}


class AbstractHost(Struct, frozen=True):
    """A small host with interfaces, addresses and answers.

    `addresses` are all addresses that occur, without repetitions. `answers` are the indices of the host's answers in
    `addresses`, in the order of the answers. `name` is None if the addresses were given instead of a name. `parameters`
    are the parameters of the decision.
    """

    interfaces: tuple[AbstractInterface, ...] = ()
    addresses: tuple[str, ...] = ()
    answers: tuple[int, ...] = ()
    name: str | None = None
    complete: bool = True
    last_client_iface: str | None = None
    parameters: Mapping[str, Literal] = {}
