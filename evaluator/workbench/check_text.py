"""Checks the text of a policy and returns the diagnostics with their fixes. The text does not have to be saved.

`activenic check` and editors use this module. Every diagnostic has a place in the text or in one of its base policies.
`Checked.text_of` returns the plain text of this policy: each line ends with one line feed. The offsets in
`Diagnostic.location` and `Diagnostic.fixes` count characters of the plain text.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from pathlib import Path

from msgspec import Struct
from msgspec.structs import replace

from evaluator.base.diagnostic import Diagnostic, PolicyError, Severity, in_order
from evaluator.base.fix import Fix, Location
from evaluator.base.source import Source
from evaluator.engine import Policy
from evaluator.policy.lint.parameter_values import warnings_of
from evaluator.policy.load import program_of
from evaluator.policy.parameters import parse_assignments
from evaluator.policy.released import name_warnings
from evaluator.policy.source.chain import FindBase, PolicyChain, files_of, read_chain
from evaluator.policy.source.find import find_policy, plain_text, policy_source, read_text_file
from evaluator.policy.source.folder import TEST_SUFFIX
from evaluator.testing.case_file import read_case_file


class Checked(Struct, frozen=True):
    """The result of checking one policy: its name, its texts, the policy (None if invalid), and the diagnostics.

    `source` is the text of the policy itself, unchanged from the file. `chain` has this text and the texts of the base
    policies. If the policy cannot be found or read, `chain` is None. `tests` is the number of tests in a test file; for
    a policy, it is None.
    """

    name: str
    source: Source | None
    chain: PolicyChain | None
    policy: Policy | None
    diagnostics: tuple[Diagnostic, ...]
    tests: int | None = None

    @property
    def is_valid(self) -> bool:
        """Whether the policy can be used, or the file of tests can be run."""
        return self.policy is not None or self.tests is not None

    @property
    def has_errors(self) -> bool:
        """Whether there is a problem of severity `error`."""
        return any(problem.severity is Severity.ERROR for problem in self.diagnostics)

    @property
    def own_fixes(self) -> tuple[tuple[Diagnostic, Fix], ...]:
        """The fixes of the policy's own text, each with its diagnostic."""
        own = None if self.source is None else self.source.name
        return tuple(
            (problem, fix)
            for problem in self.diagnostics
            if problem.location is not None and problem.location.name == own
            for fix in problem.fixes
        )

    def text_of(self, location: Location) -> Source | None:
        """Return the plain text of the file that contains a location; None if the file is unknown.

        The plain text has no byte order mark, and each line ends with one line feed.
        """
        raw = self.raw_text_of(location)
        return None if raw is None else Source(location.name, plain_text(raw))

    def raw_text_of(self, location: Location) -> str | None:
        """Return the unchanged text of the file that contains a location; None if the file is unknown."""
        sources = (() if self.source is None else (self.source,)) if self.chain is None else self.chain.sources
        return next((source.text for source in sources if source.name == location.name), None)


def check_text(
    text: str | bytes,
    name: str = "<text>",
    *,
    path: str | Path | None = None,
    policy_path: Iterable[str | Path] = (),
    assignments: Sequence[str] = (),
) -> Checked:
    """Return the diagnostics of a policy text, with their fixes. A mistake in the text never raises an exception.

    `name` is the name of the text in messages. `path` is the path of the file that contains the text or will contain
    it: relative paths in `extends` start in the folder of this file. `assignments` are values of parameters,
    `name=value`.
    """
    folders = tuple(map(Path, policy_path))
    try:
        source = policy_source(text, path)
    except PolicyError as error:
        return Checked(name, None, None, None, _placed(error.diagnostics, name))
    return check_source(name, Source(name, source.text, source.path), files_of(folders), assignments)


def check_policy(name: str, policy_path: Sequence[Path] = (), assignments: Sequence[str] = ()) -> Checked:
    """Return the diagnostics of a shipped policy, a policy file or a test file. A mistake never raises an exception."""
    if name.endswith(TEST_SUFFIX):
        return _check_tests(name, policy_path)
    try:
        source = find_policy(name, policy_path)
    except PolicyError as error:
        return Checked(name, None, None, None, error.diagnostics)
    return check_source(name, source, files_of(policy_path), assignments)


def _check_tests(name: str, policy_path: Sequence[Path]) -> Checked:
    """Return the diagnostics of a test file. The file is read, but its tests are not run."""
    path = Path(name)
    try:
        source = Source(name, read_text_file(path), name)
    except PolicyError as error:
        return Checked(name, None, None, None, error.diagnostics)
    try:
        cases = read_case_file(path, policy_path)
    except PolicyError as error:
        return Checked(name, source, None, None, _placed(error.diagnostics, name))
    return Checked(name, source, None, None, (), len(cases))


def check_source(name: str, source: Source, find: FindBase, assignments: Sequence[str] = ()) -> Checked:
    """Return the diagnostics of a policy, given its text; `find` returns the texts of the policies that it extends."""
    chain = None
    try:
        chain = read_chain(source, find)
        program = program_of(chain)
    except PolicyError as error:
        return Checked(name, source, chain, None, _placed(error.diagnostics, source.name))
    policy = Policy(program, name_warnings(chain))
    warnings = _placed(policy.warnings, source.name)
    try:
        values = parse_assignments(program, assignments)
    except PolicyError as error:
        return Checked(name, source, chain, policy, in_order((*error.diagnostics, *warnings)))
    return Checked(name, source, chain, policy, in_order((*warnings, *warnings_of(program, values))))


def _placed(diagnostics: Iterable[Diagnostic], name: str) -> tuple[Diagnostic, ...]:
    """Return diagnostics with places. If a problem has no place, its place is the beginning of the text."""
    return tuple(
        problem
        if problem.location is not None
        else replace(problem, place=problem.place or f"{name}:1:1", location=Location(name, 0, 0))
        for problem in diagnostics
    )
