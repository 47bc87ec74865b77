"""Reads rows directly from the pages of an SQLite file, without SQLite's trees.

SQLite finds a row through a tree of pages. One damaged byte near the root of the tree hides all rows below this byte,
and a damaged header hides the whole file. Here each page is parsed as a leaf page of a table, independently of the
other pages. The file format is documented at https://www.sqlite.org/fileformat2.html, sections 1.6 and 2.1. A row that
is read in this way can be invalid or an old copy, so the caller must verify each row by checksums and hashes.
"""

from __future__ import annotations

import struct
from collections.abc import Iterator, Sequence

from evaluator.audit.log.schema import PAGE

Value = int | float | bytes | str | None
Row = tuple[int, tuple[Value, ...]]
MAGIC = b"SQLite format 3\0"
_LEAF_OF_TABLE = 13
_MAX_LOCAL = PAGE - 35
_MIN_LOCAL = (PAGE - 12) * 32 // 255 - 23
_MAX_MISSES = 3
_MAX_CELLS = PAGE // 4
_WIDTHS = (0, 1, 2, 3, 4, 6, 8, 8, 0, 0, 0, 0)
_CONSTANTS = {0: None, 8: 0, 9: 1}
_FLOAT, _TEXTS = 7, 12
_WAL_HEADER, _FRAME_HEADER = 32, 24


def rows(image: bytes, columns: frozenset[int]) -> Iterator[Row]:
    """Yield the rowid and the values of each row. Rows whose number of columns is not in `columns` are left out."""
    for page in range(len(image) // PAGE):
        yield from _rows_of(image, page, columns)


def with_wal(image: bytes, wal: bytes) -> bytes:
    """Return the image of a database file after the pages in its write-ahead log were copied into the image.

    A write-ahead log can contain frames from an earlier use of the file. Their salts differ from the salts in the
    header, so these frames are ignored. All other frames are used, even if their transaction was not committed.
    """
    pages = bytearray(image)
    for start in range(_WAL_HEADER, len(wal) - PAGE - _FRAME_HEADER + 1, PAGE + _FRAME_HEADER):
        number = int.from_bytes(wal[start : start + 4], "big")
        if wal[start + 8 : start + 16] != wal[16:24] or not 0 < number <= len(pages) // PAGE + len(wal) // PAGE:
            continue
        pages.extend(bytes(max(0, number * PAGE - len(pages))))
        pages[(number - 1) * PAGE : number * PAGE] = wal[start + _FRAME_HEADER : start + _FRAME_HEADER + PAGE]
    return bytes(pages)


def _rows_of(image: bytes, page: int, columns: frozenset[int]) -> Iterator[Row]:
    """Yield the rows of one page. The number of cells in the page header can be wrong, so all cells are tried."""
    start = page * PAGE
    head = start + (100 if page == 0 else 0)
    cell_count = int.from_bytes(image[head + 3 : head + 5], "big") if image[head] == _LEAF_OF_TABLE else 0
    misses = 0
    for cell in range(_MAX_CELLS):
        at = head + 8 + 2 * cell
        if at + 2 > start + PAGE or (misses > _MAX_MISSES and cell >= cell_count):
            return
        offset = int.from_bytes(image[at : at + 2], "big")
        row = _row(image, start + offset, start + PAGE, columns) if 8 < offset < PAGE - 4 else None
        if row is None:
            misses += 1
        else:
            misses = 0
            yield row


def _row(image: bytes, at: int, end: int, columns: frozenset[int]) -> Row | None:
    """Return the row of a cell; None if it is invalid. Zeros replace the content of missing overflow pages."""
    size, at = _varint(image, at)
    number, at = _varint(image, at)
    if not 0 < size <= len(image):
        return None
    local = size
    if size > _MAX_LOCAL:
        local = _MIN_LOCAL + (size - _MIN_LOCAL) % (PAGE - 4)
        local = _MIN_LOCAL if local > _MAX_LOCAL else local
    if at + local > end:
        return None
    types = _types(image[at : at + local], columns)
    if types is None or types[0] + sum(map(_width, types[1])) != size:
        return None
    content = image[at : at + local]
    if local < size:
        content += _overflow(image, int.from_bytes(image[at + local : at + local + 4], "big"), size - local)
    return _signed(number), _values(content.ljust(size, b"\0"), *types)


def _types(payload: bytes, columns: frozenset[int]) -> tuple[int, Sequence[int]] | None:
    """Return the length of a row's header, and the serial types of the row's values; None if the header is invalid."""
    length, at = _varint(payload, 0)
    if not max(columns) * 9 + 9 >= length > min(columns) or length > len(payload):
        return None
    types = []
    while at < length:
        serial, at = _varint(payload, at)
        types.append(serial)
    return (length, types) if at == length and len(types) in columns else None


def _overflow(image: bytes, page: int, size: int) -> bytes:
    """Return the part of a row on overflow pages. The part is shorter than `size` if the chain of pages is broken."""
    parts = []
    while size > 0 and 0 < page <= len(image) // PAGE:
        start = (page - 1) * PAGE
        parts.append(image[start + 4 : start + 4 + min(size, PAGE - 4)])
        page, size = int.from_bytes(image[start : start + 4], "big"), size - (PAGE - 4)
    return b"".join(parts)


def _values(content: bytes, at: int, types: Sequence[int]) -> tuple[Value, ...]:
    values: list[Value] = []
    for serial in types:
        width = _width(serial)
        part = content[at : at + width]
        at += width
        if serial >= _TEXTS:
            values.append(part.decode("utf-8", "replace") if serial % 2 else part)
        elif serial == _FLOAT:
            values.append(struct.unpack(">d", part)[0])
        else:
            values.append(_CONSTANTS.get(serial, int.from_bytes(part, "big", signed=True)))
    return tuple(values)


def _width(serial: int) -> int:
    return (serial - _TEXTS) // 2 if serial >= _TEXTS else _WIDTHS[serial]


def _varint(text: bytes, at: int) -> tuple[int, int]:
    value = 0
    for length, octet in enumerate(text[at : at + 8], 1):
        value = value << 7 | octet & 0x7F
        if octet < 0x80:
            return value, at + length
    return value << 8 | int.from_bytes(text[at + 8 : at + 9], "big"), at + 9


def _signed(number: int) -> int:
    return number - (1 << 64) if number >= 1 << 63 else number
