"""Mutation testing of the packages that decide: `make mutation`.

    make mutation                     500 mutants, drawn with the seed 16
    make mutation MUTANTS=50 SEED=7   fewer, others
    python -m tests.mutation --again  only those of the last sample that survived

A mutant is the code with one small mistake: `<` for `<=`, an argument left out, a text in upper case. A test that calls
the mutated function must fail: the mutant is killed. A mutant that no test kills needs a test, or an entry in
equivalent.toml with the reason why nobody can see its mistake; a change of one of its lines makes an entry void. The
command fails if fewer than 95 of 100 of those without an entry are killed. It works in a copy of the tree, so that an
interrupted run changes nothing.
"""

from __future__ import annotations

import argparse
import json
import os
import random
import shutil
import subprocess
import sys
import tempfile
import tomllib
from collections.abc import Sequence
from pathlib import Path

from tests.mutation.mutants import Mutant, draw, propose, write
from tests.mutation.run import ENDS, KILLED, PLAN

ROOT = Path(__file__).parents[2]
EQUIVALENT = Path(__file__).with_name("equivalent.toml")
SURVIVORS = ROOT / ".mutation" / "survivors.json"
LEAST_KILLED = 0.95
# those that call the packages in their own process, but for those that take minutes or do not bear mutated modules
TESTS = (
    *("tests/facts", "tests/decision", "tests/explain", "tests/policy", "tests/report", "tests/audit"),
    *("tests/testing", "tests/workbench", "tests/render", "tests/project/test_api.py"),
    "--ignore=tests/audit/test_log_crash.py",
    *("--ignore=tests/decision/test_growth.py", "--ignore=tests/render/test_html_browser.py"),
    "--deselect=tests/project/test_api.py::test_the_api_page_describes_every_name_and_attribute",
    "--deselect=tests/project/test_api.py::test_the_readmes_commands_succeed_in_their_order",
)


def copy_tree(target: Path) -> None:
    """Copy the files of the repository that git does not ignore."""
    listed = subprocess.run(["git", "ls-files", "-co", "--exclude-standard"], cwd=ROOT, capture_output=True, check=True)
    for name in listed.stdout.decode().splitlines():
        if (ROOT / name).is_file():
            (target / name).parent.mkdir(parents=True, exist_ok=True)
            shutil.copy2(ROOT / name, target / name)


def run(tree: Path, mutants: dict[str, Mutant], options: argparse.Namespace) -> dict[str, str]:
    """Return how each mutant ended, by mutmut's names."""
    plan = {
        "mutants": {name: str(mutant) for name, mutant in mutants.items()},
        "processes": options.processes,
        "seconds": options.seconds,
    }
    (tree / PLAN).write_text(json.dumps(plan))
    environment = {
        **os.environ,
        "HYPOTHESIS_PROFILE": "few",
        "PYTHONHASHSEED": "0",
        "PYTHONPATH": str(tree),
        "PYTEST_DEBUG_TEMPROOT": str(tree),
    }
    plugins = ("-p", "tests.mutation.run", "-p", "no:cacheprovider", "-p", "no:xdist", "--capture=sys")
    command = [sys.executable, "-m", "pytest", *plugins, "-m", "not system", *options.tests]
    subprocess.run(command, cwd=tree, env=environment, check=False)  # 1 if a file of tests cannot be imported
    ends: dict[str, str] = json.loads((tree / ENDS).read_text())
    return ends


def equivalent() -> dict[Mutant, str]:
    """Return the mutants whose mistake nobody can see, each with the reason."""
    entries = tomllib.loads(EQUIVALENT.read_text(encoding="utf-8")).get("mutant", [])
    return {
        Mutant(entry["file"], entry["function"], tuple(entry["removed"]), tuple(entry["added"])): entry["reason"]
        for entry in entries
    }


def report(mutants: dict[str, Mutant], ends: dict[str, str]) -> bool:
    """Print the survivors and the figures; return whether enough are killed."""
    reasons = equivalent()
    survivors = [name for name, end in ends.items() if end not in KILLED]
    for name in survivors:
        print(f"\n{ends[name]}: {mutants[name]}\n{reasons.get(mutants[name], 'no entry in equivalent.toml')}")
    SURVIVORS.parent.mkdir(exist_ok=True)
    SURVIVORS.write_text(json.dumps([str(mutants[name]) for name in survivors]))
    unknown = [name for name in survivors if mutants[name] not in reasons]
    counts = ", ".join(f"{list(ends.values()).count(end)} {end}" for end in sorted({*ends.values()}))
    killable = len(ends) - len(survivors) + len(unknown)
    share = (killable - len(unknown)) / max(killable, 1)
    print(f"\n{len(ends)} mutants: {counts}")
    print(f"{len(survivors) - len(unknown)} of them are equivalent; {share:.1%} of the others are killed")
    return share >= LEAST_KILLED


def main(arguments: Sequence[str] | None = None) -> int:
    """Draw the sample, run its tests in a temporary copy and report; 1 if too many mutants survive."""
    parser = argparse.ArgumentParser(description="mutation testing of the packages that decide")
    parser.add_argument("--mutants", type=int, default=500)
    parser.add_argument("--seed", type=int, default=16)
    parser.add_argument("--processes", type=int, default=len(os.sched_getaffinity(0)))
    parser.add_argument(
        "--seconds", type=float, default=40, help="of processor time for tests of the own package, and again of others"
    )
    parser.add_argument("--again", action="store_true", help="only the mutants that survived the last time")
    parser.add_argument("tests", nargs="*", default=TESTS, help="arguments for pytest")
    options = parser.parse_args(arguments)
    with tempfile.TemporaryDirectory(prefix="mutation-") as folder:
        tree = Path(folder)
        copy_tree(tree)
        modules = list(propose(tree))
        print(f"{sum(len(module.mutations) for module in modules)} mutants, seed {options.seed}", flush=True)
        mutants = write(tree, draw(modules, options.mutants, options.seed))
        if options.again:
            survivors = set(json.loads(SURVIVORS.read_text()))
            mutants = {name: mutant for name, mutant in mutants.items() if str(mutant) in survivors}
        names = list(mutants)
        random.Random(options.seed).shuffle(names)  # the first of them are a sample too
        return 0 if report(mutants, run(tree, {name: mutants[name] for name in names}, options)) else 1


if __name__ == "__main__":
    sys.exit(main())
