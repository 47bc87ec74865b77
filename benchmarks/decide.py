"""The time of a decision for hosts of several sizes, as ratios in one run.

Run: python benchmarks/decide.py. Each number is the median of several rounds. Each step is compared with the same
step on the smallest host, and with a simple loop over the document that uses `ipaddress` and neither validates nor
explains.
"""

from __future__ import annotations

import ipaddress
import platform
import statistics
import time
from collections.abc import Callable

import orjson

import evaluator
from evaluator import HostAddresses

SIZES = (8, 64, 512, 5000)
ROUNDS = 5


def document(interfaces: int) -> dict[str, object]:
    """Return a host with nics in pairs under bonds, and a vlan with an address on each bond."""
    nics, bonds, vlans = {}, {}, {}
    for i in range(interfaces // 4):
        nics[f"ens{2 * i}"] = nics[f"ens{2 * i + 1}"] = {"addr": "", "ipv4addrs": [], "ipv6addrs": []}
        bonds[f"bond{i}"] = {"addr": "", "slaves": [f"ens{2 * i}", f"ens{2 * i + 1}"]}
        text = f"10.{i >> 8}.{i & 255}.1"
        vlans[f"bond{i}.5"] = {"iface": f"bond{i}", "vlanid": 5, "addr": text, "ipv4addrs": [f"{text}/24"]}
    return {"nics": nics, "bondings": bonds, "vlans": vlans, "bridges": {}, "networks": {}}


def plain_loop(text: bytes, wanted: str) -> list[str]:
    """Return the owners of an address, found by a simple loop."""
    address = ipaddress.ip_address(wanted)
    body = orjson.loads(text)
    return [
        name
        for kind in ("nics", "bondings", "vlans", "bridges")
        for name, entry in body[kind].items()
        if any(ipaddress.ip_interface(owned).ip == address for owned in entry.get("ipv4addrs", ()))
    ]


def median_of(action: Callable[[], object]) -> float:
    """Return the median duration of an action."""
    durations = []
    for _ in range(ROUNDS):
        start = time.perf_counter()
        action()
        durations.append(time.perf_counter() - start)
    return statistics.median(durations)


def main() -> None:
    """Print the table."""
    policy = evaluator.load_policy("strict")
    host = HostAddresses.of("10.0.0.1")
    print(f"activenic {evaluator.__version__}, Python {platform.python_version()}, medians of {ROUNDS}")
    print("each cell: times the same step on 8 interfaces / times the plain loop on the same host")
    print("| interfaces | read and validate | decide | findings and trace | explain |")
    print("| --- | --- | --- | --- | --- |")
    first: list[float] = []
    for size in SIZES:
        text = orjson.dumps(document(size))
        report = evaluator.read_report(text)
        loop = median_of(lambda text=text: plain_loop(text, "10.0.0.1"))
        steps = [
            median_of(lambda text=text: evaluator.read_report(text)),
            median_of(lambda report=report: policy.decide(report, host)),
            median_of(lambda report=report: policy.decide(report, host).to_dict()),
            median_of(lambda report=report: policy.decide(report, host).explain()),
        ]
        first = first or steps
        cells = (f"{step / base:.0f} / {step / loop:.1f}" for step, base in zip(steps, first, strict=True))
        print(f"| {size} | {' | '.join(cells)} |")


if __name__ == "__main__":
    main()
