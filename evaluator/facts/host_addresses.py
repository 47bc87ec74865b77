"""What the host is addressed by: the second input of a decision, beside what it reports (`host.py`)."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from functools import cached_property
from typing import TYPE_CHECKING

from msgspec import Struct, json

from evaluator.base.diagnostic import Severity
from evaluator.base.finding import Finding, FindingCode
from evaluator.base.text import quote
from evaluator.facts.address import Address, in_order
from evaluator.facts.literal import parse_literals

if TYPE_CHECKING:
    from evaluator.facts.literal import Literal

_OF_DEBIAN = "127.0.1.1"
_OTHER_ADDRESS = "use an address that other hosts can reach"


class Unusable(Struct, frozen=True):
    """An address that no interface can own, and why."""

    address: str
    reason: str


class HostDocument(Struct, frozen=True):
    """The addresses as they are in a decision document, member by member."""

    name: str
    literal: bool
    complete: bool
    addresses: tuple[str, ...]
    unusable: tuple[Unusable, ...]


class HostAddresses(Struct, frozen=True, dict=True, eq=False):
    """The addresses a host is asked by, frozen once.

    `answers` holds all of them and `usable` those that an interface can own, both sorted by family
    and number (`address.in_order`). `asked` is the name that was asked, None if addresses were given. `complete`
    is False if the query of a family failed. `first` is the first answer in wire order, A before AAAA.
    `remarks` are findings on the name and its look-up, `resolution` is how it was resolved (None for
    literals), `withheld` are answers that do not count because a complete set was required.
    """

    answers: tuple[Address, ...] = ()
    asked: str | None = None
    complete: bool = True
    first: Address | None = None
    remarks: tuple[Finding, ...] = ()
    resolution: Mapping[str, object] | None = None
    withheld: tuple[Address, ...] = ()

    def __post_init__(self) -> None:
        """Refuse answers that are not sorted: ValueError, for a decision must not depend on their order."""
        if len(self.answers) > 1 and in_order(self.answers) != self.answers:
            raise ValueError("the answers are not in order")

    @classmethod
    def of(cls, *addresses: Literal, name: str | None = None, complete: bool = True) -> HostAddresses:
        """Return the given literals as a frozen set, without any I/O; HostNameError names each invalid one.

        Accepted: IPv4 as four decimal numbers, IPv6 in any spelling, in brackets or not, and a zone
        on a link-local address (it is the asker's own and is dropped). With `name` the addresses are what a resolver
        answered for that name, in its order; `complete` is False if the query of an address family failed.
        """
        found = parse_literals(addresses)
        first = found if name is None else sorted(found, key=_version)
        return cls(in_order(found), name, complete, first[0] if first else None)

    def __eq__(self, other: object) -> bool:
        same = isinstance(other, HostAddresses)
        return same and all(getattr(self, name) == getattr(other, name) for name in _COMPARED)

    def __ne__(self, other: object) -> bool:
        return not self == other

    def __hash__(self) -> int:
        return hash((self.answers, self.asked))

    @cached_property
    def usable(self) -> tuple[Address, ...]:
        """The addresses that an interface can own."""
        return tuple([address for address in self.answers if not address.unusable])

    @property
    def unusable(self) -> tuple[Address, ...]:
        """Those that none can own."""
        return tuple([address for address in self.answers if address.unusable])

    @property
    def usable_set(self) -> frozenset[Address]:
        """The usable addresses as a set."""
        return frozenset(self.usable)

    @property
    def name(self) -> str:
        """The name as asked, or the literals, or an empty text for the empty set."""
        return ", ".join(map(str, self.answers)) if self.asked is None else self.asked

    @property
    def is_literal(self) -> bool:
        """Whether addresses were given instead of a name."""
        return self.asked is None

    def findings(self) -> Iterable[Finding]:
        """Yield what is wrong with the name and its answers."""
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
                hint="ask again when the name servers answer",
            )

    def to_dict(self) -> dict[str, object]:
        """Return the addresses as JSON-ready data, as they are in a document."""
        found: dict[str, object] = json.decode(json.encode(self.document()))
        return found

    def document(self) -> HostDocument:
        """Return the addresses as they are in a document, independent of the order of the answers."""
        texts = tuple(map(str, self.answers))
        unusable = tuple([Unusable(str(address), address.unusable) for address in self.unusable])
        usable = tuple(map(str, self.usable)) if unusable else texts
        name = ", ".join(texts) if self.asked is None else self.asked
        return HostDocument(name, self.is_literal, self.complete, usable, unusable)


def _version(address: Address) -> int:
    return address.version


_COMPARED = ("answers", "asked", "complete", "first", "remarks", "withheld")


def _why_unusable(address: Address, *, is_literal: bool) -> str:
    """Return where an address comes from that means the host itself, empty for any other."""
    if address.unusable != "loopback":
        return ""
    if str(address) == _OF_DEBIAN:
        return "Debian's installer writes 127.0.1.1 for the host's own name into /etc/hosts; " + _OTHER_ADDRESS
    return _OTHER_ADDRESS if is_literal else "the name means the host itself where it was looked up; " + _OTHER_ADDRESS


def _article(word: str) -> str:
    return f"an {word}" if word[0] in "aeiou" else f"a {word}"
