"""Loads the checked programs of shipped policies, so that a decision needs neither YAML, lark nor the checker.

`make prepared` writes `policies/prepared/NAME.json` from `policies/NAME.yaml`, and a test compares the two. The file
contains the program with the texts of the policy and of its bases. If one of these texts differs from the text in this
installation, the prepared program is out of date. Then the policy is read from its text. So a change of a policy always
has an effect, even if nobody ran `make prepared`.
"""

from __future__ import annotations

from functools import cache

from msgspec import DecodeError, json

from evaluator.base.shipped import read_shipped
from evaluator.base.source import Source
from evaluator.policy.language.program import Program
from evaluator.policy.source.find import find_policy, shipped_text

FOLDER = "prepared"


@cache
def load_shipped(name: str) -> Program:
    """Return the program of a shipped policy; the result is cached."""
    source = find_policy(name)
    return _prepared(name, source) or _read(source)


def is_prepared(name: str) -> bool:
    """Return whether a shipped policy has a prepared program that is up to date."""
    return _prepared(name, find_policy(name)) is not None


def _prepared(name: str, source: Source) -> Program | None:
    """Return the prepared program; None if the file is missing, cannot be decoded, or is out of date."""
    try:
        program = json.decode(read_shipped("policies", FOLDER, f"{name}.json"), type=Program)
    except (OSError, DecodeError):
        return None  # the program is then read from the text, which only takes longer
    return program if program.text == source.text and _has_current_bases(program) else None


def _has_current_bases(program: Program) -> bool:
    """Return whether a prepared program was built from the same base texts as in this installation."""
    bases = zip(program.texts[:-1], program.contents[:-1], strict=False)
    try:
        return all(shipped_text(text.name) == content.encode() for text, content in bases)
    except OSError:
        return False


def _read(source: Source) -> Program:
    from evaluator.policy.load import read_program  # noqa: PLC0415 -- lark, yaml and the checker

    return read_program(source)
