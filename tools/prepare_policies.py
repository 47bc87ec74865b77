"""Writes the checked programs of the shipped policies to files: `make prepared`.

A process can load such a program, so its first decision does not parse the policy.

A test compares the files in `policies/prepared/` with the output of this module.
"""

from __future__ import annotations

import sys
from pathlib import Path

from msgspec import json

from evaluator.policy.load import read_program
from evaluator.policy.prepared import FOLDER
from evaluator.policy.source.find import find_policy, shipped_names

_RULE = b'{"name":'  # each rule gets its own line; no text contains these bytes, because its quotes are escaped


def prepare(name: str) -> bytes:
    """Return the content of the file with the program of a shipped policy."""
    return json.encode(read_program(find_policy(name))).replace(_RULE, b"\n" + _RULE).lstrip() + b"\n"


def main(folder: Path) -> None:
    """Write a file for each shipped policy into the folder `prepared`, and remove all other files there."""
    files = {f"{name}.json": prepare(name) for name in shipped_names()}
    (folder / FOLDER).mkdir(exist_ok=True)
    for file in (folder / FOLDER).glob("*.json"):
        file.unlink()
    for name, content in files.items():
        (folder / FOLDER / name).write_bytes(content)


if __name__ == "__main__":
    main(Path(sys.argv[1]))
