"""Which records of a log a command means, and what else its arguments name: moments, numbers, a noted head."""

from __future__ import annotations

import argparse
from datetime import UTC, datetime

from evaluator.audit.log.chain import Head, parse_head
from evaluator.audit.log.items import LogFilter
from evaluator.audit.log.store import DecisionLog
from evaluator.base.diagnostic import RecordError
from evaluator.base.finding import FindingCode
from evaluator.base.status import Status
from evaluator.base.text import did_you_mean, quote
from evaluator.cli.append import Labels, label


def add_filter_to(parser: argparse.ArgumentParser) -> None:
    """Add the arguments that choose records."""
    which = parser.add_argument_group("which records", "those for which all that is given holds")
    which.add_argument("--host", metavar="NAME", help="the host's name, or its addresses as the list shows them")
    which.add_argument("--since", metavar="TIME", type=moment, help="made then or later")
    which.add_argument("--until", metavar="TIME", type=moment, help="made before")
    statuses = ", ".join(Status)
    which.add_argument("--status", metavar="STATUS", type=_status, help=f"the status: {statuses}")
    which.add_argument("--finding", metavar="CODE", help="the code of a finding, a shipped one or one in the log")
    which.add_argument("--interface", metavar="NAME", help="the hostActiveNic")
    which.add_argument("--policy", metavar="NAME", help="the name that the policy gives itself, or its SHA-256")
    which.add_argument("--label", metavar="NAME=VALUE", action=Labels, type=label, help="a label; may be repeated")


def filter_of(options: argparse.Namespace, log: DecisionLog) -> LogFilter:
    """Return which records the arguments mean; ends the program if they name a finding that nothing can give."""
    if options.finding is not None and options.finding not in set(FindingCode):
        _refuse_unknown(options, log.codes())
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


def number(text: str) -> int:
    """Read how many."""
    if not text.isdecimal():
        raise argparse.ArgumentTypeError(f"{quote(text)} is not a number")
    return int(text)


def moment(text: str) -> datetime:
    """Read a moment; without a time zone it is UTC, as in the records."""
    try:
        found = datetime.fromisoformat(text.strip())
        return (found if found.tzinfo else found.replace(tzinfo=UTC)).astimezone(UTC)
    except (ValueError, OverflowError):
        message = f"{quote(text)} is not a time; write 2026-11-22, or 2026-11-22T12:00:00Z"
        raise argparse.ArgumentTypeError(message) from None


def noted_head(text: str) -> Head:
    """Read a head that was noted."""
    try:
        return parse_head(text)
    except RecordError as error:
        (found,) = error.diagnostics
        raise argparse.ArgumentTypeError(f"{found.message}; {found.hint}") from None
