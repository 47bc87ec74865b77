"""Writes the results of `activenic verify`, as text or as JSON (`schemas/verify.schema.json`)."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable, Iterator
from typing import TYPE_CHECKING, TextIO

from rich.console import Console
from rich.text import Text

from evaluator.base.text import flat, visible
from evaluator.render.small_host import asked_by, statements_of
from evaluator.render.text import console_for
from evaluator.verify.property import (
    Counterexample,
    EveryClauseMatters,
    EveryRuleMatters,
    NotAsked,
    PropertyResult,
    Proved,
    ProvedUpTo,
    Refuted,
    Undecided,
    Verdict,
)

if TYPE_CHECKING:
    from evaluator.verify.differences import Differences

SCHEMA_VERSION = 1
_GREEN, _RED, _YELLOW, _DIM, _PLAIN = "green", "bold red", "yellow", "dim", ""
_Line = tuple[str, str]  # a style and the text
Write = Callable[[str, Iterable[PropertyResult], TextIO], None]


def _write_text(policy: str, results: Iterable[PropertyResult], stream: TextIO) -> None:
    """Write each result as soon as it is known, then what the proofs assume."""
    console = console_for(stream)
    assumed: dict[str, None] = {}

    def write(lines: Iterable[_Line]) -> None:
        _print(console, stream, lines)

    write([(_PLAIN, f"policy {visible(policy)}")])
    for result in results:
        write(_result(result))
        if isinstance(result.verdict, Proved):
            assumed.update(dict.fromkeys(result.assumed))
    if assumed:
        write([(_DIM, "the proofs assume about every report:"), *((_DIM, f"  - {law}") for law in assumed)])


def _print(console: Console, stream: TextIO, lines: Iterable[_Line]) -> None:
    with console.capture() as capture:
        for style, text in lines:
            console.print(Text(flat(text), style=style), soft_wrap=True)
    stream.write(capture.get())
    stream.flush()


def _result(result: PropertyResult) -> Iterator[_Line]:
    style = _GREEN if result.is_as_expected else _YELLOW if isinstance(result.verdict, Undecided) else _RED
    expected = "" if result.expected else ", as expected"
    if not result.expected and not result.is_as_expected:
        expected = ", but it is expected to be false"
    yield style, f"  {visible(result.of.name)}: {_words(result)}{expected} ({result.seconds:.1f} s)"
    yield _PLAIN, f"    {result.of.sentence}"
    if result.because:
        yield _PLAIN, f"    false because: {result.because}"
    yield from ((_PLAIN, f"    {line}") for line in _details(result.verdict))


def _words(result: PropertyResult) -> str:
    match result.verdict:
        case Proved():
            is_about_parts = isinstance(result.of.statement, EveryRuleMatters | EveryClauseMatters)
            return "true, with a decision for each" if is_about_parts else "proved for every host"
        case Refuted():
            return "false"
        case ProvedUpTo(size=size):
            return f"true for every host of at most {size} interfaces"
        case Undecided():
            return "undecided"
        case NotAsked(reason=reason):
            return f"not asked, because {reason}"


def _details(verdict: Verdict) -> Iterator[str]:
    match verdict:
        case Refuted(counterexample=counterexample, parts=parts, size=size):
            if size is None:
                yield from map(visible, parts)
            if parts and size is not None:
                yield f"no effect on a host of at most {size} interfaces:"
                yield from (f"  {visible(part)}" for part in parts)
            if counterexample is not None:
                yield from _example(counterexample)
        case Undecided(clauses=clauses, words=words):
            if words:
                yield f"the search of small hosts does not enumerate {', '.join(words)}"
            yield from (f"no exact translation: {visible(clause)}" for clause in clauses)
        case ProvedUpTo(clauses=clauses):
            yield from (f"no exact translation: {visible(clause)}" for clause in clauses)


def _example(example: Counterexample) -> Iterator[str]:
    """Yield the smallest host in the notation of policy tests, and its decision."""
    yield f"host: {statements_of(example.host)}"
    yield f"{asked_by(example.host)}: {_answer(example)}"
    if example.changed_status is not None:
        changed = "" if example.changed_nic is None else f" {visible(example.changed_nic)}"
        asked = ", ".join(example.changed_addresses or example.addresses)
        yield f"after the change, asked by {asked}: {example.changed_status}{changed}"


def _answer(example: Counterexample) -> str:
    return example.status if example.host_active_nic is None else f"{example.status} {visible(example.host_active_nic)}"


def print_differences(old: str, new: str, found: Differences, stream: TextIO) -> None:
    """Print the comparison of two policies for every host."""
    _print(console_for(stream), stream, _differences(old, new, found))


def _differences(old: str, new: str, found: Differences) -> Iterator[_Line]:
    names = f"{visible(old)} and {visible(new)}"
    if found.is_same:
        yield _GREEN, f"{names} give every host the same status and interface (proved)"
        return
    if not found.examples:
        yield _YELLOW, f"undecided: no proof, and no difference for the hosts of at most {found.size} interfaces"
    for example in found.examples:
        yield _PLAIN, f"{visible(_of(example.old))} → {visible(_of(example.new))}"
        yield _PLAIN, f"    host: {statements_of(example.host)}"
        yield _PLAIN, f"    {asked_by(example.host)}"
    if found.examples:
        yield _DIM, f"no other change of the status for the hosts of at most {found.size} interfaces"
    if found.words:
        yield _YELLOW, f"the search of small hosts does not enumerate {', '.join(found.words)}"


def _of(answer: tuple[str, str | None]) -> str:
    return " ".join(part for part in answer if part is not None)


def _write_json(policy: str, results: Iterable[PropertyResult], stream: TextIO) -> None:
    json.dump(document(policy, results), stream, indent=2)
    stream.write("\n")


def document(policy: str, results: Iterable[PropertyResult]) -> dict[str, object]:
    """Return the results as JSON-ready data."""
    items = tuple(results)
    return {
        "schema_version": SCHEMA_VERSION,
        "policy": policy,
        "success": all(result.is_as_expected for result in items),
        "properties": [_property(result) for result in items],
    }


def _property(result: PropertyResult) -> dict[str, object]:
    verdict = result.verdict
    counterexample = verdict.counterexample if isinstance(verdict, Refuted) else None
    return {
        "name": result.of.name,
        "sentence": result.of.sentence,
        "verdict": _VERDICTS[type(verdict)],
        "expected": result.expected,
        "because": result.because or None,
        "as_expected": result.is_as_expected,
        "seconds": round(result.seconds, 3),
        "size": verdict.size if isinstance(verdict, ProvedUpTo | Refuted) else None,
        "untranslated": list(verdict.clauses) if isinstance(verdict, ProvedUpTo | Undecided) else [],
        "not_searched": list(verdict.words) if isinstance(verdict, Undecided) else [],
        "parts": list(verdict.parts) if isinstance(verdict, Refuted) else [],
        "counterexample": None if counterexample is None else _example_document(counterexample),
        "assumed": list(result.assumed),
    }


def _example_document(example: Counterexample) -> dict[str, object]:
    return {
        "report": example.report,
        "addresses": list(example.addresses),
        "status": example.status,
        "hostActiveNic": example.host_active_nic,
        "changed": None
        if example.changed_status is None
        else {
            "report": example.changed_report,
            "addresses": list(example.changed_addresses or ()),
            "status": example.changed_status,
            "hostActiveNic": example.changed_nic,
        },
    }


_VERDICTS: dict[type[Verdict], str] = {
    Proved: "proved",
    Refuted: "false",
    ProvedUpTo: "bounded",
    Undecided: "undecided",
    NotAsked: "not_asked",
}
OUTPUTS: dict[str, Write] = {"text": _write_text, "json": _write_json}
