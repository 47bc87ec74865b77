"""Opens the memory for the results of proofs and searches. It is empty if the preference `cache` is off."""

from __future__ import annotations

import argparse

from evaluator.cli.preferences import CACHE
from evaluator.verify.memory import Memory, NoMemory
from evaluator.verify.result_store import ResultStore, cache_folder


def memory_of(options: argparse.Namespace) -> Memory:
    """Return the memory with the user's results. Without the option or a home folder, nothing is remembered."""
    folder = cache_folder() if CACHE.of(options) else None
    return NoMemory() if folder is None else ResultStore(folder)
