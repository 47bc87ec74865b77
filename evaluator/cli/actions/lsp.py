"""Runs `activenic lsp`; needs the extra `lsp`."""

from __future__ import annotations

import argparse

from evaluator.cli.exits import Exit
from evaluator.cli.policy_path import policy_path_of
from evaluator.lsp.server import serve


def run(options: argparse.Namespace) -> int:
    """Serve an editor until it ends the session."""
    serve(policy_path_of(options))
    return Exit.DONE
