"""The check of wording: what it finds, what it leaves alone, and that a count only falls."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from tools.english import BASELINE, ROOT, TABLE, files, lowered, main, places, prose, raised, read_patterns

PATTERNS = read_patterns(TABLE.read_text(encoding="utf-8"))


def _words(path: str, text: str) -> list[tuple[int, str]]:
    return [(place.line, place.words) for place in places(path, text, PATTERNS)]


@pytest.mark.parametrize(
    "text",
    [
        "no interface of this host is the hostActiveNic for no address",
        "no single interface is the hostActiveNic: A, B are left",
        "A, B all own an address of 10.20.0.5, 10.31.0.5",
        "X belongs to no interface of this host, though Y names it",
        "bond0 has the vlan id 0; ovirtmgmt has 100",
        "br0 (bridge over ens1) is the hostActiveNic, but nothing may be deployed on it",
        "left at the end, but not alone",
        "does not match, for this did not hold: count(x) = 1",
        "nearly: 192.0.2.1 is owned by bond0.100",
        "it is owned by what stands on it",
        "whoever takes one of the host's addresses gets different answers",
        "an answer set in which a family failed is none",
        "keep the decision in this log before it is printed",
        "make kept decisions again and compare",
        "the log is not what was written",
        "the log is sound",
        "record 2 is found by something else than it holds",
        "it cannot be made again: the policy holds texts against globs",
        "X is no word of the language",
        "`=` does not fit them",
        "a name or text that YAML takes for something else is put in quotes",
        "found an object without `rule`, expected the key `rule`",
        "errors are for questions that cannot be asked",
        "Addresses looked for among texts",
        "what is said has been seen to be so",
        "made with them, not when it is missed",
        "None where there is no report",
        "that which decides",
        "a policy made of rules",
    ],
)
def test_old_wording_is_found(text: str) -> None:
    assert _words("a.md", text)
    assert _words("a.py", f"def f():\n    {f'Do it. {text}.'!r}\n")
    assert _words("a.py", f"# {text}\nx = 1\n")


@pytest.mark.parametrize(
    "text",
    [
        "rejected: br0, because it is a bridge over ens1",
        "no host address was given",
        "more than one interface matches: A, B",
        "there is no default route",
        "it is no longer supported",
        "the policy `keep-management`, see keep-management.yaml",
        "`nic is none` in code is not wording, nor is `kept`",
        "the file where the log is",
        "log verified, 30 records",
        "treat the lookup as failed if the A or the AAAA query fails",
    ],
)
def test_plain_wording_is_left_alone(text: str) -> None:
    assert _words("a.md", text) == []
    assert _words("a.py", f"x = {text!r}  # {text}\n") == []


def test_places_have_their_line() -> None:
    assert _words("a.md", "one\ntwo\n\n```\nit is said\n```\nit is said\n") == [(7, "said")]
    code = 'x = "said"\n"""First.\n\nIt is said.\n"""\ny = f"{x} is no {x}"\n# it is kept\n'
    assert _words("a.py", code) == [(4, "said"), (6, "is no {}"), (7, "kept")]
    assert _words("a.md", "wrapped: it is\nsaid that it is\nno word") == [(2, "is no word"), (2, "said")]


def test_names_and_keys_are_no_prose() -> None:
    parts = [part for _, part in prose("a.py", 'def kept(told): return {"kept": told.keeps, "two words": 1}\n')]
    assert parts == ["two words"]


def test_a_count_may_fall_and_not_rise() -> None:
    assert raised({"a": 2, "b": 1, "new": 1}, {"a": 2, "b": 2}) == {"new": 1}
    assert raised({"a": 3}, {"a": 2}) == {"a": 1}
    assert lowered({"a": 3, "b": 1, "new": 1}, {"a": 2, "b": 2, "gone": 5}) == {"a": 2, "b": 1}


def _tree(root: Path, readme: str) -> None:
    for name in ("README.md", "CONTRIBUTING.md", "CHANGELOG.md", "SECURITY.md"):
        (root / name).write_text("plain\n")
    (root / "README.md").write_text(readme)


def test_the_command_checks_lowers_and_resets(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    baseline = tmp_path / "baseline.json"

    def run(*arguments: str) -> tuple[int, object]:
        return main(arguments, tmp_path, baseline), json.loads(baseline.read_text()) if baseline.exists() else None

    _tree(tmp_path, "it is kept\nit is kept\n")
    assert run() == (1, None)
    assert "README.md:1: `kept`: write " in capsys.readouterr().out
    assert run("--update") == (1, {})
    assert run("--update", "--reset") == (0, {"README.md": 2})
    assert run() == (0, {"README.md": 2})
    _tree(tmp_path, "it is kept\n")
    assert run() == (0, {"README.md": 2})
    assert "make english-baseline" in capsys.readouterr().out
    assert run("--update") == (0, {"README.md": 1})
    _tree(tmp_path, "it is kept\nit is kept\n")
    assert run("--update") == (1, {"README.md": 1})
    _tree(tmp_path, "plain\n")
    assert run("--update") == (0, {})


def test_every_file_of_the_baseline_is_checked() -> None:
    names = {str(path.relative_to(ROOT)) for path in files(ROOT)}
    assert set(json.loads(BASELINE.read_text())) <= names
    assert {"README.md", "docs/log.md", "evaluator/engine.py", "policies/strict.yaml"} <= names
