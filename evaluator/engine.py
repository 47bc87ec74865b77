"""The policy decision point (PDP): `load_policy` returns a `Policy`, and `Policy.decide` returns decisions.

An engine loads a policy once and uses it for many decisions. A policy is checked and compiled when it is loaded. After
that the policy never changes, so threads can share it.

A shipped policy is loaded from its prepared form, without the parser and without YAML. Some modules are needed only for
policies in files (`policy/from_text.py`) or only for explanations. They are imported inside functions, because each
import makes the start of a command slower.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from typing import TYPE_CHECKING, overload

from evaluator.base.diagnostic import Diagnostic, QuestionError, in_order
from evaluator.decision.decide import Case, decide
from evaluator.decision.decision import Decision, Explainer
from evaluator.decision.question import question_of
from evaluator.facts.host_addresses import HostAddresses
from evaluator.policy.compile.rules import CompiledPolicy
from evaluator.policy.language.environment import Value
from evaluator.policy.language.program import Program
from evaluator.policy.outline import PolicyParameter, PolicyRule, parameters_of, rules_of
from evaluator.policy.parameters import ParameterInput, bind
from evaluator.policy.prepared import load_shipped
from evaluator.policy.source.find import shipped_names
from evaluator.report.reading import Report

if TYPE_CHECKING:
    from pathlib import Path

Parameters = Mapping[str, ParameterInput | None]
# a question: a document (schemas/question.schema.json), the JSON text of a document, or a pair of a report and its host
AnyQuestion = Mapping[str, object] | str | bytes | tuple[Report, HostAddresses]


class Policy:
    """A checked policy that returns decisions; `load_policy` creates it. Policies with equal texts are equal."""

    __slots__ = ("_compiled", "_defaults", "_warnings")

    def __init__(self, program: Program, warnings: tuple[Diagnostic, ...] = ()) -> None:
        self._compiled = CompiledPolicy(program)
        self._warnings = in_order((*program.warnings, *warnings))
        has_defaults = not any(parameter.is_required for parameter in program.parameters)
        self._defaults = bind(program, {}) if has_defaults else None

    @property
    def name(self) -> str:
        """The name in the policy's text."""
        return self.program.name

    @property
    def digest(self) -> str:
        """The SHA-256 of the policy's text, in hexadecimal.

        If the policy extends another policy, it is the SHA-256 of the list of all texts.
        """
        return self.program.digest

    @property
    def warnings(self) -> tuple[Diagnostic, ...]:
        """The warnings of the checker, sorted by place.

        There is a warning if a shipped policy has the same name.
        """
        return self._warnings

    @property
    def description(self) -> str:
        """The description in the policy's text."""
        return self.program.description

    @property
    def text(self) -> str:
        """The policy's own text, without the texts of the policies that it extends."""
        return self.program.text

    @property
    def parameters(self) -> tuple[PolicyParameter, ...]:
        """The declared parameters, in the order of the policy."""
        return parameters_of(self.program)

    @property
    def rules(self) -> tuple[PolicyRule, ...]:
        """The rules in the order of evaluation, including the rules of the policies that this policy extends."""
        return rules_of(self.program)

    @property
    def program(self) -> Program:
        """The checked rules."""
        return self._compiled.program

    def decide(
        self,
        report: Report,
        host: HostAddresses,
        /,
        *,
        parameters: Parameters | None = None,
        **named: ParameterInput | None,
    ) -> Decision:
        """Return the decision for one host.

        Parameters are given by keyword, in the mapping `parameters`, or both. A decision that names no interface is not
        an error; read its status. PolicyError is raised only for invalid input: a parameter that is unknown, missing or
        of another type than declared, or a report on which the policy could exceed the step budget. TypeError is raised
        for a report or host of another type, and if a parameter is given twice.
        """
        return self._decide(report, host, self._bind(_merged(parameters, named)))

    def decide_many(
        self,
        pairs: Iterable[tuple[Report, HostAddresses]],
        /,
        *,
        parameters: Parameters | None = None,
        **named: ParameterInput | None,
    ) -> Iterator[Decision]:
        """Return an iterator of the decisions for pairs of a report and its host, in the order of the pairs.

        All decisions have the same parameters. This method checks the parameters before it returns. Each decision is
        computed when the iterator reaches it. Raises the same errors as `decide`.
        """
        values = self._bind(_merged(parameters, named))
        return (self._decide(report, host, values) for report, host in pairs)

    def decide_each(
        self,
        questions: Iterable[AnyQuestion],
        /,
        *,
        parameters: Parameters | None = None,
        **named: ParameterInput | None,
    ) -> Iterator[Decision | QuestionError]:
        """Return an iterator with a decision or an error for each question, in the order of the questions.

        A question is a document (`schemas/question.schema.json`), the JSON text of such a document, or a pair of a
        report and its host. For an invalid question, the iterator yields a QuestionError and then continues with the
        next question. The parameters of this call take precedence over the parameters of a question. The member
        `policy` of a question is ignored. Raises TypeError for a question of another type, and if a parameter is given
        twice.
        """
        values = _merged(parameters, named)
        return (self._decide_question(question, values) for question in questions)

    def _decide(self, report: Report, host: HostAddresses, values: Mapping[str, Value]) -> Decision:
        if not isinstance(report, Report):
            raise TypeError(f"report must be a Report, not {type(report).__name__}: use read_report(…)")
        if not isinstance(host, HostAddresses):
            raise TypeError(
                f"host must be HostAddresses, not {type(host).__name__}: use HostAddresses.of(…) or resolve_host(…)"
            )
        return decide(Case(self._compiled, report, host, values), _explainer)

    def _decide_question(self, question: AnyQuestion, parameters: Parameters) -> Decision | QuestionError:
        try:
            if isinstance(question, tuple):
                return self._decide(*question, self._bind(parameters))
            asked = question_of(question)
            return self._decide(asked.report, asked.host, self._bind({**asked.parameters, **parameters}))
        except QuestionError as error:
            return error

    def _bind(self, parameters: Parameters) -> Mapping[str, Value]:
        if self._defaults is not None and not parameters:
            return self._defaults
        return bind(self.program, parameters)

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Policy) and self.program.texts == other.program.texts

    def __hash__(self) -> int:
        return hash(self.program.texts)

    def __repr__(self) -> str:
        return f"Policy(name={self.name!r}, digest={self.digest[:12]!r}…)"


