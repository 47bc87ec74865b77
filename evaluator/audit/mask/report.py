"""A report masked by the schema of its format.

Ansible's facts need a table beside the schema: the names of interfaces are keys there, with `_` for `-` and `:`, and
those of address labels begin with them. Its reader puts both together by those keys, so the pseudonyms must fit too.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Mapping
from typing import Any, cast

from evaluator.audit.mask.pseudonyms import MASKED, Pseudonyms
from evaluator.audit.mask.schema import Walker, part_of
from evaluator.base import json_values as plain
from evaluator.base.checked_cast import proven
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


Masked = tuple[object, Mapping[str, str]]


def mask_report(
    text: bytes, format: str, item: str | None, pseudonyms: Pseudonyms
) -> tuple[bytes | None, frozenset[str]]:
    """Return the masked report and the pointers of the members left out; None if it is invalid.

    Only the state in a Kubernetes object is kept: the objects around it name hosts.
    """
    known = next((one for one in FORMATS if one.name == format and one.schema), None)
    if known is None:
        return None, frozenset()
    prepare: Callable[[object, str | None, Pseudonyms], Masked] = _as_it_is
    if known.to_mask:
        prepare = cast("Callable[[object, str | None, Pseudonyms], Masked]", entry(known.to_mask))
    try:
        document, names = prepare(parse_report_text(text, format), item, pseudonyms)
    except (QuestionError, UnicodeDecodeError):
        return None, frozenset()
    if document is None or not is_valid(document, known.schema):
        return None, frozenset()
    walker = Walker(pseudonyms, pseudonyms.name, names)
    masked = walker.document(document, part_of(known.schema))
    return plain.dumps(masked), frozenset(walker.erased)


def mask_format(name: str) -> str:
    """Return the name of a format; any other text is replaced whole."""
    return name if any(one.name == name for one in FORMATS) else MASKED


def _as_it_is(document: object, item: str | None, pseudonyms: Pseudonyms) -> Masked:
    return document, {}


def of_iproute2(document: object, item: str | None, pseudonyms: Pseudonyms) -> Masked:
    """Return the report as an object, in which octets of names that are not UTF-8 are readable.

    Only what `activenic collect` wrote has a `schema_version`: it promises that no address family is left out.
    """
    if isinstance(document, dict) and "schema_version" in document:
        return document, {}
    readable = with_readable_names(document)
    return readable if isinstance(readable, dict) else {"addr": readable}, {}


def of_nmstate(document: object, item: str | None, pseudonyms: Pseudonyms) -> Masked:
    """Return the one state that is read."""
    return state_in(document, item).value, {}


def of_ansible(document: object, item: str | None, pseudonyms: Pseudonyms) -> Masked:
    """Return the facts without what is not read, and what becomes of the keys that contain names."""
    payload = document.get(ANSIBLE_PAYLOAD) if isinstance(document, dict) else None
    facts = normalized(parse_json(payload) if isinstance(payload, str) else document)
    is_sound = isinstance(facts, dict) and is_valid(facts, "ansible-facts")
    return facts, _ansible_names(proven(facts, dict), pseudonyms) if is_sound else {}


def _ansible_names(document: Mapping[str, Any], pseudonyms: Pseudonyms) -> dict[str, str]:
    """Return what the names of interfaces and labels and the keys of their facts become."""
    body = document.get(ANSIBLE_WRAPPER, document)
    prefix = ANSIBLE_PREFIX if f"{ANSIBLE_PREFIX}interfaces" in body else ""
    listed = body.get(f"{prefix}interfaces", ())
    facts = {name: body.get(prefix + _key(name)) for name in listed}
    devices = {fact["device"] for fact in facts.values() if isinstance(fact, dict) and "device" in fact}
    labels = [name for name, fact in facts.items() if isinstance(fact, dict) and "device" not in fact]
    names = dict(_labels(labels, devices, pseudonyms))
    keys = {prefix + _key(name): prefix + _key(names.get(name, pseudonyms.name(name))) for name in listed}
    owned = {prefix + _key(name): prefix + _key(pseudonyms.name(name)) for name in devices}
    return {**names, **keys, **owned}


def _labels(labels: list[str], devices: set[str], pseudonyms: Pseudonyms) -> Iterator[tuple[str, str]]:
    """Yield what each label becomes: the pseudonym of the one interface whose name it begins with, and a number."""
    for label in labels:
        owners = [device for device in devices if _key(label).startswith(_key(device) + "_")]
        if len(owners) == 1:
            rest = _key(label)[len(_key(owners[0])) + 1 :]
            number = rest if _NUMBER.fullmatch(rest) else pseudonyms.word(rest)
            yield label, f"{_key(pseudonyms.name(owners[0]))}_{number}"


def _key(name: str) -> str:
    return name.replace("-", "_").replace(":", "_")
