"""The inputs of `activenic fleet`, and the progress of the work on them."""

from __future__ import annotations

import argparse
import sys
from collections.abc import Iterator

from evaluator.cli.progress import shows_progress
from evaluator.cli.progress_bar import with_octets
from evaluator.fleet.decide_files import Inputs
from evaluator.fleet.ranges import Range


def inputs_of(options: argparse.Namespace) -> Inputs:
    """Return the inputs that the arguments name."""
    return Inputs(tuple(options.inputs), options.addresses)


def finish(ranges: Iterator[Range], inputs: Inputs, options: argparse.Namespace) -> None:
    """Work through all ranges of the inputs, with a progress bar on a terminal."""
    if shows_progress(options):
        total = sum(file.octets for file in inputs.files()[0])
        ranges = with_octets(ranges, total, lambda part: part.octets, sys.stderr)
    for _ in ranges:
        pass
