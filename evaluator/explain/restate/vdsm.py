"""Changes in VDSM's capabilities.

A device states its addresses in `addr` with `netmask`, in `ipv4addrs` and in `ipv6addrs`; a logical network
on the device repeats them, and a device and a network that differ are a contradiction, so that both are
changed. VDSM 4.9 has no `bridges`: there a bridged network is the bridge.
"""

from __future__ import annotations

from collections.abc import Iterator

from evaluator.explain.restate.pointer import follow, parts_of
from evaluator.explain.restate.writer import CannotState, Json, Writer, is_one_of, to_front, with_length
from evaluator.facts.address import Address, OwnedAddress, read_entry
from evaluator.facts.link import Kind, Link
from evaluator.facts.netmask import NETMASKS
from evaluator.report.shapes import VDSM_ENVELOPES

_DOTTED = {str(length): text for text, length in NETMASKS.items()}
_OF_BRIDGES = ("ports", "stp", "opts")
_LISTS = {4: "ipv4addrs", 6: "ipv6addrs"}
_ROUTER = "fe80::1"


class VdsmWriter(Writer):
    """Writes into a reply of getCapabilities, bare or in its envelope."""

    def add_address(self, link: Link, owned: OwnedAddress) -> None:
        """Add it to the device and to each network on it that repeats the device's addresses."""
        device, *networks = self._statements(link)
        key = _LISTS[owned.address.version]
        for entry in (device, *(network for network in networks if key in network or "addr" in network)):
            if owned.address.version == 6:
                _add_ipv6(entry, owned, is_device=entry is device)
            else:
                _add_ipv4(entry, owned, is_device=entry is device)

    def remove_addresses(self, link: Link, addresses: frozenset[Address]) -> None:
        """Remove them from the device and its networks; the next one in the list becomes `addr`."""
        for entry in self._statements(link):
            for key in _LISTS.values():
                if entry.get(key):
                    entry[key] = [text for text in entry[key] if not is_one_of(text, addresses)]
            if is_one_of(entry.get("addr"), addresses):
                _put_addr(entry, next(filter(_is_address, entry.get("ipv4addrs") or ()), ""))

    def show_first(self, link: Link, address: Address) -> None:
        """Make it `addr`, or the first of `ipv6addrs`."""
        for entry in self._statements(link):
            listed = entry.get(_LISTS[address.version]) or []
            text = next((text for text in listed if is_one_of(text, frozenset({address}))), None)
            if text is None:
                continue
            if address.version == 6:
                to_front(listed, text)
                continue
            before = _as_listed(entry)
            if before and not any(_body(one) == _body(before) for one in listed):
                listed.append(before)
            _put_addr(entry, text)

    def set_members(self, link: Link, names: tuple[str, ...]) -> None:
        """Write `slaves` or `ports`, the latter in the bridge's networks too."""
        key = "ports" if link.kind is Kind.BRIDGE else "slaves"
        device, *networks = self._statements(link)
        for entry in (device, *(network for network in networks if key in network)):
            entry[key] = list(names)

    def make_card(self, link: Link) -> None:
        """Move the bridge to `nics` without its ports; its networks are no longer bridged."""
        if link.kind is not Kind.BRIDGE:
            raise CannotState
        body, name = self._body(), link.name
        networks = [network for _, network in self._networks_on(link)]
        if name in body.get("bridges", {}):
            device = body["bridges"].pop(name)
        else:
            device = {key: value for key, value in self._device(link).items() if key not in ("bridged", "iface")}
        device = {key: value for key, value in device.items() if key not in _OF_BRIDGES}
        body["nics"][name] = device
        for network in networks:
            network.update(iface=name, bridged=False)
            for key in _OF_BRIDGES:
                network.pop(key, None)

    def write_vlan_id(self, link: Link, vlan_id: int) -> None:
        """Write `vlanid` of the device."""
        self._device(link)["vlanid"] = vlan_id

    def carry(self, link: Link | None, network: str) -> None:
        """Write the network's entry anew, or remove it."""
        body = self._body()
        networks: Json = body.setdefault("networks", {})
        before = networks.pop(network, None)
        if before is not None and "bridges" not in body and before.get("bridged", True):
            raise CannotState  # in VDSM 4.9 the bridge would be gone too
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

    def lead_default(self, link: Link, version: int) -> None:
        """Write who has the default route: `ipv4defaultroute`, or the IPv6 gateway."""
        for other in self.facts.links:
            for entry in self._statements(other):
                if version == 6 and entry.get("ipv6gateway"):
                    entry["ipv6gateway"] = "::"
                if version == 4 and (entry.get("ipv4defaultroute") or entry.get("gateway")):
                    entry["ipv4defaultroute"] = False
        device = self._device(link)
        device.update({"ipv6gateway": _ROUTER} if version == 6 else {"ipv4defaultroute": True})

    def _body(self) -> Json:
        if "nics" not in self.document:
            for key in VDSM_ENVELOPES:
                if key in self.document:
                    body: Json = self.document[key]
                    return body
        whole: Json = self.document
        return whole

    def _device(self, link: Link) -> Json:
        device: Json = follow(self.document, parts_of(link.pointer()))
        return device

    def _networks_on(self, link: Link) -> Iterator[tuple[str, Json]]:
        networks: Json = self._body().get("networks", {})
        for name, data in networks.items():
            if (data.get("iface") or data.get("interface") or name) == link.name:
                yield name, data

    def _statements(self, link: Link) -> list[Json]:
        """Return the device's entry and those of the networks on it."""
        device = self._device(link)
        return [device, *(network for _, network in self._networks_on(link) if network is not device)]


def _add_ipv4(entry: Json, owned: OwnedAddress, *, is_device: bool) -> None:
    text, listed = with_length(owned), entry.get("ipv4addrs")
    has_addr, before = bool(entry.get("addr")), tuple(listed or ())
    if listed is not None:
        listed.append(text)
    elif has_addr and is_device:
        entry["ipv4addrs"] = [_as_listed(entry), text]
    if not has_addr and (is_device or "addr" in entry) and not any(map(_is_address, before)):
        _put_addr(entry, text)


def _add_ipv6(entry: Json, owned: OwnedAddress, *, is_device: bool) -> None:
    if entry.get("ipv6addrs") is not None:
        entry["ipv6addrs"].append(with_length(owned))
    elif is_device:
        entry["ipv6addrs"] = [with_length(owned)]


def _as_listed(entry: Json) -> str:
    """Return `addr` and `netmask` as `ipv4addrs` writes them."""
    addr, length = entry.get("addr") or "", NETMASKS.get(entry.get("netmask") or "")
    return f"{addr}/{length}" if addr and length is not None and "/" not in addr else addr


def _put_addr(entry: Json, text: str) -> None:
    """Write an address of the list as `addr` and `netmask`."""
    body, _, length = text.partition("/")
    entry["addr"] = body
    if entry.get("netmask") is not None or length:
        entry["netmask"] = _DOTTED.get(length, length)


def _is_address(text: str) -> bool:
    try:
        return bool(read_entry(text))
    except ValueError:
        return False


def _body(text: object) -> str:
    return str(text).partition("/")[0]
