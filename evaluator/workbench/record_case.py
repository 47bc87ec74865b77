"""A kept decision becomes a policy test: what was decided once must be decided again.

The test stands for itself: the report in it, the addresses without the look-up, and what was decided.
What YAML as policy tests know it cannot say (fractions, deep nesting) stands there as text, and what is
too large in a file beside the test.
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
from evaluator.testing.case_text import dump, report_in_test


class RecordCase(Struct, frozen=True):
    """A test file, and the files that must stand beside it, by their names."""

    text: str
    beside: dict[str, bytes]


def record_case(record: Record, stem: str | None, policy: str | None = None) -> RecordCase:
    """Return the test file of a record; `stem` begins the names of files beside it, None where there can be none.

    `policy` is what the test shall name instead of the record's own policy. RecordError where the record
    has lost its report or policy, or needs a file beside it and there can be none.
    """
    if record.report is None or (None in record.texts and policy is None):
        raise _refusal("the report or the policy of this record was erased", RecordCode.ERASED)
    beside: dict[str, bytes] = {}
    envelope = record.envelope
    test: Json = {"name": f"decision {envelope['decision_id']} of {envelope['timestamp']}"}
    given = envelope["input"]
    test.update(_report(record.report, given["report"], beside, stem))
    test.update({key: value for key, value in given["report"].items() if key in ("format", "item")})
    test.update(_host(given["host"]))
    test["want"] = _want(envelope["result"], given["host"]["remarks"])
    named = policy or _shipped(record.texts)
    if named is None:
        text = _policy_text(record)
        named = _beside(beside, stem, "policy.yaml", text, "the policy is none of the shipped ones")
    whole = {"policy": named, "parameters": given["parameters"], "tests": [test]}
    return RecordCase(dump(whole), beside)


def _report(text: bytes, given: Json, beside: dict[str, bytes], stem: str | None) -> Json:
    """Return a report as a test holds it: as a map or list, else as its own text, else in a file beside it."""
    found = report_in_test(read_report_text(text, given["format"], item=given.get("item")).document, text)
    why = "the report is too large for a test file, or no UTF-8"
    return {"report": _beside(beside, stem, "report.json", text, why)} if found is None else found


def _beside(beside: dict[str, bytes], stem: str | None, suffix: str, content: bytes, why: str) -> str:
    if stem is None:
        raise _refusal(f"{why}, so a file must stand beside the test", RecordCode.NOT_A_TEST)
    name = f"{stem}.{suffix}"
    beside[name] = content
    return name


def _shipped(texts: tuple[bytes | None, ...]) -> str | None:
    """Return the name of the shipped policy that has exactly these texts."""
    return next((name for name in shipped_names() if _contents(load_shipped(name)) == texts), None)


def _contents(program: Program) -> tuple[bytes, ...]:
    return tuple([content.encode() for content in program.contents])


def _policy_text(record: Record) -> bytes:
    """Return the policy of a record as one text: its own, or that of all its texts together."""
    if len(record.texts) == 1:
        return record.policy or b""
    sources = policy_sources(record)
    return expand(read_chain(sources[-1], recorded(sources))).encode()


def _host(kept: Json) -> Json:
    """Return the `host` of a test: the first answer in front, as the format wants it."""
    answers = sorted(kept["answers"], key=lambda text: text != kept["first"])
    if kept["asked"] is None:
        return {"host": answers} if answers else {}
    return {"host": {"name": kept["asked"], "addresses": answers, "complete": kept["complete"]}}


def _want(result: Json, remarks: list[Json]) -> Json:
    """Return what was decided; findings on the look-up are left out, for a test never looks anything up."""
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
    hint = "name a file with `--to`" if code is RecordCode.NOT_A_TEST else ""
    return RecordError([Diagnostic(code, message, hint=hint)])


def names_beside(path: Path) -> str:
    """Return how the names of the files beside a test begin."""
    return path.name.removesuffix(".yaml").removesuffix(".test") or quote(path.name)
