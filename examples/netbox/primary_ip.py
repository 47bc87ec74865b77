"""Record in NetBox on which interface of a device its primary addresses are, as activenic decides it from a report.

    python primary_ip.py --url https://netbox.example.org --token-file FILE REPORT DEVICE ADDRESS...           the plan
    python primary_ip.py --url https://netbox.example.org --token-file FILE --write REPORT DEVICE ADDRESS...   do it

The plan has one request in each line, as JSON. NetBox refers to its objects by numbers. So the script looks up the
device, its interface and the addresses, and no form of output of `activenic decide` could be sent to NetBox as it is.
An address that NetBox does not have yet gets the length of the longest prefix in NetBox that contains it.

The exit status is that of `activenic decide`; 1 if NetBox lacks an object or refuses a change.
"""

from __future__ import annotations

import argparse
import ipaddress
import json
import sys
import urllib.error
import urllib.parse
import urllib.request
from collections.abc import Iterator
from pathlib import Path
from typing import Any, NamedTuple

import evaluator

EXITS = {"rejected": 3, "ambiguous": 4, "no_match": 5, "unknown_host": 6}
SECONDS = 30


class NetBoxError(Exception):
    """NetBox has no such object, more than one, or refuses a change."""


class NetBox:
    """The REST API of NetBox. Without `writes`, a change is only printed."""

    def __init__(self, url: str, token: str, writes: bool) -> None:
        scheme = "Bearer" if token.startswith("nbt_") else "Token"  # tokens of version 2 and 1
        self._headers = {"Authorization": f"{scheme} {token}", "Content-Type": "application/json"}
        self._url = f"{url.rstrip('/')}/api/"
        self._writes = writes

    def find(self, path: str, **filters: str | int) -> list[dict[str, Any]]:
        """Return the objects that match the filters."""
        return list(self._send("GET", f"{path}?{urllib.parse.urlencode(filters)}")["results"])

    def find_one(self, path: str, **filters: str | int) -> dict[str, Any]:
        """Return the only object that matches the filters."""
        results = self.find(path, **filters)
        if len(results) != 1:
            raise NetBoxError(f"{len(results)} objects in {path} match {filters}, and one is needed")
        return results[0]

    def change(self, method: str, path: str, content: dict[str, Any]) -> dict[str, Any]:
        """Print a change, and do it if this object writes. Return the changed object."""
        print(json.dumps({"method": method, "path": f"/api/{path}", "content": content}))
        return self._send(method, path, content) if self._writes else {"id": None}

    def _send(self, method: str, path: str, content: dict[str, Any] | None = None) -> dict[str, Any]:
        data = None if content is None else json.dumps(content).encode()
        request = urllib.request.Request(self._url + path, data, self._headers, method=method)  # noqa: S310 -- an option
        try:
            with urllib.request.urlopen(request, timeout=SECONDS) as response:  # noqa: S310 -- as above
                return dict(json.load(response))
        except urllib.error.HTTPError as error:
            raise NetBoxError(f"{method} /api/{path}: {error.code} {error.read().decode(errors='replace')}") from None
        except OSError as error:
            raise NetBoxError(f"{method} /api/{path}: {error}") from None


class Primary(NamedTuple):
    """The interface of a host, and the member of the device for each of its primary addresses."""

    interface: str
    addresses: dict[str, str]


def primary_of(interface: evaluator.Interface) -> Primary:
    """Return what to record. Raises NetBoxError if a family has several addresses: only one can be primary."""
    addresses: dict[str, str] = {}
    for text in interface.matched_addresses:
        member = f"primary_ip{ipaddress.ip_address(text).version}"
        if member in addresses:
            raise NetBoxError(f"{addresses[member]} and {text} cannot both be {member}: give one of them")
        addresses[member] = text
    return Primary(interface.name, addresses)


def record(netbox: NetBox, device_name: str, primary: Primary) -> None:
    """Assign the addresses to the interface, and make them the primary addresses of the device."""
    device = netbox.find_one("dcim/devices/", name=device_name)
    interface = netbox.find_one("dcim/interfaces/", device_id=device["id"], name=primary.interface)
    assigned = {"assigned_object_type": "dcim.interface", "assigned_object_id": interface["id"]}
    ids = {member: _assign(netbox, address, assigned) for member, address in primary.addresses.items()}
    if any((device[member] or {"id": None})["id"] != id_ or id_ is None for member, id_ in ids.items()):
        netbox.change("PATCH", f"dcim/devices/{device['id']}/", ids)


def _assign(netbox: NetBox, address: str, assigned: dict[str, Any]) -> int | None:
    """Return the number of the address in NetBox, which is assigned now; None if it is only planned."""
    known = netbox.find("ipam/ip-addresses/", address=address)
    if not known:
        lengths = [
            int(prefix["prefix"].partition("/")[2]) for prefix in netbox.find("ipam/prefixes/", contains=address)
        ]
        if not lengths:
            raise NetBoxError(f"NetBox has no prefix that contains {address}, so its length is unknown")
        content = {"address": f"{address}/{max(lengths)}", "status": "active", **assigned}
        id_: int | None = netbox.change("POST", "ipam/ip-addresses/", content)["id"]
        return id_
    if len(known) > 1:
        raise NetBoxError(f"NetBox has {address} more than once: {', '.join(entry['display'] for entry in known)}")
    (entry,) = known
    if any(entry[member] != value for member, value in assigned.items()):
        netbox.change("PATCH", f"ipam/ip-addresses/{entry['id']}/", assigned)
    return int(entry["id"])


def refusals(decision: evaluator.Decision) -> Iterator[str]:
    """Yield why there is no interface to record."""
    yield f"{decision.status}: nothing was recorded"
    yield from (f"  {finding.code}: {finding.message}" for finding in decision.findings if finding.severity == "error")


def main() -> int:
    """Run the script and return the exit status."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--url", required=True)
    parser.add_argument("--token-file", type=Path, required=True)
    parser.add_argument("--write", action="store_true")
    parser.add_argument("--policy", default="strict")
    parser.add_argument("report", type=Path)
    parser.add_argument("device")
    parser.add_argument("address", nargs="+")
    options = parser.parse_args()
    try:
        report = evaluator.read_report(options.report)
        host = evaluator.HostAddresses.of(*options.address)
        decision = evaluator.load_policy(options.policy).decide(report, host)
        if decision.status != "resolved" or decision.interface is None:
            print(*refusals(decision), sep="\n", file=sys.stderr)
            return EXITS[decision.status]
        netbox = NetBox(options.url, options.token_file.read_text().strip(), options.write)
        record(netbox, options.device, primary_of(decision.interface))
    except (evaluator.QuestionError, NetBoxError, OSError) as error:
        print(error, file=sys.stderr)
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
