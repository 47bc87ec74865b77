"""Results that are remembered: which questions they answer, and which files are not trusted."""

from __future__ import annotations

import json
import os
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from evaluator.cli.main import main
from evaluator.engine import Policy, load_policy
from evaluator.verify import result_store
from evaluator.verify.bounded import Example, Examples
from evaluator.verify.memory import AnswerKind, NoMemory, Resources, question_of, remembered
from evaluator.verify.property import BUILT_IN, Claim, Unchanged
from evaluator.verify.remembered_search import search_counterexamples
from evaluator.verify.result_store import ResultStore, cache_folder, remove_old

BASE = "policy: base\nrules:\n  - {name: owns, rule: match nic when nic in owners}\n"
POLICY = """policy: lab
extends: base.yaml
parameters: {least: {type: integer, default: 1}}
rules:
  - {name: few, rule: discard nic when nic is vlan}
  - {name: note, rule: warn nic when nic.mtu is known and nic.mtu < least, code: SMALL, message: small}
"""
TESTS = """policy: lab.yaml
never: 'status = "rejected"'
properties: {top-of-stack: {expect: false, because: VLANs are discarded}}
tests: [{name: none, given: ens1, host: 192.0.2.7, want: no_match}]
"""
PROVED, FALSE, OWN = "owns-host-address", "top-of-stack", "never-1"


