"""Prepares the shipped policies, so that their first decision need not read them: `make prepared`.

A test compares what stands in `policies/prepared/` with what this makes, so that it cannot go stale.
"""

from __future__ import annotations

import sys
from enum import StrEnum
from pathlib import Path

from msgspec import Struct, json

from evaluator.policy.find import find_policy, shipped_names
from evaluator.policy.load import read_program
from evaluator.policy.prepared import FOLDER, TUPLE
from evaluator.policy.vocabulary import State, Word

_RULE = b'["Rule",'  # each on a line of its own; no text can hold it, because its quotes would be escaped


def prepare(name: str) -> bytes:
    """Return the file that holds a shipped policy's program."""
    plain = _plain(read_program(find_policy(name)))
    return json.encode(plain).replace(_RULE, b"\n" + _RULE) + b"\n"


def _plain(value: object) -> object:
    """Return a value as `prepared.py` reads it."""
    kind = type(value).__name__
    if isinstance(value, StrEnum):
        return [kind, value.value]
    if value is None or isinstance(value, str | int):
        return value
    if isinstance(value, tuple):
        return [TUPLE, *map(_plain, value)]
    if isinstance(value, Word | State):
        return [kind, None if value.owner is None else value.owner.value, value.name]
    if isinstance(value, Struct):
        return [kind, *(_plain(getattr(value, name)) for name in value.__struct_fields__)]
    raise TypeError(f"a {kind} has no prepared form")


def main(folder: Path) -> None:
    """Write a file for each shipped policy below the policies' folder, and remove what is of none."""
    (folder / FOLDER).mkdir(exist_ok=True)
    for file in (folder / FOLDER).glob("*.json"):
        file.unlink()
    for name in shipped_names():
        (folder / FOLDER / f"{name}.json").write_bytes(prepare(name))


if __name__ == "__main__":
    main(Path(sys.argv[1]))
