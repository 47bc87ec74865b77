"""Loads each policy of a run once, because many files test the same policy. Loading takes as long as 100 tests."""

from __future__ import annotations

import os
from collections.abc import Callable, Sequence
from pathlib import Path

from msgspec import Struct

from evaluator.base.diagnostic import PolicyError
from evaluator.base.shipped import shipped_path
from evaluator.base.source import Source
from evaluator.engine import Policy, load_policy
from evaluator.policy.language.program import Program
from evaluator.policy.source.chain import PolicyChain, files_of, read_chain
from evaluator.policy.source.find import find_policy, is_file, names_file
from evaluator.testing.covered import PolicyFile


class NamedPolicy(Struct, frozen=True):
    """A loaded policy, and the name or path from which it was loaded."""

    name: str
    policy: Policy


LoadPolicy = Callable[[str, Path], NamedPolicy]  # by the name or path in a test, and the folder of the test


class Policies:
    """The policies of one run, each loaded once; `search` lists the folders in which policies are searched."""

    def __init__(self, search: Sequence[Path] = ()) -> None:
        self._search = search
        self._loaded: dict[str, Policy | PolicyError] = {}
        self._files: dict[str, tuple[PolicyFile, ...]] = {}

    def load(self, name: str) -> Policy:
        """Return the policy with this name or path. Raises PolicyError if the policy is invalid."""
        if name not in self._loaded:
            try:
                self._loaded[name] = load_policy(name, policy_path=self._search)
            except PolicyError as error:
                self._loaded[name] = error
        policy = self._loaded[name]
        if isinstance(policy, PolicyError):
            raise policy
        return policy

    def load_for_test(self, name: str, folder: Path) -> NamedPolicy:
        """Return the policy `name` of a test whose file is in `folder`. Raises PolicyError if the policy is invalid."""
        file = policy_file(name, folder)
        return NamedPolicy(file, self.load(file))

    def files(self, name: str) -> tuple[PolicyFile, ...]:
        """Return the files of a policy: the policies that it extends first, then its own file."""
        if name not in self._files:
            chain = read_chain(find_policy(name, self._search), files_of(self._search))
            self._files[name] = files_of_texts(self.load(name).program, chain)
        return self._files[name]


def policy_file(name: str, folder: Path) -> str:
    """Return the path of the policy if `name` is a file in the folder of the test file; otherwise return `name`."""
    path = folder / name
    return str(path) if names_file(name) and is_file(path) else name


def files_of_texts(program: Program, chain: PolicyChain) -> tuple[PolicyFile, ...]:
    """Return the files of a policy: the policies that it extends first, then its own file."""
    return tuple(
        PolicyFile(text.name, text.sha256, _path_of(source))
        for text, source in zip(program.texts, chain.sources, strict=True)
    )


def _path_of(source: Source) -> str:
    """Return the path of a text. The path is relative if the file is in the working directory."""
    path = source.path or shipped_path("policies", source.name)
    if path is None:
        return source.name
    relative = os.path.relpath(path)
    return path if relative.startswith(os.pardir) else relative
