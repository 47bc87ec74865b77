"""Groups the places of a policy by line, for the coverage formats that count lines."""

from __future__ import annotations

from evaluator.testing.covered import Coverage, CoveredPlace


def by_line(coverage: Coverage) -> dict[int, tuple[CoveredPlace, ...]]:
    """Return the rules and clauses (places) that begin in each line, in the order of the lines.

    Lines without places are left out.
    """
    lines: dict[int, list[CoveredPlace]] = {}
    for place in coverage.places:
        lines.setdefault(place.line, []).append(place)
    return {number: tuple(lines[number]) for number in sorted(lines)}


def hits(places: tuple[CoveredPlace, ...]) -> int:
    """Return the number of times that a line was evaluated. This is the largest number among the places of the line."""
    return max(place.true + place.false for place in places)
