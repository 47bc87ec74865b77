"""Writes the result of `activenic diff OLD NEW --proof` as text, JSON (`schemas/policy-proof.schema.json`) or Markdown.

The result is about changes. For example, the change `resolved → rejected` means: the old policy gives `resolved` for a
host, and the new policy gives `rejected` for the same host. For each change, the output has the smallest such host. If
it has no such host, it has the reason, for example a proof that no such host exists.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable, Iterator, Mapping
from typing import TextIO

from msgspec.structs import replace
from rich.text import Text

from evaluator.base.status import Status
from evaluator.base.text import flat, visible
from evaluator.policy.language.environment import Value
from evaluator.policy.parameters import shown
from evaluator.render.escape import markdown_text
from evaluator.render.host_tree import tree_of
from evaluator.render.small_host import asked_by, statements_of
from evaluator.render.text import console_for
from evaluator.verify.differences import Differences, PairDifferences
from evaluator.verify.policy_change import (
    Change,
    ChangedHost,
    ChangeResult,
    Happens,
    Never,
    NeverUpTo,
    PolicyAnswer,
    Transition,
    Undecided,
)
from evaluator.verify.policy_pair import ParameterValues, PolicyPair
from evaluator.verify.search import decide_host
from evaluator.verify.state_host import vdsm_report

SCHEMA_VERSION = 1
_GREEN, _YELLOW, _BOLD, _DIM, _PLAIN = "green", "yellow", "bold", "dim", ""
_Line = tuple[str, str]  # a style and the text
Write = Callable[[Differences, TextIO], None]


def _write_text(found: Differences, stream: TextIO) -> None:
    console = console_for(stream)
    with console.capture() as capture:
        for style, text in _lines(found):
            console.print(Text(flat(text), style=style), soft_wrap=True)
    stream.write(capture.get())


def _lines(found: Differences) -> Iterator[_Line]:
    for pair in found.pairs:
        yield _BOLD, heading(found, pair)
        yield from _part(
            found, pair.pair, pair.transitions, "both policies give every host the same status and interface"
        )
        if pair.findings:
            yield _BOLD, "  changes of findings, on hosts with the same status and interface in both policies:"
            yield from _part(found, pair.pair, pair.findings, "both policies give every host the same findings")
    assumed = dict.fromkeys(law for pair in found.pairs for law in pair.assumed)
    if assumed:
        yield _DIM, "the proofs make these assumptions about every report:"
        yield from ((_DIM, f"  - {law}") for law in assumed)
    results = [result for pair in found.pairs for result in pair.results]
    remembered = sum(result.is_remembered for result in results)
    if remembered:
        yield _DIM, f"{remembered} of {len(results)} results are remembered from earlier runs"


def heading(found: Differences, differences: PairDifferences) -> str:
    """Return the line with the names of the two policies and the values of their parameters."""
    names = f"{visible(found.old.name)} → {visible(found.new.name)}"
    pair = differences.pair
    values = _values_of_both(found, pair.of_old(pair.fixed), pair.of_new(pair.fixed))
    if pair.values is ParameterValues.DEFAULTS:
        return f"{names}, with the defaults of each policy: {values}"
    given = f", with {values}" if values else ""
    if len(pair.fixed) == len(pair.parameters):
        return f"{names}{given}"
    other = "other " if given else ""
    return f"{names}{given}, for all values of the {other}parameters; both policies get the same values"


def _values_of_both(found: Differences, old: Mapping[str, Value], new: Mapping[str, Value]) -> str:
    """Return the values of parameters. If a parameter has two values, they are stated for each policy."""
    other = {name for name in old if name in new and old[name] != new[name]}
    equal = {name: value for name, value in {**old, **new}.items() if name not in other}
    sides = ((found.old, old), (found.new, new)) if other else ()
    texts = (
        f"{_values({name: own[name] for name in sorted(other)})} in {visible(policy.name)}" for policy, own in sides
    )
    return ", ".join((*((_values(equal),) if equal else ()), *texts))


def _values(values: Mapping[str, Value]) -> str:
    return ", ".join(
        f"{name}{' not given' if value is None else f'={_value(value)}'}" for name, value in values.items()
    )


def _value(value: Value) -> str:
    return visible(",".join(map(str, value)) if isinstance(value, tuple) else str(value))


def _part(found: Differences, pair: PolicyPair, results: Iterable[ChangeResult], same: str) -> Iterator[_Line]:
    """Yield the lines about all transitions, or about all changes of findings. Changes with an example come first.

    If it is proved that no change can happen, the text `same` is the last line.
    """
    examples, never, others = sorted_results(results)
    for change, example in examples:
        yield _PLAIN, f"  {change_of_example(change, example)}"
        yield from ((_PLAIN, f"      {line}") for line in tree_of(example.host, {}))
        yield _PLAIN, f"      {asked(pair, example)}{_same_answer(change, example)}"
        if isinstance(change, Transition):
            yield from ((_DIM, f"      {line}") for line in reasons_of(found, example))
    for result in others:
        yield _YELLOW, f"  {change_words(result.change)}: {reason_words(result)}"
        yield from ((_YELLOW, f"      {line}") for line in cause_words(result))
    if never:
        yield _GREEN, f"  {'no host shows another change' if examples or others else same} (proved)"


def reasons_of(found: Differences, example: ChangedHost) -> Iterator[str]:
    """Yield the reason of each policy for its answer about an example."""
    for policy, answer in ((found.old, example.old), (found.new, example.new)):
        decision = decide_host(policy, replace(example.host, parameters=answer.parameters))
        first, *others = decision.reasons().summary
        texts = (first,) if decision.status is Status.REJECTED else (first, *others)
        yield f"{visible(policy.name)}: {decision.status}: {', '.join(texts)}"


def sorted_results(
    results: Iterable[ChangeResult],
) -> tuple[list[tuple[Change, ChangedHost]], list[ChangeResult], list[ChangeResult]]:
    """Return three lists: changes with an example, changes that are proved impossible, and all other changes."""
    examples: list[tuple[Change, ChangedHost]] = []
    never: list[ChangeResult] = []
    others: list[ChangeResult] = []
    for result in results:
        if isinstance(result.verdict, Happens):
            examples.append((result.change, result.verdict.example))
        else:
            (never if isinstance(result.verdict, Never) else others).append(result)
    return examples, never, others


def change_of_example(change: Change, example: ChangedHost) -> str:
    """Return the change that an example shows, with the names of its interfaces."""
    if isinstance(change, Transition):
        return f"{answer_text(example.old)} → {answer_text(example.new)}"
    names = ", ".join(map(visible, example.subjects))
    return f"{change_words(change)}{f': {names}' if names else ''}"


def change_words(change: Change) -> str:
    """Return a short text about a change, such as `resolved → rejected`."""
    if isinstance(change, Transition):
        same = ", another interface" if change.old is change.new else ""
        return f"{change.old} → {change.new}{same}"
    return f"{visible(change.code)} ({change.severity}) {'appears' if change.appears else 'disappears'}"


def answer_text(answer: PolicyAnswer) -> str:
    """Return the status and the interface of an answer as text."""
    return answer.status if answer.host_active_nic is None else f"{answer.status} {visible(answer.host_active_nic)}"


def _same_answer(change: Change, example: ChangedHost) -> str:
    return "" if isinstance(change, Transition) else f": {answer_text(example.new)}"


def asked(pair: PolicyPair, example: ChangedHost) -> str:
    """Return the addresses of an example, and the values of the parameters that are not fixed."""
    varied = {name: value for name, value in example.host.parameters.items() if name not in pair.of_new(pair.fixed)}
    only_old = {name: value for name, value in example.old.parameters.items() if name not in pair.of_old(pair.fixed)}
    return asked_by(replace(example.host, parameters={**only_old, **varied}))


def reason_words(result: ChangeResult) -> str:
    """Return why a change has neither an example nor a proof."""
    match result.verdict:
        case NeverUpTo(size=size):
            return f"no host of at most {size} interfaces has this change; no proof for larger hosts"
        case Undecided(size=size):
            return f"undecided; no host of at most {size} interfaces has this change"
    raise TypeError("a change with an example or a proof needs no reason")


def cause_words(result: ChangeResult) -> Iterator[str]:
    """Yield the words that prevent a complete search, and the clauses that prevent a proof, each as a text."""
    verdict = result.verdict
    if isinstance(verdict, Undecided) and verdict.words:
        yield f"the search of small hosts does not enumerate {', '.join(verdict.words)}"
    if isinstance(verdict, NeverUpTo | Undecided):
        yield from (f"no exact translation: {visible(clause)}" for clause in verdict.clauses)


def _write_json(found: Differences, stream: TextIO) -> None:
    json.dump(document(found), stream, indent=2)
    stream.write("\n")


def document(found: Differences) -> dict[str, object]:
    """Return the comparison as JSON-ready data."""
    return {
        "schema_version": SCHEMA_VERSION,
        "old": {"name": found.old.name, "sha256": found.old.digest},
        "new": {"name": found.new.name, "sha256": found.new.digest},
        "size": found.size,
        "comparisons": [_comparison(pair) for pair in found.pairs],
    }


def _comparison(differences: PairDifferences) -> dict[str, object]:
    pair = differences.pair
    return {
        "parameters": str(pair.values),
        "old_parameters": _shown(pair.of_old(pair.fixed)),
        "new_parameters": _shown(pair.of_new(pair.fixed)),
        "transitions": [_result(result) for result in differences.transitions],
        "findings": [_result(result) for result in differences.findings],
        "assumed": list(differences.assumed),
    }


def _shown(values: Mapping[str, Value]) -> dict[str, object]:
    return {name: shown(value) for name, value in sorted(values.items())}


def _result(result: ChangeResult) -> dict[str, object]:
    change, verdict = result.change, result.verdict
    members: dict[str, object] = (
        {"from": str(change.old), "to": str(change.new)}
        if isinstance(change, Transition)
        else {
            "code": change.code,
            "severity": str(change.severity),
            "change": "appears" if change.appears else "disappears",
        }
    )
    return {
        **members,
        "verdict": _VERDICTS[type(verdict)],
        "size": verdict.size if isinstance(verdict, NeverUpTo | Undecided) else None,
        "untranslated": list(verdict.clauses) if isinstance(verdict, NeverUpTo | Undecided) else [],
        "not_searched": list(verdict.words) if isinstance(verdict, Undecided) else [],
        "remembered": result.is_remembered,
        "example": _example(verdict.example) if isinstance(verdict, Happens) else None,
    }


def _example(example: ChangedHost) -> dict[str, object]:
    host = example.host
    return {
        "report": vdsm_report(host),
        "name": host.name,
        "addresses": [host.addresses[index] for index in host.answers],
        "complete": host.complete,
        "old": _answer(example.old),
        "new": _answer(example.new),
        "interfaces": list(example.subjects),
    }


def _answer(answer: PolicyAnswer) -> dict[str, object]:
    return {
        "status": answer.status,
        "hostActiveNic": answer.host_active_nic,
        "parameters": _shown(answer.parameters),
    }


_VERDICTS: dict[type[object], str] = {
    Happens: "found",
    Never: "never",
    NeverUpTo: "bounded",
    Undecided: "undecided",
}


def _write_markdown(found: Differences, stream: TextIO) -> None:
    """Write the comparison for the description of a merge request."""
    for pair in found.pairs:
        stream.write(f"### {markdown_text(heading(found, pair))}\n\n")
        stream.writelines(f"{line}\n" for line in _table("change", pair.pair, pair.transitions))
        if pair.findings:
            stream.write("\nChanges of findings, on hosts with the same status and interface in both policies:\n\n")
            stream.writelines(f"{line}\n" for line in _table("finding", pair.pair, pair.findings))
        stream.write("\n")


def _table(first: str, pair: PolicyPair, results: Iterable[ChangeResult]) -> Iterator[str]:
    examples, never, others = sorted_results(results)
    yield f"| {first} | smallest host | question |\n| --- | --- | --- |"
    for change, example in examples:
        cells = change_of_example(change, example), statements_of(example.host), asked(pair, example)
        yield f"| {' | '.join(map(markdown_text, cells))} |"
    for result in others:
        cells = change_words(result.change), reason_words(result), "; ".join(cause_words(result))
        yield f"| {' | '.join(map(markdown_text, cells))} |"
    if never:
        words = ", ".join(change_words(result.change) for result in never)
        yield f"\nThese changes never happen (proved for every host): {markdown_text(words)}"


OUTPUTS: dict[str, Write] = {"text": _write_text, "json": _write_json, "markdown": _write_markdown}
