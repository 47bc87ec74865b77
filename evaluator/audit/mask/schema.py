"""One walker masks every document by its JSON Schema, and leaves out every member that the schema does not name.

Each member of a schema has an annotation, `x-mask`, for the meaning of its value:

    address   an IP address, alone or with a zone, a length or a netmask
    mac       a link-layer address
    name      of an interface, a logical network or anything else whose equality matters
    host      the name of a host, or its addresses with commas between them
    label     a name that somebody chose for people: of a policy, a rule, a finding, a label of a record
    network   a network, the destination of a route, a netmask
    text      a sentence, or a whole object; replaced whole
    plain     a word of a tool, a number, a truth value, a moment

A `plain` text stays only if each of its words is in the schema (`enum`, `const`, `x-words`), a small number, a moment;
any other is replaced whole. A number stays if it is plain and too small to be an IPv4 address. The members of a map
stay only if `propertyNames` has an annotation other than `text` for their names. Everything else is left out: members
that the schema does not name, members without annotation, values of another form than the annotation means. So a new
format is masked by its schema alone, and a member that nobody thought of is masked whole.

A schema is read once into a tree (`Part`), in which the alternatives of a value are merged: the walker need not know
the alternative of a value. If alternatives have different annotations for a member, the member has none.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Iterator, Mapping
from functools import cache
from typing import Any

from msgspec import Struct

from evaluator.audit.mask.pseudonyms import MASKED, Pseudonyms
from evaluator.base.schema import read_schema
from evaluator.base.text import json_pointer

MASKS = ("address", "mac", "name", "host", "label", "network", "text", "plain")
ANY = "*"
SMALL = 1 << 24  # 1.0.0.0: a smaller number is not the IPv4 address of a host
_SEPARATORS = re.compile(r"[\s=]+")
_NUMBER = re.compile(r"-?[0-9]{1,8}|\[[0-9]{1,5}\]", re.ASCII)  # `ip -N` prints numbers in brackets
_MOMENT = re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2}T[0-9]{2}:[0-9]{2}:[0-9]{2}(\.[0-9]{1,6})?Z", re.ASCII)
_ALTERNATIVES = ("anyOf", "oneOf", "allOf")
_BRANCHES = ("then", "else")
_GONE = object()
Json = Mapping[str, Any]
Path = tuple[str, ...]


class Part(Struct, frozen=True):
    """A schema for one place: `values` are the members of a map, and `keys` is the annotation of their names.

    `pointer` is the place as a JSON Pointer with `*` for every name and index.
    """

    pointer: str
    mask: str
    words: frozenset[str]
    members: Mapping[str, Part]
    keys: str
    values: Part | None
    items: Part | None


@cache
def part_of(schema: str) -> Part:
    """Return the part for a whole document of `schemas/<schema>.schema.json`."""
    document: Json = read_schema(schema)
    return _merged([document], document.get("$defs", {}), ())


def _merged(schemas: Iterable[object], definitions: Json, path: Path) -> Part:
    found = [one for schema in schemas for one in _alternatives(schema, definitions)]
    masks = {one["x-mask"] for one in found if "x-mask" in one}
    keys = {one["propertyNames"]["x-mask"] for one in found if "x-mask" in one.get("propertyNames", {})}
    names = dict.fromkeys(name for one in found for name in one.get("properties", {}))
    extra = [one["additionalProperties"] for one in found if isinstance(one.get("additionalProperties"), dict)]
    items = [one["items"] for one in found if "items" in one]
    return Part(
        pointer=json_pointer(path),
        mask=masks.pop() if len(masks) == 1 else "",
        words=frozenset(word for one in found for word in _words(one)),
        members={
            name: _merged(
                [one["properties"][name] for one in found if name in one.get("properties", {})],
                definitions,
                (*path, name),
            )
            for name in names
        },
        keys=keys.pop() if len(keys) == 1 else "",
        values=_merged(extra, definitions, (*path, ANY)) if extra else None,
        items=_merged(items, definitions, (*path, ANY)) if items else None,
    )


def _alternatives(schema: object, definitions: Json) -> Iterator[Json]:
    """Yield every schema that may apply at a place."""
    if not isinstance(schema, dict):
        return
    yield schema
    if "$ref" in schema:
        yield from _alternatives(definitions[schema["$ref"].removeprefix("#/$defs/")], definitions)
    for keyword in _ALTERNATIVES:
        for one in schema.get(keyword, ()):
            yield from _alternatives(one, definitions)
    for keyword in _BRANCHES:
        yield from _alternatives(schema.get(keyword), definitions)


def _words(schema: Json) -> Iterator[str]:
    values = (*schema.get("x-words", ()), *schema.get("enum", ()), schema.get("const"))
    return (value for value in values if isinstance(value, str))


class Walker:
    """Masks documents; `erased` has the pointers of the members left out, with `*` for a name, an index or unknown.

    `labels` masks labels; `names` maps texts to other words than their pseudonyms.
    """

    def __init__(
        self, pseudonyms: Pseudonyms, labels: Callable[[str], str], names: Mapping[str, str] | None = None
    ) -> None:
        self.erased: set[str] = set()
        self._pseudonyms = pseudonyms
        self._names = {} if names is None else names
        self._masks: dict[str, Callable[[str], str]] = {
            "address": pseudonyms.address,
            "mac": pseudonyms.name,
            "name": self._name,
            "host": self._host,
            "label": labels,
            "network": pseudonyms.network,
            "text": _whole,
        }

    def document(self, value: object, part: Part) -> Any:  # noqa: ANN401 -- plain JSON
        """Return the masked document; None if all of it is left out."""
        masked = self._value(value, part)
        return None if masked is _GONE else masked

    def _value(self, value: object, part: Part) -> object:
        if isinstance(value, str):
            return self._text(value, part)
        if isinstance(value, dict):
            is_map = part.members or part.values or not part.mask
            return self._members(value, part) if is_map else self._erase(f"{part.pointer}/{ANY}")
        if isinstance(value, list):
            if part.items is None:
                return self._erase(f"{part.pointer}/{ANY}")
            items = [self._value(item, part.items) for item in value]
            return [item for item in items if item is not _GONE]
        is_number = part.mask == "plain" and _is_small(value)
        is_kept = value is None or is_number or (isinstance(value, bool) and part.mask)
        return value if is_kept else self._erase(part.pointer)

    def _text(self, text: str, part: Part) -> object:
        if part.mask == "plain":
            return text if _is_plain(text, part.words) else _whole(text)
        return self._masks[part.mask](text) if part.mask else self._erase(part.pointer)

    def _members(self, value: Json, part: Part) -> dict[str, object]:
        masked: dict[str, object] = {}
        for key, item in value.items():
            if key in part.members:
                name, found = key, self._value(item, part.members[key])
            elif part.values is not None and part.keys not in ("", "text"):
                name, found = self._masks[part.keys](key), self._value(item, part.values)
            else:
                name, found = key, self._erase(f"{part.pointer}/{ANY}")
            if found is not _GONE:
                masked[name] = found
        return masked

    def _erase(self, pointer: str) -> object:
        self.erased.add(pointer)
        return _GONE

    def _name(self, text: str) -> str:
        return self._names.get(text) or self._pseudonyms.name(text)

    def _host(self, text: str) -> str:
        return ", ".join(map(self._pseudonyms.name, text.split(", ")))


def _is_plain(text: str, words: frozenset[str]) -> bool:
    if text in words or _MOMENT.fullmatch(text):
        return True
    return all(one in words or _is_number(one) for one in _SEPARATORS.split(text))


def _whole(text: str) -> str:
    return MASKED if text else text


def _is_number(text: str) -> bool:
    return text == "" or (_NUMBER.fullmatch(text) is not None and abs(int(text.strip("[]"))) < SMALL)


def _is_small(value: object) -> bool:
    return isinstance(value, int | float) and abs(value) < SMALL and value == int(value)
