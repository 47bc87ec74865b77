"""Combines the output of `ip -j addr` with files that contain the output of `ip -j route`.

Each file is parsed and validated separately. So the positions in error messages refer to the file, not to the report.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

import msgspec
from msgspec import Struct

from evaluator.base.diagnostic import Diagnostic, ReportCode, ReportError
from evaluator.report.iproute2.route import families_of
from evaluator.report.iproute2.wire import Route
from evaluator.report.json_text import parse_json_without_duplicates, parse_kernel_json
from evaluator.report.reading import normalized, refuse_invalid
from evaluator.report.shapes import is_iproute2

_SUBJECT = "route file"
_KEYS = {4: b"route", 6: b"route6"}
_TYPES = b"unicast|local|broadcast|multicast|anycast|nat|unreachable|blackhole|prohibit|throw"
_AS_TEXT = re.compile(rb"(?:%s) +(?:default|[0-9A-Fa-f.:/]{2,64})|(?:default|[0-9A-Fa-f.:/]{2,64}) +[a-z]" % _TYPES)
_BARE_TYPE = re.compile(rb'\{\s*"(?:%s)"\s*,' % _TYPES)
_NEWER = "use a newer iproute2, or remove `--route`"


class RouteFile(Struct, frozen=True):
    """One output of `ip -j route`: its JSON text, and the address families that its routes show."""

    text: bytes
    families: frozenset[int]


def read_route_file(text: bytes) -> RouteFile:
    """Return a parsed route file. An empty file has no routes.

    Raises ReportError, with every problem, if the file is invalid.
    """
    text = text.strip() or b"[]"
    if _AS_TEXT.match(text):
        message = "this iproute2 prints routes as text"
        raise ReportError([Diagnostic(ReportCode.NOT_JSON, message, f"{_SUBJECT}:1:1", _NEWER)])
    entries: Any = _parse(text)
    if entries and is_iproute2(entries):
        message = "found interfaces, expected routes"
        raise ReportError([Diagnostic(ReportCode.INVALID, message, "/", "give the output of `ip -j route`")])
    refuse_invalid(entries, "iproute2-report#routes")
    return RouteFile(text, frozenset(families_of(msgspec.convert(normalized(entries), list[Route]))))


def _parse(text: bytes) -> object:
    """Return the parsed value of a JSON text.

    Names in the text can have octets that are not UTF-8. The reader converts these octets later.
    """
    try:
        return parse_json_without_duplicates(text, _SUBJECT)
    except ReportError as error:
        (first, *more) = error.diagnostics
        if first.code != ReportCode.NOT_JSON or more:
            raise
        value = parse_kernel_json(text)
        if isinstance(value, list):
            return value
        if not _BARE_TYPE.search(text):
            raise
        hint = f"this iproute2 prints the type of a route as invalid JSON: {_NEWER}"
        raise ReportError([Diagnostic(first.code, first.message, first.place, hint, excerpt=first.excerpt)]) from None


def refuse_one_family(files: Iterable[RouteFile]) -> None:
    """Raise ReportError if all routes in two files have the same address family."""
    of_one_family = [min(file.families) for file in files if len(file.families) == 1]
    if len(set(of_one_family)) < len(of_one_family):
        message = f"both routing tables contain only IPv{of_one_family[0]} routes"
        raise ReportError([Diagnostic(ReportCode.INVALID, message)])


def with_route_files(text: bytes, files: Iterable[bytes]) -> bytes:
    """Return one JSON text with the output of `ip -j addr` in `addr`, and the routes in `route` and `route6`."""
    tables = _tables(tuple(map(read_route_file, files)))
    parts = b"".join(b', "%s": %s' % (_KEYS[family], table) for family, table in tables.items())
    return b'{"addr": %s%s}' % (text, parts)


def _tables(files: Sequence[RouteFile]) -> Mapping[int, bytes]:
    """Return the texts of the routing tables by family.

    Most routes show their family. For example, the destination is an IPv6 address, or the route has the member `pref`,
    which only IPv6 routes have. A route that does not show its family is read with the family of its table.

    If a file has routes of both families (`table all`), it becomes the IPv4 table. This is right because a route that
    does not show its family is always an IPv4 route: a default route with only a device. If no route in a file shows
    its family, the file becomes the table of a family for which no other file exists.
    """
    refuse_one_family(files)
    tables: dict[int, list[bytes]] = {}
    for file in files:
        if file.families:
            tables.setdefault(min(file.families), []).append(file.text)
    unused = iter([family for family in _KEYS if family not in tables])
    for file in files:
        if not file.families:
            tables.setdefault(next(unused, 4), []).append(file.text)
    return {family: _joined(tables[family]) for family in sorted(tables)}


def _joined(texts: Sequence[bytes]) -> bytes:
    """Return one JSON array with the items of all arrays."""
    items = [text[1:-1].strip() for text in texts]
    return texts[0] if len(texts) == 1 else b"[%s]" % b", ".join(filter(None, items))
