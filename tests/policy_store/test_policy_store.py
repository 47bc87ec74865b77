"""PolicyStore: what is in use after each change of a file, and what the events report."""

from __future__ import annotations

import asyncio
import os
import queue
import shutil
import subprocess
import sys
import threading
from collections.abc import Iterator
from pathlib import Path

import pytest

from evaluator import HostAddresses, PolicyChange, PolicyError, PolicyEvent, PolicyStore, load_policy, read_report
from evaluator.testing.terse_topology import read_topology

RULE = "rules:\n  - name: a\n    rule: match nic when nic.mtu is known and nic.mtu > {}\n"
WAIT = 20.0  # only ends a test that hangs
REPORT = read_report(read_topology("ens1 has 192.0.2.10/24; ens2 has 192.0.2.11/24"))
HOST = HostAddresses.of("192.0.2.10")


def _write(path: Path, name: str, number: int = 1) -> str:
    """Write a policy and return its digest."""
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(f"policy: {name}\n" + RULE.format(number))
    return load_policy(path).digest


def _changes(store: PolicyStore) -> list[tuple[str, str, str]]:
    return [(event.change, event.path.name, event.name) for event in store.reload()]


def test_policies_of_files_folders_and_the_installation(tmp_path: Path) -> None:
    a = _write(tmp_path / "some" / "deep" / "a.yaml", "a")
    b = _write(tmp_path / "single.yml", "b")
    (tmp_path / "some" / "a.test.yaml").write_text("policy: a.yaml\ntests: {}\n")
    (tmp_path / "some" / ".hidden.yaml").write_text("policy: hidden\n")
    store = PolicyStore([tmp_path / "some", tmp_path / "single.yml"])
    assert {name: policy.digest for name, policy in store.policies.items()} == {"a": a, "b": b}
    assert store.policy("a") is store.policies["a"]
    assert store.policy("strict") is store.policy("strict") == load_policy("strict")
    assert store.reload() == ()
    with pytest.raises(PolicyError, match="did you mean `strict`"):
        store.policy("strct")
    with pytest.raises(PolicyError):
        store.policy(str(tmp_path / "single.yml"))  # a name is never a path


def test_an_invalid_policy_at_the_start_is_an_error_with_every_problem(tmp_path: Path) -> None:
    (tmp_path / "a.yaml").write_text("policy: a\nrules: []\nrule: x\n")
    (tmp_path / "b.yaml").write_text("policy: b\nextends: ./missing.yaml\n")
    with pytest.raises(PolicyError) as error:
        PolicyStore([tmp_path, tmp_path / "no.yaml"])
    problems = error.value.diagnostics
    assert {Path(problem.place.split(":")[0]).name for problem in problems if problem.place} == {"a.yaml", "b.yaml"}
    assert "POLICY_UNREADABLE" in {problem.code for problem in problems}


def test_the_last_valid_policy_stays_in_use(tmp_path: Path) -> None:
    path = tmp_path / "a.yaml"
    first = _write(path, "a")
    store = PolicyStore([tmp_path])
    for text in ("policy: a\nrules: [", "", "policy: a\nrules:\n  - name: a\n    rule: match nic when nic.mtuu > 1\n"):
        path.write_text(text)
        (event,) = store.reload()
        assert (event.change, event.name, event.digest, event.previous) == (PolicyChange.REFUSED, "a", first, first)
        assert event.diagnostics == store.problems != ()
        assert store.policy("a").digest == first
        assert store.reload() == ()
    assert _write(path, "a") == first
    assert [event.change for event in store.reload()] == [PolicyChange.RESTORED]
    assert store.problems == ()
    second = _write(path, "a", 2)
    (event,) = store.reload()
    assert (event.change, event.digest, event.previous) == (PolicyChange.REPLACED, second, first)
    assert str(event) == f"{path}: policy a {second[:12]} replaced"


def test_files_that_come_and_go(tmp_path: Path) -> None:
    _write(tmp_path / "a.yaml", "a")
    given = tmp_path / "given" / "g.yaml"
    _write(given, "g")
    store = PolicyStore([tmp_path, given])
    _write(tmp_path / "b.yaml", "b")
    assert _changes(store) == [("added", "b.yaml", "b")]
    (tmp_path / "a.yaml").unlink()
    assert _changes(store) == [("removed", "a.yaml", "a")]
    (tmp_path / "b.yaml").rename(tmp_path / "c.yaml")
    assert sorted(_changes(store)) == [("added", "c.yaml", "b"), ("removed", "b.yaml", "b")]
    _write(tmp_path / "c.yaml", "renamed")
    assert _changes(store) == [("removed", "c.yaml", "b"), ("added", "c.yaml", "renamed")]


