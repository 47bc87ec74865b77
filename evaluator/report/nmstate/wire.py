"""The types of nmstate's report; `vdsm/wire.py` describes how types and schema agree.

An optional member that is null is treated as missing. Members of the type `object` are not in the schema.
"""

# no `from __future__ import annotations`: msgspec would have to compile the text of each annotation at each start

from typing import Annotated

from msgspec import UNSET, Meta, Struct

from evaluator.report.format_keys import FormatKeys

Name = Annotated[str, Meta(min_length=1)]
Natural32 = Annotated[int, Meta(ge=0, le=2**32 - 1)]
OrMinusOne = Annotated[int, Meta(ge=-1, le=2**32 - 1)]
Length = Annotated[int, Meta(ge=0, le=128)]
VlanId = Annotated[int, Meta(ge=0, le=4095)]


class IpAddress(Struct, gc=False, rename="kebab"):
    """An address with its prefix length."""

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
    """The settings of a network card."""

    speed: OrMinusOne | None = None


class Port(Struct, gc=False):
    """A member, as an object."""

    name: Name


class Names(Struct, gc=False):
    """The members of a bond or another controller, as a list of names.

    The key is `slaves` in nmstate 0.x and 1.x, and `port` in nmstate 2.x. nmstate 2.x also accepts `ports`.
    """

    slaves: list[Name] | None = None
    port: list[Name] | None = None
    ports: list[Name] | None = None

    @property
    def members(self) -> list[str]:
        """The names of all members."""
        return [*(self.slaves or ()), *(self.port or ()), *(self.ports or ())]


class Ports(Struct, gc=False):
    """The members of a controller, as a list of objects. The keys are the same as in `Names`."""

    slaves: list[Port] | None = None
    port: list[Port] | None = None
    ports: list[Port] | None = None

    @property
    def members(self) -> list[str]:
        """The names of all members."""
        return [port.name for port in (*(self.slaves or ()), *(self.port or ()), *(self.ports or ()))]


class Aggregation(Names, gc=False, rename="kebab"):
    """The settings of a bond."""

    mode: str | Natural32 | None = None
    ports_config: list[Port] | None = None


class PortVlan(Struct, gc=False):
    """The VLAN settings of a bridge port."""

    mode: str | None = None
    tag: VlanId | None = None


class BridgePort(Port, gc=False, rename="kebab"):
    """A port of a bridge.

    A port of Open vSwitch can be a bond. Then the members of the bond are interfaces, but the bond is not an interface.
    """

    vlan: PortVlan | None = None
    link_aggregation: Ports | None = None


class Bridge(Struct, gc=False):
    """The settings of a bridge."""

    slaves: list[BridgePort] | None = None
    port: list[BridgePort] | None = None
    ports: list[BridgePort] | None = None

    @property
    def entries(self) -> list[tuple[str, BridgePort]]:
        """The entries of all ports, each with its path in the settings."""
        lists = (("slaves", self.slaves), ("port", self.port), ("ports", self.ports))
        return [(f"{key}/{i}", port) for key, ports in lists for i, port in enumerate(ports or ())]

    @property
    def members(self) -> list[str]:
        """The names of all ports. A port that is a bond in Open vSwitch is replaced by the members of the bond."""
        ports = ((port.name, port.link_aggregation) for _, port in self.entries)
        return [name for port, bond in ports for name in ((bond.members if bond else None) or (port,))]


class Based(Struct, gc=False, rename="kebab"):
    """The settings of an interface with a lower device."""

    base_iface: str | None = None


class Vlan(Based, gc=False, rename="kebab"):
    """The settings of a VLAN."""

    id: VlanId | None = None


class Macsec(Based, gc=False, rename="kebab"):
    """The settings of a MACsec device."""

    parent: str | None = None


class Hsr(Struct, gc=False):
    """The settings of an HSR or PRP ring."""

    port1: str | None = None
    port2: str | None = None


class Veth(Struct, gc=False):
    """The settings of a veth pair."""

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
    """The routes in the kernel (`running`), and the configured routes."""

    running: list[Route] | None = None
    config: list[Route] | None = None


class State(FormatKeys, gc=False, kw_only=True, rename={"route_rules": "route-rules", "dns_resolver": "dns-resolver"}):
    """The whole report: the network state of a host."""

    dns_resolver: dict[str, object] | None = None
    route_rules: dict[str, object] | None = None
    routes: Routes | None = None
    interfaces: list[Interface]
    addr: object = UNSET
