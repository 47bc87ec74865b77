"""The time of the whole command on a host with 1 200 interfaces, compared with the start of the interpreter.

Run: python benchmarks/command.py. Each number is the median of several processes. The processes run alternately.
`within a second` states whether the command takes less than a second on this machine.
"""

from __future__ import annotations

import json
import platform
import statistics
import subprocess
import sys
import tempfile
import time
from pathlib import Path

import evaluator

INTERFACES = 1200
ROUNDS = 7
COMMAND = [sys.executable, "-c", "import sys; from evaluator.cli.main import main; sys.exit(main())"]


def entry(name: str, index: int, *addresses: str, **more: object) -> dict[str, object]:
    """Return an interface in the form of `ip -j -d addr`."""
    owned = [
        {"family": "inet6" if ":" in text else "inet", "local": text, "prefixlen": 64 if ":" in text else 24}
        for text in addresses
    ]
    return {
        "ifindex": index,
        "ifname": name,
        "flags": ["BROADCAST", "MULTICAST", "UP", "LOWER_UP"],
        "mtu": 1500,
        "qdisc": "noqueue",
        "operstate": "UP",
        "group": "default",
        "txqlen": 1000,
        "link_type": "ether",
        "address": f"52:54:00:00:{index >> 8:02x}:{index & 255:02x}",
        "promiscuity": 0,
        "num_tx_queues": 1,
        **more,
        "addr_info": owned,
    }


def host() -> list[dict[str, object]]:
    """Return nics under bonds, with a dual-stack vlan on top of each bond."""
    found = []
    for i in range(0, INTERFACES, 3):
        nic, bond, vlan = f"ens{i}", f"bond{i}", f"bond{i}.5"
        found.append(entry(nic, i + 2, master=bond, linkinfo={"info_slave_kind": "bond"}))
        found.append(entry(bond, i + 3, linkinfo={"info_kind": "bond", "info_data": {"mode": "active-backup"}}))
        info = {"info_kind": "vlan", "info_data": {"id": 5}}
        addresses = (f"10.{i // 256}.{i % 256}.1", f"2001:db8:{i:x}::1")
        found.append(entry(vlan, i + 4, *addresses, link=bond, linkinfo=info))
    return found


def seconds(command: list[str]) -> float:
    """Run a process and return its duration in seconds."""
    start = time.perf_counter()
    subprocess.run(command, check=True, stdout=subprocess.DEVNULL)
    return time.perf_counter() - start


def main() -> None:
    """Print the table."""
    with tempfile.TemporaryDirectory() as folder:
        report = Path(folder) / "report.json"
        report.write_text(json.dumps(host()))
        question = ["decide", str(report), "--address", "10.1.44.1"]
        commands = {
            "bare interpreter": [sys.executable, "-c", "pass"],
            **{f"--output {kind}": [*COMMAND, *question, "--output", kind] for kind in ("name", "json", "text")},
        }
        taken: dict[str, list[float]] = {name: [] for name in commands}
        for _ in range(ROUNDS):
            for name, command in commands.items():
                taken[name].append(seconds(command))
    medians = {name: statistics.median(times) for name, times in taken.items()}
    print(f"activenic {evaluator.__version__}, Python {platform.python_version()}, {INTERFACES} interfaces")
    print("| process | times a bare interpreter | within a second |")
    print("| --- | --- | --- |")
    for name, median in medians.items():
        print(f"| {name} | {median / medians['bare interpreter']:.0f} | {'yes' if median < 1 else 'no'} |")


if __name__ == "__main__":
    main()
