"""Offsets and positions of the protocol: any line end, any code unit, and positions outside of the text."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from evaluator.lsp.document import Document
from evaluator.lsp.positions import Positions
from evaluator.policy.source.find import plain_text

TEXTS = st.text(st.sampled_from("ab \n\r\t\u2028\x85\x0c\ufeffé🙂\ud800"), max_size=30)


def utf16(text: str) -> int:
    return len(text.encode("utf-16-le", "surrogatepass")) // 2


def utf8(text: str) -> int:
    return len(text.encode("utf-8", "surrogatepass"))


@pytest.mark.parametrize(
    ("text", "offset", "position"),
    [
        ("", 0, (0, 0)),
        ("ab", 2, (0, 2)),
        ("a\nb", 2, (1, 0)),
        ("a\r\nb", 3, (1, 0)),
        ("a\rb", 2, (1, 0)),
        ("a\r\r\nb", 4, (2, 0)),
        ("a\u2028\x85\x0cb", 4, (0, 4)),
        ("🙂b", 1, (0, 2)),
        ("\ufeffa", 1, (0, 1)),
        ("a\n", 2, (1, 0)),
    ],
)
def test_positions(text: str, offset: int, position: tuple[int, int]) -> None:
    positions = Positions(text, utf16)
    assert positions.position(offset) == position
    assert positions.offset(*position) == offset


@pytest.mark.parametrize(
    ("position", "offset"), [((0, 99), 2), ((1, 99), 5), ((2, 0), 5), ((99, 99), 5), ((0, 1), 1), ((1, 1), 4)]
)
def test_a_position_outside_of_a_text(position: tuple[int, int], offset: int) -> None:
    assert Positions("ab\n🙂x", utf16).offset(*position) == offset


@given(text=TEXTS, units=st.sampled_from([len, utf8, utf16]), data=st.data())
def test_there_and_back(text, units, data) -> None:
    positions = Positions(text, units)
    offset = data.draw(st.integers(0, len(text)))
    is_inside_line_end = text[offset - 1 : offset + 1] == "\r\n" and offset
    assert positions.offset(*positions.position(offset)) == offset - bool(is_inside_line_end)


@given(text=TEXTS, data=st.data())
def test_plain_and_raw_offsets(text, data) -> None:
    document = Document("key", text)
    assert document.text == plain_text(text)
    offset = data.draw(st.integers(0, len(document.text)))
    assert document.plain_offset(document.raw_offset(offset)) == offset
    assert plain_text(text[document.raw_offset(0) : document.raw_offset(offset)]) == document.text[:offset] or (
        document.text[:offset].startswith("\ufeff")
    )
