"""The time of `activenic test` on 2 000 tests: one file or many, one process or several, passing or failing.

Run: python -m benchmarks.policy_tests. Each number is the median of several runs in fresh processes, which run
alternately. `processors` is the number of processors that a run can use.
"""

from __future__ import annotations

import os
import platform
import statistics
import subprocess
import sys
import tempfile
import time
from pathlib import Path

from msgspec import Struct

import evaluator

TESTS = 2000
MOST_IN_A_FILE = 1700  # a test file is at most 256 KiB long
ROUNDS = 3
COMMAND = [sys.executable, "-c", "import sys; from evaluator.cli.main import main; sys.exit(main())", "test"]
POLICY = "policy: site\nextends: strict\nrules:\n  - {name: no-lab, rule: discard nic when nic.name like 'lab*'}\n"
CASE = """  - name: host {0}
    given: bond0 over ens1, ens2; bond0.100 on bond0 has 192.0.2.{1}/24
    host: 192.0.2.{1}
    want: resolved {2}
"""


class Run(Struct, frozen=True):
    """One row of the table: its name, its folder of tests, its options, its processors."""

    name: str
    folder: Path
    options: tuple[str, ...]
    processors: int


def folder_of(root: Path, name: str, files: int, wanted: str) -> Path:
    """Make a folder of test files for one policy."""
    folder = root / name
    folder.mkdir()
    (folder / "site.yaml").write_text(POLICY)
    for file in range(files):
        cases = (CASE.format(at, at % 250 + 1, wanted) for at in range(file, TESTS, files))
        (folder / f"{file}.test.yaml").write_text("policy: site.yaml\ntests:\n" + "".join(cases))
    return folder


def runs(root: Path) -> list[Run]:
    """Return the rows of the table."""
    processors = len(os.sched_getaffinity(0))
    few, many = (folder_of(root, f"{files}", files, "bond0.100") for files in (-(-TESTS // MOST_IN_A_FILE), 40))
    failing = folder_of(root, "failing", 40, "bond0")
    return [
        *(Run("2 files", few, (), number) for number in {1, processors}),
        *(Run("40 files", many, (), number) for number in {1, processors}),
        *(Run("40 files, --coverage", many, ("--coverage",), number) for number in {1, processors}),
        *(Run("40 files, JUnit", many, ("--output", "junit"), number) for number in {processors}),
        *(Run("40 files, every test fails", failing, (), number) for number in {1, processors}),
    ]


def seconds(run: Run) -> float:
    """Run the command and return its duration in seconds."""
    everything = os.sched_getaffinity(0)
    os.sched_setaffinity(0, set(sorted(everything)[: run.processors]))
    start = time.perf_counter()
    done = subprocess.run([*COMMAND, *run.options, str(run.folder)], check=False, stdout=subprocess.DEVNULL)
    taken = time.perf_counter() - start
    os.sched_setaffinity(0, everything)
    assert done.returncode == (8 if "fails" in run.name else 0)
    return taken


def main() -> None:
    """Print the table."""
    with tempfile.TemporaryDirectory() as root:
        rows = runs(Path(root))
        taken: dict[int, list[float]] = {at: [] for at in range(len(rows))}
        for _ in range(ROUNDS):
            for at, run in enumerate(rows):
                taken[at].append(seconds(run))
    print(f"activenic {evaluator.__version__}, Python {platform.python_version()}, {TESTS} tests")
    print("| tests | processors | seconds |")
    print("| --- | ---: | ---: |")
    for at, run in enumerate(rows):
        print(f"| {run.name} | {run.processors} | {statistics.median(taken[at]):.1f} |")


if __name__ == "__main__":
    main()
