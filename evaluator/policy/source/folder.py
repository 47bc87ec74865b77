"""Find the policy files in a folder: YAML files with the top-level key `policy` and without `tests`."""

from __future__ import annotations

import re
from pathlib import Path

from evaluator.base.files import read_regular
from evaluator.base.text import did_you_mean
from evaluator.policy.source.find import LARGEST_POLICY

TEST_SUFFIX = ".test.yaml"
_ENDINGS = (".yaml", ".yml")
_KEY = re.compile(r"^(\w+)[ \t]*:", re.MULTILINE)


def policies_below(folder: Path) -> tuple[Path, ...]:
    """Return the policy files in a folder and in its subfolders, sorted. Hidden files and folders are left out."""
    return tuple(file for file in yaml_files_below(folder) if is_policy(file))


def yaml_files_below(folder: Path) -> tuple[Path, ...]:
    """Return the files in a folder and in its subfolders that have the name of a policy file, sorted.

    Such a name ends with `.yaml` or `.yml`, but not with `.test.yaml`.
    """
    return tuple(file for file in sorted(folder.rglob("*")) if _is_visible(file, folder) and _has_policy_name(file))


def is_policy(file: Path) -> bool:
    """Return whether a file is a policy file, by its name and its keys; the policy may have mistakes."""
    if not _has_policy_name(file):
        return False
    try:
        content = read_regular(file, LARGEST_POLICY)
    except OSError:
        return False
    keys = set(_KEY.findall(content.removeprefix(b"\xef\xbb\xbf").decode(errors="replace")))
    return ("policy" in keys or _is_misspelled(keys)) and "tests" not in keys


def _has_policy_name(file: Path) -> bool:
    return file.name.endswith(_ENDINGS) and not file.name.endswith(TEST_SUFFIX)


def _is_visible(file: Path, folder: Path) -> bool:
    return not any(part.startswith(".") for part in file.relative_to(folder).parts)


def _is_misspelled(keys: set[str]) -> bool:
    """Return whether the keys are those of a policy with a mistake in the key `policy`, such as `polcy`."""
    return not keys.isdisjoint(("rules", "extends")) and any(did_you_mean(key, ("policy",)) for key in keys)
