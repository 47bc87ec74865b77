"""A full disk, a closed pipe and SIGTERM end a command with a documented status and without a traceback."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

REPORT = str(Path(__file__).parents[2] / "policies" / "examples" / "bond.json")
QUESTION = [REPORT, "--address", "192.0.2.10"]
ACTIVENIC = [sys.executable, "-m", "evaluator"]
PRINTING = [
    ["decide", *QUESTION],
    ["decide", *QUESTION, "--output", "name"],
    ["decide", *QUESTION, "--output", "json"],
    ["explain", *QUESTION],
    ["explain", *QUESTION, "--output", "html"],
    ["check", "strict"],
    ["verify", "strict", "--no-cache"],
    ["decide", "--help"],
    ["--version"],
]
FAILING = [
    (["decide", "/missing.json", "--address", "192.0.2.10"], 7),
    (["decide", REPORT, "--route", REPORT, "--address", "192.0.2.10"], 7),
    (["explain", REPORT, "--address", "nonsense"], 2),
    (["check", "/missing.yaml"], 8),
    (["verify", "/missing.yaml"], 8),
    (["decide"], 2),
]


@pytest.fixture(params=["buffered", pytest.param("unbuffered", marks=pytest.mark.volume)])
def environment(request: pytest.FixtureRequest) -> dict[str, str]:
    variables = {name: value for name, value in os.environ.items() if name != "PYTHONUNBUFFERED"}
    return variables | ({"PYTHONUNBUFFERED": "1"} if request.param == "unbuffered" else {})


@pytest.fixture
def full_disk() -> Iterator[int]:
    descriptor = os.open("/dev/full", os.O_WRONLY)
    yield descriptor
    os.close(descriptor)


@pytest.fixture
def closed_pipe() -> Iterator[int]:
    reader, writer = os.pipe()
    os.close(reader)
    yield writer
    os.close(writer)


@pytest.mark.parametrize("arguments", PRINTING, ids=" ".join)
def test_a_result_on_a_full_disk_is_an_error(arguments: list[str], full_disk: int, environment: dict[str, str]) -> None:
    done = subprocess.run(
        [*ACTIVENIC, *arguments], stdout=full_disk, stderr=subprocess.PIPE, env=environment, text=True, check=False
    )
    assert (done.returncode, done.stderr) == (1, "activenic: no space left on device\n")
    both = subprocess.run([*ACTIVENIC, *arguments], stdout=full_disk, stderr=full_disk, env=environment, check=False)
    assert both.returncode == 1


@pytest.mark.parametrize("arguments", PRINTING, ids=" ".join)
def test_a_result_for_a_closed_pipe_ends_with_141(
    arguments: list[str], closed_pipe: int, environment: dict[str, str]
) -> None:
    done = subprocess.run(
        [*ACTIVENIC, *arguments], stdout=closed_pipe, stderr=subprocess.PIPE, env=environment, text=True, check=False
    )
    assert (done.returncode, done.stderr) == (141, "")


@pytest.mark.parametrize(("arguments", "status"), FAILING, ids=str)
def test_the_status_does_not_depend_on_standard_error(
    arguments: list[str], status: int, full_disk: int, closed_pipe: int, environment: dict[str, str]
) -> None:
    for stream in (subprocess.DEVNULL, full_disk, closed_pipe):
        done = subprocess.run(
            [*ACTIVENIC, *arguments], stdout=subprocess.DEVNULL, stderr=stream, env=environment, check=False
        )
        assert done.returncode == status


@pytest.mark.parametrize("command", ["decide", "explain"])
def test_sigterm_ends_a_command_that_reads_without_a_message(command: str) -> None:
    pipes = dict.fromkeys(("stdin", "stdout", "stderr"), subprocess.PIPE)
    with subprocess.Popen([*ACTIVENIC, command, "-", *QUESTION[1:]], **pipes) as process:
        assert process.stdin is not None
        process.stdin.write(b" " * 2**20)  # more than a pipe holds, so the command reads when this returns
        process.stdin.flush()
        process.terminate()
        out, err = process.communicate()
    assert (process.returncode, out, err) == (-signal.SIGTERM, b"", b"")
