"""What a rule can do: every verb, the interfaces that it judges, its effect, and the words of explanations.

The one table: the checker, the interpreter, the compiler, the explanations and the pages read it, and none of them
knows a verb by its name. A new verb with one of these effects is one entry.
"""

from __future__ import annotations

from collections.abc import Callable
from enum import Enum

from msgspec import Struct


class Effect(Enum):
    """What a rule does if its condition holds; the first three change the candidates."""

    ADD = "the interfaces become candidates"
    REMOVE = "the candidates are removed"
    KEEP = "the other candidates are removed"
    MAKE_AMBIGUOUS = "the decision is ambiguous"
    REJECT = "the candidates are rejected"
    NOTE = "there is a finding"


class Judges(Enum):
    """Which interfaces a rule with a subject looks at."""

    INTERFACES = "all of the report"
    CANDIDATES = "those that are candidates before the rule"


class Subject(Enum):
    """Whether a rule is written `VERB nic when …` or `VERB when …`."""

    NEEDED = "the first"
    ALLOWED = "the one or the other"
    REFUSED = "the second"


class Verb(Struct, frozen=True):
    """A verb. `does` is what the rule did, `held` and `failed` are what it did with an interface.

    `unused` replaces `failed` if a rule of a verb like `prefer` holds for no candidate.
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
        """Whether it changes the candidates, and so gives no finding."""
        return self.effect in (Effect.ADD, Effect.REMOVE, Effect.KEEP)

    @property
    def decides(self) -> bool:
        """Whether the status may depend on it."""
        return self.effect is not Effect.NOTE

    @property
    def refuses(self) -> bool:
        """Whether a decision in which it held names no interface, or one that is rejected."""
        return self.effect in (Effect.MAKE_AMBIGUOUS, Effect.REJECT)

    @property
    def settles(self) -> bool:
        """Whether it settles what becomes of single interfaces."""
        return self.chooses or self.effect is Effect.REJECT

    @property
    def removed(self) -> str:
        """What became of a candidate that it removed."""
        return self.failed if self.effect is Effect.KEEP else self.held


_MATCH = "adds the interfaces for which the condition holds to the candidates"
_DISCARD = "removes the candidates for which the condition holds"
_PREFER = "keeps only the candidates for which the condition holds, if there are any"
_AMBIGUOUS = "makes the decision ambiguous if the condition holds"
_REJECT = "forbids deploying on the candidates for which the condition holds"
_WARN = "adds a finding for each interface, or once, if the condition holds"
_ALL, _LEFT = Judges.INTERFACES, Judges.CANDIDATES
_TABLE = (
    Verb("match", _MATCH, Effect.ADD, _ALL, Subject.NEEDED, "lets in", "matched", "not matched"),
    Verb("discard", _DISCARD, Effect.REMOVE, _LEFT, Subject.NEEDED, "discards", "discarded", "stays"),
    Verb(
        "prefer",
        _PREFER,
        Effect.KEEP,
        _LEFT,
        Subject.NEEDED,
        "passes over",
        "preferred",
        "passed over",
        "stays: none is preferred",
    ),
    Verb(
        "ambiguous",
        _AMBIGUOUS,
        Effect.MAKE_AMBIGUOUS,
        _LEFT,
        Subject.REFUSED,
        "calls it ambiguous",
        "ambiguous",
        "not ambiguous",
    ),
    Verb("reject", _REJECT, Effect.REJECT, _LEFT, Subject.NEEDED, "rejects", "rejected", "not rejected"),
    Verb("warn", _WARN, Effect.NOTE, _ALL, Subject.ALLOWED, "warns", "a finding", "no finding"),
)
VERBS: dict[str, Verb] = {verb.name: verb for verb in _TABLE}


def named(is_meant: Callable[[Verb], bool], last: str = "and") -> str:
    """Return the names of the verbs that are meant, as a sentence lists them."""
    *names, name = [verb.name for verb in _TABLE if is_meant(verb)]
    return f"{', '.join(names)} {last} {name}" if names else name
