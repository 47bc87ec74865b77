"""The time of a decision for one host in every form and format of its report, as ratios to `orjson.loads`.

Run: python -m benchmarks.report_forms. `answer` is reading, validating and deciding: status, name, candidates, owners,
refusals. `document` is all of this and the decision document as bytes. The forms are timed in blocks with warm caches,
alternately. The time of a host is the shortest processor time of its samples, and each cell is the median of the hosts.
The last line compares the slowest form of a VDSM host with the fastest.
"""

from __future__ import annotations

import platform
import statistics
import time
from collections.abc import Callable
from functools import partial
from typing import Any

import msgspec
import orjson

import evaluator
from benchmarks.peers.questions import TIMED, question
from evaluator import HostAddresses

SIZES = {8: (200, 10), 64: (60, 3), 512: (30, 1)}  # samples, and calls in a sample
VDSM = ("plain", "envelope", "unknown key", "non-ASCII", "dict")
FORMATS = ("iproute2", "nmstate", "ansible")
Json = dict[str, Any]


def report_forms(text: bytes) -> dict[str, bytes | Json]:
    """Return a VDSM reply in every form and format."""
    odd, foreign = orjson.loads(text), orjson.loads(text)
    next(iter(odd["nics"].values()))["qos"] = {"out": {"ls": {"m2": 1000}}}
    next(iter(foreign["nics"].values()))["alias"] = "Büro"
    return {
        "plain": text,
        "envelope": orjson.dumps({"jsonrpc": "2.0", "id": 7, "result": orjson.loads(text)}),
        "unknown key": orjson.dumps(odd),
        "non-ASCII": orjson.dumps(foreign),
        "dict": orjson.loads(text),
        "iproute2": orjson.dumps(as_iproute2(orjson.loads(text))),
        "nmstate": orjson.dumps(as_nmstate(orjson.loads(text))),
        "ansible": orjson.dumps(as_ansible(orjson.loads(text))),
    }


def _addresses(entry: Json) -> list[tuple[str, int]]:
    listed = [*entry["ipv4addrs"], *entry["ipv6addrs"]]
    return [(body, int(length)) for body, _, length in (text.partition("/") for text in listed)]


def _masters(host: Json) -> dict[str, tuple[str, str]]:
    bonds = ((name, "bond", entry["slaves"]) for name, entry in host["bondings"].items())
    bridges = ((name, "bridge", entry["ports"]) for name, entry in host["bridges"].items())
    return {member: (name, kind) for name, kind, members in (*bonds, *bridges) for member in members}


def _devices(host: Json) -> list[tuple[str, str, Json]]:
    kinds = {"nics": "", "bondings": "bond", "vlans": "vlan", "bridges": "bridge"}
    return [(name, kind, entry) for key, kind in kinds.items() for name, entry in host[key].items()]


def as_iproute2(host: Json) -> list[Json]:
    """Return the same host in the form of `ip -j -d addr show`."""
    masters, found = _masters(host), []
    for index, (name, kind, entry) in enumerate(_devices(host)):
        info: Json = {"info_kind": kind} if kind else {}
        if kind == "vlan":
            info["info_data"] = {"protocol": "802.1Q", "id": entry["vlanid"], "flags": ["REORDER_HDR"]}
        if name in masters:
            info["info_slave_kind"] = masters[name][1]
        found.append(
            {
                "ifindex": index + 2,
                **({"link": entry["iface"]} if kind == "vlan" else {}),
                "ifname": name,
                "flags": ["BROADCAST", "MULTICAST", "UP", "LOWER_UP"],
                "mtu": 1500,
                "qdisc": "noqueue",
                **({"master": masters[name][0]} if name in masters else {}),
                "operstate": "UP",
                "group": "default",
                "txqlen": 1000,
                "link_type": "ether",
                "address": entry.get("hwaddr", "52:54:00:12:34:01"),
                "broadcast": "ff:ff:ff:ff:ff:ff",
                "promiscuity": 0,
                "min_mtu": 68,
                "max_mtu": 65535,
                **({"linkinfo": info} if info else {}),
                "num_tx_queues": 1,
                "num_rx_queues": 1,
                "addr_info": [
                    {
                        "family": "inet6" if ":" in text else "inet",
                        "local": text,
                        "prefixlen": length,
                        "scope": "global",
                        "label": name,
                        "valid_life_time": 4294967295,
                        "preferred_life_time": 4294967295,
                    }
                    for text, length in _addresses(entry)
                ],
            }
        )
    return found


