"""Makes the logs of `tests/logs/0.1.0/`; it was run once, with the released activenic 0.1.0, and is kept as history.

    python tests/logs/make_0_1_0.py FOLDER

Needs an environment with activenic 0.1.0 and its extra `sign`. A second run gives other bytes: the keys are new,
and records of name look-ups contain times and a port. The README beside this script describes the result.
"""

from __future__ import annotations

import hashlib
import json
import socket
import sys
import tempfile
import threading
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, redirect_stdout
from datetime import UTC, datetime, timedelta
from io import StringIO
from itertools import count, cycle
from pathlib import Path
from typing import Any

import dns.message
import dns.rcode
import dns.rrset
from evaluator.policy.find import shipped_names

import evaluator
from evaluator import Decision, DecisionLog, HostAddresses, Report
from evaluator.cli.main import main as activenic
from evaluator.report.read import read_report_text

START = datetime(2026, 11, 22, 12, 0, tzinfo=UTC)
Row = tuple[str, Decision, dict[str, str]]  # id, decision, labels
EXPORTED = {
    *("vdsm-rejected", "last-client-iface-vdsm", "route-to-engine-iproute2-routes", "ovirt-engine-nmstate"),
    *("ansible-unknown_host", "own-policy"),
}

# One host in every format: bond0 over ens1 and ens2 has 192.0.2.10, the bridge br0 over ens3 has 192.0.2.11, and ens4
# has 198.51.100.20 and 2001:db8::20.
MACS = {name: f"52:54:00:12:34:0{i}" for i, name in enumerate(("ens1", "ens2", "ens3", "ens4", "bond0", "br0"), 1)}
VDSM: dict[str, Any] = {
    "bondings": {
        "bond0": {
            "addr": "192.0.2.10",
            "netmask": "255.255.255.0",
            "gateway": "192.0.2.1",
            "ipv4addrs": ["192.0.2.10/24"],
            "ipv6addrs": [],
            "slaves": ["ens1", "ens2"],
            "opts": {"mode": "1", "miimon": "100"},
            "mtu": 1500,
        }
    },
    "bridges": {
        "br0": {
            "addr": "192.0.2.11",
            "netmask": "255.255.255.0",
            "ipv4addrs": ["192.0.2.11/24"],
            "ports": ["ens3"],
            "stp": "off",
        }
    },
    "networks": {},
    "nics": {
        "ens1": {"addr": "", "ipv4addrs": [], "hwaddr": MACS["ens1"], "mtu": 1500},
        "ens2": {"addr": "", "ipv4addrs": [], "hwaddr": MACS["ens2"], "mtu": 1500},
        "ens3": {"addr": "", "ipv4addrs": [], "hwaddr": MACS["ens3"], "mtu": 1500},
        "ens4": {
            "addr": "198.51.100.20",
            "netmask": "255.255.255.0",
            "ipv4addrs": ["198.51.100.20/24"],
            "ipv6addrs": ["2001:db8::20/64"],
            "hwaddr": MACS["ens4"],
            "mtu": 1500,
        },
    },
    "vlans": {},
    "lastClientIface": "ens4",
}
NMSTATE = f"""\
interfaces:
- name: ens1
  type: ethernet
  state: up
  mac-address: {MACS["ens1"]}
  controller: bond0
- name: ens2
  type: ethernet
  state: up
  mac-address: {MACS["ens2"]}
  controller: bond0
- name: ens3
  type: ethernet
  state: up
  mac-address: {MACS["ens3"]}
  controller: br0
- name: ens4
  type: ethernet
  state: up
  mac-address: {MACS["ens4"]}
  ipv4: {{enabled: true, address: [{{ip: 198.51.100.20, prefix-length: 24}}]}}
  ipv6: {{enabled: true, address: [{{ip: "2001:db8::20", prefix-length: 64}}]}}
- name: bond0
  type: bond
  state: up
  ipv4: {{enabled: true, address: [{{ip: 192.0.2.10, prefix-length: 24}}]}}
  link-aggregation: {{mode: active-backup, port: [ens1, ens2]}}
- name: br0
  type: linux-bridge
  state: up
  ipv4: {{enabled: true, address: [{{ip: 192.0.2.11, prefix-length: 24}}]}}
  bridge: {{port: [{{name: ens3}}], options: {{stp: {{enabled: false}}}}}}
routes:
  running:
  - destination: 0.0.0.0/0
    next-hop-address: 192.0.2.1
    next-hop-interface: bond0
    metric: 100
    table-id: 254
"""
ROUTES = b"""\
[{"dst":"default","gateway":"192.0.2.1","dev":"bond0","flags":[]},
{"dst":"192.0.2.0/24","dev":"bond0","protocol":"kernel","scope":"link","prefsrc":"192.0.2.10","flags":[]}]"""
ROUTES6 = b"""\
[{"dst":"2001:db8::/64","dev":"ens4","protocol":"kernel","metric":256,"flags":[],"pref":"medium"},
{"dst":"fe80::/64","dev":"ens4","protocol":"kernel","metric":256,"flags":[],"pref":"medium"}]"""


