"""What several commands say about logs: which log, who signs, labels, times, which records.

A decision that shall be kept is on the disk before anything of it is printed.
"""

from __future__ import annotations

import argparse
from pathlib import Path
from typing import TYPE_CHECKING

from evaluator.cli.reading import warn
from evaluator.decision import Decision, Status
from evaluator.finding import FindingCode
from evaluator.text import did_you_mean, quote

if TYPE_CHECKING:
    from datetime import datetime

    from evaluator.audit.log.chain import Head
    from evaluator.audit.log.items import LogFilter
    from evaluator.audit.log.store import DecisionLog


def add_keeping_to(parser: argparse.ArgumentParser) -> None:
    """Add the arguments by which a decision is kept."""
    kept = parser.add_argument_group("keeping the decision")
    kept.add_argument("--log", metavar="FILE", type=Path, help="keep the decision in this log before it is printed")
    by = "with --log, to find it by; may be repeated"
    kept.add_argument("--label", metavar="NAME=VALUE", action=_Labels, type=label, help=by)
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


def add_filter_to(parser: argparse.ArgumentParser) -> None:
    """Add the arguments that say which records are meant."""
    which = parser.add_argument_group("which records", "those for which all that is given holds")
    which.add_argument("--host", metavar="NAME", help="the host's name, or its addresses as the list shows them")
    which.add_argument("--since", metavar="TIME", type=moment, help="made then or later")
    which.add_argument("--until", metavar="TIME", type=moment, help="made before")
    statuses = ", ".join(Status)
    which.add_argument("--status", metavar="STATUS", type=_status, help=f"the status: {statuses}")
    which.add_argument("--finding", metavar="CODE", help="the code of a finding, a shipped one or one in the log")
    which.add_argument("--interface", metavar="NAME", help="the hostActiveNic")
    which.add_argument("--policy", metavar="NAME", help="the name that the policy gives itself, or its SHA-256")
    which.add_argument("--label", metavar="NAME=VALUE", action=_Labels, type=label, help="a label; may be repeated")


def filter_of(options: argparse.Namespace, log: DecisionLog) -> LogFilter:
    """Return which records the arguments mean; ends the program if they name a finding that nothing can give."""
    if options.finding is not None and options.finding not in set(FindingCode):
        _refuse_unknown(options, log.codes())
    from evaluator.audit.log.items import LogFilter  # noqa: PLC0415 -- sqlite3

    return LogFilter(
        host=options.host,
        since=options.since,
        until=options.until,
        status=options.status,
        finding=options.finding,
        interface=options.interface,
        policy=options.policy,
        labels=dict(options.label or ()),
    )


def _refuse_unknown(options: argparse.Namespace, in_log: frozenset[str]) -> None:
    if options.finding in in_log:
        return
    hint = did_you_mean(options.finding, [*FindingCode, *in_log])
    message = f"unknown finding {quote(options.finding)}: neither a shipped code nor one in the log"
    options.parser.error(f"{message}; {hint}" if hint else message)


def _status(text: str) -> Status:
    try:
        return Status(text)
    except ValueError:
        hint = did_you_mean(text, list(Status)) or f"one of {', '.join(Status)}"
        raise argparse.ArgumentTypeError(f"unknown status {quote(text)}; {hint}") from None


class _Labels(argparse.Action):
    """Gathers labels; a name that is given twice is refused, for one value would be lost."""

    def __call__(
        self,
        parser: argparse.ArgumentParser,
        namespace: argparse.Namespace,
        values: object,
        option_string: str | None = None,
    ) -> None:
        assert isinstance(values, tuple)  # noqa: S101 -- `label` has made it
        found = dict(getattr(namespace, self.dest) or {})
        if values[0] in found:
            parser.error(f"the label {quote(values[0])} is given twice")
        setattr(namespace, self.dest, {**found, values[0]: values[1]})


def label(text: str) -> tuple[str, str]:
    """Read a label."""
    name, equals, value = text.partition("=")
    if not equals or not name:
        raise argparse.ArgumentTypeError(f"{quote(text)} is no `name=value`")
    return name, value


def number(text: str) -> int:
    """Read how many."""
    if not text.isdecimal():
        raise argparse.ArgumentTypeError(f"{quote(text)} is no number")
    return int(text)


def moment(text: str) -> datetime:
    """Read a moment; without a time zone it is UTC, as in the records."""
    from datetime import UTC, datetime  # noqa: PLC0415 -- only where one is given

    try:
        found = datetime.fromisoformat(text.strip())
        return (found if found.tzinfo else found.replace(tzinfo=UTC)).astimezone(UTC)
    except (ValueError, OverflowError):
        message = f"{quote(text)} is no time; write 2026-11-22, or 2026-11-22T12:00:00Z"
        raise argparse.ArgumentTypeError(message) from None


def noted_head(text: str) -> Head:
    """Read a head that was noted."""
    from evaluator.audit.log.chain import parse_head  # noqa: PLC0415 -- only where one is given
    from evaluator.diagnostic import RecordError  # noqa: PLC0415 -- as above

    try:
        return parse_head(text)
    except RecordError as error:
        (found,) = error.diagnostics
        raise argparse.ArgumentTypeError(f"{found.message}; {found.hint}") from None
