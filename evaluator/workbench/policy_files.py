"""Find the policy files in folders: YAML files with the top-level key `policy` and without `tests`."""

from __future__ import annotations

import glob
import re
from collections.abc import Iterable
from pathlib import Path

from evaluator.base.diagnostic import Diagnostic, PolicyError
from evaluator.base.files import read_regular
from evaluator.base.text import did_you_mean, quote_path
from evaluator.policy.source.find import LARGEST_POLICY, is_file, shipped_names
from evaluator.testing.run_cases import SUFFIX

_HINT = "a policy file ends in .yaml or .yml and has the key `policy`"
_ENDINGS = (".yaml", ".yml")
_KEY = re.compile(r"^(\w+)[ \t]*:", re.MULTILINE)


def find_policy_files(paths: Iterable[Path]) -> tuple[Path, ...]:
    """Return the policy files of some paths.

    A path is a policy file, or a folder that is searched for policy files, except in hidden folders. Raises PolicyError
    if a folder has no policy file.
    """
    files = [file for path in paths for file in (_in_folder(path) if path.is_dir() else (path,))]
    return tuple(dict.fromkeys(files))


def find_policies(names: Iterable[str]) -> tuple[str, ...]:
    """Return the names and paths of the policies that the arguments select.

    An argument is the name of a shipped policy, a file, a folder that is searched for policy files, or a glob such as
    `policies/**/*.yaml` that the shell has not expanded. Folders and globs do not include test files. Raises
    PolicyError if a folder or a glob has no policy file.
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
    files = [file for match in matches for file in (_policies_below(match) if match.is_dir() else (match,))]
    policies = [str(file) for file in files if _is_policy(file)]
    if not policies:
        raise PolicyError([Diagnostic("NO_POLICIES", f"no policies match {quote_path(name)}", hint=_HINT)])
    return policies


def _in_folder(folder: Path) -> tuple[Path, ...]:
    files = _policies_below(folder)
    if not files:
        raise PolicyError([Diagnostic("NO_POLICIES", f"no policies in {quote_path(folder)}", hint=_HINT)])
    return files


def _policies_below(folder: Path) -> tuple[Path, ...]:
    return tuple(file for file in sorted(folder.rglob("*")) if _is_visible(file, folder) and _is_policy(file))


def _is_folder(path: Path) -> bool:
    try:
        return path.is_dir()
    except OSError:
        return False


def _is_visible(file: Path, folder: Path) -> bool:
    return not any(part.startswith(".") for part in file.relative_to(folder).parts)


def _is_policy(file: Path) -> bool:
    if not file.name.endswith(_ENDINGS) or file.name.endswith(SUFFIX):
        return False
    try:
        content = read_regular(file, LARGEST_POLICY)
    except OSError:
        return False
    keys = set(_KEY.findall(content.removeprefix(b"\xef\xbb\xbf").decode(errors="replace")))
    return ("policy" in keys or _is_misspelled(keys)) and "tests" not in keys


def _is_misspelled(keys: set[str]) -> bool:
    """Return whether the keys are those of a policy with a mistake in `policy`, so that the file is not left out."""
    return not keys.isdisjoint(("rules", "extends")) and any(did_you_mean(key, ("policy",)) for key in keys)
