"""Describes an interface in a decoded entry of `ip -j -d addr show`: its name, its kind and its addresses."""

from __future__ import annotations

from collections.abc import Sequence

from msgspec import UNSET, Struct

from evaluator.facts.address import parse_address
from evaluator.facts.link import Kind
from evaluator.report.iproute2 import wire
from evaluator.report.kernel_numbers import link_type_of

_NAMED_AS_HERE = (Kind.BOND, Kind.BRIDGE, Kind.VLAN, Kind.TEAM, Kind.VETH, Kind.DUMMY, Kind.MACVLAN, Kind.VRF, Kind.TUN)
_KINDS = {**{str(kind): kind for kind in _NAMED_AS_HERE}, "macvtap": Kind.MACVLAN, "openvswitch": Kind.OVS}
_LOOPBACK_ADDRESSES = (parse_address("127.0.0.1"), parse_address("::1"))
_NO_SETTINGS = wire.Settings()
_CARDS = ("ether", "infiniband", "ieee802.15.4")
_EMPTY = wire.Address()


class Interface(Struct, frozen=True, gc=False):
    """An interface and its decoded entry; `pointer` is the JSON Pointer of the entry.

    `kind` is the kind in the rule language. `info_kind` is the kernel's name for the kind. It is empty for a network
    card, and if the report does not show the kind.

    The entry of a slave or port has the kind of its master in `info_slave_kind`. `member_kinds` has the values of
    `info_slave_kind` in the entries of the slaves and ports of this interface. If the entry of this interface has no
    kind, and `member_kinds` has exactly one kind, this kind is used.

    An entry of `ip -o` can have addresses of several interfaces. For such an entry, `places` has the indexes of the
    addresses of this interface.
    """

    name: str
    data: wire.Interface
    pointer: str
    kind: Kind
    info_kind: str
    member_kinds: frozenset[str]
    places: Sequence[int] | None = None

    @property
    def addresses(self) -> list[tuple[wire.Address, str]]:
        """The address entries of the interface that are not empty, with their JSON Pointers."""
        listed = self.data.addr_info
        if listed is UNSET:
            return []
        if self.places is not None:
            return [(listed[i], f"{self.pointer}/addr_info/{i}") for i in self.places]
        return [(entry, f"{self.pointer}/addr_info/{i}") for i, entry in enumerate(listed) if entry != _EMPTY]

    @property
    def has_details(self) -> bool:
        """Whether `ip` printed the entry with `-d`. Without `-d`, an entry has no kind."""
        return has_details(self.data)

    @property
    def settings(self) -> wire.Settings:
        """The settings that depend on the kind (`info_data`)."""
        info = self.data.linkinfo
        return _NO_SETTINGS if info is UNSET or info.info_data is UNSET else info.info_data

    @property
    def linked_device(self) -> str | None:
        """The name of the lower device or the peer. The entry has this name in `link` or in the settings."""
        if self.is_elsewhere:  # iproute2 then prints the name of a local interface with the same index
            return None
        name, name_in_settings = self.data.link, self.settings.link
        if name is UNSET or name is None:
            return None if name_in_settings is UNSET else name_in_settings
        return name

    @property
    def is_elsewhere(self) -> bool:
        """Whether the linked device is in another network namespace."""
        return self.data.link_netnsid is not UNSET or self.data.link_index is not UNSET


def has_details(data: wire.Interface) -> bool:
    """Return whether `ip` printed an entry with `-d`."""
    return data.linkinfo is not UNSET or data.promiscuity is not UNSET or data.num_tx_queues is not UNSET


def interface_of(
    name: str,
    data: wire.Interface,
    pointer: str,
    member_kinds: frozenset[str],
    places: Sequence[int] | None,
) -> Interface:
    """Return the interface of an entry."""
    own_kind = "" if data.linkinfo is UNSET else data.linkinfo.info_kind
    info_kind = own_kind or ("".join(member_kinds) if len(member_kinds) == 1 else "")
    if _is_loopback(name, data, own_kind, places):
        kind = Kind.LOOPBACK
    elif info_kind:
        kind = _KINDS.get(info_kind, Kind.OTHER)
    else:
        is_card = not member_kinds and link_type(data) in _CARDS and has_details(data)
        kind = Kind.PHYSICAL if is_card else Kind.OTHER
    return Interface(name, data, pointer, kind, info_kind, member_kinds, places)


def listed_addresses(data: wire.Interface, places: Sequence[int] | None) -> Sequence[wire.Address]:
    """Return the address entries of one interface."""
    if data.addr_info is UNSET:
        return ()
    return data.addr_info if places is None else [data.addr_info[i] for i in places]


def _is_loopback(name: str, data: wire.Interface, info_kind: str, places: Sequence[int] | None) -> bool:
    """Return whether the entry is a loopback link.

    `ip -br` and `ip -o` print only the name and the addresses of a loopback link.
    """
    flags = data.flags
    if flags is not UNSET or data.link_type is not UNSET or info_kind:
        return link_type(data) == "loopback" or (flags is not UNSET and "LOOPBACK" in flags)
    if name == "lo":
        return True
    texts = (entry.local for entry in listed_addresses(data, places))
    return any(text is not UNSET and _is_first_loopback(text) for text in texts)


def _is_first_loopback(text: str) -> bool:
    """Return whether a text is 127.0.0.1 or ::1, the addresses that the kernel gives to a loopback link."""
    try:
        return parse_address(text) in _LOOPBACK_ADDRESSES
    except ValueError:
        return False


def link_type(data: wire.Interface) -> str:
    """Return iproute2's word for the type of a link, empty if the entry has no type."""
    return "" if data.link_type is UNSET else link_type_of(data.link_type)
