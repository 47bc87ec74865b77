"""docs/schemas.md: made from the schemas, with every member and its meaning."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from tools.schema_page import schemas_page

ROOT = Path(__file__).parents[2]
PAGE = schemas_page()
SMALL = {
    "$id": "urn:activenic:schema:small:3",
    "title": "Small",
    "description": "A small document.",
    "type": "object",
    "required": ["schema_version", "items"],
    "properties": {
        "schema_version": {"const": 3, "description": "The version."},
        "items": {
            "type": "array",
            "description": "Things.",
            "items": {"type": "object", "properties": {"name": {"type": ["string", "null"], "description": "A | B."}}},
        },
        "by_name": {
            "type": "object",
            "description": "Numbers.",
            "additionalProperties": {
                "type": "object",
                "properties": {"n": {"enum": [1, "x"], "description": "A number."}},
            },
        },
        "part": {"$ref": "#/$defs/aPart"},
        "maybe": {"if": {"type": "null"}, "else": {"$ref": "#/$defs/aPart"}},
    },
    "if": {"required": ["more"]},
    "then": {
        "required": ["more"],
        "properties": {"more": {"type": "array", "items": {"type": "integer"}, "description": "More."}, "part": {}},
    },
    "else": {"properties": {"items": {"maxItems": 1}, "hidden": {"maxLength": 3}}},
    "$defs": {
        "aPart": {"type": "object", "description": "A part.", "properties": {"x": {"description": "An x."}}},
        "parts": {"type": "array", "description": "Parts.", "items": {"anyOf": [{"$ref": "#/$defs/aPart"}]}},
    },
}
ROWS = """\
| `schema_version` | `3` | The version. |
| `items` | array of object | Things. |
| `items[].name` | string or null? | A \\| B. |
| `by_name` | object of object? | Numbers. |
| `by_name.*.n` | `1`, `"x"`? | A number. |
| `part` | [aPart](#small-3-apart)? | A part. |
| `maybe` | null or [aPart](#small-3-apart)? | A part. |
| `more` | array of integer | More. |
""".replace("small-3-", "small3-")


def test_the_page_is_current() -> None:
    assert (ROOT / "docs" / "schemas.md").read_text(encoding="utf-8") == PAGE


def test_a_small_schema(tmp_path: Path) -> None:
    (tmp_path / "small.3.schema.json").write_text(json.dumps(SMALL))
    page = schemas_page(tmp_path)
    assert ROWS in page
    assert "\n## Small, version 3\n\nA small document.\n" in page
    assert (
        "| [Small, version 3](#small-version-3) | 3 | [small.3.schema.json](../schemas/small.3.schema.json) |" in page
    )
    assert (
        "### small.3: aPart\n\nA part.\n\n| member | type | meaning |\n| --- | --- | --- |\n| `x` | any? | An x. |\n"
        in page
    )
    assert "| `[]` | [aPart](#small3-apart) | A part. |" in page
    assert "hidden" not in page


def test_every_document_and_member_is_on_the_page() -> None:
    for path in (ROOT / "schemas").glob("*.json"):
        schema = json.loads(path.read_text(encoding="utf-8"))
        section = PAGE.partition(f"- schema: [{path.name}](../schemas/{path.name}), `{schema['$id']}`")[2]
        section = re.split(r"^## ", section, maxsplit=1, flags=re.M)[0]
        assert section, path.name
        cells = {cell.split(".")[-1].removesuffix("[]") for cell in re.findall(r"^\| `([^`]+)` \|", section, re.M)}
        assert set(_described(schema)) <= cells


def test_every_member_has_a_meaning() -> None:
    assert [line for line in PAGE.splitlines() if line.startswith("| `") and line.endswith("|  |")] == []


def _described(schema: Any) -> Iterator[str]:
    """Yield the names of the members that a schema describes anywhere."""
    if isinstance(schema, list):
        for part in schema:
            yield from _described(part)
    if isinstance(schema, dict):
        for name, member in schema.get("properties", {}).items():
            if isinstance(member, dict) and "description" in member:
                yield name
        for part in schema.values():
            yield from _described(part)
