"""`activenic collect`: prints this machine's report as JSON, for a decision on another machine."""

from __future__ import annotations

import argparse
import json

from evaluator.cli.exits import Exit
from evaluator.report.live import collect


def add_to(parser: argparse.ArgumentParser) -> None:
    """Add the description and the arguments of the subcommand."""
    parser.description = "Print this machine's report as JSON, with the output of `ip -j -d addr` and `ip -j route`."
    namespace = "print the report of this network namespace; NAME is a name that `ip netns` lists"
    parser.add_argument("--netns", metavar="NAME", help=namespace)
    parser.set_defaults(run=_run)


def _run(options: argparse.Namespace) -> int:
    print(json.dumps(collect(options.netns), indent=1))
    return Exit.DONE
