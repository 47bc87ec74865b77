"""`activenic new`: creates a new policy with its tests, which the user then changes."""

from __future__ import annotations

import argparse
from pathlib import Path

from evaluator.base.text import visible
from evaluator.cli.exits import Exit
from evaluator.workbench.scaffold import BASES, write_new


def add_to(parser: argparse.ArgumentParser) -> None:
    """Add the description and the arguments of the subcommand."""
    parser.description = "Create a folder with a new policy, its tests and a README. The policy passes its tests."
    parser.add_argument("name", metavar="NAME", help="the name of the policy and of the folder, for example my-site")
    bases = "extend the policy `strict`, or start without a base policy (default: strict)"
    parser.add_argument("--from", dest="base", choices=BASES, default="strict", help=bases)
    parser.set_defaults(run=_run)


def _run(options: argparse.Namespace) -> int:
    for path in write_new(Path(), options.name, options.base):
        print(visible(str(path)))
    return Exit.DONE
