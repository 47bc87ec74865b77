"""Writes the coverage of policies in the format of lcov (`geninfo(1)`).

lcov knows functions, branches and lines, but no rules and clauses. So a policy is written as follows:
- Each rule is a function (`FN`). The count of the function (`FNDA`) is the number of tests in which the rule fired.
- Each rule and each clause has two branches (`BRDA`). Branch 0 counts "fired" or "true", and branch 1 counts "did not
  fire" or "false".
- The count of a line (`DA`) is the number of evaluations of the rule or clause on this line. If several are on the
  line, the count is the largest of these numbers.
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
    """Return the counts of the two branches of a rule or clause. If it was never evaluated, both are a dash."""
    counts = (place.true, place.false)
    return tuple(map(str, counts)) if any(counts) else ("-", "-")
