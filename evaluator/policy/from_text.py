"""Loads a policy from its text or its file: reads, parses and checks it together with the policies that it extends.

Shipped policies do not need this module: their programs are prepared (`prepared.py`).
"""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path

from evaluator.base.diagnostic import Diagnostic
from evaluator.base.source import Source
from evaluator.policy.language.program import Program
from evaluator.policy.load import program_of
from evaluator.policy.released import name_warnings
from evaluator.policy.source.chain import files_of, read_chain
from evaluator.policy.source.find import find_policy, policy_source

_Loaded = tuple[Program, tuple[Diagnostic, ...]]


def load_file(name: str | Path, policy_path: Iterable[str | Path]) -> _Loaded:
    """Return the program of the policy in a file, and a warning for each text that reuses a shipped policy's name.

    Raises PolicyError, with all mistakes in the texts, if a text is invalid.
    """
    folders = tuple(map(Path, policy_path))
    return _load(find_policy(name, folders), folders)


def load_text(text: str | bytes, path: str | Path | None, policy_path: Iterable[str | Path]) -> _Loaded:
    """Return the program of the policy in a text, and a warning for each text that reuses a shipped policy's name.

    `path` is the path that the text has or will have. Raises PolicyError if the text is invalid, as `load_file` does.
    """
    return _load(policy_source(text, path), tuple(map(Path, policy_path)))


def _load(source: Source, folders: tuple[Path, ...]) -> _Loaded:
    chain = read_chain(source, files_of(folders))
    return program_of(chain), name_warnings(chain)
