"""Parameters: values from texts and from Python by their declared types, and what is wrong with them."""

from __future__ import annotations

from typing import Any

import pytest

import evaluator
from evaluator import PolicyError
from evaluator.facts.address import parse_address, parse_cidr
from evaluator.policy.parameters import bind, parse_assignments

PROGRAM = evaluator.load_policy(
    text="""\
policy: mine
parameters:
  server: {type: address, description: a server}
  network: {type: cidr, default: 10.0.0.0/8, description: a network}
  flag: {type: boolean, default: false, description: a flag}
  number: {type: integer, default: 1, description: a number}
  names: {type: [string], default: [], description: names}
rules:
  - name: all
    rule: |
      match nic when nic.name in names or flag or number = 1 or server in nic.addresses or
      (some a in nic.addresses satisfies a in network)
"""
).program
NONE = evaluator.load_policy(text="policy: none\nrules:\n  - {name: a, rule: match nic when nic is up}\n").program


def test_texts_become_values_of_their_types() -> None:
    texts = ["server=192.0.2.1", "network=192.0.2.0/24", "flag=true", "number=-12", "names=a=b,c"]
    assert parse_assignments(PROGRAM, texts) == {
        "server": parse_address("192.0.2.1"),
        "network": parse_cidr("192.0.2.0/24"),
        "flag": True,
        "number": -12,
        "names": ("a=b", "c"),
    }
    assert parse_assignments(PROGRAM, ["names=", "flag=false", f"number={'9' * 18}"]) == {
        "names": (),
        "flag": False,
        "number": 10**18 - 1,
    }


@pytest.mark.parametrize(
    ("texts", "code", "words"),
    [
        (["number"], "PARAMETER_INVALID", ["`number`", "`name=value`"]),
        (["number=1", "number=2"], "PARAMETER_INVALID", ["`number`", "twice"]),
        (["number=１"], "PARAMETER_INVALID", ["`number`", "`１`", "integer"]),
        ([f"number={'9' * 19}"], "PARAMETER_INVALID", ["`number`", "integer"]),
        (["flag=True"], "PARAMETER_INVALID", ["`flag`", "true", "false", "`True`"]),
        (["server=192.0.2.999"], "PARAMETER_INVALID", ["`server`", "IP address", "`192.0.2.999`"]),
        (["network=192.0.2.1/24"], "PARAMETER_INVALID", ["`network`", "`192.0.2.1/24`", "(", "host bits"]),
        (["network=x"], "PARAMETER_INVALID", ["`network`", "`x`"]),
        (["nunber=1"], "PARAMETER_UNKNOWN", ["`nunber`", "hint", "`number`"]),
        (["zzz=1"], "PARAMETER_UNKNOWN", ["`zzz`", "`flag`, `names`, `network`, `number`, `server`"]),
    ],
)
def test_a_text_that_does_not_fit(texts: list[str], code: str, words: list[str]) -> None:
    with pytest.raises(PolicyError) as error:
        parse_assignments(PROGRAM, texts)
    (problem,) = error.value.diagnostics
    assert problem.code == code
    shown = f"{problem.message} hint: {problem.hint}"
    assert all(word in shown for word in words), shown


def test_a_policy_without_parameters_has_none() -> None:
    with pytest.raises(PolicyError) as error:
        parse_assignments(NONE, ["zzz=1"])
    assert error.value.diagnostics[0].hint == "the policy has no parameters"


@pytest.mark.parametrize(
    ("given", "codes", "words"),
    [
        ({}, ["PARAMETER_MISSING"], ["`mine`", "`server`", "(address)", "a server"]),
        ({"server": "192.0.2.1", "names": "a"}, ["PARAMETER_INVALID"], ["`names`", "list of string"]),
        ({"server": "192.0.2.1", "number": True}, ["PARAMETER_INVALID"], ["`number`", "integer"]),
        ({"server": "192.0.2.1", "number": 10**18}, ["PARAMETER_INVALID"], ["`number`", "18 digits"]),
        ({"server": 5, "more": 1}, ["PARAMETER_INVALID", "PARAMETER_UNKNOWN"], ["`server`", "`more`"]),
    ],
)
def test_a_value_that_does_not_fit(given: dict[str, Any], codes: list[str], words: list[str]) -> None:
    with pytest.raises(PolicyError) as error:
        bind(PROGRAM, given)
    problems = error.value.diagnostics
    assert sorted(problem.code for problem in problems) == codes
    shown = " ".join(f"{problem.message} {problem.hint}" for problem in problems)
    assert all(word in shown for word in words), shown


def test_what_is_not_given_has_its_default() -> None:
    address = parse_address("192.0.2.1")
    assert bind(PROGRAM, {"server": address, "number": None, "names": ["a"]}) == {
        "server": address,
        "network": parse_cidr("10.0.0.0/8"),
        "flag": False,
        "number": 1,
        "names": ("a",),
    }
