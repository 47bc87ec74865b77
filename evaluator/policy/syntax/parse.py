"""Parses one rule to a syntax tree (`nodes.py`), or reports its first syntax error with a hint.

The parser is lark's LALR parser; this is the only module that imports lark. The grammar has no conflicts (a test parses
it with `strict=True`), so a rule has exactly one tree and parsing takes linear time. The parser uses lark's basic
lexer, because the contextual lexer would accept a keyword as the variable of a quantifier.

Errors. An LALR parser stops at the first token that cannot continue a rule. The parser knows this unexpected token and
the tokens that are accepted instead. The unexpected token is the place of the error, but the accepted tokens often do
not help the author. For example, at `between` in `nic.mtu between 1 and 5`, the accepted tokens include `and`, `or`,
`.` and `is`, but the author must write two comparisons. So after an error the whole text is split into tokens again.
`token_mistakes.py` has patterns of common mistakes. Each pattern is compared with the tokens before the error, the
unexpected token and the accepted tokens. The hint lists the accepted tokens only if no mistake matches.

The grammar accepts some wrong texts: `==`, `&&`, unknown verbs. The parser can continue after such a text, and the
checker reports it. So all mistakes of a rule are reported at once. For the same reason, keywords in capitals are
reported and then parsed in lower case.

Each rule is parsed alone, so every rule of a file reports its own error. The text of a rule comes from a YAML scalar,
which can have quotes and several lines. `ScalarText` maps each position in the text to an offset in the file.

lark nests `a or b or c` to the left. `_Builder` flattens such chains in a loop, so a rule with many parts does not need
deep recursion. Real nesting is limited to `DEEPEST_SENTENCE` levels before the tree is built.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from functools import cache
from importlib import resources

from lark import Lark, Token, Tree
from lark.exceptions import UnexpectedCharacters, UnexpectedInput, UnexpectedToken

from evaluator.base.checked_cast import checked_cast
from evaluator.base.fix import Fix
from evaluator.base.source import Span
from evaluator.base.text import quote
from evaluator.policy.language.verbs import VERBS
from evaluator.policy.language.vocabulary import KEYWORDS
from evaluator.policy.source.problems import Problems
from evaluator.policy.source.scalar import ScalarText
from evaluator.policy.syntax.character_mistakes import of_character
from evaluator.policy.syntax.mistake import Mistake, Piece, Repair
from evaluator.policy.syntax.nodes import (
    BareOperand,
    Both,
    Call,
    Condition,
    DottedName,
    Either,
    Filtered,
    Items,
    Literal,
    Name,
    Negation,
    Operand,
    Quantified,
    Relation,
    Sentence,
    StateTest,
)
from evaluator.policy.syntax.token_mistakes import of_token

LONGEST_SENTENCE = 2000
_RULE_PREFIX = "match nic when "
DEEPEST_SENTENCE = 40
_WORDS_OR_TEXTS = re.compile(r'"[^"\n]*"|\'[^\'\n]*\'|[A-Za-z_][A-Za-z0-9_]*')


def parse_sentence(scalar: ScalarText, problems: Problems) -> Sentence | None:
    """Return the syntax tree of a rule. If the rule has a syntax error, report it and return None."""
    first = len(scalar.text) - len(scalar.text.lstrip())
    length = len(" ".join(scalar.text.split()))
    if length > LONGEST_SENTENCE:
        message = f"the rule is {length} characters long; the longest allowed is {LONGEST_SENTENCE}"
        problems.error("RULE_TOO_LONG", message, scalar.span(first, first + 1), "split the rule into several rules")
        return None
    text = _lower_keywords(scalar, problems)
    try:
        tree = lalr_parser().parse(text)
    except UnexpectedInput as error:
        mistake = _explain(text, error)
        span, fixes = scalar.span(mistake.start, mistake.end), _fixes(mistake.repair, scalar, problems)
        problems.error("RULE_SYNTAX", mistake.message, span, mistake.hint, fixes)
        return None
    if _depth(tree) > DEEPEST_SENTENCE:
        message = f"the rule is nested deeper than {DEEPEST_SENTENCE} levels"
        problems.error("RULE_TOO_DEEP", message, scalar.span(first, first + 1), "split the rule into several rules")
        return None
    return _Builder(scalar).sentence(tree)


def parse_condition(scalar: ScalarText, problems: Problems) -> Condition | None:
    """Return the syntax tree of a named condition. If the condition has a syntax error, report it and return None.

    The condition is parsed as the end of a rule, so that its mistakes get the same hints as mistakes in rules.
    """
    first = scalar.offsets[0]
    text = _RULE_PREFIX + scalar.text
    as_rule = ScalarText(scalar.source, text, (*[first] * len(_RULE_PREFIX), *scalar.offsets))
    prefix = re.match(r"\s*([A-Za-z]+)\b(\s+nic)?\s+when\b", scalar.text)
    if prefix is not None and prefix.group(1).lower() in VERBS:
        message = f"a condition has no verb, but this one begins with {quote(prefix.group().strip())}"
        hint = "write only the part after `when`"
        problems.error("RULE_SYNTAX", message, scalar.span(prefix.start(1), prefix.end()), hint)
        return None
    sentence = parse_sentence(as_rule, problems)
    return None if sentence is None else sentence.condition


@cache
def lalr_parser() -> Lark:
    """Return the parser of rules; it is built once for a process."""
    # `basic`: the contextual lexer would accept a keyword as the variable of a quantifier
    return Lark(_grammar(), start="rule", parser="lalr", lexer="basic", propagate_positions=True)


@cache
def _lexer() -> Lark:
    """Return an object that only splits texts into tokens; it is built once for a process.

    The parser could do this too, but its method `lex` builds a new lexer for each text.
    """
    return Lark(_grammar(), start="rule", parser=None, lexer="basic")


def _grammar() -> str:
    return (resources.files("evaluator.policy.syntax") / "grammar.lark").read_text(encoding="utf-8")


def _lower_keywords(scalar: ScalarText, problems: Problems) -> str:
    """Report each keyword and verb that has capital letters, and return the text with these words in lower case."""
    text = scalar.text
    is_first = True
    for match in _WORDS_OR_TEXTS.finditer(scalar.text):
        word = match.group()
        lower = word.lower()
        if word != lower and (lower in KEYWORDS or (is_first and lower in VERBS)):
            message = f"{quote(word)} must be in lower case"
            span = scalar.span(match.start(), match.end())
            problems.error("RULE_SYNTAX", message, span, f"write {quote(lower)}", problems.fix(span, lower))
            text = text[: match.start()] + lower + text[match.end() :]
        is_first = False
    return text


def _fixes(repair: Repair | None, scalar: ScalarText, problems: Problems) -> tuple[Fix, ...]:
    if repair is None:
        return ()
    if len(repair.edits) == 1:
        edit = repair.edits[0]
        return problems.word_fix(scalar.span(edit.start, edit.end), edit.text, repair.safety)
    changes = [(scalar.span(edit.start, edit.end), edit.text) for edit in repair.edits]
    return problems.fix_all(changes, repair.safety, "write straight quotes")


def _explain(text: str, error: UnexpectedInput) -> Mistake:
    if isinstance(error, UnexpectedCharacters):
        return of_character(text, error.pos_in_stream or 0)
    token_error = checked_cast(error, UnexpectedToken)
    token = token_error.token
    start = len(text.rstrip()) if token.type == "$END" else token.start_pos or 0
    unexpected = Piece(token.type, "" if token.type == "$END" else str(token), start)
    before = [piece for piece in _pieces(text) if piece.start < start]
    return of_token(before, unexpected, sorted(token_error.accepts or ()))


def _pieces(text: str) -> Iterator[Piece]:
    """Yield the tokens of a text up to the first character that begins no token."""
    try:
        for token in _lexer().lex(text):
            yield Piece(token.type, str(token), token.start_pos or 0)
    except UnexpectedCharacters:
        return


def _depth(tree: Tree[Token]) -> int:
    """Return the greatest depth of nested conditions. A chain of `and` or `or` is one level."""
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
    """Converts lark's tree to nodes with spans in the policy file."""

    def __init__(self, scalar: ScalarText) -> None:
        self._scalar = scalar

    def sentence(self, tree: Tree[Token]) -> Sentence:
        verb, subject, condition = tree.children
        return Sentence(
            self._name(checked_cast(verb, Tree).children[0]),
            self._name(subject.children[0]) if isinstance(subject, Tree) else None,
            self._condition(condition),
            self._span(tree),
        )

    def _condition(self, child: object) -> Condition:
        node: Tree[Token] = checked_cast(child, Tree)
        children, span = node.children, self._span(node)
        match str(node.data):
            case "either" | "both":
                return self._chain(node)
            case "negation":
                return Negation(self._condition(children[1]), self._name(children[0]), span)
            case "quantified":
                quantifier, variable, _, domain, body = children
                return Quantified(
                    str(quantifier), self._name(variable), self._operand(domain), self._condition(body), span
                )
            case "bare":
                return BareOperand(self._operand(children[0]), span)
            case "state" | "not_state":
                negation = self._name(children[1]) if len(children) == 3 else None
                return StateTest(self._operand(children[0]), self._name(children[-1]), negation, span)
            case "not_relate" | "not_member":
                left, not_, operator, right = children
                return Relation(self._operand(left), self._name(operator), self._operand(right), self._name(not_), span)
            case _:
                left, operator, right = children
                return Relation(self._operand(left), self._name(operator), self._operand(right), None, span)

    def _chain(self, node: Tree[Token]) -> Condition:
        """Return one node for `a or b or c`. In lark's tree, this is `(a or b) or c`. A loop flattens the tree."""
        kind, span = node.data, self._span(node)
        conditions: list[Condition] = []
        operators: list[Name] = []
        while node.data == kind:
            left, operator, right = node.children
            conditions.append(self._condition(right))
            operators.append(self._name(operator))
            node = checked_cast(left, Tree)
        conditions.append(self._condition(node))
        build = Either if kind == "either" else Both
        return build(tuple(reversed(conditions)), tuple(reversed(operators)), span)

    def _operand(self, operand: object) -> Operand:
        node: Tree[Token] = checked_cast(operand, Tree)
        span = self._span(node)
        children = [child for child in node.children if child is not None]
        match str(node.data):
            case "word":
                return DottedName(tuple(self._name(child) for child in children), span)
            case "call":
                return Call(self._name(children[0]), tuple(self._operand(c) for c in children[1:]), span)
            case "filtered":
                function, variable, _, domain, body = children
                return Filtered(
                    self._name(function), self._name(variable), self._operand(domain), self._condition(body), span
                )
            case "list":
                return Items(tuple(self._operand(child) for child in children), span)
            case "text":
                return Literal(str(children[0])[1:-1], span)
            case "integer":
                return Literal(int(str(children[0])), span)
            case _:
                return Literal(str(children[0]) == "true", span)

    def _name(self, child: object) -> Name:
        token = checked_cast(child, Token)
        start = token.start_pos or 0
        return Name(str(token), self._scalar.span(start, start + len(token)))

    def _span(self, node: Tree[Token]) -> Span:
        return self._scalar.span(node.meta.start_pos, node.meta.end_pos) if not node.meta.empty else self._scalar.whole


def tokens(text: str) -> tuple[Piece, ...]:
    """Return the tokens of a valid sentence or condition."""
    return tuple(_pieces(text))
