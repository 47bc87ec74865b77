"""Write a policy test as YAML, so that the reader of test files returns the same data.

The YAML of policy tests cannot express every report, for example a report with fractions or deep nesting. Such a report
is written as text. If a report is too large for the test, the caller writes the report to a file in the same folder.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import yaml

from evaluator.base.diagnostic import PolicyError
from evaluator.base.source import Source
from evaluator.policy.source.find import LARGEST_POLICY
from evaluator.policy.source.problems import Problems
from evaluator.policy.source.yaml_text import read_yaml

Json = dict[str, Any]
_LARGEST = LARGEST_POLICY // 2  # half of the limit of a test file, because the test has other members too
_WIDTH = 120


def report_in_test(document: object, text: bytes) -> Json | None:
    """Return the `report` or `text` member of a test; None if the report is too large or not UTF-8."""
    if isinstance(document, dict | list) and _round_trips(document):
        return {"report": document}
    try:
        decoded = text.decode()
    except UnicodeDecodeError:
        return None
    return {"text": decoded} if _round_trips(decoded) else None


def dump(document: object) -> str:
    """Return the YAML of a test file, or of a part of it."""
    text: str = yaml.dump(document, Dumper=_Dumper, sort_keys=False, allow_unicode=True, width=_WIDTH)
    return text


def _round_trips(document: object) -> bool:
    """Return whether a report (or its text) is unchanged after it is written to a test file and read again."""
    try:
        source = Source("report", dump({"tests": [{"report": document}]}))
        if len(source.text.encode()) > _LARGEST:
            return False
        problems = Problems(source)
        located = read_yaml(source, problems)
    except (PolicyError, yaml.YAMLError, UnicodeEncodeError):
        return False
    if located is None or problems.has_errors:
        return False
    value = located.at(("tests", 0, "report")).value
    return bool(value == document) and _types(value) == _types(document)


def _types(value: object) -> list[type]:
    return list(_walk_types(value))


def _walk_types(value: object) -> Iterator[type]:
    yield type(value)
    for child in value.values() if isinstance(value, dict) else value if isinstance(value, list) else ():
        yield from _walk_types(child)


class _Dumper(yaml.SafeDumper):
    """Writes YAML without aliases, because policy tests do not allow aliases."""

    def ignore_aliases(self, _: object) -> bool:
        return True


def _represent_text(dumper: yaml.SafeDumper, text: str) -> yaml.Node:
    """Represent a text of several lines, or a long text, as a literal block."""
    style = "|" if "\n" in text or len(text) > _WIDTH else None
    return dumper.represent_scalar("tag:yaml.org,2002:str", text, style=style)


_Dumper.add_representer(str, _represent_text)
