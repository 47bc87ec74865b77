"""The pages that are followed command by command: the output on the page is the real output."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.support.pages import Ran, run_page

ROOT = Path(__file__).parents[2]
PAGES = ("tutorial.md",)


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
