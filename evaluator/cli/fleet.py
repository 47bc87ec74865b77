"""`activenic fleet`: decides many hosts and summarizes the decisions."""

from __future__ import annotations

import argparse
from pathlib import Path

from evaluator.base.text import quote
from evaluator.cli.action import Action, Extra
from evaluator.cli.exits import missing_subcommand
from evaluator.cli.policy_path import add_policy_path_to
from evaluator.cli.preferences import TEXT_JSON_OR_HTML

_MOST_PAGES = 500
_FLEET = Extra("fleet", ("duckdb", "pyarrow"), "the command `fleet` cannot run")
_PYGAL = Extra("fleet", ("pygal",), "the page cannot be written")
_SPARK = Extra("spark", ("pandas", "pyspark"), "the engine `spark` cannot run")
_ACTIONS = "evaluator.cli.actions.fleet"
_ENGINES = {
    "local": Action(f"{_ACTIONS}.decide:run", (_FLEET,)),
    "spark": Action(f"{_ACTIONS}.spark:run", (_SPARK, _FLEET)),
}
_SUMMARIES = {
    "text": Action(f"{_ACTIONS}.summary:print_text", (_FLEET,)),
    "json": Action(f"{_ACTIONS}.summary:print_json", (_FLEET,)),
    "html": Action(f"{_ACTIONS}.pages:print_summary", (_FLEET, _PYGAL)),
}
_DIFFS = {
    "text": Action(f"{_ACTIONS}.diff:print_text", (_FLEET,)),
    "json": Action(f"{_ACTIONS}.diff:print_json", (_FLEET,)),
    "html": Action(f"{_ACTIONS}.pages:print_diff", (_FLEET, _PYGAL)),
}


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
        "Decide every question of the inputs and write a Parquet file with one row for each question. If a "
        "question is invalid, its row lists the problems. If the command is interrupted, run the command again to "
        "continue."
    )
    _add_inputs_to(parser)
    parser.add_argument(
        "--policy", metavar="POLICY", default="strict", help="a shipped policy or a policy file (default: strict)"
    )
    parser.add_argument("--out", metavar="RESULT", type=Path, required=True, help="the Parquet file to write")
    parser.add_argument("--findings", action="store_true", help="fill the column `findings` (slower)")
    parser.add_argument(
        "--digest",
        action="store_true",
        help="fill the column `sha256` with the digest of the decision document (slower)",
    )
    add_policy_path_to(parser)
    _add_engine_to(parser)
    parser.set_defaults(run=_decide, parser=parser)


def _add_summary(actions: argparse._SubParsersAction[argparse.ArgumentParser]) -> None:
    parser = actions.add_parser("summary", help="count the rows of a result", allow_abbrev=False)
    parser.description = (
        "Count the hosts of a result by status, kind, refusal, finding, problem and label. The HTML output is a page "
        "with charts and tables of hosts. `--pages` also writes a page for each host."
    )
    parser.add_argument("result", metavar="RESULT", type=Path, help="a file that `activenic fleet decide` wrote")
    TEXT_JSON_OR_HTML.add_to(parser)
    pages = parser.add_argument_group("pages of hosts")
    pages.add_argument(
        "--pages", metavar="DIR", type=Path, help="write `index.html` and the pages of hosts into a new folder"
    )
    inputs = "the inputs that `fleet decide` read for RESULT; their questions are decided again"
    pages.add_argument("--inputs", metavar="INPUT", nargs="+", type=Path, default=[], help=inputs)
    _add_details_to(pages)
    policy = "the policy with which `fleet decide` decided RESULT (default: strict)"
    pages.add_argument("--policy", metavar="POLICY", default="strict", help=policy)
    most = f"write pages for at most N hosts; hosts that are not resolved have priority (default: {_MOST_PAGES})"
    pages.add_argument("--most-pages", metavar="N", type=_number, default=_MOST_PAGES, help=most)
    add_policy_path_to(parser)
    parser.set_defaults(run=_summarize, parser=parser)


def _number(text: str) -> int:
    if not text.isascii() or not text.isdecimal():
        raise argparse.ArgumentTypeError(f"must be a number, not {quote(text)}")
    return int(text)


