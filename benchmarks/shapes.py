"""Hosts and policies that are large in one way each: what grows must cost no more than it grows.

A shape takes a size and returns a question of about that size: a report, the host's addresses, a policy with its
parameters. The benchmark of growth times them, and `tests/decision/test_growth.py` counts the steps that they take.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from ipaddress import IPv4Address, IPv6Address

import yaml
from msgspec import Struct, json

from evaluator.policy.parameters import ParameterInput

Entry = dict[str, object]
OWN = "192.0.2.10"
MANAGEMENT = "ovirtmgmt"
_NET = 10 << 24


class Large(Struct, frozen=True):
    """A question: a report as JSON text, addresses, a policy by its name or text, and parameters."""

    report: bytes
    addresses: tuple[str, ...] = (OWN,)
    policy: str = "strict"
    parameters: Mapping[str, ParameterInput] = {}


Shape = Callable[[int], Large]


def four(number: int) -> str:
    """Return an IPv4 address by its number in 10.0.0.0/8."""
    return str(IPv4Address(_NET + number))


def six(number: int) -> str:
    """Return an IPv6 address by its number in 2001:db8::/32."""
    return str(IPv6Address((0x20010DB8 << 96) + number))


def entry(*addresses: str, **more: object) -> Entry:
    """Return an interface of VDSM with these IPv4 addresses, which have their lengths."""
    first, _, length = (addresses or ("",))[0].partition("/")
    netmask = {"": "", "24": "255.255.255.0", "32": "255.255.255.255", "8": "255.0.0.0"}[length]
    return {"addr": first, "netmask": netmask, "ipv4addrs": [*addresses], "ipv6addrs": [], "mtu": 1500, **more}


def vdsm(
    nics: Mapping[str, Entry],
    vlans: Mapping[str, Entry] | None = None,
    bondings: Mapping[str, Entry] | None = None,
    bridges: Mapping[str, Entry] | None = None,
    networks: Mapping[str, Entry] | None = None,
) -> bytes:
    """Return a reply of VDSM."""
    return json.encode(
        {
            "nics": nics,
            "vlans": vlans or {},
            "bondings": bondings or {},
            "bridges": bridges or {},
            "networks": networks or {},
        }
    )


def _own() -> dict[str, Entry]:
    return {"eno1": entry(f"{OWN}/24")}


def _names(prefix: str, count: int) -> list[str]:
    return [f"{prefix}{i}" for i in range(count)]


def nics(count: int) -> Large:
    """Interfaces that have nothing to do with each other."""
    return Large(vdsm(_own() | {f"ens{i}": entry(f"{four(256 * i + 1)}/24") for i in range(count)}))


def missing_slaves(count: int) -> Large:
    """Bond that names slaves that nobody describes."""
    return Large(vdsm({}, bondings={"bond0": entry(f"{OWN}/24", slaves=_names("ens", count))}))


def missing_ports(count: int) -> Large:
    """Bridge that names ports that nobody describes."""
    return Large(vdsm({}, bridges={"br0": entry(f"{OWN}/24", ports=_names("ens", count))}))


def missing_in_nmstate(count: int) -> Large:
    """Bond in nmstate's words that names slaves that nobody describes."""
    bond = _nmstate("bond0", "bond", OWN, **{"link-aggregation": {"mode": "802.3ad", "port": _names("ens", count)}})
    return Large(json.encode({"interfaces": [bond]}))


def missing_masters(count: int) -> Large:
    """Interfaces of iproute2 that are enslaved to what nobody describes."""
    return Large(json.encode([_ip("eno1", OWN), *(_ip(f"ens{i}", master=f"bond{i}") for i in range(count))]))


def missing_in_ansible(count: int) -> Large:
    """Bond in Ansible's words that names slaves that nobody describes."""
    own = {"address": OWN, "netmask": "255.255.255.0", "prefix": "24"}
    bond = {"device": "bond0", "type": "bonding", "active": True, "slaves": _names("ens", count), "ipv4": own}
    return Large(json.encode({"ansible_interfaces": ["bond0"], "ansible_bond0": bond}))


def addresses(count: int) -> Large:
    """One interface with many addresses, all of them asked for a few times over."""
    return Large(vdsm({"eno1": entry(f"{OWN}/24", *(f"{four(i)}/24" for i in range(1, count)))}))


def odd_addresses(count: int) -> Large:
    """Interfaces whose addresses are written in a way that no tool writes them."""
    odd = {f"ens{i}": {"addr": f"::ffff:{four(i)}", "ipv4addrs": [], "mtu": 1500} for i in range(1, count)}
    return Large(vdsm(odd), tuple(four(2 * i) for i in range(1, 30)))


