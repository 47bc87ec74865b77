"""Read the addresses of a name from a hosts file that the caller gives explicitly.

The format is hosts(5). Each line has an address and then names. `#` begins a comment.
"""

from __future__ import annotations

import hashlib
from pathlib import Path

from msgspec import Struct

from evaluator.base.diagnostic import Diagnostic, HostNameCode, HostNameError
from evaluator.base.files import read_regular
from evaluator.base.text import quote_path, reason_of
from evaluator.facts.address import Address
from evaluator.facts.literal import parse_literal
from evaluator.names.host_name import HostName

LARGEST_HOSTS_FILE = 4 * 1024 * 1024


class HostsEntry(Struct, frozen=True):
    """The entry of one name: its addresses in file order, their line numbers, and the SHA-256 of the file.

    `malformed` are texts from other lines with this name: the texts that should be addresses but are invalid.
    """

    addresses: tuple[Address, ...]
    lines: tuple[int, ...]
    sha256: str
    malformed: tuple[str, ...] = ()

    def to_dict(self) -> dict[str, object]:
        """Return the entry as JSON-ready data."""
        return {
            "addresses": [str(address) for address in self.addresses],
            "lines": list(self.lines),
            "malformed": list(self.malformed),
            "sha256": self.sha256,
        }


def read_hosts_entry(path: Path, name: HostName) -> HostsEntry:
    """Return the entry of a name in a hosts file. Raises HostNameError if the file cannot be read."""
    try:
        content = read_regular(path, LARGEST_HOSTS_FILE)
    except OSError as error:
        message = f"the hosts file {quote_path(path)} cannot be read: {reason_of(error)}"
        raise HostNameError([Diagnostic(HostNameCode.HOSTS_FILE_UNREADABLE, message)]) from None
    return _entry(content, name)


def _entry(content: bytes, name: HostName) -> HostsEntry:
    addresses: list[Address] = []
    lines: list[int] = []
    malformed: list[str] = []
    spellings = {name.ascii.encode(), name.unicode.encode()}
    for number, line in enumerate(content.removeprefix(b"\xef\xbb\xbf").split(b"\n"), 1):
        first, *names = line.partition(b"#")[0].split() or [b""]
        if spellings.isdisjoint(listed.lower().removesuffix(b".") for listed in names):
            continue
        text = first.decode("utf-8", errors="replace")
        try:
            addresses.append(parse_literal(text))
        except ValueError:
            malformed.append(text)
        else:
            lines.append(number)
    digest = hashlib.sha256(content).hexdigest()
    return HostsEntry(tuple(dict.fromkeys(addresses)), tuple(lines), digest, tuple(malformed))
