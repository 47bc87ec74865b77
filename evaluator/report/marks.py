"""The keys by which formats differ, as members of the types of a whole document.

A text is decoded as what it probably is. If it has a mark of another format too, its plain value decides.
"""

from __future__ import annotations

from msgspec import UNSET, Struct, field

from evaluator.report.shapes import ANSIBLE_PAYLOAD


class Marks(Struct, gc=False, kw_only=True):
    """What no document of one format has at its top, but for the members that a subclass gives a type of its own."""

    nics: object = UNSET
    vlans: object = UNSET
    bondings: object = UNSET
    bridges: object = UNSET
    networks: object = UNSET
    jsonrpc: object = UNSET
    result: object = UNSET
    info: object = UNSET
    status: object = UNSET
    spec: object = UNSET
    kind: object = UNSET
    items: object = UNSET
    currentState: object = UNSET
    desiredState: object = UNSET
    system: object = UNSET
    os_family: object = UNSET
    all_ipv4_addresses: object = UNSET
    ansible_facts: object = UNSET
    ansible_interfaces: object = UNSET
    ansible_system: object = UNSET
    ansible_os_family: object = UNSET
    payload: object = field(name=ANSIBLE_PAYLOAD, default=UNSET)

    @property
    def is_plain(self) -> bool:
        """Whether it has none of these."""
        return all(getattr(self, name) is UNSET for name in _NAMES)


_NAMES = Marks.__struct_fields__
