"""The writer for VDSM's capabilities.

VDSM states one fact in several places, and the writer changes them together:

- A device has its first IPv4 address in `addr` and `netmask`, all IPv4 addresses in `ipv4addrs`, and the IPv6 addresses
  in `ipv6addrs`.
- The entry of a logical network on the device has the same keys with the same values. If device and network had
  different addresses, the report would contradict itself, which is a finding. If the entry of a network does not have
  these keys, the writer does not change it.
- A reply of VDSM 4.9 has no `bridges`. In such a reply, the entry of a bridged network is also the entry of the bridge.
  So the network cannot be removed or moved without the bridge.
"""

from __future__ import annotations

from collections.abc import Iterator

from evaluator.explain.restate.pointer import follow, keys_of
from evaluator.explain.restate.writer import CannotState, Json, ReportWriter, is_one_of, move_to_front, with_length
from evaluator.facts.address import Address, OwnedAddress, read_entry
from evaluator.facts.link import Kind, Link
from evaluator.facts.netmask import NETMASKS
from evaluator.report.shapes import VDSM_ENVELOPES

_NETMASKS = {str(length): text for text, length in NETMASKS.items()}
_BRIDGE_KEYS = ("ports", "stp", "opts")
_LISTS = {4: "ipv4addrs", 6: "ipv6addrs"}
_IPV6_GATEWAY = "fe80::1"


class VdsmWriter(ReportWriter):
    """Changes a reply of getCapabilities, with or without its envelope."""

    def add_address(self, link: Link, owned: OwnedAddress) -> None:
        """Add the address to the device, and to each network on the device that repeats the addresses of the device."""
        device, *networks = self._entries(link)
        key = _LISTS[owned.address.version]
        for entry in (device, *(network for network in networks if key in network or "addr" in network)):
            if owned.address.version == 6:
                _add_ipv6(entry, owned, is_device=entry is device)
            else:
                _add_ipv4(entry, owned, is_device=entry is device)

    def remove_addresses(self, link: Link, addresses: frozenset[Address]) -> None:
        """Remove the addresses from the device and its networks.

        If `addr` is removed, the next IPv4 address becomes `addr`.
        """
        for entry in self._entries(link):
            for key in _LISTS.values():
                if entry.get(key):
                    entry[key] = [text for text in entry[key] if not is_one_of(text, addresses)]
            if is_one_of(entry.get("addr"), addresses):
                _put_addr(entry, next(filter(_is_address, entry.get("ipv4addrs") or ()), ""))

    def list_first(self, link: Link, address: Address) -> None:
        """Write an IPv4 address as `addr`, or move an IPv6 address to the beginning of `ipv6addrs`."""
        for entry in self._entries(link):
            listed = entry.get(_LISTS[address.version]) or []
            text = next((text for text in listed if is_one_of(text, frozenset({address}))), None)
            if text is None:
                continue
            if address.version == 6:
                move_to_front(listed, text)
                continue
            previous = _as_listed(entry)
            if previous and not any(_without_length(other) == _without_length(previous) for other in listed):
                listed.append(previous)
            _put_addr(entry, text)

    def set_members(self, link: Link, names: tuple[str, ...]) -> None:
        """Write `slaves` of the bond, or `ports` of the bridge and of the networks on this bridge."""
        key = "ports" if link.kind is Kind.BRIDGE else "slaves"
        device, *networks = self._entries(link)
        for entry in (device, *(network for network in networks if key in network)):
            entry[key] = list(names)

    def make_physical(self, link: Link) -> None:
        """Move the bridge to `nics`, without its ports. The networks on the bridge are not bridged any more."""
        if link.kind is not Kind.BRIDGE:
            raise CannotState
        body, name = self._body(), link.name
        networks = [network for _, network in self._networks_on(link)]
        if name in body.get("bridges", {}):
            device = body["bridges"].pop(name)
        else:
            device = {key: value for key, value in self._device(link).items() if key not in ("bridged", "iface")}
        device = {key: value for key, value in device.items() if key not in _BRIDGE_KEYS}
        body["nics"][name] = device
        for network in networks:
            network.update(iface=name, bridged=False)
            for key in _BRIDGE_KEYS:
                network.pop(key, None)

    def write_vlan_id(self, link: Link, vlan_id: int) -> None:
        """Write `vlanid` of the device."""
        self._device(link)["vlanid"] = vlan_id

    def set_network(self, link: Link | None, network: str) -> None:
        """Replace the entry of the network, or remove it."""
        body = self._body()
        networks: Json = body.setdefault("networks", {})
        previous = networks.pop(network, None)
        if previous is not None and "bridges" not in body and previous.get("bridged", True):
            raise CannotState  # in VDSM 4.9 this entry is also the entry of the bridge
        if link is None:
            return
        is_bridge = link.kind is Kind.BRIDGE
        entry: Json = dict(self._device(link)) if is_bridge and "bridges" not in body else {}
        if is_bridge:
            entry["ports"] = list(link.lowers.ports)
        networks[network] = {**entry, "iface": link.name, "bridged": is_bridge}

    def set_last_client(self, link: Link) -> None:
        """Write `lastClientIface`."""
        self._body()["lastClientIface"] = link.name

    def set_default_route(self, link: Link, version: int) -> None:
        """Set `ipv4defaultroute` or `ipv6gateway` of the interface, and remove this key from all other interfaces."""
        for other in self.facts.links:
            for entry in self._entries(other):
                if version == 6 and entry.get("ipv6gateway"):
                    entry["ipv6gateway"] = "::"
                if version == 4 and (entry.get("ipv4defaultroute") or entry.get("gateway")):
                    entry["ipv4defaultroute"] = False
        device = self._device(link)
        device.update({"ipv6gateway": _IPV6_GATEWAY} if version == 6 else {"ipv4defaultroute": True})

    def _body(self) -> Json:
        if "nics" not in self.document:
            for key in VDSM_ENVELOPES:
                if key in self.document:
                    body: Json = self.document[key]
                    return body
        document: Json = self.document
        return document

    def _device(self, link: Link) -> Json:
        device: Json = follow(self.document, keys_of(link.pointer()))
        return device

    def _networks_on(self, link: Link) -> Iterator[tuple[str, Json]]:
        networks: Json = self._body().get("networks", {})
        for name, data in networks.items():
            if (data.get("iface") or data.get("interface") or name) == link.name:
                yield name, data

    def _entries(self, link: Link) -> list[Json]:
        """Return the entry of the device, then the entries of the networks on this device."""
        device = self._device(link)
        return [device, *(network for _, network in self._networks_on(link) if network is not device)]


