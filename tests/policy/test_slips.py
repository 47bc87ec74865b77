"""One slip in each place of a small policy, and in each word of some rules, with the first diagnostics: `slips.txt`.

A slip removes, doubles or replaces a word, or inserts a character. Most make a mistake, some make another valid policy.
After a change, `python -m tests.policy.test_slips` writes the file again. Check the difference by eye.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path

import pytest

from evaluator import PolicyError
from evaluator.base.source import Source
from evaluator.policy.load import read_program

TOLD = Path(__file__).with_name("slips.txt")
POLICY = """\
policy: small
description: a rule, and a warning
parameters:
  net:
    type: string
    default: "mgmt"
  ids: {type: [integer], default: [1, 2]}
conditions:
  tagged: nic.vlan_id is known
rules:
  - name: owner
    rule: |
      match nic
      when nic.addresses overlaps host.addresses
  - name: warned
    rule: warn nic when nic is tagged and net in nic.networks
    code: TAGGED
    severity: info
    message: '{nic.name} is tagged'
    hint: look at {nic.vlan_id}
"""
CHARACTERS = ("\t", " ", "-", ":", "#", "'", '"', "{", "]", "*", "|", "\u00a0", "“", "!", ",")
SENTENCES = (
    "match nic when nic.addresses overlaps host.addresses",
    "discard nic when some other in candidates satisfies other above nic and other.name != nic.name",
    'reject nic when nic.name like ["virbr*", "docker0"] or nic.vlan_id is unknown',
    'prefer nic when count(x in nic.slaves satisfies x is up) >= 2 and not address("192.0.2.1") in nic.subnets',
    "warn when every a in host.addresses satisfies a is ipv4 and a not in wide",
    "ambiguous when count(candidates) > 1",
)
HEAD = "policy: p\nparameters:\n  wide: {type: [cidr], default: []}\nrules:\n  - name: a\n    rule: "
OTHER_WORDS = ("nic", "is", "5", '"text"', "and", "nic.name", "(", "==", "candidates")


def _policies() -> Iterator[tuple[str, str]]:
    """Yield a name and a text for each slip in the policy."""
    lines = POLICY.split("\n")[:-1]
    for number, line in enumerate(lines, 1):
        places = sorted({0, len(line) - len(line.lstrip()), *(at for at in (line.find(":"),) if at > 0), len(line)})
        slips = [("deleted", ""), ("doubled", f"{line}\n{line}"), ("less", line[1:]), ("more", f"  {line}")]
        slips += [
            ("upper", line.upper()),
            ("no colon", line.replace(":", "", 1)),
            ("no space", line.replace(": ", ":", 1)),
        ]
        for at in places:
            character = CHARACTERS[(number * 7 + at) % len(CHARACTERS)]
            slips += [
                (f"{each!r} at {at}", line[:at] + each + line[at:])
                for each in {character: 0, CHARACTERS[(number + at) % 7]: 0}
            ]
        for name, text in slips:
            yield (
                f"{number} {name}",
                "\n".join([*lines[: number - 1], *([text] if text else []), *lines[number:]]) + "\n",
            )


def _rules() -> Iterator[tuple[str, str]]:
    """Yield a name and a policy for each slip in the sentences."""
    for sentence in SENTENCES:
        words = re.findall(r"[\w.]+|\"[^\"]*\"|[<>=!]+|\S", sentence)
        for at, word in enumerate(words):
            other = OTHER_WORDS[(len(sentence) + at) % len(OTHER_WORDS)]
            for slip in ([], [word, word], [other], [word[:-1]]):
                changed = " ".join([*words[:at], *slip, *words[at + 1 :]])
                yield changed, f"{HEAD}{changed}\n"


CASES = {name: text for cases in (_policies(), _rules()) for name, text in cases}


def told(text: str) -> Iterator[str]:
    """Yield a line for each of the first diagnostics."""
    try:
        diagnostics = read_program(Source("p", text)).warnings
    except PolicyError as error:
        diagnostics = error.diagnostics
    for problem in diagnostics[:4]:
        caret = problem.excerpt.split("\n")[1].strip()
        hint = f" | {problem.hint}" if problem.hint else ""
        yield f"  {problem.place} {caret} {problem.severity} {problem.code}: {problem.message}{hint}"


def paragraphs() -> dict[str, list[str]]:
    """Return what the file says of each case."""
    paragraphs: dict[str, list[str]] = {}
    name = ""  # the first line is a name
    for line in TOLD.read_text(encoding="utf-8").splitlines():
        if line.startswith("  "):
            paragraphs[name].append(line)
        else:
            name = line
            paragraphs[name] = []
    return paragraphs


@pytest.mark.parametrize("part", range(20))
def test_slips(part: int) -> None:
    names = list(CASES)[part::20]
    expected = paragraphs()
    assert {name: list(told(CASES[name])) for name in names} == {name: expected[name] for name in names}


if __name__ == "__main__":
    TOLD.write_text(
        "".join(f"{line}\n" for name, text in CASES.items() for line in (name, *told(text))), encoding="utf-8"
    )
