"""Runs `activenic fleet summary` for the outputs `text` and `json`."""

from __future__ import annotations

import argparse
import json

from evaluator.cli.exits import Exit
from evaluator.fleet.summary import as_text, summarize


def print_text(options: argparse.Namespace) -> int:
    """Print the counts of a result as text."""
    for line in as_text(summarize(options.result)):
        print(line)
    return Exit.DONE


def print_json(options: argparse.Namespace) -> int:
    """Print the counts of a result as JSON."""
    print(json.dumps(summarize(options.result).to_dict(), indent=2))
    return Exit.DONE
