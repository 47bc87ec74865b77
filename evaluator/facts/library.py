"""Imports Python's module `ipaddress` on first use. Most decisions only compare octets and do not need the module."""

from __future__ import annotations

from typing import TYPE_CHECKING

from evaluator.base.lazy_import import LazyModule

if TYPE_CHECKING:
    import ipaddress
else:
    ipaddress = LazyModule("ipaddress")

__all__ = ["ipaddress"]
