"""One text in an editor or on the disk: a policy, a policy test or another file.

Editors have the text of the file as it is: with a byte order mark, and with any line ends. The parser reads a plain
text (`plain_text`). Every function of this package works on the plain text; a document converts the offsets.
"""

from __future__ import annotations

import re
from bisect import bisect_left
from enum import Enum
from functools import cached_property
from pathlib import Path

from msgspec import Struct

from evaluator.base.fix import TextEdit
from evaluator.base.source import Source
from evaluator.lsp.outline import Outline, read_outline
from evaluator.policy.source.find import plain_text
from evaluator.policy.source.folder import TEST_SUFFIX
from evaluator.workbench.raw_text import in_raw, raw_ends

_POLICY_KEY = re.compile(r'^(?:\{[ \t]*)?["\']?(?:policy|extends)["\']?[ \t]*:', re.MULTILINE)
_RULE_KEY = re.compile(r'^[ \t-]+["\']?rule["\']?[ \t]*:', re.MULTILINE)
_TESTS_KEY = re.compile(r'^["\']?tests["\']?[ \t]*:', re.MULTILINE)


class Kind(Enum):
    """What a text is. A file of another kind gets no diagnostics, because it is not ours."""

    POLICY = "policy"
    TEST = "policy-test"
    OTHER = "other"

    @property
    def schema(self) -> str:
        """The name of the JSON Schema of such a text; a new file can become a policy."""
        return Kind.POLICY.value if self is Kind.OTHER else self.value


class Document(Struct, frozen=True, dict=True):
    """A text and its identity: `key` is the resolved path of its file, or the URI of a text without a file.

    `path` is the path by which the editor or another file names it. `raw` is the text of the file.
    """

    key: str
    raw: str
    path: str | None = None

    @cached_property
    def text(self) -> str:
        """The plain text."""
        return plain_text(self.raw)

    @cached_property
    def kind(self) -> Kind:
        """Whether the text is a policy or a policy test."""
        name = self.path or self.key
        if name.endswith((TEST_SUFFIX, ".test.yml")):
            return Kind.TEST
        if _POLICY_KEY.search(self.text):
            return Kind.TEST if _TESTS_KEY.search(self.text) else Kind.POLICY
        return Kind.POLICY if _RULE_KEY.search(self.text) else Kind.OTHER

    @property
    def name(self) -> str:
        """The name of the text in messages."""
        return self.path or self.key

    @cached_property
    def source(self) -> Source:
        """The text as a source of the checker, with the raw text, whose digest is that of the file."""
        return Source(self.name, self.raw, self.path)

    @cached_property
    def outline(self) -> Outline:
        """The values of the text with their places; as much of them as can be read."""
        return read_outline(self.text)

    @property
    def folder(self) -> Path:
        """The folder in which relative paths begin."""
        return Path() if self.path is None else Path(self.path).parent

    @cached_property
    def _ends(self) -> list[int]:
        return raw_ends(self.raw)

    def raw_offset(self, offset: int) -> int:
        """Return the offset in the raw text of an offset in the plain text."""
        return self._ends[min(max(offset, 0), len(self._ends) - 1)]

    def plain_offset(self, offset: int) -> int:
        """Return the offset in the plain text of an offset in the raw text."""
        return min(bisect_left(self._ends, offset), len(self._ends) - 1)

    def raw_edits(self, edits: tuple[TextEdit, ...]) -> tuple[TextEdit, ...]:
        """Return edits of the plain text as edits of the raw text."""
        return tuple(in_raw(self.raw, edits))
