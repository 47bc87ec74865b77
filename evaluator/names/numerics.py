"""Shows how Java and glibc read a text that looks like an IPv4 address in a form other than the standard form.

`010.0.0.5` is 10.0.0.5 for Java and 8.0.0.5 for glibc; `1.2.3` is 1.2.0.3 for both. Such a text can mean two different
hosts. So activenic refuses the text, and the message shows both readings. The rules were measured on JDK 17 and glibc
2.36.
"""

from __future__ import annotations

import ipaddress
import re

_NUMBER = re.compile(r"0[xX][0-9a-fA-F]*|[0-9]+", re.ASCII)

_LONGEST_NUMBER = 20


def looks_numeric(name: str) -> bool:
    """Return whether the last label is a number, so that some programs read the name as an address."""
    last = name.rstrip(".").rpartition(".")[2]
    return bool(_NUMBER.fullmatch(last))


def readings(name: str) -> str:
    """Return a text that describes how Java and glibc read a numeric name."""
    return f"Java reads {_java(name)}, glibc {_glibc(name)}"


def addresses_read(name: str) -> frozenset[str]:
    """Return the addresses, as text, to which Java and glibc convert a name."""
    return frozenset(reading for reading in (_java(name), _glibc(name)) if reading[:1].isdigit())


def _java(name: str) -> str:
    parts = name.split(".")
    if any(part[:2] in ("0x", "0X") for part in parts):
        return "no host"
    address = _join([int(part) if _NUMBER.fullmatch(part) and len(part) <= _LONGEST_NUMBER else None for part in parts])
    return address or "a name"


def _glibc(name: str) -> str:
    return _join([_c_number(part) for part in name.split(".")]) or "a name"


def _c_number(text: str) -> int | None:
    """Return the number that C reads from a text (0x: hexadecimal, leading 0: octal); None if it is not a number."""
    base = 16 if text[:2] in ("0x", "0X") else 8 if text.startswith("0") and len(text) > 1 else 10
    try:
        return int(text, base) if text.isascii() and "_" not in text and len(text) <= _LONGEST_NUMBER else None
    except ValueError:
        return None


def _join(parts: list[int | None]) -> str:
    """Return the address that is written as one to four numbers. The last number gives all remaining octets.

    If the numbers are not an address, the result is empty.
    """
    if not 1 <= len(parts) <= 4:
        return ""
    *front, last = parts
    if last is None or last >= 256 ** (4 - len(front)):
        return ""
    number = last
    for index, octet in enumerate(front):
        if octet is None or octet > 255:
            return ""
        number += octet << 8 * (3 - index)
    return str(ipaddress.IPv4Address(number))
