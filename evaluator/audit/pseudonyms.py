"""One text, one pseudonym: the same original becomes the same word wherever a record holds it.

A text is masked by its own form, never by the field it stands in, so that whatever was equal stays equal: a
bridge and the network of its name, a literal of the policy and the interface that it means. The form is kept
as far as decisions look at it: an address stays one of its class, a MAC a MAC, `eth0.100` the vlan 100 of
whatever `eth0` became, `vnet3` a port of a guest. The rest is a hint of the kind and digits that the key gives.
"""

from __future__ import annotations

import hmac
import re
from collections.abc import Iterator, Mapping

from evaluator.audit.address_mask import AddressMask
from evaluator.audit.spellings import MAC, SHORTEST_WORD, normal, spellings
from evaluator.facts.address import parse_address, parse_cidr, parse_with_prefix
from evaluator.text import visible

LONGEST_NAME = 15
_SAME_EVERYWHERE = frozenset({"", "lo", "localhost"})
_SIGNS = "abcdefghijklmnopqrstuvwxyz0123456789"
_OF_NAME, _OF_TEXT = 5, 10
_LIKE_VLAN = re.compile(r"([^.:\s]+)([.:])([0-9]{1,4})", re.ASCII)
_NO_MACS = (0x00, 0xFF)
_MOST_TRIES = 16


class Pseudonyms:
    """The pseudonyms of one record.

    `hints` maps each name of the report to a word for its kind, of at most five letters; `asked` is the
    host's name as it was asked.
    """

    def __init__(self, key: bytes, hints: Mapping[str, str], asked: str | None) -> None:
        self._key = key
        self._hints = hints
        self._asked = asked
        self._addresses = AddressMask(key)
        self._known: dict[str, str] = {}
        self._shown: dict[str, str] = {}
        self._telling: set[str] = set()
        self._taken: set[str] = set()
        self._of_host = self._host_parts(asked) if asked else {}
        for part in self._of_host:
            self.text(part)

    def text(self, text: str) -> str:
        """Return the pseudonym of a name or of any other text."""
        if text in _SAME_EVERYWHERE:
            return text
        if text not in self._known:
            self._known[text] = self._remember(text, self._new(text))
            self._taken.add(self._known[text])
        return self._known[text]

    def address(self, text: str) -> str:
        """Return the pseudonym of an address as reports write it: with a zone, a length or a netmask, or alone.

        A text that is no address becomes one that is none either.
        """
        body, slash, length = text.partition("/")
        bare, percent, zone = body.partition("%")
        try:
            address, _ = parse_with_prefix(bare + slash + length)
        except ValueError:
            return self.text(text)
        masked = self._addresses.address(address)
        self._remember(str(address), str(masked))
        is_mapped = ":" in bare and address.version == 4
        shown = f"::ffff:{masked}" if is_mapped else str(masked)
        return self._remember(text, shown + percent + (self.text(zone) if percent else "") + slash + length)

    def network(self, text: str) -> str:
        """Return the pseudonym of a network; ValueError where the text is none."""
        return self._remember(text, str(self._addresses.network(parse_cidr(text))))

    def code(self, text: str, length: int = 32) -> str:
        """Return digits that the key gives for a text."""
        digest = hmac.digest(self._key, b"text\0" + text.encode("utf-8", "surrogatepass"), "sha256")
        number = int.from_bytes(digest, "big")
        signs = []
        for _ in range(length):
            number, rest = divmod(number, len(_SIGNS))
            signs.append(_SIGNS[rest])
        return "".join(signs)

    def _remember(self, text: str, masked: str) -> str:
        """Note what a text became, so that it is found again where people read it."""
        if text in self._shown:
            return masked
        for form in (text, visible(text)):
            self._shown.setdefault(form, masked)
        if masked != text:
            forms = (text, visible(text), *spellings(text))
            self._telling.update(normal(form) for form in forms if len(form) >= SHORTEST_WORD)
        return masked

    def _new(self, text: str) -> str:
        if text in self._hints:
            return self._name(text, self._hints[text])
        if text in self._of_host:
            return self._of_host[text]
        if MAC.fullmatch(text):
            return self._mac(text)
        for known_form in (self._bare_address, self.network):
            try:
                return known_form(text)
            except ValueError:
                continue
        return self._name(text, "vnet" if text.startswith("vnet") else "")

    def _bare_address(self, text: str) -> str:
        return str(self._addresses.address(parse_address(text)))

    def _name(self, text: str, hint: str) -> str:
        match = _LIKE_VLAN.fullmatch(text) if hint in ("vlan", "") else None
        if match is not None:
            base, sign, number = match.groups()
            name = self.text(base) + sign + number
            if len(name) <= LONGEST_NAME:
                return name
        return self._unused(text, hint or "txt", _OF_NAME if hint else _OF_TEXT)

    def _unused(self, text: str, hint: str, length: int) -> str:
        """Return a word that stands for nothing else, and in which no other name can be read by chance."""
        for i in range(_MOST_TRIES):
            code = self.code(text + "\0" * i, length)
            word = f"{hint}-{code}"
            if word not in self._taken and self._hints.keys().isdisjoint(_parts(code)):
                return word
        return f"{hint}-{self.code(text, LONGEST_NAME)}"

    def _host_parts(self, asked: str) -> dict[str, str]:
        """Return what a host's name becomes, its domains and its labels, but for the last: it names no one."""
        masked = self._host(asked)
        parts = {asked: masked}
        labels, shown = asked.rstrip(".").split("."), masked.rstrip(".").split(".")
        for i, label in enumerate(labels):
            if i == 0 or i < len(labels) - 1:
                parts.setdefault(".".join(labels[i:]), ".".join(shown[i:]))
                if len(label) >= SHORTEST_WORD:
                    parts.setdefault(label, shown[i])
        return parts

    def _host(self, text: str) -> str:
        """Mask a host's name label by label, so that hosts of one domain stay in one."""
        labels = text.split(".")
        masked = []
        for i, label in enumerate(labels):
            rest = ".".join(labels[i:])
            is_plain = label == "" or rest.rstrip(".") == "localhost"
            masked.append(label if is_plain else f"{'dom' if i else 'host'}-{self.code(rest, _OF_TEXT)}")
        return ".".join(masked)

    def _mac(self, text: str) -> str:
        octets = bytes.fromhex(text.replace(":", ""))
        if set(octets) <= set(_NO_MACS):
            return text.lower()
        digest = hmac.digest(self._key, b"mac\0" + octets, "sha256")[: len(octets)]
        first = digest[0] & 0xFC | 0x02 | octets[0] & 0x01  # of no vendor; for one or for many as before
        return bytes((first, *digest[1:])).hex(":")


def _parts(code: str) -> Iterator[str]:
    """Yield everything of three signs or more that can be read in some digits."""
    for start in range(len(code)):
        yield from (code[start:end] for end in range(start + SHORTEST_WORD, len(code) + 1))
