"""What a table names as `module:name`, as entry points are named, and imports when it is asked for."""

from __future__ import annotations

from functools import cache
from importlib import import_module


@cache
def entry(named: str) -> object:
    """Return what is named: a part of a module, or the module itself."""
    module, _, name = named.partition(":")
    found: object = import_module(module)
    return getattr(found, name) if name else found
