"""The types of VDSM's reply. A text is decoded (or a dict converted) and checked in one pass.

The types accept nothing that `schemas/capability-report.schema.json` refuses, so the types have every member that the
schema describes, even if no rule reads the member. The types refuse a few documents that the schema accepts: numbers
such as `1500.0`, booleans as text in unusual upper or lower case, and problems in a part of the envelope that is not
used. The reader then uses the slow path (`report/reading.py`). An optional member that is null is treated as missing.
The members are in the order in which VDSM prints them, because msgspec decodes this order fastest.
"""

# no `from __future__ import annotations`: msgspec would have to compile the text of each annotation at each start

from typing import Annotated, Literal

from msgspec import UNSET, Meta, Struct, UnsetType, field

from evaluator.report.shapes import ANSIBLE_PAYLOAD

Name = Annotated[str, Meta(min_length=1)]
Truth = bool | Literal["True", "False", "true", "false"] | None
Natural32 = Annotated[int, Meta(ge=0, le=2**32 - 1)]
Speed = Annotated[int, Meta(ge=-1, le=2**32 - 1)]
VlanId = Annotated[int, Meta(ge=0, le=4095)]
Options = dict[str, str | None]
Foreign = Annotated[int, Meta(ge=1, le=0)]  # no value: a document with this member is not certainly a reply of VDSM


class Device(Struct, gc=False):
    """The members that the entries of all maps have in common."""

    addr: str | None = None
    dhcpv4: Truth = None
    dhcpv6: Truth = None
    gateway: str | None = None
    ipv4addrs: list[str] | None = None
    ipv4defaultroute: Truth = None
    ipv6addrs: list[str] | None = None
    ipv6autoconf: Truth = None
    ipv6gateway: str | None = None
    mtu: Natural32 | str | None = None
    netmask: str | None = None
    bootproto4: str | None = None
    cfg: Options | None = None


class Nic(Device, gc=False):
    """A network card."""

    hwaddr: str | None = None
    permhwaddr: str | None = None
    speed: Speed | None = None
    ad_aggregator_id: str | None = None


class Bond(Device, gc=False):
    """A bond."""

    active_slave: str | None = None
    hwaddr: str | None = None
    opts: Options | None = None
    slaves: list[Name] | None = None
    speed: Speed | None = None
    switch: str | None = None
    ad_aggregator_id: str | None = None
    ad_partner_mac: str | None = None


class Vlan(Device, gc=False):
    """A VLAN. The schema does not describe the link-layer address and speed of a VLAN, so these can have any value."""

    iface: Name | None = None
    vlanid: VlanId | None = None
    hwaddr: object = None
    speed: object = None


class Bridge(Device, gc=False):
    """A bridge. Its link-layer address and speed are not validated, as for a VLAN."""

    ports: list[Name] | None = None
    stp: Literal["on", "off"] | bool | None = None
    opts: Options | None = None
    hwaddr: object = None
    speed: object = None


class Network(Device, gc=False):
    """A logical network. In VDSM 4.9 the entry also describes its bridge."""

    bridged: Truth = None
    iface: str | None = None
    interface: str | None = None
    ports: list[Name] | None = None
    stp: Literal["on", "off"] | bool | None = None
    switch: str | None = None
    vlanid: VlanId | None = None
    southbound: str | None = None
    qosInbound: str | dict[str, object] | None = None
    qosOutbound: str | dict[str, object] | None = None
    hwaddr: object = None
    speed: object = None


class Parts(Struct, gc=False):
    """The members of the network part of a reply, except `nics`."""

    bondings: dict[Name, Bond] | None = None
    bridges: dict[Name, Bridge] | None = None
    networks: dict[Name, Network] | None = None
    vlans: dict[Name, Vlan] | None = None
    lastClientIface: str | None = None
    lastClient: str | None = None
    management_ip: str | None = None
    netConfigDirty: str | bool | None = None
    nameservers: list[str] | None = None
    dnss: list[str] | None = None
    supportsIPv6: Truth = None
    bonds: object = None  # a common mistake for `bondings`


class Capabilities(Parts, gc=False, kw_only=True):
    """The network part of a reply."""

    nics: dict[Name, Nic]


class ReplyStatus(Struct, gc=False):
    """The result of an XML-RPC call, in the member `status`.

    A Kubernetes object has a member `status` too. If `status` has the key `currentState` or `desiredState`, the
    document is a Kubernetes object and not a reply of VDSM.
    """

    currentState: Foreign | UnsetType = UNSET
    desiredState: Foreign | UnsetType = UNSET


class Reply(Parts, gc=False, kw_only=True):
    """A whole reply: the network part, bare or in an envelope.

    The members after `status` are keys of other formats. A document that has one of these keys is not read as a VDSM
    reply by this type.
    """

    nics: dict[Name, Nic] | None = None
    jsonrpc: str | None = None
    result: Capabilities | None = None
    info: Capabilities | None = None
    status: ReplyStatus | None = None
    spec: Foreign | UnsetType = UNSET
    kind: Foreign | UnsetType = UNSET
    items: Foreign | UnsetType = UNSET
    currentState: Foreign | UnsetType = UNSET
    desiredState: Foreign | UnsetType = UNSET
    interfaces: Foreign | UnsetType = UNSET
    ansible_facts: Foreign | UnsetType = UNSET
    ansible_interfaces: Foreign | UnsetType = UNSET
    ansible_system: Foreign | UnsetType = UNSET
    ansible_os_family: Foreign | UnsetType = UNSET
    payload: Foreign | UnsetType = field(name=ANSIBLE_PAYLOAD, default=UNSET)
