"""A policy test file: what a policy must decide, case by case, readable without Python.

The format is `schemas/policy-test.schema.json`. Every mistake of a file is reported at once with its
place, a misspelt rule or finding code among them: a test must not pass for the wrong reason.
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
from evaluator.engine import Policy, load_policy
from evaluator.facts.address import in_order
from evaluator.facts.host_addresses import HostAddresses
from evaluator.facts.literal import parse_literal
from evaluator.policy.source.find import is_file, names_file, read_text_file
from evaluator.policy.source.problems import Problems
from evaluator.policy.source.structure import refuse_violations
from evaluator.policy.source.yaml_text import Located, read_yaml
from evaluator.report.read import FORMATS, read_regular_file
from evaluator.testing.terse_topology import read_topology

REFUSED = "refused"
_SCHEMA = "policy-test"


class Wanted(Struct, frozen=True):
    """What a case must give; None where the case does not say. `status` may be `refused`."""

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
    """One case, ready to be run: `report` is a report's text or a document, in `format`; `item` is chosen in it."""

    name: str
    place: str
    policy: Policy
    report: bytes | dict[str, object]
    host: HostAddresses
    parameters: Mapping[str, Any]
    wanted: Wanted
    format: str = "auto"
    item: str | None = None


def read_case_file(path: Path, search: Sequence[Path] = ()) -> tuple[PolicyCase, ...]:
    """Return the cases of a test file; PolicyError lists every mistake in it. `search` is the policy path."""
    source = Source(str(path), read_text_file(path))
    problems = Problems(source)
    located = read_yaml(source, problems)
    if located is not None:
        refuse_violations(located, _SCHEMA, problems)
    if located is None or problems.has_errors:
        raise PolicyError(problems.found)
    cases = tuple(case for case in _Reader(path.parent, search, located, problems).cases() if case is not None)
    if problems.has_errors:
        raise PolicyError(problems.found)
    return cases


