"""PDP: the policy object that an engine holds: read and checked once, immutable, shared between threads."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from typing import TYPE_CHECKING, overload

from evaluator.base.diagnostic import Diagnostic, in_order
from evaluator.decision.decide import Case, decide
from evaluator.decision.decision import Decision, Explainer
from evaluator.facts.host_addresses import HostAddresses
from evaluator.policy.compile.rules import Compiled
from evaluator.policy.language.environment import Value
from evaluator.policy.language.program import Program
from evaluator.policy.parameters import ParameterInput, bind
from evaluator.policy.prepared import load_shipped
from evaluator.policy.source.find import find_policy, policy_source, shipped_names
from evaluator.report.reading import Report

if TYPE_CHECKING:
    from pathlib import Path


class Policy:
    """A policy that decides. Build it with `load_policy`. Policies are equal if they have the same texts."""

    __slots__ = ("_compiled", "_defaults", "_warnings")

    def __init__(self, program: Program, warnings: tuple[Diagnostic, ...] = ()) -> None:
        self._compiled = Compiled(program)
        self._warnings = in_order((*program.warnings, *warnings))
        needs_none = not any(parameter.is_required for parameter in program.parameters)
        self._defaults = bind(program, {}) if needs_none else None

    @property
    def name(self) -> str:
        """The name that the policy gives itself."""
        return self.program.name

    @property
    def digest(self) -> str:
        """The SHA-256 of the policy's text, in hexadecimal; of several texts that of their list."""
        return self.program.digest

    @property
    def warnings(self) -> tuple[Diagnostic, ...]:
        """What the checker advised, sorted by place; and whether the policy uses the name of a shipped one."""
        return self._warnings

    @property
    def program(self) -> Program:
        """The checked rules."""
        return self._compiled.program

    def decide(self, report: Report, host: HostAddresses, /, **parameters: ParameterInput | None) -> Decision:
        """Return the decision for one host.

        Every outcome is a status of the decision. PolicyError is raised only for a question that
        cannot be asked: parameters that do not fit, or a policy whose declared worst cost on this
        report is over the step budget.
        """
        if not isinstance(host, HostAddresses):
            raise TypeError("host must be HostAddresses: use HostAddresses.of(…) or resolve_host(…)")
        return decide(Case(self._compiled, report, host, self._bound(parameters)), _explainer)

    def decide_many(
        self, pairs: Iterable[tuple[Report, HostAddresses]], /, **parameters: ParameterInput | None
    ) -> Iterator[Decision]:
        """Return the decisions for each report and its host, in their order, with the same parameters.

        The parameters are read at once; each decision is made when it is asked for.
        """
        bound = self._bound(parameters)
        return (decide(Case(self._compiled, report, host, bound), _explainer) for report, host in pairs)

    def _bound(self, parameters: Mapping[str, ParameterInput | None]) -> Mapping[str, Value]:
        if self._defaults is not None and not parameters:
            return self._defaults
        return bind(self.program, parameters)

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Policy) and self.program.texts == other.program.texts

    def __hash__(self) -> int:
        return hash(self.program.texts)

    def __repr__(self) -> str:
        return f"Policy({self.name!r})"


def _explainer(case: Case) -> Explainer:
    from evaluator.explain.explain import CaseExplainer  # noqa: PLC0415 -- when somebody asks why

    return CaseExplainer(case)


@overload
def load_policy(name: str | Path, *, policy_path: Iterable[str | Path] = ()) -> Policy: ...


@overload
def load_policy(
    *, text: str | bytes, path: str | Path | None = None, policy_path: Iterable[str | Path] = ()
) -> Policy: ...


def load_policy(
    name: str | Path | None = None,
    *,
    text: str | bytes | None = None,
    path: str | Path | None = None,
    policy_path: Iterable[str | Path] = (),
) -> Policy:
    """Return a shipped policy by its name, the policy of a file by its path, or the policy of a text.

    `policy_path` are folders in which a file is looked for that is not found by its relative path, the files of
    policies that it extends among them. A text may extend a shipped policy; if its own `path` is given too, also one in
    a file. Raises PolicyError with every mistake in the texts, each with its place.
    """
    if isinstance(name, str) and text is None and name in shipped_names():
        return Policy(load_shipped(name))
    from pathlib import Path  # noqa: PLC0415 -- a shipped policy needs none

    from evaluator.policy.load import program_of  # noqa: PLC0415 -- lark and the checker
    from evaluator.policy.released import name_warnings  # noqa: PLC0415 -- a shipped policy has the right to its name
    from evaluator.policy.source.chain import files_of, read_chain  # noqa: PLC0415 -- yaml

    search = tuple(map(Path, policy_path))
    if name is not None and text is None and path is None:
        source = find_policy(name, search)
    elif name is None and isinstance(text, str | bytes):
        source = policy_source(text, path)
    else:
        raise TypeError("give either the name or path of a policy, or its `text` as str or bytes")
    chain = read_chain(source, files_of(search))
    return Policy(program_of(chain), name_warnings(chain))
