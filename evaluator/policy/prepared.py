"""The shipped policies as checked programs, so that deciding by one needs neither YAML, lark nor the checker.

`policies/prepared/NAME.json` is made from `policies/NAME.yaml` by `make prepared`, and a test holds
the two to one program. It holds the texts of the policy and of its bases, and their digest: if one of them is not what
the installation has now, it is stale and the policy is read anew, so that a change is never without effect.
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
    """Return a shipped policy's program; made once in a process."""
    source = find_policy(name)
    return _prepared(name, source) or _read(source)


def is_prepared(name: str) -> bool:
    """Return whether a shipped policy need not be read anew."""
    return _prepared(name, find_policy(name)) is not None


def _prepared(name: str, source: Source) -> Program | None:
    """Return the prepared program, None if it is missing, or of another text or another version."""
    try:
        found = json.decode(read_shipped("policies", FOLDER, f"{name}.json"), type=Program)
    except (OSError, DecodeError):
        return None  # read anew it is the same, only slower
    return found if found.text == source.text and _has_bases_of_now(found) else None


def _has_bases_of_now(program: Program) -> bool:
    """Return whether the texts that a shipped policy extends are those of this installation."""
    bases = zip(program.texts[:-1], program.contents[:-1], strict=False)
    try:
        return all(shipped_text(text.name) == content.encode() for text, content in bases)
    except OSError:
        return False


def _read(source: Source) -> Program:
    from evaluator.policy.load import read_program  # noqa: PLC0415 -- lark, yaml and the checker

    return read_program(source)