class _Reader:
    """Reads the cases of one file that satisfies the schema."""

    def __init__(self, folder: Path, search: Sequence[Path], located: Located, problems: Problems) -> None:
        self._folder = folder
        self._search = search
        self._located = located
        self._problems = problems
        self._policies: dict[str, Policy | None] = {}

    def cases(self) -> Iterator[PolicyCase | None]:
        seen: set[object] = set()
        for test in self._located.children["tests"].children.values():
            name = test.children["name"]
            if name.value in seen:
                self._error(f"a test named {quote(str(name.value))} stands above", name.span)
            seen.add(name.value)
            yield self._case(test)

    def _error(self, message: str, span: Span, hint: str = "") -> None:
        self._problems.error("TEST_INVALID", message, span, hint)

    def _case(self, test: Located) -> PolicyCase | None:
        policy, report, host, format_ = self._policy(test), self._report(test), self._host(test), self._format(test)
        if policy is None:
            return None
        wanted = self._wanted(test.children["want"], policy)
        if report is None or host is None or wanted is None:
            return None
        parameters = {**self._parameters(self._located), **self._parameters(test)}
        name = str(test.children["name"].value)
        place = self._problems.source.place(test.children["name"].span)
        item = self._item(test)
        return PolicyCase(name, place, policy, report, host, parameters, wanted, format_, item)

    @staticmethod
    def _parameters(located: Located) -> dict[str, Any]:
        found = located.children.get("parameters")
        return dict(found.value) if found is not None and isinstance(found.value, dict) else {}

    def _policy(self, test: Located) -> Policy | None:
        found = test.children.get("policy") or self._located.children.get("policy")
        if found is None:
            self._error(
                "the test names no policy",
                test.children["name"].span,
                "say `policy: strict` at the top of the file",
            )
            return None
        name = str(found.value)
        if name not in self._policies:
            beside = self._folder / name
            is_beside = names_file(name) and is_file(beside)
            try:
                self._policies[name] = load_policy(beside if is_beside else name, policy_path=self._search)
            except PolicyError as error:
                self._policies[name] = None
                first = error.diagnostics[0]
                self._error(f"the policy {quote(name)} cannot be used: {first.message}", found.span, first.hint)
        return self._policies[name]

    def _report(self, test: Located) -> bytes | dict[str, object] | None:
        found = [test.children[key] for key in ("given", "report", "text") if key in test.children]
        if len(found) != 1:
            self._error("a test has either `given` or `report`, or a report's `text`", test.children["name"].span)
            return None
        value = found[0].value
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
            self._error(message, found[0].span)
            return None

    def _format(self, test: Located) -> str:
        found = test.children.get("format")
        if found is None:
            return "auto"
        if "given" in test.children:
            self._error("`format` goes with `report` or `text`", found.span)
        name, known = str(found.value), ["auto", *(one.name for one in FORMATS)]
        if name not in known:
            hint = did_you_mean(name, known) or f"known formats: {', '.join(known)}"
            self._error(f"there is no report format {quote(name)}", found.span, hint)
        return name

    def _item(self, test: Located) -> str | None:
        found = test.children.get("item")
        if found is not None and "given" in test.children:
            self._error("`item` goes with `report` or `text`", found.span)
        return None if found is None else str(found.value)

    def _host(self, test: Located) -> HostAddresses | None:
        found = test.children.get("host")
        if found is None:
            return HostAddresses.of()
        value: Any = found.value
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
            self._error(str(error), found.span, "a test gives addresses; names are never looked up here")
            return None
        if asked is not None:  # of a name the first A answer comes first, else the first AAAA
            addresses.sort(key=lambda address: address.version)
        return HostAddresses(in_order(addresses), asked, complete, addresses[0] if addresses else None)

    def _wanted(self, located: Located, policy: Policy) -> Wanted | None:
        value: Any = located.value
        wanted = _from_words(value.split()) if isinstance(value, str) else _from_map(value)
        rules = {rule.name for rule in policy.program.rules}
        codes = {*FindingCode, *policy.program.codes}
        if wanted.status not in (*Status, REFUSED):
            self._error(
                f"there is no status {quote(wanted.status)}",
                located.span,
                did_you_mean(wanted.status, [*Status, REFUSED]),
            )
            return None
        if wanted.status == REFUSED:
            if isinstance(value, dict) and set(value) - {"status", "findings"}:
                self._error("a refused report gives no decision, so only `findings` can be wanted", located.span)
            self._known(
                "code of a refusal",
                (*wanted.has_findings, *(wanted.all_findings or ())),
                list(ReportCode),
                located.span,
            )
            return wanted
        self._known("rule", (*wanted.fired, *wanted.silent), rules, located.span)
        self._known("finding code", (*wanted.has_findings, *(wanted.all_findings or ())), codes, located.span)
        return wanted

    def _known(self, what: str, names: Iterable[str], known: Iterable[str], span: Span) -> None:
        for name in names:
            if name not in known:
                self._error(f"there is no {what} {quote(name)}", span, did_you_mean(name, known))


def _from_words(words: list[str]) -> Wanted:
    """Read `STATUS [INTERFACE] [FINDING…]`; an interface follows resolved and rejected only."""
    status, rest = words[0] if words else "", words[1:]
    if status in (Status.RESOLVED, Status.REJECTED) and rest:
        return Wanted(status, rest[0], True, has_findings=tuple(rest[1:]))
    return Wanted(status, has_findings=tuple(rest))


def _from_map(value: Mapping[str, Any]) -> Wanted:
    def names(key: str) -> tuple[str, ...] | None:
        return tuple(value[key]) if key in value else None

    return Wanted(
        status=value["status"],
        host_active_nic=value.get("hostActiveNic"),
        names_interface="hostActiveNic" in value,
        candidates=names("candidates"),
        owners=names("owners"),
        all_findings=names("findings"),
        fired=names("fired") or (),
        silent=names("silent") or (),
    )
