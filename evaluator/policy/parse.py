"""One sentence of the rule language becomes nodes, or a diagnostic at the place where it stops making sense.

The only module that imports lark. Each rule is parsed alone, so every rule of a file reports its own
mistakes. What operators most often write instead is recognised (`mistakes.py`) and named.
"""

from __future__ import annotations

import re
from functools import cache
from importlib import resources

from lark import Lark, Token, Tree
from lark.exceptions import UnexpectedCharacters, UnexpectedInput, UnexpectedToken

from evaluator.diagnostic import Diagnostic
from evaluator.policy import mistakes
from evaluator.policy.nodes import (
    Both,
    Call,
    Condition,
    Either,
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
from evaluator.policy.scalar import Scalar
from evaluator.source import Span
from evaluator.text import quote

LONGEST_SENTENCE = 2000
DEEPEST_SENTENCE = 40
_KEYWORDS = [
    "when",
    "and",
    "or",
    "not",
    "in",
    "is",
    "satisfies",
    "some",
    "every",
    "no",
    "overlaps",
    "within",
    "like",
    "above",
    "below",
    "true",
    "false",
]
_WORDS_OR_TEXTS = re.compile(r'"[^"\n]*"|\'[^\'\n]*\'|[A-Za-z_][A-Za-z0-9_]*')


class SyntaxProblem(Exception):
    """A sentence that does not parse; `diagnostics` says where and why."""

    def __init__(self, *diagnostics: Diagnostic) -> None:
        super().__init__()
        self.diagnostics = diagnostics


def parse_sentence(scalar: Scalar) -> Sentence:
    """Return the nodes of one rule; SyntaxProblem where it is no sentence."""
    if len(scalar.text) > LONGEST_SENTENCE:
        message = f"the rule is {len(scalar.text)} characters long; the longest allowed is {LONGEST_SENTENCE}"
        raise SyntaxProblem(_diagnostic(scalar, "RULE_TOO_LONG", message, 0, 1, "split it into several rules"))
    text, capitals = _lower_keywords(scalar)
    try:
        tree = _parser().parse(text)
    except UnexpectedInput as error:
        raise SyntaxProblem(*capitals, _explain(scalar, text, error)) from None
    if _depth(tree) > DEEPEST_SENTENCE:
        message = f"the rule is nested deeper than {DEEPEST_SENTENCE} levels"
        raise SyntaxProblem(_diagnostic(scalar, "RULE_TOO_DEEP", message, 0, 1, "split it into several rules"))
    if capitals:
        raise SyntaxProblem(*capitals)
    return _Builder(scalar).sentence(tree)


@cache
def _parser() -> Lark:
    grammar = (resources.files("evaluator.policy") / "grammar.lark").read_text(encoding="utf-8")
    # `basic`: the contextual lexer would accept a keyword as a binder
    return Lark(grammar, start="rule", parser="lalr", lexer="basic", propagate_positions=True, maybe_placeholders=True)


def _lower_keywords(scalar: Scalar) -> tuple[str, list[Diagnostic]]:
    problems = []
    text = scalar.text
    for match in _WORDS_OR_TEXTS.finditer(scalar.text):
        word = match.group()
        if word.lower() in _KEYWORDS and word != word.lower():
            hint = f"write {quote(word.lower())}"
            message = f"{quote(word)} is a word of the language, which is written in lower case"
            problems.append(_diagnostic(scalar, "RULE_SYNTAX", message, match.start(), match.end(), hint))
            text = text[: match.start()] + word.lower() + text[match.end() :]
    return text, problems


def _explain(scalar: Scalar, text: str, error: UnexpectedInput) -> Diagnostic:
    if isinstance(error, UnexpectedCharacters):
        mistake = mistakes.of_character(text, error.pos_in_stream or 0)
        return _diagnostic(scalar, "RULE_SYNTAX", mistake.message, mistake.start, mistake.end, mistake.hint)
    assert isinstance(error, UnexpectedToken)  # noqa: S101 -- lark raises nothing else while parsing
    token = error.token
    at_end = token.type == "$END"
    start = len(text.rstrip()) if at_end else token.start_pos or 0
    end = start + (0 if at_end else len(token))
    kind = error.match_examples(_parser().parse, mistakes.EXAMPLES, use_accepts=True)
    found = "" if at_end else str(token)
    mistake = mistakes.of_token(kind, text, start, end, found, sorted(error.accepts or ()))
    return _diagnostic(scalar, "RULE_SYNTAX", mistake.message, mistake.start, mistake.end, mistake.hint)


def _diagnostic(scalar: Scalar, code: str, message: str, start: int, end: int, hint: str = "") -> Diagnostic:
    span = scalar.span(start, end)
    source = scalar.source
    return Diagnostic(code, message, source.place(span), hint, excerpt=source.excerpt(span), order=span.start)


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
            self._name(verb.children[0]),  # type: ignore[union-attr]
            self._name(subject.children[0]) if isinstance(subject, Tree) else None,
            self._condition(condition),
            self._span(tree),
        )

    def _condition(self, node: object) -> Condition:
        assert isinstance(node, Tree)  # noqa: S101 -- the grammar has only rules here
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
                return State(self._operand(children[0]), self._name(children[-1]), len(children) == 3, span)
            case "unrelate" | "stranger":
                left, _, sign, right = children
                return Relation(self._operand(left), self._name(sign), self._operand(right), True, span)
            case _:
                left, sign, right = children
                return Relation(self._operand(left), self._name(sign), self._operand(right), False, span)

    def _chain(self, node: Tree[Token]) -> Condition:
        """Flatten `a or b or c`, which lark nests to the left, without recursion."""
        kind, span = node.data, self._span(node)
        conditions: list[Condition] = []
        signs: list[Name] = []
        while node.data == kind:
            left, sign, right = node.children
            conditions.append(self._condition(right))
            signs.append(self._name(sign))
            assert isinstance(left, Tree)  # noqa: S101 -- the grammar has only rules here
            node = left
        conditions.append(self._condition(node))
        build = Either if kind == "either" else Both
        return build(tuple(reversed(conditions)), tuple(reversed(signs)), span)

    def _operand(self, node: object) -> Operand:
        assert isinstance(node, Tree)  # noqa: S101 -- the grammar has only rules here
        span = self._span(node)
        children = [child for child in node.children if child is not None]
        match str(node.data):
            case "word":
                return Word(tuple(self._name(child) for child in children), span)
            case "call":
                return Call(self._name(children[0]), tuple(self._operand(c) for c in children[1:]), span)
            case "list":
                return Items(tuple(self._operand(child) for child in children), span)
            case "text":
                return Literal(str(children[0])[1:-1], span)
            case "integer":
                return Literal(int(str(children[0])), span)
            case _:
                return Literal(str(children[0]) == "true", span)

    def _name(self, token: object) -> Name:
        assert isinstance(token, Token)  # noqa: S101 -- the grammar has only terminals here
        start = token.start_pos or 0
        return Name(str(token), self._scalar.span(start, start + len(token)))

    def _span(self, node: Tree[Token]) -> Span:
        return self._scalar.span(node.meta.start_pos, node.meta.end_pos) if not node.meta.empty else self._scalar.whole
