"""What the kernel's netlink messages become: a kernel of this test sends them, so that no privilege is needed.

`netlink.json` has the report, one line for each entry. `python -m tests.report.test_netlink` writes it again.
"""

from __future__ import annotations

import json
from pathlib import Path
from types import ModuleType, SimpleNamespace
from typing import Any, cast

import pytest

import evaluator
from evaluator import ReportError
from evaluator.report.live import _collect
from evaluator.report.netlink_json import address_to_json, link_to_json, route_to_json

REPORT = Path(__file__).with_name("netlink.json")
UP, NO_CARRIER, LOOPBACK = 0x11043, 0x1003, 0x10049


def link(index: int, name: str, more: dict[str, Any] | None = None, **members: Any) -> dict[str, Any]:
    attrs = {"IFLA_IFNAME": name, "IFLA_ADDRESS": f"52:54:00:00:00:{index:02x}", **(more or {})}
    return {"index": index, "ifi_type": 1, "flags": UP, "attrs": [*attrs.items(), ("UNKNOWN", "x")], **members}


def kind(kind: str, **data: Any) -> dict[str, Any]:
    return {"IFLA_LINKINFO": {"attrs": [("IFLA_INFO_KIND", kind), ("IFLA_INFO_DATA", {"attrs": [*data.items()]})]}}


LINKS = [
    link(1, "lo", {"IFLA_ADDRESS": "00:00:00:00:00:00", "IFLA_MTU": 65536}, ifi_type=772, flags=LOOPBACK),
    link(2, "eth0", {"IFLA_MTU": 1500, "IFLA_OPERSTATE": "UP", "IFLA_IFALIAS": "uplink", "IFLA_PROMISCUITY": 1}),
    link(3, "eth1", {"IFLA_MASTER": 5, "IFLA_OPERSTATE": "DOWN"}, flags=NO_CARRIER),
    link(4, "eth2", {"IFLA_MASTER": 99}, flags=0x1 | 0x40 | 0x80 | 0x200 | 0x100 | 0x400 | 0x800 | 0x20000 | 0x10),
    link(5, "bond0", kind("bond", IFLA_BOND_MODE=4)),
    link(6, "bond1", kind("bond", IFLA_BOND_MODE=99)),
    link(7, "eth0.5", {"IFLA_LINK": 2, **kind("vlan", IFLA_VLAN_ID=5)}),
    link(8, "away", {"IFLA_LINK": 2, "IFLA_LINK_NETNSID": 3, **kind("vxlan", IFLA_VXLAN_LINK=2)}),
    link(9, "vx0", kind("vxlan", IFLA_VXLAN_LINK=2)),
    link(10, "gone", {"IFLA_LINK": 98}),
    link(11, "none", {"IFLA_LINK": 0, **kind("bridge")}),
    link(12, "gre1", {"IFLA_ADDRESS": "c0:00:02:01"}, ifi_type=778),
    link(13, "gre6", {"IFLA_ADDRESS": "20:01:0d:b8:00:00:00:00:00:00:00:00:00:00:00:01"}, ifi_type=823),
    link(
        14, "odd", {"IFLA_PROP_LIST": {"attrs": [("IFLA_ALT_IFNAME", "a"), ("IFLA_ALT_IFNAME", b"\xffb")]}}, ifi_type=9
    ),
    link(15, r"back\slash", {"IFLA_LINKINFO": {"attrs": [("IFLA_INFO_SLAVE_KIND", "bond")]}}),
]
ADDRESSES = [
    (2, 2, 24, 0, 0x80, {"IFA_LOCAL": "192.0.2.1", "IFA_ADDRESS": "192.0.2.1", "IFA_LABEL": "eth0"}),
    (2, 2, 24, 0, 0x81, {"IFA_LOCAL": "192.0.2.2", "IFA_ADDRESS": "192.0.2.2", "IFA_LABEL": "eth0:1"}),
    (2, 2, 32, 253, 0, {"IFA_LOCAL": "192.0.2.3", "IFA_ADDRESS": "192.0.2.4", "IFA_FLAGS": 0x280}),
    (2, 10, 64, 253, 0x80, {"IFA_ADDRESS": "fe80::1"}),
    (2, 10, 64, 0, 0x1, {"IFA_ADDRESS": "2001:db8::1", "IFA_FLAGS": 0x17F}),
    (2, 10, 64, 17, 0, {"IFA_ADDRESS": "2001:db8::2"}),
    (1, 2, 8, 254, 0x80, {"IFA_LOCAL": "127.0.0.1", "IFA_ADDRESS": "127.0.0.1"}),
    (77, 2, 8, 0, 0x80, {"IFA_LOCAL": "198.51.100.1", "IFA_ADDRESS": "198.51.100.1"}),
]
ROUTES = [
    (2, 0, 1, 4, 0, {"RTA_GATEWAY": "192.0.2.254", "RTA_OIF": 2, "RTA_PRIORITY": 100}),
    (2, 24, 1, 2, 0x10, {"RTA_DST": "192.0.2.0", "RTA_OIF": 2, "RTA_PREFSRC": "192.0.2.1"}),
    (2, 32, 1, 3, 0x1F, {"RTA_DST": "192.0.2.9", "RTA_OIF": 97}),
    (2, 16, 7, 77, 0, {"RTA_DST": "10.0.0.0"}),
    (2, 8, 99, 16, 0, {}),
    (2, 8, 1, 1, 0, {"RTA_DST": "10.0.0.0", "RTA_VIA": {"family": 10, "addr": "fe80::9"}, "RTA_OIF": 2}),
    (2, 0, 1, 9, 0, {"RTA_MULTIPATH": [
        {"oif": 2, "flags": 1, "attrs": [("RTA_GATEWAY", "192.0.2.7")]}, {"oif": 5, "flags": 0}
    ]}),
    (10, 0, 1, 9, 0, {"RTA_GATEWAY": "fe80::1", "RTA_OIF": 2, "RTA_PREF": 0, "RTA_PRIORITY": 1024}),
    (10, 128, 1, 2, 0, {"RTA_DST": "2001:db8::5", "RTA_OIF": 2, "RTA_PREF": 3}),
    (10, 64, 1, 2, 0, {"RTA_DST": "2001:db8::", "RTA_OIF": 2, "RTA_PREF": 1}),
    (10, 32, 1, 2, 0, {"RTA_DST": "2001:db8::", "RTA_OIF": 2, "RTA_PREF": 7}),
]  # fmt: skip


