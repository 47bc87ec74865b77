"""The keys and values that a schema allows at a path of a file, with their descriptions.

The JSON Schemas of policies and policy tests describe each key, so the editor shows the same texts as the schemas.
"""

from __future__ import annotations

import json
from functools import cache
from typing import Any

from evaluator.base.shipped import read_shipped
from evaluator.lsp.outline import Path
from evaluator.policy.parameters import TYPE_NAMES

_Schema = dict[str, Any]


def description_of(schema: str, path: Path) -> str:
    """Return the description of the value at a path; empty if the schema has none."""
    return str(_node(schema, path).get("description", ""))


def keys_of(schema: str, path: Path) -> dict[str, str]:
    """Return the keys that the schema allows in the map at a path, with their descriptions."""
    properties = _node(schema, path).get("properties", {})
    return {key: str(child.get("description", "")) for key, child in properties.items()}


def takes_map_or_list(schema: str, path: Path) -> bool:
    """Return whether the value at a path is usually written on the lines below its key."""
    type_ = _node(schema, path).get("type")
    return type_ in ("object", "array")


def values_of(schema: str, path: Path) -> tuple[str, ...]:
    """Return the values that the schema lists for a path."""
    node = _node(schema, path)
    if path[-1:] == ("type",):
        return (*TYPE_NAMES, *(f"[{name}]" for name in TYPE_NAMES))
    if path[-2:-1] == ("type",):
        return tuple(TYPE_NAMES)
    if node.get("type") == "boolean":
        return ("true", "false")
    return tuple(map(str, node.get("enum", ())))


def _node(schema: str, path: Path) -> _Schema:
    root = _read(schema)
    node: _Schema = root
    for step in path:
        if isinstance(step, int):
            below = node.get("items")
        else:
            below = node.get("properties", {}).get(step) or node.get("additionalProperties")
        node = _resolved(root, below) if isinstance(below, dict) else {}
    return node


def _resolved(root: _Schema, node: _Schema) -> _Schema:
    reference = node.get("$ref")
    if reference is None:
        return node
    definition: _Schema = root["$defs"][reference.rpartition("/")[2]]
    return definition


@cache
def _read(schema: str) -> _Schema:
    document: _Schema = json.loads(read_shipped("schemas", f"{schema}.schema.json"))
    return document
