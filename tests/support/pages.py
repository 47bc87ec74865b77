"""Runs a page of the docs: writes its files, runs its commands, and gives the output beside that of the page.

A block of the kind `console` has commands, each after `$ `, and their output. A block of another kind is a file if the
last line before it ends with "Save this as `PATH`:" or "Add this to the end of `PATH`:".
"""

from __future__ import annotations

import os
import re
import subprocess
import sysconfig
from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple

_BLOCK = re.compile(r"^```(?P<kind>\w+)\n(?P<text>.*?)^```$", re.MULTILINE | re.DOTALL)
_FILE = re.compile(r"(?P<what>Save this as|Add this to the end of) `(?P<path>[^`]+)`:$")
_COMMAND = re.compile(r"^\$ (?P<line>.*)\n(?P<output>(?:(?!\$ ).*\n)*)", re.MULTILINE)


class Ran(NamedTuple):
    """A command of a page, the output on the page, and the real output, with the standard error."""

    line: str
    expected: str
    output: str


def run_page(text: str, folder: Path) -> Iterator[Ran]:
    """Follow a page in a folder; each command also gets the exit status of the one before it as `$?`."""
    status = 0
    for block in _BLOCK.finditer(text):
        if block["kind"] != "console":
            _write(block["text"], text[: block.start()].rstrip(), folder)
            continue
        for command in _COMMAND.finditer(block["text"]):
            done = _run(f"(exit {status}); {command['line']}", folder)
            status = done.returncode
            yield Ran(command["line"], command["output"], done.stdout)


def _write(text: str, before: str, folder: Path) -> None:
    """Write a file, if the page before its text gives a path."""
    file = _FILE.search(before)
    if file is not None:
        with (folder / file["path"]).open("w" if file["what"] == "Save this as" else "a", encoding="utf-8") as written:
            written.write(text)


def _run(line: str, folder: Path) -> subprocess.CompletedProcess[str]:
    environment = {name: value for name, value in os.environ.items() if not name.startswith("ACTIVENIC_")}
    environment |= {"PATH": f"{sysconfig.get_path('scripts')}{os.pathsep}{os.environ['PATH']}", "COLUMNS": "80"}
    return subprocess.run(
        ["bash", "-c", line],
        cwd=folder,
        env=environment,
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        check=False,
    )
