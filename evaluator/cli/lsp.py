"""`activenic lsp`: the language server for editors."""

from __future__ import annotations

import argparse

from evaluator.cli.action import Action, Extra
from evaluator.cli.policy_path import add_policy_path_to

_SERVE = Action("evaluator.cli.actions.lsp:run", (Extra("lsp", ("pygls",), "the language server cannot run"),))


def add_to(parser: argparse.ArgumentParser) -> None:
    """Add the description and the arguments of the subcommand."""
    parser.description = (
        "Run the language server for policy files and policy tests. An editor starts this command and uses it through "
        "standard input and output. docs/editors.md shows how to set up Neovim, VS Code, Emacs and Helix."
    )
    add_policy_path_to(parser)
    parser.add_argument("--stdio", action="store_true", help="has no effect; some editors always add it")
    parser.set_defaults(run=_SERVE)
