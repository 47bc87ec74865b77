"""Describes the coverage of policies as data: how often each outcome of each rule and clause occurred.

A rule has two outcomes: fired and not fired. An outcome of a rule is counted once for each test. A clause has two
outcomes: true and false. An outcome of a clause is counted for each evaluation.

Clauses are the parts of a condition that `and`, `or` and `not` combine. For example, `nic is up and not (nic is bond)`
has two clauses: `nic is up` and `nic is bond`. The clauses in the body of a quantifier count too. If several rules use
a named condition, each clause of the named condition has one count, and all these rules add to this count.

Each rule or clause has a place in one text of a policy. If two policies extend the same base, the rules and clauses of
the base count once, and a test of either policy can cover them.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from fractions import Fraction

from msgspec import Struct
from msgspec.structs import replace

KINDS = ("rule", "clause")
_OUTCOMES = {"rule": ("fired", "not fired"), "clause": ("true", "false")}


class PolicyFile(Struct, frozen=True, order=True):
    """A text of a policy under test: the policy's name, the digest of the text, and the path of its file."""

    policy: str
    sha256: str
    path: str


class CoveredPlace(Struct, frozen=True):
    """A rule or a clause, and the number of times that each of its outcomes occurred.

    `rule` is the name of the rule; for a clause, the name of the first rule that uses the clause. `text` is the text of
    the clause or rule. `true` is how often the rule fired or the clause was true. `false` is how often the rule did not
    fire or the clause was false.
    """

    file: PolicyFile
    line: int
    column: int
    end: int
    kind: str
    rule: str
    text: str
    true: int = 0
    false: int = 0

    def plus(self, other: CoveredPlace) -> CoveredPlace:
        """Return this place with the counts of another place added to its counts."""
        return replace(self, true=self.true + other.true, false=self.false + other.false)

    @property
    def place(self) -> str:
        """The place as `policy:line:column`."""
        return f"{self.file.policy}:{self.line}:{self.column}"

    @property
    def outcomes(self) -> tuple[tuple[str, int], ...]:
        """The two outcomes with their counts."""
        return tuple(zip(_OUTCOMES[self.kind], (self.true, self.false), strict=True))

    @property
    def missing(self) -> tuple[str, ...]:
        """The outcomes that never occurred."""
        return tuple(outcome for outcome, count in self.outcomes if not count)


class Coverage(Struct, frozen=True):
    """The places of all policies under test, sorted by file, line and column."""

    places: tuple[CoveredPlace, ...]

    @classmethod
    def of(cls, places: Iterable[CoveredPlace]) -> Coverage:
        """Return the coverage of several runs. The counts of equal places are added."""
        merged: dict[tuple[object, ...], CoveredPlace] = {}
        for place in places:
            key = (place.file, place.line, place.column, KINDS.index(place.kind), place.end)
            earlier = merged.get(key)
            merged[key] = place if earlier is None else earlier.plus(place)
        return cls(tuple(merged[key] for key in sorted(merged)))

    @property
    def missing(self) -> tuple[CoveredPlace, ...]:
        """The places with an outcome that never occurred."""
        return tuple(place for place in self.places if place.missing)

    def of_kind(self, kind: str) -> Coverage:
        """Return the coverage of the rules or of the clauses."""
        return Coverage(tuple(place for place in self.places if place.kind == kind))

    def by_file(self) -> Iterator[tuple[PolicyFile, Coverage]]:
        """Yield the coverage of each policy text."""
        for file in dict.fromkeys(place.file for place in self.places):
            yield file, Coverage(tuple(place for place in self.places if place.file == file))

    @property
    def total(self) -> int:
        """The number of outcomes: two for each place."""
        return 2 * len(self.places)

    @property
    def covered(self) -> int:
        """The number of outcomes that occurred."""
        return self.total - sum(len(place.missing) for place in self.places)

    @property
    def share(self) -> Fraction:
        """The share of the outcomes that occurred, from 0 to 1; 0 if no place exists."""
        return Fraction(self.covered, self.total) if self.total else Fraction(0)

    @property
    def percent(self) -> str:
        """The share in percent with one decimal, rounded down, so that only full coverage is 100.0."""
        tenths = int(self.share * 1000)
        return f"{tenths // 10}.{tenths % 10}"
