"""Reads from a policy test file the claims `always` and `never`, and the properties that are expected to be false.

    always: status != "rejected" or answer is bridge
    never: answer is known and answer.name like "docker*"
    properties:
      order-independent: {expect: false, because: the engine takes the first answer}

A claim is checked against the policy when the file is read, so that each mistake is reported with its place in the
file. Another module reads the tests of the same file (`testing/case_file.py`).
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from pathlib import Path

from msgspec import Struct

from evaluator.base.diagnostic import PolicyError
from evaluator.base.source import Source
from evaluator.base.text import did_you_mean, quote
from evaluator.policy.check.rules import scalar_of
from evaluator.policy.language.program import Program
from evaluator.policy.source.find import read_text_file
from evaluator.policy.source.problems import Problems
from evaluator.policy.source.structure import refuse_violations
from evaluator.policy.source.yaml_text import Located, read_yaml
from evaluator.verify.claim import check_claim_text, parameter_types
from evaluator.verify.property import BUILT_IN, Claim, Property

_SCHEMA = "policy-test"


class Expectation(Struct, frozen=True):
    """The expected result of a property: true, or false with the reason `because`."""

    is_true: bool = True
    because: str = ""


class Stated(Struct, frozen=True):
    """What a test file states about properties.

    `properties` are the claims of the file. `expectations` has the expected result of a property, by its name.
    """

    properties: tuple[Property, ...] = ()
    expectations: Mapping[str, Expectation] = {}


def read_stated_file(path: Path, program: Program) -> Stated:
    """Return the claims and expectations in a test file. Raises PolicyError with all mistakes."""
    return read_stated(Source(str(path), read_text_file(path)), program)


def read_stated(source: Source, program: Program) -> Stated:
    """Return the claims and expectations in the text of a test file. Raises PolicyError with all mistakes."""
    problems = Problems(source)
    located = read_yaml(source, problems)
    if located is not None:
        refuse_violations(located, _SCHEMA, problems)
    if located is None or problems.has_errors:
        raise PolicyError(problems.diagnostics)
    properties = tuple(_claims(located, program, problems))
    expectations = dict(_expectations(located, (*BUILT_IN, *properties), problems))
    if problems.has_errors:
        raise PolicyError(problems.diagnostics)
    return Stated(properties, expectations)


def _claims(located: Located, program: Program, problems: Problems) -> Iterator[Property]:
    for key in ("always", "never"):
        entry = located.children.get(key)
        parts = () if entry is None else tuple(entry.children.values()) or (entry,)
        for number, part in enumerate(parts, start=1):
            text = _claim(part, program, problems)
            if text is not None:
                condition = text if key == "always" else f"not ({text})"
                yield Property(f"{key}-{number}", f"{key}: {text}", Claim(condition))


def _claim(located: Located, program: Program, problems: Problems) -> str | None:
    """Return the text of a claim on one line; None if mistakes were reported."""
    scalar = scalar_of(located, "condition", problems)
    if scalar is None or check_claim_text(scalar, parameter_types(program, {}), problems) is None:
        return None
    return problems.text(scalar.whole)


def _expectations(
    located: Located, properties: tuple[Property, ...], problems: Problems
) -> Iterator[tuple[str, Expectation]]:
    entry = located.children.get("properties")
    names = [one.name for one in properties]
    for name, part in () if entry is None else entry.children.items():
        if name not in names:
            span = entry.keys[str(name)] if entry is not None else part.span
            hint = did_you_mean(str(name), names) or f"the properties are {', '.join(names)}"
            problems.error("TEST_INVALID", f"unknown property {quote(str(name))}", span, hint)
        values = part.value if isinstance(part.value, dict) else {}
        yield str(name), Expectation(bool(values.get("expect", True)), str(values.get("because", "")))
