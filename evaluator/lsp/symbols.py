"""The outline of a document that an editor shows: parameters, conditions and rules, or tests."""

from __future__ import annotations

from collections.abc import Iterator

from msgspec import Struct

from evaluator.base.source import Span
from evaluator.lsp.document import Document, Kind
from evaluator.lsp.names import Subject
from evaluator.lsp.outline import Outline
from evaluator.lsp.policy_names import policy_names
from evaluator.policy.source.yaml_text import Located


class DocumentSymbol(Struct, frozen=True):
    """A part of a document that has a name: the place of the whole part, and the place of the name."""

    name: str
    subject: Subject | None
    detail: str
    place: Span
    name_place: Span


def symbols_of(document: Document) -> tuple[DocumentSymbol, ...]:
    """Return the parts of a policy or test file, in the order of the text."""
    if document.kind is Kind.POLICY:
        sections = (
            *_entries(document, "parameters", Subject.PARAMETER),
            *_entries(document, "conditions", Subject.CONDITION),
            *_items(document, "rules", Subject.RULE),
        )
    elif document.kind is Kind.TEST:
        sections = tuple(_items(document, "tests", None))
    else:
        sections = ()
    return tuple(sorted(sections, key=lambda symbol: symbol.place.start))


def _entries(document: Document, key: str, subject: Subject) -> Iterator[DocumentSymbol]:
    """Yield a symbol for each entry of a map, for example for each parameter in `parameters`."""
    parent = document.outline.at(key)
    if parent is None:
        return
    names = policy_names((document,))
    for name, span in parent.keys.items():
        place = Span(span.start, max(span.end, _end(document.text, parent.children[name])))
        detail = names.parameters[name].type_text if subject is Subject.PARAMETER else names.conditions[name].text
        yield DocumentSymbol(name or "(no name)", subject, detail, place, span)


def _items(document: Document, key: str, subject: Subject | None) -> Iterator[DocumentSymbol]:
    """Yield a symbol for each map in a list, for example for each rule in `rules`."""
    for _, located in document.outline.items(key):
        if not isinstance(located.value, dict):
            continue
        entry = Outline(located)
        name = entry.at("name") or entry.at("remove")
        label = entry.text("name") or f"remove {entry.text('remove')}" * bool(entry.text("remove")) or "(no name)"
        place = Span(located.span.start, max(located.span.start, _end(document.text, located)))
        name_place = place if name is None or name.span.end > place.end else name.span
        detail = " ".join(entry.text("rule" if subject is Subject.RULE else "want").split())
        yield DocumentSymbol(label, subject, detail, place, name_place)


def _end(text: str, located: Located) -> int:
    """Return the end of a value, without trailing white space."""
    ends = [located.span.end, *(_end(text, child) for child in located.children.values())]
    end = max(ends)
    return located.span.start + len(text[located.span.start : end].rstrip())
