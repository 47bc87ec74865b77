"""Writes the coverage of policies in the format of lcov (`geninfo(1)`).

A rule is written as a function (`FN`, `FNDA`). Its count is the number of tests in which the rule fired. A rule or
clause is also written as a block of two branches (`BRDA`). Branch 0 means fired or true, and branch 1 means not fired
or false. If several rules or clauses are on one line, the line (`DA`) has the largest number of evaluations.
"""

from __future__ import annotations

import sys
from collections.abc import Iterable, Iterator
from typing import TextIO

from evaluator.base.text import visible
from evaluator.render.test_results.form import View
from evaluator.render.test_results.lines import by_line, hits
from evaluator.render.test_results.text import write_failures
from evaluator.testing.covered import Coverage, CoveredPlace
from evaluator.testing.outcome import Demands, FileOutcome, RunOutcome


def write(files: Iterable[FileOutcome], demands: Demands, _: View, stream: TextIO) -> None:
    """Write the coverage; failing tests are printed to standard error, because the format has no place for them."""
    run = RunOutcome(tuple(files), demands)
    for file, coverage in () if run.coverage is None else run.coverage.by_file():
        stream.writelines(f"{line}\n" for line in _record(visible(file.path), coverage))
    write_failures(run, sys.stderr)


def _record(path: str, coverage: Coverage) -> Iterator[str]:
    rules = coverage.of_kind("rule").places
    yield "TN:"
    yield f"SF:{path}"
    yield from (f"FN:{rule.line},{rule.rule}" for rule in rules)
    yield from (f"FNDA:{rule.true},{rule.rule}" for rule in rules)
    yield f"FNF:{len(rules)}"
    yield f"FNH:{sum(rule.true > 0 for rule in rules)}"
    lines = by_line(coverage)
    for number, places in lines.items():
        for block, place in enumerate(places):
            yield from (f"BRDA:{number},{block},{branch},{count}" for branch, count in enumerate(_taken(place)))
    yield f"BRF:{coverage.total}"
    yield f"BRH:{coverage.covered}"
    yield from (f"DA:{number},{hits(places)}" for number, places in lines.items())
    yield f"LF:{len(lines)}"
    yield f"LH:{sum(hits(places) > 0 for places in lines.values())}"
    yield "end_of_record"


def _taken(place: CoveredPlace) -> tuple[str, ...]:
    """Return the counts of the two branches; a dash for both if the place was never evaluated."""
    counts = (place.true, place.false)
    return tuple(map(str, counts)) if any(counts) else ("-", "-")
