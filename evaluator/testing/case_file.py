"""Read a policy test file: YAML with a list of cases. A case has a host and the expected decision.

The format is `schemas/policy-test.schema.json`. All mistakes of a file are reported together, with their places. An
unknown name of a rule or an unknown finding code is a mistake too, because a test must not pass for the wrong reason.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

from msgspec import Struct

from evaluator.base.diagnostic import PolicyError, ReportCode, ReportError
from evaluator.base.finding import FindingCode
from evaluator.base.source import Source, Span
from evaluator.base.status import Status
from evaluator.base.text import did_you_mean, quote
from evaluator.engine import Policy
from evaluator.facts.address import in_order
from evaluator.facts.host_addresses import HostAddresses
from evaluator.facts.literal import parse_literal
from evaluator.policy.source.find import read_text_file
from evaluator.policy.source.problems import Problems
from evaluator.policy.source.structure import refuse_violations
from evaluator.policy.source.yaml_text import Located, read_yaml
from evaluator.report.read import FORMATS, read_regular_file
from evaluator.testing.policies import LoadPolicy, NamedPolicy, Policies
from evaluator.testing.terse_topology import read_topology

REFUSED = "refused"
_SCHEMA = "policy-test"


class Expected(Struct, frozen=True):
    """The expected result of a case.

    If a member is None, the case does not check it. If `status` is `refused`, the report must be refused.
    """

    status: str
    host_active_nic: str | None = None
    names_interface: bool = False
    candidates: tuple[str, ...] | None = None
    owners: tuple[str, ...] | None = None
    has_findings: tuple[str, ...] = ()
    all_findings: tuple[str, ...] | None = None
    fired: tuple[str, ...] = ()
    silent: tuple[str, ...] = ()


class PolicyCase(Struct, frozen=True):
    """One case, ready to run.

    `report` is the report: a text, or a plain value. `format` is the format of the report. If the report is a list of
    NodeNetworkStates, `item` is the name of the NodeNetworkState to use. `policy_name` is the name or path from which
    the policy was loaded.
    """

    name: str
    place: str
    policy: Policy
    report: bytes | dict[str, object]
    host: HostAddresses
    parameters: Mapping[str, Any]
    expected: Expected
    format: str = "auto"
    item: str | None = None
    policy_name: str = ""

    @property
    def question(self) -> tuple[object, ...]:
        """The question of the case as data, without the policy and without the expected result."""
        host = self.host
        answers = [str(address) for address in host.answers]
        first = None if host.first is None else str(host.first)
        return self.report, self.format, self.item, host.asked, host.complete, answers, first, self.parameters


def read_case_file(path: Path, search: Sequence[Path] = (), policies: Policies | None = None) -> tuple[PolicyCase, ...]:
    """Return the cases of a test file.

    `search` lists the folders in which policies are searched. `policies` are the policies that all files of a run
    share. By default, each file loads its own policies.

    Raises PolicyError, with all mistakes, if the file has mistakes.
    """
    load = (policies or Policies(search)).load_for_test
    return read_case_text(Source(str(path), read_text_file(path)), path.parent, load)


def read_case_text(source: Source, folder: Path, load: LoadPolicy) -> tuple[PolicyCase, ...]:
    """Return the cases in the plain text of a test file. The text does not have to be in a file.

    Relative paths refer to `folder`. `load` returns the policy that a test names. Raises PolicyError, with all
    mistakes, if the text has mistakes.
    """
    problems = Problems(source)
    located = read_yaml(source, problems)
    if located is not None:
        refuse_violations(located, _SCHEMA, problems)
    if located is None or problems.has_errors:
        raise PolicyError(problems.diagnostics)
    cases = tuple(case for case in _Reader(folder, load, located, problems).cases() if case is not None)
    if problems.has_errors:
        raise PolicyError(problems.diagnostics)
    return cases


class _Reader:
    """Reads the cases of one file that is valid against the schema."""

    def __init__(self, folder: Path, load: LoadPolicy, located: Located, problems: Problems) -> None:
        self._folder = folder
        self._load = load
        self._located = located
        self._problems = problems
        self._by_name: dict[str, NamedPolicy | None] = {}

    def cases(self) -> Iterator[PolicyCase | None]:
        names: set[object] = set()
        for test in self._located.children["tests"].children.values():
            name = test.children["name"]
            if name.value in names:
                self._error(f"duplicate test name {quote(str(name.value))}", name.span)
            names.add(name.value)
            yield self._case(test)

    def _error(self, message: str, span: Span, hint: str = "") -> None:
        self._problems.error("TEST_INVALID", message, span, hint)

    def _case(self, test: Located) -> PolicyCase | None:
        named, report, host, format_ = self._policy(test), self._report(test), self._host(test), self._format(test)
        if named is None:
            return None
        expected = self._expected(test.children["want"], named.policy)
        if report is None or host is None or expected is None:
            return None
        parameters = {**self._parameters(self._located), **self._parameters(test)}
        name = str(test.children["name"].value)
        place = self._problems.source.place(test.children["name"].span)
        item = self._item(test)
        return PolicyCase(name, place, named.policy, report, host, parameters, expected, format_, item, named.name)

    @staticmethod
    def _parameters(located: Located) -> dict[str, Any]:
        entry = located.children.get("parameters")
        return dict(entry.value) if entry is not None and isinstance(entry.value, dict) else {}

    def _policy(self, test: Located) -> NamedPolicy | None:
        entry = test.children.get("policy") or self._located.children.get("policy")
        if entry is None:
            self._error(
                "missing policy",
                test.children["name"].span,
                "write `policy: strict` at the top of the file",
            )
            return None
        name = str(entry.value)
        if name not in self._by_name:
            try:
                self._by_name[name] = self._load(name, self._folder)
            except PolicyError as error:
                self._by_name[name] = None
                first = error.diagnostics[0]
                self._error(f"the policy {quote(name)} cannot be used: {first.message}", entry.span, first.hint)
        return self._by_name[name]

    def _report(self, test: Located) -> bytes | dict[str, object] | None:
        entries = [test.children[key] for key in ("given", "report", "text") if key in test.children]
        if len(entries) != 1:
            self._error("a test must have exactly one of `given`, `report` and `text`", test.children["name"].span)
            return None
        value = entries[0].value
        try:
            if "given" in test.children:
                return read_topology(str(value))
            if "text" in test.children:
                return str(value).encode()
            if isinstance(value, list):
                return json.dumps(value).encode()
            return value if isinstance(value, dict) else read_regular_file(self._folder / str(value))
        except (ValueError, ReportError) as error:
            message = error.diagnostics[0].message if isinstance(error, ReportError) else str(error)
            self._error(message, entries[0].span)
            return None

    def _format(self, test: Located) -> str:
        entry = test.children.get("format")
        if entry is None:
            return "auto"
        if "given" in test.children:
            self._error("`format` is only allowed with `report` or `text`", entry.span)
        name, formats = str(entry.value), ["auto", *(known.name for known in FORMATS)]
        if name not in formats:
            hint = did_you_mean(name, formats) or f"known formats: {', '.join(formats)}"
            self._error(f"unknown report format {quote(name)}", entry.span, hint)
        return name

    def _item(self, test: Located) -> str | None:
        entry = test.children.get("item")
        if entry is not None and "given" in test.children:
            self._error("`item` is only allowed with `report` or `text`", entry.span)
        return None if entry is None else str(entry.value)

    def _host(self, test: Located) -> HostAddresses | None:
        entry = test.children.get("host")
        if entry is None:
            return HostAddresses.of()
        value: Any = entry.value
        asked, complete, texts = None, True, value if isinstance(value, list) else [value]
        if isinstance(value, dict):
            asked, complete, texts = (
                value.get("name", "host.example"),
                value.get("complete", True),
                value.get("addresses", []),
            )
        try:
            addresses = [parse_literal(text) for text in texts]
        except ValueError as error:
            self._error(str(error), entry.span, "write addresses; a test never looks up a name")
            return None
        if asked is not None:  # if a name has an A record, its first answer is an A record
            addresses.sort(key=lambda address: address.version)
        return HostAddresses(in_order(addresses), asked, complete, addresses[0] if addresses else None)

    def _expected(self, located: Located, policy: Policy) -> Expected | None:
        value: Any = located.value
        expected = _from_words(value.split()) if isinstance(value, str) else _from_map(value)
        rules = {rule.name for rule in policy.program.rules}
        codes = {*FindingCode, *policy.program.codes}
        if expected.status not in (*Status, REFUSED):
            self._error(
                f"unknown status {quote(expected.status)}",
                located.span,
                did_you_mean(expected.status, [*Status, REFUSED]),
            )
            return None
        if expected.status == REFUSED:
            if isinstance(value, dict) and set(value) - {"status", "findings"}:
                self._error("a refused report gives no decision, so only `findings` can be expected", located.span)
            self._check_names(
                "refusal code",
                (*expected.has_findings, *(expected.all_findings or ())),
                list(ReportCode),
                located.span,
            )
            return expected
        self._check_names("rule", (*expected.fired, *expected.silent), rules, located.span)
        self._check_names("finding code", (*expected.has_findings, *(expected.all_findings or ())), codes, located.span)
        return expected

    def _check_names(self, kind: str, names: Iterable[str], known: Iterable[str], span: Span) -> None:
        for name in names:
            if name not in known:
                self._error(f"unknown {kind} {quote(name)}", span, did_you_mean(name, known))


def _from_words(words: list[str]) -> Expected:
    """Parse `STATUS [INTERFACE] [FINDING…]`. The interface is only allowed after `resolved` and `rejected`."""
    status, others = words[0] if words else "", words[1:]
    if status in (Status.RESOLVED, Status.REJECTED) and others:
        return Expected(status, others[0], True, has_findings=tuple(others[1:]))
    return Expected(status, has_findings=tuple(others))


def _from_map(value: Mapping[str, Any]) -> Expected:
    def names(key: str) -> tuple[str, ...] | None:
        return tuple(value[key]) if key in value else None

    return Expected(
        status=value["status"],
        host_active_nic=value.get("hostActiveNic"),
        names_interface="hostActiveNic" in value,
        candidates=names("candidates"),
        owners=names("owners"),
        all_findings=names("findings"),
        fired=names("fired") or (),
        silent=names("silent") or (),
    )
