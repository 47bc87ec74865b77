"""The language server over the Language Server Protocol, on standard input and output.

Each handler converts its request, calls one function of this package and converts the result. Diagnostics are computed
a moment after the last change, for the changed text and for the open texts that depend on it. The client sends the
whole text after each change. Incremental changes are not used: pygls splits lines at more characters than the protocol
does, so such changes could damage a text.
"""

from __future__ import annotations

import asyncio
import logging
import os
import sys
from collections.abc import Callable, Iterable, Sequence
from contextlib import redirect_stdout
from pathlib import Path
from typing import Any

from lsprotocol import types
from pygls.exceptions import JsonRpcException
from pygls.lsp.server import LanguageServer
from pygls.uris import to_fs_path

from evaluator.base.diagnostic import Diagnostic, PolicyError, QuestionError
from evaluator.base.shipped import shipped_path
from evaluator.base.version import __version__
from evaluator.lsp import convert
from evaluator.lsp.actions import fix_all, quick_fixes
from evaluator.lsp.complete import complete
from evaluator.lsp.convert import View
from evaluator.lsp.diagnose import diagnose
from evaluator.lsp.document import Document, Kind
from evaluator.lsp.hover import hover_at
from evaluator.lsp.lenses import explain_rule, lenses_of
from evaluator.lsp.names import definition, depends_on, references, symbol_of, use_at
from evaluator.lsp.rename import RenameError, renamable, rename
from evaluator.lsp.symbols import symbols_of
from evaluator.lsp.workspace import Workspace, key_of
from evaluator.workbench.explanations import explanations
from evaluator.workbench.format_policy import edits_of

EXPLAIN_RULE = "activenic.explainRule"
_DELAY = 0.15  # seconds after the last change
_TRIGGERS = [".", " ", "{", "["]
_WATCHED = "**/*.{yaml,yml,json}"


class PolicyServer(LanguageServer):
    """The server with its texts; `search` lists the folders in which policies are searched."""

    def __init__(self, search: Sequence[Path]) -> None:
        super().__init__("activenic", __version__, types.TextDocumentSyncKind.Full)
        self.texts = Workspace((), search)
        self.search = tuple(search)
        self.links = ""
        self._uris: dict[str, str] = {}
        self._timers: dict[str, asyncio.TimerHandle] = {}
        self._tasks: set[asyncio.Task[None]] = set()
        self._checking = asyncio.Lock()

    def update(self, uri: str) -> Document:
        """Read the current text of the client, store the text and return it."""
        path = to_fs_path(uri)
        key = uri if path is None else key_of(Path(path))
        document = Document(key, self.workspace.get_text_document(uri).source, path)
        self._uris[key] = uri
        self.texts.open(document)
        return document

    def close(self, uri: str) -> None:
        """Remove a text of the client and its diagnostics."""
        path = to_fs_path(uri)
        key = uri if path is None else key_of(Path(path))
        self._uris.pop(key, None)
        self.texts.close(key)
        self.text_document_publish_diagnostics(types.PublishDiagnosticsParams(uri, []))

    def view(self, document: Document) -> View:
        """Return a document whose places are lines and characters in the client's encoding."""
        uri = self._uris.get(document.key) or convert.uri_of(document)
        return View(document, uri, self.workspace.position_codec.client_num_units)

    def view_of(self, uri: str) -> View:
        """Return the document with a URI."""
        path = to_fs_path(uri)
        known = self.texts.document(uri if path is None else key_of(Path(path)))
        return self.view(known or Document(uri, "", path))

    def schedule(self, document: Document) -> None:
        """Wait a moment, and then publish the diagnostics of a text and of the texts that depend on it.

        If the text changes while the server waits, the server begins to wait again.
        """
        timer = self._timers.pop(document.key, None)
        if timer is not None:
            timer.cancel()
        loop = asyncio.get_running_loop()
        self._timers[document.key] = loop.call_later(_DELAY, self._publish_with_dependants, document.key)

    def _publish_with_dependants(self, key: str) -> None:
        self._timers.pop(key, None)
        self.publish(
            document
            for document in self.texts.open_documents
            if document.key == key or depends_on(self.texts, document, key)
        )

    def publish(self, documents: Iterable[Document]) -> None:
        """Start the checks of some texts. The diagnostics of each text are published when its check is finished."""
        task = asyncio.get_running_loop().create_task(self._publish(tuple(documents)))
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)

    async def _publish(self, documents: tuple[Document, ...]) -> None:
        """Check texts in a thread, so that the server answers requests meanwhile; skip texts that have changed."""
        for document in documents:
            async with self._checking:
                if self._is_open(document):
                    problems = await asyncio.to_thread(diagnose, self.texts, document)
                    self._publish_one(document, problems)

    def _publish_one(self, document: Document, problems: Iterable[Diagnostic]) -> None:
        if not self._is_open(document):
            return
        view = self.view(document)
        found = [convert.diagnostic(view, problem, self._link(problem.code)) for problem in problems]
        version = self.workspace.get_text_document(view.uri).version
        self.text_document_publish_diagnostics(types.PublishDiagnosticsParams(view.uri, found, version))

    def _is_open(self, document: Document) -> bool:
        return any(other is document for other in self.texts.open_documents)

    def refresh_lenses(self) -> None:
        """Send the client a request to refresh its code lenses, because a test or a base has changed.

        A client that does not support this request gets no message.
        """
        workspace = self.client_capabilities.workspace
        lenses = None if workspace is None else workspace.code_lens
        if lenses is not None and lenses.refresh_support:
            self.workspace_code_lens_refresh(None)

    def _link(self, code: str) -> str:
        return f"{self.links}#{code.lower()}" if self.links and code in explanations() else ""

    @property
    def markup(self) -> types.MarkupKind:
        """The text format that the client can show: Markdown if possible, else plain text."""
        text_document = self.client_capabilities.text_document
        hover = None if text_document is None else text_document.hover
        kinds = (None if hover is None else hover.content_format) or [types.MarkupKind.Markdown]
        return types.MarkupKind.Markdown if types.MarkupKind.Markdown in kinds else types.MarkupKind.PlainText


