"""Writes problems as workflow commands of GitHub Actions: `::error file=…,line=…,col=…::message`.

GitHub shows such a line as an annotation at the line of the file.
"""

from __future__ import annotations

from evaluator.base.diagnostic import Severity
from evaluator.render.escape import github_message, github_property

_COMMANDS = {Severity.ERROR: "error", Severity.WARNING: "warning", Severity.INFO: "notice"}


def annotation(severity: Severity, message: str, place: str = "", title: str = "") -> str:
    """Return one workflow command.

    `place` is `file:line:column`, or empty. A place in any other form becomes part of the message.
    """
    properties: dict[str, str] = {}
    path, line, column = split_place(place)
    if line:
        properties = {"file": path, "line": line, "col": column}
    elif place:
        message = f"{place}: {message}"
    if title:
        properties["title"] = title
    written = ",".join(f"{name}={github_property(value)}" for name, value in properties.items())
    return f"::{_COMMANDS[severity]}{' ' * bool(written)}{written}::{github_message(message)}"


def split_place(place: str) -> tuple[str, str, str]:
    """Return the path, the line and the column of `file:line:column`; empty texts for any other place."""
    path, _, rest = place.rpartition(":")
    path, _, line = path.rpartition(":")
    is_place = bool(path) and line.isascii() and line.isdigit() and rest.isascii() and rest.isdigit()
    return (path, line, rest) if is_place else ("", "", "")
