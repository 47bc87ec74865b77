"""Parse the short notation of a host in policy tests: `bond0 over ens1, ens2 has 192.0.2.10/24`.

A statement names interfaces, followed by phrases about them. Statements are separated by `;` or a line break. The
result is a VDSM report, so that a test uses the same reader as a real host. The phrases are:

    ens1, ens2                   interfaces; physical if neither the name nor a phrase gives another kind
    … has ADDRESS, ADDRESS       addresses; the first IPv4 address becomes `addr` in the report
    … over NAMES                 a bond and its slaves, or a bridge and its ports
    … in NAME                    the slaves of the bond NAME, or the ports of the bridge NAME
    … on NAME                    a VLAN interface and its base; its VLAN ID is the number after the last dot
    … vlan NUMBER                the VLAN ID, if the name does not contain it
    … carries NETWORKS           logical networks on an interface
    … gateway ADDRESS            the default gateway of the interface
    … mode NUMBER                the mode of a bond
    … dhcp                       the interface uses DHCPv4
    bond NAME, bridge NAME       the kind of an interface; not needed if NAME begins with `bond`, `br` or `virbr`
    nic NAME                     a physical interface whose name begins with `bond`, `br` or `virbr`
    missing NAME                 a name that the report does not describe
    last client NAME             `lastClientIface` of the report

A name that contains spaces, commas or semicolons is written in double quotes.
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


class _Interface(Struct):
    """One interface, with the phrases about this interface that were parsed so far."""

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
    """Return the VDSM report that a short notation describes. Raises ValueError if the notation is invalid."""
    builder = _Builder()
    statement: list[str] = []
    for word in (*_TOKEN.findall(text), ";"):
        if word == '"':
            raise ValueError("unclosed double quote")
        if word not in (";", "\n"):
            statement.append(word)
        elif statement:
            builder.statement(_Tokens(statement))
            statement = []
    return builder.report()


class _Tokens:
    """The words of one statement. The parser removes them one by one, from the left."""

    def __init__(self, tokens: list[str]) -> None:
        self._remaining = tokens

    def peek(self) -> str:
        return self._remaining[0] if self._remaining else ""

    def take(self, expected: str) -> str:
        if not self._remaining or self._remaining[0] == ",":
            raise ValueError(
                f"missing {expected} at the end of a statement"
                if not self._remaining
                else f"expected {expected}, found a comma"
            )
        return self._remaining.pop(0)

    def list_of(self, expected: str) -> Iterator[str]:
        yield self.take(expected)
        while self.peek() == ",":
            self._remaining.pop(0)
            yield self.take(expected)


class _Builder:
    """Collects the interfaces of all statements and builds the report."""

    def __init__(self) -> None:
        self._interfaces: dict[str, _Interface] = {}
        self._missing: set[str] = set()
        self._last_client = ""

    def statement(self, tokens: _Tokens) -> None:
        if tokens.peek() == "last":
            tokens.take("")
            if tokens.take("`client`") != "client":
                raise ValueError("expected `client` after `last`")
            self._last_client = _unquoted(tokens.take("an interface"))
            if tokens.peek():
                raise ValueError(f"unexpected {quote(tokens.peek())} after `last client NAME`")
            return
        subjects = [self._named(word, tokens) for word in tokens.list_of("an interface")]
        while tokens.peek():
            self._phrase(tokens.take("a phrase"), tokens, subjects)

    def _phrase(self, word: str, tokens: _Tokens, subjects: list[_Interface]) -> None:
        match word:
            case "in":
                upper = self._named(tokens.take("a bond or bridge"), tokens)
                upper.members.extend(interface.name for interface in subjects)
                self._make_master(upper)
            case "dhcp":
                for interface in subjects:
                    interface.dhcp = True
            case "carries":
                networks = [_unquoted(name) for name in tokens.list_of("a network")]
                for interface in subjects:
                    interface.networks.extend(networks)
            case "has" | "over" | "on" | "vlan" | "gateway" | "mode":
                if len(subjects) > 1:
                    raise ValueError(f"{quote(word)} is only allowed after a single interface")
                self._phrase_for_one(word, tokens, subjects[0])
            case _:
                hint = did_you_mean(word, _PHRASES) or f"expected one of {', '.join(_PHRASES)}"
                raise ValueError(f"unknown phrase {quote(word)}; {hint}")

    def _phrase_for_one(self, word: str, tokens: _Tokens, interface: _Interface) -> None:
        match word:
            case "has":
                interface.addresses.extend(_unquoted(text) for text in tokens.list_of("an address"))
            case "over":
                interface.members.extend(self._named(name, tokens).name for name in tokens.list_of("an interface"))
                self._make_master(interface)
            case "on":
                interface.kind, interface.base = "vlan", self._named(tokens.take("an interface"), tokens).name
            case "vlan":
                interface.kind, interface.vlan_id = "vlan", _number(word, tokens)
            case "gateway":
                interface.gateway = tokens.take("an address")
            case "mode":
                interface.mode = str(_number(word, tokens))

    def _named(self, word: str, tokens: _Tokens) -> _Interface:
        kind = word if word in _KINDS and tokens.peek() not in ("", ",", *_PHRASES) else ""
        if word == "missing" and tokens.peek():
            name = _unquoted(tokens.take("a name"))
            self._missing.add(name)
            return _Interface(name)
        name = _unquoted(tokens.take("a name") if kind else word)
        interface = self._interfaces.setdefault(name, _Interface(name))
        if kind:
            interface.kind = kind
        return interface

    @staticmethod
    def _make_master(interface: _Interface) -> None:
        interface.kind = _kind_of(interface)
        if interface.kind not in ("bond", "bridge"):
            name = interface.name
            raise ValueError(f"the kind of {quote(name)} is unknown: write `bond {name}` or `bridge {name}`")

    def report(self) -> dict[str, object]:
        maps: dict[str, dict[str, object]] = {name: {} for name in (*_MAPS.values(), "networks")}
        for interface in self._interfaces.values():
            if interface.name not in self._missing:
                interface.kind = _kind_of(interface)
                maps[_MAPS[interface.kind]][interface.name] = _entry(interface)
            for network in interface.networks:
                if network in maps["networks"]:
                    raise ValueError(f"the network {quote(network)} is on two interfaces, but can be on one only")
                maps["networks"][network] = _network(interface)
        return {**maps, "lastClientIface": self._last_client}


def kind_by_name(name: str) -> str:
    """Return the kind of an interface that is stated without a kind.

    The beginning of the name shows the kind; otherwise it is `nic`.
    """
    guess = next((kind for prefix, kind in _PREFIXES.items() if name.startswith(prefix)), "nic")
    return guess if "." not in name else "nic"


def _kind_of(interface: _Interface) -> str:
    return interface.kind or kind_by_name(interface.name)


def _entry(interface: _Interface) -> dict[str, object]:
    entry = _addresses(interface.addresses)
    entry["gateway"] = "" if ":" in interface.gateway else interface.gateway
    entry["ipv6gateway"] = interface.gateway if ":" in interface.gateway else "::"
    entry["dhcpv4"] = interface.dhcp
    if interface.kind == "bond":
        entry["slaves"] = interface.members
        entry["opts"] = {"mode": interface.mode} if interface.mode else {}
    elif interface.kind == "bridge":
        entry["ports"] = interface.members
    elif interface.kind == "vlan":
        if interface.base:
            entry["iface"] = interface.base
        number = interface.name.rpartition(".")[2]
        if interface.vlan_id is not None or (number.isascii() and number.isdigit() and len(number) < 6):
            entry["vlanid"] = int(number) if interface.vlan_id is None else interface.vlan_id
    return entry


def _network(interface: _Interface) -> dict[str, object]:
    bridged = interface.kind == "bridge"
    entry: dict[str, object] = {"iface": interface.name, "bridged": bridged, **_addresses(interface.addresses)}
    if bridged:
        entry["ports"] = interface.members
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
        raise ValueError(f"expected a number after {quote(word)}, found {quote(text)}")
    return int(text)


def _unquoted(word: str) -> str:
    return word[1:-1] if word.startswith('"') else word
