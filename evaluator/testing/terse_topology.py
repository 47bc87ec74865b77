"""The links of a host in one line, for tests: `bond0 over ens1, ens2 has 192.0.2.10/24`.

A statement names interfaces and says something about them; statements are joined by `;` or stand on
lines of their own. The result is a capability report, so a test goes through the same door as a
real host. What can be said:

    ens1, ens2                   interfaces; nics unless something else is said
    … has ADDRESS, ADDRESS       addresses, the first IPv4 is VDSM's `addr`
    … over NAMES                 a bond or bridge over its slaves or ports
    … in NAME                    the same from below
    … on NAME                    a vlan over its base; its id is the number after the last dot
    … vlan NUMBER                a vlan's id where the name does not tell it
    … carries NETWORKS           logical networks on it
    … gateway ADDRESS, mode NUMBER, dhcp
    bond NAME, bridge NAME, nic NAME   what a name is; `bond…` and `br…` need not say it
    missing NAME                 a name that the report does not describe
    last client NAME             the report's lastClientIface

A name with blanks or signs in it is written in double quotes.
"""

from __future__ import annotations

import re
from collections.abc import Iterator

from msgspec import Struct, field

from evaluator.base.text import did_you_mean, quote

_TOKEN = re.compile(r'"[^"\n]+"|[,;\n"]|[^\s,;"]+')
_KINDS = ("nic", "bond", "bridge", "vlan")
_MAPS = {"nic": "nics", "bond": "bondings", "bridge": "bridges", "vlan": "vlans"}
_PHRASES = ("has", "over", "in", "on", "vlan", "carries", "gateway", "mode", "dhcp")
_PREFIXES = {"bond": "bond", "br": "bridge", "virbr": "bridge"}


class _Device(Struct):
    """What has been said of one interface so far."""

    name: str
    kind: str = ""
    addresses: list[str] = field(default_factory=list)
    members: list[str] = field(default_factory=list)
    base: str = ""
    vlan_id: int | None = None
    networks: list[str] = field(default_factory=list)
    gateway: str = ""
    mode: str = ""
    dhcp: bool = False


def read_topology(text: str) -> dict[str, object]:
    """Return the capability report that a terse topology describes; ValueError says what is wrong."""
    builder = _Builder()
    statement: list[str] = []
    for word in (*_TOKEN.findall(text), ";"):
        if word == '"':
            raise ValueError("a double quote is never closed")
        if word not in (";", "\n"):
            statement.append(word)
        elif statement:
            builder.statement(_Tokens(statement))
            statement = []
    return builder.report()


class _Tokens:
    """The words of one statement, taken from the left."""

    def __init__(self, tokens: list[str]) -> None:
        self._rest = tokens

    def peek(self) -> str:
        return self._rest[0] if self._rest else ""

    def take(self, wanted: str) -> str:
        if not self._rest or self._rest[0] == ",":
            raise ValueError(
                f"{wanted} is missing at the end of a statement"
                if not self._rest
                else f"a comma stands where {wanted} should"
            )
        return self._rest.pop(0)

    def list_of(self, wanted: str) -> Iterator[str]:
        yield self.take(wanted)
        while self.peek() == ",":
            self._rest.pop(0)
            yield self.take(wanted)


