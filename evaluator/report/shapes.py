"""Which tool a document is of, told by its shape alone.

Apart from the readers, so that only the reader that a document needs is ever imported.
"""

from __future__ import annotations

ANSIBLE_PREFIX = "ansible_"
ANSIBLE_WRAPPER = "ansible_facts"
ANSIBLE_PAYLOAD = "__payload__"  # ansible-core 2.19 keeps a host's cached facts as JSON text in JSON
VDSM_ENVELOPES = ("result", "info")
VDSM_SCHEMA = "capability-report"
_VDSM_MAPS = ("nics", "vlans", "bondings", "bridges", "networks")


def is_ansible(document: object) -> bool:
    """Return whether it has `ansible_facts` or `ansible_interfaces`, or `interfaces` and `all_ipv4_addresses`."""
    if not isinstance(document, dict):
        return False
    if isinstance(document.get(ANSIBLE_PAYLOAD), str) or isinstance(document.get(ANSIBLE_WRAPPER), dict):
        return True
    is_plain = all(isinstance(document.get(name), list) for name in ("interfaces", "all_ipv4_addresses"))
    return isinstance(document.get(f"{ANSIBLE_PREFIX}interfaces"), list) or is_plain


def is_vdsm(document: object) -> bool:
    """Return whether it has one of VDSM's maps, bare or under `result` or `info`, or is a reply of VDSM's at all."""
    if not isinstance(document, dict):
        return False
    if not {"jsonrpc", *VDSM_ENVELOPES}.isdisjoint(document) or isinstance(document.get("status"), dict):
        return True
    return any(name in document for name in _VDSM_MAPS)


def is_iproute2(document: object) -> bool:
    """Return whether it is an array of interfaces, empty or not, or an object with `addr` that holds one.

    An interface has `ifname`, or `addr_info` alone as `ip -o` prints it; one that was filtered out is empty.
    """
    if isinstance(document, dict):
        return isinstance(document.get("addr"), list) and "nics" not in document
    if not isinstance(document, list):
        return False
    return all(entry == {} for entry in document) or any(map(_is_iproute2_entry, document))


def _is_iproute2_entry(entry: object) -> bool:
    return isinstance(entry, dict) and ("ifname" in entry or "addr_info" in entry)


def is_nmstate(document: object) -> bool:
    """Return whether it is an object with `interfaces`, a list of objects."""
    if not isinstance(document, dict):
        return False
    interfaces = document.get("interfaces")
    return isinstance(interfaces, list) and all(isinstance(entry, dict) for entry in interfaces)
