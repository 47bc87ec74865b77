"""The types of Ansible's facts; `vdsm/wire.py` describes how types and schema agree.

The name of a fact does not show whether the fact describes an interface. So each fact that is an object is decoded as
an interface. But an object that describes something else can have, for example, a member `mtu` that is a text. Then the
types refuse the document, and the slow path reads the document (`report/reading.py`). An optional member that is null
is treated as missing.
"""

# no `from __future__ import annotations`: msgspec would have to compile the text of each annotation at each start

from typing import Annotated

from msgspec import UNSET, Meta, Struct, field

from evaluator.report.shapes import ANSIBLE_PAYLOAD

Name = Annotated[str, Meta(min_length=1)]
Natural32 = Annotated[int, Meta(ge=0, le=2**32 - 1)]
OrMinusOne = Annotated[int, Meta(ge=-1, le=2**32 - 1)]


class Address(Struct, gc=False):
    """An address with its prefix length or netmask."""

    address: str | None = None
    prefix: str | OrMinusOne | None = None
    netmask: str | None = None
    scope: str | None = None


class Fact(Struct, gc=False):
    """A fact that is an object: an interface, an address label, a default route, or another object that is not used."""

    active: bool | None = None
    device: Name | None = None
    interfaces: list[Name] | None = None
    ipv4: Address | list[object] | None = None
    ipv4_secondaries: list[Address] | None = None
    ipv6: list[Address | str] | None = None
    macaddress: str | None = None
    perm_macaddress: str | None = None
    mode: str | None = None
    module: str | None = None
    mtu: Natural32 | None = None
    pciid: str | None = None
    slaves: list[Name] | None = None
    speed: OrMinusOne | None = None
    type: str | None = None
    # members of a default route
    interface: str | None = None
    gateway: str | None = None
    address: str | None = None

    @property
    def addresses(self) -> list[Address]:
        """The addresses of an interface or label."""
        first = [self.ipv4] if isinstance(self.ipv4, Address) else []
        if not (self.ipv6 or self.ipv4_secondaries):
            return first
        return [*first, *(self.ipv4_secondaries or ()), *self.ipv6_addresses]

    @property
    def ipv6_addresses(self) -> list[Address]:
        """The IPv6 addresses of an interface."""
        return [address for address in self.ipv6 or () if isinstance(address, Address)]

    @property
    def has_other_addresses(self) -> bool:
        """Whether the shape of `ipv4` or `ipv6` is different from the shape in an interface.

        For example, `ipv4` in `locally_reachable_ips` is a list of texts.
        """
        return isinstance(self.ipv4, list) or bool(self.ipv6 and str in set(map(type, self.ipv6)))


Facts = dict[str, Fact | str | int | float | bool | list[object] | None]
OF_DEFAULT = ("interface", "gateway", "address")


class Play(Struct, gc=False):
    """The result of the `setup` module in a play."""

    ansible_facts: Facts
    payload: object = field(name=ANSIBLE_PAYLOAD, default=UNSET)
