"""A policy's text with its literals masked: rewritten exactly where they stand, so that rules keep their places.

A literal that means one interface, network, address or name is mapped along, and the policy decides on
masked reports what it decided on the originals. A glob, a network or an order of texts cannot be mapped so
that this is sure; then the text is masked all the same, and `reasons` say why it decides nothing any more.
What people wrote for people is kept where it names nothing that was masked; comments are taken out.
"""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, fields, is_dataclass

from evaluator.audit.mask_prose import Wording
from evaluator.audit.mask_yaml import Edit, comment_edits, rewritten
from evaluator.audit.pseudonyms import Pseudonyms
from evaluator.facts.address import parse_cidr
from evaluator.facts.link import Kind
from evaluator.policy import nodes
from evaluator.policy.checked import Constant, Related, walk
from evaluator.policy.checked import Relate as R
from evaluator.policy.find import plain_text, shipped_names, shipped_text
from evaluator.policy.parse import parse_sentence
from evaluator.policy.problems import Problems
from evaluator.policy.program import Program
from evaluator.policy.scalar import Scalar, read_scalar
from evaluator.policy.types import Base
from evaluator.policy.yaml_text import Located, read_yaml
from evaluator.source import Source

_OWN_WORDS = frozenset({*Kind, "addr", "network"})
_HAVE_OWN_WORDS = frozenset({"kind", "conflicts"})
_TEMPLATES = ("message", "hint")
_ORDERING = frozenset({R.LESS, R.AT_MOST, R.MORE, R.AT_LEAST})
_EVERYTHING = "/0"


@dataclass(frozen=True, slots=True)
class PolicyParts:
    """A policy as it is written. `own` are its parameters that are compared with the language's own words."""

    program: Program
    text: str
    located: Located
    sentences: tuple[tuple[Scalar, nodes.Sentence], ...]
    own: frozenset[str]

    def reasons(self, parameters: Mapping[str, object]) -> Iterator[str]:
        """Yield why the policy cannot decide on masked inputs as it did on the originals."""
        parts = [part for rule in self.program.rules for part in walk(rule.condition)]
        relations = [part for part in parts if isinstance(part, Related)]
        if any(relation.relation is R.LIKE for relation in relations):
            yield "the policy holds texts against globs (`like`)"
        constants = [str(p.value) for p in parts if isinstance(p, Constant) and p.type.base is Base.CIDR]
        given = [parameters.get(p.name) for p in self.program.parameters if p.type.base is Base.CIDR]
        networks = [text for value in given for text in (value if isinstance(value, list) else [value]) if text]
        if any(not str(text).endswith(_EVERYTHING) for text in (*constants, *networks)):
            yield "the policy or a parameter names networks (`cidr`)"
        if any(relation.relation in _ORDERING and relation.left.type.base is Base.TEXT for relation in relations):
            yield "the policy compares texts by their order"


def read_parts(program: Program) -> PolicyParts:
    """Return the parts of a policy that has been read without mistakes."""
    source = Source(program.name, plain_text(program.text))
    problems = Problems(source)
    located = read_yaml(source, problems)
    assert located is not None  # noqa: S101 -- it was read before
    sentences = []
    for rule in located.children["rules"].children.values():
        place = rule.children["rule"]
        scalar = read_scalar(source, place.span.start, place.span.end, place.style)
        sentence = parse_sentence(scalar, problems)
        assert sentence is not None  # noqa: S101 -- it was read before
        sentences.append((scalar, sentence))
    own = (name for _, sentence in sentences for name in _compared_with_own_words(sentence))
    return PolicyParts(program, source.text, located, tuple(sentences), frozenset(own))


def mask_value(base: Base, value: object, *, is_own: bool, pseudonyms: Pseudonyms) -> object:
    """Return a parameter's value masked by its type; a network that cannot be read becomes a text."""
    if isinstance(value, list):
        return [mask_value(base, item, is_own=is_own, pseudonyms=pseudonyms) for item in value]
    if not isinstance(value, str) or (is_own and value in _OWN_WORDS):
        return None if isinstance(value, dict) else value
    if base is Base.CIDR and _is_network(value):
        return pseudonyms.network(value)
    return pseudonyms.address(value) if base is Base.ADDRESS else pseudonyms.text(value)


def _is_network(text: str) -> bool:
    try:
        parse_cidr(text)
    except ValueError:
        return False
    return True


def mask_literals(parts: PolicyParts, pseudonyms: Pseudonyms) -> tuple[Edit, ...]:
    """Return what the literals and the defaults become."""
    edits = [edit for scalar, sentence in parts.sentences for edit in _literal_edits(scalar, sentence, pseudonyms)]
    return (*edits, *_default_edits(parts, pseudonyms))


