"""`activenic lsp`: the language server for editors."""

from __future__ import annotations

import argparse

from evaluator.base.diagnostic import require_package
from evaluator.cli.exits import Exit
from evaluator.cli.policy_path import add_policy_path_to, policy_path_of


def add_to(parser: argparse.ArgumentParser) -> None:
    """Add the description and the arguments of the subcommand."""
    parser.description = (
        "Run the language server for policy files and policy tests. An editor starts this command and uses it through "
        "standard input and output. docs/editors.md shows how to set up Neovim, VS Code, Emacs and Helix."
    )
    add_policy_path_to(parser)
    parser.add_argument("--stdio", action="store_true", help="has no effect; some editors always add it")
    parser.set_defaults(run=_run)


def _run(options: argparse.Namespace) -> int:
    require_package("the language server cannot run", "pygls", "lsp")
    from evaluator.lsp.server import serve  # noqa: PLC0415 -- imports pygls

    serve(policy_path_of(options))
    return Exit.DONE
