"""The actions of `activenic fleet`; this module imports the packages of the extra `fleet`."""

from __future__ import annotations

import argparse
import json
import sys
from collections.abc import Callable, Iterable, Iterator
from contextlib import AbstractContextManager, nullcontext
from typing import TYPE_CHECKING

from evaluator.base.text import visible
from evaluator.cli.exits import Exit
from evaluator.cli.policy_path import policy_path_of
from evaluator.cli.preferences import TEXT_JSON_OR_HTML
from evaluator.cli.progress import shows_progress
from evaluator.cli.progress_bar import with_octets
from evaluator.engine import load_policy
from evaluator.fleet.decide_files import Engine, Inputs, decide_files, on_this_machine
from evaluator.fleet.ranges import Range
from evaluator.fleet.rows import Asked
from evaluator.policy.parameters import parse_assignments
from evaluator.workbench.compare_policies import parse_for_policies

if TYPE_CHECKING:
    from evaluator.render.fleet_page.content import FleetPage


def _decide(options: argparse.Namespace) -> int:
    policy = load_policy(options.policy, policy_path=policy_path_of(options))
    parameters = parse_assignments(policy.program, options.param)

    inputs = Inputs(tuple(options.inputs), options.addresses)
    asked = Asked(policy, parameters, options.findings, options.digest)
    with _engine(options) as engine:
        for _ in _with_progress(decide_files(inputs, options.out, asked, engine), inputs, options):
            pass
    return Exit.DONE


def _engine(options: argparse.Namespace) -> AbstractContextManager[Engine]:
    if options.engine == "local":
        return nullcontext(on_this_machine)
    from evaluator.fleet.spark_ranges import spark_engine  # noqa: PLC0415 -- imports the packages of another extra

    settings = (setting.partition("=") for setting in options.spark_conf)
    return spark_engine(options.master, {name: value for name, _, value in settings})


def _summary(options: argparse.Namespace) -> int:
    from evaluator.fleet import summary  # noqa: PLC0415 -- DuckDB is not needed to decide
    from evaluator.fleet.summary_page import summary_page  # noqa: PLC0415 -- as above

    output = TEXT_JSON_OR_HTML.of(options)
    if options.pages is not None:
        return _pages(options)
    if output == "html":
        sys.stdout.write(_page(summary_page(options.result, {})))
        return Exit.DONE
    counts = summary.summarize(options.result)
    _print(summary.as_text(counts) if output == "text" else _as_json(counts.to_dict()))
    return Exit.DONE


def _pages(options: argparse.Namespace) -> int:
    from evaluator.fleet.host_pages import INDEX, write_pages  # noqa: PLC0415 -- pygal is needed for pages only

    policy = load_policy(options.policy, policy_path=policy_path_of(options))
    asked = Asked(policy, parse_assignments(policy.program, options.param))
    inputs = Inputs(tuple(options.inputs), options.addresses)
    ranges = write_pages(options.result, inputs, asked, options.pages, options.most_pages)
    for _ in _with_progress(ranges, inputs, options):
        pass
    print(visible(str(options.pages / INDEX)))
    return Exit.DONE


def _page(content: FleetPage) -> str:
    from evaluator.render.fleet_page.page import page  # noqa: PLC0415 -- pygal is needed for pages only

    return page(content)


def _diff(options: argparse.Namespace) -> int:
    from evaluator.fleet.compare_files import (  # noqa: PLC0415 -- DuckDB is not needed to decide
        CompareRange,
        RangeComparison,
        as_text,
        compare_files,
        merged,
    )
    from evaluator.fleet.comparison_page import comparison_page  # noqa: PLC0415 -- as above

    policy_path = policy_path_of(options)
    old, new = (load_policy(name, policy_path=policy_path) for name in (options.old, options.new))
    parameters = parse_for_policies(options.param, old, new)

    inputs, job = Inputs(tuple(options.inputs), options.addresses), CompareRange(old, new, parameters)
    results: list[RangeComparison] = []
    for _ in _with_progress(compare_files(inputs, job, results), inputs, options):
        pass
    fleet = merged(job, results)
    output = TEXT_JSON_OR_HTML.of(options)
    if output == "html":
        sys.stdout.write(_page(comparison_page(fleet)))
        return Exit.DONE
    _print(as_text(fleet) if output == "text" else _as_json(fleet.to_dict()))
    return Exit.DONE


def _as_json(document: dict[str, object]) -> Iterable[str]:
    return (json.dumps(document, indent=2),)


def _print(lines: Iterable[str]) -> None:
    for line in lines:
        print(line)


def _with_progress(ranges: Iterator[Range], inputs: Inputs, options: argparse.Namespace) -> Iterator[Range]:
    if not shows_progress(options):
        return ranges
    total = sum(file.octets for file in inputs.files()[0])
    return with_octets(ranges, total, lambda part: part.octets, sys.stderr)


ACTIONS: dict[str, Callable[[argparse.Namespace], int]] = {"decide": _decide, "summary": _summary, "diff": _diff}
