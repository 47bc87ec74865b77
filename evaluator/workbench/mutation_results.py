"""Writes the results of `activenic mutate`, as text or as JSON (`schemas/mutation.schema.json`)."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Callable, Iterator, Sequence

from evaluator.base.text import visible
from evaluator.engine import Policy
from evaluator.render.small_host import asked_by, statements_of
from evaluator.verify.state_host import vdsm_report
from evaluator.workbench.mutate_policy import Fate, MutantResult

SCHEMA_VERSION = 1
_ORDER = (Fate.PROVED, Fate.EQUAL, Fate.SURVIVED)


def as_text(policy: Policy, results: Sequence[MutantResult]) -> Iterator[str]:
    """Yield lines about the mutants that no test kills, then a line with the number of mutants for each result.

    The mutants that survived are last, because they need a new test.
    """
    for fate in _ORDER:
        for result in results:
            if result.fate is fate:
                yield from _lines(result)
    counts = Counter(result.fate for result in results)
    yield (
        f"{visible(policy.name)}: {len(results)} mutants, {counts[Fate.KILLED]} killed, "
        f"{counts[Fate.SURVIVED]} survived, {counts[Fate.PROVED]} proved equal, "
        f"{counts[Fate.EQUAL]} with no difference found"
    )


def _lines(result: MutantResult) -> Iterator[str]:
    mutant = result.mutant
    yield f"{visible(mutant.place)} {visible(mutant.rule)}: {visible(mutant.change)}"
    remembered = " (remembered)" if result.is_remembered else ""
    if result.host is not None:
        yield f"  survived; the smallest host with another decision: {statements_of(result.host)}{remembered}"
        yield f"  {asked_by(result.host)}"
        return
    if result.fate is Fate.PROVED:
        yield f"  proved equal for every host{remembered}"
        return
    yield f"  no host of at most {result.size} interfaces has another decision{remembered}"
    if result.left_out:
        yield f"  the search did not try all values of these words: {', '.join(result.left_out)}"


def as_json(policy: Policy, results: Sequence[MutantResult]) -> Iterator[str]:
    """Yield the document with all mutants."""
    counts = Counter(result.fate for result in results)
    document = {
        "schema_version": SCHEMA_VERSION,
        "policy": policy.name,
        "success": not counts[Fate.SURVIVED],
        "counts": {str(fate): counts[fate] for fate in Fate},
        "mutants": [_mutant(result) for result in results],
    }
    yield json.dumps(document, indent=2)


def _mutant(result: MutantResult) -> dict[str, object]:
    host = result.host
    return {
        "rule": result.mutant.rule,
        "place": result.mutant.place,
        "change": result.mutant.change,
        "result": str(result.fate),
        "test": result.test,
        "size": result.size,
        "not_enumerated": list(result.left_out),
        "remembered": result.is_remembered,
        "report": None if host is None else vdsm_report(host),
        "addresses": [] if host is None else [host.addresses[index] for index in host.answers],
    }


OUTPUTS: dict[str, Callable[[Policy, Sequence[MutantResult]], Iterator[str]]] = {"text": as_text, "json": as_json}
