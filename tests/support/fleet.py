"""`activenic fleet` for fixtures that cannot use `capsys`."""

from __future__ import annotations

import io
from contextlib import redirect_stdout

from evaluator.cli.main import main


def run(*arguments: object) -> str:
    """Run a command, assert that it succeeds, and return its output."""
    with redirect_stdout(io.StringIO()) as output:
        assert main(["fleet", *map(str, arguments)]) == 0
    return output.getvalue()
