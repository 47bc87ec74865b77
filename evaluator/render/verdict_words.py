"""The words for the results of `activenic verify`. The text and the HTML page use the same words."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from evaluator.base.text import visible
from evaluator.render.small_host import asked_by, statements_of
from evaluator.verify.property import (
    EveryClauseMatters,
    EveryRuleMatters,
    NotAsked,
    OrderIndependent,
    PropertyResult,
    Proved,
    ProvedUpTo,
    Refuted,
    Undecided,
)
from evaluator.verify.witness import Witness

NOT_COVERED = "`warn` rules and findings are not part of the proofs: they change neither the status nor the interface"
_EXACT = "every clause has an exact translation, but the assumptions about reports are not enough for a proof"


def verdict_words(result: PropertyResult) -> str:
    """Return the verdict in a few words."""
    match result.verdict:
        case Proved():
            is_about_parts = isinstance(result.of.statement, EveryRuleMatters | EveryClauseMatters)
            return "true: each part changes a decision" if is_about_parts else "proved for every host"
        case Refuted():
            return "false"
        case ProvedUpTo(size=size):
            return f"true for every host of at most {size} interfaces"
        case Undecided():
            return "undecided"
        case NotAsked(reason=reason):
            return f"not asked, because {reason}"


def time_words(result: PropertyResult) -> str:
    """Return how long a result took. For a remembered result, return that it was remembered."""
    return "remembered" if result.is_remembered else f"{result.seconds:.1f} s"


def expectation_words(result: PropertyResult) -> str:
    """Return whether the verdict is as expected, in words; empty for a property that is expected to be true."""
    if result.expected:
        return ""
    return "as expected" if result.is_as_expected else "but it is expected to be false"


def verdict_details(result: PropertyResult) -> Iterator[str]:
    """Yield the details of a verdict, but not its counterexample."""
    match result.verdict:
        case Refuted(parts=parts, size=size) if parts:
            yield _false_because(result, size)
            yield from (f"  {visible(part)}" for part in parts)
        case Undecided(clauses=clauses, words=words, parts=parts):
            if parts:
                yield "no effect was found for these parts of the policy:"
                yield from (f"  {visible(part)}" for part in parts)
            if words:
                yield f"the search of small hosts does not enumerate {', '.join(words)}"
            yield from _not_exact(result, clauses)
        case ProvedUpTo(clauses=clauses):
            yield from _not_exact(result, clauses) or (_EXACT,)


def _false_because(result: PropertyResult, size: int | None) -> str:
    """Return the heading of a list of parts. The parts of the policy in this list make the property false."""
    if isinstance(result.of.statement, OrderIndependent):
        return "the policy reads the order of the report or of the answers:"
    return "no effect on any host (proved):" if size is None else f"no effect on a host of at most {size} interfaces:"


def _not_exact(result: PropertyResult, clauses: Iterable[str]) -> list[str]:
    """Return the clauses without a translation, and the words that are not translated exactly."""
    untranslated = [f"no exact translation: {visible(clause)}" for clause in clauses]
    return [*untranslated, *(f"not modelled exactly: {visible(sentence)}" for sentence in result.abstracted)]


def assumptions(results: Iterable[PropertyResult]) -> tuple[str, ...]:
    """Return the assumptions that the proofs in the results use, each assumption once.

    An assumption is a statement that is true for every report, such as an axiom about addresses.
    """
    return tuple(
        dict.fromkeys(law for result in results if isinstance(result.verdict, Proved) for law in result.assumed)
    )


def abstractions(results: Iterable[PropertyResult]) -> tuple[str, ...]:
    """Return the sentences about words that the proofs do not model exactly, each sentence once."""
    return tuple(
        dict.fromkeys(one for result in results if isinstance(result.verdict, Proved) for one in result.abstracted)
    )


def witness_lines(result: PropertyResult) -> Iterator[str]:
    """Yield two lines for each part of the policy that has an effect: the part, and a decision that it changes."""
    for witness in result.witnesses:
        question = f"test `{witness.test}`" if witness.host is None else host_words(witness)
        yield visible(witness.part)
        yield f"  {visible(f'{question}: {witness.old} → {witness.new}')}"


def host_words(witness: Witness) -> str | None:
    """Return the small host of a witness and the question about this host.

    Return None if the witness is not about a small host, but about the question of a policy test.
    """
    return None if witness.host is None else f"{statements_of(witness.host)}; {asked_by(witness.host)}"
