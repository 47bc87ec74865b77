"""Reads the policies in some files and folders.

The policies are a value (`PolicyFiles`) that never changes. Each reading makes a new value from the files and the
previous value. The store replaces the old value by the new value with a single assignment, so a decision sees either
all changes of one reading or none.

The last valid policy of a file stays in use in these cases:

- The file is invalid or cannot be read.
- The path of the file was given to the store, and the file does not exist any more.
- A folder was given to the store, and the folder does not exist any more or has no policy any more. This happens if a
  volume is not mounted, or while a deployment replaces the folder.

If a file is removed from a folder that still has other policies, the policy of this file is removed. Operators remove
policies in this way.

A file is loaded again only if its text or the text of a base has changed, or if a base appeared or disappeared. So a
change of a base file reloads every policy that extends it.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from types import MappingProxyType

from msgspec import Struct

from evaluator.base.diagnostic import Diagnostic, PolicyError
from evaluator.base.source import Source
from evaluator.base.text import quote, quote_path, reason_of
from evaluator.engine import Policy
from evaluator.policy.load import program_of
from evaluator.policy.prepared import load_shipped
from evaluator.policy.released import name_warnings
from evaluator.policy.source.chain import PolicyChain, files_of, read_chain
from evaluator.policy.source.find import find_policy, shipped_names
from evaluator.policy.source.folder import is_policy, yaml_files_below

_NOTHING: Mapping[str, Policy] = MappingProxyType({})


class PolicyFile(Struct, frozen=True):
    """A policy file.

    `policy` is the last valid policy of the file, None if the file never had one. `problems` is empty if `policy` has
    the text that is now in the file. `sources` are the texts that were read last. `inputs` are the files of these
    texts, and the bases that were not found. `is_name_taken` is true if the file now contains a policy whose name
    another policy has.
    """

    path: Path
    policy: Policy | None
    problems: tuple[Diagnostic, ...]
    sources: tuple[Source, ...]
    inputs: tuple[Path, ...]
    is_name_taken: bool = False


class PolicyFiles(Struct, frozen=True):
    """The policies that are in use, by name, and their files, by path.

    `problems` are the problems of the given paths. The problems of a file are in its `PolicyFile`.
    """

    policies: Mapping[str, Policy] = _NOTHING
    files: Mapping[Path, PolicyFile] = MappingProxyType({})
    problems: tuple[Diagnostic, ...] = ()

    def all_problems(self) -> tuple[Diagnostic, ...]:
        """Return the problems of the paths and of all files."""
        return (*self.problems, *(problem for file in self.files.values() for problem in file.problems))


def read_files(paths: Sequence[Path], search: Sequence[Path], before: PolicyFiles) -> PolicyFiles:
    """Return the policies that are now in files and folders. `search` are the folders of base policies.

    No exception is raised. A problem is a diagnostic in the result, and the policies of `before` then stay in use.
    """
    problems: list[Diagnostic] = []
    listed = dict.fromkeys(path for given in paths for path in _listed(given, before, problems))
    files = {path: _read(path, search, before.files.get(path)) for path in listed}
    owners: dict[str, PolicyFile] = {}
    for file in sorted(files.values(), key=lambda file: _precedence(file, before)):
        accepted = _with_own_name(file, owners, before)
        files[file.path] = accepted
        if accepted.policy is not None:
            owners[accepted.policy.name] = accepted
    policies = {name: file.policy for name, file in sorted(owners.items()) if file.policy is not None}
    return PolicyFiles(MappingProxyType(policies), MappingProxyType(files), tuple(problems))


def _precedence(file: PolicyFile, before: PolicyFiles) -> tuple[bool, Path]:
    """Return the sort key of a file: a policy that is in use comes before a new policy that has the same name."""
    last = _last_policy(file.path, before)
    is_in_use = last is not None and file.policy is not None and last.name == file.policy.name
    return not is_in_use, file.path


def _with_own_name(file: PolicyFile, owners: Mapping[str, PolicyFile], before: PolicyFiles) -> PolicyFile:
    """Return the file. If its policy has the name of another policy, add the problem POLICY_NAME_TAKEN.

    With this problem, the new policy of the file is not used. The old policy of the file, from `before`, stays in use,
    unless another policy has the name of the old policy too.
    """
    message = "" if file.policy is None else _name_problem(file.policy, owners)
    if not message:
        return file
    last = _last_policy(file.path, before)
    problem = Diagnostic("POLICY_NAME_TAKEN", message, str(file.path), "give each policy a different name")
    in_use = last if last is not None and not _name_problem(last, owners) else None
    return PolicyFile(file.path, in_use, (*file.problems, problem), file.sources, file.inputs, is_name_taken=True)


def _last_policy(path: Path, before: PolicyFiles) -> Policy | None:
    known = before.files.get(path)
    return None if known is None else known.policy


def _name_problem(policy: Policy, owners: Mapping[str, PolicyFile]) -> str:
    owner = owners.get(policy.name)
    if owner is not None:
        return f"the policy name {quote(policy.name)} is already used by {quote_path(owner.path)}"
    if policy.name in shipped_names() and policy.digest != load_shipped(policy.name).digest:
        return f"a shipped policy has the same name {quote(policy.name)}, but another text"
    return ""


def _listed(given: Path, before: PolicyFiles, problems: list[Diagnostic]) -> Iterator[Path]:
    """Yield the policy files of a given path."""
    known = [path for path in before.files if given in path.parents]
    if not known and not _is_folder(given):
        yield given
        return
    try:
        found = [path for path in yaml_files_below(given) if path in before.files or is_policy(path)]
    except OSError as error:
        found, reason = [], f"the folder {quote_path(given)} cannot be read: {reason_of(error)}"
    else:
        reason = f"no policies in {quote_path(given)}"
    if not found:
        hint = "the name of a policy file ends with .yaml or .yml, and the file has the key `policy`"
        problems.append(Diagnostic("NO_POLICIES", reason, str(given), hint))
    yield from found or known


def _is_folder(path: Path) -> bool:
    try:
        return path.is_dir()
    except OSError:
        return False


def _read(path: Path, search: Sequence[Path], before: PolicyFile | None) -> PolicyFile:
    """Return the new value of a file. If nothing changed, return the earlier value."""
    last = None if before is None else before.policy
    try:
        chain = read_chain(find_policy(path), files_of(search))
    except PolicyError as error:
        return PolicyFile(path, last, error.diagnostics, (), (path,))
    if before is not None and _is_unchanged(before, chain):
        return before
    inputs = tuple(_inputs(path, chain))
    try:
        policy = Policy(program_of(chain), name_warnings(chain))
    except PolicyError as error:
        return PolicyFile(path, last, error.diagnostics, chain.sources, inputs)
    return PolicyFile(path, policy, (), chain.sources, inputs)


def _is_unchanged(before: PolicyFile, chain: PolicyChain) -> bool:
    """Return whether the texts and the missing bases are the same as at the last reading."""
    was_whole = len(before.inputs) == len(before.sources)
    return chain.sources == before.sources and chain.is_whole == was_whole and not before.is_name_taken


def _inputs(path: Path, chain: PolicyChain) -> Iterator[Path]:
    """Yield the path of each text of a policy, and the path of a base that was not found."""
    for source in chain.sources:
        yield path if source.path is None else Path(source.path)
    if not chain.is_whole and chain.texts:
        first = chain.texts[0]
        if first.extends is not None and first.source.path is not None:
            yield Path(first.source.path).parent / str(first.extends.value)
