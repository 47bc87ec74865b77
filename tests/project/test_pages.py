"""The pages that are followed command by command: the output on the page is the real output."""

from __future__ import annotations

import argparse
import json
import re
import shutil
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from evaluator.cli.parser import full_parser
from tests.support.pages import Ran, run_page

ROOT = Path(__file__).parents[2]
LOGS = ROOT / "tests" / "logs" / "0.1.0"
PAGES = ("tutorial.md", "verify-by-hand.md")


@pytest.mark.parametrize("name", PAGES)
def test_a_page(name: str, tmp_path: Path) -> None:
    page = (ROOT / "docs" / name).read_text(encoding="utf-8")
    ran = list(run_page(page, tmp_path))
    assert [command for command in ran if command.output != command.expected] == []
    assert len(ran) == page.count("\n$ ") > 10


def test_how_a_page_is_followed(tmp_path: Path) -> None:
    """Its files are written, and a wrong output shows."""
    page = (
        "Save this as `a.txt`:\n\n```text\none\n```\n\n```console\n$ cat a.txt\none\n$ false\n$ echo $?\n0\n```\n"
        "\nNot a file:\n\n```text\nthree\n```\n\nAdd this to the end of `a.txt`:\n\n```text\ntwo\n```\n\n"
        "```console\n$ cat a.txt >&2\none\ntwo\n```\n"
    )
    assert list(run_page(page, tmp_path)) == [
        Ran("cat a.txt", "one\n", "one\n"),
        Ran("false", "", ""),
        Ran("echo $?", "0\n", "1\n"),
        Ran("cat a.txt >&2", "one\ntwo\n", "one\ntwo\n"),
    ]


def _script(name: str, folder: Path, number: int) -> None:
    """Run a script of the page docs/verify-by-hand.md."""
    page = (ROOT / "docs" / "verify-by-hand.md").read_text(encoding="utf-8")
    (code,) = re.findall(rf"`{name}`:\n\n```python\n(.*?)^```$", page, re.M | re.S)
    subprocess.run([sys.executable, "-c", code, str(number)], cwd=folder, check=True)


@pytest.mark.parametrize(("name", "numbers"), [("plain", (1, 2, 6)), ("masked", (1, 2, 6))])
def test_the_parts_of_older_and_of_masked_records(tmp_path: Path, name: str, numbers: tuple[int, ...]) -> None:
    """A record of version 1 has one text of the policy, in another member."""
    shutil.copy(LOGS / f"{name}.jsonl", tmp_path / "export.jsonl")
    lines = [json.loads(line) for line in (tmp_path / "export.jsonl").read_bytes().splitlines()]
    for number in numbers:
        _script("parts.py", tmp_path, number)
        checked = subprocess.run(
            ["sha256sum", "--check", f"digests-{number}.txt"], cwd=tmp_path, capture_output=True, text=True, check=False
        )
        assert f"entry-{number}: OK\n" in checked.stdout
        assert checked.returncode == 0
        assert (tmp_path / f"report-{number}").exists() == (lines[number - 1]["report"] is not None)


@pytest.mark.parametrize("name", ["signed", "signed-pruned"])
def test_the_signatures_of_older_and_of_pruned_logs(tmp_path: Path, name: str) -> None:
    shutil.copy(LOGS / f"{name}.log", tmp_path / "decisions.log")
    first = json.loads((LOGS / f"{name}.list.jsonl").read_bytes().splitlines()[-1])["seq"]
    for number in (first, first + 1):
        _script("signed.py", tmp_path, number)
        files = ("-inkey", str(LOGS / "signed.pub"), "-in", f"message-{number}", "-sigfile", f"signature-{number}")
        for command in (
            ["sha256sum", "--check", f"signed-{number}.txt"],
            ["openssl", "pkeyutl", "-verify", "-pubin", "-rawin", *files],
        ):
            subprocess.run(command, cwd=tmp_path, check=True, capture_output=True)


def test_the_page_about_0_1_has_a_row_for_each_change_of_a_contract() -> None:
    changelog = (ROOT / "CHANGELOG.md").read_text(encoding="utf-8")
    changes = re.findall(r"^- \* ", changelog.partition("## 0.2.0")[2].partition("## 0.1.0")[0], re.M)
    page = (ROOT / "docs" / "from-0.1.md").read_text(encoding="utf-8")
    rows = re.findall(r"^\| (?!change \||---)", page, re.M)
    assert len(rows) >= len(changes) > 20, "an entry with an asterisk in CHANGELOG.md needs a row in docs/from-0.1.md"


def test_the_threat_model_names_files_that_exist() -> None:
    page = (ROOT / "docs" / "threat-model.md").read_text(encoding="utf-8")
    names = re.findall(r"`([\w/]+\.py)`", page)
    assert len(names) > 40
    assert [name for name in names if not any((ROOT / folder / name).exists() for folder in ("", "evaluator"))] == []


def _command_lines() -> Iterator[tuple[str, str]]:
    """Yield each command line of activenic on a page: in a code block, or between backticks."""
    for path in (*ROOT.glob("*.md"), *(ROOT / "docs").glob("*.md")):
        text = path.read_text(encoding="utf-8")
        inline = re.findall(r"`(activenic [^`]+)`", text.replace("\n", " "))
        blocks = "".join(re.findall(r"^```(?:sh|console)\n(.*?)^```", text, re.M | re.S))
        lines = re.findall(r"^(?:\$ )?(activenic .+)$", blocks, re.M)
        yield from ((path.name, re.split(r" [|;&>#] ?| 2> ", line)[0]) for line in (*inline, *lines))


def _options(parser: argparse.ArgumentParser, words: list[str]) -> set[str]:
    """Return the options of the command that the words name; raises KeyError for an unknown command."""
    for action in parser._actions:
        if isinstance(action, argparse._SubParsersAction) and words and re.fullmatch("[a-z-]+", words[0]):
            return _options(action.choices[words[0]], words[1:])
    return set(parser._option_string_actions)


def _is_real(line: str, parser: argparse.ArgumentParser) -> bool:
    """Return whether the command of a line exists and has the options of the line."""
    words = line.split()[1:]
    try:
        known = _options(parser, [word for word in words if not word.startswith("-")])
    except KeyError:
        return False
    options = {word.split("=")[0].rstrip(".,)") for word in words if re.match("--[a-z]", word)}
    return options <= known | {"--help", "--version"}


def test_the_command_lines_on_the_pages_name_commands_and_options_that_exist() -> None:
    parser = full_parser()
    lines = list(_command_lines())
    assert len(lines) > 150
    assert [(page, line) for page, line in lines if not _is_real(line, parser)] == []
    for line in (
        "activenic undo",
        "activenic log undo LOG",
        "activenic decide R --undo",
        "activenic log head --output x",
    ):
        assert not _is_real(line, parser)
