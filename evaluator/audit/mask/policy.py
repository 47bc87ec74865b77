"""A policy that can be shown: a shipped one as it is, any other with all that its author chose masked.

Everybody can read a shipped policy, so its text, names, codes and messages stay, and what its messages say of a
masked report holds pseudonyms only. Any other policy is written anew from what it declares: the names of the policy, of
parameters, conditions and rules, codes and literals become pseudonyms, the words of the rule language and small numbers
stay, sentences for people are replaced whole, and comments are left out. The `{words}` of a message stay, because a
finding lists the interfaces in them. So the masked policy decides on masked reports as the original policy on original
ones, unless it depends on the letters of names: no pseudonym fits a glob, or an order of texts.

Of a policy that extends another one each text is masked alone: a shipped base stays with its names, so the text
above it refers to the base's rules and parameters by the same names.
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
from evaluator.base.checked_cast import proven
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
_NOTHING: frozenset[str] = frozenset()


class MaskedPolicy(Struct, frozen=True):
    """A policy's texts as they are shown, base first; the first `shipped` of them stay as they are.

    `public` are the labels in them that stay, `places` what places of rules become.
    """

    texts: tuple[str, ...]
    shipped: int
    types: Mapping[str, Base]
    public: frozenset[str]
    places: Mapping[str, str]
    reasons: tuple[str, ...]


class Labels:
    """Masks what somebody chose for people: everything but the codes of activenic and what a shipped policy holds."""

    def __init__(
        self, pseudonyms: Pseudonyms, public: frozenset[str] = _NOTHING, places: Mapping[str, str] | None = None
    ) -> None:
        self._pseudonyms = pseudonyms
        self._public = public | _CODES
        self._places = {} if places is None else places

    def __call__(self, text: str) -> str:
        """Return the pseudonym of a label, in the form that it has: a code, a digest, a name."""
        if text in self._public:
            return text
        if text in self._places:
            return self._places[text]
        if _DIGEST.fullmatch(text):
            return self._pseudonyms.digest(text)
        return self._pseudonyms.word(text).upper() if _CODE.fullmatch(text) else self._pseudonyms.name(text)


def mask_policy(sources: Sequence[Source], pseudonyms: Pseudonyms) -> MaskedPolicy:
    """Return the policy of some texts, base first, as it is shown; PolicyError if they are not a policy."""
    program = program_of_texts(sources)
    shipped = sum(1 for _ in takewhile(is_shipped, program.contents))
    if shipped == len(sources):  # nothing is rewritten
        return MaskedPolicy(program.contents, shipped, _types(program), _public(program), {}, ())
    public = _public(program_of_texts(sources[:shipped])) if shipped else _NOTHING
    texts = list(program.contents[:shipped])
    for at in range(shipped, len(sources)):
        masked = _Rewriting(program_of_texts(sources[: at + 1]), Labels(pseudonyms, public), pseudonyms)
        texts.append(yaml.safe_dump(masked.document(), sort_keys=False, width=10**6))
    rewritten = [rule for rule in program.rules if rule.place not in public]
    reasons = tuple(_reasons(rewritten))
    try:
        places = [
            rule.place for rule in program_of_texts([Source(f"masked {i}", t) for i, t in enumerate(texts)]).rules
        ]
    except PolicyError:
        places, reasons = [], (*reasons, "the masked policy is no policy")
    old = [rule.place for rule in program.rules]
    return MaskedPolicy(tuple(texts), shipped, _types(program), public, dict(zip(old, places, strict=False)), reasons)


def _types(program: Program) -> dict[str, Base]:
    return {parameter.name: parameter.type.base for parameter in program.parameters}


def _public(program: Program) -> frozenset[str]:
    """Return the labels in the texts of a shipped policy."""
    names = (text.name for text in program.texts)
    parameters = (parameter.name for parameter in program.parameters)
    conditions = (key for text in program.contents for key in _conditions_in(text))
    of_rules = (label for rule in program.rules for label in (rule.name, rule.code, rule.place))
    return frozenset((*names, *parameters, *conditions, *of_rules))


def _conditions_in(text: str) -> Iterable[str]:
    """Return the names of the conditions that a policy's text declares."""
    source = Source("policy", plain_text(text))
    conditions = proven(read_yaml(source, Problems(source)), Located).children.get("conditions")
    return () if conditions is None else conditions.keys


