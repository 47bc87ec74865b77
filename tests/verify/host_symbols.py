"""The values of the solver's symbols for one concrete host, read from the facts of the library.

Interfaces and owned addresses are numbers, so that they can be compared fast. All other elements are the values
themselves. An empty report has one interface that stands for none: all its facts are false.

The value of a fact that is unknown can be anything, because no checked rule reads it. It is drawn at random, so a
translation that reads it is found.
"""

from __future__ import annotations

import fnmatch
import random
import re
from collections.abc import Callable, Iterable, Mapping, Sequence
from functools import cache
from typing import Any

from evaluator.facts.address import Address, Cidr, parse_address, parse_cidr
from evaluator.facts.link import Kind, Link
from evaluator.policy.language.environment import Environment, Question
from evaluator.policy.language.types import Base
from evaluator.policy.language.vocabulary import state_named, states_of, words_of
from tests.verify.ground import Table, table

_ADDRESS_STATES = ("ipv4", "ipv6", "link_local", "private", "global")
_ARBITRARY: Mapping[str, tuple[Any, ...]] = {
    "Text": ("", "ovirtmgmt", "ens1"),
    "Int": (-1, 0, 1, 5, 1500),
    "Address": (parse_address("10.0.0.1"), parse_address("192.0.2.99")),
    "Network": (parse_cidr("10.0.0.0/24"),),
    "Bool": (False, True),
}
_SORTS = {"text": "Text", "integer": "Int", "boolean": "Bool", "address": "Address", "cidr": "Network"}
_INTEGERS = ("vlan_id", "bond_mode", "mtu", "speed", "prefix", "position")


@cache
def _is_like(text: str, glob: str) -> bool:
    return re.compile(fnmatch.translate(glob)).match(text) is not None


