"""Reads the report for a command: from a file, from standard input, or from this machine."""

from __future__ import annotations

import argparse
import sys
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

from evaluator.base.diagnostic import Diagnostic, ReportCode, ReportError
from evaluator.base.lazy_import import lazy_module
from evaluator.base.text import quote_path
from evaluator.cli.problems import print_problem
from evaluator.report.json_text import LARGEST
from evaluator.report.read import FORMATS, read_file, read_regular_file, read_report_text
from evaluator.report.reading import Report

if TYPE_CHECKING:
    import json
else:
    json = lazy_module("json")


def add_report_to(parser: argparse.ArgumentParser) -> None:
    """Add the argument REPORT."""
    parser.add_argument(
        "report", metavar="REPORT", nargs="?", help="a report in a supported format; - for standard input"
    )


def add_report_options_to(parser: argparse.ArgumentParser) -> None:
    """Add the options that select or describe a report."""
    parser.set_defaults(parser=parser)
    live = "read the interfaces of this machine through netlink, instead of a report"
    parser.add_argument("--live", action="store_true", help=live)
    parser.add_argument(
        "--netns",
        metavar="NAME",
        help="with --live, read the interfaces of this network namespace; NAME is a name that `ip netns` lists",
    )
    formats = ["auto", *(format.name for format in FORMATS)]
    parser.add_argument("--format", default="auto", choices=formats, help="the report's format (default: auto)")
    routes = "for a report of `ip -j addr`: the output of `ip -j route`; repeat the option for `ip -j -6 route`"
    parser.add_argument("--route", metavar="FILE", action="append", default=[], type=Path, help=routes)
    item = "the name of the NodeNetworkState to read, if REPORT is a List of several such objects"
    parser.add_argument("--item", metavar="NAME", help=item)


def report_of(options: argparse.Namespace) -> Report:
    """Return the selected report. Raises ReportError if the report is invalid."""
    if options.live:
        from evaluator.report.live import collect  # noqa: PLC0415 -- needs an extra, only if needed

        return read_report_text(json.dumps(collect(options.netns), indent=1).encode(), "iproute2")
    name: str = options.report
    refusal = f"the report {'from standard input' if name == '-' else quote_path(name)} is refused"
    with _print_if_refused(refusal):
        text = _standard_input() if name == "-" else read_file(Path(name))
    routes = _route_files(options.route) if options.route else ()
    with _print_if_refused(refusal):
        return read_report_text(text, options.format, routes, options.item)


def _route_files(paths: Sequence[Path]) -> tuple[bytes, ...]:
    """Return the texts of the route files. Raises ReportError if a file is not a route file."""
    from evaluator.report.iproute2.route_file import read_route_file, refuse_one_family  # noqa: PLC0415 -- if needed

    files = []
    for path in paths:
        with _print_if_refused(f"the route file {quote_path(path)} is refused"):
            files.append(read_route_file(read_regular_file(path, "route file")))
    with _print_if_refused(f"the route files {' and '.join(map(quote_path, paths))} are refused"):
        refuse_one_family(files)
    return tuple(file.text for file in files)


@contextmanager
def _print_if_refused(refusal: str) -> Iterator[None]:
    """If the block raises ReportError, print a message that names the file, and raise the error again."""
    try:
        yield
    except ReportError:
        print_problem(f"activenic: {refusal}")
        raise


def report_mistakes(options: argparse.Namespace) -> list[str]:
    """Return a message for each contradiction between the arguments that select a report."""
    problems = {
        "give a REPORT, or `--live` for this machine": options.live == (options.report is not None),
        "`--netns` needs `--live`": options.netns is not None and not options.live,
        "`--route` needs a REPORT": bool(options.route) and options.live,
        "`--route` can be given at most twice, for IPv4 and for IPv6": len(options.route) > 2,
        "`--item` needs a REPORT": options.item is not None and options.live,
        "`--format` needs a REPORT": options.format != "auto" and options.live,
    }
    return [message for message, is_wrong in problems.items() if is_wrong]


def _standard_input() -> bytes:
    if sys.stdin is None:
        raise ReportError([Diagnostic(ReportCode.UNREADABLE, "standard input is closed")])
    return sys.stdin.buffer.read(LARGEST + 1)
