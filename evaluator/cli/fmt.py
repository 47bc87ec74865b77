"""`activenic fmt`: writes the sentences of policy files in canonical form."""

from __future__ import annotations

import argparse
import sys
from pathlib import Path

from evaluator.base.diagnostic import Diagnostic, PolicyError
from evaluator.base.files import read_regular
from evaluator.base.text import quote_path, reason_of, visible
from evaluator.cli.edited_files import unified_diff, write_text
from evaluator.cli.exits import Exit
from evaluator.cli.problems import print_problem
from evaluator.policy.source.find import LARGEST_POLICY
from evaluator.workbench.format_policy import format_policy
from evaluator.workbench.policy_files import find_policy_files

_STANDARD_INPUT = "-"


def add_to(parser: argparse.ArgumentParser) -> None:
    """Add the description and the arguments of the subcommand."""
    parser.description = (
        "Format policy files: write the sentences of rules and conditions in canonical form. All other bytes of a file "
        "stay the same."
    )
    parser.add_argument(
        "paths",
        metavar="PATH",
        nargs="*",
        default=["."],
        help="policy files, folders of policy files, or `-` for standard input (default: this folder)",
    )
    result = parser.add_mutually_exclusive_group()
    result.add_argument("--check", action="store_true", help="change no file; exit 8 if a file is not formatted")
    result.add_argument("--diff", action="store_true", help="change no file; print the changes")
    parser.set_defaults(run=_run)


def _run(options: argparse.Namespace) -> int:
    if options.paths == [_STANDARD_INPUT]:
        return _format_standard_input(options)
    has_errors, changed = False, []
    for path in find_policy_files(map(Path, options.paths)):
        try:
            before = _read(path)
            after = format_policy(str(path), before)
            if after != before:
                changed.append((path, before, after))
        except PolicyError as error:
            has_errors = True
            for diagnostic in error.diagnostics:
                print_problem(diagnostic)
    for path, before, after in changed:
        _report(options, str(path), before, after)
        if not (options.check or options.diff):
            write_text(path, after)
    return Exit.POLICY if has_errors or (options.check and changed) else Exit.DONE


def _format_standard_input(options: argparse.Namespace) -> int:
    name, before = "<stdin>", _decoded("<stdin>", sys.stdin.buffer.read(LARGEST_POLICY + 1))
    after = format_policy(name, before)
    if not (options.check or options.diff):
        sys.stdout.write(after)
        return Exit.DONE
    if after != before:
        _report(options, name, before, after)
    return Exit.POLICY if options.check and after != before else Exit.DONE


def _report(options: argparse.Namespace, name: str, before: str, after: str) -> None:
    if options.diff:
        sys.stdout.writelines(unified_diff(name, before, after))
    else:
        print(f"{'would format' if options.check else 'formatted'} {visible(name)}")


def _read(path: Path) -> str:
    """Return the text of a policy file as it is on the disk."""
    try:
        return _decoded(quote_path(path), read_regular(path, LARGEST_POLICY))
    except OSError as error:
        message = f"{quote_path(path)} cannot be read: {reason_of(error)}"
        raise PolicyError([Diagnostic("POLICY_UNREADABLE", message)]) from None


def _decoded(name: str, content: bytes) -> str:
    if len(content) > LARGEST_POLICY:
        message = f"{name} is larger than {LARGEST_POLICY // 1024} KiB"
        raise PolicyError([Diagnostic("POLICY_TOO_LARGE", message)])
    try:
        return content.decode()
    except UnicodeDecodeError as error:
        message = f"{name} is not UTF-8 at byte {error.start}"
        raise PolicyError([Diagnostic("POLICY_UNREADABLE", message)]) from None
