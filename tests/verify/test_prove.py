"""Proofs for every host: the built-in properties of the shipped policies, and faults that break them."""

import pytest

from evaluator import load_policy
from evaluator.verify.property import BUILT_IN, Claim, Unchanged
from evaluator.verify.prove import prove

STATEMENTS = {one.name: one.statement for one in BUILT_IN if isinstance(one.statement, Claim | Unchanged)}
TEXT = load_policy("strict").text
FAULTS = {
    "the lower interface wins": ("other above nic", "other below nic", "top-of-stack"),
    "a bridge is allowed": ("nic is bridge and", "nic is bond and", "not-over-a-bridge"),
    "every interface matches": ("nic.addresses overlaps host.addresses", "nic is not loopback", "owns-host-address"),
    "bridges never match": (
        "overlaps host.addresses",
        "overlaps host.addresses and nic is not bridge",
        "owner-is-found",
    ),
    "answers are counted": ("count(candidates) > 1", "count(host.addresses) > 1", "unowned-answer-changes-nothing"),
    "interfaces are counted": ("count(candidates) > 1", "count(interfaces) > 4", "separate-interface-changes-nothing"),
}


def proved(text: str, name: str, seconds: float) -> bool:
    return prove(load_policy(text=text).program, STATEMENTS[name], {}, seconds).is_proved


@pytest.mark.parametrize("name", STATEMENTS)
def test_every_property_of_strict_is_proved(name):
    assert proved(TEXT, name, 60)


@pytest.mark.parametrize(("old", "new", "name"), FAULTS.values(), ids=FAULTS)
def test_a_fault_leaves_its_property_without_proof(old, new, name):
    assert old in TEXT
    assert not proved(TEXT.replace(old, new), name, 0.3)
