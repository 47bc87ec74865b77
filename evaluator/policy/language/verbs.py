"""The table of verbs.

An entry describes the rules with one verb: the interfaces for which they are evaluated, their effect, and their wording
in explanations. The checker, the interpreter, the compiler, the explanations and the reference page read this table.
None of them depends on the name of a verb, so a new verb with an existing effect needs only a new entry.
"""

from __future__ import annotations

from collections.abc import Callable
from enum import Enum

from msgspec import Struct


class Effect(Enum):
    """The effect of a rule whose condition is true; the first three change the candidates."""

    ADD = "the interfaces become candidates"
    REMOVE = "the candidates for which the condition is true are removed"
    KEEP = "if the condition is true for at least one candidate, the candidates for which it is false are removed"
    MAKE_AMBIGUOUS = "the decision is ambiguous"
    REJECT = "the candidates are rejected"
    NOTE = "there is a finding"


class Judges(Enum):
    """The interfaces for which a rule with a subject is evaluated."""

    INTERFACES = "all of the report"
    CANDIDATES = "the candidates after the earlier rules"


class Subject(Enum):
    """Whether a rule is written `VERB nic when …` or `VERB when …`."""

    NEEDED = "VERB nic when …"
    ALLOWED = "VERB nic when … or VERB when …"
    REFUSED = "VERB when …"


class Verb(Struct, frozen=True):
    """A verb, its effect, and its wording in explanations.

    `does` is the effect of a rule ("discards eth0"). `held` is the result for an interface if the condition is true,
    `failed` is the result if the condition is false. `unused` replaces `failed` if a rule such as `prefer` is true for
    no candidate.
    """

    name: str
    meaning: str
    effect: Effect
    judges: Judges
    subject: Subject
    does: str
    held: str
    failed: str
    unused: str = ""

    @property
    def chooses(self) -> bool:
        """Whether a rule with this verb changes the candidates; such a rule gives no finding."""
        return self.effect in (Effect.ADD, Effect.REMOVE, Effect.KEEP)

    @property
    def decides(self) -> bool:
        """Whether the status of a decision may depend on a rule with this verb."""
        return self.effect is not Effect.NOTE

    @property
    def refuses(self) -> bool:
        """Whether the decision cannot be `resolved` if a rule with this verb was true."""
        return self.effect in (Effect.MAKE_AMBIGUOUS, Effect.REJECT)

    @property
    def settles(self) -> bool:
        """Whether a rule with this verb decides about single interfaces."""
        return self.chooses or self.effect is Effect.REJECT

    @property
    def removed(self) -> str:
        """The word that explanations use for a candidate that the rule removed."""
        return self.failed if self.effect is Effect.KEEP else self.held


_MATCH = "adds to the candidates the interfaces for which the condition is true"
_DISCARD = "removes the candidates for which the condition is true"
_PREFER = "if the condition is true for at least one candidate, removes the candidates for which it is false"
_AMBIGUOUS = "makes the decision ambiguous if the condition is true"
_REJECT = "forbids deploying on the candidates for which the condition is true"
_WARN = "adds a finding for each interface for which the condition is true; a rule without `nic` adds one finding"
_ALL, _LEFT = Judges.INTERFACES, Judges.CANDIDATES
_TABLE = (
    Verb("match", _MATCH, Effect.ADD, _ALL, Subject.NEEDED, "adds", "matched", "not matched"),
    Verb("discard", _DISCARD, Effect.REMOVE, _LEFT, Subject.NEEDED, "discards", "discarded", "not discarded"),
    Verb(
        "prefer",
        _PREFER,
        Effect.KEEP,
        _LEFT,
        Subject.NEEDED,
        "removes",
        "preferred",
        "not preferred",
        "not removed: no candidate is preferred",
    ),
    Verb(
        "ambiguous",
        _AMBIGUOUS,
        Effect.MAKE_AMBIGUOUS,
        _LEFT,
        Subject.REFUSED,
        "makes the decision ambiguous",
        "ambiguous",
        "not ambiguous",
    ),
    Verb("reject", _REJECT, Effect.REJECT, _LEFT, Subject.NEEDED, "rejects", "rejected", "not rejected"),
    Verb("warn", _WARN, Effect.NOTE, _ALL, Subject.ALLOWED, "warns", "a finding", "no finding"),
)
VERBS: dict[str, Verb] = {verb.name: verb for verb in _TABLE}


def named(is_meant: Callable[[Verb], bool], last: str = "and") -> str:
    """Return the names of the verbs for which a test is true, as words of a sentence: `match, discard and prefer`."""
    *names, name = [verb.name for verb in _TABLE if is_meant(verb)]
    return f"{', '.join(names)} {last} {name}" if names else name
