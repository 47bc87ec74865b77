"""Where a command's report comes from: a file, standard input, or this machine."""

from __future__ import annotations

import argparse
import json
import sys
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

from evaluator.base.diagnostic import Diagnostic, ReportCode, ReportError
from evaluator.base.text import quote_path
from evaluator.report.json_text import LARGEST
from evaluator.report.read import FORMATS, read_file, read_regular_file, read_report_text
from evaluator.report.reading import Report


def add_report_to(parser: argparse.ArgumentParser) -> None:
    """Add the arguments that name a report."""
    parser.set_defaults(parser=parser)
    parser.add_argument(
        "report", metavar="REPORT", nargs="?", help="a report in one of the formats; - for standard input"
    )
    parser.add_argument("--live", action="store_true", help="this machine instead of a report, by netlink")
    parser.add_argument("--netns", metavar="NAME", help="with --live, a network namespace, named as in `ip netns`")
    formats = ["auto", *(format.name for format in FORMATS)]
    parser.add_argument("--format", default="auto", choices=formats, help="the report's format (default: auto)")
    routes = "the output of `ip -j route` for a report of `ip -j addr`; may be given again for `ip -j -6 route`"
    parser.add_argument("--route", metavar="FILE", action="append", default=[], type=Path, help=routes)
    item = "the name of one NodeNetworkState, if REPORT is a List of several"
    parser.add_argument("--item", metavar="NAME", help=item)


def report_of(options: argparse.Namespace) -> Report:
    """Return the report that the arguments name."""
    if options.live:
        from evaluator.report.live import collect  # noqa: PLC0415 -- the extra, only where this machine is asked

        return read_report_text(json.dumps(collect(options.netns), indent=1).encode(), "iproute2")
    name: str = options.report
    is_refused = f"the report {'from standard input' if name == '-' else quote_path(name)} is refused"
    with _naming(is_refused):
        text = _standard_input() if name == "-" else read_file(Path(name))
    routes = _route_files(options.route) if options.route else ()
    with _naming(is_refused):
        return read_report_text(text, options.format, routes, options.item)


def _route_files(paths: Sequence[Path]) -> tuple[bytes, ...]:
    """Return the texts of the route files, which are known to be such."""
    from evaluator.report.iproute2.route_file import read_route_file, refuse_one_family  # noqa: PLC0415 -- if needed

    files = []
    for path in paths:
        with _naming(f"the route file {quote_path(path)} is refused"):
            files.append(read_route_file(read_regular_file(path, "route file")))
    with _naming(f"the route files {' and '.join(map(quote_path, paths))} are refused"):
        refuse_one_family(files)
    return tuple(file.text for file in files)


@contextmanager
def _naming(is_refused: str) -> Iterator[None]:
    """Say which file it was, if one is refused."""
    try:
        yield
    except ReportError:
        print(f"activenic: {is_refused}", file=sys.stderr)
        raise


def report_mistakes(options: argparse.Namespace) -> list[str]:
    """Return in which ways the arguments that name a report contradict each other."""
    problems = {
        "give a REPORT, or `--live` for this machine": options.live == (options.report is not None),
        "`--netns` goes with `--live`": options.netns is not None and not options.live,
        "`--route` goes with a REPORT": bool(options.route) and options.live,
        "`--route` can be given twice, for IPv4 and IPv6": len(options.route) > 2,
        "`--item` goes with a REPORT": options.item is not None and options.live,
        "`--format` goes with a REPORT": options.format != "auto" and options.live,
    }
    return [message for message, is_wrong in problems.items() if is_wrong]


def _standard_input() -> bytes:
    if sys.stdin is None:
        raise ReportError([Diagnostic(ReportCode.UNREADABLE, "standard input is closed")])
    return sys.stdin.buffer.read(LARGEST + 1)
