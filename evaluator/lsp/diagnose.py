"""The diagnostics of an open text and their fixes. All places are offsets in the plain text of the open text.

The checks are the same as in the command `activenic check`, with one difference. A policy names its base, and a test
names the policy under test. If the editor has the named policy open, the checks use the text in the editor and not the
file on the disk.

If a base has mistakes, the diagnostics are shown in the text of the base. A policy that extends this base cannot be
used until the base is corrected. So the policy gets one diagnostic, at its key `extends`.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from functools import lru_cache
from pathlib import Path

from msgspec.structs import replace

from evaluator.base.diagnostic import Diagnostic, PolicyError, Severity
from evaluator.base.fix import Location
from evaluator.base.source import Source
from evaluator.base.text import quote
from evaluator.engine import Policy, load_policy
from evaluator.lsp.document import Document, Kind
from evaluator.lsp.keyed import Keyed
from evaluator.lsp.workspace import Workspace
from evaluator.policy.load import program_of
from evaluator.policy.source.chain import FindBase, PolicyChain, read_chain
from evaluator.policy.source.find import policy_source, shipped_names, shipped_text
from evaluator.testing.case_file import PolicyCase, read_case_text
from evaluator.testing.policies import NamedPolicy
from evaluator.workbench.check_text import Checked, check_source
from evaluator.workbench.fix_text import fix_text

_POLICIES_KEPT = 32


def diagnose(workspace: Workspace, document: Document) -> tuple[Diagnostic, ...]:
    """Return the diagnostics of a text, each with its location in this text. A mistake never raises an exception."""
    return () if document.kind is Kind.OTHER else _own(document, check(workspace, document).diagnostics)


def check(workspace: Workspace, document: Document) -> Checked:
    """Return the result of checking a policy or a test file."""
    try:
        policy_source(document.raw)
    except PolicyError as error:  # too large, or not encodable
        return Checked(document.name, None, None, None, error.diagnostics)
    if document.kind is Kind.POLICY:
        return check_source(document.name, document.source, workspace.find)
    try:
        cases_of(workspace, document)
    except PolicyError as error:
        return Checked(document.name, document.source, None, None, error.diagnostics)
    return Checked(document.name, document.source, None, None, ())


def fixed(workspace: Workspace, document: Document) -> str:
    """Return the raw text of a policy or test file after all safe fixes."""

    def check_again(text: str) -> Checked:
        return check(workspace, Document(document.key, text, document.path))

    return fix_text(check(workspace, document), check_again).text


def cases_of(workspace: Workspace, document: Document) -> tuple[PolicyCase, ...]:
    """Return the cases of a test file. Raises PolicyError, with all mistakes, if the text has mistakes."""

    def load(name: str, folder: Path) -> NamedPolicy:
        source = workspace.find_for_test(name, folder)
        return NamedPolicy(source.path or name, loaded(source, workspace.find))

    return read_case_text(Source(document.name, document.text, document.path), document.folder, load)


def loaded(source: Source, find: FindBase) -> Policy:
    """Return the policy in a text. Raises PolicyError, with all mistakes, if the policy is invalid."""
    name = Path(source.name).stem
    if source.path is None and name in shipped_names() and source.text == shipped_text(name).decode():
        return load_policy(name)  # prepared, so that it need not be checked
    chain = read_chain(source, find)
    return _policy(Keyed((chain.sources, chain.problems), chain))


@lru_cache(maxsize=_POLICIES_KEPT)
def _policy(chain: Keyed[PolicyChain]) -> Policy:
    return Policy(program_of(chain.value))


def _own(document: Document, diagnostics: Iterable[Diagnostic]) -> tuple[Diagnostic, ...]:
    """Return the diagnostics of a text. If the policies that it extends have errors, add one diagnostic about them."""
    own: list[Diagnostic] = []
    of_bases: list[Diagnostic] = []
    for problem in diagnostics:
        is_own = problem.location is None or problem.location.name == document.name
        (own if is_own else of_bases).append(problem)
    return tuple(_placed(document, problem) for problem in (*own, *_of_bases(document, of_bases)))


def _placed(document: Document, problem: Diagnostic) -> Diagnostic:
    """Return the diagnostic with a location inside the text of the document.

    If the location is after the end of the text, the end is used. If the diagnostic has no location, the start is used.
    """
    location, length = problem.location, len(document.text)
    if location is None:
        return replace(problem, location=Location(document.name, 0, 0))
    start = min(location.start, length)
    return replace(problem, location=Location(location.name, start, min(max(location.end, start), length)))


def _of_bases(document: Document, problems: list[Diagnostic]) -> Iterator[Diagnostic]:
    errors = [problem for problem in problems if problem.severity is Severity.ERROR]
    if not errors:
        return
    extends = document.outline.at("extends")
    start, end = (0, 0) if extends is None else (extends.span.start, extends.span.end)
    first, more = errors[0], len(errors) - 1
    message = f"the base {quote(document.outline.text('extends'))} is invalid: {first.place}: {first.message}"
    message += f", and {more} more" if more else ""
    location = Location(document.name, start, end)
    yield Diagnostic(first.code, message, first.place, "correct the base first", Severity.ERROR, location=location)
