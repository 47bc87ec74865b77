"""A pytest plugin that runs the tests of each mutant, in processes forked from one that only collects the tests.

A first process runs every test once and notes which mutated functions it calls and how long it takes. The process of a
mutant runs the tests that call its function until one fails or a time is over: first those of its own package, the
fastest first. It starts without the caches of other tests, so that none of them hides the mutant. Time is processor
time, so that a busy machine kills no mutant.
"""

from __future__ import annotations

import functools
import gc
import itertools
import json
import os
import resource
import signal
import sys
import time
from collections.abc import Callable, Iterable, Sequence
from pathlib import Path
from typing import Any

import pytest
from _pytest.runner import runtestprotocol
from mutmut.mutation.trampoline import set_mutant_under_test
from mutmut.state import state
from mutmut.utils.format_utils import mangled_name_from_mutant_name

from tests.mutation import PACKAGES

PLAN = Path("mutation-plan.json")  # the mutants by their names, how many processes run at once, seconds for each
CALLS = Path("mutation-calls")  # the tests that call each function, with their seconds; a file for each process
ENDS = Path("mutation-ends.json")  # how each mutant ended
KILLED = ("killed", "timeout", "crash")
_LEAST_SECONDS = 30  # of processor time for the tests of a mutant
_SLOWER = 10  # than without mutant


@pytest.hookimpl(tryfirst=True)
def pytest_runtestloop(session: pytest.Session) -> bool:
    """Run the mutants instead of the tests."""
    plan = json.loads(PLAN.read_text())
    for cache in _caches():
        cache.cache_clear()  # of what collecting the tests put into it
    calls = _measured(session.items, plan["processes"])
    gc.collect()
    gc.freeze()  # so that the processes share the memory
    items = {item.nodeid: item for item in session.items}
    ends: dict[str, str] = {}
    running: dict[int, str] = {}
    for name in plan["mutants"]:
        tests = _chosen(name, calls.get(mangled_name_from_mutant_name(name), []), plan["seconds"])
        if not tests:
            _note(ends, name, "no test calls the function", plan["mutants"][name])
            continue
        while len(running) >= plan["processes"]:
            _wait(running, ends, plan["mutants"])
        seconds = _LEAST_SECONDS + _SLOWER * sum(seconds for seconds, _ in tests)
        running[_fork(functools.partial(_kill, [items[test] for _, test in tests]), name, int(seconds))] = name
    while running:
        _wait(running, ends, plan["mutants"])
    ENDS.write_text(json.dumps(ends))
    return True


def _chosen(mutant: str, tests: Iterable[tuple[float, str]], seconds: float) -> list[tuple[float, str]]:
    """Return the fastest tests of the mutated package and of the others, so many seconds of each."""
    own = f"tests/{mutant.split('.')[1]}/"
    sides = [[test for test in sorted(tests) if test[1].startswith(own) is is_own] for is_own in (True, False)]
    return [test for side in sides for test in _affordable(side, seconds)]


def _affordable(tests: Sequence[tuple[float, str]], seconds: float) -> Sequence[tuple[float, str]]:
    """Return the first tests that take so many seconds together, at least one."""
    sums = itertools.accumulate(one for one, _ in tests)
    return [test for test, until in zip(tests, sums, strict=True) if until <= seconds] or tests[:1]


def _fork(work: Callable[[], bool], mutant: str, seconds: int = 0) -> int:
    """Return the process that does some work with a mutant; it ends with 1 if the work found a failure."""
    process = os.fork()
    if process:
        return process
    try:
        if seconds:
            resource.setrlimit(resource.RLIMIT_CPU, (seconds, seconds))
            signal.signal(signal.SIGALRM, signal.SIG_DFL)
            signal.alarm(20 * seconds)  # for a mutant that sleeps
            for stream in (1, 2):
                os.dup2(os.open(os.devnull, os.O_WRONLY), stream)
        set_mutant_under_test(mutant)
        failed = work()
    except BaseException as error:
        print(f"{mutant}: {error!r}", file=sys.__stderr__, flush=True)
        failed = True
    os._exit(failed)


def _wait(running: dict[int, str], ends: dict[str, str], mutants: dict[str, str]) -> None:
    process, status = os.wait()
    if process in running:
        name = running.pop(process)
        killed = {1: "killed", -signal.SIGALRM: "timeout", -signal.SIGKILL: "timeout"}
        end = "survived" if status == 0 else killed.get(os.waitstatus_to_exitcode(status), "crash")
        _note(ends, name, end, mutants[name])


def _note(ends: dict[str, str], name: str, end: str, mutant: str) -> None:
    ends[name] = end
    print(f"{end}: {name if end in KILLED else mutant}", file=sys.__stdout__, flush=True)


def _failures(item: pytest.Item, after: pytest.Item | None) -> list[pytest.TestReport]:
    return [report for report in runtestprotocol(item, log=False, nextitem=after) if report.failed]


def _kill(items: Sequence[pytest.Item]) -> bool:
    return any(_failures(item, after) for item, after in zip(items, [*items[1:], None], strict=True))


def _measured(items: Sequence[pytest.Item], processes: int) -> dict[str, list[tuple[float, str]]]:
    """Return the tests that call each function with the seconds that they take."""
    parts = [items[len(items) * at // processes : len(items) * (at + 1) // processes] for at in range(processes)]
    children = [_fork(functools.partial(_measure, part, at), "stats") for at, part in enumerate(parts)]
    statuses = [os.waitpid(child, 0)[1] for child in children]
    if any(statuses):
        print("the tests above fail without a mutant and are left out", file=sys.__stdout__, flush=True)
    calls: dict[str, list[tuple[float, str]]] = {}
    for at in range(processes):
        for name, tests in json.loads(Path(f"{CALLS}-{at}").read_text()).items():
            calls.setdefault(name, []).extend(map(tuple, tests))
    return calls


def _measure(items: Sequence[pytest.Item], part: int) -> bool:
    """Note which tests call each function; return whether a test fails."""
    caches = _caches()
    calls: dict[str, list[tuple[float, str]]] = {}
    any_failed = False
    for item, after in zip(items, [*items[1:], None], strict=True):
        for cache in caches:
            cache.cache_clear()
        start = time.process_time()
        failures = _failures(item, after)
        seconds = time.process_time() - start
        for report in failures:
            print(f"{item.nodeid}: {report.longreprtext}", file=sys.__stdout__, flush=True)
        for function in state()._stats if not failures else ():
            calls.setdefault(function, []).append((seconds, item.nodeid))
        state()._stats.clear()
        any_failed = any_failed or bool(failures)
    Path(f"{CALLS}-{part}").write_text(json.dumps(calls))
    return any_failed


def _caches() -> Sequence[Any]:
    """Return the caches of the mutated packages: a test must be seen to call what another has called before."""
    wrapper, packages = type(functools.cache(len)), tuple(f"evaluator.{package}." for package in PACKAGES)
    every: Iterable[Any] = gc.get_objects()
    return [one for one in every if isinstance(one, wrapper) and one.__module__.startswith(packages)]
