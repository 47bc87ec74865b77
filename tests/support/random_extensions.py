"""Random policies that extend others: rules added, put before and after others, replaced and removed; new defaults."""

from __future__ import annotations

import json
import re
from dataclasses import dataclass, field

import yaml
from hypothesis import strategies as st

from tests.support.random_policies import CHOOSERS, CONDITIONS, OWNERS, TABLE, random_rules

MESSAGES = [  # in YAML: how a person writes a message, where what is read is not what stands there
    "'it''s {nic.name}'",
    '"of \\"{nic.name}\\" \\\\ two"',
    "plain, of {nic.name}: no".replace(": no", "; no"),
    "|\n      in a block {nic.name}\n        and on",
    "|-\n      # no comment, {nic.name}",
    "over\n      two lines, {nic.name}",
    '"  blanks at both ends  "',
    "'a:\tb # c'",
]
NAMED = sorted(TABLE["conditions"])
OF_NO_RULE = [text for text in CONDITIONS if not re.search(r"\b(other|candidates)\b", text)]
DEFAULTS = {
    "net": ["a", "no", "two\nlines", "ovirtmgmt"],
    "maybe": [1, 7],
    "nets": [["a", "b,c"], [], ["x\ny"], ["lab  net"]],
    "wide": [["10.0.1.0/24"]],
    "peer": ["10.0.0.1", "2001:db8::1"],
    "sure": [True],
}


@dataclass
class Extended:
    """The texts of a policy, base first, and the names of its rules in the order that the keys mean."""

    texts: list[str]
    names: list[str] = field(default_factory=list)


@st.composite
def extended(draw: st.DrawFn) -> Extended:
    """Draw a base and one to three texts above it."""
    rules = [OWNERS, *draw(random_rules)]
    names = [f"r{i}" for i in range(len(rules))]
    entries = [_rule(draw, name, rule, {}) for name, rule in zip(names, rules, strict=True)]
    drawn = Extended([_text("level-0", {}, dict(TABLE["parameters"]), TABLE["conditions"], entries)], names)
    for level in range(1, draw(st.integers(1, 3)) + 1):
        drawn.texts.append(_level(draw, level, drawn))
    return drawn


def _level(draw: st.DrawFn, level: int, below: Extended) -> str:
    """Draw a text, and change the list of names as the text's entries do, from top to bottom."""
    inherited, anchors, entries = list(below.names), dict[str, str](), list[str]()
    for number in range(draw(st.integers(0, 5))):
        rest = [name for name in inherited if name in below.names and name != "r0"]
        kind = draw(st.sampled_from(["add", "before", "after", "after", *(["replace", "remove"] if rest else [])]))
        name, rule = f"n{level}-{number}", draw(random_rules)[0]
        if kind in ("replace", "remove"):
            name = draw(st.sampled_from(rest))
            inherited.remove(name)
        if kind == "remove":
            below.names.remove(name)
            entries.append(f"  - remove: {name}\n")
            continue
        place = {"replace": "true"} if kind == "replace" else {}
        if kind in ("before", "after"):
            anchor = draw(st.sampled_from(below.names))
            place, at = {kind: anchor}, below.names.index(anchor)
            if kind == "after":
                anchors[name] = anchor
                at = 1 + max(below.names.index(one) for one in below.names if _follows(one, anchor, anchors))
            below.names.insert(at, name)
        elif kind == "add":
            below.names.append(name)
        entries.append(_rule(draw, name, rule, place))
    changed = {
        name: {"default": draw(st.sampled_from(values))} for name, values in DEFAULTS.items() if draw(st.booleans())
    }
    added: dict[str, str] = {}
    if draw(st.booleans()):
        added = {f"at_{level}": f"({draw(st.sampled_from(OF_NO_RULE))}) or nic is {draw(st.sampled_from(NAMED))}"}
        name = f"c{level}"
        below.names.append(name)
        entries.append(_rule(draw, name, ("warn nic", f"nic is not at_{level}"), {}))
    base = {"extends": f"./level-{level - 1}.yaml"}
    return _text(f"level-{level}", base, changed, added, entries)


def _follows(name: str, anchor: str, anchors: dict[str, str]) -> bool:
    return name == anchor or (name in anchors and _follows(anchors[name], anchor, anchors))


def _rule(draw: st.DrawFn, name: str, rule: tuple[str, str], place: dict[str, str]) -> str:
    verb, condition = rule
    sentence = f"{verb} when {condition}".replace("\n", " ")
    lines = [f"name: {name}", *(f"{key}: {value}" for key, value in place.items()), f"rule: {_written(draw, sentence)}"]
    if verb.split()[0] not in CHOOSERS:
        message = draw(st.sampled_from(MESSAGES))
        lines.append(f"message: {message if ' ' in verb else message.replace('{nic.name}', '{candidates}')}")
        lines += [f"code: {code}" for code in draw(st.lists(st.sampled_from(["ONE", "TWO"]), max_size=1))]
    if verb.startswith("warn") and draw(st.booleans()):
        lines.append("severity: info")
    return "  - " + "\n    ".join(lines) + "\n"


def _written(draw: st.DrawFn, sentence: str) -> str:
    quoted = "'" + sentence.replace("'", "''") + "'"
    return draw(st.sampled_from([quoted, f"|\n      {sentence}"]))


def _text(
    name: str, head: dict[str, str], parameters: dict[str, object], conditions: dict[str, str], entries: list[str]
) -> str:
    declared = yaml.safe_dump({"parameters": parameters}, default_flow_style=None, width=10_000) if parameters else ""
    declared += yaml.safe_dump({"conditions": conditions}, default_style="'", width=10_000) if conditions else ""
    declared = re.sub(r"'two\n\n[ ]*lines'", lambda _: json.dumps("two\nlines"), declared)
    rules = "rules:\n" + "".join(entries) if entries else ""
    return f"policy: {name}\n" + "".join(f"{k}: {v}\n" for k, v in head.items()) + declared + rules