def _initialize(ls: PolicyServer, params: types.InitializeParams) -> None:
    uris = [folder.uri for folder in params.workspace_folders or ()] or [params.root_uri or ""]
    paths = [to_fs_path(uri) for uri in uris]
    ls.texts = Workspace(tuple(Path(path) for path in paths if path), ls.search)
    options = params.initialization_options
    links = options.get("diagnosticsPage") if isinstance(options, dict) else None
    ls.links = links if isinstance(links, str) else _page_of_diagnostics()


def _page_of_diagnostics() -> str:
    """Return the URI of the page about diagnostics in this installation; empty if the package is in an archive."""
    path = shipped_path("docs", "diagnostics.md")
    return "" if path is None else Path(path).as_uri()


async def _initialized(ls: PolicyServer, _: types.InitializedParams) -> None:
    workspace = ls.client_capabilities.workspace
    watching = None if workspace is None else workspace.did_change_watched_files
    if watching is None or not watching.dynamic_registration:
        return
    watchers = types.DidChangeWatchedFilesRegistrationOptions([types.FileSystemWatcher(_WATCHED)])
    registration = types.Registration("watch", types.WORKSPACE_DID_CHANGE_WATCHED_FILES, watchers)
    await ls.client_register_capability_async(types.RegistrationParams([registration]))


def _did_open(ls: PolicyServer, params: types.DidOpenTextDocumentParams) -> None:
    ls.texts.refresh()
    ls.schedule(ls.update(params.text_document.uri))


def _did_change(ls: PolicyServer, params: types.DidChangeTextDocumentParams) -> None:
    ls.schedule(ls.update(params.text_document.uri))


def _did_save(ls: PolicyServer, params: types.DidSaveTextDocumentParams) -> None:
    ls.texts.refresh()
    ls.schedule(ls.update(params.text_document.uri))
    ls.refresh_lenses()


def _did_close(ls: PolicyServer, params: types.DidCloseTextDocumentParams) -> None:
    ls.close(params.text_document.uri)


def _did_change_files(ls: PolicyServer, _: types.DidChangeWatchedFilesParams) -> None:
    ls.texts.refresh()
    ls.publish(ls.texts.open_documents)
    ls.refresh_lenses()


