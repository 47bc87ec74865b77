"""Prints the results of `activenic verify` and of `activenic diff --proof` for a terminal."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from typing import TextIO

from msgspec import Struct
from rich.console import Console
from rich.text import Text

from evaluator.base.text import flat, visible
from evaluator.engine import Policy
from evaluator.render.counterexample import brief, detailed
from evaluator.render.text import console_for
from evaluator.render.verdict_words import (
    NOT_COVERED,
    abstractions,
    assumptions,
    expectation_words,
    time_words,
    verdict_details,
    verdict_words,
    witness_lines,
)
from evaluator.verify.explain_example import ExplainedExample, explain_example
from evaluator.verify.property import EveryClauseMatters, EveryRuleMatters, PropertyResult, Refuted, Undecided

_GREEN, _RED, _YELLOW, _DIM, _PLAIN = "green", "bold red", "yellow", "dim", ""
_Line = tuple[str, str]  # a style and the text


class _Detail(Struct, frozen=True):
    """How many details are printed about a result.

    `describe` returns the lines about a counterexample. `witnessed` has types of properties. If a property has one of
    these types, its witnesses are printed.
    """

    describe: Callable[[ExplainedExample], Iterator[str]]
    witnessed: tuple[type, ...]


_BRIEF = _Detail(brief, (EveryRuleMatters,))
_DETAILED = _Detail(detailed, (EveryRuleMatters, EveryClauseMatters))


def print_results(policy: Policy, results: Iterable[PropertyResult], stream: TextIO) -> None:
    """Print each result when it is known, then the sentences that the proofs assume. A drawing fits on a screen."""
    _print_results(policy, results, stream, _BRIEF)


def print_details(policy: Policy, results: Iterable[PropertyResult], stream: TextIO) -> None:
    """Print the same as `print_results`, and also the reasons of every interface and a decision for each clause."""
    _print_results(policy, results, stream, _DETAILED)


def _print_results(policy: Policy, results: Iterable[PropertyResult], stream: TextIO, detail: _Detail) -> None:
    console = console_for(stream)
    printed: list[PropertyResult] = []
    _print(console, stream, [(_PLAIN, f"policy {visible(policy.name)}")])
    for result in results:
        _print(console, stream, _result(policy, result, detail))
        printed.append(result)
    _print(console, stream, _assumptions(printed))


def _assumptions(results: Iterable[PropertyResult]) -> Iterator[_Line]:
    results = tuple(results)
    assumed, abstracted = assumptions(results), abstractions(results)
    if assumed:
        yield _DIM, "the proofs make these assumptions about every report:"
        yield from ((_DIM, f"  - {law}") for law in assumed)
        yield _DIM, NOT_COVERED
    if abstracted:
        yield _DIM, "not modelled exactly, so the proofs consider every possibility:"
        yield from ((_DIM, f"  - {sentence}") for sentence in abstracted)


def _print(console: Console, stream: TextIO, lines: Iterable[_Line]) -> None:
    with console.capture() as capture:
        for style, text in lines:
            console.print(Text(flat(text), style=style), soft_wrap=True)
    stream.write(capture.get())
    stream.flush()


def _result(policy: Policy, result: PropertyResult, detail: _Detail) -> Iterator[_Line]:
    style = _GREEN if result.is_as_expected else _YELLOW if isinstance(result.verdict, Undecided) else _RED
    words = ", ".join(part for part in (verdict_words(result), expectation_words(result)) if part)
    yield style, f"  {visible(result.of.name)}: {words} ({time_words(result)})"
    yield _PLAIN, f"    {result.of.sentence}"
    if result.because:
        yield _PLAIN, f"    false because: {result.because}"
    yield from ((_PLAIN, f"    {line}") for line in verdict_details(result))
    if isinstance(result.of.statement, detail.witnessed):
        yield from ((_DIM, f"      {line}") for line in witness_lines(result))
    example = result.verdict.counterexample if isinstance(result.verdict, Refuted) else None
    if example is not None:
        lines = detail.describe(explain_example(policy, result.of.statement, example))
        yield from ((_PLAIN, f"    {line}") for line in lines)
