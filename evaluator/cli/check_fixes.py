"""The options `--fix`, `--unsafe-fixes` and `--diff` of `activenic check`, which correct the texts of policies."""

from __future__ import annotations

import argparse
import sys
from collections import Counter
from collections.abc import Iterable
from pathlib import Path

from evaluator.base.fix import Safety
from evaluator.base.text import visible
from evaluator.cli.edited_files import unified_diff, write_text
from evaluator.cli.problems import print_problem
from evaluator.workbench.check_text import Checked
from evaluator.workbench.fix_text import ALL, SAFE, Check, Fixed, fix_text

STANDARD_INPUT = "-"
NAME_OF_INPUT = "<stdin>"


def add_fixes_to(parser: argparse.ArgumentParser) -> None:
    """Add the options for fixes."""
    group = parser.add_argument_group("fixes")
    safe = "apply the safe fixes, for which the intended meaning is certain"
    group.add_argument("--fix", action="store_true", help=safe)
    unsafe = "apply the safe fixes, and also the fixes that are guesses"
    group.add_argument("--unsafe-fixes", action="store_true", help=unsafe)
    diff = "print the changes of the safe fixes (with --unsafe-fixes, of all fixes), and write no file"
    group.add_argument("--diff", action="store_true", help=diff)


def wants_fixes(options: argparse.Namespace) -> bool:
    """Return whether an option for fixes is used."""
    return bool(options.fix or options.unsafe_fixes or options.diff)


def fixed(checked: Checked, check: Check, options: argparse.Namespace) -> Checked:
    """Fix a text, and return the result of a new check. The fixed text is written to its file.

    With `--diff`, the changes are printed, no file is written, and the old result is returned. If the text came from
    standard input, the fixed text is printed. A shipped policy is never changed. Raises PolicyError if the file cannot
    be written.
    """
    source, is_input = checked.source, checked.name == NAME_OF_INPUT
    if source is None or (source.path is None and not is_input):
        return checked
    result = fix_text(checked, check, ALL if options.unsafe_fixes else SAFE)
    if options.diff:
        sys.stdout.writelines(unified_diff(checked.name, source.text, result.text))
        return checked
    if is_input:
        sys.stdout.write(result.text)
    elif source.path is not None and result.fixes:
        write_text(Path(source.path), result.text)
    if result.fixes:
        titles = ", ".join(f"{title}{f' ({number} times)' if number > 1 else ''}" for title, number in _titles(result))
        print_problem(f"fixed {visible(checked.name)}: {titles}")
    return result.checked


def _titles(result: Fixed) -> Iterable[tuple[str, int]]:
    return Counter(fix.title for fix in result.fixes).items()


def fixable(results: Iterable[Checked]) -> str:
    """Return a line with the number of fixes that could be applied; empty if no fix could be applied."""
    counts = Counter(
        fix.safety
        for checked in results
        if checked.source is not None and checked.source.path is not None
        for _, fix in dict(reversed(checked.own_fixes)).items()
    )
    safe, unsafe = counts[Safety.SAFE], counts[Safety.UNSAFE]
    if not safe:
        return f"{unsafe} fixable with `--unsafe-fixes`" if unsafe else ""
    return f"{safe} fixable with `--fix`" + (f", {unsafe} more with `--unsafe-fixes`" if unsafe else "")
