"""Append a test to a test file without changing a byte of the existing tests.

The new test is written as YAML after the last test. Then the new text is read as a test file. The text must contain the
same tests as before, followed by the new test, and the new test must pass. After these checks, the new text replaces
the file in one atomic step.
"""

from __future__ import annotations

import os
import re
import tempfile
from collections.abc import Callable, Sequence
from contextlib import suppress
from functools import partial
from pathlib import Path
from typing import Any

from evaluator.base.checked_cast import checked_cast
from evaluator.base.diagnostic import Diagnostic, PolicyError, RecordCode, RecordError
from evaluator.base.files import read_regular
from evaluator.base.source import Source
from evaluator.base.text import quote_path, reason_of
from evaluator.policy.language.program import Program
from evaluator.policy.source.find import read_text_file
from evaluator.policy.source.problems import Problems
from evaluator.policy.source.yaml_text import Located, read_yaml
from evaluator.testing.case_file import PolicyCase, read_case_file
from evaluator.testing.case_text import dump
from evaluator.testing.run_cases import run_case
from evaluator.workbench.new_case import NewCase, file_of_case, with_parameters

Cases = tuple[PolicyCase, ...]
_LINE = re.compile(r"[^\n\r\x85\u2028\u2029]*(?:\r\n|[\n\r\x85\u2028\u2029]|\Z)")


def write_test(path: Path, case: NewCase, policy: Program, policy_name: str, search: Sequence[Path] = ()) -> None:
    """Append a test to a file, or create the file.

    Raises RecordError if the file does not test `policy`, or if the test cannot be appended. `policy_name` is the
    `policy` of a new file; `search` lists the folders in which policies are searched.
    """
    read = partial(read_case_file, search=search)
    if not path.exists():
        _replace(path, file_of_case(case, policy_name).encode(), None, policy, read)
        return
    before = read(path)
    if any(existing.policy.digest != policy.digest for existing in before):
        raise _refusal(f"{quote_path(path)} does not test the policy {policy.name}, but another policy")
    try:
        raw = read_regular(path).decode()
    except (OSError, ValueError) as error:
        raise _refusal(f"{quote_path(path)} cannot be read: {_reason(error)}") from None
    _replace(path, _with_test(path, raw, case, policy_name).encode(), before, policy, read)


def _with_test(path: Path, raw: str, case: NewCase, policy_name: str) -> str:
    """Return the text of a test file with a new test after the last test."""
    source = Source(str(path), read_text_file(path))
    located = checked_cast(read_yaml(source, Problems(source)), Located)
    tests = located.children["tests"]
    last = tests.children[len(tests.children) - 1]
    dash = source.text.rfind("-", 0, last.span.start)
    start = source.text.rfind("\n", 0, dash) + 1
    if dash < 0 or source.text[start:dash].strip() or source.text[dash + 1 : last.span.start].strip():
        raise _refusal(f"the tests of {quote_path(path)} must be a list in block style, with `- ` before each test")
    entry = _entry(located, case, policy_name, indent=source.text[start:dash])
    following = [span.start for span in located.keys.values() if span.start > last.span.start]
    lines = [line for line in _LINE.findall(raw) if line]
    index = source.text.count("\n", 0, min(following)) if following else len(lines)
    head = "".join(lines[:index])
    line_end = "\r\n" if "\r\n" in raw else "\n"
    separator = "" if head.endswith(("\n", "\r")) else line_end
    return head + separator + entry.replace("\n", line_end) + "".join(lines[index:])


def _entry(located: Located, case: NewCase, policy_name: str, indent: str) -> str:
    """Return the test as an indented entry of a list, with a name that no other test has."""
    top: Any = located.value
    names = {test["name"] for test in top["tests"]}
    test = with_parameters(case, top.get("parameters") or ())
    title, number = str(test["name"]), 1
    while test["name"] in names:
        number += 1
        test["name"] = f"{title} ({number})"
    if "policy" not in top:
        test = {"name": test.pop("name"), "policy": policy_name, **test}
    return "".join(f"{indent}{line}" if line.strip() else line for line in dump([test]).splitlines(keepends=True))


def _replace(path: Path, content: bytes, before: Cases | None, policy: Program, read: Callable[[Path], Cases]) -> None:
    """Write a temporary file in the same folder, check this file, and rename the file to the path."""
    target = path.resolve()
    temporary: Path | None = None
    try:
        handle, name = tempfile.mkstemp(prefix=".", suffix=".test.yaml", dir=path.parent)
        temporary = Path(name)
        with os.fdopen(handle, "wb") as file:
            file.write(content)
        _check(path, read(temporary), before or (), policy)
        temporary.chmod(target.stat().st_mode & 0o7777 if before is not None else 0o666 & ~_umask())
        temporary.replace(target)
    except PolicyError as error:
        raise _refusal(f"the test cannot be added to {quote_path(path)}: {error.diagnostics[0].message}") from None
    except OSError as error:
        message = f"{quote_path(path)} cannot be written: {reason_of(error)}"
        raise RecordError([Diagnostic(RecordCode.UNWRITABLE, message)]) from None
    finally:
        if temporary is not None:
            with suppress(FileNotFoundError):
                temporary.unlink()


def _umask() -> int:
    mask = os.umask(0)
    os.umask(mask)
    return mask


def _check(path: Path, after: Cases, before: Cases, policy: Program) -> None:
    """Raise RecordError unless the file has the same tests as before, plus one new test of this policy that passes."""
    *old, new = after
    is_same = [_identity(case) for case in old] == [_identity(case) for case in before]
    if not is_same or new.policy.digest != policy.digest:
        raise _refusal(f"the test cannot be added to {quote_path(path)}: the existing tests in the file would change")
    differences = run_case(new).differences
    if differences:
        raise _refusal(f"the test cannot be added to {quote_path(path)}: the test fails: {differences[0]}")


def _identity(case: PolicyCase) -> tuple[object, ...]:
    return (
        case.name,
        case.policy.digest,
        case.report,
        case.host,
        case.parameters,
        case.expected,
        case.format,
        case.item,
    )


def _reason(error: OSError | ValueError) -> str:
    return reason_of(error) if isinstance(error, OSError) else "it is not UTF-8"


def _refusal(message: str) -> RecordError:
    return RecordError([Diagnostic(RecordCode.NOT_A_TEST, message, hint="give another file")])
