"""The page of `activenic verify`: nothing foreign becomes markup, and each counterexample is drawn and explained."""

from __future__ import annotations

from functools import cache
from pathlib import Path

import pytest
from msgspec.structs import replace

from evaluator import load_policy
from evaluator.base.text import visible
from evaluator.engine import Policy
from evaluator.render.verification_page import page
from evaluator.verify.property import (
    BUILT_IN,
    Claim,
    Counterexample,
    NotAsked,
    OrderIndependent,
    Property,
    PropertyResult,
    Proved,
    ProvedUpTo,
    Refuted,
    Unchanged,
    Undecided,
)
from evaluator.verify.search import smallest_counterexamples
from tests.render.test_html import NASTY, read
from tests.support.chromium import started

PROPERTIES = {one.name: one for one in BUILT_IN}
POLICY = load_policy("ovirt-engine")
NEVER = Property("never-1", "never: answer is known", Claim('not (answer is known and answer.name = "nic0")'))
BROKEN = (PROPERTIES["top-of-stack"], PROPERTIES["unowned-answer-changes-nothing"], NEVER)


@cache
def examples() -> tuple[Counterexample, ...]:
    statements = [statement for one in BROKEN if isinstance(statement := one.statement, Claim | Unchanged)]
    found = smallest_counterexamples(POLICY, statements, 2, {})
    return tuple(one for one in found if one is not None)


def results(text: str = "text") -> tuple[PropertyResult, ...]:
    """Return a result of every kind. `text` is part of every text of a test file or policy."""
    broken = [
        PropertyResult(replace(one, name=f"{one.name} {text}", sentence=text), Refuted(found), 0.2, False, text)
        for one, found in zip(BROKEN, examples(), strict=True)
    ]
    order = Property("order", text, OrderIndependent())
    return (
        PropertyResult(PROPERTIES["one-candidate"], Proved(), 0.1, assumed=("a law",), abstracted=(f"free {text}",)),
        *broken,
        PropertyResult(order, Refuted(parts=(text,)), 0.0),
        PropertyResult(order, ProvedUpTo(3, (text,)), 1.0, abstracted=(text,)),
        PropertyResult(order, Undecided(2.0, (text,), ("nic.name",)), 2.0),
        PropertyResult(order, NotAsked(text), 0.0),
    )


def test_each_counterexample_is_drawn_and_explained() -> None:
    text = page(POLICY, results())
    reader = read(text)
    words = "".join(reader.text)
    assert text.count("<svg") == 4
    assert "vlan1 owns an address of the host and was not preferred by the rule then-nics" in words
    assert "The property is false because this clause is false: no upper in owners satisfies" in words
    assert 'The property is false because this clause is true: answer.name = "nic0"' in words
    assert "192.0.2.40 (added)" in words
    for expected in (
        "proved for every host",
        "true for every host of at most 3 interfaces",
        "the search of small hosts does not enumerate nic.name",
        "no exact translation: text",
        "8 results: 6 as expected, 1 not as expected, 1 undecided",
        "a law",
        "free text",
        "not modelled exactly: text",
    ):
        assert expected in words, expected


@pytest.mark.parametrize("nasty", [text for text in NASTY if "\ud800" not in text])
def test_foreign_text_is_text(nasty: str) -> None:
    renamed = Policy(replace(POLICY.program, name=nasty.replace("\0", "")))  # no text of a policy has this character
    shape = read(page(POLICY, results("x"))).shape
    reader = read(page(renamed, results(nasty)))
    assert [tag for tag, _ in reader.shape] == [tag for tag, _ in shape]
    assert visible(nasty)[:3] in "".join(reader.text)


@pytest.mark.system
@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("width", [400, 1200])
def test_the_page_in_a_browser(tmp_path: Path, width: int, scheme: str) -> None:
    path = tmp_path / "page.html"
    path.write_text(page(POLICY, results(NASTY[0])), encoding="ascii")
    with started(tmp_path / "profile") as browser:
        browser.show(path, width=width, scheme=scheme)
        browser.evaluate("document.querySelectorAll('details').forEach(folded => folded.open = true)")
        overflow = "document.documentElement.scrollWidth - document.documentElement.clientWidth"
        assert browser.evaluate(overflow) == 0
        assert browser.requests == [path.as_uri()]
        assert browser.complaints == []
        browser.evaluate("document.querySelectorAll('details').forEach(folded => folded.open = false)")
        browser.evaluate("location.hash = document.querySelector('svg a.active').getAttribute('href')")
        assert browser.evaluate("document.querySelector('details[open] summary code').textContent") == "nic0"
