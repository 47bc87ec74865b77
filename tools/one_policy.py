"""Generates docs/one-policy.md, which shows one policy after each stage: from its YAML to an explanation.

This module runs each stage and prints the result on the page. So the page shows the types that the code really has.
"""

from __future__ import annotations

import ast
import re
import textwrap
from collections.abc import Iterable, Iterator
from enum import Enum
from pathlib import Path

from msgspec import Struct

import evaluator
from evaluator.base.checked_cast import checked_cast
from evaluator.base.source import Source, Span
from evaluator.policy.check.rules import scalar_of
from evaluator.policy.compile.condition import ConditionWriter
from evaluator.policy.compile.rules import decide_statements
from evaluator.policy.language.checked import Node
from evaluator.policy.language.program import Program, Rule
from evaluator.policy.language.types import Type
from evaluator.policy.source.problems import Problems
from evaluator.policy.source.scalar import ScalarText
from evaluator.policy.source.yaml_text import Located, read_yaml
from evaluator.policy.syntax.nodes import Name
from evaluator.policy.syntax.parse import lalr_parser, parse_sentence
from tools.table import table

_POLICY = """\
policy: one-owner
rules:
  - name: owns-host-address
    rule: match nic when nic.addresses overlaps host.addresses
  - name: top-of-stack
    rule: discard nic when some other in candidates satisfies nic below other
  - name: not-a-bridge
    rule: reject nic when nic is bridge
    message: "{nic.name} is a bridge over {nic.ports}"
"""
_SHOWN_RULE = 1  # its index in the policy
_REPORT = Path(__file__).parents[1] / "policies" / "examples" / "bond.json"
_WIDTH = 120
_ADDRESS = "192.0.2.10"


def one_policy_page() -> str:
    """Return docs/one-policy.md."""
    policy = evaluator.load_policy(text=_POLICY)
    decision = policy.decide(evaluator.read_report(_REPORT.read_bytes()), evaluator.HostAddresses.of(_ADDRESS))
    parts = (*_source(), *_checked(policy.program), *_compiled(policy.program), *_decided(decision))
    return "\n".join(parts)


def _source() -> Iterator[str]:
    """Yield the policy, and the stages that read the text of one rule."""
    source = Source("<string>", _POLICY)
    problems = Problems(source)
    located = checked_cast(read_yaml(source, problems), Located)
    entry = located.at(("rules", _SHOWN_RULE, "rule"))
    scalar = checked_cast(scalar_of(entry, "rule", problems), ScalarText)
    sentence = parse_sentence(scalar, problems)
    yield from _section(
        "# One policy through all stages",
        "This page follows the rule `top-of-stack` of a small policy through the code.",
        "Each part names the module that does the work.",
        "`python -m tools.reference docs` generates the page, and a test compares it with the code.",
    )
    yield from _block("yaml", _POLICY)
    yield from _section(
        "## 1. The text and its place: `policy/source/`",
        "PyYAML gives the place of each value: two offsets in the text.",
        "The first offset points to the first character of the value.",
        "The second offset points to the first character after the value.",
    )
    yield from _block("text", f"{problems.text(entry.span)}\n{_span(entry.span)}, {source.place(entry.span)}")
    yield from _section(
        "## 2. The tree of the parser: `policy/syntax/parse.py`",
        "lark parses each rule separately. The names of the inner nodes are names in `grammar.lark`.",
    )
    yield from _block("text", lalr_parser().parse(scalar.text).pretty().expandtabs(4))
    yield from _section(
        "## 3. The syntax tree: `policy/syntax/nodes.py`",
        "`_Builder` makes typed nodes with offsets in the policy file. Names are not looked up yet.",
    )
    yield from _block("text", "\n".join(_tree(sentence)))


def _checked(program: Program) -> Iterator[str]:
    rule = program.rules[_SHOWN_RULE]
    yield from _section(
        "## 4. The checked rule: `policy/check/` and `policy/run/degree.py`",
        "The checker replaces names by words of the vocabulary and by variables with types.",
        "`others_only` means that `other` is never the rule's own `nic`.",
        "The page leaves out `text` and `span` of each node.",
    )
    yield from _block("text", "\n".join(_tree(rule.condition)))
    yield from _text(
        "In the column `cost`, n is the number of interfaces.",
        "The column `code` has the code of the finding that a rule gives.",
        "The verbs `match` and `discard` only change the candidates, so their rules give no finding.",
    )
    rows = ((f"`{r.name}`", r.verb_name, f"`{r.place}`", str(r.cost), r.code and f"`{r.code}`") for r in program.rules)
    yield from (*table(("rule", "verb", "place", "cost", "code"), rows), "")


