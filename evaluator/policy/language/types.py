"""The types of the rule language: base types, lists of them, and values that may be unknown."""

from __future__ import annotations

from enum import StrEnum

from msgspec import Struct
from msgspec.structs import replace


class Base(StrEnum):
    """The base types. HOST and REPORT cannot be compared; NOTHING is the element type of an empty list.

    NOTHING is also the type of a parameter whose declaration has a mistake. OWNER is an interface with the host
    addresses that it owns; it occurs in messages only.
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
    """The type of a value: a base type or a list of it (`[nic]`), and whether the value may be unknown (`integer?`)."""

    base: Base
    is_list: bool = False
    optional: bool = False

    def __str__(self) -> str:
        shown = f"[{self.base}]" if self.is_list else str(self.base)
        return shown + "?" * self.optional

    @property
    def known(self) -> Type:
        """The type of a known value: this type without `?`. For example, `integer?` becomes `integer`."""
        return replace(self, optional=False)

    @property
    def element(self) -> Type:
        """The type of one element of a list."""
        return Type(self.base)

    @property
    def listed(self) -> Type:
        """The type of a list whose elements have this type."""
        return Type(self.base, is_list=True)


SCALARS = (Base.TEXT, Base.INTEGER, Base.BOOLEAN, Base.ADDRESS, Base.OWNED, Base.CIDR, Base.NIC)


def comparable(left: Base, right: Base) -> bool:
    """Return whether values of two types can be equal. The types must be the same, or each must be an address type."""
    addresses = (Base.ADDRESS, Base.OWNED)
    return left == right or (left in addresses and right in addresses) or Base.NOTHING in (left, right)
