"""A policy text becomes a program: every mistake in it is reported at once, with its place.

A shipped policy's is prepared (`prepared.py`), so that this need not be imported for it.
"""

from __future__ import annotations

from evaluator.diagnostic import PolicyError, in_order
from evaluator.lookalike import lookalike_in
from evaluator.policy.check import check_rule
from evaluator.policy.find import plain_text
from evaluator.policy.identity import policy_digest, policy_text
from evaluator.policy.lint.placed import Placed
from evaluator.policy.lint.rules import lint, lint_whole, unused_parameters
from evaluator.policy.parameters import TYPE_NAMES, read_value
from evaluator.policy.problems import Problems
from evaluator.policy.program import Parameter, Program
from evaluator.policy.types import Base, Type
from evaluator.policy.verbs import VERBS
from evaluator.policy.vocabulary import FUNCTIONS, KEYWORDS, words_of
from evaluator.policy.yaml_text import Located, read_yaml
from evaluator.schema import is_valid, violations
from evaluator.source import Source, Span
from evaluator.text import did_you_mean, quote

_SCHEMA = "policy"
_MOST_RULES = 200


def read_program(source: Source) -> Program:
    """Return the program of a policy text; PolicyError lists every mistake, and what else was noticed."""
    plain = Source(source.name, plain_text(source.text))
    problems = Problems(plain)
    located = read_yaml(plain, problems)
    program = None if located is None else _build(located, problems, source.text)
    if program is None or problems.has_errors:
        raise PolicyError(problems.found)
    return program


def _build(located: Located, problems: Problems, text: str) -> Program:
    refuse_violations(located, _SCHEMA, problems)
    name = _string(located, "policy")
    if "policy" in located.children:
        _warn_of_lookalikes(located.children["policy"], "the policy's name", problems)
    parameters = _parameters(located, problems)
    types = {parameter.name: parameter.type for parameter in parameters}
    placed: list[Placed] = []
    rules = located.children.get("rules")
    maps = [] if rules is None else [child for child in rules.children.values() if isinstance(child.value, dict)]
    maps = maps[:_MOST_RULES]  # the schema has refused more
    for child in maps:
        rule = check_rule(child, name, types, problems)
        if rule is not None:
            has_own_finding = not {"code", "message", "hint"}.isdisjoint(child.children)
            placed.append(Placed(rule, child.children["rule"].span, has_own_finding))
    _refuse_repeated_names(maps, problems)
    lint(placed, {parameter.name: parameter.default for parameter in parameters}, problems)
    if len(placed) == len(maps) and maps:
        lint_whole(placed, problems)
    if not problems.has_errors:
        spans = located.children["parameters"].keys if parameters else {}
        unused_parameters([(p.name, spans[p.name]) for p in parameters], placed, problems)
    texts = (policy_text(name, text),)
    return Program(
        name=name,
        description=" ".join(_string(located, "description").split()),
        parameters=tuple(parameters),
        rules=tuple(p.rule for p in placed),
        warnings=in_order(problems.found),
        text=text,
        texts=texts,
        digest=policy_digest(texts),
    )


def _string(located: Located, key: str) -> str:
    found = located.children.get(key)
    return found.value if found is not None and isinstance(found.value, str) else ""


def refuse_violations(located: Located, schema_name: str, problems: Problems) -> None:
    """Note every place where a YAML document breaks its schema."""
    if is_valid(located.value, schema_name):
        return
    for violation in violations(located.value, schema_name):
        place = located.at(violation.path)
        if place.broken and violation.unknown_key is None:
            continue
        if violation.unknown_key is not None:
            parent = located.at(violation.path[:-1])
            span = parent.keys.get(violation.unknown_key, parent.span)
            hint = did_you_mean(violation.unknown_key, violation.known_keys) or f"expected {violation.expected}"
            problems.error("POLICY_INVALID", f"there is no key {quote(violation.unknown_key)} here", span, hint)
        else:
            span = Span(place.span.start, min(place.span.end, place.span.start + 1)) if place.keys else place.span
            message = f"found {violation.found}, expected {violation.expected}"
            hint = ""
            if violation.expected == "string":
                hint = "a name or text that YAML takes for something else is put in quotes"
            elif isinstance(place.value, str):
                hint = did_you_mean(place.value, violation.choices)
            problems.error("POLICY_INVALID", message, span, hint)


def _parameters(located: Located, problems: Problems) -> list[Parameter]:
    declared = located.children.get("parameters")
    if declared is None or not isinstance(declared.value, dict):
        return []
    found = (_parameter(name, child, declared.keys[str(name)], problems) for name, child in declared.children.items())
    return [parameter for parameter in found if parameter is not None]


def _parameter(name: str | int, located: Located, span: Span, problems: Problems) -> Parameter | None:
    text = str(name)
    taken = {*words_of(None), *FUNCTIONS, *VERBS, *KEYWORDS, "nic", "other"}
    if not text.isidentifier() or not text.isascii() or text in taken:
        reason = "means something already" if text in taken else "is no name that a rule could use"
        problems.error(
            "PARAMETER_NAME",
            f"{quote(text)} {reason}",
            span,
            "letters, digits and underscores: management_network",
        )
        return None
    declared = located.children.get("type")
    written = declared.value if declared is not None else None
    is_list = isinstance(written, list) and len(written) == 1
    base = TYPE_NAMES.get(str(written[0] if is_list and isinstance(written, list) else written))
    if base is None:
        return Parameter(text, Type(Base.NOTHING))  # the schema has said so; uses of it need not be noted as well
    optional = "optional" in located.children and located.children["optional"].value is True
    type_ = Type(base, is_list, optional)
    default = None
    given = located.children.get("default")
    if given is not None:
        if optional:
            problems.error(
                "PARAMETER_DEFAULT",
                "an optional parameter has no default",
                given.span,
                "leave one of the two out",
            )
        try:
            default = read_value(type_.known, given.value)
        except ValueError as error:
            problems.error("PARAMETER_DEFAULT", f"the default of {quote(text)} does not fit: {error}", given.span)
        _warn_of_lookalikes(given, f"the default of {quote(text)}", problems)
    return Parameter(text, type_, default, " ".join(_string(located, "description").split()))


def _warn_of_lookalikes(located: Located, what: str, problems: Problems) -> None:
    """Note characters that look like others, or like nothing, in a text or in the texts of a list."""
    for part in (located, *located.children.values()):
        found = lookalike_in(part.value) if isinstance(part.value, str) else None
        if found is not None:
            code = "INVISIBLE_CHARACTER" if found.is_invisible else "LOOKALIKE_CHARACTER"
            message = f"{what}, {quote(str(part.value))}, is not what it looks like: {found.message}"
            problems.warning(code, message, part.span, f"write {quote(found.meant)} if that is meant")


def _refuse_repeated_names(maps: list[Located], problems: Problems) -> None:
    seen: set[object] = set()
    for child in maps:
        name = child.children.get("name")
        if name is None or not isinstance(name.value, str):
            continue
        if name.value in seen:
            problems.error(
                "RULE_NAME_TWICE",
                f"a rule named {quote(name.value)} stands above",
                name.span,
                "traces need unique names",
            )
        seen.add(name.value)