def answers(count: int) -> Large:
    """Host that is asked by many addresses, of which one interface owns one."""
    return Large(vdsm(_own()), (OWN, *(four(i) for i in range(1, count))))


def owners(count: int) -> Large:
    """Address that all interfaces have."""
    return Large(vdsm({f"ens{i}": entry(f"{OWN}/24") for i in range(count)}))


def owner_of_each(count: int) -> Large:
    """Interfaces that own a host address each."""
    few = [four(i) for i in range(1, 65)]
    return Large(vdsm({f"ens{i}": entry(f"{few[i % 64]}/24") for i in range(count)}), tuple(few))


def near_misses(count: int) -> Large:
    """Interfaces in the subnet of host addresses that nobody owns."""
    unowned = tuple(four((1 << 23) + i) for i in range(30))
    return Large(vdsm(_own() | {f"ens{i}": entry(f"{four(i)}/8") for i in range(1, count)}), (OWN, *unowned))


def vlans(count: int) -> Large:
    """Vlans on one interface, each with the host's address."""
    on_top = {f"eno1.{i}": entry(f"{OWN}/24", iface="eno1", vlanid=i % 4095) for i in range(count)}
    return Large(vdsm(_own(), vlans=on_top))


def stacks(count: int) -> Large:
    """Stacks of 64 layers, every layer with the host's address."""
    layers = {}
    for i in range(count):
        below = f"v{i - 1}" if i % 64 else f"n{i}"
        layers[f"v{i}"] = entry(f"{OWN}/24", iface=below, vlanid=i % 4095)
    return Large(vdsm({f"n{i}": entry() for i in range(0, count, 64)}, vlans=layers))


def chain(count: int) -> Large:
    """One stack of many layers, of which the topmost has the host's address."""
    layers = {f"v{i}": entry(iface=f"v{i - 1}" if i else "eno1", vlanid=i % 4095) for i in range(count)}
    layers["top"] = entry(f"{OWN}/24", iface=f"v{count - 1}", vlanid=7)
    return Large(vdsm({"eno1": entry()}, vlans=layers))


