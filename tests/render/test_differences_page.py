"""The page of `activenic diff --proof`: every change has its result, and a change that happens has both decisions."""

from __future__ import annotations

from functools import cache
from pathlib import Path

import pytest
from msgspec.structs import replace

from evaluator import load_policy
from evaluator.base.text import visible
from evaluator.cli.main import main
from evaluator.engine import Policy
from evaluator.render.differences_page import page
from evaluator.verify.differences import Differences, PairDifferences
from evaluator.verify.memory import Resources
from evaluator.verify.policy_change import ChangeResult, Happens, Never, NeverUpTo, Undecided, changes_of
from evaluator.verify.policy_pair import pairs_of
from evaluator.verify.search_pair import Limits, Policies, search_changes
from tests.render.test_html import NASTY, read

OLD, NEW = load_policy("ovirt-engine"), load_policy("strict")
PAIR = pairs_of(OLD.program, NEW.program, {}, {})[0]
CHANGES = changes_of(PAIR)


@cache
def examples() -> tuple[ChangeResult, ...]:
    changes = CHANGES[:4]
    searched = search_changes(Policies(OLD, NEW, PAIR), changes, Limits(2, 500), Resources())
    return tuple(
        ChangeResult(change, Happens(one.example))
        for change, one in zip(changes, searched, strict=True)
        if one.example is not None
    )


def differences(text: str = "text") -> Differences:
    """Return a comparison with a result of every kind; `text` is the name of a policy and part of a clause."""
    verdicts = Never(), NeverUpTo(2, (text,)), Undecided(2, (), ("nic.name",))
    others = [ChangeResult(change, verdict, ("a law",)) for change, verdict in zip(CHANGES[-3:], verdicts, strict=True)]
    old = Policy(replace(OLD.program, name=text.replace("\0", "")))  # no text of a policy has this character
    return Differences(old, NEW, 2, (PairDifferences(PAIR, (*examples(), *others)),))


def test_each_change_has_its_result_and_both_decisions() -> None:
    text = page(differences())
    words = "".join(read(text).text)
    assert text.count("<svg") == 2 * len(examples()) >= 4
    for expected in (
        "resolved nic0 → resolved bond1",
        "because it owns 192.0.2.10; bond1 owns an address of the host and was not preferred by the rule then-nics",
        "because it owns 192.0.2.10; nic0 owns an address of the host and was discarded by the rule top-link-layer",
        "never, proved for every host",
        "no host of at most 2 interfaces has this change; no proof for larger hosts",
        "the search of small hosts does not enumerate nic.name",
        "no exact translation: text",
        "Some hosts get another status or interface.",
        "a law",
    ):
        assert expected in words, expected


@pytest.mark.parametrize("nasty", [text for text in NASTY if "\ud800" not in text])
def test_foreign_text_is_text(nasty: str) -> None:
    shape = [tag for tag, _ in read(page(differences("x"))).shape]
    reader = read(page(differences(nasty)))
    assert [tag for tag, _ in reader.shape] == shape
    assert visible(nasty)[:3] in "".join(reader.text)


SMALL = "policy: small\nrules:\n  - {name: a, rule: match nic when nic in owners}\n"


def test_the_command_prints_the_page_of_a_proof_only(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    small, other = tmp_path / "small.yaml", tmp_path / "other.yaml"
    small.write_text(SMALL)
    other.write_text(SMALL.replace("nic in owners", "count(nic.matched) > 0"))
    assert main(["diff", str(small), str(other), "--proof", "-n", "1", "--output", "html"]) == 0
    sentence = "Both policies give every host the same status and interface (proved)."
    assert sentence in "".join(read(capsys.readouterr().out).text)
    with pytest.raises(SystemExit):
        main(["diff", str(small), str(other), "--corpus", "x", "--output", "html"])
    assert "`--output html` needs `--proof`" in capsys.readouterr().err
