"""`activenic fleet`: decides many hosts and summarizes the decisions."""

from __future__ import annotations

import argparse
import json
import sys
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import TYPE_CHECKING

from evaluator.base.diagnostic import extra_missing
from evaluator.cli.exits import Exit, missing_subcommand
from evaluator.cli.policy_path import add_policy_path_to, policy_path_of
from evaluator.cli.preferences import PROGRESS, output_choice
from evaluator.engine import load_policy
from evaluator.policy.parameters import parse_assignments
from evaluator.workbench.compare_policies import parse_for_policies

_OUTPUT = output_choice(("text", "json"))

if TYPE_CHECKING:
    from evaluator.fleet.decide_files import Inputs
    from evaluator.fleet.ranges import Range


def add_to(parser: argparse.ArgumentParser) -> None:
    """Add the description and the arguments of the subcommand."""
    parser.description = (
        "Decide many hosts, and look at the results. No host name is resolved: the questions contain the addresses."
    )
    parser.set_defaults(run=missing_subcommand(parser))
    actions = parser.add_subparsers(title="actions", metavar="ACTION")
    for add in (_add_decide, _add_summary, _add_diff):
        add(actions)


def _add_decide(actions: argparse._SubParsersAction[argparse.ArgumentParser]) -> None:
    parser = actions.add_parser("decide", help="decide every question and write a table", allow_abbrev=False)
    parser.description = (
        "Decide every question of the inputs and write a Parquet file with one row for each question. An invalid "
        "question becomes a row with its problems. If the command is interrupted, run it again: it continues."
    )
    _add_inputs_to(parser)
    parser.add_argument(
        "--policy", metavar="POLICY", default="strict", help="a shipped policy or a policy file (default: strict)"
    )
    parser.add_argument("--out", metavar="RESULT", type=Path, required=True, help="the Parquet file to write")
    parser.add_argument("--findings", action="store_true", help="fill the column `findings` (slower)")
    parser.add_argument(
        "--digest", action="store_true", help="fill the column `sha256`, the digest of the decision document (slower)"
    )
    add_policy_path_to(parser)
    parser.set_defaults(run=_decide, parser=parser)


def _add_summary(actions: argparse._SubParsersAction[argparse.ArgumentParser]) -> None:
    parser = actions.add_parser("summary", help="count the rows of a result", allow_abbrev=False)
    parser.description = "Count the hosts of a result by status, kind, refusal, finding, problem and label."
    parser.add_argument("result", metavar="RESULT", type=Path, help="a file that `activenic fleet decide` wrote")
    _OUTPUT.add_to(parser)
    parser.set_defaults(run=_summary, parser=parser)


def _add_diff(actions: argparse._SubParsersAction[argparse.ArgumentParser]) -> None:
    parser = actions.add_parser("diff", help="compare two policies on a fleet", allow_abbrev=False)
    parser.description = (
        "Decide every question of the inputs by two policies, and count the changed answers by transition, label and "
        "finding. JSON has every changed host."
    )
    parser.add_argument("old", metavar="OLD", help="a shipped policy or a policy file")
    parser.add_argument("new", metavar="NEW", help="the new policy: a shipped policy or a policy file")
    _add_inputs_to(parser)
    add_policy_path_to(parser)
    _OUTPUT.add_to(parser)
    parser.set_defaults(run=_diff, parser=parser)


def _add_inputs_to(parser: argparse.ArgumentParser) -> None:
    inputs = "questions: JSON lines, a Parquet file, a decision log, or a folder of JSON lines, questions and reports"
    parser.add_argument("inputs", metavar="INPUT", nargs="+", type=Path, help=inputs)
    table = (
        "the addresses of the reports in a folder: a table (.csv, .jsonl or .parquet) with the columns `id`, the name "
        "of the report's file without its ending, and `addresses`"
    )
    parser.add_argument("--addresses", metavar="TABLE", type=Path, help=table)
    parameter = "a parameter of the policy; may be repeated; takes precedence over the parameters of a question"
    parser.add_argument("--param", metavar="NAME=VALUE", action="append", default=[], help=parameter)


def _decide(options: argparse.Namespace) -> int:
    _refuse_unusable_result(options)
    policy = load_policy(options.policy, policy_path=policy_path_of(options))
    parameters = parse_assignments(policy.program, options.param)
    _need_extra()
    from evaluator.fleet.decide_files import Inputs, decide_files  # noqa: PLC0415 -- an extra
    from evaluator.fleet.rows import Asked  # noqa: PLC0415 -- an extra, only if needed

    inputs = Inputs(tuple(options.inputs), options.addresses)
    asked = Asked(policy, parameters, options.findings, options.digest)
    for _ in _with_progress(decide_files(inputs, options.out, asked), inputs, options):
        pass
    return Exit.DONE


def _summary(options: argparse.Namespace) -> int:
    _need_extra()
    from evaluator.fleet.summary import as_text, summarize  # noqa: PLC0415 -- an extra

    summary = summarize(options.result)
    _print(as_text(summary) if _OUTPUT.of(options) == "text" else _as_json(summary.to_dict()))
    return Exit.DONE


def _diff(options: argparse.Namespace) -> int:
    policy_path = policy_path_of(options)
    old, new = (load_policy(name, policy_path=policy_path) for name in (options.old, options.new))
    parameters = parse_for_policies(options.param, old, new)
    _need_extra()
    from evaluator.fleet.compare_files import (  # noqa: PLC0415 -- an extra
        CompareRange,
        RangeComparison,
        as_text,
        compare_files,
        merged,
    )
    from evaluator.fleet.decide_files import Inputs  # noqa: PLC0415 -- an extra, only if needed

    inputs, job = Inputs(tuple(options.inputs), options.addresses), CompareRange(old, new, parameters)
    results: list[RangeComparison] = []
    for _ in _with_progress(compare_files(inputs, job, results), inputs, options):
        pass
    fleet = merged(job, results)
    _print(as_text(fleet) if _OUTPUT.of(options) == "text" else _as_json(fleet.to_dict()))
    return Exit.DONE


def _as_json(document: dict[str, object]) -> Iterable[str]:
    return (json.dumps(document, indent=2),)


def _print(lines: Iterable[str]) -> None:
    for line in lines:
        print(line)


def _refuse_unusable_result(options: argparse.Namespace) -> None:
    """End the program with a usage error if the result is a folder or one of the inputs."""
    result: Path = options.out
    if result.is_dir():
        options.parser.error("`--out` is a folder; give the name of a file")
    others = [*options.inputs, *([options.addresses] if options.addresses else [])]
    if result.exists() and any(path.exists() and path.samefile(result) for path in others):
        options.parser.error("`--out` is one of the inputs; the result would replace it")


def _need_extra() -> None:
    try:
        import duckdb  # noqa: F401, PLC0415 -- an extra, which only this command needs
        import pyarrow  # noqa: F401, PLC0415 -- is the extra installed?
    except ImportError as error:
        raise extra_missing("the command `fleet` cannot run", error.name or "pyarrow", "fleet") from None


def _with_progress(ranges: Iterator[Range], inputs: Inputs, options: argparse.Namespace) -> Iterator[Range]:
    if not PROGRESS.of(options) or not sys.stderr.isatty():
        return ranges
    from evaluator.cli.progress import with_progress_in_octets  # noqa: PLC0415 -- rich, only on a terminal

    total = sum(file.octets for file in inputs.files()[0])
    return with_progress_in_octets(ranges, total, lambda part: part.octets, sys.stderr)