def _hover(ls: PolicyServer, params: types.HoverParams) -> types.Hover | None:
    view = ls.view_of(params.text_document.uri)
    hover = hover_at(ls.texts, view.document, view.offset(params.position))
    if hover is None:
        return None
    return types.Hover(types.MarkupContent(ls.markup, hover.text), view.range(hover.start, hover.end))


def _completion(ls: PolicyServer, params: types.CompletionParams) -> types.CompletionList:
    view = ls.view_of(params.text_document.uri)
    items = complete(ls.texts, view.document, view.offset(params.position))
    return convert.completions(view, items, ls.markup)


def _definition(ls: PolicyServer, params: types.DefinitionParams) -> types.Location | None:
    view = ls.view_of(params.text_document.uri)
    found = definition(ls.texts, view.document, view.offset(params.position))
    return None if found is None else convert.location(ls.view(found.document), found)


def _references(ls: PolicyServer, params: types.ReferenceParams) -> list[types.Location]:
    view = ls.view_of(params.text_document.uri)
    use = use_at(view.document, view.offset(params.position))
    symbol = None if use is None else symbol_of(ls.texts, view.document, use)
    found = () if symbol is None else references(ls.texts, symbol)
    with_declarations = params.context.include_declaration
    return [convert.location(ls.view(one.document), one) for one in found if with_declarations or not one.use.declares]


def _prepare_rename(ls: PolicyServer, params: types.PrepareRenameParams) -> types.PrepareRenamePlaceholder:
    view = ls.view_of(params.text_document.uri)
    try:
        use = renamable(ls.texts, view.document, view.offset(params.position))
    except RenameError as error:
        raise _refused(error) from None
    return types.PrepareRenamePlaceholder(view.range(use.start, use.end), use.name)


def _rename(ls: PolicyServer, params: types.RenameParams) -> types.WorkspaceEdit:
    view = ls.view_of(params.text_document.uri)
    try:
        result = rename(ls.texts, view.document, view.offset(params.position), params.new_name)
    except RenameError as error:
        raise _refused(error) from None
    changes: dict[str, Sequence[types.TextEdit]] = {}
    for key, edits in result.edits.items():
        document = ls.texts.document(key)
        if document is not None:
            changed = ls.view(document)
            changes[changed.uri] = changed.edits(edits)
    return types.WorkspaceEdit(changes=changes)


def _refused(error: RenameError) -> JsonRpcException:
    problem = error.diagnostics[0]
    message = f"{problem.message}: {problem.hint}" if problem.hint else problem.message
    return JsonRpcException(message, types.LSPErrorCodes.RequestFailed.value)


def _code_actions(ls: PolicyServer, params: types.CodeActionParams) -> list[types.CodeAction]:
    view = ls.view_of(params.text_document.uri)
    only = params.context.only or ["", types.CodeActionKind.QuickFix, types.CodeActionKind.SourceFixAll]
    start, end = view.offset(params.range.start), view.offset(params.range.end)
    fixes = quick_fixes(ls.texts, view.document, start, end)
    actions = [
        types.CodeAction(
            title=fix.title,
            kind=types.CodeActionKind.QuickFix,
            diagnostics=[convert.diagnostic(view, fix.diagnostic, "")],
            is_preferred=fix.is_preferred or None,
            edit=types.WorkspaceEdit(changes={view.uri: view.edits(fix.edits)}),
        )
        for fix in fixes
        if _is_asked(types.CodeActionKind.QuickFix, only)
    ]
    if _is_asked(types.CodeActionKind.SourceFixAll, only) and (params.context.only or fixes):
        edits = view.edits(fix_all(ls.texts, view.document))
        if edits:
            edit = types.WorkspaceEdit(changes={view.uri: edits})
            actions.append(types.CodeAction("apply all safe fixes", types.CodeActionKind.SourceFixAll, edit=edit))
    return actions


def _is_asked(kind: str, only: Sequence[str]) -> bool:
    """Return whether a client requests a kind of action, or a more general kind.

    `source` includes `source.fixAll`.
    """
    return any(not asked or kind == asked or kind.startswith(f"{asked}.") for asked in only)


