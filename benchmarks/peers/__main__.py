"""The one command: check that all agree, time them in turns, print ratios."""

from __future__ import annotations

import argparse
import importlib
import platform
import sys

import evaluator
from benchmarks.peers import tables
from benchmarks.peers.agreement import disagreements
from benchmarks.peers.contest import Absent, Contender
from benchmarks.peers.timing import POOLS, measured

FIELD = ("ours", "by_hand", "fast", "jsonlogic", "rego", "opa", "zen", "cedar", "cel", "rules")


def field() -> list[Contender]:
    """Return all contenders whose packages are installed; say which are not."""
    found: list[Contender] = []
    for name in FIELD:
        try:
            found += importlib.import_module(f"benchmarks.peers.{name}").contenders()
        except (Absent, ImportError) as error:
            print(f"skipped: {name}, for want of its package ({error})")
    return found


def options() -> argparse.Namespace:
    """Return what the command line asks for."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.peers", description=__doc__)
    parser.add_argument("--sizes", type=int, nargs="+", choices=POOLS, default=list(POOLS))
    parser.add_argument("--seconds", type=float, default=15, help="how long each size and stack may take")
    parser.add_argument("--by-kind", action="store_true", help="a table for each size and stack as well")
    parser.add_argument("--check-only", action="store_true", help="check that all agree; time nothing")
    return parser.parse_args()


def main() -> int:
    """Print the tables; return 1 if engines disagree without a known reason."""
    asked = options()
    contenders = field()
    if unknown := disagreements(contenders):
        print("\n".join(unknown))
        return 1
    if asked.check_only:
        return 0
    results = {
        (size, dual): measured(contenders, size, dual, asked.seconds) for size in asked.sizes for dual in (False, True)
    }
    print(
        f"\nactivenic {evaluator.__version__}, Python {platform.python_version()}; medians taken in turns in one run,"
    )
    print("a fresh host for every decision, from the text of the report; geometric means over the kinds of question")
    tables.print_rows(contenders, results)
    if asked.by_kind:
        tables.print_kinds(contenders, results)
    tables.print_omissions(contenders)
    return 0


if __name__ == "__main__":
    sys.exit(main())
