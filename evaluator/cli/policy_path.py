"""Where policy files are looked for that are not found by their relative path: an option, else a variable."""

from __future__ import annotations

import argparse
import os
from pathlib import Path

VARIABLE = "ACTIVENIC_POLICY_PATH"


def add_policy_path_to(parser: argparse.ArgumentParser) -> None:
    """Add the argument."""
    parser.add_argument(
        "--policy-path",
        metavar="DIR",
        action="append",
        help=f"a folder in which policy files are looked for; may be repeated, or several joined by {os.pathsep!r} "
        f"(default: {VARIABLE})",
    )


def policy_path_of(options: argparse.Namespace) -> tuple[Path, ...]:
    """Return the folders that the option names, or the variable if the option is not given."""
    given: list[str] = options.policy_path or [os.environ.get(VARIABLE, "")]
    return tuple(Path(folder) for text in given for folder in text.split(os.pathsep) if folder)
