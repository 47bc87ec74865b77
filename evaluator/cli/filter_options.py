"""Defines the options that select records of a log. Also parses arguments of log commands: times, numbers, heads."""

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
    """Add the options that select records."""
    group = parser.add_argument_group("filter", "only records that match every given option")
    group.add_argument("--host", metavar="NAME", help="the host's name, or its addresses as `log list` prints them")
    group.add_argument("--since", metavar="TIME", type=parse_time, help="decided at this time or later")
    group.add_argument("--until", metavar="TIME", type=parse_time, help="decided before this time")
    statuses = ", ".join(Status)
    group.add_argument("--status", metavar="STATUS", type=_status, help=f"the status of the decision: {statuses}")
    codes = "a finding code that activenic defines, or that a policy in the log defines"
    group.add_argument("--finding", metavar="CODE", help=codes)
    group.add_argument("--interface", metavar="NAME", help="the name of the hostActiveNic")
    group.add_argument("--policy", metavar="NAME", help="the name of the policy, or its SHA-256 digest")
    group.add_argument("--label", metavar="NAME=VALUE", action=Labels, type=label, help="a label; may be repeated")


def filter_of(options: argparse.Namespace, log: DecisionLog) -> LogFilter:
    """Return the filter that the options describe.

    Ends the program if neither activenic nor the log knows the finding code.
    """
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
    message = f"unknown finding {quote(options.finding)}: not a code of activenic, and not in the log"
    options.parser.error(f"{message}; {hint}" if hint else message)


def _status(text: str) -> Status:
    try:
        return Status(text)
    except ValueError:
        hint = did_you_mean(text, list(Status)) or f"one of {', '.join(Status)}"
        raise argparse.ArgumentTypeError(f"unknown status {quote(text)}; {hint}") from None


def parse_number(text: str) -> int:
    """Return a number that is not negative."""
    if not text.isdecimal():
        raise argparse.ArgumentTypeError(f"{quote(text)} is not a whole number")
    return int(text)


def parse_time(text: str) -> datetime:
    """Return an ISO 8601 time in UTC. A time without a time zone counts as UTC, as in the records."""
    try:
        time = datetime.fromisoformat(text.strip())
        return (time if time.tzinfo else time.replace(tzinfo=UTC)).astimezone(UTC)
    except (ValueError, OverflowError):
        message = f"invalid time {quote(text)}; write 2026-11-22 or 2026-11-22T12:00:00Z"
        raise argparse.ArgumentTypeError(message) from None


def parse_noted_head(text: str) -> Head:
    """Return the head (number and hash of a record) from a text `SEQ:HASH`."""
    try:
        return parse_head(text)
    except RecordError as error:
        (problem,) = error.diagnostics
        raise argparse.ArgumentTypeError(f"{problem.message}; {problem.hint}") from None
