"""The names in policies and tests: their declarations, their uses, and which names mean the same thing.

A policy and its bases form a chain of texts (`extends`). One of these texts declares the rule, parameter or condition.
The texts that extend the declaring text can use the name. They can also change the rule or parameter (`replace: true`,
another default), but they do not declare a second one. So two places mean the same rule, parameter or condition if
three values are equal: subject, name and declaring text (`Symbol`).
"""

from __future__ import annotations

from collections.abc import Iterator
from enum import Enum
from functools import lru_cache

from msgspec import Struct

from evaluator.base.source import Span
from evaluator.lsp.document import Document, Kind
from evaluator.lsp.sentence import Role, Scope, Sentence, read_message, read_sentence, variables_at
from evaluator.lsp.workspace import Workspace
from evaluator.policy.language.vocabulary import words_of
from evaluator.policy.source.yaml_text import Located

_NO_NAMES = Scope({})
_RULE_REFERENCES = ("before", "after", "remove")


class Subject(Enum):
    """The kind of a named thing."""

    POLICY = "policy"
    PARAMETER = "parameter"
    CONDITION = "condition"
    RULE = "rule"


class Use(Struct, frozen=True):
    """A name in a text. `declares` is true if the text declares or changes the named thing at this place.

    In a test, `policy` is the name or path of the policy to which the name belongs. In a policy, `policy` is empty.
    """

    subject: Subject
    name: str
    start: int
    end: int
    declares: bool = False
    policy: str = ""


class Symbol(Struct, frozen=True):
    """A policy, parameter, condition or rule; `root` is the key of the text that declares it first."""

    subject: Subject
    name: str
    root: str


class Reference(Struct, frozen=True):
    """A use of a name, and the document that contains this use."""

    document: Document
    use: Use


@lru_cache(maxsize=512)
def names_of(document: Document) -> tuple[Use, ...]:
    """Return the names in a text, in the order of their places."""
    read = {Kind.POLICY: _in_policy, Kind.TEST: _in_test}.get(document.kind)
    uses = () if read is None else read(document)
    return tuple(sorted(uses, key=lambda use: (use.start, use.end)))


def name_span(text: str, located: Located) -> Span | None:
    """Return the place of a text without its quotes; None for a block and for a value that is not a text."""
    if not isinstance(located.value, str) or located.style in ("|", ">"):
        return None
    return _unquoted(text, located.span)


def _unquoted(text: str, span: Span) -> Span:
    is_quoted = span.end - span.start > 1 and text[span.start] in "\"'" and text[span.end - 1] == text[span.start]
    return Span(span.start + 1, span.end - 1) if is_quoted else span


def sentences_of(document: Document) -> Iterator[tuple[Located, Sentence]]:
    """Yield the rules, conditions and message words of a policy, each with the YAML value that contains it."""
    outline = document.outline
    for _, located in outline.items("conditions"):
        yield located, read_sentence(document.text, located, is_rule=False)
    for _, entry in outline.items("rules"):
        if "rule" in entry.children:
            located = entry.children["rule"]
            yield located, read_sentence(document.text, located, is_rule=True)
        for key in ("message", "hint"):
            if key in entry.children:
                located = entry.children[key]
                yield from ((located, sentence) for sentence in read_message(document.text, located))


def _in_policy(document: Document) -> Iterator[Use]:
    outline, text = document.outline, document.text
    yield from _value(text, outline.at("policy"), Subject.POLICY, declares=True)
    yield from _value(text, outline.at("extends"), Subject.POLICY)
    yield from _keys(text, outline.at("parameters"), Subject.PARAMETER, declares=True)
    yield from _keys(text, outline.at("conditions"), Subject.CONDITION, declares=True)
    for _, entry in outline.items("rules"):
        yield from _value(text, entry.children.get("name"), Subject.RULE, declares=True)
        for key in _RULE_REFERENCES:
            yield from _value(text, entry.children.get(key), Subject.RULE)
    for _, sentence in sentences_of(document):
        yield from _in_sentence(sentence)


def _in_sentence(sentence: Sentence) -> Iterator[Use]:
    for at, token in enumerate(sentence.tokens):
        role = sentence.role(at)
        if role is Role.STATE:
            yield Use(Subject.CONDITION, token.text, token.start, token.end)
        elif role is Role.WORD and token.text not in {*words_of(None), *variables_at(sentence, at, _NO_NAMES)}:
            yield Use(Subject.PARAMETER, token.text, token.start, token.end)


