"""The types of the output of `ip -j`; `vdsm/wire.py` describes how types and schema agree.

A missing member is UNSET, because each mode of `ip` leaves out different members. Only `link`, the lower device, can be
null. The members are in the order in which `ip` prints them. Members of the type `object` are not in the schema.
"""

# no `from __future__ import annotations`: msgspec would have to compile the text of each annotation at each start

from typing import Annotated

from msgspec import UNSET, Meta, Struct, UnsetType, field

from evaluator.report.format_keys import FormatKeys

Name = Annotated[str, Meta(min_length=1)]
Natural32 = Annotated[int, Meta(ge=0, le=2**32 - 1)]
Length = Annotated[int, Meta(ge=0, le=128)]


class Address(Struct, gc=False):
    """An address of an interface."""

    family: str | UnsetType = UNSET
    local: str | UnsetType = UNSET
    address: str | UnsetType = UNSET
    prefixlen: Length | UnsetType = UNSET
    scope: str | int | UnsetType = UNSET
    secondary: bool | UnsetType = UNSET
    temporary: bool | UnsetType = UNSET
    deprecated: bool | UnsetType = UNSET
    tentative: bool | UnsetType = UNSET
    dadfailed: bool | UnsetType = UNSET
    noprefixroute: object = UNSET
    dynamic: bool | UnsetType = UNSET
    label: str | UnsetType = UNSET
    dev: Name | UnsetType = UNSET


class Settings(Struct, gc=False):
    """The settings that depend on the kind of an interface."""

    id: int | UnsetType = UNSET
    mode: str | int | UnsetType = UNSET
    link: str | UnsetType = UNSET
    slave1: object = UNSET
    slave2: object = UNSET


class LinkInfo(Struct, gc=False):
    """The kind of an interface and its settings, which only `-d` prints."""

    info_kind: str = ""
    info_data: Settings | UnsetType = UNSET
    info_slave_kind: str = ""


class Interface(Struct, gc=False):
    """An interface."""

    ifindex: int | UnsetType = UNSET
    link: str | UnsetType | None = UNSET
    link_index: int | UnsetType = UNSET
    ifname: Name | UnsetType = UNSET
    flags: list[str] | UnsetType = UNSET
    mtu: Natural32 | UnsetType = UNSET
    master: str | UnsetType = UNSET
    operstate: str | UnsetType = UNSET
    link_type: str | UnsetType = UNSET
    address: str | UnsetType = UNSET
    link_netnsid: int | UnsetType = UNSET
    promiscuity: object = UNSET
    linkinfo: LinkInfo | UnsetType = UNSET
    num_tx_queues: object = UNSET
    ifalias: str | UnsetType = UNSET
    altnames: list[str] | UnsetType = UNSET
    addr_info: list[Address] | UnsetType = UNSET


class Via(Struct, gc=False):
    """A next hop whose address is not of the family of the route."""

    family: object = UNSET
    host: str = ""


class Hop(Struct, gc=False):
    """One of several next hops."""

    gateway: str = ""
    via: Via | UnsetType = UNSET
    dev: str = ""
    flags: list[str] = field(default_factory=list)


class Route(Hop, gc=False):
    """A route."""

    type: str = "unicast"
    dst: str = ""
    table: str | int = "main"
    prefsrc: str = ""
    source: object = field(name="from", default=UNSET)
    metric: Natural32 = 0
    nexthops: list[Hop] = field(default_factory=list)
    pref: object = UNSET


class Collected(FormatKeys, gc=False, kw_only=True):
    """An object with interfaces and routes, as `activenic collect` writes it."""

    addr: list[Interface]
    route: list[Route] | UnsetType = UNSET
    route6: list[Route] | UnsetType = UNSET
    schema_version: Annotated[int, Meta(ge=1, le=1)] | UnsetType = UNSET
