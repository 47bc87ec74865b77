"""`activenic collect`: this machine's report as JSON, to be decided on anywhere else."""

from __future__ import annotations

import argparse
import json

from evaluator.cli.exits import Exit
from evaluator.report.live import collect


def add_to(parser: argparse.ArgumentParser) -> None:
    """Add what the subcommand takes."""
    parser.description = "Print this machine's report as JSON, as `ip -j -d addr` and `ip -j route` have it."
    parser.add_argument("--netns", metavar="NAME", help="a network namespace instead, named as in `ip netns`")
    parser.set_defaults(run=_run)


def _run(options: argparse.Namespace) -> int:
    print(json.dumps(collect(options.netns), indent=1))
    return Exit.DONE
