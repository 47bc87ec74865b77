"""Millions of random cases: property tests, comparisons with the reference interpreter, and broken policies, in slices.

    make long                         all slices that have not passed yet, in order
    make long SLICE=3                 only this one, whether it passed or not
    make long LONG_SEED=7             other random cases

A slice is a fixed list of units, and each unit is a process with a seed of its own, so a unit that failed can be
repeated by its command. A unit that passed is written down in .long/ and is not run again, until the code changes.
A slice takes three or four minutes on two idle cores. After six minutes it begins no further unit, so that it ends
within ten, and running it again goes on from there.
"""

from __future__ import annotations

import argparse
import hashlib
import os
import shlex
import subprocess
import sys
import time
from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor, as_completed
from dataclasses import dataclass
from pathlib import Path

ROOT = Path(__file__).parent.parent
SLICES = 60
EXAMPLES = 300  # of each property test in one slice
_CASES = 10_000  # of one unit that compares with the reference
_COMPARISONS = 2
_TEXTS = 8_400  # of one unit that checks broken policies, or that mutates texts for the server: a million each in all
_CLAIMS = 150  # policies of one unit whose claims are tried on random hosts
_DECISIONS = 16_700  # of one unit that evaluates the solver's formulas: a million in all
_SECONDS = 6 * 60.0
_WATCHED = ("evaluator", "policies", "schemas", "tests")


@dataclass(frozen=True, slots=True)
class Unit:
    """One process: its name within the run, and its arguments after `python`."""

    name: str
    arguments: tuple[str, ...]

    @property
    def command(self) -> str:
        """The command that repeats the unit."""
        return f"HYPOTHESIS_PROFILE=long python {shlex.join(self.arguments)}"


@dataclass(frozen=True, slots=True)
class Outcome:
    """What a unit printed, and whether it passed."""

    unit: Unit
    passed: bool
    output: str


def plan(seed: int, number: int) -> tuple[Unit, ...]:
    """Return the units of a slice; slices are numbered from 1."""
    units = (*_comparisons(seed, number), *_broken_texts(seed, number), *_properties(seed, number))
    units = (*units, _killed_writers(seed, number), _formulas(seed, number), _searched_claims(seed, number))
    return (*units, *_small_hosts(number))


def _seed(seed: int, number: int, name: str) -> int:
    """Return a seed of 31 bits for one unit of one slice."""
    digest = hashlib.sha256(f"{seed} {number} {name}".encode()).digest()
    return int.from_bytes(digest[:4], "big") >> 1


def _comparisons(seed: int, number: int) -> Iterator[Unit]:
    for at in range(_COMPARISONS):
        name = f"{number}/equality-{at}"
        chosen = str(_seed(seed, number, name))
        yield Unit(name, ("-m", "tests.equality", "--cases", str(_CASES), "--seed", chosen))


def _broken_texts(seed: int, number: int) -> Iterator[Unit]:
    for at in range(_COMPARISONS):
        name = f"{number}/broken-policies-{at}"
        chosen = str(_seed(seed, number, name))
        yield Unit(name, ("-m", "tests.support.broken_policies", "--cases", str(_TEXTS), "--seed", chosen))
        name = f"{number}/server-texts-{at}"
        chosen = str(_seed(seed, number, name))
        yield Unit(name, ("-m", "tests.support.server_texts", "--cases", str(_TEXTS), "--seed", chosen))


def _properties(seed: int, number: int) -> Iterator[Unit]:
    for file in sorted((ROOT / "tests").rglob("test_*.py")):
        if "\n@given(" in file.read_text(encoding="utf-8"):
            name = f"{number}/{file.stem}"
            options = ("-m", "hypothesis and not system", f"--hypothesis-seed={_seed(seed, number, name)}")
            path = str(file.relative_to(ROOT))
            yield Unit(name, ("-m", "pytest", "-p", "no:cacheprovider", *options, path))


def _killed_writers(seed: int, number: int) -> Unit:
    name = f"{number}/killed-writers"
    return Unit(name, ("-m", "tests.support.log_writers", "40", str(_seed(seed, number, name))))


