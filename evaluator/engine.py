"""PDP: the policy object that an engine holds: read and checked once, immutable, shared between threads."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from pathlib import Path

from evaluator.decide import DECIDING, Case, decide
from evaluator.decision import Decision
from evaluator.diagnostic import Diagnostic
from evaluator.explain import CaseExplainer
from evaluator.facts.host import HostAddresses
from evaluator.policy.compile import compile_program
from evaluator.policy.parameters import ParameterInput, bind
from evaluator.policy.program import Program
from evaluator.report.reading import Report


class Policy:
    """A policy that decides. Build it with `load_policy`."""

    __slots__ = ("_judge", "_program")

    def __init__(self, program: Program) -> None:
        self._program = program
        self._judge = compile_program(program, DECIDING)

    @property
    def name(self) -> str:
        """The name that the policy gives itself."""
        return self._program.name

    @property
    def warnings(self) -> tuple[Diagnostic, ...]:
        """What the checker advised, sorted by place."""
        return self._program.warnings

    @property
    def program(self) -> Program:
        """The checked rules."""
        return self._program

    def decide(self, report: Report, host: HostAddresses, /, **parameters: ParameterInput | None) -> Decision:
        """Return the decision for one host.

        Every outcome is a status of the decision. PolicyError is raised only for a question that
        cannot be asked: parameters that do not fit, or a policy whose declared worst cost on this
        report is over the step budget.
        """
        if not isinstance(host, HostAddresses):
            raise TypeError("host must be HostAddresses: use HostAddresses.of(…) or resolve_host(…)")
        case = Case(self._program, report, host, bind(self._program, parameters), self._judge)
        return decide(case, CaseExplainer(case))

    def decide_many(
        self, pairs: Iterable[tuple[Report, HostAddresses]], /, **parameters: ParameterInput | None
    ) -> Iterator[Decision]:
        """Return the decisions for each report and its host, in their order, with the same parameters.

        The parameters are read at once; each decision is made when it is asked for.
        """
        bound = bind(self._program, parameters)
        cases = (Case(self._program, report, host, bound, self._judge) for report, host in pairs)
        return (decide(case, CaseExplainer(case)) for case in cases)

    def __repr__(self) -> str:
        return f"Policy({self.name!r})"


def load_policy(name: str | Path) -> Policy:
    """Return a shipped policy by its name, or the policy of a file by its path.

    Raises PolicyError with every mistake in the file, each with its place.
    """
    from evaluator.policy.load import find_policy, load_shipped, read_program, shipped_names  # noqa: PLC0415 -- lark, yaml

    if isinstance(name, str) and name in shipped_names():
        return Policy(load_shipped(name))
    return Policy(read_program(find_policy(name)))
