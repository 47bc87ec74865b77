"""Five thousand seeded cases: production's document is the reference's, byte for byte (tests/equality.py).

`make long` compares more than a million.
"""

from __future__ import annotations

import pytest

from tests.equality import GUISES, compare
from tests.support.random_hosts import TOOLS

pytestmark = pytest.mark.volume
CASES = 5_000


def test_production_gives_the_document_of_the_reference() -> None:
    met = compare(0, CASES)
    statuses = ("resolved", "rejected", "ambiguous", "no_match")
    assert all(met[status] > CASES // 100 for status in statuses)
    assert all(met[f"{tool} {guise}"] > CASES // 100 for tool in TOOLS for guise in GUISES)
