"""Faults in policies, in the compiler and in the translation: each is found by the legs that the table names."""

from collections import Counter

import pytest

from tests.verify.planted import LEGS, ROOT, faults, found_by, table


@pytest.mark.volume
def test_each_fault_is_found_by_the_legs_of_its_row_and_by_no_other():
    assert {fault.name: found_by(fault) for fault in faults()} == {fault.name: fault.found_by for fault in faults()}


def test_there_are_enough_faults_and_each_leg_is_needed():
    kinds = Counter(fault.kind for fault in faults())
    assert kinds["policy"] >= 10
    assert kinds["compiler"] >= 5
    assert kinds["translation"] >= 5
    assert all(fault.found_by for fault in faults())
    assert {leg for fault in faults() for leg in fault.found_by} == set(LEGS)


def test_the_docs_have_the_table():
    assert table(lambda fault: fault.found_by) in (ROOT / "docs/verify.md").read_text(encoding="utf-8")
