"""`examples/netbox/primary_ip.py` against a stand-in that has the objects and filters of NetBox's REST API."""

from __future__ import annotations

import ipaddress
import json
import subprocess
import sys
import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any
from urllib.parse import parse_qsl, urlsplit

import pytest

from tests.support.service import REPORT

SCRIPT = Path(__file__).parents[2] / "examples" / "netbox" / "primary_ip.py"
TOKEN = "0123456789abcdef0123456789abcdef01234567"
BOND = {"assigned_object_type": "dcim.interface", "assigned_object_id": 71}
CREATED = {"address": "192.0.2.10/25", "status": "active", **BOND}


class Handler(BaseHTTPRequestHandler):
    """The part of the API that the script uses."""

    server: StandIn

    def do_GET(self) -> None:
        parts = urlsplit(self.path)
        filters = dict(parse_qsl(parts.query))
        results = [entry for entry in self.server.objects[parts.path] if _matches(entry, filters)]
        self._answer(200, {"count": len(results), "next": None, "results": results})

    def do_POST(self) -> None:
        self._answer(201, {"id": 99, **self._change()})

    def do_PATCH(self) -> None:
        change = self._change()
        self._answer(400, {"detail": "refused"}) if self.server.refuses else self._answer(200, {"id": 1, **change})

    def _change(self) -> dict[str, Any]:
        content: dict[str, Any] = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
        self.server.changes.append((self.command, self.path, content))
        return content

    def _answer(self, status: int, document: dict[str, Any]) -> None:
        if self.headers["Authorization"] != f"Token {TOKEN}":
            status, document = 403, {"detail": "Invalid token"}
        self.send_response(status)
        self.end_headers()
        self.wfile.write(json.dumps(document).encode())

    def log_message(self, *_: object) -> None:
        """Print nothing."""


def _matches(entry: dict[str, Any], filters: dict[str, str]) -> bool:
    """Return what a filter of NetBox does: an address without a length matches every length."""
    for name, value in filters.items():
        if name == "contains":
            matches = ipaddress.ip_address(value) in ipaddress.ip_network(entry["prefix"])
        elif name == "device_id":
            matches = str(entry["device"]["id"]) == value
        elif name == "address":
            matches = entry["address"].partition("/")[0] == value
        else:
            matches = entry[name] == value
        if not matches:
            return False
    return True


class StandIn(ThreadingHTTPServer):
    """Objects by path, and the changes that were asked for."""

    def __init__(self) -> None:
        super().__init__(("127.0.0.1", 0), Handler)
        self.changes: list[tuple[str, str, dict[str, Any]]] = []
        self.refuses = False
        self.objects: dict[str, list[dict[str, Any]]] = {
            "/api/dcim/devices/": [{"id": 7, "name": "node7", "primary_ip4": None, "primary_ip6": None}],
            "/api/dcim/interfaces/": [
                {"id": 70, "name": "ens1", "device": {"id": 7}},
                {"id": 71, "name": "bond0", "device": {"id": 7}},
                {"id": 81, "name": "bond0", "device": {"id": 8}},
            ],
            "/api/ipam/ip-addresses/": [],
            "/api/ipam/prefixes/": [
                {"prefix": "192.0.2.0/24"},
                {"prefix": "192.0.2.0/25"},
                {"prefix": "198.51.100.0/24"},
            ],
        }


@pytest.fixture
def netbox() -> Iterator[StandIn]:
    with StandIn() as server:
        thread = threading.Thread(target=server.serve_forever)
        thread.start()
        yield server
        server.shutdown()
        thread.join()


def _run(netbox: StandIn, folder: Path, *arguments: str, token: str = TOKEN) -> subprocess.CompletedProcess[str]:
    (folder / "token").write_text(f"{token}\n")
    (folder / "report.json").write_text(json.dumps(REPORT))
    server = ["--url", f"http://127.0.0.1:{netbox.server_port}/", "--token-file", str(folder / "token")]
    command = [sys.executable, SCRIPT, *server, *arguments[:-2], folder / "report.json", *arguments[-2:]]
    return subprocess.run(command, capture_output=True, text=True, check=False)


def test_a_new_address(netbox: StandIn, tmp_path: Path) -> None:
    """It is created with the length of the longest prefix, on the interface of this device, and becomes primary."""
    plan = _run(netbox, tmp_path, "node7", "192.0.2.10")
    assert (plan.returncode, plan.stderr, netbox.changes) == (0, "", [])
    done = _run(netbox, tmp_path, "--write", "node7", "192.0.2.10")
    assert (done.returncode, done.stderr) == (0, "")
    assert netbox.changes == [
        ("POST", "/api/ipam/ip-addresses/", CREATED),
        ("PATCH", "/api/dcim/devices/7/", {"primary_ip4": 99}),
    ]
    planned = [json.loads(line) for line in plan.stdout.splitlines()]
    assert planned == [
        {"method": "POST", "path": "/api/ipam/ip-addresses/", "content": CREATED},
        {"method": "PATCH", "path": "/api/dcim/devices/7/", "content": {"primary_ip4": None}},
    ]


def test_a_known_address(netbox: StandIn, tmp_path: Path) -> None:
    """It moves to the interface; what is recorded already is not sent again."""
    address = {"id": 5, "address": "192.0.2.10/24", "display": "192.0.2.10/24", **BOND, "assigned_object_id": 70}
    netbox.objects["/api/ipam/ip-addresses/"] = [address]
    netbox.objects["/api/dcim/devices/"][0]["primary_ip4"] = {"id": 5}
    moved = _run(netbox, tmp_path, "--write", "node7", "192.0.2.10")
    assert (moved.returncode, netbox.changes) == (0, [("PATCH", "/api/ipam/ip-addresses/5/", BOND)])
    netbox.changes.clear()
    netbox.objects["/api/ipam/ip-addresses/"] = [{**address, **BOND}]
    again = _run(netbox, tmp_path, "--write", "node7", "192.0.2.10")
    assert (again.returncode, again.stdout, netbox.changes) == (0, "", [])


def test_nothing_is_recorded_without_one_answer(netbox: StandIn, tmp_path: Path) -> None:
    refused = _run(netbox, tmp_path, "--write", "node7", "192.0.2.11")
    assert refused.returncode == 3
    assert "MANAGEMENT_NETWORK_OVER_BRIDGE" in refused.stderr
    unknown = _run(netbox, tmp_path, "--write", "node8", "192.0.2.10")
    assert (unknown.returncode, "0 objects in dcim/devices/" in unknown.stderr) == (1, True)
    stranger = _run(netbox, tmp_path, "--write", "node7", "192.0.2.10", token="wrong")
    assert (stranger.returncode, "403" in stranger.stderr, "wrong" in stranger.stderr) == (1, True, False)
    assert netbox.changes == []
    netbox.refuses = True
    failed = _run(netbox, tmp_path, "--write", "node7", "192.0.2.10")
    assert (failed.returncode, "400" in failed.stderr) == (1, True)
