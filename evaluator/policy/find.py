"""Where a policy's text is: a shipped one is found by its name, any other by the path of its file."""

from __future__ import annotations

from typing import TYPE_CHECKING

from evaluator.diagnostic import Diagnostic, PolicyError
from evaluator.shipped import list_shipped, read_shipped
from evaluator.source import Source
from evaluator.text import did_you_mean, quote, quote_path, reason_of

if TYPE_CHECKING:
    from pathlib import Path

LARGEST_POLICY = 256 * 1024
_LINE_BREAKS = dict.fromkeys(map(ord, "\r\x85\u2028\u2029"), "\n")  # what YAML ends a line at, as one character


def shipped_names() -> tuple[str, ...]:
    """Return the names of the shipped policies, sorted."""
    files = list_shipped("policies")
    return tuple(
        sorted(
            name.removesuffix(".yaml") for name in files if name.endswith(".yaml") and not name.endswith(".test.yaml")
        )
    )


def find_policy(name: str | Path) -> Source:
    """Return the text of a shipped policy or of a file; PolicyError where there is none or it is no text."""
    if isinstance(name, str) and name in shipped_names():
        return Source(f"{name}.yaml", read_shipped("policies", f"{name}.yaml").decode())
    from pathlib import Path  # noqa: PLC0415 -- a shipped policy is found without

    path = Path(name)
    looks_like_path = isinstance(name, Path) or "/" in name or path.suffix in (".yaml", ".yml") or is_file(path)
    if not looks_like_path:
        known = shipped_names()
        hint = did_you_mean(str(name), known) or f"shipped policies: {', '.join(known)}; or give the path of a file"
        raise PolicyError([Diagnostic("POLICY_NOT_FOUND", f"there is no policy {quote(str(name))}", hint=hint)])
    return Source(str(name), read_text_file(path))


def is_file(path: Path) -> bool:
    """Return whether there is a file; a path that cannot be one is none."""
    try:
        return path.is_file()
    except OSError:
        return False


def read_text_file(path: Path) -> str:
    """Return the text of a policy or test file; PolicyError where it cannot be read, is too large or is not UTF-8."""
    shown = quote_path(path)
    try:
        with path.open("rb") as file:
            content = file.read(LARGEST_POLICY + 1)
    except (OSError, ValueError) as error:
        message = f"{shown} cannot be read: {reason_of(error)}"
        raise PolicyError([Diagnostic("POLICY_UNREADABLE", message)]) from None
    if len(content) > LARGEST_POLICY:
        message = f"{shown} is larger than {LARGEST_POLICY // 1024} KiB"
        raise PolicyError([Diagnostic("POLICY_TOO_LARGE", message)])
    try:
        return content.decode("utf-8-sig").replace("\r\n", "\n").translate(_LINE_BREAKS)
    except UnicodeDecodeError as error:
        message = f"{shown} is not UTF-8 at byte {error.start}"
        raise PolicyError([Diagnostic("POLICY_UNREADABLE", message)]) from None
