"""Validates a document against one of the files in `schemas/`, with two libraries.

jsonschema-rs validates the document first, because it is about a hundred times faster than jsonschema. If jsonschema-rs
refuses a document, jsonschema finds every place and reason. Both libraries must give the same result for every
document. So the schemas do not use `format` and patterns, which the libraries treat differently, and a property test
compares the libraries.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from functools import cache
from typing import TYPE_CHECKING

from msgspec import Struct, json

from evaluator.base.shipped import read_shipped
from evaluator.base.text import json_pointer, quote, quote_all

if TYPE_CHECKING:
    import jsonschema_rs
    from jsonschema import Draft202012Validator
    from jsonschema.exceptions import ValidationError

MOST_PROBLEMS = 100


class Violation(Struct, frozen=True):
    """One place in which a document does not satisfy its schema.

    `found` describes the value and `expected` the values that the schema allows. `unknown_key` is a key that the schema
    does not allow, and `known_keys` are the allowed keys. `missing_key` is a required key that the object lacks.
    `choices` are the allowed texts of an enumeration.
    """

    path: tuple[str | int, ...]
    found: str
    expected: str
    unknown_key: str | None = None
    known_keys: tuple[str, ...] = ()
    choices: tuple[str, ...] = ()
    missing_key: str | None = None

    @property
    def pointer(self) -> str:
        """The JSON Pointer of the value."""
        return json_pointer(self.path)

    @property
    def message(self) -> str:
        """The problem in words, without its place."""
        if self.missing_key is not None:
            return f"missing key {quote(self.missing_key)}"
        if self.unknown_key is not None:
            return f"unknown key {quote(self.unknown_key)}, expected {self.expected}"
        return f"found {self.found}, expected {self.expected}"


def is_valid(document: object, schema_name: str) -> bool:
    """Return whether the document (plain JSON values) satisfies `schemas/<schema_name>.schema.json`.

    `decision#resolution` is the name of the definition `resolution` in `decision`. If a value is nested too deeply,
    jsonschema-rs 0.35 raises an error. Then the result is False, because no schema of this project accepts the value.
    """
    try:
        return _fast_validator(schema_name).is_valid(document)
    except ValueError:
        return False


def violations(document: object, schema_name: str) -> tuple[Violation, ...]:
    """Return the places in which a document does not satisfy its schema, sorted by pointer; at most a hundred."""
    found: list[Violation] = []
    for error in _slow_validator(schema_name).iter_errors(document):
        found.extend(_describe(error))
        if len(found) >= MOST_PROBLEMS:
            break
    unique = {(v.pointer, v.unknown_key, v.expected): v for v in found[:MOST_PROBLEMS]}
    return tuple(unique[key] for key in sorted(unique, key=lambda key: (key[0], key[1] or "", key[2])))


@cache
def read_schema(name: str) -> dict[str, object]:
    """Return a schema by its name, or one of its definitions, as JSON values."""
    name, _, part = name.partition("#")
    document: dict[str, object] = json.decode(read_shipped("schemas", f"{name}.schema.json"))
    return {"$ref": f"#/$defs/{part}", "$defs": document["$defs"]} if part else document


@cache
def _fast_validator(name: str) -> jsonschema_rs.Draft202012Validator:
    import jsonschema_rs  # noqa: PLC0415 -- imported when a call needs it

    return jsonschema_rs.Draft202012Validator(read_schema(name))


@cache
def _slow_validator(name: str) -> Draft202012Validator:
    from jsonschema import Draft202012Validator  # noqa: PLC0415 -- imported when a document is refused

    return Draft202012Validator(read_schema(name))


def _describe(error: ValidationError) -> Iterator[Violation]:
    path = tuple(error.absolute_path)
    keyword, wanted, found = str(error.validator), error.validator_value, error.instance
    if keyword == "additionalProperties" and isinstance(error.schema, dict) and isinstance(found, dict):
        known = tuple(sorted(error.schema.get("properties", {})))
        for key in sorted(set(found) - set(known)):
            expected = f"one of {', '.join(known)}" if known else "no key"
            yield Violation((*path, key), f"the unknown key {quote(key)}", expected, key, known)
    elif keyword == "required" and isinstance(wanted, list) and isinstance(found, dict):
        for key in (key for key in wanted if key not in found):
            without, expected = f"an object without {quote(str(key))}", f"the key {quote(str(key))}"
            yield Violation(path, without, expected, missing_key=str(key))
    elif keyword == "oneOf" and _alternative_keys(wanted):
        if isinstance(found, dict):  # `type` describes any other value
            yield _not_one_of(path, found, _alternative_keys(wanted))
    elif keyword == "propertyNames" or "propertyNames" in error.absolute_schema_path:
        yield Violation(path, f"a key that is {quote(str(found))}", _wanted(keyword, wanted))
    else:
        allowed = wanted if keyword == "enum" and isinstance(wanted, list) else []
        choices = tuple(value for value in allowed if isinstance(value, str))
        yield Violation(path, describe_value(found), _wanted(keyword, wanted), choices=choices)


def _not_one_of(path: tuple[str | int, ...], found: Mapping[str, object], keys: Sequence[str]) -> Violation:
    present = [key for key in keys if key in found]
    both = f"an object with {quote_all(present)}" if present else "an object without these keys"
    return Violation(path, both, f"exactly one of the keys {quote_all(keys)}")


def _alternative_keys(alternatives: object) -> list[str]:
    """Return the keys that the alternatives of a `oneOf` require.

    If an alternative has another keyword besides `required`, the result is empty.
    """
    if not isinstance(alternatives, list) or any(list(each) != ["required"] for each in alternatives):
        return []
    return [key for each in alternatives for key in each["required"]]


def describe_value(value: object) -> str:
    """Describe a JSON value in words: its type, and the value itself if it is short."""
    if value is None or isinstance(value, bool):
        return {None: "null", True: "true", False: "false"}[value]
    if isinstance(value, int | float):
        return f"the number {value}" if abs(value) < 10**300 else "a huge number"
    if isinstance(value, str):
        return f"the string {quote(value)}"
    return "an array" if isinstance(value, list) else "an object"


def _is_accepted_only(value: object) -> bool:
    """Return whether a value is null, or a string such as "true" or "FALSE".

    The schema accepts these values, but messages do not suggest them.
    """
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
        "minItems": "at least one entry" if wanted == 1 else f"at least {wanted} entries",
        "maxItems": f"at most {wanted} entries",
        "minProperties": f"at least {wanted} keys",
        "maxProperties": f"at most {wanted} keys",
        "uniqueItems": "no duplicate entries",
    }
    return phrases.get(keyword, f"a value that satisfies `{keyword}` of the schema")
