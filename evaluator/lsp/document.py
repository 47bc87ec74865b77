"""One text in an editor or on the disk: a policy, a policy test or another file.

The text in an editor can have a byte order mark and any line ends. The parser reads the text without them
(`plain_text`). Every function of this package uses the plain text, and `Document` converts the offsets.
"""

from __future__ import annotations

import re
from bisect import bisect_left
from enum import Enum
from pathlib import Path

from msgspec import Struct

from evaluator.base.cached_property import cached_property
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
    """The kind of a text. A file that is neither a policy nor a policy test gets no diagnostics."""

    POLICY = "policy"
    TEST = "policy-test"
    OTHER = "other"

    @property
    def schema(self) -> str:
        """The name of the JSON Schema for this kind.

        For OTHER, it is `policy`, because a new file can become a policy.
        """
        return Kind.POLICY.value if self is Kind.OTHER else self.value


class Document(Struct, frozen=True, dict=True):
    """A text. `key` identifies it: the path of its file with all symbolic links resolved, or the URI if it has no file.

    `path` is the path of the file as the editor or another policy writes it. `raw` is the text itself.
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
        """The kind of the text: a policy, a policy test or other."""
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
        """The raw text as a source for the checker. The digest of the raw text is the digest of the file."""
        return Source(self.name, self.raw, self.path)

    @cached_property
    def outline(self) -> Outline:
        """The values of the text with their places. Parts that cannot be read are left out."""
        return read_outline(self.text)

    @property
    def folder(self) -> Path:
        """The folder to which relative paths refer."""
        return Path() if self.path is None else Path(self.path).parent

    @cached_property
    def _ends(self) -> list[int]:
        return raw_ends(self.raw)

    def raw_offset(self, offset: int) -> int:
        """Convert an offset in the plain text to an offset in the raw text."""
        return self._ends[min(max(offset, 0), len(self._ends) - 1)]

    def plain_offset(self, offset: int) -> int:
        """Convert an offset in the raw text to an offset in the plain text."""
        return min(bisect_left(self._ends, offset), len(self._ends) - 1)

    def raw_edits(self, edits: tuple[TextEdit, ...]) -> tuple[TextEdit, ...]:
        """Convert edits of the plain text to edits of the raw text."""
        return tuple(in_raw(self.raw, edits))
