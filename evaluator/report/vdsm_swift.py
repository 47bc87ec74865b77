"""The front path: from the text of a VDSM reply to what a decision looks at, without building what nobody reads.

Takes only what is plain: ASCII without escapes, no key that the schema does not list inside an interface, every
interface named once. Whatever else a text may be is left to `read.py`, which accepts or refuses it. What is taken here
the other way accepts, too, and finds the same facts; property tests hold the two together.
"""

from __future__ import annotations

from collections.abc import Mapping
from functools import cache
from typing import Any

from evaluator.diagnostic import ReportError
from evaluator.facts.host import HostFacts
from evaluator.facts.link import Kind
from evaluator.frozen import fields
from evaluator.report.json_text import LARGEST, parse_json, refuse_deep
from evaluator.report.reading import Report
from evaluator.report.shapes import VDSM_SCHEMA as SCHEMA
from evaluator.report.shapes import is_ansible
from evaluator.report.vdsm_table import VdsmTable
from evaluator.schema_types import UNSET, DecodeError, Decoder, Raw, decoder_of, decoders, parts_of, struct_of

_KINDS = {
    "nics": ("nic", Kind.PHYSICAL),
    "vlans": ("vlan", Kind.VLAN),
    "bondings": ("bond", Kind.BOND),
    "bridges": ("bridge", Kind.BRIDGE),
}
_ENVELOPES = {"result": ("jsonrpc", str), "info": ("status", dict)}
_WHOLE = frozenset(field.name for field in fields(Report))
_SHORTEST_PAIR = len('"":1,')
_SPACE = b" \t\r\n"


class SwiftReport(Report):
    """A report that is read in full when its findings or its whole facts are first asked for."""

    __slots__ = ("_table",)
    _table: VdsmTable

    @classmethod
    def of(cls, text: bytes, table: VdsmTable) -> SwiftReport:
        """Return the report of a text whose table is known."""
        report = cls.__new__(cls)
        _put_format(report, "vdsm")
        _put_text(report, text)
        _put_table(report, table)
        return report

    def __getattr__(self, name: str) -> object:
        if name not in _WHOLE:
            raise AttributeError(f"a report has no {name!r}")
        value = getattr(self._table.report, name)
        object.__setattr__(self, name, value)
        return value

    @property
    def table(self) -> HostFacts:
        """The facts as a decision looks at them; of a report that was made of another one all of them."""
        return getattr(self, "_table", None) or self.facts


# the quickest way to fill what is frozen
_put_format, _put_text, _put_table = (getattr(SwiftReport, slot).__set__ for slot in ("format", "text", "_table"))


def read_swiftly(text: bytes) -> Report | None:
    """Return the report of a reply; None where the ordinary way must decide."""
    if len(text) > LARGEST or b"\\" in text or not text.isascii():
        return None
    try:
        table = _table(text, _capabilities().decode(text))
    except (DecodeError, RecursionError):  # more than the network part, say, or an envelope
        table = _table_of_parts(text)
    return None if table is None else SwiftReport.of(text, table)


def _table(text: bytes, reply: Any) -> VdsmTable | None:  # noqa: ANN401 -- a struct made from the schema
    """Return the table of a decoded reply; None where it lacks a map that older replies lack, or has a name twice."""
    nics, vlans, bonds, bridges = reply.nics, reply.vlans, reply.bondings, reply.bridges
    if nics is UNSET or bridges is UNSET:
        return None
    vlans = {} if vlans is UNSET else vlans
    bonds = {} if bonds is UNSET else bonds
    entries = {**nics, **vlans, **bonds, **bridges}
    if len(entries) < len(nics) + len(vlans) + len(bonds) + len(bridges):
        return None
    networks = {} if reply.networks is UNSET else reply.networks
    return VdsmTable(text, entries, _kinds(), networks, reply.lastClientIface or None)


def _table_of_parts(text: bytes) -> VdsmTable | None:
    """Return the table of a reply that has an envelope, or keys that the schema does not list."""
    try:
        body, beside = _unwrapped(text)
        if body is None:
            return None
        known = decoders(SCHEMA, "capabilities")
        values = {key: known[key].decode(raw) for key, raw in body.items() if key in known}
        for unread in (beside, {key: raw for key, raw in body.items() if key not in known}):
            _refuse_harm({key: parse_json(bytes(raw)) for key, raw in unread.items()})
    except (DecodeError, ReportError, RecursionError):
        return None
    return _table(text, struct_of(SCHEMA, "capabilities")(**values))


@cache
def _capabilities() -> Decoder:
    return decoder_of(SCHEMA, "capabilities")


@cache
def _kinds() -> Mapping[type, Kind]:
    """Return the kind of an interface by the type of its decoded entry."""
    return {struct_of(SCHEMA, definition): kind for definition, kind in _KINDS.values()}


def _unwrapped(text: bytes) -> tuple[Mapping[str, Raw] | None, Mapping[str, Raw]]:
    """Return the network part of a reply and what stands beside it; no part where a key stands twice."""
    top = parts_of(text)
    key = next((key for key in ("nics", *_ENVELOPES) if key in top), None)
    if key is None or _repeats(text, top):
        return None, {}
    if key == "nics":
        return top, {}
    inner = bytes(top.pop(key))
    body = parts_of(inner)
    return (None if "nics" not in body or _repeats(inner, body) else body), top


def _repeats(text: bytes, parts: Mapping[str, Raw]) -> bool:
    """Return whether an object has a key twice, the first of which was passed over unread.

    Such a one is more than its parts and what joins them; but for space, which may stand anywhere.
    """
    joints = 4 * len(parts) + 1  # quotes, colon, comma; braces
    if len(text) - sum(map(len, parts)) - sum(map(len, parts.values())) - joints < _SHORTEST_PAIR:
        return False
    told = sum(len(bytes(raw).translate(None, _SPACE)) for raw in parts.values())
    keys = "".join(parts).encode().translate(None, _SPACE)
    return len(text.translate(None, _SPACE)) != len(keys) + told + joints


def _refuse_harm(others: Mapping[str, object]) -> None:
    """Raise ReportError where what stands beside the network part is anything that `read.py` looks at."""
    refuse_deep([[others]])
    is_well_wrapped = all(isinstance(others[key], kind) for key, kind in _ENVELOPES.values() if key in others)
    if not is_well_wrapped or is_ansible(others):
        raise ReportError([])
