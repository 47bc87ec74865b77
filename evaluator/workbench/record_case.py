"""Create a policy test from a record: the policy must make the recorded decision again.

The test contains the report, the host addresses of the record, and the expected decision. It makes no lookup. The YAML
of policy tests cannot express some reports, for example reports with fractions or deep nesting. Such a report is
written as text. If the report is too large, or if the policy is not shipped, a separate file in the folder of the test
contains the report or policy.
"""

from __future__ import annotations

from pathlib import Path

from msgspec import Struct

from evaluator.audit.record import Json, Record
from evaluator.audit.replay import policy_sources
from evaluator.base.diagnostic import Diagnostic, RecordCode, RecordError
from evaluator.base.text import quote
from evaluator.policy.expand import expand
from evaluator.policy.language.program import Program
from evaluator.policy.prepared import load_shipped
from evaluator.policy.source.chain import read_chain, recorded
from evaluator.policy.source.find import shipped_names
from evaluator.report.read import read_report_text
from evaluator.testing.case_text import report_in_test
from evaluator.workbench.new_case import NewCase, file_of_case


class RecordCase(Struct, frozen=True):
    """A test, the text of the key `policy` in its test file, and further files for the folder of the test, by name."""

    case: NewCase
    policy: str
    other_files: dict[str, bytes]

    @property
    def text(self) -> str:
        """The text of a test file that contains only this test."""
        return file_of_case(self.case, self.policy)


def record_case(record: Record, stem: str | None, policy: str | None = None) -> RecordCase:
    """Return a test that is made from a record.

    `stem` is the beginning of the names of further files; None if further files cannot be written. `policy` is the name
    to use instead of the policy of the record. Raises RecordError if the report or the policy of the record was erased,
    or if `stem` is None and a further file is needed.
    """
    if record.report is None or (None in record.texts and policy is None):
        raise _refusal("the report or the policy of this record was erased", RecordCode.ERASED)
    other_files: dict[str, bytes] = {}
    envelope = record.envelope
    test: Json = {"name": f"decision {envelope['decision_id']} of {envelope['timestamp']}"}
    inputs = envelope["input"]
    test.update(_report(record.report, inputs["report"], other_files, stem))
    test.update({key: value for key, value in inputs["report"].items() if key in ("format", "item")})
    test.update(_host(inputs["host"]))
    test["want"] = _want(envelope["result"], inputs["host"]["remarks"])
    policy_name = policy or _shipped(record.texts)
    if policy_name is None:
        text = _policy_text(record)
        policy_name = _add_file(other_files, stem, "policy.yaml", text, "the policy is not a shipped policy")
    return RecordCase(NewCase(test, inputs["parameters"]), policy_name, other_files)


def _report(text: bytes, source: Json, other_files: dict[str, bytes], stem: str | None) -> Json:
    """Return the members of a test that contain a report: as a map or list, else as a text, else as a file name."""
    report = read_report_text(text, source["format"], item=source.get("item"))
    members = report_in_test(report.document, text)
    if members is not None:
        return members
    reason = "the report is too large for a test file, or not UTF-8"
    return {"report": _add_file(other_files, stem, "report.json", text, reason)}


def _add_file(other_files: dict[str, bytes], stem: str | None, suffix: str, content: bytes, reason: str) -> str:
    """Add a file and return its name."""
    if stem is None:
        raise _refusal(f"{reason}, so the test needs another file in its folder", RecordCode.NOT_A_TEST)
    name = f"{stem}.{suffix}"
    other_files[name] = content
    return name


def _shipped(texts: tuple[bytes | None, ...]) -> str | None:
    """Return the name of the shipped policy with exactly these texts; None if no shipped policy has these texts."""
    return next((name for name in shipped_names() if _contents(load_shipped(name)) == texts), None)


def _contents(program: Program) -> tuple[bytes, ...]:
    return tuple([content.encode() for content in program.contents])


def _policy_text(record: Record) -> bytes:
    """Return the policy of a record as one text. If the policy extends other policies, the text contains them."""
    if len(record.texts) == 1:
        return record.policy or b""
    sources = policy_sources(record)
    return expand(read_chain(sources[-1], recorded(sources))).encode()


def _host(host: Json) -> Json:
    """Return the `host` member of a test. The first answer of the resolver must be the first item."""
    answers = sorted(host["answers"], key=lambda text: text != host["first"])
    if host["asked"] is None:
        return {"host": answers} if answers else {}
    return {"host": {"name": host["asked"], "addresses": answers, "complete": host["complete"]}}


def _want(result: Json, remarks: list[Json]) -> Json:
    """Return the expected decision, without findings on the lookup, because a test does not look up names."""
    codes = {finding["code"] for finding in result["findings"] if finding not in remarks}
    fired = [step["rule"] for step in result["trace"] if step["fired"]]
    want: Json = {
        "status": result["status"],
        "hostActiveNic": result["hostActiveNic"],
        "candidates": result["candidates"],
        "owners": result["owners"],
        "findings": sorted(codes),
    }
    return {**want, "fired": fired} if fired else want


def _refusal(message: str, code: RecordCode) -> RecordError:
    hint = "give a file with `--write-tests`" if code is RecordCode.NOT_A_TEST else ""
    return RecordError([Diagnostic(code, message, hint=hint)])


def stem_of(path: Path) -> str:
    """Return the prefix of the names of the files that belong to a test file, such as its report and its policy."""
    return path.name.removesuffix(".yaml").removesuffix(".test") or quote(path.name)
