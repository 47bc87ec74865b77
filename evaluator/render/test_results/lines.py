"""Groups the places of a policy by line, for the coverage formats that count lines."""

from __future__ import annotations

from evaluator.testing.covered import Coverage, CoveredPlace


def by_line(coverage: Coverage) -> dict[int, tuple[CoveredPlace, ...]]:
    """Return the places of each line that has places, in the order of the lines."""
    lines: dict[int, list[CoveredPlace]] = {}
    for place in coverage.places:
        lines.setdefault(place.line, []).append(place)
    return {number: tuple(lines[number]) for number in sorted(lines)}


def hits(places: tuple[CoveredPlace, ...]) -> int:
    """Return how often a line was evaluated: the largest number of evaluations of its places."""
    return max(place.true + place.false for place in places)
