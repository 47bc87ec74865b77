"""The comparison with other engines runs, and those that are installed agree; nothing is timed here."""

from __future__ import annotations

import pytest

from benchmarks.peers.__main__ import field, main
from benchmarks.peers.agreement import disagreements
from benchmarks.peers.contest import NAME, Contender, Question
from benchmarks.peers.questions import checked, pool


def test_all_that_are_installed_agree(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["--check-only", "--sizes", "8"]) == 0
    printed = capsys.readouterr().out
    assert "agreement: " in printed
    assert "skipped: " in printed or len(field()) > 20


def test_a_disagreement_is_reported_unless_its_reason_is_known() -> None:
    def wrong(question: Question) -> tuple[str, str | None]:
        return ("resolved", "eth9") if question.kind == "nic" else question.expected

    assert disagreements([Contender("wrong", (), wrong)], [8], 1)
    assert not disagreements([Contender("wrong", (), wrong, NAME, known=(("nic", "likes eth9"),))], [8], 1)


@pytest.mark.parametrize("size", [8, 64])
def test_every_host_is_fresh_and_as_large_as_asked(size: int) -> None:
    questions = pool(size, True, 3)
    assert len({question.text for question in questions}) == len(questions)
    assert len({address for question in questions for address in question.host}) >= 2 * len(questions)
    for question in (*questions, *checked(size, 0)):
        assert question.text.count('"ipv4addrs":') == size
