"""What people wrote for people, in a policy or about a host: kept where it names nothing that was masked.

It is judged by what was masked before it, so it comes last. A sentence in which a name cannot be replaced for
sure is masked whole; a name that an author chose (of a rule, a parameter, a code) becomes another one.
"""

from __future__ import annotations

import re
from collections.abc import Mapping

from evaluator.audit.pseudonyms import Pseudonyms
from evaluator.audit.spellings import SHORTEST_WORD, holds_address, normal
from evaluator.facts.address import parse_with_prefix
from evaluator.finding import FindingCode
from evaluator.policy.check import default_code
from evaluator.text import quote, visible

MASKED_PROSE = "masked"
_DIGITS = 10
_PIECE = re.compile(r"`[^`]*`|[^\s`{}'\"(),;=<>\[\]]+")
_ENDS = ".:"
_QUOTED = re.compile(r"`[^`]*`")
_QUOTATION = re.compile(r"`.*`", re.DOTALL)
_WORD_OF_LANGUAGE = re.compile(r"\{[^{}]*\}")


class Wording(Pseudonyms):
    """The pseudonyms of one record, and what they make of names that authors chose, and of sentences.

    Where the record is not whole, nobody knows what its sentences name.
    """

    def __init__(self, key: bytes, hints: Mapping[str, str], asked: str | None, *, is_whole: bool = True) -> None:
        self._of_several_words: set[str] = set()
        super().__init__(key, hints, asked)
        self._is_whole = is_whole
        self._identifiers: dict[str, str] = {}
        self._parameters: dict[str, str] = {}

    def identifier(self, text: str, hint: str) -> str:
        """Return a name that an author chose; as it is, unless it holds what was masked elsewhere."""
        if text not in self._identifiers:
            is_kept = not (self.gives_away(text) or holds_address(text))
            self._identifiers[text] = text if is_kept else f"{hint}-{self.code(text, _DIGITS)}"
        return self._identifiers[text]

    def parameter(self, name: str) -> str:
        """Do the same to the name of a parameter."""
        self._parameters[name] = self.identifier(name, "parameter").replace("-", "_")
        return self._parameters[name]

    def finding_code(self, code: str) -> str:
        """Do the same to the code of a finding; one that comes of a rule's name goes with it."""
        for name, shown in self._identifiers.items():
            if name != shown and default_code(name) == code:
                return default_code(shown)
        is_kept = code in list(FindingCode) or not self.gives_away(code)
        return code if is_kept else default_code(f"finding-{self.code(code, _DIGITS)}")

    def prose(self, text: str) -> str:
        """Return a sentence with what was masked elsewhere replaced; masked whole where that does not suffice."""
        found = _PIECE.sub(lambda match: self._piece(match.group()), text)
        is_sure = self._is_whole and not self._is_torn(text) and not self.gives_away(found)
        return found if is_sure or not found.strip() else MASKED_PROSE

    def template(self, text: str) -> str:
        """Do the same to a policy's message: words in braces stay, for findings list what they name."""
        words = [self._filled_in(word) for word in _WORD_OF_LANGUAGE.findall(text)]
        parts = [self.prose(part) for part in _WORD_OF_LANGUAGE.split(text)]
        found = "".join(part for pair in zip(parts, (*words, ""), strict=True) for part in pair)
        return " ".join((MASKED_PROSE, *words)) if MASKED_PROSE in parts else found

    def remark(self, text: str) -> str:
        """Return a sentence on the host's name: what it quotes is no part of the record and may be anything."""
        for part in text.split(quote(self._asked or "")):
            for quotation in _QUOTATION.findall(part):
                self.text(quotation[1:-1])
        return self.prose(text)

    def gives_away(self, text: str) -> bool:
        """Tell whether a text holds an original of three characters or more, in whatever spelling."""
        searched = normal(text)
        return any(original in searched for original in self._telling)

    def _remember(self, text: str, masked: str) -> str:
        if masked != text and len(text) >= SHORTEST_WORD and (not _PIECE.fullmatch(text) or text[-1] in _ENDS):
            self._of_several_words.update((normal(text), normal(visible(text))))
        return super()._remember(text, masked)

    def _is_torn(self, text: str) -> bool:
        """Tell whether a part of an original would be replaced and the rest of it left: one outside of quotes."""
        rest = normal(_QUOTED.sub(lambda match: "`" if match.group()[1:-1] in self._shown else match.group(), text))
        return any(original in rest for original in self._of_several_words)

    def _filled_in(self, word: str) -> str:
        """Return a word in braces; parameters may have got other names."""
        return f"{{{self._parameters.get(word[1:-1], word[1:-1])}}}"

    def _piece(self, piece: str) -> str:
        if piece.startswith("`"):
            return f"`{self._quoted(piece[1:-1])}`"
        word = piece.rstrip(_ENDS)
        return self._word(word) + piece[len(word) :]

    def _quoted(self, text: str) -> str:
        """Mask what stands in backticks: a name as it is shown, or a part of the language."""
        if text in self._shown:
            return self._shown[text]
        if text.endswith("…"):
            return self.text(text)
        return re.sub(r"[^\s'\"(),;=]+", lambda match: self._word(match.group()), text)

    def _word(self, word: str) -> str:
        is_told_apart = len(word) >= SHORTEST_WORD or (len(word) > 1 and not word.isalpha())
        if word in self._shown and is_told_apart:
            return self._shown[word]
        has_form = ":" in word or "." in word or "/" in word
        return self._of_a_form(word) if has_form or holds_address(word) else word

    def _of_a_form(self, word: str) -> str:
        try:
            parse_with_prefix(word)
        except ValueError:
            return self.text(word) if holds_address(word) else word
        return self.address(word)
