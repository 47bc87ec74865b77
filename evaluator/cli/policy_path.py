"""The folders in which policies are searched. The option `--policy-path` or an environment variable lists them."""

from __future__ import annotations

import argparse
import os
from pathlib import Path

VARIABLE = "ACTIVENIC_POLICY_PATH"


def add_policy_path_to(parser: argparse.ArgumentParser) -> None:
    """Add the option `--policy-path`."""
    parser.add_argument(
        "--policy-path",
        metavar="DIR",
        action="append",
        help=f"search this folder for policy files; may be repeated; one value may list several folders, separated by "
        f"{os.pathsep!r} (default: the variable {VARIABLE})",
    )


def policy_path_of(options: argparse.Namespace) -> tuple[Path, ...]:
    """Return the folders in the option, or in the environment variable if the option is not used."""
    values: list[str] = options.policy_path or [os.environ.get(VARIABLE, "")]
    return tuple(Path(folder) for text in values for folder in text.split(os.pathsep) if folder)
