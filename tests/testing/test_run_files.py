"""Many files at once: several processes give the same outcomes; ctrl-c ends all of them; files are run again."""

from __future__ import annotations

import io
import os
import signal
import subprocess
import sys
import sysconfig
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from evaluator.cli import progress_bar
from evaluator.cli.progress_bar import WorkBar

pytestmark = pytest.mark.volume

ACTIVENIC = Path(sysconfig.get_path("scripts")) / "activenic"
POLICY = """policy: {0}
extends: strict
rules:
  - name: no-{0}
    rule: discard nic when nic.name = "{0}"
"""
CASE = """  - name: case {0} of {1}
    given: bond0 over ens1, ens2; bond0.100 on bond0 has 192.0.2.{0}/24
    host: 192.0.2.{0}
    want: {2}
"""
BOTH = """
import sys
from pathlib import Path
from evaluator.testing.run_cases import find_case_files
from evaluator.testing.run_files import Selection, run_files
paths = find_case_files([Path(sys.argv[1])])
for with_coverage in (False, True):
    selection = Selection(patterns=("1",), with_coverage=with_coverage)
    outcomes = [list(run_files(paths, selection, processes)) for processes in (1, 2, 3)]
    assert outcomes[0] == outcomes[1] == outcomes[2]
    assert [outcome.path for outcome in outcomes[0]] == list(map(str, paths))
print(sum(map(lambda outcome: len(outcome.cases), outcomes[0])))
"""


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """Make a folder of test files that are large enough for several processes; some tests fail, a file is invalid."""
    for number in range(8):
        name = f"p{number}"
        (tmp_path / f"{name}.yaml").write_text(POLICY.format(name))
        wants = ("resolved bond0" if at == number else "resolved bond0.100" for at in range(1, 100))
        cases = "".join(CASE.format(at, name, want) for at, want in enumerate(wants, 1))
        (tmp_path / f"{name}.test.yaml").write_text(f"policy: {name}.yaml\ntests:\n{cases}")
    (tmp_path / "p3.test.yaml").write_text("policy: p3.yaml\ntests: 5\n" + "# filling\n" * 100)
    assert sum(path.stat().st_size for path in tmp_path.glob("*.test.yaml")) > 100_000
    return tmp_path


def test_several_processes_give_the_same_outcomes(folder: Path) -> None:
    done = subprocess.run([sys.executable, "-c", BOTH, folder], capture_output=True, text=True, check=False)
    assert (done.returncode, done.stderr) == (0, "")
    names = [f"case {at} of p{number}" for at in range(1, 100) for number in range(8) if number != 3]
    assert int(done.stdout) == sum("1" in name for name in names)


@contextmanager
def running(*arguments: str | Path) -> Iterator[subprocess.Popen[str]]:
    """Start the command in a process group of its own; end the group at the end of the block."""
    pipes = {"stdout": subprocess.PIPE, "stderr": subprocess.PIPE}
    # a shell lets its background jobs ignore the signal, and their children inherit that
    handler = signal.signal(signal.SIGINT, signal.default_int_handler)
    with subprocess.Popen([ACTIVENIC, *arguments], text=True, start_new_session=True, **pipes) as process:
        signal.signal(signal.SIGINT, handler)
        try:
            yield process
        finally:
            if process.poll() is None:
                os.killpg(process.pid, signal.SIGKILL)


@pytest.mark.parametrize("target", ["group", "process"])
def test_an_interrupt_ends_all_processes_and_loses_no_output(folder: Path, target: str) -> None:
    with running("test", "--coverage", folder) as process:
        assert process.stdout is not None
        first = process.stdout.readline()
        if target == "group":
            os.killpg(process.pid, signal.SIGINT)
        else:
            process.send_signal(signal.SIGINT)
        out, err = process.communicate(timeout=60)  # returns when every process has closed its streams
    assert first == f"{folder / 'p0.test.yaml'}: 99 passed, 0 failed\n"
    assert process.returncode == 130
    assert "Traceback" not in err
    assert out == "" or out.endswith("\n")


