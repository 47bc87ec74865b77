"""What nmstate prints, as types; `vdsm/wire.py` describes how they and the schema agree.

An optional member that is null is one that is left out. Members of the type `object` are not in the schema.
"""

from __future__ import annotations

from typing import Annotated

from msgspec import UNSET, Meta, Struct

from evaluator.report.marks import Marks

Name = Annotated[str, Meta(min_length=1)]
Natural32 = Annotated[int, Meta(ge=0, le=2**32 - 1)]
OrMinusOne = Annotated[int, Meta(ge=-1, le=2**32 - 1)]
Length = Annotated[int, Meta(ge=0, le=128)]
VlanId = Annotated[int, Meta(ge=0, le=4095)]


class IpAddress(Struct, gc=False, rename="kebab"):
    """An address with its length."""

    ip: str
    prefix_length: Length | None = None
    valid_life_time: str | int | None = None
    preferred_life_time: str | int | None = None


class Ip(Struct, gc=False):
    """The settings and addresses of a family."""

    enabled: bool | None = None
    dhcp: bool | None = None
    autoconf: bool | None = None
    address: list[IpAddress] | None = None


class Ethernet(Struct, gc=False):
    """The settings of a card."""

    speed: OrMinusOne | None = None


class Port(Struct, gc=False):
    """A member that is described by an object."""

    name: Name


class Names(Struct, gc=False):
    """Members by their names: 0.x and 1.x say slaves, 2.x says port and reads ports too."""

    slaves: list[Name] | None = None
    port: list[Name] | None = None
    ports: list[Name] | None = None

    @property
    def members(self) -> list[str]:
        """All of them."""
        return [*(self.slaves or ()), *(self.port or ()), *(self.ports or ())]


class Ports(Struct, gc=False):
    """Members by objects, as above."""

    slaves: list[Port] | None = None
    port: list[Port] | None = None
    ports: list[Port] | None = None

    @property
    def members(self) -> list[str]:
        """The names of all of them."""
        return [one.name for one in (*(self.slaves or ()), *(self.port or ()), *(self.ports or ()))]


class Aggregation(Names, gc=False, rename="kebab"):
    """The settings of a bond."""

    mode: str | Natural32 | None = None
    ports_config: list[Port] | None = None


class PortVlan(Struct, gc=False):
    """The vlans of a port of a bridge."""

    mode: str | None = None
    tag: VlanId | None = None


class BridgePort(Port, gc=False, rename="kebab"):
    """A port of a bridge; of Open vSwitch it may be a bond, whose name is no interface; its members are."""

    vlan: PortVlan | None = None
    link_aggregation: Ports | None = None


class Bridge(Struct, gc=False):
    """The settings of a bridge."""

    slaves: list[BridgePort] | None = None
    port: list[BridgePort] | None = None
    ports: list[BridgePort] | None = None

    @property
    def entries(self) -> list[tuple[str, BridgePort]]:
        """The entries of all ports, each with its place in the settings."""
        lists = (("slaves", self.slaves), ("port", self.port), ("ports", self.ports))
        return [(f"{key}/{i}", port) for key, ports in lists for i, port in enumerate(ports or ())]

    @property
    def members(self) -> list[str]:
        """The names of all ports."""
        inner = ((one.name, one.link_aggregation) for _, one in self.entries)
        return [name for outer, bond in inner for name in ((bond.members if bond else None) or (outer,))]


class Based(Struct, gc=False, rename="kebab"):
    """The settings of what stands on another device."""

    base_iface: str | None = None


class Vlan(Based, gc=False, rename="kebab"):
    """The settings of a vlan."""

    id: VlanId | None = None


class Macsec(Based, gc=False, rename="kebab"):
    """The settings of a MACsec device."""

    parent: str | None = None


class Hsr(Struct, gc=False):
    """The settings of a ring."""

    port1: str | None = None
    port2: str | None = None


class Veth(Struct, gc=False):
    """The settings of a pair."""

    peer: str | None = None


class AltName(Struct, gc=False):
    """An alternative name."""

    name: Name


class Interface(Struct, gc=False, rename="kebab"):
    """An interface."""

    name: Name
    profile_name: str | None = None
    type: str | None = None
    state: str | None = None
    identifier: str | None = None
    mac_address: str | None = None
    mtu: Natural32 | None = None
    min_mtu: object = None
    max_mtu: object = None
    controller: str | None = None
    master: str | None = None
    ipv4: Ip | None = None
    ipv6: Ip | None = None
    mptcp: object = None
    accept_all_mac_addresses: object = None
    ethtool: object = None
    ethernet: Ethernet | None = None
    link_aggregation: Aggregation | None = None
    bridge: Bridge | None = None
    team: Ports | None = None
    vrf: Names | None = None
    vlan: Vlan | None = None
    vxlan: Based | None = None
    mac_vlan: Based | None = None
    mac_vtap: Based | None = None
    macsec: Macsec | None = None
    ipvlan: Based | None = None
    infiniband: Based | None = None
    ip_tunnel: Based | None = None
    hsr: Hsr | None = None
    veth: Veth | None = None
    alt_names: list[AltName] | None = None


class Route(Struct, gc=False, rename="kebab"):
    """A route."""

    destination: str | None = None
    next_hop_interface: str | None = None
    next_hop_address: str | None = None
    metric: OrMinusOne | None = None
    table_id: Natural32 | None = None
    route_type: str | None = None
    state: str | None = None


class Routes(Struct, gc=False):
    """The routes in the kernel, and those that are configured."""

    running: list[Route] | None = None
    config: list[Route] | None = None


class State(Marks, gc=False, kw_only=True, rename={"route_rules": "route-rules", "dns_resolver": "dns-resolver"}):
    """The state of a host."""

    dns_resolver: dict[str, object] | None = None
    route_rules: dict[str, object] | None = None
    routes: Routes | None = None
    interfaces: list[Interface]
    addr: object = UNSET
