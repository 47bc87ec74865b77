"""The command: check that all engines agree, measure them alternately, print ratios."""

from __future__ import annotations

import argparse
import importlib
import platform
import sys
from collections.abc import Sequence

import evaluator
from benchmarks import growth, memory, profile, start
from benchmarks.peers import tables, targets
from benchmarks.peers.agreement import disagreements
from benchmarks.peers.contest import Contender
from benchmarks.peers.timing import POOLS, measured

CEL = ("cel_cpp", "cel_rust", "cel_python")
FIELD = ("ours", "by_hand", "fast", "jsonlogic", "rego", "opa", "zen", "cedar", *CEL, "rules")
CHECKED = 64


def field() -> list[Contender]:
    """Return all contenders whose packages are installed; print the names of the others.

    The module of a contender imports its package, so the import of the module fails if the package is not installed.
    """
    found: list[Contender] = []
    for name in FIELD:
        try:
            found += importlib.import_module(f"benchmarks.peers.{name}").contenders()
        except ImportError as error:
            print(f"skipped: {name}, because its package is not installed ({error})")
    return found


def options(arguments: Sequence[str] | None) -> argparse.Namespace:
    """Return the options of the command line."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.peers", description=__doc__)
    parser.add_argument("--sizes", type=int, nargs="+", choices=POOLS, default=list(POOLS))
    parser.add_argument("--seconds", type=float, default=15, help="time for each size and stack")
    parser.add_argument("--by-kind", action="store_true", help="also print a table for each size and stack")
    parser.add_argument("--decisions", type=int, default=memory.DECISIONS, help="decisions to store, to measure memory")
    parser.add_argument("--targets-only", action="store_true", help="print only the targets")
    parser.add_argument("--check-only", action="store_true", help="check that all agree; measure nothing")
    return parser.parse_args(arguments)


def main(arguments: Sequence[str] | None = None) -> int:
    """Print the tables; return 1 if engines disagree without a known reason."""
    asked = options(arguments)
    contenders = field()
    if unknown := disagreements(contenders, sorted({min(size, CHECKED) for size in asked.sizes})):
        print("\n".join(unknown))
        return 1
    if asked.check_only:
        return 0
    print(f"\nactivenic {evaluator.__version__}, Python {platform.python_version()}; medians, alternately in one run,")
    print("a new host for every decision, from the text of the report; geometric means over the kinds of question")
    if not asked.targets_only:
        print_tables(contenders, asked)
    tables.print_omissions(contenders)
    targets.print_targets(contenders, asked.seconds)
    profile.main()
    growth.main()
    start.main()
    memory.compare(asked.decisions)
    return 0


def print_tables(contenders: list[Contender], asked: argparse.Namespace) -> None:
    """Measure all contenders with all sizes, and print the comparison."""
    results = {
        (size, dual): measured(contenders, size, dual, asked.seconds) for size in asked.sizes for dual in (False, True)
    }
    tables.print_rows(contenders, results)
    if asked.by_kind:
        tables.print_kinds(contenders, results)


if __name__ == "__main__":
    sys.exit(main())
