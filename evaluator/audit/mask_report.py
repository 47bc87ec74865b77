"""A report's document with everything masked that may identify the host, and the rest taken out.

Default deny: only fields of `mask_shapes.py` are left, each by what it holds; a report of a format that has no shape
there is taken out whole. What was taken out is listed
by JSON Pointers of its parents, in which `*` stands for every name, index and unknown key.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from evaluator.audit import mask_shapes
from evaluator.audit.mask_ansible import ansible_shape
from evaluator.audit.mask_shapes import ByName, Each, Fields, Given, Holds, Renamed, Shape
from evaluator.audit.mask_words import WORDS
from evaluator.audit.pseudonyms import Pseudonyms
from evaluator.facts.address import parse_cidr
from evaluator.facts.host import HostFacts
from evaluator.facts.link import Kind
from evaluator.facts.netmask import parse_netmask
from evaluator.report.kernel_names import with_readable_names
from evaluator.report.kubernetes import State, state_in
from evaluator.report.reading import Report
from evaluator.text import json_pointer

_ANY = "*"
_HINTS = {
    Kind.PHYSICAL: "nic",
    Kind.BRIDGE: "br",
    Kind.MACVLAN: "mvlan",
    Kind.LOOPBACK: "loop",
    Kind.OTHER: "if",
}
_GONE = object()
Path = tuple[str, ...]


def hints_of(facts: HostFacts) -> dict[str, str]:
    """Return a word for the kind of everything that a report names."""
    hints = {link.name: "vnet" if link.name.startswith("vnet") else _hint(link.kind) for link in facts.links}
    for link in facts.links:
        for name in link.lowers.names:
            hints.setdefault(name, "vnet" if name.startswith("vnet") else "if")
    for name in facts.networks:
        hints.setdefault(name, "net")
    return hints


def has_shape(format: str) -> bool:
    """Return whether it is known what the fields of a format hold; if not, nothing of its reports may be shown."""
    return format in _SHAPES


def _iproute2(document: Any, _: Pseudonyms) -> tuple[object, Shape]:  # noqa: ANN401 -- plain JSON
    is_bare = isinstance(document, list)
    if is_bare or "schema_version" not in document:  # as its reader does
        document = with_readable_names(document)
    return document, mask_shapes.IPROUTE2_ADDRESSES if is_bare else mask_shapes.IPROUTE2


_SHAPES: Mapping[str, Callable[[Any, Pseudonyms], tuple[object, Shape]]] = {
    "ansible": lambda document, pseudonyms: (document, ansible_shape(document, pseudonyms)),
    "iproute2": _iproute2,
    "nmstate": lambda document, _: (document, mask_shapes.NMSTATE),
    "vdsm": lambda document, _: (document, mask_shapes.VDSM),
}


def _hint(kind: Kind) -> str:
    return _HINTS.get(kind, str(kind))


class ReportMasker:
    """Masks one report; `erased` are the pointers of what was taken out."""

    def __init__(self, pseudonyms: Pseudonyms) -> None:
        self._pseudonyms = pseudonyms
        self.erased: set[str] = set()

    def document(self, report: Report) -> object:
        """Return the masked document of a report."""
        if report.format == "nmstate":
            return self._state(state_in(report.document, report.item))
        document, shape = _SHAPES[report.format](report.document, self._pseudonyms)
        return self.value(document, shape, ())

    def _state(self, found: State) -> object:
        """Return a masked state alone: the Kubernetes objects around it name hosts and are taken out."""
        if found.path:
            self._erase((_ANY,))
        path = tuple(key if isinstance(key, str) else _ANY for key in found.path)
        return self.value(found.value, mask_shapes.NMSTATE, path)

    def value(self, value: Any, shape: Shape, path: Path) -> Any:  # noqa: ANN401 -- plain JSON
        """Return a value masked by its shape; what does not have the shape is taken out."""
        if isinstance(shape, Holds):
            return self._scalar(value, shape, path)
        if isinstance(shape, Given):
            return shape.table[value] if isinstance(value, str) else self._erase(path)
        if isinstance(shape, Each):
            if isinstance(value, list):
                items = (self.value(item, shape.of, (*path, _ANY)) for item in value)
                return [item for item in items if item is not _GONE]
        elif isinstance(value, dict):
            return self._object(value, shape, path)
        return self._erase(path)

    def _object(self, value: Mapping[str, Any], shape: ByName | Fields, path: Path) -> dict[str, Any]:
        masked: dict[str, Any] = {}
        for key, item in value.items():
            if isinstance(shape, ByName):
                name, shown, of = self._pseudonyms.text(key), _ANY, shape.of
            elif key in shape:
                field = shape[key]
                name, shown, of = (field.name, _ANY, field.of) if isinstance(field, Renamed) else (key, key, field)
            else:
                self._erase((*path, _ANY))
                continue
            found = self.value(item, of, (*path, shown))
            if found is not _GONE:
                masked[name] = found
        return masked

    def _erase(self, path: Path) -> object:
        self.erased.add(json_pointer(path))
        return _GONE

    def _scalar(self, value: object, holds: Holds, path: Path) -> object:
        if holds is Holds.PRESENCE:
            self._erase((*path, _ANY))
            return {}
        if isinstance(value, dict | list):
            return self._erase(path)
        return self._text(value, holds) if isinstance(value, str) else value

    def _text(self, text: str, holds: Holds) -> str:
        names = self._pseudonyms
        match holds:
            case Holds.ADDRESS:
                return names.address(text)
            case Holds.MAC:
                return names.text(text.lower())
            case Holds.NETMASK:
                return text if _is_netmask(text) else names.text(text)
            case Holds.DESTINATION | Holds.LOOSE_DESTINATION:
                return self._destination(text, holds)
            case Holds.WORD | Holds.NUMBER:
                return text if _is_plain(text, holds) else names.text(text)
            case Holds.OPTIONS:
                modes = (part for part in text.split() if part.startswith("mode="))
                return " ".join(part for part in modes if _is_plain(part.removeprefix("mode="), Holds.WORD))
            case _:
                return names.text(text)

    def _destination(self, text: str, holds: Holds) -> str:
        if text == "default":
            return text
        if "/" in text:
            try:
                parse_cidr(text)
            except ValueError:
                return self._pseudonyms.address(text) if holds is Holds.LOOSE_DESTINATION else self._malformed(text)
            return self._pseudonyms.network(text)
        return self._pseudonyms.address(text)

    def _malformed(self, text: str) -> str:
        """Return a text that is no network either."""
        return "txt-" + self._pseudonyms.code(text, 10)


def _is_netmask(text: str) -> bool:
    try:
        parse_netmask(text)
    except ValueError:
        return text == ""
    return True


def _is_plain(text: str, holds: Holds) -> bool:
    """Tell a word of the tools, or a number."""
    return text.lower() in ("true", "false") or all(
        (part.lstrip("-").isascii() and part.lstrip("-").isdigit()) or (holds is Holds.WORD and part in WORDS)
        for part in text.split()
    )
