"""Computes pseudonyms of texts. With one key, equal texts have the same pseudonym in every member and record.

A pseudonym depends only on the key and the text (HMAC-SHA-256), so no table is stored. Equal texts stay equal. For
example, a bridge and a network with the same name get the same pseudonym. The form of the text determines the form of
the pseudonym. The member that contains the text does not matter. An address becomes an address of the same class, and a
MAC address becomes a MAC address. `eth0.100` becomes VLAN 100 of the pseudonym of `eth0`. Every other text becomes a
word.

In a word, letters and digits alternate, and no letter is a vowel. So a word cannot look like a real name or number.
Words of the rule language, and names that every host has (`bond`, `lo`, `localhost`), are not masked.
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
_CACHE_SIZE = 1 << 16
_MAC = re.compile(r"[0-9a-fA-F]{2}(?::[0-9a-fA-F]{2}){5,19}")
_VLAN = re.compile(r"([^.:\s]+)\.([1-9][0-9]{0,3})", re.ASCII)
_LARGEST_VLAN_ID = 4094
_GUEST_PORT = "vnet"
_RESERVED_OCTETS = (0x00, 0xFF)


class Pseudonyms:
    """Computes the pseudonyms for one key."""

    def __init__(self, key: bytes) -> None:
        self._key = key
        self._addresses = AddressMask(key)
        self.name = lru_cache(_CACHE_SIZE)(self._name)
        self.address = lru_cache(_CACHE_SIZE)(self._address)

    def network(self, text: str) -> str:
        """Return the pseudonym of a network, a route's destination or an address; a netmask is not changed."""
        return text if text in NETMASKS else self.name(text) if "/" not in text else self._network(text)

    def word(self, text: str, pairs: int = _PAIRS) -> str:
        """Return the word that replaces a text. `pairs` is the length of the word: `b2c3` has two pairs."""
        number = int.from_bytes(self._digest(b"text", text.encode("utf-8", "surrogatepass")), "big")
        parts = []
        for _ in range(pairs):
            number, letter = divmod(number, len(_LETTERS))
            number, digit = divmod(number, len(_DIGITS))
            parts.append(_LETTERS[letter] + _DIGITS[digit])
        return "".join(parts)

    def digest(self, text: str) -> str:
        """Return a keyed digest that replaces a digest, so that nobody can verify a guess."""
        return self._digest(b"digest", text.encode("utf-8", "surrogatepass")).hex()

    def _name(self, text: str) -> str:
        """Return the pseudonym of a text.

        The pseudonym has the form of the text: for example, the pseudonym of a MAC address is a MAC address.
        """
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
        """Return the pseudonym of an address in a report: alone, or with a zone, a prefix length or a netmask."""
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
        if set(octets) <= set(_RESERVED_OCTETS):
            return text.lower()
        digest = self._digest(b"mac", octets)[: len(octets)]
        first = digest[0] & 0xFC | 0x02 | octets[0] & 0x01  # locally administered; same multicast bit as the original
        return bytes((first, *digest[1:])).hex(":")

    def _digest(self, purpose: bytes, text: bytes) -> bytes:
        return hmac.digest(self._key, purpose + b"\0" + text, "sha256")
