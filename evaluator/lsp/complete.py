"""Lists what an author can write at the cursor: keys and values of the file, and words of a sentence.

`outline.cursors_at` determines the key or value that contains the cursor. A table maps the path of this place to the
function that lists the candidates. In a sentence, the tokens before the cursor determine the candidates.
"""

from __future__ import annotations

import os
import re
from collections.abc import Callable, Iterator
from itertools import islice
from typing import Any

from msgspec import Struct

from evaluator.base.cached_property import cached_property
from evaluator.base.diagnostic import PolicyError
from evaluator.base.finding import FindingCode
from evaluator.base.status import Status
from evaluator.lsp.complete_sentence import Candidate, ItemKind, in_message, in_sentence
from evaluator.lsp.diagnose import loaded
from evaluator.lsp.document import Document, Kind
from evaluator.lsp.hover import about_name, about_policy
from evaluator.lsp.names import Subject
from evaluator.lsp.outline import Cursor, cursors_at
from evaluator.lsp.policy_names import PolicyNames, policy_names
from evaluator.lsp.schema_keys import keys_of, takes_map_or_list, values_of
from evaluator.lsp.sentence import sentence_before
from evaluator.lsp.workspace import Workspace, document_of, is_shipped
from evaluator.policy.source.find import find_policy, shipped_names
from evaluator.report.read import FORMATS
from evaluator.testing.case_file import REFUSED
from evaluator.testing.terse_topology import read_topology

_WORD = re.compile(r"[A-Za-z_][A-Za-z0-9_]*\Z")
_VALUE = re.compile(r"[^\s\"'\[\]{},]*\Z")
_HEADER = re.compile(r"[|>][^\n]*(?:\n|\Z)")
_TEXTS = re.compile(r'"[^"]*"|\'[^\']*\'')
_KEY_FOLLOWS = re.compile(r"[A-Za-z0-9_-]*[\"']?[ \t]*:")
_STATUSES = (*map(str, Status), REFUSED)
_SENTENCE_END = 4000
_MOST_CURSORS = 2
_KEYS_WITH_BASE = frozenset({"before", "after", "replace", "remove", "sha256"})


class Completion(Struct, frozen=True):
    """A candidate, and the part of the text that the candidate replaces."""

    candidate: Candidate
    start: int
    end: int


class _Place(Struct, frozen=True, dict=True):
    """A cursor in a document, and the names that can be used at this place."""

    workspace: Workspace
    document: Document
    offset: int
    cursor: Cursor

    @property
    def path(self) -> tuple[str | int, ...]:
        return self.cursor.path

    @property
    def before(self) -> str:
        """The text of the key or value before the cursor, without the opening quote or the header of a block."""
        text = self.document.text[self.cursor.start : self.offset]
        if self.cursor.style in ("|", ">"):
            return _HEADER.sub("", text, count=1)
        return text[1:] if text[:1] in "\"'" and text else text

    @cached_property
    def chain(self) -> tuple[Document, ...]:
        """The texts of the policy to which the place belongs, base first."""
        if self.document.kind is not Kind.TEST:
            return self.workspace.chain(self.document)
        outline = self.document.outline
        own = outline.text("tests", self.path[1], "policy") if self.path[:1] == ("tests",) and self.path[1:] else ""
        policy = self.workspace.policy(self.document, own or outline.text("policy"))
        return () if policy is None else self.workspace.chain(policy)

    @cached_property
    def names(self) -> PolicyNames:
        """The names that the policy declares."""
        return policy_names(self.chain)

    @property
    def base_names(self) -> PolicyNames:
        """The names that the base policies declare."""
        return policy_names(self.chain[:-1])


def complete(workspace: Workspace, document: Document, offset: int) -> tuple[Completion, ...]:
    """Return the candidates for an offset, in the order in which the editor should offer them."""
    if document.kind is Kind.OTHER and not _is_new(document.text, offset):
        return ()
    for cursor in islice(cursors_at(document.text, offset), _MOST_CURSORS):
        fragment, candidates = _candidates(_Place(workspace, document, offset, cursor))
        unique: dict[str, Candidate] = {}
        for candidate in candidates:
            unique.setdefault(candidate.label, candidate)
        if unique:
            return tuple(Completion(candidate, offset - len(fragment), offset) for candidate in unique.values())
    return ()


