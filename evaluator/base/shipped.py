"""Reads the files that are part of the package: `policies/` and `schemas/`.

In the repository, both folders are at the top level, so that people find them. A checkout and an editable install use
these folders. In a wheel, the folders are in `evaluator/data/`. This module does not import `pathlib`, because the
import would make the first decision of a process slower.
"""

from __future__ import annotations

import os
from functools import cache
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from importlib.resources.abc import Traversable


def list_shipped(folder: str) -> list[str]:
    """Return the names of the entries of the folder `policies` or `schemas`, unsorted."""
    root = _root(folder)
    return [entry.name for entry in _packed(folder).iterdir()] if root is None else os.listdir(root)


def read_shipped(folder: str, *path: str) -> bytes:
    """Return the content of a file in the folder `policies` or `schemas`. Raises OSError if the file does not exist."""
    root = _root(folder)
    if root is None:
        return _packed(folder).joinpath(*path).read_bytes()
    with open(os.path.join(root, *path), "rb") as file:
        return file.read()


def shipped_path(folder: str, name: str) -> str | None:
    """Return the path of a file in the folder `policies` or `schemas`; None if the package is in an archive."""
    root = _root(folder)
    return None if root is None else os.path.join(root, name)


@cache
def _root(folder: str) -> str | None:
    """Return the path of a folder in this installation; None if the package is in an archive."""
    package = os.path.dirname(os.path.dirname(os.path.realpath(__file__)))
    places = (os.path.join(package, "data", folder), os.path.join(os.path.dirname(package), folder))
    return next(filter(os.path.isdir, places), None)


def _packed(folder: str) -> Traversable:
    from importlib import resources  # noqa: PLC0415 -- slow, and needed only if the package is in an archive

    return resources.files("evaluator") / "data" / folder
