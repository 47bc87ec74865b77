"""The policies of an engine or a service that runs for a long time: `PolicyStore` loads changed files again.

The store is the policy retrieval point (PRP): operators change files, and the store loads these files for decisions.

All policies of the store are one immutable value, and a reload replaces this value by one assignment. This has three
effects. A decision uses the same policy from its beginning to its end, also during a reload. A decision needs no lock.
A caller that reads the policies gets all of them from before the reload, or all of them from after the reload.

A reload runs in the thread of `watch`, or in a thread that calls `reload`. Two reloads never run at the same time.
"""

from __future__ import annotations

import threading
from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path

from evaluator.base.diagnostic import Diagnostic, PolicyError, require_package
from evaluator.base.text import did_you_mean, quote
from evaluator.engine import Policy, load_policy
from evaluator.policy.source.find import shipped_names
from evaluator.policy_store.events import Callback, PolicyChange, PolicyEvent, PolicyEvents, Subscribers
from evaluator.policy_store.files import PolicyFile, PolicyFiles, read_files
from evaluator.policy_store.watch import State, state_of, wait_for_change


class PolicyStore:
    """Policies in files and folders. Threads and coroutines can share a store.

    `paths` are policy files and folders of policy files, with their subfolders; `policy_path` are the folders in which
    extended policies are searched. `on_event` is called with each event, in the thread that reloads. Raises PolicyError
    with every problem if a policy is invalid or two policies have the same name: a program should not start with an
    invalid policy.
    """

    def __init__(
        self, paths: Iterable[str | Path], *, policy_path: Iterable[str | Path] = (), on_event: Callback | None = None
    ) -> None:
        self._paths = tuple(map(Path, paths))
        self._search = tuple(map(Path, policy_path))
        self._subscribers = Subscribers(on_event)
        self._reload_lock = threading.Lock()
        self._stop = threading.Event()
        self._watcher: threading.Thread | None = None
        self._shipped: dict[str, Policy] = {}
        self._state = self._look(())
        self._files = read_files(self._paths, self._search, PolicyFiles())
        if self._files.all_problems():
            raise PolicyError(self._files.all_problems())

    @property
    def policies(self) -> Mapping[str, Policy]:
        """The policies that are now in use, by name. Shipped policies are not in this mapping.

        `reload` makes a new mapping. It does not change this mapping.
        """
        return self._files.policies

    @property
    def problems(self) -> tuple[Diagnostic, ...]:
        """The problems of the files whose newest text is not in use; empty if all files are valid."""
        return self._files.all_problems()

    def policy(self, name: str) -> Policy:
        """Return the policy with this name, from a file or shipped. Raises PolicyError if the name is unknown."""
        policies = self._files.policies
        policy = policies.get(name) or self._shipped.get(name)
        if policy is None and name in shipped_names():
            policy = self._shipped.setdefault(name, load_policy(name))
        if policy is None:
            names = sorted({*policies, *shipped_names()})
            hint = did_you_mean(name, names) or f"known policies: {', '.join(names)}"
            raise PolicyError([Diagnostic("POLICY_NOT_FOUND", f"unknown policy {quote(name)}", hint=hint)])
        return policy

    def reload(self) -> tuple[PolicyEvent, ...]:
        """Read the files now, replace the policies that changed, and return what changed. Never raises PolicyError."""
        with self._reload_lock:
            before = self._files
            state = self._look(_inputs(before))  # before the files are read: a later change is then noticed
            self._files = after = read_files(self._paths, self._search, before)
            self._state = {**state, **state_of((), (path for path in _inputs(after) if path not in state))}
            events = tuple(_events(before, after))
            self._subscribers.publish(events)
        return events

    def watch(self) -> PolicyStore:
        """Start a thread that loads changed files again until `close` is called. Return the store.

        Raises ExtraMissingError if the package watchfiles is not installed, and RuntimeError if the store is closed.
        """
        require_package("changes cannot be watched", "watchfiles", "watch")
        if self._stop.is_set():
            raise RuntimeError("the policy store is closed")
        if self._watcher is None:
            self._watcher = threading.Thread(target=self._watch, name="activenic-policy-store", daemon=True)
            self._watcher.start()
        return self

    def events(self) -> PolicyEvents:
        """Return an asynchronous iterator of the events from now on. It ends when the store is closed.

        Raises RuntimeError if no event loop is running in this thread.
        """
        return self._subscribers.subscribe()

    def close(self) -> None:
        """Stop watching the files, and end the iterators. The policies can still be used."""
        self._stop.set()
        if self._watcher is not None and self._watcher is not threading.current_thread():
            self._watcher.join()
        self._subscribers.end()

    def __enter__(self) -> PolicyStore:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def __repr__(self) -> str:
        return f"PolicyStore({', '.join(sorted(self._files.policies))})"

    def _watch(self) -> None:
        while wait_for_change(self._state, self._look_again, self._folders(), self._stop):
            self.reload()

    def _look(self, inputs: Iterable[Path]) -> State:
        return state_of(self._paths, inputs)

    def _look_again(self) -> State:
        return self._look(_inputs(self._files))

    def _folders(self) -> Iterator[Path]:
        """Yield the folders whose changes can concern a policy."""
        for path in (*self._paths, *self._state):
            yield path
            yield path.parent
        yield from self._search


def _inputs(files: PolicyFiles) -> tuple[Path, ...]:
    return tuple(path for file in files.files.values() for path in file.inputs)


def _events(before: PolicyFiles, after: PolicyFiles) -> Iterator[PolicyEvent]:
    """Yield the changes between two readings, in the order of the paths."""
    known = set(before.problems)
    for problem in after.problems:
        if problem not in known:
            yield PolicyEvent(PolicyChange.REFUSED, Path(problem.place), "", None, None, (problem,))
    for path in sorted({*before.files, *after.files}):
        yield from _events_of(path, before.files.get(path), after.files.get(path))


def _events_of(path: Path, before: PolicyFile | None, after: PolicyFile | None) -> Iterator[PolicyEvent]:
    old = None if before is None else before.policy
    new = None if after is None else after.policy
    old_digest, new_digest = (None if policy is None else policy.digest for policy in (old, new))
    if old is not None and (new is None or new.name != old.name):
        yield PolicyEvent(PolicyChange.REMOVED, path, old.name, None, old_digest)
    if new is not None and (old is None or new.name != old.name):
        yield PolicyEvent(PolicyChange.ADDED, path, new.name, new_digest, None, new.warnings)
    elif new is not None and new_digest != old_digest:
        yield PolicyEvent(PolicyChange.REPLACED, path, new.name, new_digest, old_digest, new.warnings)
    had_problems = () if before is None else before.problems
    problems = () if after is None else after.problems
    if problems and problems != had_problems:
        name = "" if new is None else new.name
        yield PolicyEvent(PolicyChange.REFUSED, path, name, new_digest, new_digest, problems)
    elif had_problems and not problems and new is not None and new_digest == old_digest:
        yield PolicyEvent(PolicyChange.RESTORED, path, new.name, new_digest, new_digest, new.warnings)