class HostSymbols:
    """The elements of the sorts, and the values of the symbols, for one question about a host."""

    def __init__(self, question: Question, seed: int) -> None:
        self.question = question
        self.facts, self.host = question.facts, question.host
        self.links = question.facts.links
        self.owned = [(at, owned) for at, link in enumerate(self.links) for owned in link.addresses]
        self._environment = Environment(question, ())
        self._rng = random.Random(seed)
        self._index = {link.name: at for at, link in enumerate(self.links)}
        self._functions = self._of_values()
        links, has_links = self.links, bool(self.links)
        for name, fact in self._of_pairs().items():
            self._functions[name] = lambda n, m, fact=fact: has_links and fact(links[n], links[m])
        for name, fact_of_nic in self._of_nics().items():
            self._functions[name] = lambda n, *rest, fact=fact_of_nic: has_links and fact(links[n], *rest)

    def domains(self, literals: Iterable[Any], integers: Iterable[int]) -> Mapping[str, Sequence[Any]]:
        """Return the elements of each sort: all values of this host, of the parameters and of a policy's literals."""
        texts, addresses, networks = self._values_of_links()
        values = [*literals, *self.host.answers, self.host.name, *self.facts.networks, *map(str, Kind)]
        for value in self.question.parameters.values():
            values += value if isinstance(value, tuple) else [value]
        numbers = {*integers, *(value for value in values if isinstance(value, int))}
        texts |= {value for value in values if isinstance(value, str)}
        addresses |= {value for value in values if isinstance(value, Address)}
        networks |= {value for value in values if isinstance(value, Cidr)}
        return {
            "Nic": range(max(1, len(self.links))),
            "Address": sorted(addresses),
            "Owned": range(len(self.owned)),
            "Text": self._rng.sample(sorted(texts), len(texts)),
            "Network": sorted(networks),
            "Int": sorted(numbers),
            "Bool": (False, True),
        }

    def _values_of_links(self) -> tuple[set[str], set[Address], set[Cidr]]:
        texts, addresses, networks = set[str](), set[Address](), set[Cidr]()
        for link in self.links:
            texts |= {link.name, *link.networks, *link.missing, *link.conflicts, *link.altnames}
            texts |= {text for text in (link.mac, link.alias) if text is not None}
            addresses |= {*link.address_set, *link.gateways}
            networks |= {*link.subnets, *link.routes}
        for _, owned in self.owned:
            texts |= {owned.label} if owned.label is not None else set()
            networks.add(owned.network)
        texts |= {self.facts.last_client_iface} if self.facts.last_client_iface is not None else set()
        return texts, addresses, networks

    def value_of(self, name: str, arity: int) -> Any:
        """Return the value of a symbol, or its table."""
        return table(arity, self._functions.get(name) or self._function(name))

    def element(self, base: Base, number: Any) -> Any:
        """Return the value that an element stands for."""
        if base is Base.NIC:
            return self.links[number] if self.links else None
        return self.owned[number][1] if base is Base.OWNED else number

    # -- symbols that are in no table

    def _function(self, name: str) -> Callable[..., Any]:
        parameters = self.question.parameters
        if name.startswith("parameter."):
            _, base, parameter = name.split(".", 2)
            value = parameters[parameter]
            return lambda: self._known(value, _SORTS[base])
        if name.startswith("parameters."):
            members = parameters[name.split(".", 2)[2]]
            return lambda value: isinstance(members, tuple) and value in members
        if name.startswith("given."):
            return lambda: parameters[name.removeprefix("given.")] is not None
        if name.startswith("is_"):
            return self._state(name.removeprefix("is_"))
        if name.startswith("unknown."):
            return lambda: self._arbitrary("Text")
        return self._word(name)

    def _state(self, name: str) -> Callable[..., bool]:
        if name in states_of(Base.HOST):
            return lambda: states_of(Base.HOST)[name].holds(self._environment, self.host)
        base = Base.OWNED if name in states_of(Base.OWNED) else Base.NIC
        holds, environment = state_named(base, name).holds, self._environment
        return lambda number: bool(self.links) and holds(environment, self.element(base, number))

    def _word(self, name: str) -> Callable[..., Any]:
        """Return a word of an interface or of an owned address, or whether it is known."""
        word, is_knowing = name.removesuffix(".known"), name.endswith(".known")
        base = Base.OWNED if word in words_of(Base.OWNED) else Base.NIC
        sort = "Int" if word in _INTEGERS else "Network" if word == "network" else "Text"

        def read(number: Any) -> Any:
            value = words_of(base)[word].get(self._environment, self.element(base, number)) if self.links else None
            if is_knowing:
                return value is not None
            return self._known(value, sort)

        def contains(number: Any, item: Any) -> bool:
            return bool(self.links) and item in words_of(base)[word].get(self._environment, self.links[number])

        return contains if words_of(base)[word].type.is_list else read

    def _known(self, value: object, sort: str) -> object:
        """Return a value; if it is unknown, any value."""
        return self._arbitrary(sort) if value is None else value

    def _arbitrary(self, sort: str) -> Any:
        if sort == "Nic":
            return self._rng.randrange(max(1, len(self.links)))
        return self._rng.choice(_ARBITRARY[sort])

    # -- the table

    def _of_pairs(self) -> dict[str, Callable[[Link, Link], bool]]:
        topology = self.facts.topology
        return {
            "above": lambda n, m: topology.is_above(n.name, m.name),
            "reaches": lambda n, m: m.name in self._below(n),
            "lower": lambda n, m: m.name in topology.lowers(n.name),
            "slave": lambda n, m: m.name in n.lowers.slaves,
            "port": lambda n, m: m.name in n.lowers.ports,
        }

    def _of_nics(self) -> dict[str, Callable[..., bool]]:
        """Return the facts of one interface, some of them about another value that is no interface."""
        return {
            "base.known": lambda n: words_of(Base.NIC)["base"].get(self._environment, n) is not None,
            "owns": lambda n, a: a in n.address_set,
            "matched": lambda n, a: a in n.address_set and a in self.host.usable,
            "owner": lambda n: not n.address_set.isdisjoint(self.host.usable),
            "carries": lambda n, t: t in n.networks,
            "up": lambda n: n.up is True,
            "down": lambda n: n.up is False,
            "subnet": lambda n, c: c in n.subnets,
            "route": lambda n, c: c in n.routes,
            "gateway": lambda n, a: a in n.gateways,
        }

    def _below(self, link: Link) -> set[str]:
        """Return the interfaces at the ends of all walks over lower devices."""
        lowers = self.facts.topology.lowers
        pending, reached = list(lowers(link.name)), set[str]()
        while pending:
            name = pending.pop()
            if name not in reached:
                reached.add(name)
                pending += lowers(name)
        return reached

    def _base(self, number: int) -> int:
        base = words_of(Base.NIC)["base"].get(self._environment, self.links[number]) if self.links else None
        return self._index[base.name] if isinstance(base, Link) else int(self._arbitrary("Nic"))

    def _of_values(self) -> dict[str, Callable[..., Any]]:
        positions = {link.position: at for at, link in enumerate(self.links)}
        best = Table(lambda address: {self._index[link.name] for link in self.facts.route_to(address)})
        return {
            "base": self._base,
            "has": lambda n, v: bool(self.links) and self.owned[v][0] == n,
            "address": lambda v: self.owned[v][1].address,
            "network": lambda v: self.owned[v][1].network,
            "prefix": lambda v: self.owned[v][1].length,
            "answer": lambda a: a in self.host.answers,
            "usable": lambda a: a in self.host.usable,
            "first_address": lambda: self._known(self.host.first, "Address"),
            "first_address.known": lambda: self.host.first is not None,
            "host_name": lambda: self.host.name,
            "last_client_iface": lambda: self._known(self.facts.last_client_iface, "Text"),
            "last_client_iface.known": lambda: self.facts.last_client_iface is not None,
            "name": lambda n: self.links[n].name if self.links else "",
            "named": lambda t: self._index.get(t, 0),
            "position": lambda n: self.links[n].position if self.links else -1,
            "at_position": lambda i: positions.get(i, 0),
            "kind": lambda n: str(self.links[n].kind) if self.links else "physical",
            "on_host": lambda t: t in self.facts.networks,
            "contains": lambda c, a: a in c,
            "best_route": lambda a, n: bool(self.links) and n in best[a],
            "like": _is_like,
            "text_before": lambda t, u: t < u,
            **{name: self._address_state(name) for name in _ADDRESS_STATES},
        }

    def _address_state(self, name: str) -> Callable[[Address], bool]:
        holds = state_named(Base.ADDRESS, name).holds
        return lambda address: holds(self._environment, address)
