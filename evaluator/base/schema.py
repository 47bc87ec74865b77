"""A document against one of `schemas/`: accepted fast, refused with an explanation.

jsonschema-rs decides (it is two orders of magnitude faster), jsonschema explains what was refused.
The two must reach one verdict on every document; the schemas are written so that they do (no
`format`, no character classes, no bare `$`), and a property test holds them together.
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from functools import cache
from typing import TYPE_CHECKING

from msgspec import Struct

from evaluator.base.shipped import read_shipped
from evaluator.base.text import json_pointer, quote

if TYPE_CHECKING:
    import jsonschema_rs
    from jsonschema import Draft202012Validator
    from jsonschema.exceptions import ValidationError

MOST_PROBLEMS = 100


class Violation(Struct, frozen=True):
    """One place where a document breaks its schema; `known_keys` is given where a key was not expected."""

    path: tuple[str | int, ...]
    found: str
    expected: str
    unknown_key: str | None = None
    known_keys: tuple[str, ...] = ()
    choices: tuple[str, ...] = ()

    @property
    def pointer(self) -> str:
        """The JSON Pointer of the offending value."""
        return json_pointer(self.path)


def is_valid(document: object, schema_name: str) -> bool:
    """Return whether the document (plain JSON values) satisfies `schemas/<schema_name>.schema.json`.

    `decision#resolution` names one of the definitions in `decision`. No schema of ours accepts a value that is nested
    deeper than the validator can go; version 0.35 of the library raises an error for such a value.
    """
    try:
        return _fast_validator(schema_name).is_valid(document)
    except ValueError:
        return False


def violations(document: object, schema_name: str) -> tuple[Violation, ...]:
    """Return every place where the document breaks the schema, in the order of their pointers; at most a hundred."""
    found: list[Violation] = []
    for error in _slow_validator(schema_name).iter_errors(document):
        found.extend(_describe(error))
        if len(found) >= MOST_PROBLEMS:
            break
    unique = {(v.pointer, v.unknown_key, v.expected): v for v in found[:MOST_PROBLEMS]}
    return tuple(unique[key] for key in sorted(unique, key=lambda key: (key[0], key[1] or "", key[2])))


@cache
def read_schema(name: str) -> dict[str, object]:
    """Return one of `schemas/`, or a definition in it, as plain data."""
    name, _, part = name.partition("#")
    document: dict[str, object] = json.loads(read_shipped("schemas", f"{name}.schema.json"))
    return {"$ref": f"#/$defs/{part}", "$defs": document["$defs"]} if part else document


@cache
def _fast_validator(name: str) -> jsonschema_rs.Draft202012Validator:
    import jsonschema_rs  # noqa: PLC0415 -- imported when a call needs it

    return jsonschema_rs.Draft202012Validator(read_schema(name))


@cache
def _slow_validator(name: str) -> Draft202012Validator:
    from jsonschema import Draft202012Validator  # noqa: PLC0415 -- imported when something was refused

    return Draft202012Validator(read_schema(name))


def _describe(error: ValidationError) -> Iterator[Violation]:
    path = tuple(error.absolute_path)
    keyword, wanted, found = str(error.validator), error.validator_value, error.instance
    if keyword == "additionalProperties" and isinstance(error.schema, dict) and isinstance(found, dict):
        known = tuple(sorted(error.schema.get("properties", {})))
        for key in sorted(set(found) - set(known)):
            expected = f"one of {', '.join(known)}" if known else "no key here"
            yield Violation((*path, key), f"the unknown key {quote(key)}", expected, key, known)
    elif keyword == "required" and isinstance(wanted, list) and isinstance(found, dict):
        for key in (key for key in wanted if key not in found):
            yield Violation(path, f"an object without {quote(str(key))}", f"the key {quote(str(key))}")
    elif keyword == "propertyNames" or "propertyNames" in error.absolute_schema_path:
        yield Violation(path, f"a key that is {quote(str(found))}", _wanted(keyword, wanted))
    else:
        allowed = wanted if keyword == "enum" and isinstance(wanted, list) else []
        choices = tuple(value for value in allowed if isinstance(value, str))
        yield Violation(path, describe_value(found), _wanted(keyword, wanted), choices=choices)


def describe_value(value: object) -> str:
    """Return what a JSON value is, in words: its type, and the value itself where that is short."""
    if value is None or isinstance(value, bool):
        return {None: "null", True: "true", False: "false"}[value]
    if isinstance(value, int | float):
        return f"the number {value}" if abs(value) < 10**300 else "a huge number"
    if isinstance(value, str):
        return f"the string {quote(value)}"
    return "an array" if isinstance(value, list) else "an object"


def _is_accepted_only(value: object) -> bool:
    """Return whether a value is read, but nobody should be told to write it: null, or a truth value as text."""
    return value is None or (isinstance(value, str) and value.lower() in ("true", "false"))


def _wanted(keyword: str, wanted: object) -> str:
    if keyword == "type":
        names = [str(name) for name in wanted] if isinstance(wanted, list) else [str(wanted)]
        return " or ".join(name for name in names if name != "null" or names == ["null"])
    if keyword == "enum" and isinstance(wanted, list):
        return "one of " + ", ".join(describe_value(value) for value in wanted if not _is_accepted_only(value))
    if keyword == "const":
        return describe_value(wanted)
    phrases = {
        "minimum": f"at least {wanted}",
        "maximum": f"at most {wanted}",
        "minLength": "a text that is not empty" if wanted == 1 else f"at least {wanted} characters",
        "maxLength": f"at most {wanted} characters",
        "minItems": "an entry" if wanted == 1 else f"at least {wanted} entries",
        "maxItems": f"at most {wanted} entries",
        "minProperties": f"at least {wanted} keys",
        "maxProperties": f"at most {wanted} keys",
        "uniqueItems": "no entry twice",
    }
    return phrases.get(keyword, f"what the schema's {keyword!r} says")
