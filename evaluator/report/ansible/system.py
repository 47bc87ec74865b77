"""Finds the operating system of the host in Ansible's facts, because only facts of Linux hosts are supported.

Ansible gathers facts of other systems under the same names, but with another shape: on BSD, macOS and Solaris `ipv4` is
a list, and on Windows `interfaces` is a list of objects.
"""

from __future__ import annotations

from collections.abc import Mapping

from evaluator.base.diagnostic import Diagnostic, ReportCode, ReportError
from evaluator.base.text import json_pointer, quote
from evaluator.report.shapes import ANSIBLE_PREFIX

_LINUX = "Linux"
KEYS = tuple(prefix + name for name in ("system", "net_system", "os_family") for prefix in (ANSIBLE_PREFIX, ""))
# the names in Python's `platform.system()`, in PowerShell and in Ansible's `os_family`
_NAMES = {
    "FreeBSD": "FreeBSD",
    "OpenBSD": "OpenBSD",
    "NetBSD": "NetBSD",
    "DragonFly": "DragonFly BSD",
    "Darwin": "macOS",
    "SunOS": "Solaris",
    "Solaris": "Solaris",
    "AIX": "AIX",
    "HP-UX": "HP-UX",
    "Win32NT": "Windows",
    "Windows": "Windows",
}


def refuse_other_system(path: tuple[str, ...], body: Mapping[str, object]) -> None:
    """Raise ReportError if the facts are of a system other than Linux; `path` is the path of the facts."""
    key, system = _system_of(body)
    if system != _LINUX:
        message = f"these are facts of {system}; only facts of Linux are supported"
        raise ReportError([Diagnostic(ReportCode.OTHER_SYSTEM, message, json_pointer((*path, key)))])


def _system_of(body: Mapping[str, object]) -> tuple[str, str]:
    """Return two texts: the key of the fact that shows the operating system, and the name of the operating system.

    The operating system is read from the first of these that exists: the fact `system` or `net_system`, the fact
    `os_family`, the shape of the facts.
    """
    for name in ("system", "net_system"):
        for key in (ANSIBLE_PREFIX + name, name):
            system = body.get(key)
            if isinstance(system, str) and system:
                return key, system if system == _LINUX else _NAMES.get(system, quote(system))
    for key in (f"{ANSIBLE_PREFIX}os_family", "os_family"):
        family = body.get(key)
        if isinstance(family, str) and family in _NAMES:
            return key, _NAMES[family]
    return _system_by_shape(body)


def _system_by_shape(body: Mapping[str, object]) -> tuple[str, str]:
    for prefix in (ANSIBLE_PREFIX, ""):
        key = f"{prefix}interfaces"
        names = body.get(key)
        if not isinstance(names, list):
            continue
        if names and all(isinstance(name, dict) for name in names):
            return key, "Windows"
        for name in names:
            fact = body.get(prefix + name) if isinstance(name, str) else None
            if isinstance(fact, dict) and "device" in fact and _is_of_unix(fact):
                return prefix + name, "BSD, macOS or another Unix"
    return "", _LINUX


def _is_of_unix(fact: Mapping[str, object]) -> bool:
    addresses = fact.get("ipv4")
    return isinstance(addresses, list) and (bool(addresses) or isinstance(fact.get("flags"), list))
