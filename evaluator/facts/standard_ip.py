"""Imports Python's module `ipaddress` on first use. Most decisions only compare octets and do not need the module."""

from __future__ import annotations

from typing import TYPE_CHECKING

from evaluator.base.lazy_import import lazy_module

if TYPE_CHECKING:
    import ipaddress
else:
    ipaddress = lazy_module("ipaddress")

__all__ = ["ipaddress"]
