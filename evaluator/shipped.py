"""Where the files that come with the package stand: `policies/` and `schemas/`.

They live at the top level of the project, where people look for them. A wheel carries them as
`evaluator/data/`; a checkout and an editable install read them in place.
"""

from __future__ import annotations

from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from importlib.resources.abc import Traversable


@cache
def shipped_folder(name: str) -> Traversable:
    """Return the folder `policies` or `schemas`, wherever this installation keeps it."""
    package = Path(__file__).resolve().parent
    for folder in (package / "data" / name, package.parent / name):
        if folder.is_dir():
            return folder
    from importlib import resources  # noqa: PLC0415 -- slow, and needed only for a package in an archive

    return resources.files("evaluator") / "data" / name
