"""How a decision is kept in a log: which log, who signs, labels.

A decision that shall be kept is on the disk before anything of it is printed.
"""

from __future__ import annotations

import argparse
import sys
from collections.abc import Iterable
from pathlib import Path
from typing import cast

from evaluator.base.diagnostic import Diagnostic
from evaluator.base.text import quote
from evaluator.decision.decision import Decision


def add_keeping_to(parser: argparse.ArgumentParser) -> None:
    """Add the arguments by which a decision is kept."""
    kept = parser.add_argument_group("keeping the decision")
    kept.add_argument("--log", metavar="FILE", type=Path, help="keep the decision in this log before it is printed")
    by = "with --log, to find it by; may be repeated"
    kept.add_argument("--label", metavar="NAME=VALUE", action=Labels, type=label, help=by)
    kept.add_argument("--sign-key", metavar="FILE", type=Path, help="with --log, the private key that signs it")


def keep(decision: Decision, options: argparse.Namespace) -> str | None:
    """Append the decision to the log that the arguments name, and return its id; None if they name none."""
    if options.log is None:
        return None
    from evaluator.audit.log.store import DecisionLog  # noqa: PLC0415 -- sqlite3, only where something is kept

    with DecisionLog.open(options.log, signer=options.sign_key) as log:
        warn(log.warnings)
        return log.append(decision, dict(options.label or ()))


def refuse_keeping_without_log(options: argparse.Namespace) -> None:
    """End the program where something is said about a log, and none is named."""
    given = {"--label": options.label, "--sign-key": options.sign_key}
    lonely = [name for name, value in given.items() if value is not None and options.log is None]
    if lonely:
        options.parser.error("; ".join(f"`{name}` goes with `--log`" for name in lonely))


class Labels(argparse.Action):
    """Gathers labels; a name that is given twice is refused, for one value would be lost."""

    def __call__(
        self,
        parser: argparse.ArgumentParser,
        namespace: argparse.Namespace,
        values: object,
        option_string: str | None = None,
    ) -> None:
        """Add a label to those before it."""
        name, value = cast("tuple[str, str]", values)
        found = dict(getattr(namespace, self.dest) or {})
        if name in found:
            parser.error(f"the label {quote(name)} is given twice")
        setattr(namespace, self.dest, {**found, name: value})


def label(text: str) -> tuple[str, str]:
    """Read a label."""
    name, equals, value = text.partition("=")
    if not equals or not name:
        raise argparse.ArgumentTypeError(f"{quote(text)} is no `name=value`")
    return name, value


def warn(warnings: Iterable[Diagnostic]) -> None:
    """Print warnings; they do not change the exit status."""
    for warning in warnings:
        print(warning, file=sys.stderr)