def mask_policy(parts: PolicyParts, literals: Iterable[Edit], names: Wording) -> str:
    """Return the masked text. Everything else must have been masked before: prose is judged by that."""
    edits = [*literals]
    text = parts.text
    located = parts.located
    declared = located.children.get("parameters")
    for child in (
        located,
        *located.children["rules"].children.values(),
        *(declared.children.values() if declared else ()),
    ):
        edits += _prose_edits(child, text, names)
    edits += _name_edits(parts, names)
    if text.encode() not in set(map(shipped_text, shipped_names())):
        edits += comment_edits(located, text)
    for edit in sorted(edits, key=lambda edit: edit.start, reverse=True):
        text = text[: edit.start] + edit.text + text[edit.end :]
    return text


def _children(node: object) -> Iterator[object]:
    for field in fields(node) if is_dataclass(node) and not isinstance(node, type) else ():
        value = getattr(node, field.name)
        yield from value if isinstance(value, tuple) else (value,)


def _has_own_words(operand: object) -> bool:
    return isinstance(operand, nodes.Word) and len(operand.parts) > 1 and operand.parts[-1].text in _HAVE_OWN_WORDS


def _compared_with_own_words(node: object) -> Iterator[str]:
    if isinstance(node, nodes.Relation):
        for side, other in ((node.left, node.right), (node.right, node.left)):
            if _has_own_words(side):
                operands = other.operands if isinstance(other, nodes.Items) else (other,)
                yield from (operand.text for operand in operands if isinstance(operand, nodes.Word))
    for child in _children(node):
        yield from _compared_with_own_words(child)


def _literals(
    node: object, base: Base = Base.TEXT, *, is_own: bool = False
) -> Iterator[tuple[nodes.Literal, Base, bool]]:
    """Yield the texts of a rule, each with what it is read as and whether it is compared with own words."""
    if isinstance(node, nodes.Literal):
        if isinstance(node.value, str):
            yield node, base, is_own
        return
    if isinstance(node, nodes.Call):
        base = {"cidr": Base.CIDR, "address": Base.ADDRESS}.get(node.function.text, base)
    if isinstance(node, nodes.Relation):
        is_own = _has_own_words(node.left) or _has_own_words(node.right)
    for child in _children(node):
        yield from _literals(child, base, is_own=is_own)


def _literal_edits(scalar: Scalar, sentence: nodes.Sentence, pseudonyms: Pseudonyms) -> Iterator[Edit]:
    for literal, base, is_own in _literals(sentence):
        masked = mask_value(base, literal.value, is_own=is_own, pseudonyms=pseudonyms)
        # YAML may write the quotes of the literal as two characters, so its text is found from the inside
        first = bisect_left(scalar.offsets, literal.span.start) + 1
        yield Edit(scalar.offsets[first], scalar.offsets[first + len(str(literal.value))], str(masked))


def _default_edits(parts: PolicyParts, pseudonyms: Pseudonyms) -> Iterator[Edit]:
    for parameter in parts.program.parameters:
        default = parts.located.children["parameters"].children[parameter.name].children.get("default")
        if default is None:
            continue
        for child in default.children.values() if isinstance(default.value, list) else (default,):
            masked = mask_value(
                parameter.type.base, child.value, is_own=parameter.name in parts.own, pseudonyms=pseudonyms
            )
            if masked != child.value:
                yield rewritten(child, parts.text, str(masked))


def _prose_edits(located: Located, text: str, names: Wording) -> Iterator[Edit]:
    for key, child in located.children.items():
        if not isinstance(child.value, str):
            continue
        masked = child.value
        if key in _TEMPLATES:
            masked = names.template(child.value)
        elif key == "description":
            masked = names.prose(child.value)
        elif key in ("policy", "name"):
            masked = names.identifier(child.value, "policy" if key == "policy" else "rule")
        elif key == "code":
            masked = names.finding_code(child.value)
        if masked != child.value:
            yield rewritten(child, text, masked)


def _name_edits(parts: PolicyParts, names: Wording) -> Iterator[Edit]:
    """Yield an edit for each place of a parameter that gets another name."""
    declared = [parameter.name for parameter in parts.program.parameters]
    renamed = {name: names.parameter(name) for name in declared if names.parameter(name) != name}
    if not renamed:
        return
    keys = parts.located.children["parameters"].keys
    places = [(name, keys[name]) for name in renamed]
    for _, sentence in parts.sentences:
        places += [(word.parts[0].text, word.parts[0].span) for word in _words(sentence)]
    for name, span in places:
        if name in renamed:
            yield Edit(span.start, span.end, renamed[name])


def _words(node: object) -> Iterator[nodes.Word]:
    if isinstance(node, nodes.Word):
        yield node
    for child in _children(node):
        yield from _words(child)
