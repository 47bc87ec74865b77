"""Masks a report by the schema of its format.

Ansible's facts need more than the schema. In these facts, the names of interfaces are also keys, with `_` instead of
`-` and `:`. The name of an address label begins with the name of its interface. The reader of Ansible's facts connects
interfaces and labels through these keys, so the pseudonyms must have the same relations.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Mapping
from typing import Any, cast

from evaluator.audit.mask.pseudonyms import MASKED, Pseudonyms
from evaluator.audit.mask.schema import Walker, part_of
from evaluator.base import json_values as plain
from evaluator.base.checked_cast import checked_cast
from evaluator.base.diagnostic import QuestionError
from evaluator.base.lazy_import import entry
from evaluator.base.schema import is_valid
from evaluator.report.json_text import parse_json
from evaluator.report.kernel_names import with_readable_names
from evaluator.report.kubernetes import state_in
from evaluator.report.read import FORMATS, parse_report_text
from evaluator.report.reading import normalized
from evaluator.report.shapes import ANSIBLE_PAYLOAD, ANSIBLE_PREFIX, ANSIBLE_WRAPPER

_NUMBER = re.compile(r"[0-9]{1,4}", re.ASCII)

Prepared = tuple[object, Mapping[str, str]]  # the document to mask, and pseudonyms that differ from the usual ones


def mask_report(
    text: bytes, format: str, item: str | None, pseudonyms: Pseudonyms
) -> tuple[bytes | None, frozenset[str]]:
    """Return the masked report as JSON, and the pointers of omitted members; None if the report is invalid.

    If the report is a Kubernetes object, only its state is masked and returned, because the rest contains host names.
    """
    report_format = next((known for known in FORMATS if known.name == format and known.schema), None)
    if report_format is None:
        return None, frozenset()
    prepare: Callable[[object, str | None, Pseudonyms], Prepared] = _unchanged
    if report_format.to_mask:
        prepare = cast("Callable[[object, str | None, Pseudonyms], Prepared]", entry(report_format.to_mask))
    try:
        document, names = prepare(parse_report_text(text, format), item, pseudonyms)
    except (QuestionError, UnicodeDecodeError):
        return None, frozenset()
    if document is None or not is_valid(document, report_format.schema):
        return None, frozenset()
    walker = Walker(pseudonyms, pseudonyms.name, names)
    masked = walker.document(document, part_of(report_format.schema))
    return plain.dumps(masked), frozenset(walker.erased)


def mask_format(name: str) -> str:
    """Return the name of a report format. If the format is unknown, return a fixed text instead."""
    return name if any(known.name == name for known in FORMATS) else MASKED


def _unchanged(document: object, item: str | None, pseudonyms: Pseudonyms) -> Prepared:
    return document, {}


def iproute2_to_mask(document: object, item: str | None, pseudonyms: Pseudonyms) -> Prepared:
    """Return the report as an object. If a name is not valid UTF-8, readable text replaces the name.

    A report of `activenic collect` (with `schema_version`) is not changed: its names are readable text already.
    """
    if isinstance(document, dict) and "schema_version" in document:
        return document, {}
    readable = with_readable_names(document)
    return readable if isinstance(readable, dict) else {"addr": readable}, {}


def nmstate_to_mask(document: object, item: str | None, pseudonyms: Pseudonyms) -> Prepared:
    """Return the network state in a report of nmstate. The report can be inside a Kubernetes object."""
    return state_in(document, item).value, {}


def ansible_to_mask(document: object, item: str | None, pseudonyms: Pseudonyms) -> Prepared:
    """Return the facts that the reader uses, and the pseudonyms of the keys that contain names."""
    payload = document.get(ANSIBLE_PAYLOAD) if isinstance(document, dict) else None
    facts = normalized(parse_json(payload) if isinstance(payload, str) else document)
    is_usable = isinstance(facts, dict) and is_valid(facts, "ansible-facts")
    return facts, _ansible_names(checked_cast(facts, dict), pseudonyms) if is_usable else {}


def _ansible_names(document: Mapping[str, Any], pseudonyms: Pseudonyms) -> dict[str, str]:
    """Return the pseudonyms of address labels, and of keys that contain the name of an interface or address label.

    For example, the facts of the label `eth0:1` have the key `ansible_eth0_1`.
    """
    body = document.get(ANSIBLE_WRAPPER, document)
    prefix = ANSIBLE_PREFIX if f"{ANSIBLE_PREFIX}interfaces" in body else ""
    interface_names = body.get(f"{prefix}interfaces", ())
    facts = {name: body.get(prefix + _key(name)) for name in interface_names}
    devices = {fact["device"] for fact in facts.values() if isinstance(fact, dict) and "device" in fact}
    labels = [name for name, fact in facts.items() if isinstance(fact, dict) and "device" not in fact]
    names = dict(_labels(labels, devices, pseudonyms))
    keys = {prefix + _key(name): prefix + _key(names.get(name, pseudonyms.name(name))) for name in interface_names}
    device_keys = {prefix + _key(name): prefix + _key(pseudonyms.name(name)) for name in devices}
    return {**names, **keys, **device_keys}


def _labels(labels: list[str], devices: set[str], pseudonyms: Pseudonyms) -> Iterator[tuple[str, str]]:
    """Yield each address label and its pseudonym.

    For example, if the pseudonym of `eth0` is `p1`, the pseudonym of its label `eth0_1` is `p1_1`.
    """
    for label in labels:
        owners = [device for device in devices if _key(label).startswith(_key(device) + "_")]
        if len(owners) == 1:
            rest = _key(label)[len(_key(owners[0])) + 1 :]
            number = rest if _NUMBER.fullmatch(rest) else pseudonyms.word(rest)
            yield label, f"{_key(pseudonyms.name(owners[0]))}_{number}"


def _key(name: str) -> str:
    return name.replace("-", "_").replace(":", "_")
