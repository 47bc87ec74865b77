"""What the words of a policy look at while one rule is judged: plain data that knows nothing of the language."""

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
    """Everything a decision depends on besides the policy; `owned` and `owners` are fixed before the first rule.

    `owned` maps each interface that owns usable host addresses to these; `owners` are those interfaces, sorted by
    name; `unowned` are the usable host addresses without an owner, sorted. Nobody changes it. `owned` may be given, if
    somebody knows it for many questions at once.
    """

    __slots__ = ("facts", "host", "owned", "owners", "parameters", "unowned")

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
        self.owners: Final = tuple([facts.by_name[name] for name in self.owned])
        found = _NOTHING.union(*self.owned.values())
        # found once, not for each interface that a rule asks about
        self.unowned: Final = tuple([address for address in host.usable if address not in found])

    def matched(self, nic: Link) -> tuple[OwnedAddress, ...]:
        """Return the interface's addresses that equal a usable host address."""
        found = self.owned.get(nic.name)
        return () if found is None else tuple([owned for owned in nic.addresses if owned.address in found])

    def matched_set(self, nic: Link) -> frozenset[Address]:
        """Return the usable host addresses that the interface owns."""
        return self.owned.get(nic.name, _NOTHING)

    def owners_with_host_prefix(self) -> tuple[Link, ...]:
        """Return the owners that may have an address with a prefix as long as the address."""
        names = self.facts.with_host_prefix
        return tuple([nic for nic in self.owners if nic.name in names])

    def host_prefixes(self, nic: Link) -> tuple[OwnedAddress, ...]:
        """Return the interface's matched addresses whose prefix is as long as the address."""
        if nic.name not in self.facts.with_host_prefix:
            return ()
        return tuple([owned for owned in self.matched(nic) if owned.is_host_prefix])

    def as_owners(self, nics: Iterable[Link]) -> tuple[Owner, ...]:
        """Return interfaces with the usable host addresses that they own."""
        return tuple([Owner(nic, tuple(sorted(self.matched_set(nic)))) for nic in nics])

    def matched_sets(self, nics: Iterable[Link]) -> frozenset[Address]:
        """Return those that one of several interfaces owns."""
        return _NOTHING.union(*map(self.matched_set, nics))


class Scene(Struct, frozen=True):
    """The question, and the candidates as they were before the rule that is judged, sorted by name.

    `kept` is what was made for the rule and may be asked about again (`lists.py`).
    """

    question: Question
    candidates: tuple[Link, ...]
    kept: dict[tuple[object, ...], object] = field(default_factory=dict)

    @property
    def facts(self) -> HostFacts:
        """What the host reports."""
        return self.question.facts

    @property
    def host(self) -> HostAddresses:
        """What the host is addressed by."""
        return self.question.host


def identity(value: object) -> object:
    """Return what makes two values of the language equal: a nic's name, an owned address's number, else itself."""
    if isinstance(value, Link):
        return value.name
    return value.address if isinstance(value, OwnedAddress) else value