def test_a_given_file_and_a_folder_that_vanish_leave_their_policies_in_use(tmp_path: Path) -> None:
    folder, given = tmp_path / "folder", tmp_path / "g.yaml"
    _write(given, "g")
    _write(folder / "a.yaml", "a")
    store = PolicyStore([folder, given])
    given.unlink()
    shutil.rmtree(folder)
    assert {change for change, _, _ in _changes(store)} == {"refused"}
    assert sorted(store.policies) == ["a", "g"]
    folder.mkdir()  # a volume that is not mounted yet
    assert store.reload() == ()
    assert {problem.code for problem in store.problems} >= {"NO_POLICIES", "POLICY_UNREADABLE"}
    _write(folder / "a.yaml", "a", 2)
    _write(given, "g")
    assert sorted(_changes(store)) == [("replaced", "a.yaml", "a"), ("restored", "g.yaml", "g")]
    assert store.problems == ()


def test_a_changed_base_reloads_the_policies_on_top_of_it(tmp_path: Path) -> None:
    base, top = tmp_path / "bases" / "base.yaml", tmp_path / "policies" / "top.yaml"
    _write(base, "base")
    top.parent.mkdir()
    top.write_text("policy: top\nextends: ../bases/base.yaml\n")
    middle = tmp_path / "policies" / "middle.yaml"
    middle.write_text("policy: middle\nextends: top.yaml\n")
    store = PolicyStore([top.parent])
    before = dict(store.policies)
    _write(base, "base", 2)
    assert _changes(store) == [("replaced", "middle.yaml", "middle"), ("replaced", "top.yaml", "top")]
    base.rename(base.with_suffix(".old"))
    assert [change for change, _, _ in _changes(store)] == ["refused", "refused"]
    assert store.policy("top").digest != before["top"].digest
    base.with_suffix(".old").rename(base)
    assert [change for change, _, _ in _changes(store)] == ["restored", "restored"]


def test_two_policies_never_share_a_name(tmp_path: Path) -> None:
    a = _write(tmp_path / "b.yaml", "a")
    store = PolicyStore([tmp_path])
    _write(tmp_path / "a.yaml", "a", 2)  # its path sorts first, but the other is in use
    (event,) = store.reload()
    assert (event.change, event.name, event.digest) == ("refused", "", None)
    assert [problem.code for problem in event.diagnostics] == ["POLICY_NAME_TAKEN"]
    assert store.policy("a").digest == a
    (tmp_path / "b.yaml").unlink()
    assert _changes(store) == [("added", "a.yaml", "a"), ("removed", "b.yaml", "a")]
    _write(tmp_path / "strict.yaml", "strict")
    assert _changes(store) == [("refused", "strict.yaml", "")]
    assert store.policy("strict") == load_policy("strict")
    (tmp_path / "strict.yaml").write_text(load_policy("strict").text)
    assert _changes(store) == [("added", "strict.yaml", "strict")]


def test_a_file_whose_new_name_is_taken_retains_its_policy(tmp_path: Path) -> None:
    _write(tmp_path / "a.yaml", "a")
    _write(tmp_path / "b.yaml", "b")
    store = PolicyStore([tmp_path])
    _write(tmp_path / "b.yaml", "a", 3)
    assert _changes(store) == [("refused", "b.yaml", "b")]
    assert sorted(store.policies) == ["a", "b"]


@pytest.fixture
def watched(tmp_path: Path) -> Iterator[tuple[Path, PolicyStore, queue.Queue[PolicyEvent]]]:
    _write(tmp_path / "policies" / "a.yaml", "a")
    events: queue.Queue[PolicyEvent] = queue.Queue()
    with PolicyStore([tmp_path / "policies"], on_event=events.put) as store:
        yield tmp_path / "policies", store.watch(), events


def test_a_watched_folder(watched: tuple[Path, PolicyStore, queue.Queue[PolicyEvent]]) -> None:
    folder, store, events = watched
    digest = _write(folder.parent / "new.yaml", "a", 2)
    (folder.parent / "new.yaml").replace(folder / "a.yaml")  # as editors and configuration management do
    event = events.get(timeout=WAIT)
    assert (event.change, event.digest) == ("replaced", digest)
    (folder / "a.yaml").write_text("policy: a\nrules: [")
    assert events.get(timeout=WAIT).change == "refused"
    assert store.policy("a").digest == digest
    _write(folder / "sub" / "b.yaml", "b")
    assert {events.get(timeout=WAIT).change} == {"added"}