def iproute2() -> bytes:
    """Return what `ip -j -d addr` prints, without the members that no reader looks at."""

    def link(index: int, name: str, *addresses: dict[str, Any], **more: Any) -> dict[str, Any]:
        flags = ["BROADCAST", "MULTICAST", "UP", "LOWER_UP"]
        common = {"ifindex": index, "ifname": name, "flags": flags, "operstate": "UP", "link_type": "ether"}
        return {**common, "address": MACS[name], **more, "addr_info": list(addresses)}

    def owned(family: str, address: str, length: int) -> dict[str, Any]:
        return {"family": family, "local": address, "prefixlen": length, "scope": "global"}

    slave, port = {"info_slave_kind": "bond"}, {"info_slave_kind": "bridge"}
    links = [
        link(2, "ens1", master="bond0", linkinfo=slave),
        link(3, "ens2", master="bond0", linkinfo=slave),
        link(4, "ens3", master="br0", linkinfo=port),
        link(5, "ens4", owned("inet", "198.51.100.20", 24), owned("inet6", "2001:db8::20", 64)),
        link(6, "bond0", owned("inet", "192.0.2.10", 24), linkinfo={"info_kind": "bond"}),
        link(7, "br0", owned("inet", "192.0.2.11", 24), linkinfo={"info_kind": "bridge"}),
    ]
    return json.dumps(links, separators=(",", ":")).encode()


def ansible() -> bytes:
    """Return what the module `setup` prints of the network."""

    def inet(address: str) -> dict[str, str]:
        network = address.rpartition(".")[0]
        return {"address": address, "netmask": "255.255.255.0", "network": f"{network}.0", "prefix": "24"}

    def link(name: str, kind: str, **more: Any) -> dict[str, Any]:
        return {"device": name, "type": kind, "active": True, "macaddress": MACS[name], "mtu": 1500, **more}

    gateway = {"address": "192.0.2.10", "gateway": "192.0.2.1", "interface": "bond0", "prefix": "24"}
    facts = {
        "ansible_interfaces": ["ens4", "br0", "bond0", "ens1", "ens3", "ens2"],
        "ansible_all_ipv4_addresses": ["192.0.2.10", "192.0.2.11", "198.51.100.20"],
        "ansible_all_ipv6_addresses": ["2001:db8::20"],
        "ansible_default_ipv4": gateway,
        "ansible_bond0": link("bond0", "bonding", slaves=["ens1", "ens2"], ipv4=inet("192.0.2.10")),
        "ansible_br0": link("br0", "bridge", interfaces=["ens3"], ipv4=inet("192.0.2.11")),
        "ansible_ens1": link("ens1", "ether"),
        "ansible_ens2": link("ens2", "ether"),
        "ansible_ens3": link("ens3", "ether"),
        "ansible_ens4": link(
            "ens4",
            "ether",
            ipv4=inet("198.51.100.20"),
            ipv6=[{"address": "2001:db8::20", "prefix": "64", "scope": "global"}],
        ),
    }
    return json.dumps({"ansible_facts": facts}, indent=1).encode()


