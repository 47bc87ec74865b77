"""A JSON text read and held against one of `schemas/` in one pass: types for msgspec, made from the schema itself.

Whatever these types accept, the schema accepts; a property test says so. They refuse more: a key that an object's
schema does not list, a list longer than `LONGEST_LIST`, and what they cannot express. Then `schema.py` decides.
"""

from __future__ import annotations

from collections.abc import Mapping
from functools import cache
from typing import Annotated, Any, Literal, Union

import msgspec

from evaluator.schema import read_schema

Decoder = msgspec.json.Decoder[Any]
Raw = msgspec.Raw
UNSET = msgspec.UNSET
DecodeError = msgspec.MsgspecError
LONGEST_LIST = 64
_OBJECT = msgspec.json.Decoder(dict[str, Raw])
_SCALARS = {"string": str, "integer": int, "boolean": bool, "null": None}
_BOUNDS = {"string": {"minLength": "min_length"}, "integer": {"minimum": "ge", "maximum": "le"}}
_EMPTY: dict[object, object] = {str: "", list: []}


def parts_of(text: bytes | Raw) -> dict[str, Raw]:
    """Return an object's keys with the texts of their values; DecodeError where it is none, or no JSON."""
    return _OBJECT.decode(text)


@cache
def decoders(schema: str, definition: str) -> Mapping[str, Decoder]:
    """Return what reads the values of an object that a definition of the schema describes, by their keys.

    Objects inside become structs (`struct_of`) with `""` and `[]` where a text or list is left out, `UNSET` for the
    rest.
    """
    types = _types(schema)
    properties = types.definitions[definition]["properties"]
    return {key: msgspec.json.Decoder(types.of(value)) for key, value in properties.items()}


def decoder_of(schema: str, definition: str) -> Decoder:
    """Return what reads a whole object that a definition of the schema describes."""
    return msgspec.json.Decoder(struct_of(schema, definition))


def struct_of(schema: str, definition: str) -> type:
    """Return the type of the objects that a definition of the schema describes."""
    return _types(schema).struct(definition)


@cache
def _types(schema: str) -> Types:
    definitions = read_schema(schema)["$defs"]
    assert isinstance(definitions, dict)  # noqa: S101 -- our own file, pinned by a test
    return Types(definitions)


class Types:
    """The types of one schema's definitions, each made once."""

    def __init__(self, definitions: Mapping[str, Any]) -> None:
        self.definitions = definitions
        self._structs: dict[str, type] = {}

    def of(self, schema: Mapping[str, Any]) -> Any:  # noqa: ANN401 -- a type, a union or an annotation
        """Return the type of what a schema describes; ValueError for a keyword that it does not know."""
        match schema:
            case {"$ref": str(reference)}:
                name = reference.removeprefix("#/$defs/")
                return self.struct(name) if "properties" in self.definitions[name] else self.of(self.definitions[name])
            case {"enum": list(values)}:
                literals = tuple(value for value in values if isinstance(value, str))
                has_booleans = {True, False} <= {value for value in values if isinstance(value, bool)}
                return Union[Literal[literals], bool] if has_booleans else Literal[literals]  # noqa: UP007 -- made at run time
            case {"type": list(names)}:
                others = [name for name in names if name != "null"]  # a null is left to the ordinary reader
                if len(others) == 1:
                    return self.of({**schema, "type": others[0]})
                named = (self.of({**schema, "type": one}) for one in others if one != "object")
                return Union[tuple(named)]  # noqa: UP007 -- made at run time
            case {"type": "array", "items": items}:
                return Annotated[list[self.of(items)], msgspec.Meta(max_length=LONGEST_LIST)]  # type: ignore[misc]
            case {"type": "object", "additionalProperties": values}:
                return dict[_named(schema), self.of(values)]  # type: ignore[misc]
            case {"type": "string" | "integer" | "boolean" | "null" as name}:
                return _bounded(schema, name)
        raise ValueError(f"no type for the schema {dict(schema)}")

    def struct(self, name: str) -> type:
        """Return the type of what a definition describes."""
        if name not in self._structs:
            properties = self.definitions[name]["properties"]
            fields = [(key, self.of(value)) for key, value in properties.items()]
            described = [(key, type_, _default(type_)) for key, type_ in fields]
            self._structs[name] = msgspec.defstruct(name, described, forbid_unknown_fields=True, gc=False)
        return self._structs[name]


def _bounded(schema: Mapping[str, Any], name: str) -> Any:  # noqa: ANN401 -- a type or an annotation
    annotations = {key for key in schema if key.startswith("x-")}
    unknown = set(schema) - {"type", "description", *_BOUNDS["string"], *_BOUNDS["integer"], *annotations}
    if unknown:
        raise ValueError(f"no type for the schema {dict(schema)}")
    bounds = _BOUNDS.get(name, {})
    given = {bounds[key]: schema[key] for key in bounds if key in schema}
    if name == "integer":  # orjson refuses a number too long for a double, and makes longer ones than these inexact
        given = {"ge": -(2**63), "le": 2**63 - 1, **given}
    return Annotated[_SCALARS[name], msgspec.Meta(**given)] if given else _SCALARS[name]


def _named(schema: Mapping[str, Any]) -> Any:  # noqa: ANN401 -- a type or an annotation
    return _bounded({"type": "string", **schema.get("propertyNames", {})}, "string")


def _default(type_: Any) -> object:  # noqa: ANN401 -- as above
    while type_ not in _EMPTY and hasattr(type_, "__origin__"):  # an annotation, then a list of something
        type_ = type_.__origin__
    return _EMPTY.get(type_, msgspec.UNSET)