def _small_hosts(number: int) -> Iterator[Unit]:
    """Yield the units that decide small hosts; all slices together have every host of five interfaces."""
    for policy in sorted((ROOT / "policies").glob("*.test.yaml")):
        name = policy.name.removesuffix(".test.yaml")
        yield Unit(f"{number}/small-hosts-{name}", ("-m", "tests.support.small_hosts", name, str(number)))


def _formulas(seed: int, number: int) -> Unit:
    """Return the unit that compares the formulas of random policies with their decisions."""
    name = f"{number}/formulas"
    options = ("--cases", str(_DECISIONS), "--seed", str(_seed(seed, number, name)))
    return Unit(name, ("-m", "tests.verify.ground_decisions", *options))


def _searched_claims(seed: int, number: int) -> Unit:
    """Return the unit that tries claims, which the search of small hosts calls true, on random hosts."""
    name = f"{number}/searched-claims"
    options = ("--cases", str(_CLAIMS), "--seed", str(_seed(seed, number, name)))
    return Unit(name, ("-m", "tests.verify.searched_claims", *options))


def run_slice(units: Sequence[Unit], passed: Path, seconds: float = _SECONDS) -> Iterator[Outcome]:
    """Run the units that have not passed, as many at once as there are processors; none is begun after some seconds."""
    until = time.monotonic() + seconds
    known = set(passed.read_text().split()) if passed.exists() else set()
    with ThreadPoolExecutor(len(os.sched_getaffinity(0))) as pool:
        runs = [pool.submit(_run, unit, until) for unit in units if unit.name not in known]
        for done in as_completed(runs):
            outcome = done.result()
            if outcome is not None:
                if outcome.passed:
                    with passed.open("a") as file:
                        file.write(f"{outcome.unit.name}\n")
                yield outcome


def _run(unit: Unit, until: float) -> Outcome | None:
    if time.monotonic() >= until:
        return None
    environment = {**os.environ, "HYPOTHESIS_PROFILE": "long"}
    done = subprocess.run(
        [sys.executable, *unit.arguments],
        cwd=ROOT,
        env=environment,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        stdin=subprocess.DEVNULL,
        text=True,
        errors="replace",
        check=False,
    )
    return Outcome(unit, done.returncode == 0, done.stdout)


def is_finished(units: Sequence[Unit], passed: Path) -> bool:
    """Return whether all units of a slice have passed."""
    return passed.exists() and {unit.name for unit in units} <= set(passed.read_text().split())


def state_file(seed: int) -> Path:
    """Return where the units are named that passed with this seed and this code."""
    digest = hashlib.sha256()
    for folder in _WATCHED:
        for file in sorted((ROOT / folder).rglob("*")):
            if file.is_file() and "__pycache__" not in file.parts:
                digest.update(f"{file.relative_to(ROOT)}\0".encode() + file.read_bytes())
    return ROOT / ".long" / f"seed-{seed}-{digest.hexdigest()[:12]}.txt"


def _report(seed: int, number: int, outcome: Outcome) -> bool:
    """Print how a unit ended; return whether it passed."""
    print(f"seed {seed}, slice {number}: {outcome.unit.name} {'passed' if outcome.passed else 'FAILED'}", flush=True)
    if not outcome.passed:
        print(f"{outcome.output}\nrepeat the slice: make long LONG_SEED={seed} SLICE={number}")
        print(f"repeat the unit:  {outcome.unit.command}", flush=True)
    return outcome.passed


def main(arguments: Sequence[str] | None = None) -> int:
    """Run one slice, or all that have not passed; 1 if a unit failed."""
    parser = argparse.ArgumentParser(description="run the long random tests")
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--slice", type=int, choices=range(1, SLICES + 1), metavar=f"1..{SLICES}")
    options = parser.parse_args(arguments)
    passed = state_file(options.seed)
    passed.parent.mkdir(exist_ok=True)
    if options.slice is not None and is_finished(plan(options.seed, options.slice), passed):
        passed = passed.with_suffix(".again")
        passed.unlink(missing_ok=True)
    for number in [options.slice] if options.slice else range(1, SLICES + 1):
        units = plan(options.seed, number)
        while not is_finished(units, passed):
            print(f"seed {options.seed}, slice {number} of {SLICES}", flush=True)
            reports = [_report(options.seed, number, outcome) for outcome in run_slice(units, passed)]
            if not all(reports):
                return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
