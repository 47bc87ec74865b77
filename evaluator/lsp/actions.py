"""Code actions: the fixes of diagnostics at a place, and all safe fixes of a text."""

from __future__ import annotations

import difflib

from msgspec import Struct

from evaluator.base.diagnostic import Diagnostic
from evaluator.base.fix import Safety, TextEdit
from evaluator.lsp.diagnose import diagnose, fixed
from evaluator.lsp.document import Document, Kind
from evaluator.lsp.workspace import Workspace


class QuickFix(Struct, frozen=True):
    """A fix of a diagnostic as edits of the raw text. `is_preferred` is true if the fix is safe and listed first."""

    title: str
    diagnostic: Diagnostic
    is_preferred: bool
    edits: tuple[TextEdit, ...]


def quick_fixes(workspace: Workspace, document: Document, start: int, end: int) -> tuple[QuickFix, ...]:
    """Return the fixes of the diagnostics that touch a range of the plain text, safe fixes first."""
    fixes = [
        QuickFix(fix.title, problem, fix.safety is Safety.SAFE and not number, document.raw_edits(fix.edits))
        for problem in diagnose(workspace, document)
        if problem.location is not None and problem.location.start <= end and start <= problem.location.end
        for number, fix in enumerate(problem.fixes)
    ]
    return tuple(sorted(fixes, key=lambda fix: not fix.is_preferred))


def fix_all(workspace: Workspace, document: Document) -> tuple[TextEdit, ...]:
    """Return the edits of the raw text that apply all safe fixes; empty if no fix is safe."""
    if document.kind is Kind.OTHER:
        return ()
    return line_edits(document.raw, fixed(workspace, document))


def line_edits(before: str, after: str) -> tuple[TextEdit, ...]:
    """Return edits of whole lines that change one text to another. Equal lines are not edited."""
    old, new = before.splitlines(keepends=True), after.splitlines(keepends=True)
    starts = [0]
    for line in old:
        starts.append(starts[-1] + len(line))
    matcher = difflib.SequenceMatcher(None, old, new, autojunk=False)
    return tuple(
        TextEdit(starts[first], starts[last], "".join(new[new_first:new_last]))
        for tag, first, last, new_first, new_last in matcher.get_opcodes()
        if tag != "equal"
    )
