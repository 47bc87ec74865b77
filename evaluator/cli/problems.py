"""Prints problems to standard error."""

from __future__ import annotations

import sys
from contextlib import suppress


def print_problem(problem: object) -> None:
    """Print a problem to standard error.

    If standard error is a full disk or a closed pipe, the problem is lost, but the exit status stays the same.
    """
    with suppress(OSError):
        print(problem, file=sys.stderr)
