"""Masks a document by its JSON Schema; every member that the schema does not list is left out.

Each member of a schema has an annotation `x-mask`, which states the kind of value:

    address   an IP address, alone or with a zone, a prefix length or a netmask
    mac       a link-layer address
    name      the name of an interface, a logical network or anything else that is compared with other names
    host      the name of a host, or its addresses, separated by commas
    label     a name that a person chose: the name of a policy, a rule or a finding, or a label of a record
    network   a network, the destination of a route, a netmask
    text      a sentence, or a whole object; replaced as a whole
    plain     a keyword that a tool prints, a number, a truth value, a time

A `plain` text stays unchanged in two cases: the text is a time, or each word of the text is in the schema (`enum`,
`const`, `x-words`) or is a small number. Every other `plain` text is replaced as a whole. A number stays if it is
`plain` and too small to be the IPv4 address of a host. The members of a map stay only if `propertyNames` has an
annotation other than `text`.

Everything else is left out: members that the schema does not list, members without annotation, and values that do not
have the form of their annotation. So a new format needs only a schema with annotations, and an unexpected member cannot
reveal a secret.

A schema is converted once to a tree (`SchemaPart`). In this tree, the alternatives of a value (`anyOf`, `oneOf`,
`allOf`, `then`, `else`) are merged. So the walker does not need to know which alternative a value uses. If the
alternatives have different annotations for a member, the member is treated as a member without annotation.
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
_TIME = re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2}T[0-9]{2}:[0-9]{2}:[0-9]{2}(\.[0-9]{1,6})?Z", re.ASCII)
_ALTERNATIVES = ("anyOf", "oneOf", "allOf")
_BRANCHES = ("then", "else")
_OMITTED = object()
Json = Mapping[str, Any]
Path = tuple[str, ...]


class SchemaPart(Struct, frozen=True):
    """The merged schema of one place in a document.

    - `pointer`: the place as a JSON Pointer. `*` replaces each name in a map and each index of a list.
    - `mask`: the annotation of the place; empty if the schema has no annotation here.
    - `words`: the texts that the schema lists for the place.
    - `members`: the members of an object that the schema names.
    - `values`: the schema of the members that the schema does not name; None if the object is not a map.
    - `keys`: the annotation of the names of the members in a map.
    - `items`: the schema of the items of a list.
    """

    pointer: str
    mask: str
    words: frozenset[str]
    members: Mapping[str, SchemaPart]
    keys: str
    values: SchemaPart | None
    items: SchemaPart | None


@cache
def part_of(schema: str) -> SchemaPart:
    """Return the tree of `schemas/<schema>.schema.json`."""
    document: Json = read_schema(schema)
    return _merged([document], document.get("$defs", {}), ())


def _merged(schemas: Iterable[object], definitions: Json, path: Path) -> SchemaPart:
    """Return the tree of one place; `schemas` are all schemas that apply there."""
    alternatives = [alternative for schema in schemas for alternative in _alternatives(schema, definitions)]
    masks = {schema["x-mask"] for schema in alternatives if "x-mask" in schema}
    keys = {schema["propertyNames"]["x-mask"] for schema in alternatives if "x-mask" in schema.get("propertyNames", {})}
    names = dict.fromkeys(name for schema in alternatives for name in schema.get("properties", {}))
    extra = [
        schema["additionalProperties"]
        for schema in alternatives
        if isinstance(schema.get("additionalProperties"), dict)
    ]
    items = [schema["items"] for schema in alternatives if "items" in schema]
    return SchemaPart(
        pointer=json_pointer(path),
        mask=masks.pop() if len(masks) == 1 else "",
        words=frozenset(word for schema in alternatives for word in _words(schema)),
        members={
            name: _merged(
                [schema["properties"][name] for schema in alternatives if name in schema.get("properties", {})],
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
    """Yield a schema and, recursively, its alternatives and the definitions that it refers to."""
    if not isinstance(schema, dict):
        return
    yield schema
    if "$ref" in schema:
        yield from _alternatives(definitions[schema["$ref"].removeprefix("#/$defs/")], definitions)
    for keyword in _ALTERNATIVES:
        for alternative in schema.get(keyword, ()):
            yield from _alternatives(alternative, definitions)
    for keyword in _BRANCHES:
        yield from _alternatives(schema.get(keyword), definitions)


def _words(schema: Json) -> Iterator[str]:
    values = (*schema.get("x-words", ()), *schema.get("enum", ()), schema.get("const"))
    return (value for value in values if isinstance(value, str))


class Walker:
    """Masks documents; `erased` contains the pointers of the members that were left out.

    In these pointers, `*` means every index of a list, every key of a map, and every unknown member. For example,
    `/nics/*/addr` is the member `addr` of every interface. The function `labels` masks labels. If `names` contains a
    name, the name gets the pseudonym in `names`. All other names get their pseudonyms from `pseudonyms`.
    """

    def __init__(
        self, pseudonyms: Pseudonyms, labels: Callable[[str], str], names: Mapping[str, str] | None = None
    ) -> None:
        self.erased: set[str] = set()
        self._pseudonyms = pseudonyms
        self._special_pseudonyms = {} if names is None else names
        self._masks: dict[str, Callable[[str], str]] = {
            "address": pseudonyms.address,
            "mac": pseudonyms.name,
            "name": self._name,
            "host": self._host,
            "label": labels,
            "network": pseudonyms.network,
            "text": _replace_text,
        }

    def document(self, value: object, part: SchemaPart) -> Any:  # noqa: ANN401 -- plain JSON
        """Return the masked document; None if the whole document is left out."""
        masked = self._value(value, part)
        return None if masked is _OMITTED else masked

    def _value(self, value: object, part: SchemaPart) -> object:
        if isinstance(value, str):
            return self._text(value, part)
        if isinstance(value, dict):
            is_map = part.members or part.values or not part.mask
            return self._members(value, part) if is_map else self._omit(f"{part.pointer}/{ANY}")
        if isinstance(value, list):
            if part.items is None:
                return self._omit(f"{part.pointer}/{ANY}")
            items = [self._value(item, part.items) for item in value]
            return [item for item in items if item is not _OMITTED]
        is_number = part.mask == "plain" and _is_small(value)
        stays = value is None or is_number or (isinstance(value, bool) and part.mask)
        return value if stays else self._omit(part.pointer)

    def _text(self, text: str, part: SchemaPart) -> object:
        if part.mask == "plain":
            return text if _is_plain(text, part.words) else _replace_text(text)
        return self._masks[part.mask](text) if part.mask else self._omit(part.pointer)

    def _members(self, value: Json, part: SchemaPart) -> dict[str, object]:
        masked: dict[str, object] = {}
        for key, item in value.items():
            if key in part.members:
                name, masked_value = key, self._value(item, part.members[key])
            elif part.values is not None and part.keys not in ("", "text"):
                name, masked_value = self._masks[part.keys](key), self._value(item, part.values)
            else:
                name, masked_value = key, self._omit(f"{part.pointer}/{ANY}")
            if masked_value is not _OMITTED:
                masked[name] = masked_value
        return masked

    def _omit(self, pointer: str) -> object:
        self.erased.add(pointer)
        return _OMITTED

    def _name(self, text: str) -> str:
        return self._special_pseudonyms.get(text) or self._pseudonyms.name(text)

    def _host(self, text: str) -> str:
        return ", ".join(map(self._pseudonyms.name, text.split(", ")))


def _is_plain(text: str, words: frozenset[str]) -> bool:
    if text in words or _TIME.fullmatch(text):
        return True
    return all(word in words or _is_number(word) for word in _SEPARATORS.split(text))


def _replace_text(text: str) -> str:
    return MASKED if text else text


def _is_number(text: str) -> bool:
    return text == "" or (_NUMBER.fullmatch(text) is not None and abs(int(text.strip("[]"))) < SMALL)


def _is_small(value: object) -> bool:
    return isinstance(value, int | float) and abs(value) < SMALL and value == int(value)
