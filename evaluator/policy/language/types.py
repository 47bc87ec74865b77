"""The types of the rule language: eight kinds of value, lists of them, and values that may be unknown."""

from __future__ import annotations

from enum import StrEnum

from msgspec import Struct
from msgspec.structs import replace


class Base(StrEnum):
    """What a value is. HOST and REPORT have fields and states only; NOTHING is the element of an empty list.

    OWNER is an interface with the host addresses that it owns, as messages show it.
    """

    TEXT = "text"
    INTEGER = "integer"
    BOOLEAN = "boolean"
    ADDRESS = "address"
    OWNED = "owned"
    CIDR = "cidr"
    NIC = "nic"
    HOST = "host"
    REPORT = "report"
    OWNER = "owner"
    NOTHING = "nothing"


class Type(Struct, frozen=True, array_like=True):
    """A base type, perhaps in a list (`[nic]`), perhaps unknown (`integer?`)."""

    base: Base
    is_list: bool = False
    optional: bool = False

    def __str__(self) -> str:
        shown = f"[{self.base}]" if self.is_list else str(self.base)
        return shown + "?" * self.optional

    @property
    def known(self) -> Type:
        """The same type, proven known."""
        return replace(self, optional=False)

    @property
    def element(self) -> Type:
        """The type of one element of a list."""
        return Type(self.base)

    @property
    def listed(self) -> Type:
        """The type of a list of these."""
        return Type(self.base, is_list=True)


SCALARS = (Base.TEXT, Base.INTEGER, Base.BOOLEAN, Base.ADDRESS, Base.OWNED, Base.CIDR, Base.NIC)


def comparable(left: Base, right: Base) -> bool:
    """Return whether two values can be equal: of one type, or both addresses (owned or not)."""
    addresses = (Base.ADDRESS, Base.OWNED)
    return left == right or (left in addresses and right in addresses) or Base.NOTHING in (left, right)
