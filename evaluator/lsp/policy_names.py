"""The parameters, conditions and rules of a policy with their meanings, merged from all texts of the policy.

The texts need not be valid. A part that cannot be read is left out.
"""

from __future__ import annotations

from functools import lru_cache

from msgspec import Struct

from evaluator.lsp.document import Document
from evaluator.lsp.outline import Outline
from evaluator.lsp.sentence import Scope
from evaluator.policy.language.types import Base, Type
from evaluator.policy.parameters import TYPE_NAMES
from evaluator.policy.source.problems import one_line
from evaluator.policy.source.yaml_text import Located


class ParameterInfo(Struct, frozen=True):
    """A parameter: its type, the text of its default, its description, and the policy that declares it."""

    name: str
    type: Type
    type_text: str
    default: str
    description: str
    policy: str


class ConditionInfo(Struct, frozen=True):
    """A named condition: its text, and the policy that declares it."""

    name: str
    text: str
    policy: str


class RuleInfo(Struct, frozen=True):
    """A rule: its sentence, and the policy whose text contains it."""

    name: str
    sentence: str
    code: str
    policy: str


class PolicyNames(Struct, frozen=True):
    """The names that the texts of a policy declare, in the order of the texts."""

    parameters: dict[str, ParameterInfo]
    conditions: dict[str, ConditionInfo]
    rules: dict[str, RuleInfo]

    @property
    def scope(self) -> Scope:
        """The names that a sentence of the policy can use."""
        types = {name: parameter.type for name, parameter in self.parameters.items()}
        return Scope(types, frozenset(self.conditions))


@lru_cache(maxsize=64)
def policy_names(chain: tuple[Document, ...]) -> PolicyNames:
    """Return the names of a policy from its texts, base first."""
    names = PolicyNames({}, {}, {})
    for document in chain:
        _add(names, document)
    return names


def _add(names: PolicyNames, document: Document) -> None:
    outline = document.outline
    policy = outline.text("policy") or document.name
    for key, located in outline.items("parameters"):
        names.parameters[str(key)] = _parameter(str(key), located, policy, document.text, names)
    for key, located in outline.items("conditions"):
        names.conditions[str(key)] = ConditionInfo(str(key), _written(document.text, located), policy)
    for _, entry in outline.items("rules"):
        rule = Outline(entry)
        removed, name = rule.text("remove"), rule.text("name")
        names.rules.pop(removed, None)
        if name:
            sentence = _written(document.text, entry.children["rule"]) if "rule" in entry.children else ""
            names.rules[name] = RuleInfo(name, sentence, rule.text("code"), policy)


def _parameter(name: str, located: Located, policy: str, text: str, names: PolicyNames) -> ParameterInfo:
    inherited = names.parameters.get(name)
    declaration = Outline(located)
    written = declaration.at("type")
    if written is None and inherited is not None:
        type_, type_text, policy = inherited.type, inherited.type_text, inherited.policy
    else:
        type_, type_text = _type(written)
        is_optional = declaration.at("optional")
        if is_optional is not None and is_optional.value is True:
            type_, type_text = Type(type_.base, type_.is_list, optional=True), f"{type_text}, optional"
    default = declaration.at("default")
    default_text = "" if default is None else text[default.span.start : default.span.end]
    return ParameterInfo(
        name,
        type_,
        type_text,
        default_text or (inherited.default if inherited is not None else ""),
        declaration.text("description") or (inherited.description if inherited is not None else ""),
        policy,
    )


def _type(located: Located | None) -> tuple[Type, str]:
    value = None if located is None else located.value
    is_list = isinstance(value, list)
    name = (value[0] if len(value) == 1 else None) if isinstance(value, list) else value
    base = TYPE_NAMES.get(str(name))
    if base is None:
        return Type(Base.NOTHING), "unknown"
    return Type(base, is_list), f"[{name}]" if is_list else str(name)


def _written(text: str, located: Located) -> str:
    """Return a sentence as one line."""
    value = located.value if isinstance(located.value, str) else text[located.span.start : located.span.end]
    return one_line(value)
