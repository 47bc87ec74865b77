"""The canonical form of a sentence of the rule language: its spaces, its quotes and its line breaks.

The sentence is read as tokens, never as checked rules. So a sentence with an unknown word is formatted too, and the
author's parentheses are not changed. The tokens become a tree with five kinds of parts:

- A chain: conditions that are joined by `and`, or conditions that are joined by `or`. A new line may begin before each
  of these words.
- A quantifier with its condition, such as `some x in LIST satisfies CONDITION`. The condition may begin a new line.
- A beginning with its condition: `match nic when CONDITION` or `not CONDITION`. They stay on one line.
- A condition in parentheses. It is broken in the same way as a condition without parentheses.
- Any other text. It is never broken.

If a part fits into the rest of the line, it is written on this line. If not, it gets line breaks at its outermost
chain. For example, `a and b or c` is a chain of `a and b` and `c`, because `or` binds less tightly. So it gets a line
break before `or`. It gets a line break before `and` only if `a and b` alone is too long for a line. Each further line
is indented by two columns more than the first line. This is the usual greedy layout of pretty printers (Oppen). The
result does not depend on the line breaks of the input, so formatting a formatted sentence changes nothing.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence

from msgspec import Struct

from evaluator.policy.syntax.mistake import Piece

WIDTH = 100
_STEP = 2
_OPEN, _CLOSE = ("(", "["), (")", "]")
_WORDS = ("AND", "OR", "NOT")
_CONNECTIVES = {"OR": 0, "AND": 1}  # the loosest connective first


class _Leaf(Struct, frozen=True):
    """A text that is always on one line."""

    text: str


class _Head(Struct, frozen=True):
    """A text and the part that follows it, such as `not` and a condition."""

    text: str
    body: _Part


class _Quantifier(Struct, frozen=True):
    """`some x in LIST satisfies` and its condition. If both together are too long, the condition begins a new line."""

    text: str
    body: _Part


class _Group(Struct, frozen=True):
    """A condition in parentheses."""

    body: _Part


class _Chain(Struct, frozen=True):
    """Conditions joined by `and` or by `or`."""

    word: str
    parts: tuple[_Part, ...]


_Part = _Leaf | _Head | _Quantifier | _Group | _Chain
_Read = Callable[[], _Part]


def lay_out(pieces: Sequence[Piece], first_column: int, indent: int) -> list[str]:
    """Return the lines of a sentence or condition.

    `first_column` is the column of the first line. Further lines begin two columns to the right of the column `indent`.
    """
    when = next((at for at, piece in enumerate(pieces) if piece.text == "when"), None)
    start = 0 if when is None else when + 1
    body = _Reader(pieces[start:]).condition()
    head = " ".join(piece.text for piece in pieces[:start])
    sentence = _Head(head, body) if head else body
    return _lines(sentence, first_column, indent)


class _Reader:
    """Reads the tokens of a valid condition. The rules are the same as in grammar.lark."""

    def __init__(self, pieces: Sequence[Piece]) -> None:
        self._pieces = pieces
        self._at = 0

    def condition(self) -> _Part:
        """Read `a or b or c`, where each part may be a chain of `and`."""
        return self._chain("OR", lambda: self._chain("AND", self._single))

    def _chain(self, kind: str, read: _Read) -> _Part:
        parts = [read()]
        while self._kind() == kind:
            self._at += 1
            parts.append(read())
        return _Chain(kind.lower(), tuple(parts)) if len(parts) > 1 else parts[0]

    def _single(self) -> _Part:
        kind = self._kind()
        if kind == "NOT":
            self._at += 1
            return _Head("not", self._single())
        if kind == "QUANTIFIER":
            return self._quantified()
        if self._text() == "(":
            self._at += 1
            body = self.condition()
            self._at += 1
            return _Group(body)
        return _Leaf(self._flat_until_end())

    def _quantified(self) -> _Part:
        start = self._at
        while self._text() != "satisfies":
            self._at += 1
        self._at += 1
        return _Quantifier(flat(self._pieces[start : self._at]), self.condition())

    def _flat_until_end(self) -> str:
        """Read a relation. The relation ends before the next `and`, `or` or closing parenthesis on the same level."""
        start, depth = self._at, 0
        while self._at < len(self._pieces):
            text = self._text()
            if depth == 0 and (self._kind() in _CONNECTIVES or text in _CLOSE):
                break
            depth += (text in _OPEN) - (text in _CLOSE)
            self._at += 1
        return flat(self._pieces[start : self._at])

    def _kind(self) -> str:
        return self._pieces[self._at].kind if self._at < len(self._pieces) else ""

    def _text(self) -> str:
        return self._pieces[self._at].text if self._at < len(self._pieces) else ""


def flat(pieces: Sequence[Piece]) -> str:
    """Return tokens as one line, with a space between two tokens if it is usual there."""
    written: list[str] = []
    for before, piece in zip((None, *pieces), pieces, strict=False):
        if before is not None and _has_space(before, piece):
            written.append(" ")
        written.append(_spelled(piece))
    return "".join(written)


def _has_space(before: Piece, piece: Piece) -> bool:
    if piece.text in (")", "]", ",", ".") or before.text in ("(", "[", "."):
        return False
    return not (piece.text == "(" and before.kind == "NAME")  # a call


def _spelled(piece: Piece) -> str:
    """Return the canonical spelling of a token: `and` for `&&`, "x" for 'x' (unless x contains a double quote)."""
    if piece.kind in _WORDS:
        return piece.kind.lower()
    if piece.kind == "STRING" and '"' not in piece.text:
        return f'"{piece.text[1:-1]}"'
    return piece.text


def _flat(part: _Part) -> str:
    match part:
        case _Leaf(text=text):
            return text
        case _Head(text=text, body=body) | _Quantifier(text=text, body=body):
            return f"{text} {_flat(body)}"
        case _Group(body=body):
            return f"({_flat(body)})"
        case _Chain(word=word, parts=parts):
            return f" {word} ".join(map(_flat, parts))


def _lines(part: _Part, column: int, indent: int) -> list[str]:
    """Return the lines of a part: one line if the part fits, else several. The first line begins at `column`."""
    on_one_line = _flat(part)
    if column + len(on_one_line) <= WIDTH or isinstance(part, _Leaf):
        return [on_one_line]
    match part:
        case _Head(text=text, body=body):
            first, *others = _lines(body, column + len(text) + 1, indent)
            return [f"{text} {first}", *others]
        case _Quantifier(text=text, body=body):
            deeper = indent + _STEP
            first, *others = _lines(body, deeper, deeper)
            return [text, " " * deeper + first, *others]
        case _Group(body=body):
            first, *others = _lines(body, column + 1, indent)
            *others, last = ["(" + first, *others]
            return [*others, last + ")"]
        case _Chain(word=word, parts=parts):
            deeper = indent + _STEP
            lines = _lines(parts[0], column, deeper)
            for one in parts[1:]:
                first, *others = _lines(one, deeper + len(word) + 1, deeper)
                lines += [f"{' ' * deeper}{word} {first}", *others]
            return lines
