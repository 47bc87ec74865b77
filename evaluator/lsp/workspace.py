"""The texts that the server knows: open texts of the editor, policies and tests on the disk, and shipped policies.

The text in the editor takes precedence over the file. So an unsaved change of a base already has an effect on the
policies that extend the base. A file is read again if its modification time or its size has changed.
"""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path

from msgspec.structs import replace

from evaluator.base.diagnostic import PolicyError
from evaluator.base.files import read_regular
from evaluator.base.shipped import shipped_path
from evaluator.base.source import Source
from evaluator.lsp.document import Document, Kind
from evaluator.policy.source.chain import MOST_LEVELS
from evaluator.policy.source.find import LARGEST_POLICY, find_base, find_policy, is_file, names_file, shipped_names

_ENDINGS = (".yaml", ".yml")
_MOST_FILES = 2000
_MOST_FOLDERS = 5000


class Workspace:
    """All known texts. `folders` are the folders of the editor, `search` the folders in which policies are searched."""

    def __init__(self, folders: Sequence[Path] = (), search: Sequence[Path] = ()) -> None:
        self.folders = tuple(folders)
        self.search = tuple(search)
        self._open: dict[str, Document] = {}
        self._on_disk: dict[str, tuple[tuple[int, int], Document]] = {}
        self._files: tuple[Path, ...] | None = None

    @property
    def open_documents(self) -> tuple[Document, ...]:
        """The texts that the editor has open."""
        return tuple(self._open.values())

    def open(self, document: Document) -> None:
        """Store a text of the editor."""
        self._open[document.key] = document

    def close(self, key: str) -> None:
        """Remove a text of the editor. The file of this text is used again."""
        self._open.pop(key, None)

    def refresh(self) -> None:
        """Forget which files the folders contain, because files were created or removed.

        `documents` then reads the folders again.
        """
        self._files = None

    def document(self, key: str) -> Document | None:
        """Return the text with this key from the editor, else from its file; None if the file cannot be read."""
        return self._open.get(key) or self._file(Path(key))

    def documents(self) -> tuple[Document, ...]:
        """Return all policies and tests in the folders and in the editor, each once, sorted by key."""
        if self._files is None:
            self._files = tuple(_yaml_files(self.folders))
        found = {document.key: document for document in self.open_documents}
        for path in self._files:
            document = self._open.get(key_of(path)) or self._file(path)
            if document is not None:
                found[document.key] = document
        return tuple(found[key] for key in sorted(found) if found[key].kind is not Kind.OTHER)

    def find(self, name: str, extending: Source) -> Source:
        """Return the text of a base. Raises PolicyError if the base is missing."""
        if extending.path is not None and names_file(name) and name not in shipped_names():
            path = Path(extending.path).parent / name
            document = self._open.get(key_of(path))
            if document is not None:
                return Source(str(path), document.raw, str(path))
        return self._current(find_base(name, extending, self.search))

    def find_for_test(self, name: str, folder: Path) -> Source:
        """Return the text of the policy that a test names. Raises PolicyError if the policy is missing."""
        path = folder / name
        if names_file(name) and (key_of(path) in self._open or is_file(path)):
            return self.find(name, Source("", "", str(folder / "test")))
        return self._current(find_policy(name, self.search))

    def _current(self, source: Source) -> Source:
        """Return the source with the text in the editor, if the editor has the file open."""
        document = None if source.path is None else self._open.get(key_of(Path(source.path)))
        return source if document is None else replace(source, text=document.raw)

    def chain(self, document: Document) -> tuple[Document, ...]:
        """Return the texts of a policy and its bases. Each text extends the text before it; the policy is last.

        If a base is missing, the result begins with the text that extends this base.
        """
        chain = [document]
        while len(chain) <= MOST_LEVELS:
            name = chain[-1].outline.text("extends")
            base = self.policy(chain[-1], name)
            if base is None or any(base.key == other.key for other in chain):
                break
            chain.append(base)
        return tuple(reversed(chain))

    def policy(self, document: Document, reference: str) -> Document | None:
        """Return the policy that a text names: by `extends` in a policy, by `policy` in a test."""
        if not reference:
            return None
        if document.kind is Kind.TEST:
            return self._found(lambda: self.find_for_test(reference, document.folder))
        return self._found(lambda: self.find(reference, document.source))

    def _found(self, find: Callable[[], Source]) -> Document | None:
        try:
            return document_of(find())
        except PolicyError:
            return None

    def _file(self, path: Path) -> Document | None:
        try:
            status = path.stat()
            stamp = (status.st_mtime_ns, status.st_size)
            known = self._on_disk.get(str(path))
            if known is None or known[0] != stamp:
                text = read_regular(path, LARGEST_POLICY).decode()
                known = stamp, Document(key_of(path), text, str(path))
                self._on_disk[str(path)] = known
        except (OSError, ValueError):  # also a path with a NUL, or a text that is not UTF-8
            return None
        return known[1]


def key_of(path: Path) -> str:
    """Return the key of a file: its absolute path without symbolic links."""
    try:
        return str(path.resolve())
    except (OSError, ValueError, RuntimeError):  # a loop of links, or a NUL
        return str(path)


def document_of(source: Source) -> Document:
    """Return a source as a document. The key of a shipped text is the path of its file in this installation."""
    if source.path is not None:
        return Document(key_of(Path(source.path)), source.text, source.path)
    path = shipped_path("policies", source.name)
    return Document(source.name if path is None else key_of(Path(path)), source.text)


def is_shipped(document: Document) -> bool:
    """Return whether a text is a file of this installation. Such a file must not be changed."""
    folder = shipped_path("policies", "")
    return folder is not None and Path(document.key).parent == Path(key_of(Path(folder)))


def _yaml_files(folders: Sequence[Path]) -> Iterator[Path]:
    """Yield the YAML files below some folders, except in hidden folders, up to a limit."""
    files = visited = 0
    for folder in folders:
        for parent, below, names in os.walk(folder):
            below[:] = sorted(name for name in below if not name.startswith("."))
            visited += 1
            for name in sorted(names):
                if name.endswith(_ENDINGS) and not name.startswith("."):
                    files += 1
                    yield Path(parent, name)
            if files > _MOST_FILES or visited > _MOST_FOLDERS:
                return
