"""Writes the results of `activenic verify`, as text or as JSON (`schemas/verify.schema.json`)."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable, Iterator
from typing import TextIO

from rich.text import Text

from evaluator.base.text import flat, visible
from evaluator.facts.link import Kind
from evaluator.render.text import console_for
from evaluator.verify.abstract_host import AbstractHost, AbstractInterface
from evaluator.verify.property import (
    Counterexample,
    NotAsked,
    PropertyResult,
    Proved,
    ProvedUpTo,
    Refuted,
    Undecided,
    Verdict,
)

SCHEMA_VERSION = 1
_GREEN, _RED, _YELLOW, _DIM, _PLAIN = "green", "bold red", "yellow", "dim", ""
_Line = tuple[str, str]  # a style and the text
Write = Callable[[str, Iterable[PropertyResult], TextIO], None]


def _write_text(policy: str, results: Iterable[PropertyResult], stream: TextIO) -> None:
    """Write each result as soon as it is known, then what the proofs assume."""
    console = console_for(stream)
    assumed: dict[str, None] = {}

    def write(lines: Iterable[_Line]) -> None:
        with console.capture() as capture:
            for style, text in lines:
                console.print(Text(flat(text), style=style), soft_wrap=True)
        stream.write(capture.get())
        stream.flush()

    write([(_PLAIN, f"policy {visible(policy)}")])
    for result in results:
        write(_result(result))
        if isinstance(result.verdict, Proved):
            assumed.update(dict.fromkeys(result.assumed))
    if assumed:
        write([(_DIM, "the proofs assume about every report:"), *((_DIM, f"  - {law}") for law in assumed)])


def _result(result: PropertyResult) -> Iterator[_Line]:
    style = _GREEN if result.is_as_expected else _YELLOW if isinstance(result.verdict, Undecided) else _RED
    expected = "" if result.expected else ", as expected"
    if not result.expected and not result.is_as_expected:
        expected = ", but it is expected to be false"
    yield style, f"  {visible(result.of.name)}: {_words(result.verdict)}{expected} ({result.seconds:.1f} s)"
    yield _PLAIN, f"    {result.of.sentence}"
    if result.because:
        yield _PLAIN, f"    false because: {result.because}"
    yield from ((_PLAIN, f"    {line}") for line in _details(result.verdict))


def _words(verdict: Verdict) -> str:
    match verdict:
        case Proved():
            return "proved for every host"
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
        case Refuted(counterexample=counterexample, parts=parts):
            if parts:
                yield ", ".join(map(visible, parts))
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
    yield f"host: {visible('; '.join(_statements(example.host))) or 'no interface'}"
    yield f"asked by {_asked(example.host, example.addresses)}{_given(example.host)}: {_answer(example)}"
    if example.changed_status is not None:
        changed = "" if example.changed_nic is None else f" {visible(example.changed_nic)}"
        asked = ", ".join(example.changed_addresses or example.addresses)
        yield f"after the change, asked by {asked}: {example.changed_status}{changed}"


def _answer(example: Counterexample) -> str:
    return example.status if example.host_active_nic is None else f"{example.status} {visible(example.host_active_nic)}"


def _asked(host: AbstractHost, addresses: tuple[str, ...]) -> str:
    answers = ", ".join(addresses) or "no address"
    if host.name is None:
        return answers
    return f"{host.name} ({answers}{'' if host.complete else ', incomplete'})"


def _given(host: AbstractHost) -> str:
    given = [f"{name}={visible(str(value))}" for name, value in host.parameters.items() if value is not None]
    return f" with {', '.join(given)}" if given else ""


def _statements(host: AbstractHost) -> Iterator[str]:
    names = [interface.name for interface in host.interfaces]
    for interface in host.interfaces:
        lowers = ", ".join(names[index] for index in interface.lowers)
        relation = "on" if interface.kind is Kind.VLAN else "over"
        yield " ".join(
            (
                str(interface.kind) if interface.kind is not Kind.PHYSICAL else "nic",
                interface.name,
                *((relation, lowers) if lowers else ()),
                *_owned(interface, host.addresses),
                *(("carries", ", ".join(interface.networks)) if interface.networks else ()),
                *(("vlan", str(interface.vlan_id)) if interface.vlan_id else ()),
                *(f"({word}: {value})" for word, value in interface.facts.items()),
            )
        )
    if host.last_client_iface is not None:
        yield f"last client {host.last_client_iface}"


def _owned(interface: AbstractInterface, addresses: tuple[str, ...]) -> Iterator[str]:
    """Yield the addresses of an interface; those that are not its primary addresses are marked."""
    lengths = interface.prefixes or (None,) * len(interface.owns)
    texts = []
    for index, length in zip(interface.owns, lengths, strict=True):
        mark = "" if index in interface.primary else " (secondary)"
        texts.append(addresses[index] + ("" if length is None else f"/{length}") + mark)
    if texts:
        yield f"has {', '.join(texts)}"


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
        "size": verdict.size if isinstance(verdict, ProvedUpTo) else None,
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
