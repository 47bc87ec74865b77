"""`activenic diff`: compares the decisions of two policies on the same questions."""

from __future__ import annotations

import argparse
import sys
from collections.abc import Iterable, Iterator
from itertools import chain
from pathlib import Path

from evaluator.base.diagnostic import Diagnostic
from evaluator.cli.action import Action, Extra
from evaluator.cli.effort import add_effort_to
from evaluator.cli.exits import Exit
from evaluator.cli.policy_path import add_policy_path_to, policy_path_of
from evaluator.cli.preferences import CACHE, output_choice
from evaluator.cli.problems import print_problem
from evaluator.cli.progress import with_progress
from evaluator.decision.question import AskedQuestion
from evaluator.engine import load_policy
from evaluator.facts.host_addresses import HostAddresses
from evaluator.workbench.compare_policies import Compared, compare, parse_for_policies
from evaluator.workbench.comparison import as_json, as_markdown, as_text, collect
from evaluator.workbench.corpus import Unreadable, read_corpus

_OUTPUTS = {"text": as_text, "json": as_json, "markdown": as_markdown}
_OUTPUT = output_choice(_OUTPUTS)
_OUTPUT_OF_BOTH = output_choice((*_OUTPUTS, "html"))  # html is only for `--proof`
_VERIFY = Extra("verify", ("cvc5",), "`activenic diff --proof` cannot run")
_PROVE = Action("evaluator.cli.actions.diff_proof:run", (_VERIFY,))


def add_to(parser: argparse.ArgumentParser) -> None:
    """Add the description and the arguments of the subcommand."""
    parser.description = (
        "Compare two policies: decide every question of a collection with both policies, and print the differences. "
        "With `--proof`, compare the policies for every host."
    )
    parser.set_defaults(run=_run, parser=parser)
    parser.add_argument("old", metavar="OLD", help="a shipped policy or a policy file")
    parser.add_argument("new", metavar="NEW", help="the new policy: a shipped policy or a policy file")
    corpus = "questions: a file of JSON lines, a JSON file, a report, or a folder of such files; may be repeated"
    parser.add_argument("--corpus", metavar="PATH", action="append", default=[], type=Path, help=corpus)
    log = "a decision log, or an export of a log; both policies decide its recorded questions"
    parser.add_argument("--log", metavar="FILE", type=Path, help=log)
    address = "an address of the host, for files that contain only a report; may be repeated"
    parser.add_argument("--address", metavar="IP", action="append", help=address)
    parameter = "a parameter of the old or the new policy; may be repeated"
    parser.add_argument("--param", metavar="NAME=VALUE", action="append", default=[], help=parameter)
    add_policy_path_to(parser)
    _OUTPUT_OF_BOTH.add_to(parser)
    show = "print the explanations of both policies for the question with this id; may be repeated"
    parser.add_argument("--show", metavar="ID", action="append", default=[], help=show)
    parser.add_argument(
        "--show-all", action="store_true", help="print the explanations of both policies for every changed question"
    )
    parser.add_argument("--exit-code", action="store_true", help="exit 8 if an answer changes")
    proof = "for each kind of change, print the smallest host with this change, or prove that no host has it"
    parser.add_argument("--proof", action="store_true", help=proof)
    add_effort_to(parser)
    CACHE.add_to(parser)
    tests = "with `--proof`, append the smallest host of each kind of change to this file, as a test of NEW"
    parser.add_argument("--write-tests", metavar="FILE", type=Path, help=tests)


def _run(options: argparse.Namespace) -> int:
    if options.proof:
        if options.corpus or options.log is not None or options.show or options.show_all:
            options.parser.error("`--proof` compares all hosts, so it needs no questions")
        return _PROVE(options)
    if options.write_tests is not None:
        options.parser.error("`--write-tests` needs `--proof`")
    if options.output == "html":
        options.parser.error("`--output html` needs `--proof`")
    if not options.corpus and options.log is None:
        options.parser.error("no questions were given: give `--corpus` or `--log`")
    output = _OUTPUT.of(options)
    if output != "text" and (options.show or options.show_all):
        options.parser.error("`--show` needs `--output text`")
    search = policy_path_of(options)
    old, new = (load_policy(name, policy_path=search) for name in (options.old, options.new))
    host = None if options.address is None else HostAddresses.of(*options.address)
    questions = chain(read_corpus(options.corpus, host), () if options.log is None else _recorded(options.log))
    items = compare(old, new, questions, parse_for_policies(options.param, old, new))
    shown: list[Compared] = []
    comparison = collect(old, new, with_progress(_remembered(items, options, shown), None, options))
    for line in _OUTPUTS[output](comparison):
        print(line)
    _show(shown)
    unknown = set(options.show) - {item.question.id for item in shown}
    if unknown:
        print_problem(f"activenic: no question has the id {', '.join(sorted(unknown))}")
    if not comparison.questions:
        hint = "a corpus is a file of JSON lines, a JSON file, a report, or a folder of such files"
        print_problem(Diagnostic("NO_QUESTIONS", "the corpus has no questions", hint=hint))
        return Exit.POLICY
    nothing_compared = len(comparison.refused) == comparison.questions
    return Exit.POLICY if options.exit_code and (comparison.changes or nothing_compared) else Exit.DONE


def _recorded(log: Path) -> Iterator[AskedQuestion | Unreadable]:
    from evaluator.workbench.log_corpus import read_log_corpus  # noqa: PLC0415 -- sqlite3, only if needed

    return read_log_corpus(log)


def _remembered(
    items: Iterable[Compared | Unreadable], options: argparse.Namespace, shown: list[Compared]
) -> Iterator[Compared | Unreadable]:
    """Yield all items, and collect in `shown` the items that `--show` or `--show-all` prints.

    The other items are not stored, because they can need much memory.
    """
    for item in items:
        if isinstance(item, Compared) and (item.question.id in options.show or (options.show_all and item.is_changed)):
            shown.append(item)
        yield item


def _show(items: list[Compared]) -> None:
    if items:
        from evaluator.render.side_by_side import print_side_by_side  # noqa: PLC0415 -- rich, if needed

        for item in items:
            print_side_by_side(item.question.id, item.old, item.new, sys.stdout)
