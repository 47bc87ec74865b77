"""Python's module `ipaddress`. It is imported when it is first used, because most decisions only compare octets."""

from __future__ import annotations

from typing import TYPE_CHECKING

from evaluator.base.lazy_import import LazyModule

if TYPE_CHECKING:
    import ipaddress
else:
    ipaddress = LazyModule("ipaddress")

__all__ = ["ipaddress"]
