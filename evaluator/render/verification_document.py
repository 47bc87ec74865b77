"""Writes the results of `activenic verify` as JSON (`schemas/verify.schema.json`)."""

from __future__ import annotations

import json
from collections.abc import Iterable
from typing import TextIO

from evaluator.engine import Policy
from evaluator.policy.run.clause import DecidingClause
from evaluator.render.short_notation import short_notation
from evaluator.render.verdict_words import host_words
from evaluator.verify.explain_example import DecidedHost, explain_example
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
from evaluator.verify.state_host import vdsm_report

SCHEMA_VERSION = 1


def write_document(policy: Policy, results: Iterable[PropertyResult], stream: TextIO) -> None:
    """Write the JSON document of all verification results to a stream."""
    json.dump(document(policy, results), stream, indent=2)
    stream.write("\n")


def document(policy: Policy, results: Iterable[PropertyResult]) -> dict[str, object]:
    """Return the verification results as JSON-ready data."""
    items = tuple(results)
    return {
        "schema_version": SCHEMA_VERSION,
        "policy": policy.name,
        "success": all(result.is_as_expected for result in items),
        "properties": [_property(policy, result) for result in items],
    }


def _property(policy: Policy, result: PropertyResult) -> dict[str, object]:
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
        "remembered": result.is_remembered,
        "size": verdict.size if isinstance(verdict, ProvedUpTo | Refuted) else None,
        "untranslated": list(verdict.clauses) if isinstance(verdict, ProvedUpTo | Undecided) else [],
        "not_searched": list(verdict.words) if isinstance(verdict, Undecided) else [],
        "parts": list(verdict.parts) if isinstance(verdict, Refuted | Undecided) else [],
        "counterexample": None if counterexample is None else _example(policy, result, counterexample),
        "assumed": list(result.assumed),
        "abstracted": list(result.abstracted),
        "witnesses": [
            {"part": one.part, "test": one.test, "host": host_words(one), "old": one.old, "new": one.new}
            for one in result.witnesses
        ],
    }


def _example(policy: Policy, result: PropertyResult, counterexample: Counterexample) -> dict[str, object]:
    example = explain_example(policy, result.of.statement, counterexample)
    return {
        **_host(policy, example.first),
        "clause": None if example.clause is None else _clause(example.clause),
        "changed": None if example.changed is None else _host(policy, example.changed),
    }


def _host(policy: Policy, decided: DecidedHost) -> dict[str, object]:
    host, decision = decided.host, decided.decision
    return {
        "report": vdsm_report(host),
        "given": short_notation(host, policy),
        "addresses": [host.addresses[index] for index in host.answers],
        "parameters": dict(decision.parameters),
        "status": str(decision.status),
        "hostActiveNic": decision.host_active_nic,
        "reasons": list(decision.reasons().summary),
    }


def _clause(clause: DecidingClause) -> dict[str, object]:
    values = [{"word": value.word, "value": value.value} for value in clause.seen]
    return {"text": clause.clause, "value": clause.held, "seen": values}


_VERDICTS: dict[type[Verdict], str] = {
    Proved: "proved",
    Refuted: "false",
    ProvedUpTo: "bounded",
    Undecided: "undecided",
    NotAsked: "not_asked",
}
