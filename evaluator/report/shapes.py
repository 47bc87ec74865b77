"""Recognizes the format of a document by its shape: its type, its top-level keys, and a few of their values.

These functions are separate from the readers, so that only the reader of the recognized format is imported.
"""

from __future__ import annotations

from collections.abc import Mapping

ANSIBLE_PREFIX = "ansible_"
ANSIBLE_WRAPPER = "ansible_facts"
ANSIBLE_PAYLOAD = "__payload__"  # ansible-core 2.19 stores a host's cached facts as JSON text in JSON
VDSM_ENVELOPES = ("result", "info")
VDSM_SCHEMA = "capability-report"
_ADDRESSES = ("all_ipv4_addresses", "ip_addresses")  # of Linux and other Unix systems; of Windows
_ENVELOPE_KEYS = frozenset({"jsonrpc", *VDSM_ENVELOPES})
# a document without any of these keys is not in the format
_ANSIBLE_KEYS = frozenset(
    {ANSIBLE_PAYLOAD, ANSIBLE_WRAPPER, "interfaces", "system", "os_family"}
    | {ANSIBLE_PREFIX + name for name in ("interfaces", "system", "os_family")}
)
_KUBERNETES = frozenset({"apiVersion", "metadata", "spec", "status", "items"})
_STATES = ("currentState", "desiredState")
_OBJECT_KEYS = frozenset({"kind", "items", "status", "spec", *_STATES})
_VDSM_MAPS = ("nics", "vlans", "bondings", "bridges", "networks")


def is_ansible(document: object) -> bool:
    """Return whether a document has Ansible's facts.

    Such a document has a member such as `ansible_facts`, `ansible_interfaces` or `ansible_system` (the operating
    system). The facts in a play have no prefix, for example `interfaces`.
    """
    if not isinstance(document, dict) or _ANSIBLE_KEYS.isdisjoint(document):
        return False
    if isinstance(document.get(ANSIBLE_PAYLOAD), str) or isinstance(document.get(ANSIBLE_WRAPPER), dict):
        return True
    if isinstance(document.get(f"{ANSIBLE_PREFIX}interfaces"), list):
        return True
    # facts in a play have no prefix; facts of other systems, or of a host without iproute2, may not list addresses
    if isinstance(document.get("interfaces"), list) and any(isinstance(document.get(key), list) for key in _ADDRESSES):
        return True
    names = ("system", "os_family")
    return all(isinstance(document.get(name), str) for name in names) or any(
        isinstance(document.get(ANSIBLE_PREFIX + name), str) for name in names
    )


def is_vdsm(document: object) -> bool:
    """Return whether a document is a reply of VDSM: it has a map such as `nics`, or an envelope (such as `jsonrpc`)."""
    if not isinstance(document, dict) or is_kubernetes(document):
        return False
    if not _ENVELOPE_KEYS.isdisjoint(document) or isinstance(document.get("status"), dict):
        return True
    return any(name in document for name in _VDSM_MAPS)


def is_kubernetes(document: object) -> bool:
    """Return whether a document is a Kubernetes object, a list of them, or the status of a NodeNetworkState."""
    if isinstance(document, list):
        return bool(document) and all(isinstance(entry, dict) and _is_object(entry) for entry in document)
    if not isinstance(document, dict) or _OBJECT_KEYS.isdisjoint(document):
        return False
    items = document.get("items")
    has_objects = isinstance(items, list) and all(isinstance(entry, dict) and _is_object(entry) for entry in items)
    return _is_object(document) or (has_objects and bool(items))


def _is_object(data: Mapping[str, object]) -> bool:
    if isinstance(data.get("kind"), str) and not _KUBERNETES.isdisjoint(data):
        return True
    status, spec = data.get("status"), data.get("spec")
    return any(key in part for key in _STATES for part in (data, status, spec) if isinstance(part, dict))


def is_iproute2(document: object) -> bool:
    """Return whether a document is an array of interfaces, or an object with such an array in `addr`.

    The array can be empty. An interface has `ifname`. An entry of `ip -o` has only `addr_info`, and a filter leaves
    `{}`.
    """
    if isinstance(document, dict):
        return isinstance(document.get("addr"), list) and "nics" not in document
    if not isinstance(document, list):
        return False
    return all(entry == {} for entry in document) or any(map(_is_iproute2_entry, document))


def _is_iproute2_entry(entry: object) -> bool:
    return isinstance(entry, dict) and ("ifname" in entry or "addr_info" in entry)


def is_nmstate(document: object) -> bool:
    """Return whether a document is a Kubernetes object, or has an array `interfaces` that is empty or has objects."""
    if is_kubernetes(document):
        return True
    if not isinstance(document, dict):
        return False
    interfaces = document.get("interfaces")
    return isinstance(interfaces, list) and (not interfaces or any(isinstance(entry, dict) for entry in interfaces))
