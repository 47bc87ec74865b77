"""Generates docs/schemas.md, the page about the JSON documents, from the schemas.

Each schema has a section with a table of its members. A member inside another member has a row with its path:
`policy.texts[].name` is the member `name` of each element of the array `texts`. `*` is a member with any name. If
several members use one definition (`$defs`), the definition has a table of its own. The types of these members link to
this table.

A schema can also describe members in the branches of a condition (`then`, `else`, `anyOf`, …). The page lists them with
the other members, because a reader looks for the name of a member. A branch can restrict a member without a
description, a type or a reference. Then the branch has no row for the member. If a member has no description, its row
has the description of its definition.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

from msgspec import Struct

from tools.table import table

SCHEMAS = Path(__file__).parent.parent / "schemas"
Schema = Mapping[str, Any]
_HEAD = """\
# Schemas

Each JSON document that activenic reads or writes has a JSON Schema (draft 2020-12). This page lists the documents and
their members. It is generated from the schemas. The schemas also have lengths, limits, and conditions between members,
which this page leaves out.

In the column "member", `a.b` means the member `b` of the object `a`. `a[]` means each element of the array `a`. `*`
means a member with any name. In the column "type", a `?` after the type means that the member can be missing.
"""
_REFERENCE = "#/$defs/"
_BRANCHES = ("then", "else")
_LISTED_BRANCHES = ("allOf", "anyOf", "oneOf")
_DESCRIBING = {"type", "description", "$ref"}
_TYPED = {"type", "$ref", "const", "enum", "anyOf", "oneOf", "if"}


class Member(Struct, frozen=True):
    """One row: the path of a member, its schema, and whether its object must have it."""

    path: str
    schema: Schema
    required: bool


def schemas_page(folder: Path = SCHEMAS) -> str:
    """Return docs/schemas.md for the schemas of a folder."""
    schemas = {path.name: json.loads(path.read_text(encoding="utf-8")) for path in sorted(folder.glob("*.json"))}
    rows = (
        (f"[{title_of(name, schema)}](#{_anchor(title_of(name, schema))})", version_of(schema), _link(name))
        for name, schema in schemas.items()
    )
    overview = [*table(("document", "version", "schema"), rows), ""]
    sections = (line for name, schema in schemas.items() for line in _section(name, schema))
    return "\n".join((_HEAD, *overview, *sections))


def version_of(schema: Schema) -> str:
    """Return the version of a document: the last part of the `$id` of its schema."""
    return str(schema["$id"]).rpartition(":")[2]


def title_of(name: str, schema: Schema) -> str:
    """Return the title of a section. The title for an old version of a document contains the version number."""
    is_old = name.removesuffix(".schema.json").endswith(f".{version_of(schema)}")
    return f"{schema['title']}, version {version_of(schema)}" if is_old else str(schema["title"])


def members(schema: Schema, prefix: str = "") -> Iterator[Member]:
    """Yield the members of an object and its branches. After each member, yield the members inside this member."""
    paths: set[str] = set()
    for part in _parts(schema):
        required = part.get("required", ())
        for name, member in part.get("properties", {}).items():
            path = f"{prefix}{name}"
            if path not in paths and (part is schema or _DESCRIBING & member.keys()):
                paths.add(path)
                yield Member(path, member, name in required)
                yield from _inner(member, path)


def _inner(schema: Schema, path: str) -> Iterator[Member]:
    """Yield the members inside a member, which is an object, an array of objects, or a map of objects."""
    yield from members(schema, f"{path}.")
    for key, sign in (("items", "[]"), ("additionalProperties", ".*")):
        element = schema.get(key)
        if isinstance(element, dict):
            yield from _inner(element, f"{path}{sign}")


def _parts(schema: Schema) -> Iterator[Schema]:
    """Yield a schema, its branches, and the branches of these branches."""
    yield schema
    branches = [schema[key] for key in _BRANCHES if key in schema]
    branches += [branch for key in _LISTED_BRANCHES for branch in schema.get(key, ())]
    for branch in branches:
        yield from _parts(branch)


def _section(name: str, schema: Schema) -> Iterator[str]:
    title = title_of(name, schema)
    yield f"## {title}\n"
    yield f"{schema['description']}\n"
    yield f"- schema: {_link(name)}, `{schema['$id']}`"
    yield f"- version: {version_of(schema)}"
    yield from (f"- the document is: {text}" for text in _whole_values(name, schema))
    yield ""
    yield from _members_table(name, schema, schema)
    for key, definition in schema.get("$defs", {}).items():
        yield f"### {_short(name)}: {key}\n"
        yield f"{definition['description']}\n"
        yield from (f"The type is {text}.\n" for text in _whole_values(name, definition))
        yield from _members_table(name, schema, definition)


def _whole_values(name: str, schema: Schema) -> Iterator[str]:
    """Yield references to the definitions that describe the whole value of a schema, if the schema has any."""
    references = dict.fromkeys(part["$ref"] for part in _parts(schema) if "$ref" in part)
    if references:
        yield ", or ".join(_reference(name, reference) for reference in references)


def _members_table(name: str, document: Schema, schema: Schema) -> Iterator[str]:
    described = schema if "items" not in schema else {"properties": {"[]": schema["items"]}, "required": ["[]"]}
    rows = [
        (f"`{member.path}`", _type_of(name, member), _description(document, member.schema))
        for member in members(described)
    ]
    if rows:
        yield from table(("member", "type", "meaning"), rows)
        yield ""


def type_text(name: str, schema: Schema) -> str:
    """Return the type of a member: a name of JSON Schema, its values, or a link to the definition."""
    if "$ref" in schema:
        return _reference(name, schema["$ref"])
    if "const" in schema:
        return _value(schema["const"])
    if "enum" in schema:
        return ", ".join(_value(value) for value in schema["enum"])
    texts = [type_text(name, part) for part in _alternatives(schema) if _TYPED & part.keys()]
    kinds = schema.get("type", [])
    names = [_of_elements(name, kind, schema) for kind in ([kinds] if isinstance(kinds, str) else kinds)]
    return " or ".join(dict.fromkeys((*names, *texts))) or "any"


def _alternatives(schema: Schema) -> Iterator[Schema]:
    """Yield the alternatives for a value. If a condition has no `then`, every value that it tests is allowed."""
    yield from (*schema.get("anyOf", ()), *schema.get("oneOf", ()))
    if "if" in schema and "type" in schema["if"]:
        yield {**schema["if"], **schema.get("then", {})}
        yield schema.get("else", {})


def _type_of(name: str, member: Member) -> str:
    return type_text(name, member.schema) + "?" * (not member.required)


def _of_elements(name: str, kind: str, schema: Schema) -> str:
    element = schema.get({"array": "items", "object": "additionalProperties"}.get(kind, ""))
    if not isinstance(element, dict) or not _TYPED & element.keys():
        return kind
    return f"{kind} of {type_text(name, element)}"


def _value(value: object) -> str:
    return f"`{json.dumps(value)}`"


def _description(document: Schema, schema: Schema) -> str:
    """Return the description of a member. If it has none, return the descriptions of the definitions it refers to."""
    references = [part["$ref"] for part in (schema, *_alternatives(schema)) if "$ref" in part]
    definitions = [document["$defs"][reference.removeprefix(_REFERENCE)] for reference in references]
    return " ".join(part["description"] for part in ([schema] if "description" in schema else definitions))


def _link(name: str) -> str:
    return f"[{name}](../schemas/{name})"


def _reference(name: str, reference: str) -> str:
    key = reference.removeprefix(_REFERENCE)
    return f"[{key}](#{_anchor(f'{_short(name)}: {key}')})"


def _short(name: str) -> str:
    return name.removesuffix(".schema.json")


def _anchor(heading: str) -> str:
    """Return the anchor of a heading, in the form that repository viewers and the site use."""
    return re.sub(r"[^\w\- ]", "", heading.lower()).replace(" ", "-")
