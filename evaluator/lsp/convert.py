"""Converts the results of the other modules to the types of the protocol."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from pathlib import Path

from lsprotocol import types

from evaluator.base.diagnostic import Diagnostic, Severity
from evaluator.base.fix import TextEdit
from evaluator.lsp.complete import Completion
from evaluator.lsp.complete_sentence import ItemKind
from evaluator.lsp.document import Document
from evaluator.lsp.names import Reference, Subject
from evaluator.lsp.positions import Positions
from evaluator.lsp.symbols import DocumentSymbol

SOURCE = "activenic"
_SEVERITIES = {
    Severity.ERROR: types.DiagnosticSeverity.Error,
    Severity.WARNING: types.DiagnosticSeverity.Warning,
    Severity.INFO: types.DiagnosticSeverity.Information,
}
_ITEM_KINDS = {
    ItemKind.KEY: types.CompletionItemKind.Property,
    ItemKind.VALUE: types.CompletionItemKind.EnumMember,
    ItemKind.WORD: types.CompletionItemKind.Field,
    ItemKind.STATE: types.CompletionItemKind.EnumMember,
    ItemKind.VERB: types.CompletionItemKind.Keyword,
    ItemKind.FUNCTION: types.CompletionItemKind.Function,
    ItemKind.KEYWORD: types.CompletionItemKind.Keyword,
    ItemKind.PARAMETER: types.CompletionItemKind.Constant,
    ItemKind.VARIABLE: types.CompletionItemKind.Variable,
    ItemKind.CONDITION: types.CompletionItemKind.Reference,
    ItemKind.RULE: types.CompletionItemKind.Event,
    ItemKind.POLICY: types.CompletionItemKind.Module,
}
_SYMBOL_KINDS = {
    Subject.PARAMETER: types.SymbolKind.Constant,
    Subject.CONDITION: types.SymbolKind.Boolean,
    Subject.RULE: types.SymbolKind.Event,
    None: types.SymbolKind.Method,
}


class View:
    """A document for the client. The client names a place by its line and character, the server by its offset."""

    def __init__(self, document: Document, uri: str, units: Callable[[str], int]) -> None:
        self.document = document
        self.uri = uri
        self._positions = Positions(document.raw, units)

    def offset(self, position: types.Position) -> int:
        """Return the offset of a position in the plain text."""
        return self.document.plain_offset(self._positions.offset(position.line, position.character))

    def range(self, start: int, end: int) -> types.Range:
        """Return the range between two offsets in the plain text."""
        return self._raw_range(self.document.raw_offset(start), self.document.raw_offset(end))

    def edits(self, edits: Iterable[TextEdit]) -> list[types.TextEdit]:
        """Return edits of the raw text."""
        return [types.TextEdit(self._raw_range(edit.start, edit.end), edit.text) for edit in edits]

    def _raw_range(self, start: int, end: int) -> types.Range:
        first, last = self._positions.position(start), self._positions.position(end)
        return types.Range(types.Position(*first), types.Position(*last))


def diagnostic(view: View, problem: Diagnostic, link: str) -> types.Diagnostic:
    """Return a diagnostic whose message contains the hint. `link` is the page about the code; it can be empty."""
    start, end = (0, 0) if problem.location is None else (problem.location.start, problem.location.end)
    hint = f"\nhint: {problem.hint}" if problem.hint else ""
    return types.Diagnostic(
        view.range(start, end),
        problem.message + hint,
        _SEVERITIES[problem.severity],
        problem.code,
        types.CodeDescription(link) if link else None,
        SOURCE,
    )


def completions(view: View, items: Sequence[Completion], markup: types.MarkupKind) -> types.CompletionList:
    """Return completions in their order."""
    return types.CompletionList(
        is_incomplete=False,
        items=[
            types.CompletionItem(
                label=item.candidate.label,
                kind=_ITEM_KINDS[item.candidate.kind],
                detail=item.candidate.detail or None,
                documentation=types.MarkupContent(markup, item.candidate.documentation)
                if item.candidate.documentation
                else None,
                sort_text=f"{number:04}",
                text_edit=types.TextEdit(view.range(item.start, item.end), item.candidate.insert),
            )
            for number, item in enumerate(items)
        ],
    )


def location(view: View, reference: Reference) -> types.Location:
    """Return the place of a name."""
    return types.Location(view.uri, view.range(reference.use.start, reference.use.end))


def symbols(view: View, found: Iterable[DocumentSymbol]) -> list[types.DocumentSymbol]:
    """Return the outline of a document."""
    return [
        types.DocumentSymbol(
            name=symbol.name,
            kind=_SYMBOL_KINDS[symbol.subject],
            range=view.range(symbol.place.start, symbol.place.end),
            selection_range=view.range(symbol.name_place.start, symbol.name_place.end),
            detail=symbol.detail or None,
        )
        for symbol in found
    ]


def uri_of(document: Document) -> str:
    """Return the URI of a document that the client has not opened."""
    return Path(document.path or document.key).absolute().as_uri()