def mask_value(base: Base, value: object, pseudonyms: Pseudonyms) -> object:
    """Return a parameter's value masked by its type; one that no parameter can have becomes null."""
    if isinstance(value, list):
        return [mask_value(base, item, pseudonyms) for item in value]
    if isinstance(value, str):
        return pseudonyms.address(value) if base is Base.ADDRESS else pseudonyms.name(value)
    is_small = isinstance(value, int) and abs(value) < SMALL
    return value if is_small else None


def is_shipped(text: str) -> bool:
    """Return whether everybody can read a policy's text, because activenic comes with it or once did."""
    return digest(text.encode()) in shipped_digests()


def _reasons(rules: Iterable[Rule]) -> Iterator[str]:
    """Yield why rewritten rules may not decide on masked reports as they did on the originals."""
    relations = [part for rule in rules for part in walk(rule.condition) if isinstance(part, Related)]
    if any(relation.relation is R.LIKE for relation in relations):
        yield "masked names do not match the policy's globs"
    if any(relation.relation in _ORDERING and relation.left.type.base is Base.TEXT for relation in relations):
        yield "masked names have another order"


class _Rewriting:
    """Writes a policy's own text anew, by what is known of each part; parts that are not known are left out."""

    def __init__(self, program: Program, label: Labels, pseudonyms: Pseudonyms) -> None:
        self._program = program
        self._pseudonyms = pseudonyms
        self._label = label
        self._codes = {rule.name: rule.code for rule in program.rules}
        self._types = {parameter.name: parameter.type.base for parameter in program.parameters}

    def document(self) -> dict[str, object]:
        """Return the masked text as YAML's plain values."""
        source = Source(self._program.name, plain_text(self._program.text))
        located = proven(read_yaml(source, Problems(source)), Located)
        found: Any = located.value
        masked: dict[str, object] = {"policy": self._label(found["policy"])}
        if "extends" in found:
            masked["extends"] = self._base()
        if "parameters" in found:
            masked["parameters"] = {
                self._label(name): self._parameter(name, one) for name, one in (found["parameters"] or {}).items()
            }
        if "conditions" in found:
            masked["conditions"] = {
                self._token(name): self._sentence(text) for name, text in (found["conditions"] or {}).items()
            }
        if "rules" in found:
            masked["rules"] = [self._rule(rule) for rule in found["rules"]]
        return masked

    def _base(self) -> str:
        """Return how the text names its base: a shipped one by its name, any other by the path of a file."""
        base = self._program.texts[-2].name
        return base if self._label(base) == base else f"./{self._label(base)}.yaml"

    def _parameter(self, name: str, declared: Mapping[str, Any]) -> dict[str, object]:
        masked = {key: declared[key] for key in ("type", "optional") if key in declared}
        if "default" in declared:
            masked["default"] = mask_value(self._types[name], declared["default"], self._pseudonyms)
        return masked

    def _rule(self, rule: Mapping[str, Any]) -> dict[str, object]:
        placing = {key: self._label(rule[key]) for key in ("remove", "before", "after") if key in rule}
        if "remove" in rule:
            return dict(placing)
        masked: dict[str, object] = {"name": self._label(rule["name"]), **placing}
        if "replace" in rule:
            masked["replace"] = rule["replace"]
        masked["rule"] = self._sentence(rule["rule"])
        if self._codes.get(rule["name"]):
            masked["code"] = str(self._label(self._codes[rule["name"]]))
        if "severity" in rule:
            masked["severity"] = rule["severity"]
        return masked | {key: self._message(rule[key]) for key in ("message", "hint") if key in rule}

    def _message(self, text: str) -> str:
        words = [f"{{{self._sentence(word)}}}" for word in _PLACEHOLDER.findall(text)]
        return " ".join((MASKED, *words)) if text.strip() else ""

    def _sentence(self, text: str) -> str:
        """Mask a sentence of the rule language sign by sign; a sign that the language does not have is left out."""
        return "".join(map(self._token, _TOKEN.findall(text))).strip()

    def _token(self, token: str) -> str:
        if token[0] in "\"'":
            return f"{token[0]}{self._pseudonyms.name(token[1:-1])}{token[0]}"
        if token.isspace():
            return " "
        if token.lstrip("-").isdigit():
            return token if abs(int(token)) < SMALL else "0"
        is_name = token[0] == "_" or token[0].isalpha()
        return self._label(token) if is_name and token not in _LANGUAGE else token
