"""The shipped policies are prepared: the same programs as their texts give, and never those of another text."""

from __future__ import annotations

import re
import shutil
from pathlib import Path

import pytest

from evaluator.base import shipped
from evaluator.base.diagnostic import PolicyError
from evaluator.base.digest import digest
from evaluator.policy import prepared
from evaluator.policy.load import read_program
from evaluator.policy.source.find import find_policy, shipped_names
from evaluator.policy.source.identity import policy_digest
from tools.prepare_policies import main, prepare

POLICIES = Path(__file__).parents[2] / "policies"
PREPARED = (POLICIES / "prepared" / "strict.json").read_bytes()


@pytest.fixture
def copied(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Return a copy of the shipped policies that this process takes for them."""
    folder = tmp_path / "policies"
    shutil.copytree(POLICIES, folder)
    monkeypatch.setattr(shipped, "_root", lambda _: str(folder))
    return folder


@pytest.mark.parametrize("name", shipped_names())
def test_what_is_prepared_is_what_the_policy_says(name: str) -> None:
    file = POLICIES / "prepared" / f"{name}.json"
    assert file.read_bytes() == prepare(name), "run `make prepared`"
    assert prepared.is_prepared(name)
    program, read = prepared.load_shipped(name), read_program(find_policy(name))
    assert program == read
    assert repr(program) == repr(read)  # which tells apart what is equal, too
    assert [text.sha256 for text in program.texts] == [digest(content.encode()) for content in program.contents]
    assert program.digest == policy_digest(program.texts)


def test_nothing_else_is_prepared() -> None:
    assert {file.stem for file in (POLICIES / "prepared").iterdir()} == set(shipped_names()), "run `make prepared`"


def test_a_changed_policy_is_read_anew(copied: Path) -> None:
    text = (copied / "strict.yaml").read_text(encoding="utf-8")
    (copied / "strict.yaml").write_text(text.replace("name: owns-host-address", "name: owns-it"), encoding="utf-8")
    assert not prepared.is_prepared("strict")
    assert prepared.load_shipped.__wrapped__("strict").rules[0].name == "owns-it"


def test_a_policy_is_read_anew_if_its_base_changed(copied: Path) -> None:
    assert prepared.is_prepared("keep-management")
    text = (copied / "strict.yaml").read_text(encoding="utf-8")
    (copied / "strict.yaml").write_text(text.replace("name: owns-host-address", "name: owns-it"), encoding="utf-8")
    assert not prepared.is_prepared("keep-management")
    assert prepared.load_shipped.__wrapped__("keep-management").rules[0].name == "owns-it"
    (copied / "strict.yaml").unlink()
    assert not prepared.is_prepared("keep-management")
    with pytest.raises(PolicyError, match="unknown policy `strict`"):
        prepared.load_shipped.__wrapped__("keep-management")


@pytest.mark.parametrize(
    "content",
    [
        b"",
        b"[]",
        b"{}",
        b'{"name": "strict"}',
        PREPARED.replace(b'["Related"', b'["Nothing known"', 1),
        PREPARED.replace(b'"match"', b"1", 1),
        re.sub(rb"\[\d+,\d+\]", b"[2,1]", PREPARED, count=1),
        PREPARED[:-3],
        None,
    ],
)
def test_a_policy_is_read_where_what_is_prepared_does_not_fit(copied: Path, content: bytes | None) -> None:
    file = copied / "prepared" / "strict.json"
    file.unlink()
    if content is not None:
        file.write_bytes(content)
    assert not prepared.is_prepared("strict")
    assert prepared.load_shipped.__wrapped__("strict") == read_program(find_policy("strict"))


def test_preparing_writes_a_file_for_each_policy_and_removes_what_is_none(copied: Path) -> None:
    (copied / "prepared" / "strict.json").unlink()
    (copied / "prepared" / "renamed.json").write_bytes(b"")
    main(copied)
    assert {file.stem for file in (copied / "prepared").iterdir()} == set(shipped_names())
    assert prepared.is_prepared("strict")
