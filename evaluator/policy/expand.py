"""A policy with all that it inherits as one text, which decides the same.

Rules and messages are written anew from the parts that the checker reads: a folded line break in a message becomes a
blank. Each rule has a comment with the text and the line from which it comes.
"""

from __future__ import annotations

import json
from collections.abc import Iterator

import yaml

from evaluator.base.source import Source
from evaluator.base.text import visible
from evaluator.policy.check.message import fold
from evaluator.policy.language.program import Rule
from evaluator.policy.load import program_of
from evaluator.policy.source.chain import Chain, string_of
from evaluator.policy.source.extend import Declared, Entry, Merged, levels
from evaluator.policy.source.problems import Problems, one_line
from evaluator.policy.source.scalar import read_scalar

_PLAIN_KEYS = ("code", "severity")
_SENTENCES = ("message", "hint")


def expand(chain: Chain) -> str:
    """Return the one text of a policy; PolicyError if it is invalid."""
    program = program_of(chain)
    *_, merged = levels(chain.texts, Problems(chain.source))
    names = ", ".join(visible(part.name) for part in chain.source.parts)
    lines = [f"# {visible(merged.name)} with all that it inherits: {names}", f"policy: {_value(merged.name)}"]
    if merged.description:
        lines.append(f"description: {_value(program.description)}")
    lines += _parameters(merged, chain.source)
    lines += _conditions(merged, chain.source)
    lines.append("rules:")
    for entry, rule in zip(merged.entries, program.rules, strict=True):
        lines += _rule(entry, rule, chain.source)
    return "\n".join(lines) + "\n"


def _parameters(merged: Merged, source: Source) -> Iterator[str]:
    if merged.parameters:
        yield "parameters:"
    for name, declared in merged.parameters.items():
        yield f"  # {source.place(declared.key)}"
        yield f"  {name}:"
        for key, value in _declaration(declared).items():
            yield f"    {key}: {_value(value)}"


def _conditions(merged: Merged, source: Source) -> Iterator[str]:
    if merged.conditions:
        yield "conditions:"
    for name, stated in merged.conditions.items():
        yield f"  # {source.place(stated.key)}"
        child = stated.located
        text = read_scalar(source, child.span.start, child.span.end, child.style).text
        yield f"  {name}: {_sentence(one_line(text))}"


def _declaration(declared: Declared) -> dict[str, object]:
    """Return what is declared; an optional parameter that has got a default is optional no more."""
    children = declared.located.children
    return {
        str(key): children[key].value
        for key in ("type", "optional", "default", "description")
        if key in children and not (key == "optional" and declared.is_given)
    }


def _rule(entry: Entry, rule: Rule, source: Source) -> Iterator[str]:
    located = entry.located
    yield f"  # {source.place(located.span)}"
    yield f"  - name: {_value(rule.name)}"
    yield f"    rule: {_sentence(rule.text)}"
    for key in _PLAIN_KEYS:
        if key in located.children:
            yield f"    {key}: {_value(string_of(located, key))}"
    for key in _SENTENCES:
        if key in located.children:
            child = located.children[key]
            scalar = read_scalar(source, child.span.start, child.span.end, child.style)
            yield f"    {key}: {_sentence(fold(scalar.text))}"


def _sentence(text: str) -> str:
    """Return a text of one line as YAML that has each of its characters at a place of its own: plain, or in quotes."""
    try:
        is_plain = yaml.safe_load(f"key: {text}") == {"key": text}
    except yaml.YAMLError:
        is_plain = False
    if is_plain:
        return text
    return f'"{text}"' if '"' not in text and "\\" not in text else "'" + text.replace("'", "''") + "'"


def _value(value: object) -> str:
    """Return a value as YAML of one line; JSON, which is YAML too, if it has line breaks."""
    text: str = yaml.safe_dump(value, default_flow_style=True, allow_unicode=True, width=10**6)
    text = text.removesuffix("\n").removesuffix("\n...")
    return json.dumps(value, ensure_ascii=False) if "\n" in text else text
