"""The tokens of a sentence of the rule language, and the role of each token: a verb, an operator, a state, and so on.

An editor needs the meaning of a word in a sentence that is not finished. Such a sentence has no syntax tree, so this
module reads only its tokens. The role of a token is determined by the tokens around it. The type of a dotted word is
found in the same way as in the checker: from the variables of quantifiers, the parameters and the vocabulary.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from enum import Enum

from msgspec import Struct

from evaluator.base.source import Source
from evaluator.policy.language.types import Base, Type
from evaluator.policy.language.vocabulary import FUNCTIONS, Word, message_word, words_of
from evaluator.policy.source.scalar import ScalarText, read_scalar
from evaluator.policy.source.yaml_text import Located
from evaluator.policy.syntax.parse import LONGEST_SENTENCE, tokens

_PLACEHOLDER = re.compile(r"\{([^{}]*)\}?")
_NAMES = re.compile(r"[A-Za-z_][A-Za-z0-9_]*|\.")
_LITERALS = {"STRING": Base.TEXT, "INT": Base.INTEGER, "BOOL": Base.BOOLEAN}
_MOST_CHARACTERS = 2 * LONGEST_SENTENCE


class Role(Enum):
    """The role of a token in its sentence."""

    VERB = "verb"
    SUBJECT = "subject"
    WORD = "word"
    FIELD = "field"
    FUNCTION = "function"
    STATE = "state"
    VARIABLE = "variable"
    OPERATOR = "operator"
    LITERAL = "literal"
    SIGN = "sign"


class Token(Struct, frozen=True):
    """A token with its place; `kind` is the name of its terminal in the grammar."""

    kind: str
    text: str
    start: int
    end: int


Tokens = tuple[Token, ...]


class Sentence(Struct, frozen=True):
    """The tokens of a rule, of a condition (`is_rule` is false) or of a word in a message (`is_message`)."""

    tokens: Tokens
    is_rule: bool = True
    is_message: bool = False

    def index_at(self, offset: int) -> int | None:
        """Return the index of the token at an offset. If two tokens meet at this offset, a name is preferred."""
        touching = [at for at, token in enumerate(self.tokens) if token.start <= offset <= token.end]
        names = [at for at in touching if self.tokens[at].kind not in ("DOT", "LPAR", "RPAR", "COMMA")]
        return next(iter(names or touching), None)

    def before(self, offset: int) -> Sentence:
        """Return the sentence with only the tokens that end at or before an offset."""
        return Sentence(tuple(token for token in self.tokens if token.end <= offset), self.is_rule, self.is_message)

    def role(self, at: int) -> Role:
        """Return the role of a token."""
        token = self.tokens[at]
        if token.kind in _LITERALS:
            return Role.LITERAL
        if token.kind != "NAME":
            return Role.SIGN if token.kind in ("DOT", "LPAR", "RPAR", "LSQB", "RSQB", "COMMA") else Role.OPERATOR
        before, following = self.kind(at - 1), self.kind(at + 1)
        if before == "DOT":
            return Role.FIELD
        if self.is_rule and at == 0:
            return Role.VERB
        if self.is_rule and at == 1:
            return Role.SUBJECT
        if before == "IS" or (before == "NOT" and self.kind(at - 2) == "IS"):
            return Role.STATE
        if before == "QUANTIFIER" or self._is_counted(at):
            return Role.VARIABLE
        return Role.FUNCTION if following == "LPAR" else Role.WORD

    def _is_counted(self, at: int) -> bool:
        """Return whether a name is the variable of `count(x in LIST satisfies …)`."""
        if self.kind(at - 1) != "LPAR" or self.kind(at - 2) != "NAME" or self.kind(at + 1) != "IN":
            return False
        return self.tokens[at - 2].text in FUNCTIONS

    def kind(self, at: int) -> str:
        """Return the kind of the token at an index; empty outside of the sentence."""
        return self.tokens[at].kind if 0 <= at < len(self.tokens) else ""

    def start_of_word(self, at: int) -> int:
        """Return the index at which a dotted word begins: `nic` in `nic.name`. The token `at` is in the word."""
        while at >= 2 and self.kind(at - 1) == "DOT" and self.kind(at - 2) in ("NAME", "RPAR"):
            at -= 2
        return at

    def start_of_operand(self, at: int) -> int:
        """Return the index at which an operand begins. The token `at` is the last token of the operand."""
        if self.kind(at) not in ("RPAR", "RSQB"):
            return self.start_of_word(at)
        depth = 0
        while at >= 0:
            depth += (self.kind(at) in ("RPAR", "RSQB")) - (self.kind(at) in ("LPAR", "LSQB"))
            if not depth:
                break
            at -= 1
        return at - 1 if self.kind(at) == "LPAR" and self.kind(at - 1) == "NAME" else max(at, 0)


class Scope(Struct, frozen=True):
    """The names that the rules and conditions of a policy can use: parameters with their types, and conditions."""

    parameters: Mapping[str, Type]
    conditions: frozenset[str] = frozenset()


def variables_at(sentence: Sentence, at: int, scope: Scope) -> dict[str, Type | None]:
    """Return the variables that are bound before a token, with their types (None if unknown)."""
    variables: dict[str, Type | None] = {"nic": Type(Base.NIC)}
    for index in range(min(at, len(sentence.tokens))):
        if sentence.role(index) is Role.VARIABLE:
            domain = None
            if sentence.kind(index + 1) == "IN":
                domain = _type_of_operand(sentence, index + 2, variables, scope)
            is_list = domain is not None and domain.is_list
            variables[sentence.tokens[index].text] = domain.element if domain is not None and is_list else None
    return variables


def type_of_operand(sentence: Sentence, start: int, scope: Scope) -> Type | None:
    """Return the type of an operand; None if unknown. The token `start` is the first token of the operand."""
    return _type_of_operand(sentence, start, variables_at(sentence, start, scope), scope)


def _type_of_operand(sentence: Sentence, start: int, variables: Mapping[str, Type | None], scope: Scope) -> Type | None:
    kind = sentence.kind(start)
    if kind in _LITERALS:
        return Type(_LITERALS[kind])
    if kind == "LSQB":
        element = _type_of_operand(sentence, start + 1, variables, scope)
        return Type(Base.NOTHING, is_list=True) if element is None else element.listed
    if kind != "NAME":
        return None
    if sentence.kind(start + 1) == "LPAR":
        function = FUNCTIONS.get(sentence.tokens[start].text)
        return None if function is None else function.gives
    last = start
    while sentence.kind(last + 1) == "DOT" and sentence.kind(last + 2) == "NAME":
        last += 2
    return _type_of_word(sentence, last, variables, scope)


def type_of_word(sentence: Sentence, at: int, scope: Scope) -> Type | None:
    """Return the type of a dotted word up to a token; None if unknown."""
    return _type_of_word(sentence, at, variables_at(sentence, at, scope), scope)


def _type_of_word(sentence: Sentence, at: int, variables: Mapping[str, Type | None], scope: Scope) -> Type | None:
    first = sentence.start_of_word(at)
    name = sentence.tokens[first].text
    if name in variables:
        type_ = variables[name]
    elif name in scope.parameters:
        type_ = scope.parameters[name]
    else:
        word = words_of(None).get(name)
        type_ = None if word is None else word.type
    for index in range(first + 2, at + 1, 2):
        word = None if type_ is None or type_.is_list else words_of(type_.base).get(sentence.tokens[index].text)
        type_ = None if word is None else word.type
    return type_


def word_at(sentence: Sentence, at: int, scope: Scope) -> Word | None:
    """Return the word of the vocabulary that a token names; None for variables, parameters and unknown words."""
    name = sentence.tokens[at].text
    first = sentence.start_of_word(at)
    if first == at:
        variables = variables_at(sentence, at, scope)
        return None if name in variables or name in scope.parameters else words_of(None).get(name)
    if sentence.is_message:
        dotted = ".".join(token.text for token in sentence.tokens[first : at + 1 : 2])
        found = message_word(None, dotted)
        if found is not None:
            return found
    owner = type_of_word(sentence, at - 2, scope)
    if owner is None or owner.is_list:
        return None
    return words_of(owner.base).get(name) or (message_word(owner.base, name) if sentence.is_message else None)


def read_sentence(text: str, located: Located, *, is_rule: bool) -> Sentence:
    """Return the sentence of a rule or condition. If its YAML scalar has escapes, the sentence has no tokens."""
    scalar = _scalar(text, located)
    return Sentence(() if scalar is None else tuple(_tokens(scalar)), is_rule)


def read_message(text: str, located: Located) -> Iterator[Sentence]:
    """Yield the words in braces of a message or hint."""
    scalar = _scalar(text, located)
    if scalar is None:
        return
    for match in _PLACEHOLDER.finditer(scalar.text):
        names = _NAMES.finditer(match.group(1))
        yield Sentence(
            tuple(
                _placed(scalar, "DOT" if name.group() == "." else "NAME", name.group(), match.start(1) + name.start())
                for name in names
            ),
            is_rule=False,
            is_message=True,
        )


def sentence_before(text: str, *, is_rule: bool, is_message: bool = False) -> Sentence:
    """Return the tokens of `text`, the part of a sentence before the cursor. The offsets are offsets in `text`."""
    if not is_message:
        scalar = ScalarText(Source("", text), text, range(len(text) + 1))
        return Sentence(tuple(_tokens(scalar)), is_rule)
    names = tuple(
        Token("DOT" if name.group() == "." else "NAME", name.group(), *name.span()) for name in _NAMES.finditer(text)
    )
    return Sentence(names, is_rule=False, is_message=True)


def _scalar(text: str, located: Located) -> ScalarText | None:
    if not isinstance(located.value, str) or located.broken:
        return None
    try:
        return read_scalar(Source("", text), located.span.start, located.span.end, located.style)
    except ValueError:
        return None


def _tokens(scalar: ScalarText) -> Iterator[Token]:
    """Yield the tokens of a sentence. A character that begins no token is left out."""
    text, at = scalar.text[:_MOST_CHARACTERS], 0
    while at < len(text):
        last = at
        for piece in tokens(text[at:]):
            yield _placed(scalar, piece.kind, piece.text, at + piece.start)
            last = at + piece.start + len(piece.text)
        at = last + len(text[last:]) - len(text[last:].lstrip()) + 1


def _placed(scalar: ScalarText, kind: str, text: str, start: int) -> Token:
    span = scalar.span(start, start + len(text))
    return Token(kind, text, span.start, span.end)
