"""Broken policy texts: no crash, no hang, no diagnostic without a place, the laws of fixes. `make long` has more."""

from __future__ import annotations

import pytest

from tests.support.broken_policies import broken_texts, try_text


@pytest.mark.volume
@pytest.mark.parametrize("seed", range(6))
def test_broken_policies(seed: int) -> None:
    for number, text in enumerate(broken_texts(400, seed)):
        try:
            try_text(text)
        except Exception as error:
            raise AssertionError(f"seed {seed}, text {number}: {text!r}") from error


def test_equal_seeds_give_equal_texts() -> None:
    texts = list(broken_texts(50, 3))
    assert texts == list(broken_texts(50, 3))
    assert texts != list(broken_texts(50, 4))
