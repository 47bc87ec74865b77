"""Imports an object on first use. The object has a name such as `module:name`, the syntax of entry points."""

from __future__ import annotations

from functools import cache
from importlib import import_module


@cache
def entry(named: str) -> object:
    """Return the object that a text `module:name` names: the attribute `name` of the module.

    If the text has no colon, return the module.
    """
    module, _, name = named.partition(":")
    found: object = import_module(module)
    return getattr(found, name) if name else found
