"""The two inputs of a decision that describe the host: what it reports, and what it is addressed by."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from typing import TYPE_CHECKING

from evaluator.diagnostic import Severity
from evaluator.facts.address import Address, in_order
from evaluator.facts.link import Link
from evaluator.facts.literal import parse_literals
from evaluator.facts.route import Route
from evaluator.facts.spelt import Spelt
from evaluator.facts.topology import Topology
from evaluator.finding import Finding, FindingCode
from evaluator.frozen import dataclass, field
from evaluator.text import quote

if TYPE_CHECKING:
    from evaluator.facts.literal import Literal


@dataclass(frozen=True, slots=True)
class HostFacts:
    """One host as its report describes it.

    `links` is sorted by name (code points). `networks` are the logical networks on the host,
    sorted. `blocked` are routes that lead nowhere (unreachable, blackhole, prohibit). `slaves` and
    `ports` are the names that stand in some bond or bridge.
    `longest_list` is at least the length of any list of one link (addresses, routes). `lacking` holds
    the words of the rule language, such as `nic is up`, that the report's format can never supply.
    `absent_families` (4, 6) are those of which no link has an address, if the reporting tool can leave a family out.
    `pointers` maps a fact of the host itself to its JSON Pointer.
    """

    links: tuple[Link, ...]
    networks: tuple[str, ...] = ()
    last_client_iface: str | None = None
    blocked: tuple[Route, ...] = ()
    lacking: frozenset[str] = frozenset()
    absent_families: frozenset[int] = frozenset()
    pointers: Mapping[str, str] = field(default_factory=dict, repr=False, compare=False)
    by_name: dict[str, Link] = field(init=False, repr=False, compare=False)
    topology: Topology = field(init=False, repr=False, compare=False)
    slaves: frozenset[str] = field(init=False, repr=False, compare=False)
    ports: frozenset[str] = field(init=False, repr=False, compare=False)
    longest_list: int = field(init=False, repr=False, compare=False)

    def __post_init__(self) -> None:
        object.__setattr__(self, "links", tuple(sorted(self.links, key=lambda link: link.name)))

    def __getattr__(self, name: str) -> object:
        """Make what only some ask for."""
        make = _DERIVED.get(name)
        if make is None:
            raise AttributeError(f"a host has no {name!r}")
        value = make(self.links)
        object.__setattr__(self, name, value)
        return value

    def link(self, name: str) -> Link:
        """Return a described interface by its name."""
        return self.by_name[name]

    def owned(self, host: HostAddresses) -> Mapping[str, frozenset[Address]]:
        """Return the interfaces that own usable host addresses, and which."""
        usable = host.usable_set
        numbers = {address.number for address in usable}  # which are faster to look up
        near = [link for link in self.links if any(one.address.number in numbers for one in link.addresses)]
        return {link.name: link.address_set & usable for link in near if not usable.isdisjoint(link.address_set)}

    def owners(self, names: Iterable[str]) -> tuple[Link, ...]:
        """Return the interfaces of these names, sorted by name."""
        return tuple(map(self.link, sorted(names)))

    def named(self, name: str | None) -> tuple[Link, ...]:
        """Return the described interface of a name, if there is one."""
        return (self.by_name[name],) if name in self.by_name else ()

    def owning(self, address: Address | None) -> tuple[Link, ...]:
        """Return the interfaces that own an address, sorted by name."""
        return tuple(link for link in self.links if address in link.address_set)

    def is_above(self, upper: str, lower: str) -> bool:
        """Return whether one interface stands transitively above another."""
        return self.topology.is_above(upper, lower)

    @property
    def size(self) -> int:
        """The number of interfaces."""
        return len(self.links)

    def is_below(self, bound: int) -> bool:
        """Return whether the interfaces are fewer, and all lists of each link shorter; where in doubt, not."""
        return len(self.links) < bound and self.longest_list < bound

    @property
    def list_bound(self) -> int:
        """A length that no list of one link exceeds."""
        return self.longest_list

    def close_list_bound(self) -> int:
        """Return such a length that is near to the longest list's, though it takes a look at each link."""
        return self.longest_list

    def stack_bound(self) -> int:
        """Return a number that `topology.largest_stack` does not exceed."""
        return self.topology.largest_stack

    def route_to(self, address: Address) -> tuple[Link, ...]:
        """Return the links by which the host reaches an address: longest prefix, then least metric; sorted by name."""
        reached = {
            link.name: min((way.rank for way in link.ways if address in way.destination), default=_NOWHERE)
            for link in self.links
        }
        stopped = min((way.rank for way in self.blocked if address in way.destination), default=_NOWHERE)
        best = min((stopped, *reached.values()))
        if best in (stopped, _NOWHERE):
            return ()
        return tuple(link for link in self.links if reached[link.name] == best)


