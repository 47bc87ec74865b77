"""A decision document with everything in it mapped, and whether another one corresponds to it.

Pseudonyms sort otherwise than the names that they stand for, and messages hold values in the words of a
policy. So the result of a masked record is made again from its masked inputs; this mapping of the original
says whether that is the same decision, and stands in its place where it cannot be made.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from typing import Any

from evaluator.audit.mask_prose import Wording
from evaluator.audit.pseudonyms import Pseudonyms

Json = dict[str, Any]
Prose = Callable[[str], str]
_LISTS_OF_A_STEP = ("before", "after", "hits")


def _silence(_: str) -> str:
    return ""


def map_result(
    result: Mapping[str, Any], host: Mapping[str, Any], parameters: Json, names: Wording, prose: Prose = _silence
) -> Json:
    """Return the document with pseudonyms; `host` and `parameters` are those of the masked record.

    Messages and hints are left empty unless `prose` masks them, which takes its time where they are many. The
    digest of the policy is not known yet: `name_texts` puts it in.
    """
    policy = names.identifier(result["policy"]["name"], "policy")
    trace = [_step(step, names) for step in result.get("trace", ())]
    nic = result["hostActiveNic"]
    interface = result.get("interface")
    return {
        "schema_version": result["schema_version"],
        "status": result["status"],
        "hostActiveNic": None if nic is None else names.text(nic),
        "interface": None if interface is None else _interface(interface, names),
        "candidates": _texts(result.get("candidates", ()), names),
        "owners": _texts(result.get("owners", ()), names),
        "findings": [map_finding(finding, names, prose) for finding in result["findings"]],
        "trace": trace,
        "policy": {"name": policy, "parameters": parameters},
        "host": _host(result["host"], host, names),
    }


def name_texts(result: Json, sha256: str) -> None:
    """Put the digest of the masked policy into a document that holds one: version 2."""
    if result["schema_version"] > 1:
        policy = result["policy"]
        texts = [{"name": policy["name"], "sha256": sha256}]
        result["policy"] = {**policy, "sha256": sha256, "texts": texts}


def map_finding(finding: Mapping[str, Any], names: Wording, prose: Prose) -> Json:
    """Return a finding with pseudonyms; its code and severity stay."""
    rule = finding.get("rule")
    return {
        "code": names.finding_code(finding["code"]),
        "severity": finding.get("severity"),
        "message": prose(finding.get("message", "")),
        "interfaces": _texts(finding.get("interfaces", ()), names),
        "addresses": _addresses(finding.get("addresses", ()), names),
        "rule": None if rule is None else _place(rule, names),
        "hint": prose(finding.get("hint", "")),
    }


def corresponds(mapped: Json, again: Json) -> bool:
    """Tell whether two documents say the same, whatever their order and their messages."""
    return _essence(mapped) == _essence(again)


def note_names(result: Mapping[str, Any], names: Pseudonyms) -> None:
    """Mask all that is named, for names that authors chose are judged by it, and codes by these."""
    for part in (result, *result["findings"], *result.get("trace", ())):
        for key in ("candidates", "owners", "interfaces", *_LISTS_OF_A_STEP):
            _texts(part.get(key, ()), names)
        _addresses(part.get("addresses", ()), names)


def _texts(texts: Iterable[str], names: Pseudonyms) -> list[str]:
    return sorted(map(names.text, texts))


def _addresses(texts: Iterable[str], names: Pseudonyms) -> list[str]:
    return [names.address(text) for text in texts]


def _place(place: str, names: Wording) -> str:
    policy, *rest = place.rsplit(":", 2)
    return ":".join((names.identifier(policy, "policy"), *rest))


def _interface(interface: Mapping[str, Any], names: Pseudonyms) -> Json:
    return {
        "name": names.text(interface["name"]),
        "kind": interface["kind"],
        "matched_addresses": _addresses(interface["matched_addresses"], names),
        "base_interface": names.text(interface["base_interface"]),
        "vlan_id": interface["vlan_id"],
        "members": _texts(interface["members"], names),
        "networks": _texts(interface["networks"], names),
    }


def _step(step: Mapping[str, Any], names: Wording) -> Json:
    return {
        "rule": names.identifier(step["rule"], "rule"),
        "verb": step["verb"],
        "place": _place(step["place"], names),
        **{key: _texts(step[key], names) for key in _LISTS_OF_A_STEP},
        "fired": step["fired"],
    }


def _host(shown: Mapping[str, Any], host: Mapping[str, Any], names: Pseudonyms) -> Json:
    return {
        "name": ", ".join(host["answers"]) if host["asked"] is None else host["asked"],
        "literal": shown.get("literal"),
        "complete": shown.get("complete"),
        "addresses": _addresses(shown.get("addresses", ()), names),
        "unusable": [
            {"address": names.address(one["address"]), "reason": one["reason"]} for one in shown.get("unusable", ())
        ],
    }


def _essence(document: Json) -> Json:
    interface = document["interface"]
    return {
        **{key: document[key] for key in ("status", "hostActiveNic", "policy")},
        "interface": None if interface is None else {key: _sorted(value) for key, value in interface.items()},
        "candidates": sorted(document["candidates"]),
        "owners": sorted(document["owners"]),
        "findings": sorted(
            [one["code"], str(one["severity"]), sorted(one["interfaces"]), sorted(one["addresses"])]
            for one in document["findings"]
        ),
        "trace": [
            (step["rule"], step["verb"], step["fired"], *(sorted(step[key]) for key in _LISTS_OF_A_STEP))
            for step in document["trace"]
        ],
        "host": {key: _sorted(value) for key, value in document["host"].items() if key != "unusable"},
    }


def _sorted(value: object) -> object:
    return sorted(value) if isinstance(value, list) else value
