"""One sentence of the rule language becomes nodes, or a diagnostic at the place where it stops making sense.

The only module that imports lark. Each rule is parsed alone, so every rule of a file reports its own
mistakes. What operators most often write instead is recognised (`mistakes.py`) and named.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from functools import cache
from importlib import resources

from lark import Lark, Token, Tree
from lark.exceptions import UnexpectedCharacters, UnexpectedInput, UnexpectedToken

from evaluator.base.checked_cast import proven
from evaluator.base.source import Span
from evaluator.base.text import quote
from evaluator.policy.language.verbs import VERBS
from evaluator.policy.language.vocabulary import KEYWORDS
from evaluator.policy.source.problems import Problems
from evaluator.policy.source.scalar import Scalar
from evaluator.policy.syntax import mistakes
from evaluator.policy.syntax.nodes import (
    Both,
    Call,
    Condition,
    Either,
    Filtered,
    Holds,
    Items,
    Literal,
    Name,
    Negation,
    Operand,
    Quantified,
    Relation,
    Sentence,
    State,
    Word,
)

LONGEST_SENTENCE = 2000
_BEFORE_A_CONDITION = "match nic when "
DEEPEST_SENTENCE = 40
_WORDS_OR_TEXTS = re.compile(r'"[^"\n]*"|\'[^\'\n]*\'|[A-Za-z_][A-Za-z0-9_]*')


def parse_sentence(scalar: Scalar, problems: Problems) -> Sentence | None:
    """Return the nodes of one rule; None where it is no sentence, which has been noted."""
    first = len(scalar.text) - len(scalar.text.lstrip())
    length = len(" ".join(scalar.text.split()))
    if length > LONGEST_SENTENCE:
        message = f"the rule is {length} characters long; the longest allowed is {LONGEST_SENTENCE}"
        problems.error("RULE_TOO_LONG", message, scalar.span(first, first + 1), "split it into several rules")
        return None
    text = _lower_keywords(scalar, problems)
    try:
        tree = _parser().parse(text)
    except UnexpectedInput as error:
        mistake = _explain(text, error)
        problems.error("RULE_SYNTAX", mistake.message, scalar.span(mistake.start, mistake.end), mistake.hint)
        return None
    if _depth(tree) > DEEPEST_SENTENCE:
        message = f"the rule is nested deeper than {DEEPEST_SENTENCE} levels"
        problems.error("RULE_TOO_DEEP", message, scalar.span(first, first + 1), "split it into several rules")
        return None
    return _Builder(scalar).sentence(tree)


def parse_condition(scalar: Scalar, problems: Problems) -> Condition | None:
    """Return the nodes of a condition that stands alone; None if it is not one, which has been noted.

    It is read as the end of a rule, so that the same mistakes get the same advice.
    """
    first = scalar.offsets[0]
    text = _BEFORE_A_CONDITION + scalar.text
    as_rule = Scalar(scalar.source, text, (*[first] * len(_BEFORE_A_CONDITION), *scalar.offsets))
    begins = re.match(r"\s*([A-Za-z]+)\b(\s+nic)?\s+when\b", scalar.text)
    if begins is not None and begins.group(1).lower() in VERBS:
        message = f"a condition has no verb: {quote(begins.group().strip())} belongs to a rule"
        problems.error("RULE_SYNTAX", message, scalar.span(begins.start(1), begins.end()), "write what is after `when`")
        return None
    sentence = parse_sentence(as_rule, problems)
    return None if sentence is None else sentence.condition


@cache
def _parser() -> Lark:
    grammar = (resources.files("evaluator.policy.syntax") / "grammar.lark").read_text(encoding="utf-8")
    # `basic`: the contextual lexer would accept a keyword as a binder
    return Lark(grammar, start="rule", parser="lalr", lexer="basic", propagate_positions=True, maybe_placeholders=True)


def _lower_keywords(scalar: Scalar, problems: Problems) -> str:
    """Note keywords and verbs in capitals; return the text as it was meant, to find what else is wrong."""
    text = scalar.text
    is_first = True
    for match in _WORDS_OR_TEXTS.finditer(scalar.text):
        word = match.group()
        low = word.lower()
        if word != low and (low in KEYWORDS or (is_first and low in VERBS)):
            message = f"{quote(word)} is a word of the language, which is written in lower case"
            problems.error("RULE_SYNTAX", message, scalar.span(match.start(), match.end()), f"write {quote(low)}")
            text = text[: match.start()] + low + text[match.end() :]
        is_first = False
    return text


def _explain(text: str, error: UnexpectedInput) -> mistakes.Mistake:
    if isinstance(error, UnexpectedCharacters):
        return mistakes.of_character(text, error.pos_in_stream or 0)
    found_at = proven(error, UnexpectedToken)
    token = found_at.token
    start = len(text.rstrip()) if token.type == "$END" else token.start_pos or 0
    found = mistakes.Piece(token.type, "" if token.type == "$END" else str(token), start)
    before = [piece for piece in _pieces(text) if piece.start < start]
    return mistakes.of_token(before, found, sorted(found_at.accepts or ()))


def _pieces(text: str) -> Iterator[mistakes.Piece]:
    try:
        for token in _parser().lex(text):
            yield mistakes.Piece(token.type, str(token), token.start_pos or 0)
    except UnexpectedCharacters:
        return


def _depth(tree: Tree[Token]) -> int:
    """Return how deep conditions nest; a chain of `and` or `or` is one level."""
    deepest = 0
    pending: list[tuple[Tree[Token], int]] = [(tree, 1)]
    while pending:
        node, depth = pending.pop()
        deepest = max(deepest, depth)
        for child in node.children:
            if isinstance(child, Tree):
                is_chain = child.data == node.data and node.data in ("either", "both")
                pending.append((child, depth if is_chain else depth + 1))
    return deepest


class _Builder:
    """Turns lark's tree into nodes that carry spans of the policy file."""

    def __init__(self, scalar: Scalar) -> None:
        self._scalar = scalar

    def sentence(self, tree: Tree[Token]) -> Sentence:
        verb, subject, condition = tree.children
        return Sentence(
            self._name(proven(verb, Tree).children[0]),
            self._name(subject.children[0]) if isinstance(subject, Tree) else None,
            self._condition(condition),
            self._span(tree),
        )

    def _condition(self, found: object) -> Condition:
        node: Tree[Token] = proven(found, Tree)
        children, span = node.children, self._span(node)
        match str(node.data):
            case "either" | "both":
                return self._chain(node)
            case "negation":
                return Negation(self._condition(children[1]), self._name(children[0]), span)
            case "quantified":
                quantifier, binder, _, domain, body = children
                return Quantified(
                    str(quantifier), self._name(binder), self._operand(domain), self._condition(body), span
                )
            case "holds":
                return Holds(self._operand(children[0]), span)
            case "state" | "unstate":
                negation = self._name(children[1]) if len(children) == 3 else None
                return State(self._operand(children[0]), self._name(children[-1]), negation, span)
            case "unrelate" | "stranger":
                left, not_, sign, right = children
                return Relation(self._operand(left), self._name(sign), self._operand(right), self._name(not_), span)
            case _:
                left, sign, right = children
                return Relation(self._operand(left), self._name(sign), self._operand(right), None, span)

    def _chain(self, node: Tree[Token]) -> Condition:
        """Flatten `a or b or c`, which lark nests to the left, without recursion."""
        kind, span = node.data, self._span(node)
        conditions: list[Condition] = []
        signs: list[Name] = []
        while node.data == kind:
            left, sign, right = node.children
            conditions.append(self._condition(right))
            signs.append(self._name(sign))
            node = proven(left, Tree)
        conditions.append(self._condition(node))
        build = Either if kind == "either" else Both
        return build(tuple(reversed(conditions)), tuple(reversed(signs)), span)

    def _operand(self, found: object) -> Operand:
        node: Tree[Token] = proven(found, Tree)
        span = self._span(node)
        children = [child for child in node.children if child is not None]
        match str(node.data):
            case "word":
                return Word(tuple(self._name(child) for child in children), span)
            case "call":
                return Call(self._name(children[0]), tuple(self._operand(c) for c in children[1:]), span)
            case "filtered":
                function, binder, _, domain, body = children
                return Filtered(
                    self._name(function), self._name(binder), self._operand(domain), self._condition(body), span
                )
            case "list":
                return Items(tuple(self._operand(child) for child in children), span)
            case "text":
                return Literal(str(children[0])[1:-1], span)
            case "integer":
                return Literal(int(str(children[0])), span)
            case _:
                return Literal(str(children[0]) == "true", span)

    def _name(self, found: object) -> Name:
        token = proven(found, Token)
        start = token.start_pos or 0
        return Name(str(token), self._scalar.span(start, start + len(token)))

    def _span(self, node: Tree[Token]) -> Span:
        return self._scalar.span(node.meta.start_pos, node.meta.end_pos) if not node.meta.empty else self._scalar.whole


def tokens(text: str) -> tuple[mistakes.Piece, ...]:
    """Return the tokens of a valid sentence or condition."""
    return tuple(_pieces(text))
