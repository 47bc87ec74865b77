"""Finds the files that a test file reads: its policies, their base policies, and its reports.

`activenic test --watch` waits for changes of these files. It also waits for changes of a file with mistakes, because
the author will correct the mistakes. So this module checks nothing. It only follows the names in the YAML that lead to
files.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from pathlib import Path

from evaluator.base.diagnostic import PolicyError
from evaluator.base.source import Source
from evaluator.policy.source.chain import files_of, read_chain
from evaluator.policy.source.find import find_policy, names_file, read_text_file
from evaluator.policy.source.problems import Problems
from evaluator.policy.source.yaml_text import Located, read_yaml
from evaluator.testing.policies import policy_file


def inputs_of(path: Path, search: Sequence[Path] = ()) -> set[Path]:
    """Return a test file and the files that it reads; `search` lists the folders in which policies are searched."""
    located = _read(path)
    files = {path}
    for key, name in () if located is None else _names(located):
        if key == "report" or names_file(name):
            files.add(path.parent / name)
        if key == "policy":
            files |= _policy_files(policy_file(name, path.parent), search)
    return files


def _read(path: Path) -> Located | None:
    try:
        source = Source(str(path), read_text_file(path))
    except PolicyError:
        return None
    return read_yaml(source, Problems(source))


def _names(located: Located) -> Iterator[tuple[str, str]]:
    """Yield the keys `policy` and `report` of the file and of its tests, each with its text."""
    tests = located.children.get("tests")
    for part in (located, *(() if tests is None else tests.children.values())):
        for key in ("policy", "report"):
            child = part.children.get(key)
            if child is not None and isinstance(child.value, str):
                yield key, child.value


def _policy_files(name: str, search: Sequence[Path]) -> set[Path]:
    """Return the files of a policy and of its base policies. Shipped policies are left out: they do not change."""
    try:
        chain = read_chain(find_policy(name, search), files_of(search))
    except PolicyError:
        return set()
    return {Path(source.path) for source in chain.sources if source.path is not None}
