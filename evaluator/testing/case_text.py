"""The text of a policy test: a test as data becomes YAML that the reader of test files reads as the same data.

A report that the YAML of policy tests cannot express (fractions, deep nesting) is written as text; one that is too
large is written to a file beside the test.
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
_LARGEST = LARGEST_POLICY // 2  # half of the limit of a test file; the rest is for everything but the report
_WIDTH = 120


def report_in_test(document: object, text: bytes) -> Json | None:
    """Return a report as a test holds it: a map or list, or its own text; None if it is too large or not UTF-8."""
    if isinstance(document, dict | list) and _is_sayable(document):
        return {"report": document}
    try:
        shown = text.decode()
    except UnicodeDecodeError:
        return None
    return {"text": shown} if _is_sayable(shown) else None


def dump(document: object) -> str:
    """Return the YAML of a test file, or of a part of it."""
    text: str = yaml.dump(document, Dumper=_Dumper, sort_keys=False, allow_unicode=True, width=_WIDTH)
    return text


def _is_sayable(document: object) -> bool:
    """Return whether a test file can contain a report, or its text, unchanged."""
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
    said = located.at(("tests", 0, "report")).value
    return bool(said == document) and _types(said) == _types(document)


def _types(value: object) -> list[type]:
    return list(_each_type(value))


def _each_type(value: object) -> Iterator[type]:
    yield type(value)
    for child in value.values() if isinstance(value, dict) else value if isinstance(value, list) else ():
        yield from _each_type(child)


class _Dumper(yaml.SafeDumper):
    """Writes each value where it stands: a policy test has no aliases."""

    def ignore_aliases(self, _: object) -> bool:
        return True


def _text(dumper: yaml.SafeDumper, text: str) -> yaml.Node:
    """Write a text of several lines, or a long one, as it stands."""
    style = "|" if "\n" in text or len(text) > _WIDTH else None
    return dumper.represent_scalar("tag:yaml.org,2002:str", text, style=style)


_Dumper.add_representer(str, _text)
