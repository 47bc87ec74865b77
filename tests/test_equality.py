"""A hundred thousand seeded cases: production's document is the reference's, byte for byte (tests/equality.py).

`make long` compares millions.
"""

from __future__ import annotations

import pytest

from tests.equality import compare

CHUNKS = 20
CASES = 5_000


@pytest.mark.parametrize("seed", [0, *(pytest.param(seed, marks=pytest.mark.volume) for seed in range(1, CHUNKS))])
def test_production_says_what_the_reference_says(seed: int) -> None:
    met = compare(seed, CASES)
    statuses = ("resolved", "rejected", "ambiguous", "no_match")
    assert met["SwiftReport"] > CASES // 2  # the front path is what is compared
    assert all(met[status] > CASES // 100 for status in (*statuses, "Report"))
