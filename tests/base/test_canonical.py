"""Canonical JSON: the fast way and the library's way write one text, and raise the same errors."""

from __future__ import annotations

import pytest
import rfc8785
from hypothesis import given
from hypothesis import strategies as st

from evaluator.base.json_values import canonical
from tests.support.untyped import untyped

KEYS = st.one_of(
    st.text(max_size=4), st.sampled_from(["\U0001d4b3", "\uffff", "a\U0001d4b3", "1", "\x7f", "\u2028", "\\"])
)
SCALARS = st.one_of(
    st.none(),
    st.booleans(),
    st.integers(),
    st.floats(),
    KEYS,
    st.sampled_from([2**53 - 1, 2**53, -(2**53), 1.0, -0.0, 1e21, "1234567890123456", "\ud800", "\b\x1f"]),
)
VALUES = st.recursive(
    SCALARS,
    lambda inner: st.one_of(
        st.lists(inner, max_size=4),
        st.lists(inner, max_size=2).map(tuple),
        st.dictionaries(KEYS, inner, max_size=5),
        st.dictionaries(st.integers(0, 9), inner, max_size=1),
    ),
    max_leaves=12,
)


@given(value=VALUES)
def test_one_text_or_one_error(value: object) -> None:
    try:
        expected = rfc8785.dumps(untyped(value))
    except Exception as error:
        with pytest.raises(type(error)):
            canonical(value)
    else:
        assert canonical(value) == expected
