"""A record that can be shown to strangers: its decision can still be followed and made again, its host not be found.

Every name, address and other text that may identify is replaced by a keyed pseudonym (HMAC-SHA-256), the
same one throughout; what is not known to be harmless is taken out. The raw DNS responses go, the answers
stay. The result is the decision that the masked inputs give, provided that it is the original one in other
names; where it is not, or cannot be, the record says that it does not replay and why. `docs/masking.md` says
what is kept, what is lost and what an attacker may still infer.
"""

from __future__ import annotations

from collections.abc import Mapping
from functools import lru_cache
from typing import Any

from evaluator import __version__, plain
from evaluator.audit.documents import SCHEMAS, document_of
from evaluator.audit.mask_key import refuse_short
from evaluator.audit.mask_policy import PolicyParts, mask_literals, mask_policy, mask_value, read_parts
from evaluator.audit.mask_prose import Wording
from evaluator.audit.mask_report import ReportMasker, has_shape, hints_of
from evaluator.audit.mask_result import corresponds, map_finding, map_result, name_texts, note_names
from evaluator.audit.record import Json, Record, checked
from evaluator.audit.replay import decide_again, host_of, replay
from evaluator.diagnostic import Diagnostic, QuestionError, RecordCode, RecordError
from evaluator.digest import digest
from evaluator.facts.address import parse_address
from evaluator.policy.load import read_program
from evaluator.policy.types import Base
from evaluator.report.read import read_report_text
from evaluator.report.reading import Report
from evaluator.schema import is_valid
from evaluator.source import Source
from evaluator.text import json_pointer, quote

_MOST_POLICIES = 8  # the records of one log are made of few
_OTHERWISE = "the masked inputs do not give the original decision in other names"
_NEVER_DID = "the original does not replay either"


def mask(record: Record, key: bytes) -> Record:
    """Return the record with pseudonyms that the key gives; RecordError where the key is too short."""
    refuse_short(key, "the key")
    _refuse_strange(record.envelope)
    return checked(_Masking(_Original(record), key).record())


def _refuse_strange(envelope: Json) -> None:
    """Refuse what is no decision or no address, whose parts could not all be found and masked."""
    result = envelope["result"]
    is_decision = is_valid({**result, "resolution": None}, SCHEMAS[result["schema_version"]])
    problems = [] if is_decision else [Diagnostic(RecordCode.INVALID, "the result is no decision document", "/result")]
    try:
        host_of({**envelope["input"]["host"], "resolution": None})
    except RecordError as error:
        problems += error.diagnostics
    if problems:
        raise RecordError(problems)


class _Original:
    """A record whose bodies have been read again; None where that cannot be done any more."""

    def __init__(self, record: Record) -> None:
        self.record = record
        self.input: Mapping[str, Any] = record.envelope["input"]
        self.lost: list[str] = []
        self.report: Report | None = None
        self.policy: PolicyParts | None = None
        self._read("report", record.report)
        self._read("policy", record.policy)

    def _read(self, name: str, body: bytes | None) -> None:
        if body is None:
            self.lost.append(f"the {name} was erased")
            return
        try:
            if name == "report":
                given = self.input["report"]
                self._keep(read_report_text(body, given["format"], item=given.get("item")))
            else:
                self.policy = _parts(self.input["policy"]["name"], body)
        except (QuestionError, UnicodeDecodeError):
            self.lost.append(f"the {name} cannot be read any more and was erased")

    def _keep(self, report: Report) -> None:
        if has_shape(report.format):
            self.report = report
        else:
            self.lost.append(
                f"reports of the format {quote(report.format)} cannot be masked, and the report was erased"
            )


@lru_cache(_MOST_POLICIES)
def _parts(name: str, text: bytes) -> PolicyParts:
    return read_parts(read_program(Source(name, text.decode())))


