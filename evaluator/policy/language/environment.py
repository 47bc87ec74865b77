"""The inputs of a rule. While the rule is evaluated, its words read their values from these inputs.

For example, `nic.mtu` reads the facts of an interface. This module does not depend on the rule language.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Final

from msgspec import Struct, field

from evaluator.facts.address import Address, Cidr, OwnedAddress
from evaluator.facts.host import HostFacts
from evaluator.facts.host_addresses import HostAddresses
from evaluator.facts.link import Link

_NOTHING: frozenset[Address] = frozenset()


class Owner(Struct, frozen=True):
    """An interface with the usable host addresses that it owns, sorted."""

    nic: Link
    addresses: tuple[Address, ...]


Plain = str | int | bool | Address | Cidr
Scalar = Plain | OwnedAddress | Link | Owner
Literal = Plain | tuple[Plain, ...] | None
Value = Scalar | HostAddresses | HostFacts | tuple[Scalar, ...] | None


class Question:
    """The inputs of a decision except the policy: the facts and addresses of the host, and the parameters. Immutable.

    `owned` maps the name of each interface that owns usable host addresses to these addresses. `owners` are these
    interfaces, sorted by name. `owned` and `owners` do not change after the first rule has begun. A caller that asks
    many questions about one host can compute `owned` once and pass it.
    """

    __slots__ = ("_unowned", "facts", "host", "owned", "owners", "parameters")

    def __init__(
        self,
        facts: HostFacts,
        host: HostAddresses,
        parameters: Mapping[str, Value],
        owned: Mapping[str, frozenset[Address]] | None = None,
    ) -> None:
        self.facts: Final = facts
        self.host: Final = host
        self.parameters: Final = parameters
        self.owned: Final = facts.owned(host) if owned is None else owned
        self.owners: Final = tuple(map(facts.host.link, self.owned))
        self._unowned: tuple[Address, ...] | None = None

    @property
    def unowned(self) -> tuple[Address, ...]:
        """The usable host addresses without an owner, sorted; computed once, when a rule or finding needs them."""
        if self._unowned is None:
            owned = _NOTHING.union(*self.owned.values())
            self._unowned = tuple([address for address in self.host.usable if address not in owned])
        return self._unowned

    def matched(self, nic: Link) -> tuple[OwnedAddress, ...]:
        """Return the addresses of the interface that are equal to a usable host address."""
        found = self.owned.get(nic.name)
        return () if found is None else tuple([owned for owned in nic.addresses if owned.address in found])

    def matched_set(self, nic: Link) -> frozenset[Address]:
        """Return the usable host addresses that the interface owns."""
        return self.owned.get(nic.name, _NOTHING)

    def owners_with_host_prefix(self) -> tuple[Link, ...]:
        """Return the owners whose names are in `facts.with_host_prefix`.

        All other owners have no address with /32 (IPv4) or /128 (IPv6).
        """
        names = self.facts.with_host_prefix
        return tuple([nic for nic in self.owners if nic.name in names])

    def host_prefixes(self, nic: Link) -> tuple[OwnedAddress, ...]:
        """Return the interface's matched addresses with the prefix length /32 (IPv4) or /128 (IPv6)."""
        if nic.name not in self.facts.with_host_prefix:
            return ()
        return tuple([owned for owned in self.matched(nic) if owned.is_host_prefix])

    def as_owners(self, nics: Iterable[Link]) -> tuple[Owner, ...]:
        """Return each interface with the usable host addresses that it owns, sorted."""
        return tuple([Owner(nic, tuple(sorted(self.matched_set(nic)))) for nic in nics])

    def matched_sets(self, nics: Iterable[Link]) -> frozenset[Address]:
        """Return the usable host addresses that at least one of the interfaces owns."""
        return _NOTHING.union(*map(self.matched_set, nics))


class Environment(Struct, frozen=True):
    """The environment of a rule: the question, and the candidates when the rule starts, sorted by name.

    `kept` contains the lists and values that the rule has already computed (`lists.py`).
    """

    question: Question
    candidates: tuple[Link, ...]
    kept: dict[tuple[object, ...], object] = field(default_factory=dict)

    @property
    def facts(self) -> HostFacts:
        """The facts of the host, from its report."""
        return self.question.facts

    @property
    def host(self) -> HostAddresses:
        """The name and the addresses of the host."""
        return self.question.host


def identity(value: object) -> object:
    """Return the key by which a value is compared.

    It is the name of an interface, an address without its prefix length, or the value itself.
    """
    if isinstance(value, Link):
        return value.name
    return value.address if isinstance(value, OwnedAddress) else value