def _merged(parameters: object, named: Parameters) -> Parameters:
    """Return the parameters from a mapping and from keywords. Raises TypeError if a parameter is given twice."""
    if parameters is None:
        return named
    if not isinstance(parameters, Mapping):
        raise TypeError(f"parameters must be a mapping of names to values, not {type(parameters).__name__}")
    twice = sorted(parameters.keys() & named.keys())
    if twice:
        raise TypeError(f"given both in `parameters` and by keyword: {', '.join(twice)}")
    return {**parameters, **named}


def _explainer(case: Case) -> Explainer:
    from evaluator.explain.explain import CaseExplainer  # noqa: PLC0415 -- only explanations need it

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
    """Return a shipped policy by its name, the policy in a file by its path, or the policy in a text.

    If a relative path does not exist, activenic looks for the file in the folders of `policy_path`. It looks for
    extended policies in the same folders. A text can extend a shipped policy. If `path`, the path of the text, is
    given, the text can also extend a policy in a file. Raises PolicyError with all mistakes in the texts, each with its
    place.
    """
    if isinstance(name, str) and text is None and name in shipped_names():
        return Policy(load_shipped(name))
    from evaluator.policy.from_text import load_file, load_text  # noqa: PLC0415 -- imports yaml, lark and the checker

    if name is not None and text is None and path is None:
        return Policy(*load_file(name, policy_path))
    if name is None and isinstance(text, str | bytes):
        return Policy(*load_text(text, path, policy_path))
    raise TypeError("load_policy takes the name or path of a policy, or `text` (str or bytes), but not both")