def _is_new(text: str, offset: int) -> bool:
    """Return whether every line of a text, except the line of the cursor, is empty or a comment."""
    start = text.rfind("\n", 0, offset) + 1
    end = text.find("\n", offset)
    others = text[:start] + (text[end:] if end >= 0 else "")
    return all(not line.strip() or line.lstrip().startswith("#") for line in others.splitlines())


def _candidates(place: _Place) -> tuple[str, Iterator[Candidate]]:
    """Return the beginning of a word before the cursor, and the candidates that can replace this beginning."""
    if place.cursor.is_key:
        return place.before, _keys(place)
    path = place.path
    for length in (len(path), len(path) - 1):  # an element of a list is completed like the list
        pattern = tuple("*" if isinstance(step, int) else step for step in path[:length])
        if pattern[:1] in (("conditions",), ("parameters",)) and length == len(path):
            pattern = (pattern[0], "*", *pattern[2:])
        find = _VALUES.get((place.document.kind.schema, *pattern))
        if find is not None:
            return find(place)
    return _fragment(place), (
        Candidate(value, ItemKind.VALUE, value) for value in values_of(place.document.kind.schema, path)
    )


def _fragment(place: _Place) -> str:
    match = _VALUE.search(place.before)
    return "" if match is None else match.group()


def _keys(place: _Place) -> Iterator[Candidate]:
    schema, parent = place.document.kind.schema, place.path[:-1]
    has_colon = _KEY_FOLLOWS.match(place.document.text, place.offset) is not None
    if parent[-1:] == ("parameters",):
        known = place.names if place.document.kind is Kind.TEST else place.base_names
        for name in known.parameters:
            text = about_name(known, Subject.PARAMETER, name)
            yield Candidate(name, ItemKind.PARAMETER, name if has_colon else f"{name}: ", "parameter", text)
        return
    for key, description in keys_of(schema, parent).items():
        needs_base = key in _KEYS_WITH_BASE and not place.document.outline.text("extends")
        if key not in place.cursor.siblings and not needs_base:
            ending = ":" if takes_map_or_list(schema, (*parent, key)) else ": "
            yield Candidate(key, ItemKind.KEY, key if has_colon else key + ending, "", description)


def _sentence(place: _Place) -> tuple[str, Iterator[Candidate]]:
    before = place.before[-_SENTENCE_END:]
    if place.cursor.style == "'":
        before = before.replace("''", "'")
    if set("\"'") & set(_TEXTS.sub("", before)):
        return "", iter(())  # inside a text
    match = _WORD.search(before)
    fragment = "" if match is None else match.group()
    is_rule = place.path[:1] == ("rules",)
    tokens = sentence_before(before[: len(before) - len(fragment)], is_rule=is_rule)
    return fragment, in_sentence(tokens, place.names)


def _message(place: _Place) -> tuple[str, Iterator[Candidate]]:
    _, brace, inside = place.before.rpartition("{")
    if not brace or "}" in inside:
        return "", iter(())
    match = _WORD.search(inside)
    fragment = "" if match is None else match.group()
    tokens = sentence_before(inside[: len(inside) - len(fragment)], is_rule=False, is_message=True)
    return fragment, in_message(tokens, place.names)


def _rules(place: _Place) -> tuple[str, Iterator[Candidate]]:
    return _fragment(place), (
        Candidate(name, ItemKind.RULE, name, "rule", about_name(place.names, Subject.RULE, name))
        for name in place.names.rules
        if name != place.cursor.entry.get("name")
    )


def _inherited_rules(place: _Place) -> tuple[str, Iterator[Candidate]]:
    return _fragment(place), (
        Candidate(name, ItemKind.RULE, name, "rule", about_name(place.base_names, Subject.RULE, name))
        for name in place.base_names.rules
    )


def _replaced_rules(place: _Place) -> tuple[str, Iterator[Candidate]]:
    replaces = place.cursor.entry.get("replace") is True
    return _inherited_rules(place) if replaces else ("", iter(()))


def _policies(place: _Place) -> tuple[str, Iterator[Candidate]]:
    return _fragment(place), _all_policies(place)