def test_a_closed_pipe_ends_with_141(folder: Path) -> None:
    with running("test", folder) as process:
        assert process.stdout is not None
        assert process.stderr is not None
        process.stdout.close()
        assert process.wait(timeout=60) == 141
        assert "Traceback" not in process.stderr.read()


def _wait_for(process: subprocess.Popen[str], counts: str) -> None:
    """Read the output of one or several runs, until a run has these counts; one change can cause two runs."""
    assert process.stdout is not None
    end = threading.Timer(120, process.kill)  # a test that hangs fails
    end.start()
    while (line := process.stdout.readline()) != f"{counts}\n":
        assert line, "the command ended"
    end.cancel()


def test_a_change_of_a_test_policy_or_report_runs_the_tests_again(tmp_path: Path) -> None:
    policies, reports, tests = (tmp_path / name for name in ("policies", "reports", "tests"))
    for path in (policies, reports, tests):
        path.mkdir()
    site, rules = (
        "policy: site\nextends: base.yaml\n",
        'rules:\n  - {name: x, rule: discard nic when nic.name like "ens*"}\n',
    )
    (policies / "base.yaml").write_text("policy: base\nextends: strict\n")
    (policies / "site.yaml").write_text(site + "ruls: []\n")  # the first run finds a mistake
    (reports / "a").write_text('{"nics": {"ens1": {"addr": "192.0.2.10"}}}')
    os.utime(reports / "a", (2**32, 2**32))  # a time in the future
    case = "{{name: a, report: ../reports/a, host: 192.0.2.10, want: resolved {}}}"
    head = "policy: ../policies/site.yaml\ntests:\n  - "
    (tests / "a.test.yaml").write_text(head + case.format("ens1"))
    with running("test", "--watch", tests) as process:
        _wait_for(process, "0 passed, 0 failed, 1 invalid file")
        (policies / "site.yaml").write_text(site)
        _wait_for(process, "1 passed, 0 failed")
        (tests / "a.test.yaml").write_text(head + case.format("ens2"))
        _wait_for(process, "0 passed, 1 failed")
        (reports / "a").write_text('{"nics": {"ens2": {"addr": "192.0.2.10"}}}')
        _wait_for(process, "1 passed, 0 failed")
        (policies / "base.yaml").write_text(f"policy: base\nextends: strict\n{rules}")
        _wait_for(process, "0 passed, 1 failed")
        (tests / "more").mkdir()
        (tests / "more" / "b.test.yaml").write_text(
            "policy: strict\ntests: [{name: b, given: ens1 has 192.0.2.1/24, host: 192.0.2.1, want: resolved ens1}]"
        )
        _wait_for(process, "1 passed, 1 failed")
        os.killpg(process.pid, signal.SIGINT)
        _, err = process.communicate(timeout=60)
    assert process.returncode == 130
    assert "Traceback" not in err


class _Terminal(io.StringIO):
    def isatty(self) -> bool:
        return True


@pytest.mark.parametrize(("seconds", "is_shown"), [(0.01, False), (0.4, True)])
def test_progress_is_shown_if_the_work_takes_long(
    seconds: float, is_shown: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("TERM", "xterm")
    now = iter(at * seconds for at in range(100))
    monkeypatch.setattr(progress_bar.time, "monotonic", lambda: next(now))
    terminal = _Terminal()
    lengths = []
    for _ in WorkBar(6, terminal).count(range(6)):
        lengths.append(len(terminal.getvalue()))
    assert ("/6" in terminal.getvalue()) is is_shown
    assert (lengths[0], lengths[1]) == (0, 0)


def test_progress_shows_the_steps_of_a_result_until_they_are_done(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("TERM", "xterm")
    now = iter(range(100))
    monkeypatch.setattr(progress_bar.time, "monotonic", lambda: next(now))
    terminal = _Terminal()
    bar = WorkBar(2, terminal)
    results = iter(bar.count(range(2)))
    bar.show_steps(3, 7)
    next(results)
    assert "3/7" in terminal.getvalue()
    drawn = len(terminal.getvalue())
    bar.show_steps(7, 7)
    assert "/7" not in terminal.getvalue()[drawn:]
    next(results)
    assert "1/2" in terminal.getvalue()
    assert list(results) == []
    bar.hide()
    bar.hide()
