"""Ansible's facts as types; `vdsm/wire.py` describes how they and the schema agree.

Only the facts themselves show which are interfaces, so each fact that is an object is read as if it were one.
Facts that have a member of the same name with another meaning are read by way of plain values. An optional member that
is null is one that is left out.
"""

from __future__ import annotations

from typing import Annotated

from msgspec import UNSET, Meta, Struct, field

from evaluator.report.shapes import ANSIBLE_PAYLOAD

Name = Annotated[str, Meta(min_length=1)]
Natural32 = Annotated[int, Meta(ge=0, le=2**32 - 1)]
OrMinusOne = Annotated[int, Meta(ge=-1, le=2**32 - 1)]


class Address(Struct, gc=False):
    """An address with its length."""

    address: str | None = None
    prefix: str | OrMinusOne | None = None
    netmask: str | None = None
    scope: str | None = None


class Fact(Struct, gc=False):
    """A fact that is an object: an interface, a label, a default route; or anything else, which is not read."""

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
    # of a default route
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
        """Those of IPv6."""
        return [one for one in self.ipv6 or () if isinstance(one, Address)]

    @property
    def is_of_none(self) -> bool:
        """Whether its addresses are not written as those of an interface; `locally_reachable_ips` has texts."""
        return isinstance(self.ipv4, list) or bool(self.ipv6 and str in set(map(type, self.ipv6)))


Facts = dict[str, Fact | str | int | float | bool | list[object] | None]
OF_DEFAULT = ("interface", "gateway", "address")


class Play(Struct, gc=False):
    """What a module returns."""

    ansible_facts: Facts
    payload: object = field(name=ANSIBLE_PAYLOAD, default=UNSET)
