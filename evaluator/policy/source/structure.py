"""Reports wrong keys and values in a policy file, with hints for the author of the policy.

The JSON Schema finds these mistakes, but it often reports one mistake twice. For example, if an author writes `rul:`
instead of `rule:`, the key `rul` is unknown and the key `rule` is missing. Then only the unknown key is reported.

Some authors split a rule into two keys: `rule: match nic` and `when: nic is up`. Then the unknown key `when` is
reported, and the hint shows the correct rule: `rule: match nic when nic is up`. The incomplete sentence `match nic`
gets no message of its own.
"""

from __future__ import annotations

from evaluator.base.fix import Fix, Safety
from evaluator.base.lookalike import lookalike_in
from evaluator.base.schema import Violation, is_valid, violations
from evaluator.base.source import Span
from evaluator.base.text import did_you_mean, most_similar, quote
from evaluator.policy.language.verbs import VERBS
from evaluator.policy.parameters import TYPE_NAMES
from evaluator.policy.source.problems import Problems
from evaluator.policy.source.yaml_text import Located

_CONDITION_KEYS = ("when", "if", "condition", "where", "unless", "while")
_SENTENCE_KEYS = (*_CONDITION_KEYS, "then", "do", "action", "verb")
_TYPES = {
    **dict.fromkeys(("str", "text", "name"), "string"),
    **dict.fromkeys(("int", "number", "num", "vlan"), "integer"),
    **dict.fromkeys(("bool", "flag"), "boolean"),
    **dict.fromkeys(("ip", "ipaddress", "ip_address", "ipv4", "ipv6", "host"), "address"),
    **dict.fromkeys(("network", "subnet", "net", "prefix"), "cidr"),
}
_LISTS = ("list", "array", "strings", "string[]", "[string]", "list[string]", "set")
_Path = tuple[str | int, ...]


def refuse_violations(located: Located, schema_name: str, problems: Problems) -> None:
    """Report each violation of the schema, except violations that are only consequences of another violation."""
    if is_valid(located.value, schema_name):
        return
    all_violations = violations(located.value, schema_name)
    if _rules_in_parameters(located):
        span = located.children["parameters"].keys["rules"]
        problems.error(
            "POLICY_INVALID", "`rules` is inside `parameters`", span, "begin the line of `rules` in the first column"
        )
        all_violations = tuple(
            v for v in all_violations if v.path[:2] != ("parameters", "rules") and _missing_key(v) != "rules"
        )
    intended_keys = {(v.path[:-1], _intended_key(v)) for v in all_violations if v.unknown_key is not None}
    for violation in all_violations:
        place = located.at(violation.path)
        if violation.unknown_key is not None:
            _unknown_key(violation, located, problems)
        elif not place.broken and (violation.path, _missing_key(violation)) not in intended_keys:
            _wrong_value(violation, place, problems)


def _rules_in_parameters(located: Located) -> bool:
    parameters = located.children.get("parameters")
    inside = None if parameters is None else parameters.children.get("rules")
    return "rules" not in located.children and inside is not None and isinstance(inside.value, list)


def _missing_key(violation: Violation) -> str:
    """Return the key that is missing; an empty text for any other violation."""
    return violation.missing_key or ""


def _intended_key(violation: Violation) -> str:
    """Return the key that the author probably intended instead of an unknown key.

    For an unknown key such as `when`, return `rule`, because `when` must be in the sentence that follows `rule:`.
    """
    key = violation.unknown_key or ""
    lookalike = lookalike_in(key)
    plain = (lookalike.meant if lookalike is not None else key).strip().removeprefix("- ").lower()
    if plain in violation.known_keys:
        return plain
    if "rule" in violation.known_keys and (plain in _SENTENCE_KEYS or plain.partition(" ")[0] in VERBS):
        return "rule"
    return did_you_mean(key, violation.known_keys).removeprefix("did you mean `").removesuffix("`?")


def _unknown_key(violation: Violation, located: Located, problems: Problems) -> None:
    key = violation.unknown_key or ""
    parent = located.at(violation.path[:-1])
    hint = _hint_for_key(violation, parent)
    span = parent.keys[key]
    fixes = _key_fixes(violation, parent, hint, problems)
    problems.error("POLICY_INVALID", f"unknown key {quote(key)}", span, hint, fixes)


def _key_fixes(violation: Violation, parent: Located, hint: str, problems: Problems) -> tuple[Fix, ...]:
    """Return the fix of a misspelled key, if the map does not contain the intended key yet."""
    key, intended = violation.unknown_key or "", _intended_key(violation)
    span = parent.keys[key]
    if not intended or intended in parent.keys or problems.text(span) != key:
        return ()
    if hint.startswith("did you mean") and ":" not in key:
        _, is_only = most_similar(key, violation.known_keys)
        is_certain = is_only or key.strip().lower() == intended
        return problems.fix(span, intended, Safety.SAFE if is_certain else Safety.UNSAFE)
    return problems.fix(span, intended) if hint.startswith(f"write {quote(intended)}: ") else ()