def _add_diff(actions: argparse._SubParsersAction[argparse.ArgumentParser]) -> None:
    parser = actions.add_parser("diff", help="compare two policies on a fleet", allow_abbrev=False)
    parser.description = (
        "Decide every question of the inputs with two policies, and count the changed answers by transition, label and "
        "finding. The JSON output lists every changed host. The HTML output is a page with charts and "
        "tables of changed hosts."
    )
    parser.add_argument("old", metavar="OLD", help="a shipped policy or a policy file")
    parser.add_argument("new", metavar="NEW", help="the new policy: a shipped policy or a policy file")
    _add_inputs_to(parser)
    add_policy_path_to(parser)
    TEXT_JSON_OR_HTML.add_to(parser)
    parser.set_defaults(run=_compare, parser=parser)


def _add_engine_to(parser: argparse.ArgumentParser) -> None:
    group = parser.add_argument_group(
        "decide on this machine or on a Spark cluster",
        "The workers of a Spark cluster need the same version of activenic as this machine. They need the inputs and "
        "the folder of the result under the same paths as this machine (docs/fleet.md).",
    )
    engines = "`local`: this machine, with all processors (default); `spark`: a Spark cluster"
    group.add_argument("--engine", choices=tuple(_ENGINES), default="local", help=engines)
    master = "the master of the cluster, for example `spark://HOST:7077`, `yarn` or `k8s://https://HOST:6443`"
    group.add_argument("--master", metavar="URL", help=master)
    setting = "a setting of Spark, for example `spark.executor.instances=20`; may be repeated"
    group.add_argument("--spark-conf", metavar="NAME=VALUE", action="append", default=[], help=setting)


def _add_inputs_to(parser: argparse.ArgumentParser) -> None:
    inputs = "questions: JSON lines, a Parquet file, a decision log, or a folder of JSON lines, questions and reports"
    parser.add_argument("inputs", metavar="INPUT", nargs="+", type=Path, help=inputs)
    _add_details_to(parser)


def _add_details_to(parser: argparse._ActionsContainer) -> None:
    table = (
        "the addresses of the hosts, if an input is a folder of reports: a table (.csv, .jsonl or .parquet) with the "
        "columns `id` (the file name of the report without its extension) and `addresses`"
    )
    parser.add_argument("--addresses", metavar="TABLE", type=Path, help=table)
    parameter = "a parameter of the policy; may be repeated; takes precedence over the parameters of a question"
    parser.add_argument("--param", metavar="NAME=VALUE", action="append", default=[], help=parameter)


def _decide(options: argparse.Namespace) -> int:
    _refuse_unusable_result(options)
    _refuse_incomplete_engine(options)
    return _ENGINES[options.engine](options)


def _summarize(options: argparse.Namespace) -> int:
    _refuse_unusable_pages(options)
    return _SUMMARIES[TEXT_JSON_OR_HTML.of(options)](options)


def _compare(options: argparse.Namespace) -> int:
    return _DIFFS[TEXT_JSON_OR_HTML.of(options)](options)


def _refuse_unusable_result(options: argparse.Namespace) -> None:
    """End the program with a usage error if `--out` is a folder or one of the input files."""
    result: Path = options.out
    if result.is_dir():
        options.parser.error("`--out` is a folder; give the name of a file")
    others = [*options.inputs, *([options.addresses] if options.addresses else [])]
    if result.exists() and any(path.exists() and path.samefile(result) for path in others):
        options.parser.error("`--out` is one of the inputs; the result would replace it")


def _refuse_unusable_pages(options: argparse.Namespace) -> None:
    """End the program with a usage error if the options about pages contradict each other."""
    folder: Path | None = options.pages
    if folder is None:
        if options.inputs:
            options.parser.error("`--inputs` needs `--pages`")
        return
    if TEXT_JSON_OR_HTML.of(options) != "html":
        options.parser.error("`--pages` needs `--output html`")
    if not options.inputs:
        options.parser.error("`--pages` also needs `--inputs`: the inputs that `fleet decide` read for RESULT")
    if folder.exists() and (not folder.is_dir() or any(folder.iterdir())):
        options.parser.error("`--pages` exists and is not an empty folder; give the name of a new folder")


def _refuse_incomplete_engine(options: argparse.Namespace) -> None:
    """End the program with a usage error if `spark` has no cluster, or if a cluster is given without `spark`."""
    if options.engine == "spark" and not options.master:
        options.parser.error("`--engine spark` needs the master of the cluster: give `--master URL`")
    if options.engine != "spark" and (options.master or options.spark_conf):
        options.parser.error("`--master` and `--spark-conf` need `--engine spark`")
    for setting in options.spark_conf:
        name, equals, _ = setting.partition("=")
        if not name or not equals:
            options.parser.error(f"`--spark-conf` needs NAME=VALUE, not {quote(setting)}")