def _compiled(program: Program) -> Iterator[str]:
    writer = ConditionWriter()
    module = ast.fix_missing_locations(ast.Module(decide_statements(program, writer), []))
    constants = {name: value for name, value in writer.constants.items() if re.fullmatch(r"k\d+", name)}
    yield from _section(
        "## 5. The compiled function: `policy/compile/`",
        "The compiler writes a syntax tree of Python.",
        "This is the body of the function that takes a `question`, printed by `ast.unparse`.",
        "For usual hosts, `budget` is None, and the function counts no steps.",
    )
    yield from _block("python", ast.unparse(module))
    yield from _text(
        f"The constants are {', '.join(f'`{name}`: {_constant(value)}' for name, value in constants.items())}."
    )


def _decided(decision: evaluator.Decision) -> Iterator[str]:
    yield from _section(
        "## 6. The decision: `decision/decide.py`",
        f"The report is `policies/examples/{_REPORT.name}`, and the host has the address `{_ADDRESS}`.",
    )
    steps = ((f"`{step.rule}`", _names(step.before), _names(step.hits), _names(step.after)) for step in decision.trace)
    yield from (*table(("rule", "candidates before", "true for", "candidates after"), steps), "")
    yield from _text(
        f"One candidate is left: `{decision.host_active_nic}`.",
        f"The condition of the `reject` rule is false for `{decision.host_active_nic}`.",
        f"So the status is `{decision.status}`, and the hostActiveNic is `{decision.host_active_nic}`",
        "(`policy/run/verdict.py`).",
    )
    yield from _section(
        "## 7. The explanation: `explain/`",
        "The reference interpreter finds the clause that decided about each interface.",
        "To find the smallest change, activenic tries changes of the report and of the question, and decides again",
        "after each change.",
    )
    yield from (
        *table(("interface", "outcome", "clause", "smallest change: the hostActiveNic, if"), _reasons(decision)),
        "",
    )


def _reasons(decision: evaluator.Decision) -> Iterator[tuple[str, ...]]:
    for interface in decision.explain().interfaces:
        first = interface.reasons[0]
        change = "" if interface.change is None else interface.change.sentence
        yield f"`{interface.name}`", interface.outcome, f"`{first.clause}` is {str(first.held).lower()}", change


def _tree(node: object, label: str = "", depth: int = 0) -> Iterator[str]:
    """Yield the lines of a tree of structs. Simple attributes are on the line of their node; each node has a line."""
    attributes = {name: getattr(node, name) for name in getattr(node, "__struct_fields__", ())}
    shown = " ".join(text for name, value in attributes.items() if (text := _attribute(node, name, value)))
    yield f"{'  ' * depth}{label}{type(node).__name__} {shown}".rstrip()
    for name, value in attributes.items():
        if _is_inner(value):
            yield from _tree(value, f"{name}: ", depth + 1)


def _is_inner(value: object) -> bool:
    return isinstance(value, Struct) and not isinstance(value, Name | Span | Type)


def _attribute(node: object, name: str, value: object) -> str:
    """Return the text of a simple attribute, or an empty text if the page leaves the attribute out."""
    if isinstance(value, Span):
        return "" if isinstance(node, Node) else _span(value)
    if value is None or value is False or _is_inner(value) or (isinstance(node, Node) and name == "text"):
        return ""
    values = value if isinstance(value, tuple) and not isinstance(value, Struct) else (value,)
    return f"{name}={'.'.join(_simple(part) for part in values if part is not None)}"


def _simple(value: object) -> str:
    if isinstance(value, Name):
        return value.text
    return str(value.value if isinstance(value, Enum) else value)


def _span(span: Span) -> str:
    return f"[{span.start}:{span.end}]"


def _constant(value: object) -> str:
    if isinstance(value, Rule):
        return f"the rule `{value.name}`"
    return f"`{value!r}`" if isinstance(value, tuple) else f"`{value}`"


def _names(names: Iterable[str]) -> str:
    return ", ".join(f"`{name}`" for name in names) or "none"


def _text(*sentences: str) -> Iterator[str]:
    """Yield the lines of a paragraph or a title, and an empty line."""
    yield textwrap.fill(" ".join(sentences), _WIDTH, break_long_words=False, break_on_hyphens=False)
    yield ""


def _section(title: str, *sentences: str) -> Iterator[str]:
    yield from _text(title)
    yield from _text(*sentences)


def _block(language: str, text: str) -> Iterator[str]:
    yield f"```{language}\n{text.rstrip()}\n```"
    yield ""
