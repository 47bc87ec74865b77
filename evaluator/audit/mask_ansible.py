"""Ansible's facts have interfaces' names as keys, with `_` for `-` and `:`, and labels that begin with them.

Its reader puts the two together again by those keys, so the pseudonyms must fit in the same way.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from evaluator.audit.mask_shapes import ANSIBLE_FACTS, ANSIBLE_LINK, Each, Fields, Given, Renamed, Shape
from evaluator.audit.pseudonyms import Pseudonyms

_PREFIX = "ansible_"
_WRAPPER = "ansible_facts"
_NO_INTERFACES = frozenset({"interfaces", "locally_reachable_ips", "local", *ANSIBLE_FACTS})
_DESCRIBING = frozenset({"device", "ipv4", "ipv4_secondaries"})


def ansible_shape(document: Mapping[str, Any], pseudonyms: Pseudonyms) -> Shape:
    """Return the shape of these facts: their own keys are part of it."""
    if _WRAPPER in document:
        return {_WRAPPER: _facts(document[_WRAPPER], pseudonyms)}
    return _facts(document, pseudonyms)


def _facts(body: Mapping[str, Any], pseudonyms: Pseudonyms) -> Fields:
    prefix = _PREFIX if f"{_PREFIX}interfaces" in body else ""
    keys: dict[str, str] = {name: _mangled(name) for name in body[f"{prefix}interfaces"]}
    facts = {
        key: body[prefix + key]
        for key in keys.values()
        if key not in _NO_INTERFACES and _is_description(body.get(prefix + key))
    }
    names = {name: pseudonyms.text(name) for name in keys}
    names.update(_labels(keys, facts, pseudonyms))
    fields: Fields = {prefix + key: shape for key, shape in ANSIBLE_FACTS.items()}
    fields[f"{prefix}interfaces"] = Each(Given(names))
    for key, fact in facts.items():
        name = _listed_as(key, fact, keys)
        fields[prefix + key] = Renamed(prefix + _mangled(names[name]), ANSIBLE_LINK)
    return fields


def _is_description(fact: object) -> bool:
    return isinstance(fact, dict) and not _DESCRIBING.isdisjoint(fact)


def _listed_as(key: str, fact: Mapping[str, Any], keys: Mapping[str, str]) -> str:
    """Return the listed name of a fact; of several that share the key the interface's own."""
    names = [name for name, mangled in keys.items() if mangled == key]
    return fact["device"] if fact.get("device") in names else names[0]


def _labels(keys: Mapping[str, str], facts: Mapping[str, Mapping[str, Any]], pseudonyms: Pseudonyms) -> dict[str, str]:
    """Return what each label becomes: the name of its one interface, and a number."""
    devices = {fact["device"] for fact in facts.values() if "device" in fact}
    found: dict[str, str] = {}
    for name, key in keys.items():
        if key not in facts or "device" in facts[key]:
            continue
        owners = [device for device in devices if key.startswith(_mangled(device) + "_")]
        if len(owners) == 1:
            rest = key[len(_mangled(owners[0])) + 1 :]
            number = rest if rest.isascii() and rest.isdigit() else pseudonyms.code(rest, 5)
            found[name] = f"{_mangled(pseudonyms.text(owners[0]))}_{number}"
        else:
            found[name] = _mangled(pseudonyms.text(key))
    return found


def _mangled(name: str) -> str:
    return name.replace("-", "_").replace(":", "_")
