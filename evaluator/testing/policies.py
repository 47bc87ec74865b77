"""Loads the policies of a run: test files often test the same policy, and loading takes as long as a hundred tests."""

from __future__ import annotations

import os
from collections.abc import Sequence
from pathlib import Path

from evaluator.base.diagnostic import PolicyError
from evaluator.base.shipped import shipped_path
from evaluator.base.source import Source
from evaluator.engine import Policy, load_policy
from evaluator.policy.source.chain import files_of, read_chain
from evaluator.policy.source.find import find_policy
from evaluator.testing.covered import PolicyFile


class Policies:
    """The policies of one run, each loaded once; `search` is the policy path."""

    def __init__(self, search: Sequence[Path] = ()) -> None:
        self._search = search
        self._loaded: dict[str, Policy | PolicyError] = {}
        self._files: dict[str, tuple[PolicyFile, ...]] = {}

    def load(self, name: str) -> Policy:
        """Return the policy with this name or path. Raises PolicyError if it is invalid."""
        if name not in self._loaded:
            try:
                self._loaded[name] = load_policy(name, policy_path=self._search)
            except PolicyError as error:
                self._loaded[name] = error
        policy = self._loaded[name]
        if isinstance(policy, PolicyError):
            raise policy
        return policy

    def files(self, name: str) -> tuple[PolicyFile, ...]:
        """Return the files of the texts of a policy, base first."""
        if name not in self._files:
            chain = read_chain(find_policy(name, self._search), files_of(self._search))
            texts = self.load(name).program.texts
            self._files[name] = tuple(
                PolicyFile(text.name, text.sha256, _path_of(source))
                for text, source in zip(texts, chain.sources, strict=True)
            )
        return self._files[name]


def _path_of(source: Source) -> str:
    """Return the path of a text, relative to the working directory if the file is in it."""
    path = source.path or shipped_path("policies", source.name)
    if path is None:
        return source.name
    relative = os.path.relpath(path)
    return path if relative.startswith(os.pardir) else relative
