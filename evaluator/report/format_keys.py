"""Defines a base type for whole documents. Its members are the top-level keys that identify a format.

The fast path decodes a text with the types of the most likely format. If the document also has a key of another format,
the format is ambiguous. Then the text is parsed into plain values, and `shapes.py` decides.
"""

from __future__ import annotations

from collections.abc import Callable
from operator import attrgetter

from msgspec import UNSET, Struct, field

from evaluator.report.shapes import ANSIBLE_PAYLOAD


class FormatKeys(Struct, gc=False, kw_only=True):
    """The top-level keys of all formats. A subclass belongs to one format, and gives types to the keys of this format.

    All other keys have the type `object`: the reader only checks whether such a key is present.
    """

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
    def is_unambiguous(self) -> bool:
        """Whether the document has no key of another format."""
        return _keys_of(self).count(UNSET) == len(_NAMES)


_NAMES = FormatKeys.__struct_fields__
_keys_of: Callable[[FormatKeys], tuple[object, ...]] = attrgetter(*_NAMES)
