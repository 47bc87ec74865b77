"""Prepares the shipped policies, so that their first decision need not read them: `make prepared`.

A test compares what stands in `policies/prepared/` with what this makes, so that it cannot go stale.
"""

from __future__ import annotations

import sys
from pathlib import Path

from msgspec import json

from evaluator.policy.load import read_program
from evaluator.policy.prepared import FOLDER
from evaluator.policy.source.find import find_policy, shipped_names

_RULE = b'{"name":'  # each on a line of its own; no text can hold it, because its quotes would be escaped


def prepare(name: str) -> bytes:
    """Return the file that holds a shipped policy's program."""
    return json.encode(read_program(find_policy(name))).replace(_RULE, b"\n" + _RULE).lstrip() + b"\n"


def main(folder: Path) -> None:
    """Write a file for each shipped policy below the policies' folder, and remove what is of none."""
    files = {f"{name}.json": prepare(name) for name in shipped_names()}
    (folder / FOLDER).mkdir(exist_ok=True)
    for file in (folder / FOLDER).glob("*.json"):
        file.unlink()
    for name, content in files.items():
        (folder / FOLDER / name).write_bytes(content)


if __name__ == "__main__":
    main(Path(sys.argv[1]))