def _format(ls: PolicyServer, params: types.DocumentFormattingParams) -> list[types.TextEdit] | None:
    view = ls.view_of(params.text_document.uri)
    if view.document.kind is not Kind.POLICY:
        return None
    try:
        return view.edits(edits_of(view.document.name, view.document.raw))
    except PolicyError:
        return None  # its diagnostics are shown


def _symbols(ls: PolicyServer, params: types.DocumentSymbolParams) -> list[types.DocumentSymbol]:
    view = ls.view_of(params.text_document.uri)
    return convert.symbols(view, symbols_of(view.document))


def _lenses(ls: PolicyServer, params: types.CodeLensParams) -> list[types.CodeLens]:
    view = ls.view_of(params.text_document.uri)
    lenses = []
    for lens in lenses_of(ls.texts, view.document):
        arguments = [view.uri, lens.rule, lens.question] if lens.question else None
        command = types.Command(lens.title, EXPLAIN_RULE if lens.question else "", arguments=arguments)
        lenses.append(types.CodeLens(view.range(lens.start, lens.end), command))
    return lenses


def _explain_rule(ls: PolicyServer, uri: str, rule: str, question: str) -> str:
    """Show and return a text: for each interface of a question, the text describes the effect of a rule."""
    try:
        text = explain_rule(ls.texts, ls.view_of(uri).document, rule, question)
    except QuestionError as error:
        text = error.diagnostics[0].message
    ls.window_show_message(types.ShowMessageParams(types.MessageType.Info, text))
    return text


_FEATURES: tuple[tuple[str, Callable[..., Any], Any], ...] = (
    (types.INITIALIZE, _initialize, None),
    (types.INITIALIZED, _initialized, None),
    (types.TEXT_DOCUMENT_DID_OPEN, _did_open, None),
    (types.TEXT_DOCUMENT_DID_CHANGE, _did_change, None),
    (types.TEXT_DOCUMENT_DID_SAVE, _did_save, None),
    (types.TEXT_DOCUMENT_DID_CLOSE, _did_close, None),
    (types.WORKSPACE_DID_CHANGE_WATCHED_FILES, _did_change_files, None),
    (types.TEXT_DOCUMENT_HOVER, _hover, None),
    (types.TEXT_DOCUMENT_COMPLETION, _completion, types.CompletionOptions(trigger_characters=_TRIGGERS)),
    (types.TEXT_DOCUMENT_DEFINITION, _definition, None),
    (types.TEXT_DOCUMENT_REFERENCES, _references, None),
    (types.TEXT_DOCUMENT_PREPARE_RENAME, _prepare_rename, None),
    (types.TEXT_DOCUMENT_RENAME, _rename, types.RenameOptions(prepare_provider=True)),
    (
        types.TEXT_DOCUMENT_CODE_ACTION,
        _code_actions,
        types.CodeActionOptions([types.CodeActionKind.QuickFix, types.CodeActionKind.SourceFixAll]),
    ),
    (types.TEXT_DOCUMENT_FORMATTING, _format, None),
    (types.TEXT_DOCUMENT_DOCUMENT_SYMBOL, _symbols, None),
    (types.TEXT_DOCUMENT_CODE_LENS, _lenses, types.CodeLensOptions(resolve_provider=False)),
)


def create_server(search: Sequence[Path] = ()) -> PolicyServer:
    """Return a server with all features; `search` lists the folders in which policies are searched."""
    server = PolicyServer(search)
    for name, handler, options in _FEATURES:
        server.feature(name, options)(handler)
    server.command(EXPLAIN_RULE)(_explain_rule)
    return server


def serve(search: Sequence[Path] = ()) -> None:
    """Serve on standard input and output until the client ends the session. No other text is written to them."""
    log = logging.getLogger("pygls")  # it logs a traceback for each refused request
    log.addHandler(logging.NullHandler())
    log.propagate = False
    # pygls closes its output, and the command still flushes standard output afterwards
    with os.fdopen(os.dup(sys.stdout.fileno()), "wb") as output, redirect_stdout(sys.stderr):
        create_server(search).start_io(sys.stdin.buffer, output)