def _add_ipv4(entry: Json, owned: OwnedAddress, *, is_device: bool) -> None:
    text, listed = with_length(owned), entry.get("ipv4addrs")
    has_addr, previous = bool(entry.get("addr")), tuple(listed or ())
    if listed is not None:
        listed.append(text)
    elif has_addr and is_device:
        entry["ipv4addrs"] = [_as_listed(entry), text]
    if not has_addr and (is_device or "addr" in entry) and not any(map(_is_address, previous)):
        _put_addr(entry, text)


def _add_ipv6(entry: Json, owned: OwnedAddress, *, is_device: bool) -> None:
    if entry.get("ipv6addrs") is not None:
        entry["ipv6addrs"].append(with_length(owned))
    elif is_device:
        entry["ipv6addrs"] = [with_length(owned)]


def _as_listed(entry: Json) -> str:
    """Return `addr` and `netmask` as an entry of `ipv4addrs`."""
    addr, length = entry.get("addr") or "", NETMASKS.get(entry.get("netmask") or "")
    return f"{addr}/{length}" if addr and length is not None and "/" not in addr else addr


def _put_addr(entry: Json, text: str) -> None:
    """Write an entry of `ipv4addrs` as `addr` and `netmask`."""
    address, _, length = text.partition("/")
    entry["addr"] = address
    if entry.get("netmask") is not None or length:
        entry["netmask"] = _NETMASKS.get(length, length)


def _is_address(text: str) -> bool:
    try:
        return bool(read_entry(text))
    except ValueError:
        return False


def _without_length(text: object) -> str:
    return str(text).partition("/")[0]
