"""A hosts file as a source of addresses, used only where it is named explicitly.

The format is that of hosts(5): an address, then names, `#` begins a comment.
"""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from pathlib import Path

from evaluator.diagnostic import Diagnostic, HostNameError
from evaluator.facts.address import Address
from evaluator.facts.host import parse_literal
from evaluator.text import quote_path

LARGEST_HOSTS_FILE = 16 * 1024 * 1024


@dataclass(frozen=True, slots=True)
class HostsEntry:
    """What a hosts file says of one name: its addresses in file order, their lines, and the file's digest."""

    addresses: tuple[Address, ...]
    lines: tuple[int, ...]
    sha256: str

    def to_dict(self) -> dict[str, object]:
        """Return the entry as JSON-ready data."""
        return {
            "addresses": [str(address) for address in self.addresses],
            "lines": list(self.lines),
            "sha256": self.sha256,
        }


def read_hosts_entry(path: Path, name: str) -> HostsEntry:
    """Return what the file says of a canonical name; HostNameError where it cannot be read."""
    try:
        with path.open("rb") as file:
            content = file.read(LARGEST_HOSTS_FILE + 1)
    except (OSError, ValueError) as error:
        reason = error.strerror if isinstance(error, OSError) and error.strerror else str(error)
        message = f"the hosts file {quote_path(path)} cannot be read: {reason.lower()}"
        raise HostNameError([Diagnostic("HOSTS_FILE_UNREADABLE", message)]) from None
    if len(content) > LARGEST_HOSTS_FILE:
        message = f"the hosts file {quote_path(path)} is larger than {LARGEST_HOSTS_FILE >> 20} MiB"
        raise HostNameError([Diagnostic("HOSTS_FILE_UNREADABLE", message)])
    found: list[Address] = []
    lines: list[int] = []
    for number, line in enumerate(content.decode("utf-8-sig", errors="replace").split("\n"), 1):
        text, *names = line.partition("#")[0].split() or [""]
        if name not in (known.lower().removesuffix(".") for known in names):
            continue
        try:
            found.append(parse_literal(text))
        except ValueError:
            continue
        lines.append(number)
    return HostsEntry(tuple(dict.fromkeys(found)), tuple(lines), hashlib.sha256(content).hexdigest())
