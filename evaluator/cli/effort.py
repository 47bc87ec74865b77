"""The options that limit searches and proofs: the number of interfaces of a host, and the processor time."""

from __future__ import annotations

import argparse

_LARGEST, _LARGEST_SEARCH = 8, 6


def add_effort_to(parser: argparse.ArgumentParser) -> None:
    """Add the options `--size` and `--timeout`."""
    size = "search hosts with at most this number of interfaces (default: 4)"
    parser.add_argument("-n", "--size", metavar="N", type=_size, default=4, help=size)
    limit = "the processor time for each proof, in seconds (default: 10)"
    parser.add_argument("--timeout", metavar="S", type=_seconds, default=10.0, help=limit)


def _size(text: str) -> int:
    if text.isdecimal() and int(text) <= _LARGEST:
        return int(text)
    raise argparse.ArgumentTypeError("must be a number from 0 to 8")


def size_of_search(text: str) -> int:
    """Return the value of `--size` for `mutate` and `test --generate`. The greatest value is less than for `verify`."""
    if text.isdecimal() and int(text) <= _LARGEST_SEARCH:
        return int(text)
    raise argparse.ArgumentTypeError(f"must be a number from 0 to {_LARGEST_SEARCH}")


def _seconds(text: str) -> float:
    try:
        seconds = float(text)
    except ValueError:
        seconds = 0.0
    if 0 < seconds <= 3600:
        return seconds
    raise argparse.ArgumentTypeError("must be a number of seconds, at most 3600")
