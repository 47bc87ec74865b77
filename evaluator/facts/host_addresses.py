"""The addresses of the host, which the caller gives or the resolver returns.

The host's addresses are the second input of a decision. The first input is the report (`host.py`).
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from operator import ge
from typing import TYPE_CHECKING

from msgspec import Struct, json

from evaluator.base.cached_property import cached_property
from evaluator.base.diagnostic import Severity
from evaluator.base.finding import Finding, FindingCode
from evaluator.base.text import quote
from evaluator.facts.address import Address, in_order
from evaluator.facts.literal import parse_literals

if TYPE_CHECKING:
    from evaluator.facts.literal import Literal

_DEBIAN_LOOPBACK = "127.0.1.1"
_OTHER_ADDRESS = "use an address that other hosts can reach"


class Unusable(Struct, frozen=True):
    """An address that no interface can own, and the reason (`loopback`, `multicast`, …)."""

    address: str
    reason: str


class HostDocument(Struct, frozen=True, gc=False):
    """The member `host` of a decision document."""

    name: str
    literal: bool
    complete: bool
    addresses: tuple[str, ...]
    unusable: tuple[Unusable, ...]


class HostAddresses(Struct, frozen=True, dict=True, eq=False):
    """The addresses that identify a host, as an immutable value.

    `answers` are all addresses, and `usable` are the addresses that an interface can own. Both lists are sorted by
    family and number. `asked` is the name that was resolved, None if addresses were given. `complete` is False if the
    DNS query for an address family failed. `first` is the first given address, or the first answer for the name, A
    before AAAA. `remarks` are findings about the name and its resolution. `resolution` describes how the name was
    resolved, None if addresses were given. `withheld` are answers that are not used, because the caller required a
    complete set and a query failed.
    """

    answers: tuple[Address, ...] = ()
    asked: str | None = None
    complete: bool = True
    first: Address | None = None
    remarks: tuple[Finding, ...] = ()
    resolution: Mapping[str, object] | None = None
    withheld: tuple[Address, ...] = ()

    def __post_init__(self) -> None:
        """Raise ValueError if the answers are not sorted, because a decision must not depend on their order."""
        if any(map(ge, self.answers, self.answers[1:])):
            raise ValueError("the answers must be sorted and unique")

    @classmethod
    def of(cls, *addresses: Literal, name: str | None = None, complete: bool = True) -> HostAddresses:
        """Return the host addresses for given literals, without any I/O.

        A literal is a text or an `ipaddress` object. An IPv4 text must be four decimal numbers. An IPv6 text can have
        any valid form, also in brackets. A link-local address can have a zone, which is dropped. If `name` is set,
        the addresses are the answer of a resolver for that name, in the order of the answer; `complete` is False if the
        query for an address family failed. Raises HostNameError with each invalid literal.
        """
        parsed = parse_literals(addresses)
        ordered = parsed if name is None else sorted(parsed, key=_version)
        return cls(in_order(parsed), name, complete, ordered[0] if ordered else None)

    def __eq__(self, other: object) -> bool:
        is_same_type = isinstance(other, HostAddresses)
        return is_same_type and all(getattr(self, name) == getattr(other, name) for name in _COMPARED)

    def __ne__(self, other: object) -> bool:
        return not self == other

    def __hash__(self) -> int:
        return hash((self.answers, self.asked))

    def __repr__(self) -> str:
        """Return Python code that calls `of` and gets the same addresses.

        If a resolver returned the addresses, the code leaves out the facts that only a resolver knows.
        """
        parts = [repr(str(address)) for address in self.answers]
        parts += [] if self.asked is None else [f"name={self.asked!r}"]
        parts += [] if self.complete else ["complete=False"]
        return f"HostAddresses.of({', '.join(parts)})"

    @cached_property
    def usable(self) -> tuple[Address, ...]:
        """The addresses that an interface can own."""
        return tuple([address for address in self.answers if not address.unusable])

    @property
    def unusable(self) -> tuple[Address, ...]:
        """The host addresses that no interface can own: unspecified, loopback, multicast or broadcast."""
        if len(self.usable) == len(self.answers):
            return ()
        return tuple([address for address in self.answers if address.unusable])

    @property
    def usable_set(self) -> frozenset[Address]:
        """The usable addresses as a set."""
        return frozenset(self.usable)

    @property
    def name(self) -> str:
        """The resolved name, or the given addresses separated by commas. Empty for a host without addresses."""
        return ", ".join(map(str, self.answers)) if self.asked is None else self.asked

    @property
    def is_literal(self) -> bool:
        """Whether addresses were given instead of a name."""
        return self.asked is None

    def findings(self) -> Iterable[Finding]:
        """Yield the findings about the name and its addresses."""
        yield from self.remarks
        for address in self.unusable:
            yield Finding(
                FindingCode.ANSWER_UNUSABLE,
                Severity.WARNING,
                f"{quote(str(address))} is {_article(address.unusable)} address, which no interface can own",
                addresses=(str(address),),
                hint=_why_unusable(address, is_literal=self.is_literal),
            )
        if not self.complete:
            yield Finding(
                FindingCode.ANSWERS_INCOMPLETE,
                Severity.WARNING,
                "an address family could not be resolved, so answers may be missing",
                hint="try again when the name servers answer",
            )

    def to_dict(self) -> dict[str, object]:
        """Return the addresses as a JSON-compatible dict: the member `host` of a decision document."""
        data: dict[str, object] = json.decode(json.encode(self.document()))
        return data

    def document(self) -> HostDocument:
        """Return the member `host` of a decision document, which does not depend on the order of the answer."""
        texts = tuple(map(str, self.answers))
        unusable = tuple([Unusable(str(address), address.unusable) for address in self.unusable])
        usable = tuple(map(str, self.usable)) if unusable else texts
        name = ", ".join(texts) if self.asked is None else self.asked
        return HostDocument(name, self.is_literal, self.complete, usable, unusable)


def _version(address: Address) -> int:
    return address.version


_COMPARED = ("answers", "asked", "complete", "first", "remarks", "withheld")


def _why_unusable(address: Address, *, is_literal: bool) -> str:
    """Return a hint that names a possible source of a loopback address; empty for any other address."""
    if address.unusable != "loopback":
        return ""
    if str(address) == _DEBIAN_LOOPBACK:
        return "Debian's installer writes 127.0.1.1 for the host's own name into /etc/hosts; " + _OTHER_ADDRESS
    return (
        _OTHER_ADDRESS
        if is_literal
        else f"a loopback address means the machine that resolved the name; {_OTHER_ADDRESS}"
    )


def _article(word: str) -> str:
    return f"an {word}" if word[0] in "aeiou" else f"a {word}"