def as_nmstate(host: Json) -> Json:
    """Return the same host in the form of `nmstatectl show --json`."""
    types = {"": "ethernet", "bond": "bond", "vlan": "vlan", "bridge": "linux-bridge"}
    found = []
    for name, kind, entry in _devices(host):
        addresses = [{"ip": text, "prefix-length": length} for text, length in _addresses(entry)]
        families = {
            key: [one for one in addresses if (":" in one["ip"]) is is_v6]
            for key, is_v6 in (("ipv4", False), ("ipv6", True))
        }
        data: Json = {
            "name": name,
            "type": types[kind],
            "state": "up",
            "identifier": "name",
            "mac-address": "52:54:00:12:34:01",
            "mtu": 1500,
            "min-mtu": 68,
            "max-mtu": 65535,
            **{key: {"enabled": bool(of_it), "dhcp": False, "address": of_it} for key, of_it in families.items()},
            "accept-all-mac-addresses": False,
            "lldp": {"enabled": False},
        }
        if kind == "bond":
            data["link-aggregation"] = {"mode": "802.3ad", "options": {"miimon": 100}, "port": entry["slaves"]}
        if kind == "vlan":
            data["vlan"] = {"base-iface": entry["iface"], "id": entry["vlanid"], "protocol": "802.1q"}
        if kind == "bridge":
            data["bridge"] = {"options": {}, "port": [{"name": port} for port in entry["ports"]]}
        found.append(data)
    return {"interfaces": found, "routes": {"running": [], "config": []}, "dns-resolver": {}}


def as_ansible(host: Json) -> Json:
    """Return the same host in the form of `ansible -m setup`."""
    facts: Json = {"interfaces": [name for name, _, _ in _devices(host)], "default_ipv4": {}, "default_ipv6": {}}
    types = {"": "ether", "bond": "bonding", "vlan": "ether", "bridge": "bridge"}
    for name, kind, entry in _devices(host):
        data: Json = {
            "active": True,
            "device": name,
            "features": {"rx_checksumming": "on", "tx_checksumming": "on", "scatter_gather": "on"},
            "macaddress": "52:54:00:12:34:01",
            "mtu": 1500,
            "promisc": False,
            "type": types[kind],
            **({"module": "virtio_net"} if not kind else {}),
        }
        for text, length in _addresses(entry):
            if ":" in text:
                data.setdefault("ipv6", []).append({"address": text, "prefix": str(length), "scope": "global"})
            else:
                data["ipv4"] = {"address": text, "netmask": "255.255.255.0", "prefix": str(length)}
        if kind == "bond":
            data["slaves"], data["mode"] = entry["slaves"], "802.3ad"
        if kind == "bridge":
            data["interfaces"] = entry["ports"]
        facts[name.replace("-", "_").replace(":", "_")] = data
    return {"ansible_facts": {f"ansible_{key}": value for key, value in facts.items()}, "changed": False}


def least(action: Callable[[], object], samples: int, calls: int) -> float:
    """Return the processor time of one call in the fastest sample, in seconds."""
    found = float("inf")
    for _ in range(samples):
        began = time.thread_time()
        for _ in range(calls):
            action()
        found = min(found, time.thread_time() - began)
    return found / calls


def decide(policy: evaluator.Policy, given: bytes | Json, host: tuple[str, ...]) -> evaluator.Decision:
    """Read a report and the addresses of its host, and return the decision on them."""
    return policy.decide(evaluator.read_report(given), HostAddresses.of(*host))


def document(policy: evaluator.Policy, given: bytes | Json, host: tuple[str, ...]) -> bytes:
    """Return the document of the decision."""
    return decide(policy, given, host).to_json()


def measured(size: int, samples: int, calls: int) -> dict[tuple[str, str], float]:
    """Return the ratios of answers and documents by form."""
    policy, taken = evaluator.load_policy("strict"), {}
    for turn, kind in enumerate(TIMED):
        asked = question(kind, size, True, 1)
        hosts = list(report_forms(asked.data).items())
        for name, given in hosts[turn:] + hosts[:turn]:
            text = given if isinstance(given, bytes) else asked.data
            base = least(partial(orjson.loads, text), 2 * samples, calls)
            for output, function in (("answer", decide), ("document", document)):
                seconds = least(partial(function, policy, given, asked.host), samples, calls)
                taken.setdefault((name, output), []).append(seconds / base)
    return {key: statistics.median(ratios) for key, ratios in taken.items()}


def main() -> None:
    """Print the table."""
    found = {size: measured(size, *counts) for size, counts in SIZES.items()}
    versions = f"Python {platform.python_version()}, orjson {orjson.__version__}, msgspec {msgspec.__version__}"
    print(f"activenic {evaluator.__version__}, {versions}\n")
    print(f"| form of the report | {' | '.join(f'answer {s} | document {s}' for s in SIZES)} |")
    print(f"| --- |{' ---: |' * 2 * len(SIZES)}")
    for name in (*VDSM, *FORMATS):
        shown = name if name in FORMATS else f"VDSM, {name}"
        cells = (f"{found[size][name, what]:.1f}" for size in SIZES for what in ("answer", "document"))
        print(f"| {shown} | {' | '.join(cells)} |")
    for size in SIZES:
        answers = [found[size][name, "answer"] for name in VDSM]
        print(
            f"\n{size} interfaces: the slowest form of a VDSM host takes {max(answers) / min(answers):.2f} times the "
            "fastest"
        )


if __name__ == "__main__":
    main()
