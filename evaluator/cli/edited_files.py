"""Prints the changes of a policy file as a diff, or writes the changed text to the file."""

from __future__ import annotations

import difflib
from collections.abc import Iterable
from pathlib import Path

from evaluator.base.diagnostic import Diagnostic, PolicyError
from evaluator.base.files import replace_file
from evaluator.base.text import quote_path, reason_of, visible


def unified_diff(name: str, before: str, after: str) -> Iterable[str]:
    """Return the lines of a unified diff of two versions of a file."""
    lines = before.splitlines(keepends=True), after.splitlines(keepends=True)
    return difflib.unified_diff(*lines, fromfile=visible(name), tofile=visible(name))


def write_text(path: Path, text: str) -> None:
    """Replace the text of a file. Raises PolicyError if this fails; the file is then unchanged."""
    try:
        replace_file(path, text.encode())
    except OSError as error:
        message = f"{quote_path(path)} cannot be written: {reason_of(error)}"
        raise PolicyError([Diagnostic("POLICY_UNWRITABLE", message)]) from None
