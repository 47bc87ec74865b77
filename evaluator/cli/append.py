"""The options `--log`, `--label` and `--sign-key`, which append a decision to a log.

With `--log`, the command writes the decision to the disk before it prints any part of the decision.
"""

from __future__ import annotations

import argparse
from collections.abc import Iterable
from pathlib import Path
from typing import cast

from evaluator.base.diagnostic import Diagnostic
from evaluator.base.text import quote
from evaluator.cli.problems import print_problem
from evaluator.decision.decision import Decision


def add_log_options_to(parser: argparse.ArgumentParser) -> None:
    """Add the options for appending the decision to a log."""
    group = parser.add_argument_group("logging the decision")
    group.add_argument(
        "--log", metavar="FILE", type=Path, help="append the decision to this log before the command prints it"
    )
    labels = "with --log, a label of the record; may be repeated"
    group.add_argument("--label", metavar="NAME=VALUE", action=Labels, type=label, help=labels)
    group.add_argument(
        "--sign-key", metavar="FILE", type=Path, help="with --log, the private key that signs the record"
    )


def append_to_log(decision: Decision, options: argparse.Namespace) -> str | None:
    """Append the decision to the log in the option `--log`, and return the id of the record; None without a log."""
    if options.log is None:
        return None
    from evaluator.audit.log.store import DecisionLog  # noqa: PLC0415 -- sqlite3, only if needed

    with DecisionLog.open(options.log, signer=options.sign_key) as log:
        warn(log.warnings)
        return log.append(decision, dict(options.label or ()))


def require_log_option(options: argparse.Namespace) -> None:
    """End the program with a usage error if an option that needs `--log` is used without `--log`."""
    values = {"--label": options.label, "--sign-key": options.sign_key}
    names = [name for name, value in values.items() if value is not None and options.log is None]
    if names:
        options.parser.error("; ".join(f"`{name}` needs `--log`" for name in names))


class Labels(argparse.Action):
    """Collects labels in a dict. A repeated name is a usage error, because one of the two values would be lost."""

    def __call__(
        self,
        parser: argparse.ArgumentParser,
        namespace: argparse.Namespace,
        values: object,
        option_string: str | None = None,
    ) -> None:
        """Add one label."""
        name, value = cast("tuple[str, str]", values)
        labels = dict(getattr(namespace, self.dest) or {})
        if name in labels:
            parser.error(f"the label {quote(name)} is given twice")
        setattr(namespace, self.dest, {**labels, name: value})


def label(text: str) -> tuple[str, str]:
    """Return the name and the value of a label `NAME=VALUE`."""
    name, equals, value = text.partition("=")
    if not equals or not name:
        raise argparse.ArgumentTypeError(f"invalid label {quote(text)}: expected NAME=VALUE")
    return name, value


def warn(warnings: Iterable[Diagnostic]) -> None:
    """Print warnings to standard error. Warnings do not change the exit status."""
    for warning in warnings:
        print_problem(warning)
