"""Masks a policy: a shipped policy stays unchanged, and every other policy is written again with pseudonyms.

Everybody can read a shipped policy, so its text, names, codes and messages are not secret. A finding of a shipped
policy on a masked report contains only pseudonyms.

Any other policy is written again from its parsed form. The names of the policy, parameters, conditions and rules, the
codes and the literals become pseudonyms. Words of the rule language and small numbers stay. Sentences for people are
replaced as a whole, and comments are left out. The placeholders `{words}` of a message stay, because the finding lists
interfaces that depend on them. So the masked policy gives the same decisions on masked reports as the original policy
on original reports. The exception is a policy that depends on the letters of names. A pseudonym does not match the
globs that the original name matches, and pseudonyms sort in another order than the original names.

If a policy extends another policy, each text is masked separately. The text of a shipped base stays unchanged. So the
text that extends this base uses the original names of the base's rules and parameters.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from itertools import takewhile
from typing import Any

import yaml
from msgspec import Struct

from evaluator.audit.mask.pseudonyms import MASKED, Pseudonyms
from evaluator.audit.mask.schema import SMALL
from evaluator.base.checked_cast import checked_cast
from evaluator.base.diagnostic import PolicyError
from evaluator.base.digest import digest
from evaluator.base.finding import FindingCode
from evaluator.base.source import Source
from evaluator.policy.language.checked import Relate as R
from evaluator.policy.language.checked import Related, walk
from evaluator.policy.language.program import Program, Rule
from evaluator.policy.language.types import Base
from evaluator.policy.language.verbs import VERBS
from evaluator.policy.language.vocabulary import FUNCTIONS, KEYWORDS, KNOWING, STATES, WORDS
from evaluator.policy.load import program_of_texts
from evaluator.policy.released import shipped_digests
from evaluator.policy.source.find import plain_text
from evaluator.policy.source.problems import Problems
from evaluator.policy.source.yaml_text import Located, read_yaml

_ORDERING = frozenset({R.LESS, R.AT_MOST, R.MORE, R.AT_LEAST})
_LANGUAGE = frozenset(
    {
        *KEYWORDS,
        *VERBS,
        *FUNCTIONS,
        *KNOWING,
        *(word.name for word in WORDS),
        *(state.name for state in STATES),
        *("nic", "other"),
    }
)
_TOKEN = re.compile(r"\"[^\"]*\"|'[^']*'|[A-Za-z_][A-Za-z0-9_]*|-?[0-9]+|\s+|[.,()\[\]=<>!&|]", re.ASCII)
_PLACEHOLDER = re.compile(r"\{([^{}]*)\}")
_CODE = re.compile(r"[A-Z0-9_]+", re.ASCII)
_DIGEST = re.compile(r"[0-9a-fA-F]{32,}", re.ASCII)
_CODES = frozenset(FindingCode)
_NO_LABELS: frozenset[str] = frozenset()


class MaskedPolicy(Struct, frozen=True):
    """The texts of a masked policy, base first.

    If the policy extends shipped policies, their texts come first and are not masked. `shipped` is the number of these
    texts. `types` are the types of the parameters by original name. `public` are the labels that are not masked.
    `places` maps each rule's place in the original text to its place in the masked text. `reasons` explain why the
    masked policy can give another decision.
    """

    texts: tuple[str, ...]
    shipped: int
    types: Mapping[str, Base]
    public: frozenset[str]
    places: Mapping[str, str]
    reasons: tuple[str, ...]


class LabelMask:
    """Masks labels, except for the finding codes of activenic and the labels of shipped policies."""

    def __init__(
        self, pseudonyms: Pseudonyms, public: frozenset[str] = _NO_LABELS, places: Mapping[str, str] | None = None
    ) -> None:
        self._pseudonyms = pseudonyms
        self._public_labels = public | _CODES
        self._places = {} if places is None else places

    def __call__(self, text: str) -> str:
        """Return the pseudonym of a label in the same form: a code, a digest or a name."""
        if text in self._public_labels:
            return text
        if text in self._places:
            return self._places[text]
        if _DIGEST.fullmatch(text):
            return self._pseudonyms.digest(text)
        return self._pseudonyms.word(text).upper() if _CODE.fullmatch(text) else self._pseudonyms.name(text)


def mask_policy(sources: Sequence[Source], pseudonyms: Pseudonyms) -> MaskedPolicy:
    """Return the masked policy of some texts, base first. Raises PolicyError if the policy is invalid."""
    program = program_of_texts(sources)
    shipped = sum(1 for _ in takewhile(is_shipped, program.contents))
    if shipped == len(sources):  # the texts stay
        return MaskedPolicy(program.contents, shipped, _parameter_types(program), _public_labels(program), {}, ())
    public = _public_labels(program_of_texts(sources[:shipped])) if shipped else _NO_LABELS
    texts = list(program.contents[:shipped])
    for i in range(shipped, len(sources)):
        masker = _PolicyMasker(program_of_texts(sources[: i + 1]), LabelMask(pseudonyms, public), pseudonyms)
        texts.append(yaml.safe_dump(masker.document(), sort_keys=False, width=10**6))
    rewritten = [rule for rule in program.rules if rule.place not in public]
    reasons = tuple(_replay_obstacles(rewritten))
    try:
        masked = program_of_texts([Source(f"masked {i}", text) for i, text in enumerate(texts)])
        masked_places = [rule.place for rule in masked.rules]
    except PolicyError:
        masked_places, reasons = [], (*reasons, "the masked policy is invalid")
    places = dict(zip([rule.place for rule in program.rules], masked_places, strict=False))
    return MaskedPolicy(tuple(texts), shipped, _parameter_types(program), public, places, reasons)


def _parameter_types(program: Program) -> dict[str, Base]:
    return {parameter.name: parameter.type.base for parameter in program.parameters}


def _public_labels(program: Program) -> frozenset[str]:
    """Return the labels in the texts of a shipped policy: names, codes and places."""
    names = (text.name for text in program.texts)
    parameters = (parameter.name for parameter in program.parameters)
    conditions = (key for text in program.contents for key in _condition_names(text))
    rule_labels = (label for rule in program.rules for label in (rule.name, rule.code, rule.place))
    return frozenset((*names, *parameters, *conditions, *rule_labels))


def _condition_names(text: str) -> Iterable[str]:
    """Return the names of the conditions that are declared in a text of a policy."""
    source = Source("policy", plain_text(text))
    conditions = checked_cast(read_yaml(source, Problems(source)), Located).children.get("conditions")
    return () if conditions is None else conditions.keys


def mask_value(base: Base, value: object, pseudonyms: Pseudonyms) -> object:
    """Return the value of a parameter, masked by its type; null if the value cannot be masked."""
    if isinstance(value, list):
        return [mask_value(base, item, pseudonyms) for item in value]
    if isinstance(value, str):
        return pseudonyms.address(value) if base is Base.ADDRESS else pseudonyms.name(value)
    is_small = isinstance(value, int) and abs(value) < SMALL
    return value if is_small else None


def is_shipped(text: str) -> bool:
    """Return whether a text is the text of a shipped policy, in this version or an earlier version of activenic."""
    return digest(text.encode()) in shipped_digests()


def _replay_obstacles(rules: Iterable[Rule]) -> Iterator[str]:
    """Yield the reasons why the masked rules can give other results than the original rules."""
    relations = [part for rule in rules for part in walk(rule.condition) if isinstance(part, Related)]
    if any(relation.relation is R.LIKE for relation in relations):
        yield "masked names do not match the policy's globs"
    if any(relation.relation in _ORDERING and relation.left.type.base is Base.TEXT for relation in relations):
        yield "masked names sort in another order"


class _PolicyMasker:
    """Makes the masked copy of a policy text: pseudonyms replace the names, and unknown parts are left out."""

    def __init__(self, program: Program, label: LabelMask, pseudonyms: Pseudonyms) -> None:
        self._program = program
        self._pseudonyms = pseudonyms
        self._mask_label = label
        self._codes = {rule.name: rule.code for rule in program.rules}
        self._parameter_types = {parameter.name: parameter.type.base for parameter in program.parameters}

    def document(self) -> dict[str, object]:
        """Return the masked text as plain values for YAML."""
        source = Source(self._program.name, plain_text(self._program.text))
        located = checked_cast(read_yaml(source, Problems(source)), Located)
        document: Any = located.value
        masked: dict[str, object] = {"policy": self._mask_label(document["policy"])}
        if "extends" in document:
            masked["extends"] = self._mask_base()
        if "parameters" in document:
            masked["parameters"] = {
                self._mask_label(name): self._mask_parameter(name, declared)
                for name, declared in (document["parameters"] or {}).items()
            }
        if "conditions" in document:
            masked["conditions"] = {
                self._mask_token(name): self._mask_expression(text)
                for name, text in (document["conditions"] or {}).items()
            }
        if "rules" in document:
            masked["rules"] = [self._mask_rule(rule) for rule in document["rules"]]
        return masked

    def _mask_base(self) -> str:
        """Return the masked `extends`: the name of a shipped base, or the path of a file with another base."""
        base = self._program.texts[-2].name
        return base if self._mask_label(base) == base else f"./{self._mask_label(base)}.yaml"

    def _mask_parameter(self, name: str, declared: Mapping[str, Any]) -> dict[str, object]:
        masked = {key: declared[key] for key in ("type", "optional") if key in declared}
        if "default" in declared:
            masked["default"] = mask_value(self._parameter_types[name], declared["default"], self._pseudonyms)
        return masked

    def _mask_rule(self, rule: Mapping[str, Any]) -> dict[str, object]:
        references = {key: self._mask_label(rule[key]) for key in ("remove", "before", "after") if key in rule}
        if "remove" in rule:
            return dict(references)
        masked: dict[str, object] = {"name": self._mask_label(rule["name"]), **references}
        if "replace" in rule:
            masked["replace"] = rule["replace"]
        masked["rule"] = self._mask_expression(rule["rule"])
        if self._codes.get(rule["name"]):
            masked["code"] = str(self._mask_label(self._codes[rule["name"]]))
        if "severity" in rule:
            masked["severity"] = rule["severity"]
        return masked | {key: self._mask_message(rule[key]) for key in ("message", "hint") if key in rule}

    def _mask_message(self, text: str) -> str:
        words = [f"{{{self._mask_expression(word)}}}" for word in _PLACEHOLDER.findall(text)]
        return " ".join((MASKED, *words)) if text.strip() else ""

    def _mask_expression(self, text: str) -> str:
        """Mask an expression of the rule language token by token; invalid characters are left out."""
        return "".join(map(self._mask_token, _TOKEN.findall(text))).strip()

    def _mask_token(self, token: str) -> str:
        if token[0] in "\"'":
            return f"{token[0]}{self._pseudonyms.name(token[1:-1])}{token[0]}"
        if token.isspace():
            return " "
        if token.lstrip("-").isdigit():
            return token if abs(int(token)) < SMALL else "0"
        is_name = token[0] == "_" or token[0].isalpha()
        return self._mask_label(token) if is_name and token not in _LANGUAGE else token
