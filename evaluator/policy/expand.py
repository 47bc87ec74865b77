"""Prints a policy and everything that it inherits as one policy text. This text gives the same decisions.

Rules and messages are printed from the values that the checker reads, so the result has the same meaning but not the
same layout. For example, a line break inside a message becomes a space. A comment above each rule names the file from
which the rule was taken, and the line.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Sequence
from pathlib import Path

import yaml

from evaluator.base.source import Source
from evaluator.base.text import visible
from evaluator.policy.check.message import fold
from evaluator.policy.language.program import Rule
from evaluator.policy.load import program_of
from evaluator.policy.source.chain import PolicyChain, files_of, read_chain, string_of
from evaluator.policy.source.extend import MergedPolicy, ParameterDeclaration, RuleEntry, levels
from evaluator.policy.source.problems import Problems, one_line
from evaluator.policy.source.scalar import read_scalar

_PLAIN_KEYS = ("code", "severity")
_SENTENCES = ("message", "hint")


def expand_source(source: Source, policy_path: Sequence[Path]) -> str:
    """Return one text for a policy and all policies that it extends.

    `policy_path` are the folders in which these policies are searched for.
    """
    return expand(read_chain(source, files_of(policy_path)))


def expand(chain: PolicyChain) -> str:
    """Return one text for a policy and all policies that it extends. Raises PolicyError if the policy is invalid."""
    program = program_of(chain)
    *_, merged = levels(chain.texts, Problems(chain.source))
    names = ", ".join(visible(part.name) for part in chain.source.parts)
    lines = [f"# {visible(merged.name)} with everything that it inherits: {names}", f"policy: {_value(merged.name)}"]
    if merged.description:
        lines.append(f"description: {_value(program.description)}")
    lines += _parameters(merged, chain.source)
    lines += _conditions(merged, chain.source)
    lines.append("rules:")
    for entry, rule in zip(merged.entries, program.rules, strict=True):
        lines += _rule(entry, rule, chain.source)
    return "\n".join(lines) + "\n"


def _parameters(merged: MergedPolicy, source: Source) -> Iterator[str]:
    if merged.parameters:
        yield "parameters:"
    for name, declaration in merged.parameters.items():
        yield f"  # {source.place(declaration.key)}"
        yield f"  {name}:"
        for key, value in _keys_of(declaration).items():
            yield f"    {key}: {_value(value)}"


def _conditions(merged: MergedPolicy, source: Source) -> Iterator[str]:
    if merged.conditions:
        yield "conditions:"
    for name, declaration in merged.conditions.items():
        yield f"  # {source.place(declaration.key)}"
        child = declaration.located
        text = read_scalar(source, child.span.start, child.span.end, child.style).text
        yield f"  {name}: {_sentence(one_line(text))}"


def _keys_of(declaration: ParameterDeclaration) -> dict[str, object]:
    """Return the keys and values of a parameter.

    If an extending policy adds a default to an optional parameter, the result has no key `optional`.
    """
    children = declaration.located.children
    return {
        str(key): children[key].value
        for key in ("type", "optional", "default", "description")
        if key in children and not (key == "optional" and declaration.is_given)
    }


def _rule(entry: RuleEntry, rule: Rule, source: Source) -> Iterator[str]:
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
    """Return a text of one line as a YAML scalar, plain or in quotes.

    The scalar has no escapes, because `read_scalar` refuses escapes.
    """
    try:
        is_plain = yaml.safe_load(f"key: {text}") == {"key": text}
    except yaml.YAMLError:
        is_plain = False
    if is_plain:
        return text
    return f'"{text}"' if '"' not in text and "\\" not in text else "'" + text.replace("'", "''") + "'"


def _value(value: object) -> str:
    """Return a value as YAML on one line. If this is impossible, return the value as JSON, which is valid YAML too."""
    text: str = yaml.safe_dump(value, default_flow_style=True, allow_unicode=True, width=10**6)
    text = text.removesuffix("\n").removesuffix("\n...")
    return json.dumps(value, ensure_ascii=False) if "\n" in text else text
