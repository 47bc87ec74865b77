"""The files that come with the package: `policies/` and `schemas/`.

They live at the top level of the project, where people look for them. A wheel carries them as
`evaluator/data/`; a checkout and an editable install read them in place. They are read here without
`pathlib`, which a first decision would have to wait for.
"""

from __future__ import annotations

import os
from functools import cache
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from importlib.resources.abc import Traversable


def list_shipped(folder: str) -> list[str]:
    """Return the names of what stands in the folder `policies` or `schemas`."""
    root = _root(folder)
    return [entry.name for entry in _packed(folder).iterdir()] if root is None else os.listdir(root)


def read_shipped(folder: str, *path: str) -> bytes:
    """Return what a file below the folder `policies` or `schemas` holds; OSError where there is none."""
    root = _root(folder)
    if root is None:
        return _packed(folder).joinpath(*path).read_bytes()
    with open(os.path.join(root, *path), "rb") as file:
        return file.read()


@cache
def _root(folder: str) -> str | None:
    """Return where this installation keeps a folder, None where it is a package in an archive."""
    package = os.path.dirname(os.path.dirname(os.path.realpath(__file__)))
    places = (os.path.join(package, "data", folder), os.path.join(os.path.dirname(package), folder))
    return next(filter(os.path.isdir, places), None)


def _packed(folder: str) -> Traversable:
    from importlib import resources  # noqa: PLC0415 -- slow, and needed only for a package in an archive

    return resources.files("evaluator") / "data" / folder
