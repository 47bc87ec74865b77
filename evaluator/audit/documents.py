"""Writes a new decision in the document version of a record, so that the new and the old document can be compared.

A record contains the document of its decision. The record can be old, and its document can have an old version. A
replay writes the new decision in the same version, and then compares the two documents.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from evaluator.base import json_values as plain
from evaluator.decision.decision import Decision

Json = dict[str, Any]
SCHEMAS: Mapping[int, str] = {1: "decision.1", 2: "decision"}


def document_of(decision: Decision, version: int) -> Json:
    """Return the decision as a document of the given version, which must be in `SCHEMAS`."""
    return _WRITERS[version](decision)


def document_1(decision: Decision) -> Json:
    """Return the decision as a document of version 1 (`schemas/decision.1.schema.json`)."""
    document = document_2(decision)
    policy = {key: document["policy"][key] for key in ("name", "parameters")}
    return {**document, "schema_version": 1, "policy": policy}


def document_2(decision: Decision) -> Json:
    """Return the decision as a document of version 2 (`schemas/decision.schema.json`), as plain data."""
    document: Json = plain.loads(decision.to_json())
    return document


_WRITERS: Mapping[int, Callable[[Decision], Json]] = {1: document_1, 2: document_2}