def test_a_configuration_map_of_kubernetes(tmp_path: Path) -> None:
    """The files are links through a hidden link, which is replaced."""
    for number in (1, 2):
        _write(tmp_path / f"..{number}" / "a.yaml", "a", number)
    (tmp_path / "..data").symlink_to("..1")
    (tmp_path / "a.yaml").symlink_to("..data/a.yaml")
    events: queue.Queue[PolicyEvent] = queue.Queue()
    with PolicyStore([tmp_path], on_event=events.put) as store:
        store.watch()
        (tmp_path / "..new").symlink_to("..2")
        (tmp_path / "..new").rename(tmp_path / "..data")
        assert events.get(timeout=WAIT).change == "replaced"


def test_a_file_written_in_steps_is_read_once_it_is_whole(
    watched: tuple[Path, PolicyStore, queue.Queue[PolicyEvent]],
) -> None:
    """Half of the text is a valid policy too; it is never in use."""
    folder, store, events = watched
    second = "  - name: b\n    rule: match nic when nic is up\n"
    with (folder / "a.yaml").open("w") as file:
        file.write("policy: a\n" + RULE.format(2))
        file.flush()
        os.fsync(file.fileno())
        threading.Event().wait(0.05)
        file.write(second)
    assert events.get(timeout=WAIT).change == "replaced"
    assert len(store.policy("a").rules) == 2
    assert events.empty()


def test_events_in_a_coroutine(tmp_path: Path) -> None:
    _write(tmp_path / "a.yaml", "a")

    async def main() -> list[str]:
        store = PolicyStore([tmp_path]).watch()
        events = store.events()
        other = store.events()
        await other.aclose()
        assert [event async for event in other] == []
        digest = await asyncio.to_thread(_write, tmp_path / "a.yaml", "a", 2)
        event = await asyncio.wait_for(anext(events), WAIT)
        assert event.digest == digest
        await asyncio.to_thread(store.close)
        return [str(event) async for event in events]

    assert asyncio.run(main()) == []


def test_a_closed_event_loop_and_a_failing_callback_do_not_stop_the_store(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    _write(tmp_path / "a.yaml", "a")
    reported: list[object] = []
    monkeypatch.setattr(threading, "excepthook", lambda details: reported.append(details.exc_type))

    def fail(_: PolicyEvent) -> None:
        raise KeyError

    store = PolicyStore([tmp_path], on_event=fail)

    async def subscribe() -> None:
        store.events()

    asyncio.run(subscribe())
    _write(tmp_path / "a.yaml", "a", 2)
    assert [change for change, _, _ in _changes(store)] == ["replaced"]
    assert reported == [KeyError]
    store.close()
    with pytest.raises(RuntimeError):
        store.watch()


def test_decisions_during_reloads_use_one_policy_or_the_other(tmp_path: Path) -> None:
    _write(tmp_path / "a.yaml", "a", 0)
    store = PolicyStore([tmp_path])
    stop = threading.Event()
    statuses: set[str] = set()

    def decide() -> None:
        while not stop.is_set():
            statuses.add(store.policy("a").decide(REPORT, HOST).status)

    threads = [threading.Thread(target=decide) for _ in range(2)]
    for thread in threads:
        thread.start()
    for number in range(5):
        _write(tmp_path / "a.yaml", "a", number + 1)
        assert len(store.reload()) == 1
    stop.set()
    for thread in threads:
        thread.join()
    assert len(statuses) == 1


def test_without_watchfiles_the_error_names_the_extra(tmp_path: Path) -> None:
    _write(tmp_path / "a.yaml", "a")
    code = (
        "import sys; sys.modules['watchfiles'] = None\n"
        "import importlib.util as util; find = util.find_spec\n"
        "util.find_spec = lambda name: None if name == 'watchfiles' else find(name)\n"
        "import evaluator\n"
        f"store = evaluator.PolicyStore([{str(tmp_path)!r}])\n"
        "assert store.reload() == ()\n"
        "try: store.watch()\n"
        "except evaluator.QuestionError as error: print(error)\n"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert "hint: install `activenic[watch]`" in done.stdout
