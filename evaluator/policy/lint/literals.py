"""Warns about texts and numbers that are valid but probably not intended: typical mistakes with globs, lists, MACs.

This module checks the literals in each rule. If a rule compares a value with a parameter, the module checks the value
of the parameter, or its default.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping

from msgspec import Struct
from msgspec.structs import replace

from evaluator.base.fix import Safety
from evaluator.base.lookalike import lookalike_in
from evaluator.base.text import quote
from evaluator.policy.language.checked import (
    Condition,
    Constant,
    Expression,
    ListOf,
    ParameterValue,
    Read,
    Relate,
    Related,
    walk,
)
from evaluator.policy.language.environment import Value
from evaluator.policy.language.types import Base, Type
from evaluator.policy.lint.globs import Texts, mac_form
from evaluator.policy.lint.numbers import Numbers, union
from evaluator.policy.lint.ranges import HINTS, domain, element_domain

_EXACT = (Relate.EQUAL, Relate.UNEQUAL, Relate.IN, Relate.OVERLAPS, Relate.WITHIN)
_FREE_TEXT = ("alias", "label")
_GLOB = re.compile(r"\*|\?|\[[^\]]+\]")
_STAR = re.compile(r"\*")
_SEVERAL = re.compile(r"\s*[,;|]\s*")
_GROUP = re.compile(r"\(([^()]*)\)")
_BRACES = re.compile(r"\{([^{}]*,[^{}]*)\}")
_REGEX = re.compile(r"[()|^$+{}]|^\.\*|\.\+|\.\?|\[\^")
_OCTAL = re.compile(r"-?0[0-9]+")


class LiteralWarning(Struct, frozen=True):
    """A warning about a value in a condition.

    `words` is the text of the value in the policy, or the name of the parameter with this value. `node` is the relation
    that contains the value, if the warning is about a relation. If the author probably meant another value, `instead`
    is the text of this value. If the author probably meant another operator, `operator` is this operator.
    """

    code: str
    message: str
    hint: str
    words: str
    node: Related | None = None
    instead: str = ""
    operator: str = ""
    safety: Safety = Safety.UNSAFE


class _Text(Struct, frozen=True):
    """A text that is one side of a comparison: a literal, or the value of a parameter."""

    value: str
    words: str
    parameter: str = ""


def literal_warnings(
    condition: Condition, values: Mapping[str, Value], description: str = "the default of"
) -> Iterator[LiteralWarning]:
    """Yield the warnings about the values in a condition.

    `description` describes the value of a parameter in messages, for example "the default of".
    """
    for node in walk(condition):
        if isinstance(node, Constant) and node.type.base is Base.TEXT:
            yield from _look_alike(str(node.value), node.text)
        elif isinstance(node, Constant) and node.type.base is Base.INTEGER and _OCTAL.fullmatch(node.text):
            message = f"{quote(node.text)} is the decimal number {node.value}: a leading 0 has no meaning"
            hint, safety = f"write {node.value}{_octal(node.text)}", Safety.UNSAFE if _octal(node.text) else Safety.SAFE
            instead = str(node.value)
            yield LiteralWarning("OCTAL_NUMBER", message, hint, node.text, instead=instead, safety=safety)
        elif isinstance(node, Related):
            yield from _of_relation(node, values, description)


def of_parameters(condition: Condition, values: Mapping[str, Value], description: str) -> Iterator[LiteralWarning]:
    """Yield the warnings about the values of the parameters in a condition."""
    names = {node.name for node in walk(condition) if isinstance(node, ParameterValue)} & values.keys()
    for name in sorted(names):
        value = values[name]
        for text in value if isinstance(value, tuple) else (value,):
            warnings = _look_alike(text, name) if isinstance(text, str) else ()
            yield from (
                replace(warning, message=f"{description} {quote(name)}: {warning.message}") for warning in warnings
            )
    for node in walk(condition):
        if isinstance(node, Related):
            yield from (warning for warning in _of_relation(node, values, description) if warning.words in names)


def _look_alike(text: str, words: str) -> Iterator[LiteralWarning]:
    lookalike = lookalike_in(text)
    if lookalike is not None:
        code = "INVISIBLE_CHARACTER" if lookalike.is_invisible else "LOOKALIKE_CHARACTER"
        message = f"{quote(text)} is not what it looks like: {lookalike.message}"
        instead = f'"{lookalike.meant}"'
        is_literal = words[:1] in ("'", '"')
        yield LiteralWarning(code, message, f"write {instead}", words, instead=instead if is_literal else "")


def _octal(text: str) -> str:
    is_octal = re.fullmatch(r"-?[0-7]+", text) is not None and int(text, 8) != int(text)
    return f", or {int(text, 8)} if the number is octal" if is_octal else ""


def _of_relation(node: Related, values: Mapping[str, Value], description: str) -> Iterator[LiteralWarning]:
    for side, other in ((node.right, node.left), (node.left, node.right)):
        if side.type.base is not Base.TEXT:
            continue
        name = _word(other)
        for text in _texts(side, values):
            subject = (
                f"{description} {quote(text.parameter)}, {quote(text.value)}," if text.parameter else quote(text.value)
            )
            if node.relation is Relate.LIKE and side is node.right:
                yield from _of_glob(node, text, subject)
            elif node.relation in _EXACT and name:
                yield from _of_exact(node, text, subject, name, other)
    yield from _out_of_range(node, values, description)


def _word(expression: Expression) -> str:
    return expression.word.name if isinstance(expression, Read) else ""


def _texts(expression: Expression, values: Mapping[str, Value]) -> Iterator[_Text]:
    match expression:
        case Constant(value=str(value), text=words):
            yield _Text(value, words)
        case ListOf(operands=operands):
            for operand in operands:
                yield from _texts(operand, values)
        case ParameterValue(name=name):
            parameter_value = values.get(name)
            for text in parameter_value if isinstance(parameter_value, tuple) else (parameter_value,):
                if isinstance(text, str):
                    yield _Text(text, name, name)


def _of_exact(node: Related, text: _Text, subject: str, name: str, other: Expression) -> Iterator[LiteralWarning]:
    """Yield the warnings about a text that is compared exactly."""
    is_list = len(_SEVERAL.split(text.value)) > 1 and name not in _FREE_TEXT
    if (_STAR if name in _FREE_TEXT else _GLOB).search(text.value):
        message = f"{quote(str(node.relation))} compares texts exactly, so {subject} is not used as a glob"
        operator, safety = _operator(node, other, text)
        yield LiteralWarning(
            "GLOB_NOT_USED", message, _like(node, other), text.words, node, operator=operator, safety=safety
        )
    elif is_list:
        yield _one_text(node, text, subject)


def _like(node: Related, other: Expression) -> str:
    """Return a hint that shows how to write the same relation with `like`."""
    globs = node.left if other is node.right else node.right
    is_not = "not " * (node.negated or node.relation is Relate.UNEQUAL)
    if other.type.is_list:
        quantifier = "no" if is_not else "every" if node.relation is Relate.WITHIN else "some"
        return f"write `{quantifier} x in {other.text} satisfies x like {globs.text}`"
    return f"write `{other.text} {is_not}like {globs.text}`"


def _operator(node: Related, other: Expression, text: _Text) -> tuple[str, Safety]:
    """Return the operator that compares with a glob, `like` or `not like`, and whether the fix is safe.

    The operator is empty if a new operator alone does not correct the rule.
    """
    if other is not node.left or other.type.is_list:
        return "", Safety.UNSAFE
    is_not = "not " * (node.negated or node.relation is Relate.UNEQUAL)
    return f"{is_not}like", Safety.UNSAFE if text.parameter else Safety.SAFE


def _one_text(node: Related, text: _Text, subject: str) -> LiteralWarning:
    parts = [part for part in _SEVERAL.split(text.value) if part]
    written = f"[{', '.join(_quoted(part) for part in parts)}]"
    hint = f"write a list: {written}"
    if text.parameter:
        hint = f"declare the parameter as `type: [string]`, with the value {written}"
    elif node.relation in (Relate.EQUAL, Relate.UNEQUAL):
        hint = f"write `{node.left.text} {'not ' * (node.relation is Relate.UNEQUAL)}in {written}`"
    is_literal_list = not text.parameter and node.relation is Relate.LIKE
    instead = written if is_literal_list else ""
    return LiteralWarning("LIST_IN_TEXT", f"{subject} is one text, not a list", hint, text.words, node, instead)


def _quoted(text: str) -> str:
    return f'"{text}"'


def _of_glob(node: Related, text: _Text, subject: str) -> Iterator[LiteralWarning]:
    """Yield the warnings about a glob that is a regular expression, several globs, or a MAC address in another form."""
    glob = text.value
    if _word(node.left) == "mac" and mac_form(glob) != glob:
        if glob == glob.lower():  # clauses.py reports capitals: they are never true
            message = f"{subject} never matches: a MAC address is written with colons"
            instead = "" if text.parameter else _quoted(mac_form(glob))
            yield LiteralWarning("MAC_FORM", message, f'write like "{mac_form(glob)}"', text.words, node, instead)
    elif _word(node.left) in _FREE_TEXT:
        return
    elif "(" not in glob and len(_SEVERAL.split(glob)) > 1 and "{" not in glob and not re.search(r"[\^$+]|\.\*", glob):
        yield _one_text(node, text, subject)
    elif _REGEX.search(glob):
        globs = _as_globs(glob)
        written = _quoted(globs[0]) if len(globs) == 1 else f"[{', '.join(map(_quoted, globs))}]"
        is_converted = globs and not any(_REGEX.search(each) for each in globs)
        hint = f"write like {written}" if is_converted else "the wildcards of a glob are `*`, `?` and `[a-z]`"
        message = f"{subject} looks like a regular expression, but `like` takes globs"
        instead = written if is_converted and not text.parameter else ""
        yield LiteralWarning("REGEX_IN_GLOB", message, hint, text.words, node, instead)


def _as_globs(pattern: str) -> list[str]:
    """Return globs that match approximately the same texts as a regular expression."""
    for group in (_GROUP, _BRACES):
        match = group.search(pattern)
        if match:
            parts = re.split(r"[|,]" if group is _BRACES else r"\|", match.group(1).removeprefix("?:"))
            each = [_as_globs(pattern[: match.start()] + part + pattern[match.end() :]) for part in parts]
            return list(dict.fromkeys(glob for globs in each for glob in globs))
    if "|" in pattern:
        return list(dict.fromkeys(glob for part in pattern.split("|") for glob in _as_globs(part)))
    glob = pattern.removeprefix("^").removesuffix("$")
    glob = re.sub(r"\.\*", "*", glob)
    glob = re.sub(r"\.\+", "?*", glob)
    glob = re.sub(r"(\[[^\]]+\])[+*]", r"\1*", glob)
    glob = glob.replace(".?", "*").replace("[^", "[!")
    is_open = pattern.startswith("^") and not pattern.endswith("$")
    return [glob + "*" if is_open and not glob.endswith("*") else glob]


def _out_of_range(node: Related, values: Mapping[str, Value], description: str) -> Iterator[LiteralWarning]:
    """Yield a warning if a rule compares a word with a parameter, but the word never has the parameter's value.

    For example, `nic.vlan_id = vlan` is never true if the parameter `vlan` has the value 5000.
    """
    if node.relation not in _EXACT:
        return
    for side, other in ((node.right, node.left), (node.left, node.right)):
        if not isinstance(side, ParameterValue) or not isinstance(other, Read) or values.get(side.name) is None:
            continue
        possible = element_domain(other) if other.type.is_list else domain(other)
        parameter_value = values[side.name]
        for value in parameter_value if isinstance(parameter_value, tuple) else (parameter_value,):
            if not isinstance(value, int | str) or isinstance(value, bool) or _can_be(value, possible, side.type):
                continue
            message = f"{quote(other.text)} never equals {quote(str(value))}, {description} {quote(side.name)}"
            hint = HINTS.get(_word(other), "")
            if isinstance(value, int):
                hint += "; for a parameter without a value use `optional: true`"
            yield LiteralWarning("PARAMETER_NEVER_EQUAL", message, hint, side.name, node)


def _can_be(value: int | str, possible: Numbers | Texts | None, type_: Type) -> bool:
    if isinstance(value, int):
        single = union([(value, value)])
        return (
            not isinstance(possible, Numbers)
            or type_.base is not Base.INTEGER
            or not possible.intersection(single).is_empty
        )
    return not isinstance(possible, Texts) or not possible.intersection(Texts(frozenset({value}))).is_empty
