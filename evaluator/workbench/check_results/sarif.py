"""The results of `activenic check` as SARIF 2.1.0, which code scanning services and editors read.

Columns are counted in Unicode code points (`columnKind`). The safety of a fix is in the fix's `properties`, because
SARIF has no member for it. The document contains no times, and its paths are the paths in the arguments of the command.
So equal results give equal bytes.
"""

from __future__ import annotations

import json
from collections.abc import Sequence
from pathlib import PurePosixPath
from urllib.parse import quote as percent_encoded

from evaluator.base.diagnostic import Diagnostic, Severity
from evaluator.base.fix import Fix, Location, TextEdit
from evaluator.base.source import Source
from evaluator.base.version import __version__
from evaluator.workbench.check_results.document import summary_of
from evaluator.workbench.check_text import Checked
from evaluator.workbench.explanations import explanations

_SCHEMA = "https://docs.oasis-open.org/sarif/sarif/v2.1.0/errata01/os/schemas/sarif-schema-2.1.0.json"
_LEVELS = {Severity.ERROR: "error", Severity.WARNING: "warning", Severity.INFO: "note"}
_Object = dict[str, object]


def as_sarif(results: Sequence[Checked]) -> str:
    """Return the results as the text of a SARIF document."""
    codes = sorted({problem.code for checked in results for problem in checked.diagnostics})
    run: _Object = {
        "tool": {"driver": {"name": "activenic", "version": __version__, "rules": [_rule(code) for code in codes]}},
        "columnKind": "unicodeCodePoints",
        "artifacts": [{"location": _artifact(checked.name)} for checked in results],
        "results": [
            _result(problem, codes.index(problem.code), checked)
            for checked in results
            for problem in checked.diagnostics
        ],
    }
    return json.dumps({"$schema": _SCHEMA, "version": "2.1.0", "runs": [run]}, indent=2, ensure_ascii=True)


def _rule(code: str) -> _Object:
    one = explanations().get(code)
    if one is None:
        return {"id": code, "shortDescription": {"text": summary_of(code) or code}}
    help_text = f"{one.why}\n\nBad:\n\n{one.bad.rstrip()}\n\nGood:\n\n{one.good.rstrip()}\n"
    return {
        "id": code,
        "shortDescription": {"text": one.summary},
        "fullDescription": {"text": one.why},
        "help": {"text": help_text},
    }


def _result(problem: Diagnostic, rule: int, checked: Checked) -> _Object:
    text = problem.message + (f" ({problem.hint})" if problem.hint else "")
    location = problem.location
    plain = None if location is None else checked.text_of(location)
    result: _Object = {
        "ruleId": problem.code,
        "ruleIndex": rule,
        "level": _LEVELS[problem.severity],
        "message": {"text": text},
    }
    if location is None or plain is None:
        result["locations"] = [{"physicalLocation": {"artifactLocation": _artifact(checked.name)}}]
        return result
    artifact = _artifact(location.name)
    result["locations"] = [{"physicalLocation": {"artifactLocation": artifact, "region": _region(plain, location)}}]
    if problem.fixes:
        result["fixes"] = [_fix(fix, artifact, plain) for fix in problem.fixes]
    return result


def _fix(fix: Fix, artifact: _Object, plain: Source) -> _Object:
    replacements = [_replacement(edit, plain) for edit in fix.edits]
    return {
        "description": {"text": fix.title},
        "artifactChanges": [{"artifactLocation": artifact, "replacements": replacements}],
        "properties": {"safety": str(fix.safety)},
    }


def _replacement(edit: TextEdit, plain: Source) -> _Object:
    deleted = _region(plain, Location(plain.name, edit.start, edit.end))
    return {"deletedRegion": deleted, "insertedContent": {"text": edit.text}}


def _region(plain: Source, location: Location) -> _Object:
    start, end = plain.line_column(location.start), plain.line_column(location.end)
    return {"startLine": start[0], "startColumn": start[1], "endLine": end[0], "endColumn": end[1]}


def _artifact(name: str) -> _Object:
    """Return the location of a file as a URI reference. It is relative if the argument of the command was relative."""
    if PurePosixPath(name).is_absolute():
        return {"uri": "file://" + percent_encoded(name)}
    return {"uri": percent_encoded(name.removeprefix("./"))}
