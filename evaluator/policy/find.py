"""Where a policy's text is: a shipped one is found by its name, any other by the path of its file.

The text of a source is the file's own, so that its digest is that of the file's bytes; `plain_text` is what the
parser reads.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from evaluator.diagnostic import Diagnostic, PolicyError
from evaluator.files import FileTooLargeError, read_regular
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


def shipped_text(name: str) -> bytes:
    """Return the text of a shipped policy."""
    return read_shipped("policies", f"{name}.yaml")


def find_policy(name: str | Path) -> Source:
    """Return the text of a shipped policy or of a file; PolicyError if it is missing or not UTF-8."""
    if isinstance(name, str) and name in shipped_names():
        return Source(f"{name}.yaml", shipped_text(name).decode())
    from pathlib import Path  # noqa: PLC0415 -- a shipped policy is found without

    path = Path(name)
    looks_like_path = isinstance(name, Path) or "/" in name or path.suffix in (".yaml", ".yml") or is_file(path)
    if not looks_like_path:
        known = shipped_names()
        hint = did_you_mean(str(name), known) or f"shipped policies: {', '.join(known)}; or give the path of a file"
        raise PolicyError([Diagnostic("POLICY_NOT_FOUND", f"there is no policy {quote(str(name))}", hint=hint)])
    return Source(str(name), _decoded(_read(path), quote_path(path)))


def policy_source(text: str | bytes) -> Source:
    """Return a policy text that has no file; PolicyError if it is too large or not UTF-8."""
    try:
        content = text.encode() if isinstance(text, str) else text
    except UnicodeEncodeError as error:
        message = f"the policy text has a lone surrogate at character {error.start}"
        raise PolicyError([Diagnostic("POLICY_UNREADABLE", message)]) from None
    if len(content) > LARGEST_POLICY:
        raise _too_large("the policy text")
    return Source("<text>", _decoded(content, "the policy text"))


def is_file(path: Path) -> bool:
    """Return whether there is a file; a path that cannot be one is none."""
    try:
        return path.is_file()
    except OSError:
        return False


def read_text_file(path: Path) -> str:
    """Return the plain text of a test file; PolicyError if it cannot be read, is too large or is not UTF-8."""
    return plain_text(_decoded(_read(path), quote_path(path)))


def plain_text(text: str) -> str:
    """Return a text without its byte order mark, every line ended by one line feed."""
    return text.removeprefix("\ufeff").replace("\r\n", "\n").translate(_LINE_BREAKS)


def _read(path: Path) -> bytes:
    shown = quote_path(path)
    try:
        return read_regular(path, LARGEST_POLICY)
    except FileTooLargeError:
        raise _too_large(shown) from None
    except OSError as error:
        message = f"{shown} cannot be read: {reason_of(error)}"
        raise PolicyError([Diagnostic("POLICY_UNREADABLE", message)]) from None


def _too_large(shown: str) -> PolicyError:
    message = f"{shown} is larger than {LARGEST_POLICY // 1024} KiB"
    return PolicyError([Diagnostic("POLICY_TOO_LARGE", message)])


def _decoded(content: bytes, shown: str) -> str:
    try:
        return content.decode()
    except UnicodeDecodeError as error:
        message = f"{shown} is not UTF-8 at byte {error.start}"
        raise PolicyError([Diagnostic("POLICY_UNREADABLE", message)]) from None
