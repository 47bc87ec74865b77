"""Runs `activenic fleet summary` and `activenic fleet diff` for the output `html`; needs the package pygal."""

from __future__ import annotations

import argparse
import sys

from evaluator.base.text import visible
from evaluator.cli.actions.fleet.diff import comparison_of
from evaluator.cli.actions.fleet.inputs import finish, inputs_of
from evaluator.cli.exits import Exit
from evaluator.cli.policy_path import policy_path_of
from evaluator.engine import load_policy
from evaluator.fleet.comparison_page import comparison_page
from evaluator.fleet.host_pages import INDEX, write_pages
from evaluator.fleet.rows import Asked
from evaluator.fleet.summary_page import summary_page
from evaluator.policy.parameters import parse_assignments
from evaluator.render.fleet_page.page import page


def print_summary(options: argparse.Namespace) -> int:
    """Print the page about a result. With `--pages`, write this page and the pages of hosts into a folder."""
    if options.pages is not None:
        return _write_pages(options)
    sys.stdout.write(page(summary_page(options.result, {})))
    return Exit.DONE


def _write_pages(options: argparse.Namespace) -> int:
    policy = load_policy(options.policy, policy_path=policy_path_of(options))
    asked = Asked(policy, parse_assignments(policy.program, options.param))
    inputs = inputs_of(options)
    finish(write_pages(options.result, inputs, asked, options.pages, options.most_pages), inputs, options)
    print(visible(str(options.pages / INDEX)))
    return Exit.DONE


def print_diff(options: argparse.Namespace) -> int:
    """Print the page about the changed answers."""
    sys.stdout.write(page(comparison_page(comparison_of(options))))
    return Exit.DONE