REPORTS: dict[str, Report] = {
    "vdsm": evaluator.read_report(VDSM),
    "iproute2": read_report_text(iproute2()),
    "iproute2-routes": read_report_text(iproute2(), routes=[ROUTES, ROUTES6]),
    "nmstate": evaluator.read_report(NMSTATE),
    "ansible": evaluator.read_report(ansible()),
}
CONFIGURED = evaluator.read_report(
    {
        "result": {
            "nics": {"ens1": {"addr": ""}, "ens2": {"addr": "198.51.100.20", "netmask": "255.255.255.0"}},
            "vlans": {"ens1.7": {"iface": "ens1", "vlanid": 7, "addr": "192.0.2.10", "netmask": "255.255.255.0"}},
            "bridges": {"ovirtmgmt": {"ports": ["ens1.7"], "addr": "192.0.2.10", "netmask": "255.255.255.0"}},
            "networks": {"ovirtmgmt": {"iface": "ovirtmgmt", "bridged": True, "vlanid": 7}},
        }
    }
)
ADDRESSES = {
    "resolved": ("192.0.2.10",),
    "rejected": ("192.0.2.11",),
    "ambiguous": ("192.0.2.10", "2001:db8::20"),
    "no_match": ("203.0.113.9",),
}
ENGINE = {"route-to-engine": {"engine_address": "192.0.2.99"}}
# A policy of an operator: globs, a network, a list and a text that has to be given.
OWN_POLICY = """\
policy: our-hosts
description: One of our interfaces, outside the storage network.
parameters:
  ignored: {type: [string], default: ["docker0", "virbr*"]}
  storage: {type: [cidr], default: ["10.9.0.0/16"]}
  site: {type: string}
rules:
  - name: owns-host-address
    rule: match nic when nic.addresses overlaps host.addresses
  - name: not-ours
    rule: discard nic when nic.name like ignored
  - name: not-storage
    rule: discard nic when some address in nic.matched satisfies address in storage
  - name: one-interface
    rule: ambiguous when count(candidates) > 1
    code: SEVERAL_INTERFACES
    message: "{candidates} match at {site}"
    hint: ask by one address
  - name: not-in-the-lab
    rule: warn nic when nic in candidates and site = "lab" and nic is bond
    code: BOND_IN_THE_LAB
    message: "{nic.name} is a bond in the lab"
    hint: a bond is not needed there
"""


def main(folder: Path) -> None:
    """Make every file of the folder, which must not exist."""
    assert evaluator.__version__ == "0.1.0", evaluator.__version__
    folder.mkdir()
    with tempfile.TemporaryDirectory() as name:
        rows = [*statuses(), *policies(), *own_policy(Path(name)), *names(Path(name))]
        one_of_each = rows[:: len(ADDRESSES) + 1][:4]
        key = Path(name) / "key"
        run("log", "keygen", str(key))
        (folder / "signed.pub").write_bytes(key.with_name("key.pub").read_bytes())
        fill(folder / "decisions.log", rows)
        fill(folder / "signed.log", one_of_each, key)
        fill_and_prune(folder / "pruned.log", one_of_each)
        fill_and_prune(folder / "signed-pruned.log", one_of_each, key)
    for log in folder.glob("*.log"):
        note(log)
    export(folder)
    write_sums(folder)


def statuses() -> Iterator[Row]:
    """Yield four statuses in each format by `strict`; `names` adds the fifth, `unknown_host`."""
    strict = evaluator.load_policy("strict")
    for format, report in REPORTS.items():
        for status, addresses in ADDRESSES.items():
            decision = strict.decide(report, HostAddresses.of(*addresses))
            assert decision.status == status, (format, status, decision.status)
            yield f"{format}-{status}", decision, {"format": format, "topic": "statuses"}


