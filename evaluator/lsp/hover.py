"""The text that an editor shows for the word at the cursor: its meaning, its type, and its declaration."""

from __future__ import annotations

from msgspec import Struct

from evaluator.base.finding import FindingCode
from evaluator.lsp.document import Document, Kind
from evaluator.lsp.meanings import KNOWLEDGE, SIGN_MEANINGS, VARIABLES
from evaluator.lsp.names import Subject, Use, chain_of, name_span, sentences_of, use_at
from evaluator.lsp.outline import Place, place_at
from evaluator.lsp.policy_names import PolicyNames, policy_names
from evaluator.lsp.schema_keys import description_of
from evaluator.lsp.sentence import Role, Scope, Sentence, type_of_operand, variables_at, word_at
from evaluator.lsp.workspace import Workspace
from evaluator.policy.language.types import Base
from evaluator.policy.language.verbs import VERBS
from evaluator.policy.language.vocabulary import FUNCTIONS, states_of

_ORDER = "Its value depends on the order of the entries in the report or of the DNS answers (ORDER)."


class Hover(Struct, frozen=True):
    """A text in Markdown about a part of a document."""

    start: int
    end: int
    text: str


def hover_at(workspace: Workspace, document: Document, offset: int) -> Hover | None:
    """Return the text about the word at an offset; None if nothing at this place has a meaning."""
    place = place_at(document.outline, offset)
    if place is None or document.kind is Kind.OTHER:
        return None
    if document.kind is Kind.POLICY:
        for located, sentence in sentences_of(document):
            if not place.is_key and located is place.located:
                shown = _in_sentence(workspace, document, sentence, offset)
                if shown is not None:
                    return shown
    use = use_at(document, offset)
    if use is not None:
        text = about_use(workspace, document, use)
        if text:
            return Hover(use.start, use.end, text)
    return _of_place(document, place)


def about_use(workspace: Workspace, document: Document, use: Use) -> str:
    """Return the text about a name of a policy; empty if no text declares it."""
    if use.subject is Subject.POLICY:
        policy = document if use.declares else workspace.policy(document, use.name)
        return "" if policy is None else about_policy(workspace.chain(policy))
    chain = chain_of(workspace, document, use)
    texts = (chain, chain[:-1])  # a rule that the policy removes is in its base only
    return next(filter(None, (about_name(policy_names(one), use.subject, use.name) for one in texts)), "")


def about_policy(chain: tuple[Document, ...]) -> str:
    """Return the text about a policy: its name, its bases and its description."""
    outline = chain[-1].outline
    bases = ", ".join(f"`{document.outline.text('policy')}`" for document in reversed(chain[:-1]))
    descriptions = [document.outline.text("description") for document in chain]
    description = next((text for text in reversed(descriptions) if text), "")
    extends = f", which extends {bases}" if bases else ""
    return _joined(f"policy `{outline.text('policy')}`{extends}", " ".join(description.split()))


def about_name(names: PolicyNames, subject: Subject, name: str) -> str:
    """Return the text about a parameter, condition or rule; empty if the policy does not declare it."""
    if subject is Subject.PARAMETER and name in names.parameters:
        parameter = names.parameters[name]
        default = f"default: `{parameter.default}`" if parameter.default else "it has no default"
        head = f"parameter `{name}`: `{parameter.type_text}`"
        return _joined(head, " ".join(parameter.description.split()), f"{default}; policy `{parameter.policy}`")
    if subject is Subject.CONDITION and name in names.conditions:
        condition = names.conditions[name]
        return _joined(f"condition `{name}`", _code(condition.text), f"policy `{condition.policy}`")
    if subject is Subject.RULE and name in names.rules:
        rule = names.rules[name]
        return _joined(f"rule `{name}`", _code(rule.sentence), f"policy `{rule.policy}`")
    return ""


def _in_sentence(workspace: Workspace, document: Document, sentence: Sentence, offset: int) -> Hover | None:
    at = sentence.index_at(offset)
    if at is None:
        return None
    token = sentence.tokens[at]
    names = policy_names(workspace.chain(document))
    text = about_token(sentence, at, names)
    return Hover(token.start, token.end, text) if text else None


def about_token(sentence: Sentence, at: int, names: PolicyNames) -> str:
    """Return the text about a token in a rule, condition or message; empty if the token has no meaning."""
    token, scope = sentence.tokens[at], names.scope
    match sentence.role(at):
        case Role.VERB:
            verb = VERBS.get(token.text)
            return "" if verb is None else _joined(f"verb `{verb.name}`", verb.meaning, f"`{verb.subject.value}`")
        case Role.FUNCTION:
            function = FUNCTIONS.get(token.text)
            if function is None:
                return ""
            return _joined(f"`{token.text}({function.takes})`: `{function.gives}`", function.meaning)
        case Role.STATE:
            return _about_state(sentence, at, names)
        case Role.OPERATOR:
            meaning = SIGN_MEANINGS.get(token.text, "")
            return _joined(f"`{token.text}`", meaning) if meaning else ""
        case Role.SUBJECT | Role.VARIABLE | Role.WORD | Role.FIELD:
            return _about_word(sentence, at, scope) or about_name(names, Subject.PARAMETER, token.text)
        case Role.LITERAL:
            return _joined(f"`{token.text}`", SIGN_MEANINGS[token.text]) if token.text in SIGN_MEANINGS else ""
        case _:
            return ""


def _about_word(sentence: Sentence, at: int, scope: Scope) -> str:
    name = sentence.tokens[at].text
    role = sentence.role(at)
    variables = variables_at(sentence, at + 1, scope)
    if role is not Role.FIELD and name in variables:
        type_ = variables[name]
        meaning = VARIABLES.get(name, "the variable of a quantifier")
        return _joined(f"`{name}`: `{type_}`" if type_ is not None else f"`{name}`", meaning)
    word = word_at(sentence, at, scope)
    if word is None:
        return ""
    return _joined(f"`{word.shown}`: `{word.type}`", word.meaning, _ORDER if word.order else "")


def _about_state(sentence: Sentence, at: int, names: PolicyNames) -> str:
    name = sentence.tokens[at].text
    if name in names.conditions:
        return about_name(names, Subject.CONDITION, name)
    if name in KNOWLEDGE:
        return _joined(f"`is {name}`", KNOWLEDGE[name])
    is_at = at - 1 if sentence.kind(at - 1) == "IS" else at - 2
    start = sentence.start_of_operand(is_at - 1)
    type_ = type_of_operand(sentence, start, names.scope) if is_at > 0 else None
    bases = (type_.base,) if type_ is not None else tuple(Base)
    state = next((states_of(base)[name] for base in bases if name in states_of(base)), None)
    if state is None:
        return ""
    return _joined(f"`{state.shown}`", state.meaning, _ORDER if state.order else "")


def _of_place(document: Document, place: Place) -> Hover | None:
    """Return the text about a key of the file, or about a finding code that is the value of a key."""
    if place.is_key:
        description = description_of(document.kind.schema, place.path)
        text = _joined(f"`{place.path[-1]}`", description) if description else ""
        return Hover(place.span.start, place.span.end, text) if text else None
    value = place.located.value
    span = name_span(document.text, place.located)
    code = next((code for code in FindingCode if code == value), None)
    if code is None or span is None:
        return None
    return Hover(span.start, span.end, _joined(f"finding `{code}`", code.meaning))


def _code(text: str) -> str:
    return f"```activenic\n{text}\n```" if text else ""


def _joined(*parts: str) -> str:
    return "\n\n".join(part for part in parts if part)
