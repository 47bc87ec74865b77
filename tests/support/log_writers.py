"""Writers that are killed at any moment: run by test_log_crash.py in a process of its own, which may fork.

    python -m tests.support.log_writers ROUNDS SEED

In each round some writers append to one log, and after each append write down that it was acknowledged; one
in five prunes. Each is killed (SIGKILL) a random moment after a random number of acknowledged appends; then
the log must hold all that was acknowledged. Every few rounds a new log is begun, so that its making is
interrupted, too. How many appends there are does not depend on how fast the machine is.
"""

from __future__ import annotations

import os
import random
import signal
import sys
import tempfile
import time
from contextlib import suppress
from datetime import UTC, datetime, timedelta
from pathlib import Path

import evaluator
from evaluator import Decision, DecisionLog, RecordError
from tests.support.logs import DECISIONS, STRICT

_ROUNDS_OF_A_LOG = 8
_LONGEST = 0.01  # of the moment after the last append that was waited for
_MOST_APPENDS = 3  # that are waited for before one writer is killed
WRITERS = 4  # in each round
_PATIENT = 300.0  # seconds that a writer waits for the others


def large_decision() -> Decision:
    """Return a decision whose report takes many pages."""
    nics = {f"ens{i}": {"addr": f"10.0.{i >> 8}.{i & 255}", "hwaddr": os.urandom(6).hex(":")} for i in range(2000)}
    return STRICT.decide(evaluator.read_report({"nics": nics}), evaluator.HostAddresses.of("10.0.0.7"))


def write(path: Path, acknowledged: Path, decisions: list[Decision], seed: int) -> None:
    """Append without end."""
    choose = random.Random(seed)
    notes = os.open(acknowledged, os.O_WRONLY | os.O_CREAT | os.O_APPEND)
    with DecisionLog.open(path, timeout=_PATIENT) as log:
        while True:
            kept = log.append(choose.choice(decisions), {"seed": str(seed)})
            with suppress(RecordError):  # it is pruned already
                os.write(notes, f"{log.entry(kept).head.seq} {kept}\n".encode())


def prune(path: Path) -> None:
    """Remove what is older than a moment, again and again."""
    with DecisionLog.open(path, timeout=_PATIENT) as log:
        while True:
            log.prune(datetime.now(UTC) - timedelta(milliseconds=20))


def killed_writers(path: Path, acknowledged: Path, decisions: list[Decision], choose: random.Random) -> tuple[int, int]:
    """Start some writers, kill each; return how many were killed, and how many appends were waited for."""
    children, writers = [], set()
    for seed in (choose.random() for _ in range(WRITERS)):
        child = os.fork()
        if not child:
            try:
                if seed < 0.2:
                    prune(path)
                write(path, acknowledged, decisions, int(seed * 1e9))
            except BaseException as error:
                print(f"a writer failed: {error!r}", flush=True)
            finally:
                os._exit(1)
        children.append(child)
        writers |= {child} if seed >= 0.2 else set()
    awaited = 0
    for child in choose.sample(children, len(children)):
        appends = choose.randint(0, _MOST_APPENDS) if writers else 0
        wait_for_appends(acknowledged, appends, writers)
        time.sleep(choose.random() * _LONGEST)
        os.kill(child, signal.SIGKILL)
        os.waitpid(child, 0)
        writers.discard(child)
        awaited += appends
    return len(children), awaited


def wait_for_appends(acknowledged: Path, more: int, writers: set[int]) -> None:
    """Wait until the writers have acknowledged so many more appends; fail where all of them ended by themselves."""
    wanted = lines_of(acknowledged) + more
    while lines_of(acknowledged) < wanted:
        ended = {writer for writer in writers if os.waitid(os.P_PID, writer, os.WEXITED | os.WNOHANG | os.WNOWAIT)}
        assert ended != writers, "no writer is left"
        time.sleep(0.001)


def lines_of(acknowledged: Path) -> int:
    """Return how many appends were acknowledged."""
    return acknowledged.read_bytes().count(b"\n") if acknowledged.exists() else 0


def check(path: Path, acknowledged: Path) -> int:
    """Return how many acknowledged records are there; ends the program where one is not, or the log is not sound."""
    lines = acknowledged.read_text().splitlines() if acknowledged.exists() else []
    if not path.exists():
        assert not lines, "the log is gone"
        return 0
    with DecisionLog.open(path, create=False) as log:
        found = log.verify()
        assert found.is_sound, found
        there = {record.decision_id: record for record in log.records()}
    missing = [line for line in lines if int(line.split()[0]) > found.pruned and line.split()[1] not in there]
    assert not missing, missing
    assert all(record.report and record.policy for record in there.values())
    return len(lines)


def run(folder: Path, rounds: int, choose: random.Random) -> None:
    """Carry out the rounds and print what was done."""
    decisions = [*DECISIONS, large_decision()]
    killed = awaited = kept = known = 0
    for number in range(rounds):
        path, acknowledged = (folder / f"{number // _ROUNDS_OF_A_LOG}.{kind}" for kind in ("log", "acknowledged"))
        known = 0 if number % _ROUNDS_OF_A_LOG == 0 else known
        now_killed, now_awaited = killed_writers(path, acknowledged, decisions, choose)
        killed, awaited = killed + now_killed, awaited + now_awaited
        now = check(path, acknowledged)
        kept, known = kept + now - known, now
    print(f"killed {killed} awaited {awaited} acknowledged {kept}")


def main() -> None:
    """Run in a folder of its own."""
    with tempfile.TemporaryDirectory() as folder:
        run(Path(folder), int(sys.argv[1]), random.Random(int(sys.argv[2])))


if __name__ == "__main__":
    main()