def policies() -> Iterator[Row]:
    """Yield decisions by every other shipped policy in every format, and with other parameters."""
    for policy in shipped_names():
        for format, report in REPORTS.items():
            if policy == "strict" or format == "iproute2":
                continue
            decision = evaluator.load_policy(policy).decide(
                report, HostAddresses.of(*ADDRESSES["ambiguous"]), **ENGINE.get(policy, {})
            )
            yield f"{policy}-{format}", decision, {"format": format, "topic": "policies", "engine": "e1=a, \u00e9"}
    strict = evaluator.load_policy("strict")
    for id_, addresses, parameters in (
        ("configured", ("192.0.2.10",), {}),
        ("configured-elsewhere", ("198.51.100.20",), {"management_network": "ovirtmgmt"}),
        ("configured-other-network", ("192.0.2.10",), {"management_network": "mgmt", "management_vlan": 8}),
    ):
        decision = strict.decide(CONFIGURED, HostAddresses.of(*addresses), **parameters)
        yield id_, decision, {"topic": "parameters", "empty": ""}


def own_policy(folder: Path) -> Iterator[Row]:
    """Yield decisions by a policy that is not shipped, with parameters of several types."""
    (folder / "our-hosts.yaml").write_text(OWN_POLICY)
    policy = evaluator.load_policy(folder / "our-hosts.yaml")
    for id_, parameters in (
        ("own-policy", {"site": "lab"}),
        ("own-policy-parameters", {"site": "Br\u00fcnn", "ignored": ["bond*"], "storage": ["198.51.100.0/24"]}),
    ):
        decision = policy.decide(REPORTS["vdsm"], HostAddresses.of("192.0.2.10", "198.51.100.20"), **parameters)
        yield id_, decision, {"topic": "own policy"}


def names(folder: Path) -> Iterator[Row]:
    """Yield decisions on names that were looked up: in DNS, in a hosts file, `localhost`."""
    hosts = folder / "hosts"
    hosts.write_text("127.0.0.1 localhost\n192.0.2.10 inhosts.lab.test inhosts # the bond\n")
    look_ups: dict[str, dict[str, Any]] = {
        "one.lab.test": {},
        "two.lab.test": {},
        "alias.lab.test": {},
        "b\u00fccher.lab.test": {},
        "absent.lab.test": {},
        "broken.lab.test": {},
        "half.lab.test": {},
        "half-elsewhere.lab.test": {},
        "inhosts.lab.test": {"hosts_file": hosts},
        "localhost": {},
    }
    found = {}
    with name_server() as server:
        for name, options in look_ups.items():
            found[name] = evaluator.resolve_host(name, servers=[server], **options)
        found["half, complete required"] = evaluator.resolve_host(
            "half.lab.test", servers=[server], require_complete=True
        )
    for (name, host), format in zip(found.items(), cycle(REPORTS), strict=False):
        policy = "ovirt-engine" if name.startswith("two") else "strict"
        decision = evaluator.load_policy(policy).decide(REPORTS[format], host)
        yield f"name-{name}", decision, {"topic": "names", "format": format}
    for format, report in REPORTS.items():
        decision = evaluator.load_policy("strict").decide(report, found["absent.lab.test"])
        assert decision.status == "unknown_host", decision.status
        yield f"{format}-unknown_host", decision, {"format": format, "topic": "statuses"}