class _Masking:
    """One record on its way; the order of the steps counts, for prose is judged by what was masked before it."""

    def __init__(self, original: _Original, key: bytes) -> None:
        self._original = original
        self._envelope: Json = original.record.envelope
        hints = {} if original.report is None else hints_of(original.report.facts)
        self._names = Wording(key, hints, original.input["host"]["asked"], is_whole=not original.lost)
        self._erased: set[str] = set(self._envelope["erased"])

    def record(self) -> Record:
        """Return the masked record."""
        report = self._report()
        values = self._parameters()
        labels = [(name, self._names.text(text)) for name, text in self._envelope["labels"].items()]
        host = self._host()
        parts = self._original.policy
        literals = () if parts is None else mask_literals(parts, self._names)
        note_names(self._envelope["result"], self._names)
        parameters = {self._names.parameter(name): value for name, value in values.items()}
        result = map_result(self._envelope["result"], host, parameters, self._names)
        policy = None if parts is None else mask_policy(parts, literals, self._names).encode()
        name_texts(result, self._digest("policy", policy))
        host["remarks"] = [map_finding(finding, self._names, self._names.remark) for finding in host["remarks"]]
        envelope: Json = {
            **{name: self._envelope[name] for name in ("schema_version", "timestamp", "engine")},
            "decision_id": f"masked-{self._names.code(self._envelope['decision_id'])}",
            "labels": {self._names.identifier(name, "label"): text for name, text in labels},
            "revision": self._digest("policy", policy),
            "input": {
                "report": self._body("report", report),
                "policy": {**self._body("policy", policy), "name": result["policy"]["name"]},
                "parameters": parameters,
                "host": host,
            },
            "result": result,
        }
        return self._finished(Record(envelope, report, policy))

    def _finished(self, masked: Record) -> Record:
        """Put the result of the masked inputs in, or the reasons why there is none; and what was done."""
        reasons = [*self._original.lost, *self._envelope.get("not_replayable", ())]
        if self._original.policy is not None:
            reasons += self._original.policy.reasons(self._original.input["parameters"])
        if not reasons and not replay(self._original.record, __version__).is_answer:
            reasons = [_NEVER_DID]
        if not reasons:
            again = _decided(masked)
            if again is None or not corresponds(masked.envelope["result"], again):
                reasons = [_OTHERWISE]
            else:
                masked.envelope["result"] = again
        if reasons:
            given, shown = masked.envelope["input"], self._envelope["result"]
            masked.envelope["result"] = map_result(
                shown, given["host"], given["parameters"], self._names, self._names.prose
            )
            name_texts(masked.envelope["result"], given["policy"]["sha256"])
            masked.envelope["replayable"] = False
            masked.envelope["not_replayable"] = list(dict.fromkeys(reasons))
        before = {**self._envelope, "report": self._original.record.report, "policy": self._original.record.policy}
        after = {**masked.envelope, "report": masked.report, "policy": masked.policy}
        masked.envelope["masked"] = sorted({*self._envelope["masked"], *_changed(before, after)})
        masked.envelope["erased"] = sorted(self._erased)
        return masked

    def _report(self) -> bytes | None:
        if self._original.report is None:
            self._erased.add("/input/report")
            return None
        masker = ReportMasker(self._names)
        document = masker.document(self._original.report)
        self._erased |= {f"/input/report{pointer}" for pointer in masker.erased}
        return plain.dumps(document)

    def _parameters(self) -> Json:
        given = self._original.input["parameters"]
        if self._original.policy is None:
            self._erased.add("/input/policy")
        parts = self._original.policy
        types = {} if parts is None else {one.name: one.type.base for one in parts.program.parameters}
        own = frozenset() if parts is None else parts.own
        return {
            name: mask_value(types.get(name, Base.TEXT), value, is_own=name in own, pseudonyms=self._names)
            for name, value in given.items()
        }

    def _host(self) -> Json:
        """Return the host's addresses without the raw responses; its remarks are masked when all else is."""
        host = self._original.input["host"]
        if host["resolution"] is not None:
            self._erased.add("/input/host/resolution")
        answers = {parse_address(self._names.address(text)) for text in host["answers"]}
        return {
            **host,
            "asked": None if host["asked"] is None else self._names.text(host["asked"]),
            "answers": [str(address) for address in sorted(answers)],
            "first": None if host["first"] is None else self._names.address(host["first"]),
            "withheld": [self._names.address(text) for text in host["withheld"]],
            "resolution": None,
        }

    def _digest(self, name: str, body: bytes | None) -> str:
        """Return a body's digest; of one that is gone a pseudonym of what it was."""
        if body is None:
            return digest(self._names.code(self._original.input[name]["sha256"]).encode())
        return digest(body)

    def _body(self, name: str, body: bytes | None) -> Json:
        kept = {key: value for key, value in self._original.input[name].items() if key in ("size", "format")}
        size = kept["size"] if body is None else len(body)
        return {**kept, "sha256": self._digest(name, body), "size": size}


def _decided(masked: Record) -> Json | None:
    """Return the masked decision as a document of the version that the record holds."""
    try:
        again = document_of(decide_again(masked), masked.envelope["result"]["schema_version"])
    except QuestionError:
        return None
    del again["resolution"]
    return again


def _changed(before: Mapping[str, Any], after: Mapping[str, Any]) -> list[str]:
    """Return the pointers of what is another than before, one for each part that is masked as a whole."""
    same: list[tuple[str, ...]] = [("decision_id",), ("revision",), ("result",), ("input", "policy", "name")]
    same += [("input", "host", name) for name in ("asked", "answers", "first", "withheld", "remarks")]
    places = [(place, place) for place in same]
    for parent in (("labels",), ("input", "parameters")):
        keys = zip(_at(before, parent), _at(after, parent), strict=True)
        places += [((*parent, old), (*parent, new)) for old, new in keys]
    found = [json_pointer(new) for old, new in places if old != new or _at(before, old) != _at(after, new)]
    bodies = ("report", "policy")
    return found + [f"/input/{name}" for name in bodies if after[name] is not None and before[name] != after[name]]


def _at(document: Mapping[str, Any], path: tuple[str, ...]) -> Any:  # noqa: ANN401 -- plain JSON
    found: Any = document
    for part in path:
        found = found[part]
    return found