def _in_test(document: Document) -> Iterator[Use]:
    outline, text = document.outline, document.text
    common = outline.text("policy")
    yield from _value(text, outline.at("policy"), Subject.POLICY)
    yield from _keys(text, outline.at("parameters"), Subject.PARAMETER, policy=common)
    for at, test in outline.items("tests"):
        policy = outline.text("tests", at, "policy") or common
        yield from _value(text, test.children.get("policy"), Subject.POLICY)
        yield from _keys(text, test.children.get("parameters"), Subject.PARAMETER, policy=policy)
        for key in ("fired", "silent"):
            for _, item in outline.items("tests", at, "want", key):
                yield from _value(text, item, Subject.RULE, policy=policy)


def _value(
    text: str, located: Located | None, subject: Subject, *, declares: bool = False, policy: str = ""
) -> Iterator[Use]:
    span = None if located is None else name_span(text, located)
    if located is not None and span is not None:
        yield Use(subject, str(located.value), span.start, span.end, declares, policy)


def _keys(
    text: str, parent: Located | None, subject: Subject, *, declares: bool = False, policy: str = ""
) -> Iterator[Use]:
    for name, key in () if parent is None else parent.keys.items():
        span = _unquoted(text, key)
        yield Use(subject, name, span.start, span.end, declares, policy)


def use_at(document: Document, offset: int) -> Use | None:
    """Return the name at an offset. The offset at the end of a name belongs to the name."""
    return next((use for use in names_of(document) if use.start <= offset <= use.end), None)


def chain_of(workspace: Workspace, document: Document, use: Use) -> tuple[Document, ...]:
    """Return the texts of the policy to which a name belongs, base first; empty if the policy is missing."""
    if document.kind is Kind.POLICY:
        return workspace.chain(document)
    policy = workspace.policy(document, use.policy)
    return () if policy is None else workspace.chain(policy)


def symbol_of(workspace: Workspace, document: Document, use: Use) -> Symbol | None:
    """Return the symbol to which a name refers; None if no text declares the name."""
    if use.subject is Subject.POLICY:
        policy = document if use.declares else workspace.policy(document, use.name)
        return None if policy is None else Symbol(use.subject, policy.outline.text("policy"), policy.key)
    declared = declarations(chain_of(workspace, document, use), use.subject, use.name)
    return Symbol(use.subject, use.name, declared[0].document.key) if declared else None


def declarations(chain: tuple[Document, ...], subject: Subject, name: str) -> tuple[Reference, ...]:
    """Return the places at which the texts of a policy declare or change a name, base first."""
    return tuple(
        Reference(document, use)
        for document in chain
        for use in names_of(document)
        if use.declares and use.subject is subject and use.name == name
    )


def declared_names(chain: tuple[Document, ...], subject: Subject) -> tuple[str, ...]:
    """Return the names that the texts of a policy declare, base first, each once."""
    uses = (use for document in chain for use in names_of(document))
    return tuple(dict.fromkeys(use.name for use in uses if use.declares and use.subject is subject))


def definition(workspace: Workspace, document: Document, offset: int) -> Reference | None:
    """Return the place at which the name at an offset is declared or was last changed.

    If the name at the offset is itself a change, return the preceding declaration or change.
    """
    use = use_at(document, offset)
    if use is None:
        return None
    if use.subject is Subject.POLICY:
        return _policy_definition(workspace, document, use)
    found = declarations(chain_of(workspace, document, use), use.subject, use.name)
    others = [one for one in found if one != Reference(document, use)]
    if use.declares:  # a change leads to the declaration before it, a first declaration to itself
        own = found.index(Reference(document, use)) if Reference(document, use) in found else 0
        return found[own - 1] if own else next(iter(found), None)
    return others[-1] if others else None


def _policy_definition(workspace: Workspace, document: Document, use: Use) -> Reference | None:
    policy = document if use.declares else workspace.policy(document, use.name)
    if policy is None:
        return None
    declared = next((one for one in names_of(policy) if one.subject is Subject.POLICY and one.declares), None)
    return Reference(policy, declared or Use(Subject.POLICY, "", 0, 0, declares=True))


def references(workspace: Workspace, symbol: Symbol) -> tuple[Reference, ...]:
    """Return all uses of a symbol in the known texts, and in the text that declares the symbol."""
    documents = {document.key: document for document in workspace.documents()}
    root = workspace.document(symbol.root)
    if root is not None:
        documents.setdefault(root.key, root)
    return tuple(
        Reference(document, use)
        for document in documents.values()
        for use in names_of(document)
        if use.subject is symbol.subject
        and (use.subject is Subject.POLICY or use.name == symbol.name)
        and symbol_of(workspace, document, use) == symbol
    )


def depends_on(workspace: Workspace, document: Document, key: str) -> bool:
    """Return whether a text extends or tests the policy with this key, directly or through other policies."""
    named = {use.name for use in names_of(document) if use.subject is Subject.POLICY and not use.declares}
    policies = (workspace.policy(document, name) for name in named)
    chains = (workspace.chain(policy) for policy in policies if policy is not None)
    return any(other.key == key for chain in chains for other in chain)
