"""Renames a rule, parameter or condition in all texts that use it.

The name is first changed in copies of the texts, and the copies are checked. If a copy has a new mistake, the rename is
refused with the message of the checker. So only the checker defines which names are valid.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping

from msgspec import Struct

from evaluator.base.diagnostic import Diagnostic, QuestionError, Severity
from evaluator.base.fix import TextEdit, applied
from evaluator.base.text import quote
from evaluator.lsp.diagnose import diagnose
from evaluator.lsp.document import Document, Kind
from evaluator.lsp.names import Subject, Symbol, Use, declared_names, depends_on, references, symbol_of, use_at
from evaluator.lsp.workspace import Workspace, is_shipped


class RenameError(QuestionError):
    """The name at a place cannot be changed, or cannot be changed to the new name."""


class Rename(Struct, frozen=True):
    """The edits of the raw text of each document."""

    edits: Mapping[str, tuple[TextEdit, ...]]


def renamable(workspace: Workspace, document: Document, offset: int) -> Use:
    """Return the name at an offset. Raises RenameError if this name cannot be changed."""
    use = use_at(document, offset)
    symbol = None if use is None else symbol_of(workspace, document, use)
    if use is None or symbol is None:
        raise _error("only a rule, a parameter or a condition of a policy can be renamed")
    if use.subject is Subject.POLICY:
        raise _error("a policy cannot be renamed here: decisions and records contain its name")
    root = workspace.document(symbol.root)
    if root is None or is_shipped(root):
        raise _error(f"{quote(use.name)} is declared in a shipped policy")
    return use


def rename(workspace: Workspace, document: Document, offset: int, new_name: str) -> Rename:
    """Return the edits that change the name at an offset.

    Raises RenameError if the new name is invalid or already exists.
    """
    use = renamable(workspace, document, offset)
    symbol = symbol_of(workspace, document, use)
    if symbol is None or new_name == use.name:
        return Rename({})
    affected = _affected(workspace, symbol)
    _refuse_taken(workspace, affected, use.subject, new_name)
    edits: dict[str, list[TextEdit]] = {}
    documents: dict[str, Document] = {}
    for one in references(workspace, symbol):
        documents[one.document.key] = one.document
        edits.setdefault(one.document.key, []).append(TextEdit(one.use.start, one.use.end, new_name))
    raw = {key: documents[key].raw_edits(tuple(changes)) for key, changes in edits.items()}
    trial = Workspace(workspace.folders, workspace.search)
    for one_text in (*workspace.open_documents, *affected):
        changed = applied(one_text.raw, raw.get(one_text.key, ()))
        trial.open(Document(one_text.key, changed, one_text.path))
    _refuse_new_mistakes(workspace, trial, affected, new_name)
    return Rename(raw)


def _affected(workspace: Workspace, symbol: Symbol) -> tuple[Document, ...]:
    """Return the text that declares a symbol, and all texts that extend or test this text."""
    root = workspace.document(symbol.root)
    others = (document for document in workspace.documents() if depends_on(workspace, document, symbol.root))
    return tuple(others) if root is None else (root, *others)


def _refuse_taken(workspace: Workspace, affected: tuple[Document, ...], subject: Subject, name: str) -> None:
    for document in affected:
        if document.kind is Kind.POLICY and name in declared_names(workspace.chain(document), subject):
            raise _error(f"the {subject.value} {quote(name)} already exists in {quote(document.name)}")


def _refuse_new_mistakes(workspace: Workspace, trial: Workspace, affected: tuple[Document, ...], name: str) -> None:
    """Check the changed texts. If a text has a mistake that it did not have before, refuse the new name."""
    for before in affected:
        after = trial.document(before.key)
        known = _errors(diagnose(workspace, before))
        for problem in () if after is None else diagnose(trial, after):
            if problem.severity is Severity.ERROR and not known[problem.code]:
                message = f"{quote(name)} cannot be the new name: {problem.message} in {quote(before.name)}"
                raise _error(message, problem.hint)


def _errors(diagnostics: tuple[Diagnostic, ...]) -> Counter[str]:
    return Counter(problem.code for problem in diagnostics if problem.severity is Severity.ERROR)


def _error(message: str, hint: str = "") -> RenameError:
    return RenameError([Diagnostic("RENAME_REFUSED", message, hint=hint)])
