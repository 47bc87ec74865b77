"""Find the policies that arguments name: shipped names, files, folders and globs."""

from __future__ import annotations

import glob
from collections.abc import Iterable
from pathlib import Path

from evaluator.base.diagnostic import Diagnostic, PolicyError
from evaluator.base.text import quote_path
from evaluator.policy.source.find import is_file, shipped_names
from evaluator.policy.source.folder import is_policy, policies_below

_HINT = "the name of a policy file ends with .yaml or .yml, and the file has the key `policy`"


def find_policy_files(paths: Iterable[Path]) -> tuple[Path, ...]:
    """Return the policy files of some paths.

    A path is a policy file, or a folder that is searched for policy files, except in hidden folders. Raises PolicyError
    if a folder has no policy file.
    """
    files = [file for path in paths for file in (_in_folder(path) if path.is_dir() else (path,))]
    return tuple(dict.fromkeys(files))


def find_policies(names: Iterable[str]) -> tuple[str, ...]:
    """Return the names and paths of the policies that the arguments select.

    An argument is the name of a shipped policy, a file, or a folder that is searched for policy files. It can also be a
    glob, for example `policies/**/*.yaml`, that the shell has not expanded. Folders and globs do not include test
    files. Raises PolicyError if a folder or a glob has no policy file.
    """
    found = [path for name in names for path in _policies_of(name)]
    return tuple(dict.fromkeys(found))


def _policies_of(name: str) -> Iterable[str]:
    path = Path(name)
    if name in shipped_names() or is_file(path):
        return (name,)
    if _is_folder(path):
        return map(str, _in_folder(path))
    if not glob.has_magic(name):
        return (name,)
    matches = sorted(Path(match) for match in glob.glob(name, recursive=True))  # noqa: PTH207 -- relative and absolute
    files = [file for match in matches for file in (policies_below(match) if match.is_dir() else (match,))]
    policies = [str(file) for file in files if is_policy(file)]
    if not policies:
        raise PolicyError([Diagnostic("NO_POLICIES", f"no policies match {quote_path(name)}", hint=_HINT)])
    return policies


def _in_folder(folder: Path) -> tuple[Path, ...]:
    files = policies_below(folder)
    if not files:
        raise PolicyError([Diagnostic("NO_POLICIES", f"no policies in {quote_path(folder)}", hint=_HINT)])
    return files


def _is_folder(path: Path) -> bool:
    try:
        return path.is_dir()
    except OSError:
        return False
