"""The words that can follow in a sentence of the rule language, from the tokens before the cursor.

The last token and its role determine what can follow: an operand, an operator, a state, and so on. If the type of the
left side of an operator is known, operands of a comparable type come first.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from enum import Enum

from msgspec import Struct

from evaluator.lsp.hover import about_name
from evaluator.lsp.meanings import CONNECTIVES, KNOWLEDGE, OPERATORS, QUANTIFIERS, SIGNS, VARIABLES
from evaluator.lsp.names import Subject
from evaluator.lsp.policy_names import PolicyNames
from evaluator.lsp.sentence import Role, Sentence, type_of_operand, type_of_word, variables_at
from evaluator.policy.language.types import Base, Type, comparable
from evaluator.policy.language.verbs import VERBS
from evaluator.policy.language.verbs import Subject as VerbSubject
from evaluator.policy.language.vocabulary import FUNCTIONS, MESSAGE_WORDS, Word, states_of, words_of

_CONDITION_STARTS = ("WHEN", "AND", "OR", "NOT", "SATISFIES", "LPAR")
_OPERAND_STARTS = (*_CONDITION_STARTS, "IN", "LSQB", "COMMA", "COMPARE", "RELATION")
_EQUALITY = ("=", "!=")
_ORDERING = ("<", "<=", ">", ">=")
_Test = Callable[[Type | None], bool]


class ItemKind(Enum):
    """The kind of a candidate. Editors show a symbol for each kind."""

    KEY = "key"
    VALUE = "value"
    WORD = "word"
    STATE = "state"
    VERB = "verb"
    FUNCTION = "function"
    KEYWORD = "keyword"
    PARAMETER = "parameter"
    VARIABLE = "variable"
    CONDITION = "condition"
    RULE = "rule"
    POLICY = "policy"


class Candidate(Struct, frozen=True):
    """A text that can be written: its label, the text to insert, its type, and its meaning in Markdown."""

    label: str
    kind: ItemKind
    insert: str = ""
    detail: str = ""
    documentation: str = ""


def in_sentence(sentence: Sentence, names: PolicyNames) -> Iterator[Candidate]:
    """Yield the candidates that can follow the tokens of a sentence."""
    last = len(sentence.tokens) - 1
    if last < 0:
        yield from _verbs() if sentence.is_rule else _condition_start(sentence, names)
        return
    kind, role = sentence.kind(last), sentence.role(last)
    if kind == "DOT":
        yield from _fields(sentence, last - 1, names)
    elif kind == "IS" or (kind == "NOT" and sentence.kind(last - 1) == "IS"):
        yield from _states(sentence, last, names)
    elif role is Role.VERB:
        yield from _after_verb(sentence.tokens[last].text)
    elif role is Role.SUBJECT:
        yield _keyword("when", SIGNS)
    elif kind == "QUANTIFIER":
        yield Candidate("other", ItemKind.VARIABLE, "other in ", "nic", VARIABLES["other"])
    elif role is Role.VARIABLE:
        yield Candidate("in", ItemKind.KEYWORD, "in ", "", "then write the list: some x in LIST satisfies CONDITION")
    elif kind == "NOT" and _ends_operand(sentence, last - 1):
        yield from (_keyword(name, OPERATORS) for name in ("in", "overlaps", "within", "like", "above", "below"))
    elif kind in _OPERAND_STARTS:
        is_call = kind == "LPAR" and sentence.kind(last - 1) == "NAME"
        is_condition = kind in _CONDITION_STARTS and not is_call
        yield from _condition_start(sentence, names) if is_condition else _operands(sentence, names)
    else:
        yield from _operators(sentence, last, names)


def in_message(sentence: Sentence, names: PolicyNames) -> Iterator[Candidate]:
    """Yield the words that can follow in the braces of a message."""
    last = len(sentence.tokens) - 1
    if last < 0:
        yield from _operands(sentence, names, printable=True)
        yield from (_word(word, word.name) for word in MESSAGE_WORDS if word.owner is None)
        return
    owner = type_of_word(sentence, last - 1, names.scope) if sentence.kind(last) == "DOT" else None
    dotted = ".".join(token.text for token in sentence.tokens[::2])
    for word in MESSAGE_WORDS:
        first, _, rest = word.name.partition(".")
        if word.owner is None and first == dotted and sentence.kind(last) == "DOT":
            yield _word(word, rest)
        elif owner is not None and not owner.is_list and word.owner is owner.base:
            yield _word(word, word.name)
    if sentence.kind(last) == "DOT":
        yield from _fields(sentence, last - 1, names)


def _verbs() -> Iterator[Candidate]:
    for verb in VERBS.values():
        has_subject = verb.subject is not VerbSubject.REFUSED
        yield Candidate(verb.name, ItemKind.VERB, f"{verb.name} {'nic ' * has_subject}when ", "verb", verb.meaning)


def _after_verb(name: str) -> Iterator[Candidate]:
    verb = VERBS.get(name)
    if verb is None or verb.subject is not VerbSubject.REFUSED:
        yield Candidate("nic", ItemKind.VARIABLE, "nic when ", "nic", VARIABLES["nic"])
    if verb is None or verb.subject is not VerbSubject.NEEDED:
        yield _keyword("when", SIGNS)


def _fields(sentence: Sentence, at: int, names: PolicyNames) -> Iterator[Candidate]:
    owner = type_of_word(sentence, at, names.scope) if sentence.kind(at) == "NAME" else None
    if owner is not None and not owner.is_list:
        yield from (_word(word, word.name) for word in words_of(owner.base).values())


def _states(sentence: Sentence, last: int, names: PolicyNames) -> Iterator[Candidate]:
    is_at = last if sentence.kind(last) == "IS" else last - 1
    type_ = type_of_operand(sentence, sentence.start_of_operand(is_at - 1), names.scope) if is_at else None
    if type_ is None or type_.optional:
        knowledge = ("given", "unknown") if _is_parameter(sentence, is_at - 1, names) else ("known", "unknown")
        yield from (Candidate(name, ItemKind.STATE, name, "", KNOWLEDGE[name]) for name in knowledge)
    for base in Base if type_ is None else () if type_.is_list else (type_.base,):
        for state in states_of(base).values():
            order = " (ORDER)" if state.order else ""
            yield Candidate(state.name, ItemKind.STATE, state.name, str(base), state.meaning + order)
    if type_ is None or type_ == Type(Base.NIC):
        for name in names.conditions:
            yield Candidate(name, ItemKind.CONDITION, name, "condition", about_name(names, Subject.CONDITION, name))
    if last == is_at:
        yield _keyword("not", CONNECTIVES)


def _is_parameter(sentence: Sentence, at: int, names: PolicyNames) -> bool:
    return at >= 0 and sentence.kind(at - 1) != "DOT" and sentence.tokens[at].text in names.parameters


def _condition_start(sentence: Sentence, names: PolicyNames) -> Iterator[Candidate]:
    yield from _operands(sentence, names)
    for name, meaning in QUANTIFIERS.items():
        yield Candidate(name, ItemKind.KEYWORD, f"{name} ", "quantifier", meaning)
    if sentence.kind(len(sentence.tokens) - 1) != "NOT":
        yield _keyword("not", CONNECTIVES)


def _operands(sentence: Sentence, names: PolicyNames, *, printable: bool = False) -> Iterator[Candidate]:
    """Yield the operands, first the operands that the preceding operator accepts."""
    accepts = _accepted(sentence, names)
    found = sorted(_all_operands(sentence, names, printable), key=lambda one: not accepts(one[0]))
    yield from (candidate for _, candidate in found)


def _all_operands(sentence: Sentence, names: PolicyNames, printable: bool) -> Iterator[tuple[Type | None, Candidate]]:
    end = len(sentence.tokens)
    for name, type_ in variables_at(sentence, end, names.scope).items():
        is_nic = name == "nic"
        if is_nic and sentence.is_rule and sentence.kind(1) != "NAME":
            continue  # a rule without a subject
        meaning = VARIABLES.get(name, "the variable of a quantifier")
        yield type_, Candidate(name, ItemKind.VARIABLE, name, "" if type_ is None else str(type_), meaning)
    for name, parameter in names.parameters.items():
        documentation = about_name(names, Subject.PARAMETER, name)
        yield parameter.type, Candidate(name, ItemKind.PARAMETER, name, parameter.type_text, documentation)
    is_condition = not sentence.is_rule and not sentence.is_message
    for word in words_of(None).values():
        if not (is_condition and word.name == "candidates"):
            yield word.type, _word(word, word.name)
    for function in () if printable else FUNCTIONS.values():
        detail = f"{function.gives}"
        insert = f"{function.name}("
        yield function.gives, Candidate(function.name, ItemKind.FUNCTION, insert, detail, function.meaning)


def _accepted(sentence: Sentence, names: PolicyNames) -> _Test:
    """Return a function that tests whether a type fits the token before an operand."""
    last = len(sentence.tokens) - 1
    kind = sentence.kind(last)
    if kind == "IN":
        return lambda type_: type_ is not None and type_.is_list
    if kind not in ("COMPARE", "RELATION"):
        return lambda type_: True
    before = last - 2 if sentence.kind(last - 1) == "NOT" else last - 1
    left = type_of_operand(sentence, sentence.start_of_operand(before), names.scope) if before >= 0 else None
    if left is None:
        return lambda type_: True
    return lambda type_: type_ is not None and type_.is_list == left.is_list and comparable(type_.base, left.base)


def _ends_operand(sentence: Sentence, at: int) -> bool:
    role = sentence.role(at) if at >= 0 else Role.SIGN
    return role in (Role.WORD, Role.FIELD, Role.LITERAL) or sentence.kind(at) in ("RPAR", "RSQB")


def _operators(sentence: Sentence, last: int, names: PolicyNames) -> Iterator[Candidate]:
    """Yield the candidates that can follow a complete operand or condition."""
    if sentence.role(last) is not Role.STATE:
        start = sentence.start_of_operand(last)
        if sentence.kind(start - 1) == "IN" and _is_variable(sentence, start - 2):
            yield _keyword("satisfies", SIGNS)
            return
        type_ = type_of_operand(sentence, start, names.scope)
        yield from (_keyword(name, OPERATORS) for name in _operators_of(type_))
    yield from (_keyword(name, CONNECTIVES) for name in ("and", "or"))


def _is_variable(sentence: Sentence, at: int) -> bool:
    return at >= 0 and sentence.kind(at) == "NAME" and sentence.role(at) is Role.VARIABLE


def _operators_of(type_: Type | None) -> Iterable[str]:
    if type_ is None:
        return OPERATORS
    if type_.is_list:
        return ("overlaps", "within")
    is_ordered = type_.base in (Base.INTEGER, Base.TEXT)
    return (
        "is",
        *_EQUALITY,
        *(_ORDERING if is_ordered else ()),
        "in",
        *(("like",) if type_.base is Base.TEXT else ()),
        *(("above", "below") if type_.base is Base.NIC else ()),
    )


def _word(word: Word, label: str) -> Candidate:
    order = " (ORDER)" if word.order else ""
    return Candidate(label, ItemKind.WORD, label, str(word.type), word.meaning + order)


def _keyword(name: str, meanings: dict[str, str]) -> Candidate:
    return Candidate(name, ItemKind.KEYWORD, f"{name} ", "", meanings[name])
