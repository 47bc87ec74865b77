"""Tables of ratios: the times of other engines as multiples of the time of activenic."""

from __future__ import annotations

import statistics
from collections.abc import Sequence
from importlib.metadata import version

from benchmarks.peers.contest import EXPLANATION, FINDINGS, NAME, TRACE, Contender
from benchmarks.peers.questions import KINDS
from benchmarks.peers.timing import Medians

ROWS = {
    NAME: "name and status only",
    TRACE: "with reject and ambiguous codes, and the trace",
    FINDINGS: "with all findings",
    EXPLANATION: "with the full explanation; for others their own trace, or a trace rule for every interface",
}
US = "activenic"
Cell = tuple[int, bool]


def ratio(value: float) -> str:
    """Return a ratio with its significant digits."""
    return f"{value:.0f}" if value >= 10 else f"{value:.2g}"


def mean(medians: dict[str, float]) -> float:
    """Return the geometric mean over the kinds of question, so that every kind has the same weight."""
    return statistics.geometric_mean(medians.values())


def print_rows(contenders: Sequence[Contender], results: dict[Cell, Medians]) -> None:
    """Print a table for each row: the times of the other engines as multiples of the time of activenic."""
    heads = [f"{size} {'dual' if dual else 'single'}" for size, dual in results]
    for row, title in ROWS.items():
        if row == FINDINGS:  # no peer's policy states them
            continue
        print(f"\n{title}: times what activenic takes\n")
        print(f"| engine | {' | '.join(heads)} |\n| --- |{' ---: |' * len(heads)}")
        for contender in contenders:
            if contender.row == row:
                print(f"| {contender.name} | {' | '.join(cells(contender, row, results))} |")
            elif contender.row == NAME and row != EXPLANATION and contender.name != US:
                print(f"| {contender.name}, name and status only | {' | '.join(cells(contender, row, results))} |")
    print("\nactivenic's rows: times its own name and status\n")
    print(f"| row | {' | '.join(heads)} |\n| --- |{' ---: |' * len(heads)}")
    for row in ROWS:
        own = [against((US, NAME), (US, row), medians) for medians in results.values()]
        print(f"| {row} | {' | '.join(own)} |")


def cells(contender: Contender, row: str, results: dict[Cell, Medians]) -> list[str]:
    """Return the ratios of a contender to activenic."""
    return [against((US, row), (contender.name, contender.row), medians) for medians in results.values()]


def against(base: tuple[str, str], other: tuple[str, str], medians: Medians) -> str:
    """Return the time of `other` as a multiple of the time of `base`, or which of them was too slow to be measured."""
    for key in (other, base):
        if key not in medians:
            return "not timed" if key == other else f"{base[0]} not timed"
    return ratio(mean(medians[other]) / mean(medians[base]))


def print_kinds(contenders: Sequence[Contender], results: dict[Cell, Medians]) -> None:
    """Print a table for each size and stack, by kind of question."""
    for (size, dual), medians in results.items():
        print(f"\n{size} interfaces, {'dual' if dual else 'single'}-stack: times what activenic takes\n")
        print(f"| engine | row | {' | '.join(KINDS)} |\n| --- | --- |{' ---: |' * len(KINDS)}")
        for contender in contenders:
            times, ours = medians.get((contender.name, contender.row)), medians.get((US, contender.row))
            if times and ours:
                line = " | ".join(ratio(times[kind] / ours[kind]) for kind in KINDS)
                print(f"| {contender.name} | {contender.row} | {line} |")


def print_omissions(contenders: Sequence[Contender]) -> None:
    """Print the parts that each engine leaves out, and the versions of its packages."""
    print("\n| engine | packages | leaves out |\n| --- | --- | --- |")
    for contender in contenders:
        packages = ", ".join(f"{name} {version(name)}" for name in contender.packages) or "standard library"
        print(f"| {contender.name} ({contender.row}) | {packages} | {', '.join(contender.leaves_out) or '–'} |")
