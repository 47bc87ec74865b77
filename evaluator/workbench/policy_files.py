"""Find the policy files in folders: YAML files with the top-level key `policy` and without `tests`."""

from __future__ import annotations

import re
from collections.abc import Iterable
from pathlib import Path

from evaluator.base.diagnostic import Diagnostic, PolicyError
from evaluator.base.files import read_regular
from evaluator.base.text import quote_path
from evaluator.policy.source.find import LARGEST_POLICY
from evaluator.testing.run_cases import SUFFIX

_ENDINGS = (".yaml", ".yml")
_POLICY = re.compile(rb"^policy[ \t]*:", re.MULTILINE)
_TESTS = re.compile(rb"^tests[ \t]*:", re.MULTILINE)


def find_policy_files(paths: Iterable[Path]) -> tuple[Path, ...]:
    """Return the policy files of some paths.

    A path is a policy file, or a folder that is searched for policy files, except in hidden folders. Raises PolicyError
    if a folder has no policy file.
    """
    files: list[Path] = []
    for path in paths:
        if not path.is_dir():
            files.append(path)
            continue
        in_folder = [file for file in sorted(path.rglob("*")) if _is_visible(file, path) and _is_policy(file)]
        if not in_folder:
            message = f"no policies in {quote_path(path)}"
            hint = "a policy file ends in .yaml or .yml and has the key `policy`"
            raise PolicyError([Diagnostic("NO_POLICIES", message, hint=hint)])
        files.extend(in_folder)
    return tuple(dict.fromkeys(files))


def _is_visible(file: Path, folder: Path) -> bool:
    return not any(part.startswith(".") for part in file.relative_to(folder).parts)


def _is_policy(file: Path) -> bool:
    if not file.name.endswith(_ENDINGS) or file.name.endswith(SUFFIX):
        return False
    try:
        content = read_regular(file, LARGEST_POLICY)
    except OSError:
        return False
    return bool(_POLICY.search(content.removeprefix(b"\xef\xbb\xbf"))) and not _TESTS.search(content)
