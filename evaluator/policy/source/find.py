"""Finds and reads policy texts: a shipped policy by its name, any other policy by the path of its file.

The name of a shipped policy is never looked up as a file, so a file cannot replace a shipped policy.

`Source.text` contains exactly the bytes of the file, decoded, because the digest of a policy is computed from them. The
parser reads the result of `plain_text`: a text without a byte order mark, in which each line break is a line feed.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from msgspec.structs import replace

from evaluator.base.diagnostic import Diagnostic, PolicyError
from evaluator.base.files import FileTooLargeError, read_regular
from evaluator.base.shipped import list_shipped, read_shipped
from evaluator.base.source import Source
from evaluator.base.text import did_you_mean, quote, quote_path, reason_of

if TYPE_CHECKING:
    from pathlib import Path

LARGEST_POLICY = 256 * 1024
_ENDINGS = (".yaml", ".yml")
_LINE_BREAKS = dict.fromkeys(map(ord, "\r\x85\u2028\u2029"), "\n")  # the line breaks of YAML, of one character each


def shipped_names() -> tuple[str, ...]:
    """Return the names of the shipped policies, sorted."""
    files = list_shipped("policies")
    return tuple(
        sorted(
            name.removesuffix(".yaml") for name in files if name.endswith(".yaml") and not name.endswith(".test.yaml")
        )
    )


def shipped_text(name: str) -> bytes:
    """Return the bytes of a shipped policy's text."""
    return read_shipped("policies", f"{name}.yaml")


def find_policy(name: str | Path, search: Sequence[Path] = (), folder: Path | None = None) -> Source:
    """Return the text of a shipped policy or of a file.

    A name is a path if it contains a slash or ends with `.yaml` or `.yml`. A relative path is looked up in `folder`
    (default: the working directory), then in the folders of `search`. Raises PolicyError if the policy is missing or
    not UTF-8.
    """
    if isinstance(name, str) and name in shipped_names():
        return Source(f"{name}.yaml", shipped_text(name).decode())
    from pathlib import Path  # noqa: PLC0415 -- not needed for a shipped policy

    if isinstance(name, str) and not names_file(name):
        raise PolicyError([_unknown(name, is_file(Path(name) if folder is None else folder / name))])
    first = str(name) if folder is None else str(folder / name)
    others = [str(place / name) for place in search if _is_searched(name)]
    existing = next((place for place in (first, *others) if is_file(Path(place))), None)
    try:
        content = _decoded(_read(Path(existing or first)), quote_path(existing or first))
    except PolicyError as error:
        if existing is None and others:
            hint = (
                f"the folders of the policy path do not contain the file either: {', '.join(map(quote_path, search))}"
            )
            raise PolicyError(replace(problem, hint=hint) for problem in error.diagnostics) from None
        raise
    return Source(existing or first, content, existing or first)


def find_base(name: str, extending: Source, search: Sequence[Path] = ()) -> Source:
    """Return the text of a base. A relative path refers to the folder of the policy that extends the base."""
    from pathlib import Path  # noqa: PLC0415 -- not needed for a shipped policy

    if extending.path is not None:
        return find_policy(name, search, Path(extending.path).parent)
    if names_file(name) and name not in shipped_names():
        message = f"this policy is not in a file, so it cannot extend the file {quote(name)}"
        hint = (
            f"shipped policies: {', '.join(shipped_names())}; "
            "to extend a file, also give the path of the policy that extends the file"
        )
        raise PolicyError([Diagnostic("EXTENDS_NEEDS_FILE", message, hint=hint)])
    return find_policy(name)


def names_file(name: str) -> bool:
    """Return whether a name is the path of a file. Any other name is the name of a shipped policy."""
    return "/" in name or name.endswith(_ENDINGS)


def _is_searched(name: str | Path) -> bool:
    """Return whether a file with this name is searched for in the folders of the policy path (`--policy-path`).

    A name that begins with `/`, `./` or `../` is not searched for.
    """
    return isinstance(name, str) and not name.startswith(("/", "./", "../"))


def _unknown(name: str, is_file_name: bool) -> Diagnostic:
    names = shipped_names()
    hint = did_you_mean(name, names) or f"shipped policies: {', '.join(names)}; or give the path of a file"
    if is_file_name:
        hint = f"for the file with this name, write {quote(f'./{name}')}"
    return Diagnostic("POLICY_NOT_FOUND", f"unknown policy {quote(name)}", hint=hint)


def policy_source(text: str | bytes, path: str | Path | None = None) -> Source:
    """Return the source of a policy that is given as text.

    `path` is the path that the text has or will have. Relative paths in `extends` refer to the folder of this path.
    Raises PolicyError if the text is too large or not UTF-8.
    """
    try:
        content = text.encode() if isinstance(text, str) else text
    except UnicodeEncodeError as error:
        message = f"the policy text has a lone surrogate at character {error.start}"
        raise PolicyError([Diagnostic("POLICY_UNREADABLE", message)]) from None
    if len(content) > LARGEST_POLICY:
        raise _too_large("the policy text")
    decoded = _decoded(content, "the policy text")
    return Source("<text>", decoded) if path is None else Source(str(path), decoded, str(path))


def is_file(path: Path) -> bool:
    """Return whether a file exists at the path; false for a path that the system refuses."""
    try:
        return path.is_file()
    except OSError:
        return False


def read_text_file(path: Path) -> str:
    """Return the plain text of a test file.

    Raises PolicyError if the file cannot be read, is too large or is not UTF-8.
    """
    return plain_text(_decoded(_read(path), quote_path(path)))


def plain_text(text: str) -> str:
    """Return a text without its byte order mark, with each line break replaced by one line feed."""
    return text.removeprefix("\ufeff").replace("\r\n", "\n").translate(_LINE_BREAKS)


def _read(path: Path) -> bytes:
    label = quote_path(path)
    try:
        return read_regular(path, LARGEST_POLICY)
    except FileTooLargeError:
        raise _too_large(label) from None
    except OSError as error:
        message = f"{label} cannot be read: {reason_of(error)}"
        raise PolicyError([Diagnostic("POLICY_UNREADABLE", message)]) from None


def _too_large(label: str) -> PolicyError:
    message = f"{label} is larger than {LARGEST_POLICY // 1024} KiB"
    return PolicyError([Diagnostic("POLICY_TOO_LARGE", message)])


def _decoded(content: bytes, label: str) -> str:
    try:
        return content.decode()
    except UnicodeDecodeError as error:
        message = f"{label} is not UTF-8 at byte {error.start}"
        raise PolicyError([Diagnostic("POLICY_UNREADABLE", message)]) from None
