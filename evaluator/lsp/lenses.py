"""Code lenses: the lines that an editor shows above each rule of a policy.

- A line about tests. It has two parts: in how many tests of the policy the rule fires, and the coverage of the rule.
  The outcomes of a rule are fired and not fired; the outcomes of each of its clauses are true and false. An outcome is
  covered if it occurs in a test (`testing/covered.py`).
- A line for each question: the effect of the rule on the question, and the result of the decision. The questions of the
  policy `NAME.yaml` are the files `NAME.json` and `NAME.….json` in the same folder, and all JSON files in the subfolder
  `questions`.
"""

from __future__ import annotations

from collections.abc import Iterator
from functools import lru_cache
from pathlib import Path

from msgspec import Struct

from evaluator.base.diagnostic import Diagnostic, HostNameError, PolicyError, QuestionError
from evaluator.base.digest import digest
from evaluator.base.text import visible
from evaluator.decision.decision import Decision
from evaluator.decision.question import is_question, read_question
from evaluator.engine import Policy
from evaluator.lsp.diagnose import cases_of, loaded
from evaluator.lsp.document import Document, Kind
from evaluator.lsp.keyed import Keyed
from evaluator.lsp.names import Subject, Use, names_of
from evaluator.lsp.workspace import Workspace, document_of
from evaluator.policy.source.chain import PolicyChain, read_chain
from evaluator.render.text import because, effect_of
from evaluator.report.json_text import parse_json
from evaluator.report.read import read_regular_file
from evaluator.testing.case_file import PolicyCase
from evaluator.testing.covered import Coverage, CoveredPlace, PolicyFile
from evaluator.testing.measure_coverage import CoverageMeter, FilesOf
from evaluator.testing.policies import files_of_texts
from evaluator.testing.run_cases import run_case

QUESTIONS = "questions"
_MOST_QUESTIONS = 3
_MOST_INTERFACES = 20
_RESULTS_KEPT = 64
_WITHOUT_HOST = "a report without the addresses of its host; write a question with `report` and `addresses`"


class Lens(Struct, frozen=True):
    """A line that the editor shows above a rule.

    `start` and `end` are the place of the rule's name. If the line is about a question, `question` is the path of the
    file with this question. If the line is about tests, `question` is empty.
    """

    start: int
    end: int
    title: str
    rule: str
    question: str = ""


def lenses_of(workspace: Workspace, document: Document) -> tuple[Lens, ...]:
    """Return the lenses of the rules of a policy; empty if the policy is invalid."""
    if document.kind is not Kind.POLICY:
        return ()
    try:
        policy = loaded(document.source, workspace.find)
    except PolicyError:
        return ()
    rules = [use for use in names_of(document) if use.subject is Subject.RULE and use.declares]
    return (*_of_tests(workspace, document, rules), *_of_questions(document, policy, rules))


def explain_rule(workspace: Workspace, document: Document, rule: str, question: str) -> str:
    """Return a text that shows the effect of a rule on each interface of a question.

    Raises QuestionError if the input is invalid.
    """
    policy = loaded(document.source, workspace.find)
    decision = _decided(policy, question, _stamp(Path(question)))
    explanation = decision.reasons(_MOST_INTERFACES)
    lines = [f"{_name(Path(question))}: {_result(decision)}"]
    for interface in explanation.interfaces:
        lines += [
            f"{visible(interface.name)}: {because(reason)}"
            for reason in interface.reasons
            if reason.rule == rule and reason.held is not None
        ]
    return "\n".join(lines)


def _of_tests(workspace: Workspace, document: Document, rules: list[Use]) -> Iterator[Lens]:
    """Yield a lens for each rule: the number of tests, in how many of them the rule fired, and its coverage."""
    own = digest(document.raw.encode())
    files = [other for other in workspace.documents() if other.kind is Kind.TEST]
    runs = [_run(workspace, test, document) for test in files]
    tests = sum(run.tests for run in runs)
    coverage = Coverage.of(place for run in runs for place in run.places if place.file.sha256 == own)
    for use in rules:
        places = tuple(place for place in coverage.places if place.rule == use.name)
        yield Lens(use.start, use.end, _title(tests, Coverage(places)), use.name)