@pytest.fixture
def lab(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A policy with tests, and an empty folder for answers."""
    for name, text in (("base.yaml", BASE), ("lab.yaml", POLICY), ("lab.test.yaml", TESTS)):
        (tmp_path / name).write_text(text, encoding="utf-8")
    monkeypatch.setenv("ACTIVENIC_CACHE", "on")
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))
    return tmp_path


Results = dict[str, tuple[str, bool]]


def results(lab: Path, capsys: pytest.CaptureFixture[str], *options: str, names: tuple[str, ...] = ()) -> Results:
    """Return the verdict of each property, and whether it was remembered."""
    asked = [word for name in names or (PROVED, FALSE, OWN) for word in ("--property", name)]
    main(["verify", str(lab / "lab.yaml"), *asked, "-n", "2", "--output", "json", "--timeout", "1", *options])
    document = json.loads(capsys.readouterr().out)
    return {one["name"]: (one["verdict"], one["remembered"]) for one in document["properties"]}


def entries(lab: Path) -> list[Path]:
    return sorted((lab / "cache" / "activenic").glob("*"))


def all_new(found: Results) -> bool:
    return not any(is_remembered for _, is_remembered in found.values())


EXPECTED = {PROVED: "proved", FALSE: "false", OWN: "proved"}
NEW = {name: (verdict, False) for name, verdict in EXPECTED.items()}
REMEMBERED = {name: (verdict, True) for name, verdict in EXPECTED.items()}


def test_a_second_run_remembers_every_result(lab: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert results(lab, capsys) == NEW
    assert results(lab, capsys) == REMEMBERED
    main(["verify", str(lab / "lab.yaml"), "--property", PROVED])
    assert f"{PROVED}: proved for every host (remembered)" in capsys.readouterr().out


def test_a_greater_time_limit_uses_the_remembered_proof(lab: Path, capsys: pytest.CaptureFixture[str]) -> None:
    results(lab, capsys)
    assert results(lab, capsys, "--timeout", "60") == REMEMBERED


def test_without_cache_nothing_is_written_and_nothing_is_read(lab: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert results(lab, capsys, "--no-cache") == NEW
    assert entries(lab) == []
    results(lab, capsys)
    assert results(lab, capsys, "--no-cache") == NEW


CHANGES = {
    "the inherited text": ("base.yaml", "nic in owners", "nic in owners and nic in interfaces", ()),
    "the own text": ("lab.yaml", "nic is vlan", "nic is vlan or nic is bond", ()),
    "a parameter": ("lab.yaml", "", "", ("--param", "least=2")),
}


@pytest.mark.parametrize("change", CHANGES)
def test_a_result_is_forgotten_after_a_change_of(change: str, lab: Path, capsys: pytest.CaptureFixture[str]) -> None:
    file, old, new, options = CHANGES[change]
    results(lab, capsys)
    text = (lab / file).read_text(encoding="utf-8")
    (lab / file).write_text(text.replace(old, new), encoding="utf-8")
    assert all_new(results(lab, capsys, *options))


def test_a_claim_with_another_text_is_proved_again(lab: Path, capsys: pytest.CaptureFixture[str]) -> None:
    results(lab, capsys)
    (lab / "lab.test.yaml").write_text(TESTS.replace("rejected", "unknown_host"), encoding="utf-8")
    assert results(lab, capsys)[OWN] != ("proved", True)


def test_a_search_of_another_size_is_made_again(lab: Path, capsys: pytest.CaptureFixture[str]) -> None:
    results(lab, capsys)
    assert results(lab, capsys, "-n", "3") == REMEMBERED  # the hosts of two interfaces are enough
    before = len(entries(lab))
    results(lab, capsys, "-n", "1", "--timeout", "0.1")
    assert len(entries(lab)) == before + 1


def test_effects_depend_on_the_tests_of_the_policy(lab: Path, capsys: pytest.CaptureFixture[str]) -> None:
    names = ("every-rule-matters",)
    tests = lab / "lab.test.yaml"
    base_rule = "  - {name: few, rule: discard nic when nic is bond}\n"
    (lab / "lab.yaml").write_text(POLICY.partition("  - {name: few")[0] + base_rule, encoding="utf-8")
    assert results(lab, capsys, names=names) == {names[0]: ("proved", False)}
    assert results(lab, capsys, names=names) == {names[0]: ("proved", True)}
    tests.write_text(TESTS.replace("192.0.2.7", "192.0.2.8"), encoding="utf-8")
    assert results(lab, capsys, names=names) == {names[0]: ("proved", False)}


@pytest.mark.parametrize(
    "damage",
    [
        lambda content: b"",
        lambda content: content[:-1],
        lambda content: content[:20],
        lambda content: content.replace(b"true", b"null"),
        lambda content: content.replace(b"false", b"true ").replace(b"null", b"1234"),
        lambda content: b"\xff" + content[1:],
        lambda content: content + b" ",
    ],
)
def test_a_damaged_file_is_ignored_and_written_again(damage, lab: Path, capsys: pytest.CaptureFixture[str]) -> None:
    results(lab, capsys)
    for entry in entries(lab):
        entry.write_bytes(damage(entry.read_bytes()))
    assert results(lab, capsys)[PROVED] == ("proved", False)
    assert results(lab, capsys)[PROVED] == ("proved", True)


def test_the_answer_to_another_question_is_ignored(lab: Path, capsys: pytest.CaptureFixture[str]) -> None:
    results(lab, capsys, names=(PROVED,))
    contents = [entry.read_bytes() for entry in entries(lab)]
    for entry in entries(lab):
        entry.unlink()
    results(lab, capsys, "--param", "least=7", names=(PROVED,))
    assert len(entries(lab)) == len(contents) == 2  # a search of small hosts and a proof
    for content in contents:
        for other in entries(lab):
            other.write_bytes(content)
        assert results(lab, capsys, "--param", "least=7", names=(PROVED,)) == {PROVED: ("proved", False)}


@pytest.mark.parametrize("mode", [0o770, 0o707, 0o777, 0o720])
def test_a_folder_that_others_can_write_is_not_used(mode: int, lab: Path, capsys: pytest.CaptureFixture[str]) -> None:
    results(lab, capsys)
    before = [(entry.name, entry.read_bytes()) for entry in entries(lab)]
    (lab / "cache" / "activenic").chmod(mode)
    assert results(lab, capsys, "--param", "least=3") == NEW
    assert results(lab, capsys) == NEW
    assert [(entry.name, entry.read_bytes()) for entry in entries(lab)] == before


def test_a_file_that_others_can_write_is_not_used(lab: Path, capsys: pytest.CaptureFixture[str]) -> None:
    results(lab, capsys)
    for entry in entries(lab):
        entry.chmod(0o620)
    assert results(lab, capsys) == NEW
    assert results(lab, capsys) == REMEMBERED


@pytest.mark.skipif(os.geteuid() != 0, reason="only root can give a file away")
@pytest.mark.parametrize("is_folder", [True, False])
def test_a_file_or_folder_of_another_user_is_not_used(
    is_folder: bool, lab: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    results(lab, capsys)
    for path in [lab / "cache" / "activenic"] if is_folder else entries(lab):
        os.chown(path, 12345, 12345)
    assert results(lab, capsys) == NEW


def test_a_link_or_a_folder_in_the_place_of_a_file_is_not_read(lab: Path, capsys: pytest.CaptureFixture[str]) -> None:
    results(lab, capsys)
    first, second, *_ = entries(lab)
    content = lab / "elsewhere"
    content.write_bytes(first.read_bytes())
    first.unlink()
    first.symlink_to(content)
    second.unlink()
    second.mkdir()
    found = results(lab, capsys)
    assert {name: verdict for name, (verdict, _) in found.items()} == EXPECTED
    assert sum(not is_remembered for _, is_remembered in found.values()) == 2


@pytest.mark.parametrize("place", ["file", "relative", "missing home"])
def test_a_folder_that_cannot_be_made_is_no_error(
    place: str, lab: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    (lab / "home").write_text("")
    monkeypatch.setenv("HOME", str(lab / "home"))
    monkeypatch.setenv("XDG_CACHE_HOME", {"file": str(lab / "home"), "relative": "cache"}.get(place, ""))
    monkeypatch.chdir(lab)
    assert results(lab, capsys) == NEW
    assert results(lab, capsys) == NEW
    assert not (lab / "cache").exists()


def test_the_folder_is_in_the_home_of_the_user_unless_a_variable_names_another(monkeypatch) -> None:
    monkeypatch.setenv("HOME", "/home/someone")
    monkeypatch.delenv("XDG_CACHE_HOME", raising=False)
    assert cache_folder() == Path("/home/someone/.cache/activenic")
    monkeypatch.setenv("XDG_CACHE_HOME", "/var/cache/x")
    assert cache_folder() == Path("/var/cache/x/activenic")


@pytest.mark.parametrize("function", ["version", "_source_digest"])
def test_a_new_solver_or_program_remembers_nothing(function: str, tmp_path: Path, monkeypatch) -> None:
    store = ResultStore(tmp_path / "answers")
    store.keep(b"question", b"answer")
    assert store.recall(b"question") == b"answer"
    result_store._circumstances.cache_clear()
    monkeypatch.setattr(result_store, function, lambda *_: "another")
    assert store.recall(b"question") is None
    result_store._circumstances.cache_clear()


def test_a_package_in_an_archive_remembers_nothing(tmp_path: Path, monkeypatch) -> None:
    result_store._circumstances.cache_clear()
    monkeypatch.setattr(result_store, "__file__", "/missing/activenic.pyz/evaluator/verify/result_store.py")
    store = ResultStore(tmp_path)
    store.keep(b"question", b"answer")
    assert list(tmp_path.iterdir()) == []
    assert store.recall(b"question") is None


def test_an_edited_source_file_changes_the_digest(tmp_path: Path, monkeypatch) -> None:
    module = tmp_path / "evaluator" / "verify" / "result_store.py"
    module.parent.mkdir(parents=True)
    module.write_text("a = 1\n")
    monkeypatch.setattr(result_store, "__file__", str(module))
    before = result_store._source_digest()
    module.write_text("a = 2\n")
    after = result_store._source_digest()
    module.rename(module.with_name("other.py"))
    assert len({before, after, result_store._source_digest()}) == 3


def test_the_folder_stays_small(tmp_path: Path) -> None:
    for number in range(6):
        file = tmp_path / f"f{number}"
        file.write_bytes(b"x" * 5000)
        os.utime(file, (number, number))
    folder = os.open(tmp_path, os.O_RDONLY)
    remove_old(folder, 3 * 8192)
    os.close(folder)
    assert sorted(path.name for path in tmp_path.iterdir()) == ["f3", "f4", "f5"]


def test_an_answer_that_was_used_is_removed_last(tmp_path: Path) -> None:
    store = ResultStore(tmp_path)
    for question in (b"old", b"new"):
        store.keep(question, question)
    old, new = (
        next(path for path in tmp_path.iterdir() if path.read_bytes().endswith(end)) for end in (b"old", b"new")
    )
    for path in (old, new):
        os.utime(path, (1, 1))
    assert store.recall(b"old") == b"old"
    assert old.stat().st_mtime > new.stat().st_mtime


def test_a_large_answer_is_not_kept(tmp_path: Path) -> None:
    store = ResultStore(tmp_path)
    store.keep(b"question", bytes(2_000_000))
    assert list(tmp_path.iterdir()) == []


def test_writers_at_the_same_time_leave_whole_answers(tmp_path: Path) -> None:
    def write(number: int) -> set[bytes | None]:
        store = ResultStore(tmp_path)
        seen: set[bytes | None] = set()
        for _ in range(50):
            store.keep(b"question", b"answer" * 1000)
            seen.add(store.recall(b"question"))
        return seen

    with ThreadPoolExecutor(4) as pool:
        assert set().union(*pool.map(write, range(4))) <= {b"answer" * 1000, None}
    assert ResultStore(tmp_path).recall(b"question") == b"answer" * 1000


class Fixed(NoMemory):
    """A memory with the same answer to every question."""

    def __init__(self, answer: bytes) -> None:
        self.answer = answer

    def recall(self, question: bytes) -> bytes | None:
        return self.answer


STATEMENTS: tuple[Claim | Unchanged, ...] = tuple(
    one.statement for one in BUILT_IN if one.name in {PROVED, FALSE} and isinstance(one.statement, Claim)
)


@pytest.fixture
def lax() -> Policy:
    return load_policy(text=BASE + "  - {name: few, rule: discard nic when nic is vlan}\n")


def test_a_remembered_host_that_breaks_nothing_is_not_used(lax: Policy) -> None:
    right = search_counterexamples(lax, STATEMENTS, 2, {}, Resources())
    examples: Examples = tuple(None if one is None else Example(one.host) for one in right.counterexamples)
    assert [example is None for example in examples] == [True, False]
    for wrong in (tuple(reversed(examples)), (examples[1], examples[1]), examples[1:]):
        assert search_counterexamples(lax, STATEMENTS, 2, {}, Resources(Fixed(_encoded(wrong)))) == right
    remembered_right = search_counterexamples(lax, STATEMENTS, 2, {}, Resources(Fixed(_encoded(examples))))
    assert remembered_right.is_remembered
    assert remembered_right.counterexamples == right.counterexamples


def _encoded(examples: Examples) -> bytes:
    kept: list[bytes] = []

    class Keeping(NoMemory):
        def keep(self, question: bytes, answer: bytes) -> None:
            kept.append(answer)

    list(remembered(Keeping(), [b""], AnswerKind(Examples), lambda _: iter([(0, examples)])))
    return kept[0]


@pytest.mark.parametrize("answer", [b"", b"null", b"{}", b'[{"host":{"interfaces":[]}}]', b"\xff", b'"proved"'])
def test_an_answer_of_another_form_is_not_used(answer: bytes, lax: Policy) -> None:
    found = search_counterexamples(lax, STATEMENTS, 2, {}, Resources(Fixed(answer)))
    assert not found.is_remembered
    assert found.counterexamples[1] is not None


def test_answers_are_kept_when_they_are_known_and_returned_in_order() -> None:
    kept: list[tuple[bytes, bytes]] = []

    class Keeping(NoMemory):
        def keep(self, question: bytes, answer: bytes) -> None:
            kept.append((question, answer))

    def compute(numbers: object) -> Iterator[tuple[int, int]]:
        yield 1, 11
        assert kept == [(b"b", b"11")]
        yield 0, 10

    kind = AnswerKind(int, is_final=lambda answer: answer == 11)
    assert list(remembered(Keeping(), [b"a", b"b"], kind, compute)) == [(10, False), (11, False)]
    assert kept == [(b"b", b"11")]


def test_questions_with_the_same_parts_in_another_order_of_names_are_equal() -> None:
    assert question_of("kind", {"a": 1, "b": 2}) == question_of("kind", {"b": 2, "a": 1})
    assert question_of("kind", 1, 2) != question_of("kind", 2, 1)


COMMANDS = {
    "diff": ("diff", "lab.yaml", "base.yaml", "--proof", "-n", "2", "--output", "json"),
    "mutate": ("mutate", "lab.yaml", "-n", "2", "--output", "json"),
}


@pytest.mark.parametrize("command", COMMANDS)
def test_other_commands_remember_too(
    command: str, lab: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(lab)
    first, second, third = (_document(command, capsys, *options) for options in ((), (), ("--no-cache",)))
    assert '"remembered": true' not in first
    assert second.count('"remembered": true') >= 2
    assert second.replace('"remembered": true', '"remembered": false') == first == third


def _document(command: str, capsys: pytest.CaptureFixture[str], *options: str) -> str:
    main([*COMMANDS[command], *options])
    return capsys.readouterr().out


def test_generated_tests_are_the_same_from_remembered_hosts(lab: Path, capsys: pytest.CaptureFixture[str]) -> None:
    texts = []
    for _ in range(2):
        main(["test", "--generate", str(lab / "lab.yaml")])
        texts.append(capsys.readouterr().out)
    assert texts[0] == texts[1]
    assert len(entries(lab)) == 3  # one for each rule
