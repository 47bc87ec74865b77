"""A report masked by the schema of its format.

Ansible's facts need a table beside the schema: the names of interfaces are keys there, with `_` for `-` and `:`, and
those of address labels begin with them. Its reader puts both together by those keys, so the pseudonyms must fit too.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Mapping
from typing import Any

import orjson

from evaluator.audit.mask_schema import Walker, part_of
from evaluator.audit.pseudonyms import MASKED, Pseudonyms
from evaluator.diagnostic import QuestionError
from evaluator.report.kernel_names import with_readable_names
from evaluator.report.kubernetes import state_in
from evaluator.report.read import FORMATS, read_report_text
from evaluator.report.shapes import ANSIBLE_PREFIX, ANSIBLE_WRAPPER

_NUMBER = re.compile(r"[0-9]{1,4}", re.ASCII)


def mask_report(
    text: bytes, format: str, item: str | None, pseudonyms: Pseudonyms
) -> tuple[bytes | None, frozenset[str]]:
    """Return the masked report and the pointers of what was left out of it; None where it cannot be read.

    Of a Kubernetes object only the state in it is left: the objects around it name hosts.
    """
    schema = next((one.schema for one in FORMATS if one.name == format), "")
    try:
        document: Any = read_report_text(text, format, item=item).document
        document = state_in(document, item).value if format == "nmstate" else document
    except (QuestionError, UnicodeDecodeError):
        schema = ""
    if not schema:
        return None, frozenset()
    names = _ansible_names(document, pseudonyms) if format == "ansible" else {}
    walker = Walker(pseudonyms, pseudonyms.name, names)
    if format == "iproute2":
        masked = _mask_iproute2(document, lambda value: walker.document(value, part_of(schema)))
    else:
        masked = walker.document(document, part_of(schema))
    return orjson.dumps(masked), frozenset(walker.erased)


def mask_format(name: str) -> str:
    """Return the name of a format; any other text is replaced whole."""
    return name if any(one.name == name for one in FORMATS) else MASKED


def _mask_iproute2(document: Any, mask: Callable[[object], Any]) -> object:  # noqa: ANN401 -- plain JSON
    """Mask a report that may be the array of interfaces alone, in whose names octets may be no UTF-8."""
    if isinstance(document, dict):
        return mask(document if "schema_version" in document else with_readable_names(document))
    return mask({"addr": with_readable_names(document)})["addr"]


def _ansible_names(document: Mapping[str, Any], pseudonyms: Pseudonyms) -> dict[str, str]:
    """Return what the names of interfaces and labels and the keys of their facts become."""
    body = document.get(ANSIBLE_WRAPPER, document)
    prefix = ANSIBLE_PREFIX if f"{ANSIBLE_PREFIX}interfaces" in body else ""
    listed = body[f"{prefix}interfaces"]
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