def _hint_for_key(violation: Violation, parent: Located) -> str:
    key, intended = violation.unknown_key or "", _intended_key(violation)
    lookalike = lookalike_in(key)
    if lookalike is not None and intended:
        message = lookalike.message
        reason = message.replace("it", "this key", 1) if lookalike.is_invisible else f"in this key, {message}"
        return f"write {quote(intended)}: {reason}"
    if intended == "rule" and key.lower() not in ("rule", "rules", "rul", "ruel"):
        sentence = _sentence(key, parent)
        if sentence:
            return f"write the verb and the condition as one sentence: `rule: {sentence}`"
    return f"did you mean {quote(intended)}?" if intended else f"expected {violation.expected}"


def _sentence(key: str, parent: Located) -> str:
    """Return the sentence of a rule whose parts are in several keys. Mark the value of the key `rule` as reported."""
    rule, value = parent.children.get("rule"), parent.children[key].value
    condition = str(value) if isinstance(value, str) else "…"
    if key in _CONDITION_KEYS:
        if rule is None or not isinstance(rule.value, str):
            return f"match nic when {condition}"
        if "when" in rule.value.split():
            return ""
        rule.broken = True
        return f"{rule.value} when {'not (' + condition + ')' if key == 'unless' else condition}"
    if key.partition(" ")[0].lower() in VERBS:
        start = key.removesuffix(" when")
        condition = condition.removeprefix("nic when ").removeprefix("when ")
        return f"{start if ' ' in start else start + ' nic'} when {condition}"
    return "match nic when …"


def _wrong_value(violation: Violation, place: Located, problems: Problems) -> None:
    span = Span(place.span.start, min(place.span.end, place.span.start + 1)) if place.keys else place.span
    missing = _missing_key(violation)
    if missing:
        problems.error("POLICY_INVALID", f"missing key {quote(missing)}", span, _hint_for_missing(missing))
        return
    message, hint = _explained(violation, place)
    fixes: tuple[Fix, ...] = ()
    if isinstance(place.value, str) and problems.text(span) == place.value:
        is_type = violation.path[-1:] == ("type",)
        fixes = problems.hint_fix(span, hint) if is_type else ()
        if hint.startswith("did you mean"):
            fixes = problems.name_fix(span, place.value, TYPE_NAMES if is_type else violation.choices)
    problems.error("POLICY_INVALID", message, span, hint, fixes)


def _hint_for_missing(key: str) -> str:
    return {
        "name": "each rule needs a name: `- name: not-over-a-bridge`",
        "rule": "each rule needs a sentence: `rule: match nic when nic.addresses overlaps host.addresses`",
        "policy": "a policy needs a name: `policy: my-policy`",
        "rules": "write `rules:`, and a list of rules below it",
        "type": "write `type: string`, `integer`, `boolean`, `address` or `cidr`, in brackets for a list: `[string]`",
    }.get(key, "")


def _explained(violation: Violation, place: Located) -> tuple[str, str]:
    """Return the message and the hint for an invalid value."""
    key = next((str(step) for step in reversed(violation.path) if isinstance(step, str)), "the file")
    value, expected = place.value, violation.expected
    if value is None:
        return f"the value of {quote(key)} is missing", f"write the value after `{key}:`; put a text in quotes"
    if expected == "array" and isinstance(value, dict):
        first = next(iter(place.keys), "name")
        return f"the dash before {quote(first)} is missing", f"{quote(key)} is a list: begin each entry with `- `"
    if expected == "object":
        return _not_a_map(key, value, violation)
    if expected == "string" and isinstance(value, list | dict):
        if isinstance(value, list):
            return f"{quote(key)} is a list, not a text", f"write one text after `{key}:`"
        return f"{quote(key)} is a map, not a text", "a text that begins with `{` needs quotes"
    if expected == "string":
        return f"found {violation.found}, expected a text", "quote the value"
    if key == "type" and isinstance(value, str):
        return f"unknown type {quote(value)}", _hint_for_type(value)
    hint = did_you_mean(value, violation.choices) if isinstance(value, str) else ""
    return f"found {violation.found}, expected {expected}", hint


def _not_a_map(key: str, value: object, violation: Violation) -> tuple[str, str]:
    if key == "rules":
        return "a rule needs a name and a key `rule`", f"write `- name: NAME`, and below it `rule: {value}`"
    if key == "parameters":
        return "`parameters` is not a map", "write `NAME: {type: string, default: TEXT}` for each parameter"
    if "parameters" in violation.path:
        declared = (
            f"type: {value}" if isinstance(value, str) and value in TYPE_NAMES else f"type: string, default: {value}"
        )
        return f"{quote(key)} needs a type", f"write `{key}: {{{declared}}}`"
    return f"found {violation.found}, expected an object", "write `key: value` on each line"


def _hint_for_type(value: str) -> str:
    lower = value.lower()
    if lower in _LISTS:
        return "for a list of strings, write `type: [string]`"
    intended = _TYPES.get(lower.rstrip("s"), _TYPES.get(lower, ""))
    if intended:
        return f"write `{intended}`"
    return did_you_mean(value, TYPE_NAMES) or f"the types are {', '.join(TYPE_NAMES)}"
