"""Host names that need no look-up: address literals.

Names are refused with a message until resolution exists; a refusal beats a guess.
"""

from __future__ import annotations

from evaluator.diagnostic import Diagnostic, HostNameError
from evaluator.facts.host import HostAddresses, parse_literal
from evaluator.text import quote


def resolve_host(name: str) -> HostAddresses:
    """Return the addresses of a host given by a literal; HostNameError for anything else."""
    try:
        parse_literal(name)
    except ValueError:
        raise HostNameError([_refusal(name)]) from None
    return HostAddresses.of(name)


def _refusal(name: str) -> Diagnostic:
    if not name:
        return Diagnostic("HOST_NAME_EMPTY", "the host name is empty")
    return Diagnostic(
        "HOST_NAME_NOT_LITERAL",
        f"{quote(name)} is no IP address, and names are not looked up yet",
        hint="give the addresses themselves: `--address IP`, repeated where there are several",
    )