def wide_bond(count: int) -> Large:
    """Bond of many slaves with many vlans on it; the bond has the host's address."""
    slaves = _names("ens", count // 2)
    on_top = {f"bond0.{i}": entry(iface="bond0", vlanid=i % 4095) for i in range(count // 2)}
    bond = {"bond0": entry(f"{OWN}/24", slaves=slaves)}
    return Large(vdsm({name: entry() for name in slaves}, vlans=on_top, bondings=bond))


def findings(count: int) -> Large:
    """Interfaces with a mistake each, and slaves that have addresses."""
    bad = {f"ens{i}": entry(f"{four(i)}/24", "10.0.0.300/24", gateway="nowhere") for i in range(count)}
    return Large(vdsm(bad | _own(), bondings={"bond0": entry(slaves=list(bad))}))


def networks(count: int) -> Large:
    """Networks of one bridge, which disagree with its port about the vlan id."""
    carried = {f"net{i}": {"iface": "br0", "bridged": True, "ports": ["eno1.7"], "vlanid": 9} for i in range(count)}
    return Large(
        vdsm(
            {"eno1": entry()},
            vlans={"eno1.7": entry(iface="eno1", vlanid=7)},
            bridges={"br0": entry(f"{OWN}/24", ports=["eno1.7"])},
            networks=carried,
        )
    )


def networks_and_ports(count: int) -> Large:
    """Reply of VDSM 4.9: many networks of one bridge that has many ports, vlans of other ids."""
    half = count // 2
    ports = [f"eno1.{i}" for i in range(half)]
    on_top = {name: entry(iface="eno1", vlanid=i % 4095) for i, name in enumerate(ports)}
    carried = {f"net{i}": {"iface": "br0", "bridged": True, "vlanid": 4095} for i in range(half)}
    carried["net0"] |= {"addr": OWN, "netmask": "255.255.255.0", "ports": ports}
    reply = {"nics": {"eno1": entry()}, "vlans": on_top, "bondings": {}, "networks": carried}
    return Large(json.encode(reply))


def networks_and_addresses(count: int) -> Large:
    """Many networks on one interface with many addresses, of which each lists another."""
    half = count // 2
    carried = {f"net{i}": {"iface": "eno1", "bridged": False, "ipv4addrs": [f"{four(i)}/24"]} for i in range(half)}
    return Large(vdsm({"eno1": entry(f"{OWN}/24", *(f"{four(i)}/24" for i in range(half)))}, networks=carried))


def routes(count: int) -> Large:
    """Interfaces of iproute2 with many routes, and a policy that follows them."""
    table = [{"dst": f"{four(256 * i)}/24", "dev": f"ens{i}", "flags": []} for i in range(count)]
    document = {"addr": [_ip("eno1", OWN), *(_ip(f"ens{i}") for i in range(count))], "route": table}
    return Large(json.encode(document), policy="route-to-engine", parameters={"engine_address": four(257)})


def routes_of_one(count: int) -> Large:
    """One interface of nmstate with many routes and gateways."""
    table = [
        {"destination": "0.0.0.0/0", "next-hop-interface": "eno1", "next-hop-address": four(i + 1), "metric": i}
        for i in range(count)
    ]
    document = {"interfaces": [_nmstate("eno1", "ethernet", OWN)], "routes": {"running": table}}
    return Large(json.encode(document), policy="route-to-engine", parameters={"engine_address": four(257)})


def long_names(count: int) -> Large:
    """Few interfaces with long names, all with the host's address."""
    return Large(vdsm({f"{i}{'x' * count}": entry(f"{OWN}/24") for i in range(4)}))


def globs(count: int) -> Large:
    """Names against a list of patterns that is given as a parameter; both grow, so that the product does not."""
    policy = _policy("match nic when nic.name like patterns", patterns="[string]")
    few = max(count // 40, 1)
    patterns = [f"x{i}*y*" for i in range(40)]
    return Large(
        vdsm({f"ens{i}": entry() for i in range(few)} | _own()), policy=policy, parameters={"patterns": patterns}
    )


def patterns(count: int) -> Large:
    """Few names against many patterns."""
    policy = _policy("match nic when nic.name like patterns", patterns="[string]")
    given = {"patterns": [f"x{i}*y*" for i in range(count)]}
    return Large(vdsm({f"ens{i}": entry() for i in range(20)} | _own()), policy=policy, parameters=given)


def messages(count: int) -> Large:
    """Interfaces about each of which a rule says a few words."""
    policy = _policy("match nic when nic.addresses overlaps host.addresses", "warn nic when nic.mtu is known")
    return Large(vdsm({f"ens{i}": entry() for i in range(count)} | _own()), policy=policy)


def _policy(*rules: str, **parameters: str) -> str:
    """Return the text of a policy; judges say the name of the interface, its addresses and the host's."""
    said = {"code": "SAID", "message": "{nic.name} {nic.addresses} {host.addresses}", "hint": "{nic.mtu}"}
    listed = [
        {"name": f"rule-{i}", "rule": rule, **({} if rule.startswith(("match", "discard", "prefer")) else said)}
        for i, rule in enumerate(rules)
    ]
    declared = {name: {"type": [type_[1:-1]] if type_.startswith("[") else type_} for name, type_ in parameters.items()}
    return yaml.safe_dump({"policy": "growth", **({"parameters": declared} if declared else {}), "rules": listed})


def _ip(name: str, *own: str, **more: object) -> Entry:
    listed = [{"family": "inet", "local": one, "prefixlen": 24, "scope": "global"} for one in own]
    return {"ifname": name, "flags": ["UP"], "link_type": "ether", "linkinfo": {}, "addr_info": listed, **more}


def _nmstate(name: str, kind: str, *own: str, **more: object) -> Entry:
    listed: Iterable[Entry] = [{"ip": one, "prefix-length": 24} for one in own]
    return {"name": name, "type": kind, "state": "up", "ipv4": {"enabled": True, "address": listed}, **more}


SHAPES: Mapping[str, Shape] = {
    "unrelated interfaces": nics,
    "missing slaves, VDSM": missing_slaves,
    "missing ports, VDSM": missing_ports,
    "missing slaves, nmstate": missing_in_nmstate,
    "missing masters, iproute2": missing_masters,
    "missing slaves, Ansible": missing_in_ansible,
    "addresses of one interface": addresses,
    "addresses in odd spellings": odd_addresses,
    "host addresses": answers,
    "owners of one address": owners,
    "owners of 64 host addresses": owner_of_each,
    "near misses": near_misses,
    "vlans on one interface": vlans,
    "stacks of 64 layers": stacks,
    "one stack": chain,
    "slaves and vlans of one bond": wide_bond,
    "findings": findings,
    "networks": networks,
    "networks and ports, VDSM 4.9": networks_and_ports,
    "networks and addresses": networks_and_addresses,
    "routes": routes,
    "routes of one interface": routes_of_one,
    "long names": long_names,
    "patterns": patterns,
    "names against patterns": globs,
    "messages": messages,
}