class _Builder:
    """Collects devices from statements and writes the report."""

    def __init__(self) -> None:
        self._devices: dict[str, _Device] = {}
        self._missing: set[str] = set()
        self._last_client = ""

    def statement(self, tokens: _Tokens) -> None:
        if tokens.peek() == "last":
            tokens.take("")
            if tokens.take("`client`") != "client":
                raise ValueError("after `last` comes `client`")
            self._last_client = _unquoted(tokens.take("an interface"))
            if tokens.peek():
                raise ValueError(f"{quote(tokens.peek())} cannot follow `last client NAME`")
            return
        subjects = [self._named(word, tokens) for word in tokens.list_of("an interface")]
        while tokens.peek():
            self._phrase(tokens.take("a phrase"), tokens, subjects)

    def _phrase(self, word: str, tokens: _Tokens, subjects: list[_Device]) -> None:
        match word:
            case "in":
                upper = self._named(tokens.take("a bond or bridge"), tokens)
                upper.members.extend(device.name for device in subjects)
                self._make_master(upper)
            case "dhcp":
                for device in subjects:
                    device.dhcp = True
            case "carries":
                networks = [_unquoted(name) for name in tokens.list_of("a network")]
                for device in subjects:
                    device.networks.extend(networks)
            case "has" | "over" | "on" | "vlan" | "gateway" | "mode":
                if len(subjects) > 1:
                    raise ValueError(f"{quote(word)} is said of one interface at a time")
                self._phrase_of_one(word, tokens, subjects[0])
            case _:
                hint = did_you_mean(word, _PHRASES) or f"expected one of {', '.join(_PHRASES)}"
                raise ValueError(f"{quote(word)} says nothing about an interface; {hint}")

    def _phrase_of_one(self, word: str, tokens: _Tokens, device: _Device) -> None:
        match word:
            case "has":
                device.addresses.extend(_unquoted(text) for text in tokens.list_of("an address"))
            case "over":
                device.members.extend(self._named(name, tokens).name for name in tokens.list_of("an interface"))
                self._make_master(device)
            case "on":
                device.kind, device.base = "vlan", self._named(tokens.take("an interface"), tokens).name
            case "vlan":
                device.kind, device.vlan_id = "vlan", _number(word, tokens)
            case "gateway":
                device.gateway = tokens.take("an address")
            case "mode":
                device.mode = str(_number(word, tokens))

    def _named(self, word: str, tokens: _Tokens) -> _Device:
        kind = word if word in _KINDS and tokens.peek() not in ("", ",", *_PHRASES) else ""
        if word == "missing" and tokens.peek():
            name = _unquoted(tokens.take("a name"))
            self._missing.add(name)
            return _Device(name)
        name = _unquoted(tokens.take("a name") if kind else word)
        device = self._devices.setdefault(name, _Device(name))
        if kind:
            device.kind = kind
        return device

    @staticmethod
    def _make_master(device: _Device) -> None:
        device.kind = _kind_of(device)
        if device.kind not in ("bond", "bridge"):
            raise ValueError(
                f"is {quote(device.name)} a bond or a bridge? say `bond {device.name}` or `bridge {device.name}`"
            )

    def report(self) -> dict[str, object]:
        maps: dict[str, dict[str, object]] = {name: {} for name in (*_MAPS.values(), "networks")}
        for device in self._devices.values():
            if device.name not in self._missing:
                device.kind = _kind_of(device)
                maps[_MAPS[device.kind]][device.name] = _entry(device)
            for network in device.networks:
                if network in maps["networks"]:
                    raise ValueError(f"{quote(network)} is carried by two interfaces; a network has one device")
                maps["networks"][network] = _network(device)
        return {**maps, "lastClientIface": self._last_client}


def _kind_of(device: _Device) -> str:
    """Return what has been said, else what the name's beginning tells, else `nic`."""
    guess = next((kind for prefix, kind in _PREFIXES.items() if device.name.startswith(prefix)), "nic")
    return device.kind or (guess if "." not in device.name else "nic")


def _entry(device: _Device) -> dict[str, object]:
    entry = _addresses(device.addresses)
    entry["gateway"] = "" if ":" in device.gateway else device.gateway
    entry["ipv6gateway"] = device.gateway if ":" in device.gateway else "::"
    entry["dhcpv4"] = device.dhcp
    if device.kind == "bond":
        entry["slaves"] = device.members
        entry["opts"] = {"mode": device.mode} if device.mode else {}
    elif device.kind == "bridge":
        entry["ports"] = device.members
    elif device.kind == "vlan":
        if device.base:
            entry["iface"] = device.base
        number = device.name.rpartition(".")[2]
        if device.vlan_id is not None or (number.isascii() and number.isdigit() and len(number) < 6):
            entry["vlanid"] = int(number) if device.vlan_id is None else device.vlan_id
    return entry


def _network(device: _Device) -> dict[str, object]:
    bridged = device.kind == "bridge"
    entry: dict[str, object] = {"iface": device.name, "bridged": bridged, **_addresses(device.addresses)}
    if bridged:
        entry["ports"] = device.members
    return entry


def _addresses(texts: list[str]) -> dict[str, object]:
    ipv4 = [text for text in texts if ":" not in text]
    return {
        "addr": ipv4[0].partition("/")[0] if ipv4 else "",
        "ipv4addrs": ipv4,
        "ipv6addrs": [text for text in texts if ":" in text],
    }


def _number(word: str, tokens: _Tokens) -> int:
    text = tokens.take("a number")
    if not (text.isascii() and text.isdigit() and len(text) < 6):
        raise ValueError(f"after {quote(word)} comes a number, not {quote(text)}")
    return int(text)


def _unquoted(word: str) -> str:
    return word[1:-1] if word.startswith('"') else word
