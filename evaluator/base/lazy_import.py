"""Imports modules and their objects on first use.

An object has a name such as `module:name`, the syntax of entry points. `LazyModule` is for two kinds of libraries:
libraries that are slow to import and seldom needed, and libraries that an extra installs. The module that uses such a
library has the `LazyModule` at its top. A type checker reads the real import:

    if TYPE_CHECKING:
        import ipaddress
    else:
        ipaddress = LazyModule("ipaddress")
"""

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


class LazyModule:
    """A module that is imported when one of its attributes is first read."""

    def __init__(self, name: str) -> None:
        self._name = name

    def __getattr__(self, attribute: str) -> object:
        return getattr(entry(self._name), attribute)
