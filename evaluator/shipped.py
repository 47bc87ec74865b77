"""Where the files that come with the package stand: `policies/` and `schemas/`.

They live at the top level of the project, where people look for them. A wheel carries them as
`evaluator/data/`; a checkout and an editable install read them in place.
"""

from __future__ import annotations

from functools import cache
from importlib import resources
from importlib.resources.abc import Traversable
from pathlib import Path


@cache
def shipped_folder(name: str) -> Traversable:
    """Return the folder `policies` or `schemas`, wherever this installation keeps it."""
    packed = resources.files("evaluator") / "data" / name
    if packed.is_dir():
        return packed
    return Path(__file__).resolve().parent.parent / name
