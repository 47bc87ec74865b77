"""The server over its real protocol: a client starts `activenic lsp` and edits policies, some of them unsaved."""

from __future__ import annotations

import asyncio
import os
import sys
from pathlib import Path

import pytest
import pytest_lsp
from lsprotocol import types
from pygls.protocol import default_converter
from pytest_lsp import ClientServerConfig, LanguageClient, client_capabilities
from pytest_lsp.client import DEFAULT_CLIENT_FEATURES, register_lsp_features

pytestmark = pytest.mark.asyncio(loop_scope="module")
ROOT = Path(__file__).parents[2]
COMMAND = [sys.executable, "-m", "evaluator", "lsp", "--stdio"]
WRONG = "policy: site\nextends: ./base.yaml\nrules:\n  - name: a\n    rule: warn nic when nic is brdge\n"
BASE = """policy: base
parameters:
  least: {type: integer, default: 1500}
rules:
  - name: owns
    rule: match nic when nic.addresses overlaps host.addresses
  - name: small
    rule: reject nic when nic.mtu is known   and nic.mtu < least
"""
SITE = """policy: site
extends: ./base.yaml
rules:
  - name: note
    after: owns
    rule: warn nic when nic.mtu is known and nic.mtu < least
"""
TESTS = """policy: ./site.yaml
tests:
  - name: one
    given: ens1 has 192.0.2.1/24
    host: 192.0.2.1
    want: {status: resolved, fired: [owns], silent: [small]}
"""
QUESTION = (
    """{"report": {"nics": {"ens1": {"ipv4addrs": ["192.0.2.1/24"], "mtu": "1400"}}}, "addresses": ["192.0.2.1"]}"""
)


class Client(LanguageClient):
    """A client that stores all diagnostics in the order in which they arrive.

    `wait_for_notification` is not sufficient: it misses the second of two notifications that arrive together.
    """

    def __init__(self) -> None:
        super().__init__(converter_factory=default_converter)
        self.published: asyncio.Queue[types.PublishDiagnosticsParams] = asyncio.Queue()
        register_lsp_features(self, {**DEFAULT_CLIENT_FEATURES, types.TEXT_DOCUMENT_PUBLISH_DIAGNOSTICS: _store})


def _store(client: Client, params: types.PublishDiagnosticsParams) -> None:
    client.published.put_nowait(params)


@pytest_lsp.fixture(scope="module", config=ClientServerConfig(COMMAND, client_factory=Client))
async def client(lsp_client: Client, tmp_path_factory: pytest.TempPathFactory):
    capabilities = client_capabilities("visual-studio-code")
    capabilities.workspace.did_change_watched_files.dynamic_registration = False  # the test client has no requests
    capabilities.workspace.code_lens.refresh_support = False
    await lsp_client.initialize_session(
        types.InitializeParams(
            capabilities=capabilities,
            workspace_folders=[types.WorkspaceFolder(tmp_path_factory.getbasetemp().as_uri(), "policies")],
            initialization_options={"diagnosticsPage": "https://docs.example.org/diagnostics.html"},
        )
    )
    yield
    await lsp_client.shutdown_session()


class Editor:
    """What the tests do with the client in one folder."""

    def __init__(self, client: Client, folder: Path) -> None:
        self.client = client
        self.folder = folder
        self._version = 0

    def uri(self, name: str) -> str:
        return (self.folder / name).as_uri()

    def document(self, name: str) -> types.TextDocumentIdentifier:
        return types.TextDocumentIdentifier(self.uri(name))

    async def open(self, name: str, text: str | None = None) -> list[types.Diagnostic]:
        text = (self.folder / name).read_text(encoding="utf-8") if text is None else text
        item = types.TextDocumentItem(self.uri(name), "yaml", self._version, text)
        self.client.text_document_did_open(types.DidOpenTextDocumentParams(item))
        return await self.diagnostics(name)

    async def change(self, name: str, text: str) -> list[types.Diagnostic]:
        self._version += 1
        identifier = types.VersionedTextDocumentIdentifier(self._version, self.uri(name))
        change = types.TextDocumentContentChangeWholeDocument(text)
        self.client.text_document_did_change(types.DidChangeTextDocumentParams(identifier, [change]))
        return await self.diagnostics(name)

    async def diagnostics(self, name: str) -> list[types.Diagnostic]:
        """Wait for the next diagnostics of a file."""
        while True:
            published = await self.client.published.get()
            if published.uri == self.uri(name):
                return list(published.diagnostics)

    def place(self, name: str, text: str, words: str) -> types.TextDocumentPositionParams:
        """Return the position of some words in a text."""
        line, character = position(text, text.index(words))
        return types.TextDocumentPositionParams(self.document(name), types.Position(line, character))


def position(text: str, offset: int) -> tuple[int, int]:
    before = text[:offset].split("\n")
    return len(before) - 1, len(before[-1].encode("utf-16-le")) // 2


