"""A program: a checked policy with its parameters, its rules, the cost of each rule, and the texts of the policy."""

from __future__ import annotations

from msgspec import Struct

from evaluator.base.diagnostic import Diagnostic, Severity
from evaluator.policy.language.checked import Condition, Expression
from evaluator.policy.language.environment import Literal
from evaluator.policy.language.types import Type
from evaluator.policy.language.verbs import VERBS, Verb

LANGUAGE_VERSION = 2  # increased when the meaning of an existing rule may change


class Template(Struct, frozen=True):
    """A message or hint: a sequence of texts and expressions."""

    parts: tuple[str | Expression, ...]


class Cost(Struct, frozen=True):
    """How the largest cost of a rule grows: in proportion to n^`nics` · m^`others`.

    n is the number of interfaces. m is the length of the longest list that does not contain interfaces, but addresses
    or networks.
    """

    nics: int = 0
    others: int = 0

    @property
    def rank(self) -> tuple[int, int]:
        """The sort key of costs: first the sum of both exponents, then the exponent `nics`."""
        return self.nics + self.others, self.nics

    def __str__(self) -> str:
        powers = [
            name + "⁰¹²³⁴⁵⁶⁷⁸⁹"[power] * (power > 1) for name, power in (("n", self.nics), ("m", self.others)) if power
        ]
        return "·".join(powers) or "1"


class Rule(Struct, frozen=True):
    """One checked rule; `place` is `policy:line:column`.

    A rule that changes the candidates has neither a code nor a message.
    """

    name: str
    verb_name: str
    has_subject: bool
    condition: Condition
    text: str
    place: str
    cost: Cost
    code: str = ""
    severity: Severity = Severity.WARNING
    message: Template = Template(())
    hint: Template = Template(())

    @property
    def verb(self) -> Verb:
        """The entry for the verb in the table of verbs."""
        return VERBS[self.verb_name]


class Parameter(Struct, frozen=True):
    """A declared parameter. A parameter that has no default and is not optional needs a value in each decision."""

    name: str
    type: Type
    default: Literal = None
    description: str = ""

    @property
    def is_required(self) -> bool:
        """Whether each decision must have a value for this parameter."""
        return self.default is None and not self.type.optional


class PolicyText(Struct, frozen=True):
    """Identifies one text of a policy by its name (the key `policy` in the text) and the SHA-256 of the whole text."""

    name: str
    sha256: str

    def to_dict(self) -> dict[str, str]:
        """Return the text's name and digest as JSON-ready data."""
        return {"name": self.name, "sha256": self.sha256}


class Program(Struct, frozen=True):
    """A policy that can be run. `warnings` are the warnings of the checker, sorted by place.

    `contents` are the texts of the policy, base first, its own text last. `texts` are the names and digests of these
    texts, and `digest` is the digest of all texts together.
    """

    name: str
    description: str
    parameters: tuple[Parameter, ...]
    rules: tuple[Rule, ...]
    warnings: tuple[Diagnostic, ...]
    contents: tuple[str, ...]
    texts: tuple[PolicyText, ...]
    digest: str

    @property
    def text(self) -> str:
        """The policy's own text, which may extend the other texts."""
        return self.contents[-1]

    @property
    def codes(self) -> frozenset[str]:
        """The finding codes of the rules."""
        return frozenset(rule.code for rule in self.rules if rule.code)
