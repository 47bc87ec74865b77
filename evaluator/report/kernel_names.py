r"""Interface names as the kernel has them: any octets but `/` and blanks, which need not be UTF-8.

A name becomes text that is unambiguous: octets that are no UTF-8 are shown as ``\xNN``, and so that
nobody can forge one, a backslash of the name itself as two.
"""

from __future__ import annotations

import msgspec

_FIRST_LOST = 0xDC80  # PEP 383: an octet that could not be decoded
_LAST_LOST = 0xDCFF


def readable(name: str) -> str:
    r"""Return a name decoded with `surrogateescape` as text, octets that are no UTF-8 as ``\xNN``."""
    if name.isascii() and "\\" not in name:
        return name
    return "".join(map(_shown, name))


def readable_octets(name: bytes) -> str:
    """Return a name of the kernel as text."""
    return readable(name.decode("utf-8", errors="surrogateescape"))


def with_readable_names(document: object) -> object:
    """Return a document of the kernel's tools with every text in it readable; itself where nothing changes."""
    try:
        is_readable = b"\\\\" not in msgspec.json.encode(document)
    except (TypeError, UnicodeError):  # it holds octets that could not be decoded
        is_readable = False
    return document if is_readable else _copy(document)


def _copy(value: object) -> object:
    if isinstance(value, list):
        return [_copy(item) for item in value]
    if isinstance(value, dict):
        return {_copy(key): _copy(item) for key, item in value.items()}
    return readable(value) if isinstance(value, str) else value


def _shown(char: str) -> str:
    if char == "\\":
        return "\\\\"
    return f"\\x{ord(char) - 0xDC00:02x}" if _FIRST_LOST <= ord(char) <= _LAST_LOST else char