def answer(query: dns.message.Message) -> dns.message.Message:
    """Answer as the zone lab.test does."""
    name, family = query.question[0].name.to_text(), query.question[0].rdtype.name
    zone = {
        ("one.lab.test.", "A"): ["one.lab.test. 30 IN A 192.0.2.10"],
        ("two.lab.test.", "A"): ["two.lab.test. 30 IN A 192.0.2.10", "two.lab.test. 30 IN A 198.51.100.20"],
        ("alias.lab.test.", "A"): ["alias.lab.test. 30 IN CNAME one.lab.test.", "one.lab.test. 30 IN A 192.0.2.10"],
        ("alias.lab.test.", "AAAA"): ["alias.lab.test. 30 IN CNAME one.lab.test."],
        ("xn--bcher-kva.lab.test.", "AAAA"): ["xn--bcher-kva.lab.test. 30 IN AAAA 2001:db8::20"],
        ("half.lab.test.", "A"): ["half.lab.test. 30 IN A 192.0.2.10"],
        ("half-elsewhere.lab.test.", "A"): ["half-elsewhere.lab.test. 30 IN A 203.0.113.9"],
    }
    response = dns.message.make_response(query, recursion_available=True)
    if name.startswith("absent"):
        response.set_rcode(dns.rcode.NXDOMAIN)
    if name.startswith("broken") or (name.startswith("half") and family == "AAAA"):
        response.set_rcode(dns.rcode.SERVFAIL)
    for record in zone.get((name, family), []):
        owner, ttl, _, type_, value = record.split(None, 4)
        response.answer.append(dns.rrset.from_text(owner, int(ttl), "IN", type_, value))
    return response


@contextmanager
def name_server() -> Iterator[str]:
    """Serve the zone over UDP on a free port of loopback while the block runs; yields `IP#PORT`."""
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as udp:
        udp.bind(("127.0.0.1", 0))

        def serve() -> None:
            while True:
                data, peer = udp.recvfrom(4096)
                if not data:
                    return
                udp.sendto(answer(dns.message.from_wire(data)).to_wire(), peer)

        thread = threading.Thread(target=serve, daemon=True)
        thread.start()
        yield f"127.0.0.1#{udp.getsockname()[1]}"
        with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as last:
            last.sendto(b"", udp.getsockname())
        thread.join()


def open_log(path: Path, ids: Sequence[str] = (), signer: Path | None = None) -> DecisionLog:
    """Open a log that gives these ids, and whose clock goes on by a minute with each record."""
    next_id, minutes = iter(ids).__next__, count()
    return DecisionLog.open(path, clock=lambda: START + timedelta(minutes=next(minutes)), new_id=next_id, signer=signer)


def fill(path: Path, rows: Sequence[Row], signer: Path | None = None) -> None:
    """Append the decisions to a new log."""
    with open_log(path, [id_ for id_, _, _ in rows], signer) as log:
        for id_, decision, labels in rows:
            log.append(decision, {**labels, "export": "yes"} if id_ in EXPORTED else labels)


def fill_and_prune(path: Path, rows: Sequence[Row], signer: Path | None = None) -> None:
    """Append the decisions to a new log, and remove the first two."""
    fill(path, rows, signer)
    with open_log(path, signer=signer) as log:
        log.prune(START + timedelta(minutes=2))


def note(log: Path) -> None:
    """Write beside a log what 0.1.0 prints of it: its list and its head."""
    log.with_suffix(".list.jsonl").write_text(run("log", "list", str(log), "--output", "jsonl"))
    log.with_suffix(".head").write_text(run("log", "head", str(log)))


def export(folder: Path) -> None:
    """Export some records, plain and masked; the key of the masks is no secret."""
    command = ["log", "export", str(folder / "decisions.log"), "--label", "export=yes"]
    (folder / "mask.key").write_text("a key for tests, which is no secret\n")
    (folder / "plain.jsonl").write_text(run(*command))
    (folder / "masked.jsonl").write_text(run(*command, "--mask", str(folder / "mask.key")))


def write_sums(folder: Path) -> None:
    """Write the digest of each file, as `sha256sum` prints it."""
    sums = [f"{hashlib.sha256(path.read_bytes()).hexdigest()}  {path.name}\n" for path in sorted(folder.iterdir())]
    (folder / "SHA256SUMS").write_text("".join(sums))


def run(*arguments: str) -> str:
    """Return what the command prints."""
    with redirect_stdout(StringIO()) as output:
        assert activenic(arguments) == 0, arguments
    return output.getvalue()


if __name__ == "__main__":
    main(Path(sys.argv[1]))