def _title(tests: int, coverage: Coverage) -> str:
    fired = sum(place.true for place in coverage.of_kind("rule").places)
    if not tests:
        return "no tests"
    count = "1 test" if tests == 1 else f"{tests} tests"
    return f"this rule fired in {fired} of {count}; {coverage.covered} of {coverage.total} outcomes covered"


class _Run(Struct, frozen=True):
    """The number of tests of a policy in a test file, and the places of the policy that these tests cover."""

    tests: int = 0
    places: tuple[CoveredPlace, ...] = ()


def _run(workspace: Workspace, test: Document, policy: Document) -> _Run:
    """Run the tests in a test file that use the policy. A file with mistakes counts as a file without tests."""
    try:
        cases = cases_of(workspace, test)
    except PolicyError:
        return _Run()

    def chain_of(name: str) -> PolicyChain:
        return read_chain(workspace.find_for_test(name, test.folder), workspace.find)

    def uses_policy(name: str) -> bool:
        return any(document_of(source).key == policy.key for source in chain_of(name).sources)

    programs = {case.policy_name: case.policy.program for case in cases}
    names = {name for name in programs if uses_policy(name)}
    own = tuple(case for case in cases if case.policy_name in names)
    digests = tuple(case.policy.digest for case in own)
    reports = tuple(case.report for case in own if isinstance(case.report, bytes))

    def files_of(name: str) -> tuple[PolicyFile, ...]:
        return files_of_texts(programs[name], chain_of(name))

    return _measured(Keyed((test, digests, reports), (own, files_of)))


@lru_cache(maxsize=_RESULTS_KEPT)
def _measured(run: Keyed[tuple[tuple[PolicyCase, ...], FilesOf]]) -> _Run:
    cases, files_of = run.value
    meter = CoverageMeter(files_of)
    for case in cases:
        meter.add(case.policy_name, case.policy, run_case(case).decision)
    return _Run(len(cases), meter.places())


def _of_questions(document: Document, policy: Policy, rules: list[Use]) -> Iterator[Lens]:
    """Yield lenses with the effect of each rule on each question.

    If a question cannot be decided, the lens of the first rule shows the problem.
    """
    for path in _questions_of(document):
        try:
            decision = _decided(policy, str(path), _stamp(path))
        except QuestionError as error:
            title = f"{_name(path)}: {error.diagnostics[0].message}"
            yield from (Lens(use.start, use.end, title, use.name) for use in rules[:1])
            continue
        steps = {step.rule: step for step in decision.trace}
        for use in rules:
            if use.name in steps:
                title = f"{_name(path)}: {effect_of(steps[use.name])}; {_result(decision)}"
                yield Lens(use.start, use.end, title, use.name, str(path))


def _questions_of(document: Document) -> list[Path]:
    if document.path is None:
        return []
    policy = Path(document.path)
    beside = [path for path in _json_files(policy.parent) if path.name.startswith(f"{policy.stem}.")]
    return [*beside, *_json_files(policy.parent / QUESTIONS)][:_MOST_QUESTIONS]


def _json_files(folder: Path) -> list[Path]:
    try:
        return sorted(path for path in folder.iterdir() if path.suffix == ".json" and not path.name.startswith("."))
    except (OSError, ValueError):
        return []


def _stamp(path: Path) -> tuple[int, int]:
    """Return the time and the size of a file; zeros if the file does not exist. The error is reported later."""
    try:
        status = path.stat()
    except OSError:
        return 0, 0
    return status.st_mtime_ns, status.st_size


@lru_cache(maxsize=_RESULTS_KEPT)
def _decided(policy: Policy, path: str, _: tuple[int, int]) -> Decision:
    """Return the decision of a policy for the question in a file. Raises QuestionError if the question is invalid."""
    document = parse_json(read_regular_file(Path(path), "question"), "question")
    if not is_question(document):
        raise HostNameError([Diagnostic("HOST_MISSING", _WITHOUT_HOST)])
    question = read_question(document, Path(path).name)
    return policy.decide(question.report, question.host, parameters=question.parameters)


def _result(decision: Decision) -> str:
    name = decision.host_active_nic
    return str(decision.status) if name is None else f"{decision.status} {visible(name)}"


def _name(path: Path) -> str:
    return visible(path.name)
