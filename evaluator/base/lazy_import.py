"""Imports modules and their objects on first use.

An object has a name such as `module:name`, the syntax of entry points. `lazy_module` is for two kinds of libraries:
libraries that are slow to import and seldom needed, and libraries that an extra installs. The module that uses such a
library calls `lazy_module` at its top. A type checker reads the real import:

    if TYPE_CHECKING:
        import ipaddress
    else:
        ipaddress = lazy_module("ipaddress")
"""

from __future__ import annotations

from functools import cache, partial
from importlib import import_module
from types import ModuleType


@cache
def entry(named: str) -> object:
    """Return the object that a text `module:name` names: the attribute `name` of the module.

    If the text has no colon, return the module.
    """
    module, _, name = named.partition(":")
    found: object = import_module(module)
    return getattr(found, name) if name else found


def lazy_module(name: str) -> ModuleType:
    """Return a substitute for the module `name`. The module `name` is imported when an attribute is first read.

    Python calls the function `__getattr__` of a module for each attribute that the module does not have (PEP 562).
    """
    module = ModuleType(name)
    vars(module)["__getattr__"] = partial(_attribute, name)
    return module


def _attribute(module: str, attribute: str) -> object:
    return getattr(entry(module), attribute)