class Kernel:
    """Answers as `pyroute2.IPRoute`."""

    def __enter__(self) -> Kernel:
        return self

    def __exit__(self, *_: object) -> None:
        return

    def get_links(self) -> list[dict[str, Any]]:
        return LINKS

    def get_addr(self, family: int) -> list[dict[str, Any]]:
        keys = ("index", "family", "prefixlen", "scope", "flags")
        return [
            {**dict(zip(keys, row, strict=False)), "attrs": [*row[5].items()]} for row in ADDRESSES if row[1] == family
        ]

    def get_routes(self, family: int, table: int) -> list[dict[str, Any]]:
        assert table == 254
        keys = ("family", "dst_len", "type", "proto", "flags")
        return [
            {**dict(zip(keys, row, strict=False)), "attrs": [*row[5].items()]} for row in ROUTES if row[0] == family
        ]


class NetlinkError(Exception):
    """The error of a kernel."""


def library(kernel: Any) -> ModuleType:
    exceptions = SimpleNamespace(NetlinkError=NetlinkError)
    return cast("ModuleType", SimpleNamespace(IPRoute=kernel, netlink=SimpleNamespace(exceptions=exceptions)))


def text_of(document: dict[str, Any]) -> str:
    lines = [f" {json.dumps(key)}: {_lines(value)}" for key, value in document.items()]
    return "{\n" + ",\n".join(lines) + "\n}\n"


def _lines(value: Any) -> str:
    return "[\n  " + ",\n  ".join(map(json.dumps, value)) + "\n ]" if isinstance(value, list) else json.dumps(value)


def test_the_report_of_a_kernel() -> None:
    document = _collect(library(Kernel), None)
    assert text_of(document) == REPORT.read_text(encoding="utf-8")
    assert evaluator.read_report(document, format="iproute2").facts.links


@pytest.mark.parametrize(
    ("error", "netns", "message"),
    [
        (OSError(1, "Operation not permitted"), None, "of this machine: operation not permitted"),
        (OSError(1, "Operation not permitted"), "", "of the network namespace ``: invalid name; use a name that"),
        (None, "a/b", "of the network namespace `a/b`: invalid name; use a name that `ip netns` lists"),
        (None, "..", "of the network namespace `..`: invalid name; use a name that `ip netns` lists"),
        (None, ".", "invalid name"),
        (None, "a\0b", "invalid name"),
        (None, "no-such-namespace", "of the network namespace `no-such-namespace`: no such file or directory"),
        (NetlinkError(16, "Device busy"), None, "the kernel returned an error: (16, 'device busy')"),
    ],
)
def test_a_kernel_that_cannot_be_asked(error: Exception | None, netns: str | None, message: str) -> None:
    def kernel() -> Kernel:
        if error is not None:
            raise error
        return Kernel()

    with pytest.raises(ReportError) as raised:
        _collect(library(kernel), netns)
    (problem,) = raised.value.diagnostics
    assert problem.code == "REPORT_UNREADABLE"
    assert message in problem.message


def test_messages_with_few_members() -> None:
    assert link_to_json({"index": 1, "ifi_type": 1, "flags": 0}, {}) == {
        "ifindex": 1,
        "ifname": "",
        "flags": [],
        "mtu": 0,
        "operstate": "UNKNOWN",
        "link_type": "ether",
        "promiscuity": 0,
    }
    assert address_to_json({"index": 1, "family": 2, "prefixlen": 8, "scope": 0, "flags": 0x80}) == {
        "family": "inet",
        "local": "",
        "prefixlen": 8,
        "scope": "global",
    }
    route = {"family": 2, "dst_len": 0, "type": 1, "proto": 3, "flags": 0}
    assert route_to_json(route, {}) == {"dst": "default", "flags": [], "protocol": "boot"}


if __name__ == "__main__":
    REPORT.write_text(text_of(_collect(library(Kernel), None)), encoding="utf-8")