def _all_policies(place: _Place) -> Iterator[Candidate]:
    for name in shipped_names():
        if name != place.document.outline.text("policy"):
            yield Candidate(
                name, ItemKind.POLICY, name, "shipped policy", about_policy((document_of(find_policy(name)),))
            )
    for document in place.workspace.documents():
        is_other = document.kind is Kind.POLICY and document.key != place.document.key
        if is_other and document.path is not None and place.document.path is not None and not is_shipped(document):
            path = os.path.relpath(document.path, place.document.folder)
            path = path if path.startswith(os.pardir) else f"./{path}"
            yield Candidate(path, ItemKind.POLICY, path, "policy file", about_policy(place.workspace.chain(document)))


def _digest(place: _Place) -> tuple[str, Iterator[Candidate]]:
    """Return the digest of the base, if the base is valid."""
    return _fragment(place), _digests(place)


def _digests(place: _Place) -> Iterator[Candidate]:
    base = place.chain[-2:-1]
    try:
        digest = loaded(base[0].source, place.workspace.find).digest if base else ""
    except PolicyError:
        return
    if digest:
        yield Candidate(digest, ItemKind.VALUE, digest, "digest", "the digest of the base")


def _want(place: _Place) -> tuple[str, Iterator[Candidate]]:
    fragment = _fragment(place)
    words = place.before[: len(place.before) - len(fragment)].split()
    if not words:
        return fragment, (Candidate(status, ItemKind.VALUE, status, "status") for status in _STATUSES)
    takes_interface = len(words) == 1 and words[0] in (Status.RESOLVED, Status.REJECTED)
    return fragment, _interfaces_of(place) if takes_interface else _codes_of(place)


def _statuses(place: _Place) -> tuple[str, Iterator[Candidate]]:
    return _fragment(place), (Candidate(status, ItemKind.VALUE, status, "status") for status in _STATUSES)


def _codes(place: _Place) -> tuple[str, Iterator[Candidate]]:
    return _fragment(place), _codes_of(place)


def _codes_of(place: _Place) -> Iterator[Candidate]:
    for rule in place.names.rules.values():
        if rule.code:
            yield Candidate(
                rule.code, ItemKind.VALUE, rule.code, "finding", about_name(place.names, Subject.RULE, rule.name)
            )
    for code in FindingCode:
        yield Candidate(str(code), ItemKind.VALUE, str(code), "finding", code.meaning)


def _interfaces(place: _Place) -> tuple[str, Iterator[Candidate]]:
    return _fragment(place), _interfaces_of(place)


def _interfaces_of(place: _Place) -> Iterator[Candidate]:
    """Yield the interfaces in `given` of the test."""
    given = place.document.outline.text("tests", place.path[1], "given")
    try:
        report: dict[str, Any] = dict(read_topology(given))
    except ValueError:
        return
    for section in report.values():
        for name in section if isinstance(section, dict) else ():
            yield Candidate(str(name), ItemKind.VALUE, str(name), "interface")


def _formats(place: _Place) -> tuple[str, Iterator[Candidate]]:
    names = ("auto", *(known.name for known in FORMATS))
    return _fragment(place), (Candidate(name, ItemKind.VALUE, name, "format") for name in names)


_Find = Callable[[_Place], tuple[str, Iterator[Candidate]]]
_POLICY, _TEST = Kind.POLICY.schema, Kind.TEST.schema
_WANT = (_TEST, "tests", "*", "want")
_VALUES: dict[tuple[str, ...], _Find] = {
    (_POLICY, "extends"): _policies,
    (_POLICY, "sha256"): _digest,
    (_POLICY, "conditions", "*"): _sentence,
    (_POLICY, "rules", "*", "rule"): _sentence,
    (_POLICY, "rules", "*", "message"): _message,
    (_POLICY, "rules", "*", "hint"): _message,
    (_POLICY, "rules", "*", "before"): _rules,
    (_POLICY, "rules", "*", "after"): _rules,
    (_POLICY, "rules", "*", "remove"): _inherited_rules,
    (_POLICY, "rules", "*", "name"): _replaced_rules,
    (_TEST, "policy"): _policies,
    (_TEST, "tests", "*", "policy"): _policies,
    (_TEST, "tests", "*", "format"): _formats,
    _WANT: _want,
    (*_WANT, "status"): _statuses,
    (*_WANT, "hostActiveNic"): _interfaces,
    (*_WANT, "candidates"): _interfaces,
    (*_WANT, "owners"): _interfaces,
    (*_WANT, "findings"): _codes,
    (*_WANT, "fired"): _rules,
    (*_WANT, "silent"): _rules,
}