@dataclass(frozen=True, slots=True)
class HostAddresses:
    """The addresses a host is asked by, frozen once.

    `answers` holds all of them and `usable` those that an interface can own, both sorted by family
    and number. `asked` is the name that was asked, None where addresses were given. `complete` is
    False where a family failed. `first` is the first answer in wire order, A before AAAA.
    `remarks` are findings on the name and its look-up, `resolution` is how it was resolved (None for
    literals), `withheld` are answers that do not count because a complete set was required.
    `spelt` finds the usable ones among texts.
    """

    answers: tuple[Address, ...] = ()
    asked: str | None = None
    complete: bool = True
    first: Address | None = None
    remarks: tuple[Finding, ...] = ()
    resolution: Mapping[str, object] | None = field(default=None, repr=False, compare=False)
    withheld: tuple[Address, ...] = ()
    usable: tuple[Address, ...] = field(init=False)
    unusable: tuple[Address, ...] = field(init=False)
    usable_set: frozenset[Address] = field(init=False, repr=False, compare=False)
    spelt: Spelt = field(init=False, repr=False, compare=False)

    def __post_init__(self) -> None:
        answers = tuple(self.answers) if len(self.answers) < 2 else in_order(self.answers)
        unusable = tuple([address for address in answers if address.unusable])
        usable = tuple([address for address in answers if not address.unusable]) if unusable else answers
        _put_answers(self, answers)
        _put_usable(self, usable)
        _put_unusable(self, unusable)

    def __getattr__(self, name: str) -> object:
        """Make what only some decisions ask for."""
        if name not in _MADE_LATE:
            raise AttributeError(f"host addresses have no {name!r}")
        value = _MADE_LATE[name](self.usable)
        object.__setattr__(self, name, value)
        return value

    @classmethod
    def of(cls, *addresses: Literal) -> HostAddresses:
        """Return the given literals as a frozen set, without any I/O; HostNameError names each that is none.

        Accepted: IPv4 as four decimal numbers, IPv6 in any spelling, in brackets or not, and a zone
        on a link-local address (it is the asker's own and is dropped).
        """
        found = parse_literals(addresses)
        host = cls.__new__(cls)
        _put_answers(host, tuple(found))
        _put_asked(host, None)
        _put_complete(host, True)
        _put_first(host, found[0] if found else None)
        _put_remarks(host, ())
        _put_resolution(host, None)
        _put_withheld(host, ())
        host.__post_init__()
        _put_spelt(host, Spelt(host.usable))  # what is missing costs more to notice
        return host

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
                f"{quote(str(address))} is {_article(address.unusable)} address and can be no interface's own",
                addresses=(str(address),),
            )
        if not self.complete:
            yield Finding(
                FindingCode.ANSWERS_INCOMPLETE,
                Severity.WARNING,
                "an address family could not be resolved, so answers may be missing",
                hint="ask again when the name servers answer",
            )

    def to_dict(self) -> dict[str, object]:
        """Return the addresses as JSON-ready data, independent of the order of the answers."""
        return {
            "name": self.name,
            "literal": self.is_literal,
            "complete": self.complete,
            "addresses": [str(address) for address in self.usable],
            "unusable": [{"address": str(a), "reason": a.unusable} for a in self.unusable],
        }


_MADE_LATE: Mapping[str, Callable[[tuple[Address, ...]], object]] = {"usable_set": frozenset, "spelt": Spelt}
# the quickest way to fill what is frozen: an engine makes these for each decision
_put_answers, _put_asked, _put_complete, _put_first, _put_remarks, _put_resolution, _put_withheld = (
    getattr(HostAddresses, name).__set__
    for name in ("answers", "asked", "complete", "first", "remarks", "resolution", "withheld")
)
_put_usable, _put_unusable, _put_spelt = (
    getattr(HostAddresses, name).__set__ for name in ("usable", "unusable", "spelt")
)

_DERIVED: Mapping[str, Callable[[tuple[Link, ...]], object]] = {
    "by_name": lambda links: {link.name: link for link in links},
    "topology": lambda links: Topology({link.name: link.lowers.names for link in links}),
    "slaves": lambda links: frozenset([name for link in links for name in link.lowers.slaves]),
    "ports": lambda links: frozenset([name for link in links for name in link.lowers.ports]),
    "longest_list": lambda links: max([link.longest_list for link in links], default=0) + 2,
}
_NOWHERE = (1, 0)


def _article(word: str) -> str:
    return f"an {word}" if word[0] in "aeiou" else f"a {word}"
