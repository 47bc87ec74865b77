"""Other ways to write what was masked, so that no sentence, name or code of a policy gives it away.

People write an address reversed, in hexadecimal or with dashes, a MAC as their switch does, a host without
its domain. What is found like this is not translated: the text that holds it is masked.
"""

from __future__ import annotations

import re
from collections.abc import Iterator

from evaluator.facts.address import Address, parse_with_prefix

SHORTEST_WORD = 3
MAC = re.compile(r"[0-9a-fA-F]{2}(?::[0-9a-fA-F]{2}){5,19}")
_LIKE_ADDRESS = re.compile(
    r"(?<![0-9])[0-9]{1,3}([.-])[0-9]{1,3}\1[0-9]{1,3}\1[0-9]{1,3}(?![0-9])"
    r"|(?<![0-9a-z])[0-9a-f]{2}([:-])(?:[0-9a-f]{2}\2){4}[0-9a-f]{2}(?![0-9a-z])"
    r"|(?<![0-9a-z])[0-9a-f]{4}\.[0-9a-f]{4}\.[0-9a-f]{4}(?![0-9a-z])"
    r"|(?<![0-9a-z:])(?:[0-9a-f]{1,4}:+){2,7}[0-9a-f]{1,4}(?![0-9a-z])",
    re.IGNORECASE,
)


def normal(text: str) -> str:
    """Return a text in the form in which texts are searched: case, and `_` for `-`, tell nothing apart."""
    return text.casefold().replace("_", "-")


def holds_address(text: str) -> bool:
    """Tell whether something in a text looks like an address or a MAC."""
    return _LIKE_ADDRESS.search(text) is not None


def spellings(text: str) -> Iterator[str]:
    """Yield other spellings of an address or a MAC; nothing for other texts."""
    if MAC.fullmatch(text):
        digits = text.replace(":", "")
        yield digits
        yield text.replace(":", "-")
        yield ".".join(digits[at : at + 4] for at in range(0, len(digits), 4))
        return
    try:
        address, _ = parse_with_prefix(text)
    except ValueError:
        return
    yield from _of_address(address)


def _of_address(address: Address) -> Iterator[str]:
    octets = address.number.to_bytes(4 if address.version == 4 else 16, "big")
    yield str(address)
    yield octets.hex()
    yield str(address.number)
    if address.version == 4:
        yield octets[::-1].hex()  # as /proc/net/route has it
        yield ".".join(map(str, octets[::-1]))
        yield "-".join(map(str, octets))
        yield "-".join(map(str, octets[::-1]))
        return
    yield address.as_library().exploded
    yield ".".join(reversed(octets.hex()))
    yield str(address).replace(":", "-")
