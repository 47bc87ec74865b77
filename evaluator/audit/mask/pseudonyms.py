"""One text, one pseudonym: the same original becomes the same word wherever a record holds it, and in every record.

A pseudonym is a function of the key and of the text alone (HMAC-SHA-256), so no table has to be kept, and whatever was
equal stays equal: a bridge and the network of its name, a literal of the policy and the interface that it means. A
text is masked by its own form, never by the member it stands in: an address stays an address of its class, a MAC stays
a MAC, `eth0.100` becomes VLAN 100 of the pseudonym of `eth0`, and everything else becomes a word.

Letters and digits take turns in a word, and there are no vowels, so that nobody reads a name or number in it by chance.
Words of the rule language and of every host (`bond`, `lo`, `localhost`) stay as they are.
"""

from __future__ import annotations

import hmac
import re
from functools import lru_cache

from evaluator.audit.mask.address_mask import AddressMask
from evaluator.facts.address import parse_address, parse_cidr, parse_with_prefix
from evaluator.facts.link import Kind
from evaluator.facts.netmask import NETMASKS

SAME_EVERYWHERE = frozenset({"", "lo", "localhost", "default", "addr", "network", *Kind})
MASKED = "masked"
_LETTERS, _DIGITS = "bcdfghjkmnpqrstvwxz", "23456789"
_PAIRS = 6
_KNOWN = 1 << 16
_MAC = re.compile(r"[0-9a-fA-F]{2}(?::[0-9a-fA-F]{2}){5,19}")
_VLAN = re.compile(r"([^.:\s]+)\.([1-9][0-9]{0,3})", re.ASCII)
_LARGEST_VLAN_ID = 4094
_GUEST_PORT = "vnet"
_NO_MACS = (0x00, 0xFF)


class Pseudonyms:
    """The pseudonyms that a key gives."""

    def __init__(self, key: bytes) -> None:
        self._key = key
        self._addresses = AddressMask(key)
        self.name = lru_cache(_KNOWN)(self._name)
        self.address = lru_cache(_KNOWN)(self._address)

    def network(self, text: str) -> str:
        """Return the pseudonym of a network, of a route's destination or of an address; a netmask stays."""
        return text if text in NETMASKS else self.name(text) if "/" not in text else self._network(text)

    def word(self, text: str, pairs: int = _PAIRS) -> str:
        """Return the word of a text: a letter and a digit in turns."""
        number = int.from_bytes(self._digest(b"text", text.encode("utf-8", "surrogatepass")), "big")
        signs = []
        for _ in range(pairs):
            number, letter = divmod(number, len(_LETTERS))
            number, digit = divmod(number, len(_DIGITS))
            signs.append(_LETTERS[letter] + _DIGITS[digit])
        return "".join(signs)

    def digest(self, text: str) -> str:
        """Return what stands in the place of a digest: one that nobody can compare with that of a guess."""
        return self._digest(b"digest", text.encode("utf-8", "surrogatepass")).hex()

    def _name(self, text: str) -> str:
        """Return the pseudonym of a text by its form."""
        if text in SAME_EVERYWHERE:
            return text
        if _MAC.fullmatch(text):
            return self._mac(text)
        try:
            return str(
                self._addresses.network(parse_cidr(text))
                if "/" in text
                else self._addresses.address(parse_address(text))
            )
        except ValueError:
            pass
        vlan = _VLAN.fullmatch(text)
        if vlan and int(vlan[2]) <= _LARGEST_VLAN_ID:
            return f"{self.name(vlan[1])}.{vlan[2]}"
        return (_GUEST_PORT if text.startswith(_GUEST_PORT) else "") + self.word(text)

    def _address(self, text: str) -> str:
        """Return the pseudonym of an address as reports write it: alone, or with a zone, a length or a netmask."""
        body, slash, length = text.partition("/")
        bare, percent, zone = body.partition("%")
        try:
            address, _ = parse_with_prefix(bare + slash + length)
        except ValueError:
            return self.name(text)
        masked = str(self._addresses.address(address))
        is_mapped = ":" in bare and address.version == 4
        return ("::ffff:" if is_mapped else "") + masked + percent + self.name(zone) + slash + length

    def _network(self, text: str) -> str:
        try:
            return str(self._addresses.network(parse_cidr(text)))
        except ValueError:
            return self.address(text)

    def _mac(self, text: str) -> str:
        octets = bytes.fromhex(text.replace(":", ""))
        if set(octets) <= set(_NO_MACS):
            return text.lower()
        digest = self._digest(b"mac", octets)[: len(octets)]
        first = digest[0] & 0xFC | 0x02 | octets[0] & 0x01  # of no vendor; for one or for many as before
        return bytes((first, *digest[1:])).hex(":")

    def _digest(self, purpose: bytes, text: bytes) -> bytes:
        return hmac.digest(self._key, purpose + b"\0" + text, "sha256")
