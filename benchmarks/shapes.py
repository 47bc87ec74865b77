"""Questions about large hosts, each large in one respect: time and memory must not grow faster than the host.

A shape is a function of a size. It returns a question of about that size: a report, the host addresses, a policy and
its parameters. `benchmarks/growth.py` measures the time of each, and `tests/decision/test_growth.py` counts its steps.
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
    """Return an interface of a VDSM reply with these IPv4 addresses, each with its prefix length."""
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
    """Return a VDSM reply as JSON text."""
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
    """Return interfaces without any relation."""
    return Large(vdsm(_own() | {f"ens{i}": entry(f"{four(256 * i + 1)}/24") for i in range(count)}))


def missing_slaves(count: int) -> Large:
    """Return a bond whose slaves the report does not describe."""
    return Large(vdsm({}, bondings={"bond0": entry(f"{OWN}/24", slaves=_names("ens", count))}))


def missing_ports(count: int) -> Large:
    """Return a bridge whose ports the report does not describe."""
    return Large(vdsm({}, bridges={"br0": entry(f"{OWN}/24", ports=_names("ens", count))}))


def missing_in_nmstate(count: int) -> Large:
    """Return a bond in an nmstate report, whose slaves the report does not describe."""
    bond = _nmstate("bond0", "bond", OWN, **{"link-aggregation": {"mode": "802.3ad", "port": _names("ens", count)}})
    return Large(json.encode({"interfaces": [bond]}))


def missing_masters(count: int) -> Large:
    """Return interfaces in an iproute2 report, whose masters the report does not describe."""
    return Large(json.encode([_ip("eno1", OWN), *(_ip(f"ens{i}", master=f"bond{i}") for i in range(count))]))


def missing_in_ansible(count: int) -> Large:
    """Return a bond in an Ansible report, whose slaves the report does not describe."""
    own = {"address": OWN, "netmask": "255.255.255.0", "prefix": "24"}
    bond = {"device": "bond0", "type": "bonding", "active": True, "slaves": _names("ens", count), "ipv4": own}
    return Large(json.encode({"ansible_interfaces": ["bond0"], "ansible_bond0": bond}))


def addresses(count: int) -> Large:
    """Return one interface with many addresses; the host address is among them."""
    return Large(vdsm({"eno1": entry(f"{OWN}/24", *(f"{four(i)}/24" for i in range(1, count)))}))


def odd_addresses(count: int) -> Large:
    """Return interfaces whose addresses are valid, but in a spelling that no tool uses."""
    odd = {f"ens{i}": {"addr": f"::ffff:{four(i)}", "ipv4addrs": [], "mtu": 1500} for i in range(1, count)}
    return Large(vdsm(odd), tuple(four(2 * i) for i in range(1, 30)))


def answers(count: int) -> Large:
    """Return a host with many host addresses; one interface owns one of them."""
    return Large(vdsm(_own()), (OWN, *(four(i) for i in range(1, count))))


def owners(count: int) -> Large:
    """Return one address that all interfaces own."""
    return Large(vdsm({f"ens{i}": entry(f"{OWN}/24") for i in range(count)}))


def owner_of_each(count: int) -> Large:
    """Return interfaces that each own a host address."""
    few = [four(i) for i in range(1, 65)]
    return Large(vdsm({f"ens{i}": entry(f"{few[i % 64]}/24") for i in range(count)}), tuple(few))


def near_misses(count: int) -> Large:
    """Return interfaces in the subnet of host addresses that no interface owns."""
    unowned = tuple(four((1 << 23) + i) for i in range(30))
    return Large(vdsm(_own() | {f"ens{i}": entry(f"{four(i)}/8") for i in range(1, count)}), (OWN, *unowned))


def vlans(count: int) -> Large:
    """Return vlans on one interface, each with the host address."""
    on_top = {f"eno1.{i}": entry(f"{OWN}/24", iface="eno1", vlanid=i % 4095) for i in range(count)}
    return Large(vdsm(_own(), vlans=on_top))


def stacks(count: int) -> Large:
    """Return stacks of 64 layers; every layer owns the host address."""
    layers = {}
    for i in range(count):
        below = f"v{i - 1}" if i % 64 else f"n{i}"
        layers[f"v{i}"] = entry(f"{OWN}/24", iface=below, vlanid=i % 4095)
    return Large(vdsm({f"n{i}": entry() for i in range(0, count, 64)}, vlans=layers))


def chain(count: int) -> Large:
    """Return one stack of many layers; the topmost layer owns the host address."""
    layers = {f"v{i}": entry(iface=f"v{i - 1}" if i else "eno1", vlanid=i % 4095) for i in range(count)}
    layers["top"] = entry(f"{OWN}/24", iface=f"v{count - 1}", vlanid=7)
    return Large(vdsm({"eno1": entry()}, vlans=layers))


def wide_bond(count: int) -> Large:
    """Return a bond with many slaves and many vlans on top; the bond owns the host address."""
    slaves = _names("ens", count // 2)
    on_top = {f"bond0.{i}": entry(iface="bond0", vlanid=i % 4095) for i in range(count // 2)}
    bond = {"bond0": entry(f"{OWN}/24", slaves=slaves)}
    return Large(vdsm({name: entry() for name in slaves}, vlans=on_top, bondings=bond))


def findings(count: int) -> Large:
    """Return interfaces that each have a mistake, and slaves that have addresses."""
    bad = {f"ens{i}": entry(f"{four(i)}/24", "10.0.0.300/24", gateway="nowhere") for i in range(count)}
    return Large(vdsm(bad | _own(), bondings={"bond0": entry(slaves=list(bad))}))


def networks(count: int) -> Large:
    """Return networks of one bridge; their VLAN ID differs from that of the port of the bridge."""
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
    """Return a reply of VDSM 4.9: many networks of one bridge with many ports, which are vlans with other VLAN IDs."""
    half = count // 2
    ports = [f"eno1.{i}" for i in range(half)]
    on_top = {name: entry(iface="eno1", vlanid=i % 4095) for i, name in enumerate(ports)}
    carried = {f"net{i}": {"iface": "br0", "bridged": True, "vlanid": 4095} for i in range(half)}
    carried["net0"] |= {"addr": OWN, "netmask": "255.255.255.0", "ports": ports}
    reply = {"nics": {"eno1": entry()}, "vlans": on_top, "bondings": {}, "networks": carried}
    return Large(json.encode(reply))


def networks_and_addresses(count: int) -> Large:
    """Return many networks on one interface with many addresses; each network lists another address."""
    half = count // 2
    carried = {f"net{i}": {"iface": "eno1", "bridged": False, "ipv4addrs": [f"{four(i)}/24"]} for i in range(half)}
    return Large(vdsm({"eno1": entry(f"{OWN}/24", *(f"{four(i)}/24" for i in range(half)))}, networks=carried))


def routes(count: int) -> Large:
    """Return interfaces in an iproute2 report with many routes, and a policy that uses routes."""
    table = [{"dst": f"{four(256 * i)}/24", "dev": f"ens{i}", "flags": []} for i in range(count)]
    document = {"addr": [_ip("eno1", OWN), *(_ip(f"ens{i}") for i in range(count))], "route": table}
    return Large(json.encode(document), policy="route-to-engine", parameters={"engine_address": four(257)})


def routes_of_one(count: int) -> Large:
    """Return one interface in an nmstate report with many routes and gateways."""
    table = [
        {"destination": "0.0.0.0/0", "next-hop-interface": "eno1", "next-hop-address": four(i + 1), "metric": i}
        for i in range(count)
    ]
    document = {"interfaces": [_nmstate("eno1", "ethernet", OWN)], "routes": {"running": table}}
    return Large(json.encode(document), policy="route-to-engine", parameters={"engine_address": four(257)})


def long_names(count: int) -> Large:
    """Return few interfaces with long names; all own the host address."""
    return Large(vdsm({f"{i}{'x' * count}": entry(f"{OWN}/24") for i in range(4)}))


def globs(count: int) -> Large:
    """Return names that are compared with a parameter of 40 patterns; the number of comparisons grows with the size."""
    policy = _policy("match nic when nic.name like patterns", patterns="[string]")
    few = max(count // 40, 1)
    patterns = [f"x{i}*y*" for i in range(40)]
    return Large(
        vdsm({f"ens{i}": entry() for i in range(few)} | _own()), policy=policy, parameters={"patterns": patterns}
    )


def patterns(count: int) -> Large:
    """Return few names that are compared with many patterns."""
    policy = _policy("match nic when nic.name like patterns", patterns="[string]")
    given = {"patterns": [f"x{i}*y*" for i in range(count)]}
    return Large(vdsm({f"ens{i}": entry() for i in range(20)} | _own()), policy=policy, parameters=given)


def messages(count: int) -> Large:
    """Return interfaces with one message of a `warn` rule each."""
    policy = _policy("match nic when nic.addresses overlaps host.addresses", "warn nic when nic.mtu is known")
    return Large(vdsm({f"ens{i}": entry() for i in range(count)} | _own()), policy=policy)


def _policy(*rules: str, **parameters: str) -> str:
    """Return the text of a policy; messages contain the name of the interface, its addresses and the host addresses."""
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