@pytest.fixture
def editor(client: Client, tmp_path: Path) -> Editor:
    """Return an editor in a folder of its own; the client is the same for all tests."""
    for name, text in {"base.yaml": BASE, "site.yaml": SITE, "site.test.yaml": TESTS, "site.json": QUESTION}.items():
        (tmp_path / name).write_text(text, encoding="utf-8")
    client.messages.clear()
    client.published = asyncio.Queue()  # without the diagnostics of other tests
    return Editor(client, tmp_path)


async def test_diagnostics_have_exact_places_and_follow_the_text(editor: Editor) -> None:
    text = WRONG.replace("name: a", 'name: a  # 🙂\n    message: "🙂🙂 {nic.nme}"')
    problems = await editor.open("site.yaml", text)
    places = {problem.code: (problem.range.start.line, problem.range.start.character) for problem in problems}
    assert places == {
        "UNKNOWN_WORD": position(text, text.index("{nic.nme}") + len("{nic.")),
        "UNKNOWN_STATE": position(text, text.index("brdge")),
    }
    state = next(problem for problem in problems if problem.code == "UNKNOWN_STATE")
    assert state.severity is types.DiagnosticSeverity.Error
    assert state.source == "activenic"
    assert "hint: did you mean `bridge`?" in state.message
    assert state.code_description.href == "https://docs.example.org/diagnostics.html#unknown_state"
    assert state.range.end.character == state.range.start.character + len("brdge")
    assert await editor.change("site.yaml", SITE) == []


async def test_an_unsaved_change_of_a_base_reaches_the_policies_and_tests(editor: Editor) -> None:
    assert await editor.open("base.yaml") == []
    assert await editor.open("site.yaml") == []
    assert await editor.open("site.test.yaml") == []
    await editor.change("base.yaml", BASE.replace("least", "fewest"))
    (problem,) = await editor.diagnostics("site.yaml")
    assert (problem.code, problem.range.start.line) == ("UNKNOWN_WORD", 5)
    (problem,) = await editor.diagnostics("site.test.yaml")
    assert problem.code == "TEST_INVALID"
    await editor.change("base.yaml", BASE.replace("overlaps", "overlap"))
    (problem,) = await editor.diagnostics("site.yaml")
    assert (problem.code, problem.range.start.line) == ("RULE_SYNTAX", 1)
    assert "the base `./base.yaml` is invalid" in problem.message
    await editor.change("base.yaml", BASE)
    assert await editor.diagnostics("site.yaml") == []
    (editor.folder / "base.yaml").write_text(BASE.replace("owns", "own"))
    editor.client.text_document_did_close(types.DidCloseTextDocumentParams(editor.document("base.yaml")))
    changed = types.FileEvent(editor.uri("base.yaml"), types.FileChangeType.Changed)
    editor.client.workspace_did_change_watched_files(types.DidChangeWatchedFilesParams([changed]))
    (problem,) = await editor.diagnostics("site.yaml")
    assert problem.code == "RULE_UNKNOWN"


async def test_fixes(editor: Editor) -> None:
    text = SITE.replace("and nic.mtu <", "&& nic.mtu <").replace("is known", "is knwn")
    problems = await editor.open("site.yaml", text)
    context = types.CodeActionContext(problems)
    wanted = types.CodeActionParams(editor.document("site.yaml"), problems[0].range, context)
    actions = await editor.client.text_document_code_action_async(wanted)
    fix = next(action for action in actions if action.kind == types.CodeActionKind.QuickFix)
    assert fix.is_preferred
    (edit,) = fix.edit.changes[editor.uri("site.yaml")]
    assert edit.new_text in ("known", "and")
    wanted.context = types.CodeActionContext(problems, [types.CodeActionKind.SourceFixAll])
    (everything,) = await editor.client.text_document_code_action_async(wanted)
    assert everything.kind == types.CodeActionKind.SourceFixAll
    assert after(text, everything.edit.changes[editor.uri("site.yaml")]) == SITE


def after(text: str, edits: list[types.TextEdit]) -> str:
    """Return an ASCII text after edits of the protocol."""
    starts = [0]
    for line in text.splitlines(keepends=True):
        starts.append(starts[-1] + len(line))
    for edit in sorted(edits, key=lambda edit: (edit.range.start.line, edit.range.start.character), reverse=True):
        start = starts[edit.range.start.line] + edit.range.start.character
        end = starts[edit.range.end.line] + edit.range.end.character
        text = text[:start] + edit.new_text + text[end:]
    return text


async def test_hover_completion_and_symbols(editor: Editor) -> None:
    await editor.open("site.yaml")
    place = editor.place("site.yaml", SITE, "least")
    hover = await editor.client.text_document_hover_async(types.HoverParams(place.text_document, place.position))
    assert "parameter `least`: `integer`" in hover.contents.value
    await editor.change("site.yaml", SITE.replace("nic.mtu is known", "nic.mt"))
    place = editor.place("site.yaml", SITE, "mtu")
    where = types.CompletionParams(place.text_document, place.position)
    items = (await editor.client.text_document_completion_async(where)).items
    assert "mtu" in [item.label for item in items]
    symbols = await editor.client.text_document_document_symbol_async(
        types.DocumentSymbolParams(editor.document("base.yaml"))
    )
    assert [symbol.name for symbol in symbols] == ["least", "owns", "small"]


