"""Broken policy texts: seeded mutations of the shipped policies, the recipes and the chunks of `tests/language/`.

    python -m tests.support.broken_policies --cases 10000 --seed 1

Each text goes through the parser, the checker, the fixer and the formatter. None may crash or hang, every diagnostic
must have a place in the text, a safe fix must not make a valid policy invalid or change what it means, and a fixed text
must not be fixed again.
"""

from __future__ import annotations

import argparse
import random
import re
import sys
import time
from collections.abc import Iterator
from functools import cache, partial
from pathlib import Path

from evaluator.base.diagnostic import PolicyError
from evaluator.policy.source.find import plain_text
from evaluator.workbench.check_text import Checked, check_text
from evaluator.workbench.fix_text import ALL, SAFE, fix_text, means_the_same
from evaluator.workbench.format_policy import format_policy

ROOT = Path(__file__).parents[2]
MOST_SECONDS = 60.0  # for one text, on a machine that does other work too
_PIECES = [
    *("==", "&&", "||", "!", "<>", "=>", "“", "”", "‘", "’", '"', "'", "\\", "(", ")", "[", "]", "{", "}", ",", "."),
    *(": ", " #", "\n", "\r\n", "\t", "\u00a0", "\u200b", "\ufeff", "\u2028", "\x85", "\0", "\ud7ff", "𝒳", "é"),
    *("nic", "nic.name", "nic.mtu", "other", "host", "candidates", "is", "is not", "and", "or", "not", "when", "if"),
    *("like", "overlaps", "within", "some", "every", "no", "satisfies", "count(", 'cidr("10.0.0.0/8")', "10.0.0.0/8"),
    *("match", "discard", "reject", "ambiguous", "warn", "prefer", "a", "the", "bridge", "brige", "known", "5", "010"),
    *(
        "|",
        ">",
        "|-",
        "&a",
        "*a",
        "!!str",
        "? ",
        "yes",
        "null",
        "~",
        "extends: last-client-iface",
        "parameters:",
        "rules:",
        "- ",
    ),
    *('"virbr*"', '["a*", "b"]', "replace: true", "after: x", "remove: x", "message: '{nic.nam}'", "code: x", "%", "@"),
]
_SHORT_BASES = 0.95  # how many of the policies that extend `strict` extend a policy with one rule instead
_TOKEN = re.compile(r"\w+|[^\w\s]+|\s+")
check = partial(check_text, name="p.yaml")


@cache
def originals() -> tuple[str, ...]:
    """Return the texts that are mutated; rules of long policies are mutated in groups of a few rules."""
    files = [*(ROOT / "policies").glob("*.yaml"), *(ROOT / "examples" / "recipes").glob("*.yaml")]
    texts = [file.read_text(encoding="utf-8") for file in sorted(files) if ".test." not in file.name]
    for path in sorted((ROOT / "tests" / "language").glob("*.txt")):
        for chunk in re.split(r"^---\n", path.read_text(encoding="utf-8"), flags=re.MULTILINE):
            policy = chunk.split("\n=== ")[0]
            texts.append("".join(line for line in policy.splitlines(keepends=True) if not line.startswith("###")))
    return tuple(texts)


def broken_texts(cases: int, seed: int) -> Iterator[str]:
    """Yield mutated texts; equal seeds give equal texts."""
    chosen = random.Random(seed)
    for _ in range(cases):
        text = _shorter(chosen.choice(originals()), chosen)
        for _ in range(chosen.choice((1, 1, 2, 3, 6))):
            text = _mutated(text, chosen)
        yield text


def _shorter(text: str, chosen: random.Random) -> str:
    """Return a text with a few of its rules, and mostly with a short base, so that one case takes little time."""
    if chosen.random() < _SHORT_BASES:
        text = text.replace("extends: strict", "extends: last-client-iface")
    head, *rules = re.split(r"(?=^ *- (?:name|remove):)", text, flags=re.MULTILINE)
    count = min(len(rules), chosen.choice((1, 1, 2, 3)))
    start = chosen.randrange(len(rules) - count + 1) if rules else 0
    return head + "".join(rules[start : start + count])


def _mutated(text: str, chosen: random.Random) -> str:
    tokens = _TOKEN.findall(text) or [""]
    at = chosen.randrange(len(tokens))
    match chosen.randrange(8):
        case 0:
            tokens[at] = chosen.choice(_PIECES)
        case 1:
            tokens.insert(at, chosen.choice(_PIECES))
        case 2:
            del tokens[at]
        case 3:
            tokens[at] = tokens[at][:-1] + chosen.choice(("", "x", tokens[at][-1:] * 2))
        case 4:
            other = chosen.randrange(len(tokens))
            tokens[at], tokens[other] = tokens[other], tokens[at]
        case 5:
            tokens.insert(at, chosen.choice(tokens))
        case 6:
            return "".join(tokens)[: chosen.randrange(len(text) + 1)]
        case _:
            lines = text.splitlines(keepends=True) or [""]
            lines.insert(chosen.randrange(len(lines)), chosen.choice(lines))
            return "".join(lines)
    return "".join(tokens)


def try_text(text: str) -> None:
    """Check, fix and format one text. Raises AssertionError if a law does not hold."""
    started = time.monotonic()
    before = check(text)
    _check_places(before, text)
    for allowed in (SAFE, ALL):
        fixed = fix_text(before, check, allowed)
        _check_places(fixed.checked, fixed.text)
        assert fix_text(fixed.checked, check, allowed).text == fixed.text, "it is fixed twice"
        if before.policy is not None:
            assert fixed.checked.policy is not None, "a fix makes a valid policy invalid"
            if allowed == SAFE and all(problem.code != "GLOB_NOT_USED" for problem in before.diagnostics):
                program = fixed.checked.policy.program
                assert means_the_same(before.policy.program, program), "a safe fix changes a meaning"
    _format(text, before)
    assert time.monotonic() - started < MOST_SECONDS, "it takes too long"


def _format(text: str, before: Checked) -> None:
    try:
        formatted = format_policy("p.yaml", text)
    except PolicyError:
        return
    if formatted == text:
        return
    assert format_policy("p.yaml", formatted) == formatted, "it is formatted twice"
    if before.policy is not None:
        after = check(formatted).policy
        assert after is not None, "formatting makes a valid policy invalid"
        assert means_the_same(before.policy.program, after.program), "formatting changes a meaning"


def _check_places(checked: Checked, text: str) -> None:
    length = len(plain_text(text))
    assert checked.policy is not None or checked.diagnostics, "it is neither valid nor refused"
    for problem in checked.diagnostics:
        location = problem.location
        assert location is not None, f"{problem.code} has no location"
        assert re.search(r":\d+:\d+$", problem.place), f"{problem.code} has no place"
        if location.name == "p.yaml":
            assert 0 <= location.start <= location.end <= length, f"{problem.code} is outside of the text"


def main() -> int:
    """Try many texts; print the first that breaks a law."""
    parser = argparse.ArgumentParser()
    parser.add_argument("--cases", type=int, default=10_000)
    parser.add_argument("--seed", type=int, default=1)
    options = parser.parse_args()
    for number, text in enumerate(broken_texts(options.cases, options.seed)):
        try:
            try_text(text)
        except Exception:
            print(f"seed {options.seed}, text {number}:\n{text!r}")
            raise
    return 0


if __name__ == "__main__":
    sys.exit(main())
