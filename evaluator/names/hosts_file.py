"""A hosts file as a source of addresses, used only where it is named explicitly.

The format is that of hosts(5): an address, then names, `#` begins a comment.
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
    """What a hosts file says of one name: its addresses in file order, their lines, and the file's digest.

    `malformed` holds what stands in the place of an address on the name's other lines.
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
    """Return what the file says of a name; HostNameError where it cannot be read."""
    try:
        content = read_regular(path, LARGEST_HOSTS_FILE)
    except OSError as error:
        message = f"the hosts file {quote_path(path)} cannot be read: {reason_of(error)}"
        raise HostNameError([Diagnostic(HostNameCode.HOSTS_FILE_UNREADABLE, message)]) from None
    return _entry(content, name)


def _entry(content: bytes, name: HostName) -> HostsEntry:
    found: list[Address] = []
    lines: list[int] = []
    malformed: list[str] = []
    spellings = {name.ascii.encode(), name.unicode.encode()}
    for number, line in enumerate(content.removeprefix(b"\xef\xbb\xbf").split(b"\n"), 1):
        first, *names = line.partition(b"#")[0].split() or [b""]
        if spellings.isdisjoint(known.lower().removesuffix(b".") for known in names):
            continue
        text = first.decode("utf-8", errors="replace")
        try:
            found.append(parse_literal(text))
        except ValueError:
            malformed.append(text)
        else:
            lines.append(number)
    digest = hashlib.sha256(content).hexdigest()
    return HostsEntry(tuple(dict.fromkeys(found)), tuple(lines), digest, tuple(malformed))