async def test_definition_references_and_rename_across_files(editor: Editor) -> None:
    await editor.open("site.yaml")
    place = editor.place("site.yaml", SITE, "owns")
    found = await editor.client.text_document_definition_async(
        types.DefinitionParams(place.text_document, place.position)
    )
    assert (found.uri, found.range.start.line) == (editor.uri("base.yaml"), 4)
    context = types.ReferenceContext(include_declaration=True)
    wanted = types.ReferenceParams(context, place.text_document, place.position)
    found = await editor.client.text_document_references_async(wanted)
    assert sorted(Path(one.uri).name for one in found) == ["base.yaml", "site.test.yaml", "site.yaml"]
    edit = await editor.client.text_document_rename_async(
        types.RenameParams(place.text_document, place.position, "owner")
    )
    changed = {Path(uri).name: edits for uri, edits in edit.changes.items()}
    assert after(SITE, changed["site.yaml"]) == SITE.replace("owns", "owner")
    assert after(BASE, changed["base.yaml"]) == BASE.replace("owns", "owner")
    assert after(TESTS, changed["site.test.yaml"]) == TESTS.replace("owns", "owner")
    for name in ("small", "not a name", ""):
        with pytest.raises(Exception, match=r"already exists|cannot be the new name"):
            await editor.client.text_document_rename_async(
                types.RenameParams(place.text_document, place.position, name)
            )
    word = editor.place("site.yaml", SITE, "mtu")
    with pytest.raises(Exception, match="can be renamed"):
        await editor.client.text_document_prepare_rename_async(
            types.PrepareRenameParams(word.text_document, word.position)
        )


async def test_formatting(editor: Editor) -> None:
    await editor.open("base.yaml")
    options = types.FormattingOptions(tab_size=2, insert_spaces=True)
    wanted = types.DocumentFormattingParams(editor.document("base.yaml"), options)
    edits = await editor.client.text_document_formatting_async(wanted)
    assert after(BASE, edits) == BASE.replace("known   and", "known and")


async def test_lenses(editor: Editor) -> None:
    await editor.open("site.yaml")
    lenses = await editor.client.text_document_code_lens_async(types.CodeLensParams(editor.document("site.yaml")))
    assert [lens.command.title for lens in lenses] == [
        "this rule fired in 0 of 1 test; 2 of 6 outcomes covered",
        "site.json: fired for ens1; rejected ens1",
    ]
    command = lenses[1].command
    shown = await editor.client.workspace_execute_command_async(
        types.ExecuteCommandParams(command.command, command.arguments)
    )
    assert shown.startswith("site.json: rejected ens1\nens1: note: ")
    assert [message.message for message in editor.client.messages] == [shown]


async def test_a_text_without_a_file_and_a_file_of_another_kind(editor: Editor) -> None:
    uri = "untitled:Untitled-1"
    item = types.TextDocumentItem(uri, "yaml", 0, "policy: x\nextends: strct\n")
    editor.client.text_document_did_open(types.DidOpenTextDocumentParams(item))
    published = await editor.client.published.get()
    assert [problem.code for problem in published.diagnostics] == ["POLICY_NOT_FOUND"]
    assert await editor.open("compose.yaml", "services: {web: {image: x}}\n") == []


async def test_standard_output_is_the_protocol_only_and_the_end_is_quiet(tmp_path: Path) -> None:
    place = '{"textDocument": {"uri": "file:///x.yaml"}, "position": {"line": 0, "character": 0}, "newName": "x"}'
    messages = [
        '{"jsonrpc": "2.0", "id": 1, "method": "initialize", "params": {"capabilities": {}, "processId": null}}',
        f'{{"jsonrpc": "2.0", "id": 2, "method": "textDocument/rename", "params": {place}}}',
        '{"jsonrpc": "2.0", "method": "textDocument/didOpen", "params": {"textDocument": {"uri": "file:///a.yaml", '
        '"languageId": "yaml", "version": 1, "text": "policy: a\\n"}}}',
        '{"jsonrpc": "2.0", "id": 3, "method": "shutdown"}',
        '{"jsonrpc": "2.0", "method": "exit"}',
    ]
    stream = b"".join(b"Content-Length: %d\r\n\r\n%s" % (len(text), text.encode()) for text in messages)
    server = await asyncio.create_subprocess_exec(
        *COMMAND, stdin=-1, stdout=-1, stderr=-1, cwd=tmp_path, env={**os.environ, "PYTHONPATH": str(ROOT)}
    )
    output, errors = await asyncio.wait_for(server.communicate(stream), 60)
    assert errors == b""
    assert server.returncode == 0
    while output:
        header, _, output = output.partition(b"\r\n\r\n")
        fields = dict(line.split(b": ") for line in header.split(b"\r\n"))
        output = output[int(fields[b"Content-Length"]) :]
