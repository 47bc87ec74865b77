"""The plugins in `examples/ansible`, in a real playbook with the facts of this machine."""

from __future__ import annotations

import ipaddress
import json
import os
import re
import subprocess
from pathlib import Path

import pytest

pytestmark = pytest.mark.system
ROOT = Path(__file__).parents[2]
PLAYBOOK = ROOT / "examples" / "ansible" / "hostactivenic.yaml"
ANSIBLE = ROOT / ".venv-ansible" / "bin" / "ansible-playbook"  # `make test-system` installs it
STRANGE = "198.51.100.1"
LOCAL = {"ansible_connection": "local", "ansible_python_interpreter": "/usr/bin/python3"}


def _own_address() -> tuple[str, str]:
    """Return a network interface of this machine, and its address."""
    links = json.loads(subprocess.run(["ip", "-j", "-4", "addr"], capture_output=True, check=True).stdout)
    owned = [(link["ifname"], entry["local"]) for link in links for entry in link.get("addr_info", ())]
    return next((name, address) for name, address in owned if not ipaddress.ip_address(address).is_loopback)


def test_a_playbook(tmp_path: Path) -> None:
    """By address and by name; a host without a single interface fails with the reason, and no other host does."""
    name, address = _own_address()
    hosts_file = tmp_path / "hosts"
    hosts_file.write_text(f"{address} node7.example.org\n{STRANGE} node8.example.org\n")
    hosts = {
        "by-address": {"ansible_host": address},
        "strange": {"ansible_host": STRANGE},
        "node7.example.org": {"ansible_host": "node7.example.org"},
        "node8.example.org": {"ansible_host": "node8.example.org"},
    }
    variables = {**LOCAL, "activenic_hosts_file": str(hosts_file)}
    inventory = tmp_path / "inventory.json"
    inventory.write_text(json.dumps({"all": {"hosts": hosts, "vars": variables}}))
    done = subprocess.run(
        [ANSIBLE, "-i", inventory, PLAYBOOK],
        capture_output=True,
        text=True,
        check=False,
        env={**os.environ, "ANSIBLE_HOME": str(tmp_path), "LC_ALL": "C.UTF-8"},
    )
    output = done.stdout + done.stderr
    messages = dict(re.findall(r'"msg": "(\S+): (\S+)"', output))
    assert messages == {"by-address": name, "node7.example.org": name}, output
    failed = re.findall(r"^fatal: \[(\S+)\]: FAILED! .*activenic: (\w+): (.*)$", output, re.M)
    assert [(host, status) for host, status, _ in failed] == [
        ("strange", "no_match"),
        ("node8.example.org", "no_match"),
    ]
    assert all(STRANGE in reason for *_, reason in failed)
    assert done.returncode == 2
