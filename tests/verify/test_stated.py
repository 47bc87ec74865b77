"""The claims and expectations of a policy test file, and their mistakes."""

import pytest

from evaluator import load_policy
from evaluator.base.diagnostic import PolicyError
from evaluator.base.source import Source
from evaluator.verify.prove import prove
from evaluator.verify.stated import read_stated

PROGRAM = load_policy("strict").program
TESTS = "policy: strict\n{}\ntests: [{{name: a, given: ens1, want: no_match}}]\n"


def stated(text):
    return read_stated(Source("a.test.yaml", TESTS.format(text)), PROGRAM)


@pytest.mark.parametrize(
    ("text", "is_proved"),
    [
        ("always: answer is unknown or answer in owners", True),
        ("never: answer is known and answer not in owners", True),
        ('never: answer is known and status = "ambiguous"', True),
        ('always: status = "resolved" or status = "no_match"', False),
        ('never: answer is known and answer.name like "docker*"', False),
        ('never: answer is known and answer.name like "a*" and answer.name like "b*"', True),
        ('never: some a in host.addresses satisfies a in cidr("10.0.0.0/8") and a is ipv6', True),
    ],
)
def test_a_claim_is_proved_or_not(text, is_proved):
    (one,) = stated(text.replace('"', '"')).properties
    assert prove(PROGRAM, one.statement, {}, 1).is_proved is is_proved


def test_claims_have_numbers_and_expectations_have_reasons():
    text = "always: [count(candidates) < 2, count(owners) = 0]\nproperties: {always-1: {expect: false, because: two}}"
    read = stated(text)
    assert [one.name for one in read.properties] == ["always-1", "always-2"]
    assert (read.expectations["always-1"].is_true, read.expectations["always-1"].because) == (False, "two")


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("always: answer in owners", "`answer` may be unknown"),
        ("always: nic is bridge", "nic"),
        ("always: stauts = 1", "unknown word `stauts`"),
        ("properties: {one-canidate: {expect: false}}", "unknown property `one-canidate`"),
        ("properties: {one-candidate: false}", "object"),
    ],
)
def test_mistakes_have_a_place(text, message):
    with pytest.raises(PolicyError) as error:
        stated(text)
    assert message in str(error.value.diagnostics[0]).splitlines()[0]
    assert "a.test.yaml:2:" in str(error.value.diagnostics[0])
