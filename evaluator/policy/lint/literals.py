"""Texts and numbers in a rule that are allowed and hardly mean what they look like.

The texts are those of the rule and the defaults, or the given values, of the parameters that it compares with.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping

from msgspec import Struct

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
from evaluator.policy.lint.numbers import Numbers, joined
from evaluator.policy.lint.ranges import HINTS, domain, elements

_EXACT = (Relate.EQUAL, Relate.UNEQUAL, Relate.IN, Relate.OVERLAPS, Relate.WITHIN)
_FREE_TEXT = ("alias", "label")
_GLOB = re.compile(r"\*|\?|\[[^\]]+\]")
_STAR = re.compile(r"\*")
_SEVERAL = re.compile(r"\s*[,;|]\s*")
_GROUP = re.compile(r"\(([^()]*)\)")
_BRACES = re.compile(r"\{([^{}]*,[^{}]*)\}")
_REGEX = re.compile(r"[()|^$+{}]|^\.\*|\.\+|\.\?|\[\^")
_OCTAL = re.compile(r"-?0[0-9]+")


class Trap(Struct, frozen=True):
    """What is wrong with a value; `words` are the author's words for it inside `node`."""

    code: str
    message: str
    hint: str
    words: str
    node: Related | None = None


class _Text(Struct, frozen=True):
    """A text that a relation compares with: as the rule writes it, or as the value of a parameter."""

    value: str
    words: str
    parameter: str = ""


def traps(condition: Condition, values: Mapping[str, Value], called: str = "the default of") -> Iterator[Trap]:
    """Yield the traps of a condition; `values` are those of the parameters, and `called` is what they are."""
    for node in walk(condition):
        if isinstance(node, Constant) and node.type.base is Base.TEXT:
            yield from _look_alike(str(node.value), node.text)
        elif isinstance(node, Constant) and node.type.base is Base.INTEGER and _OCTAL.fullmatch(node.text):
            message = f"{quote(node.text)} is the decimal number {node.value}: a leading 0 means nothing here"
            yield Trap("OCTAL_NUMBER", message, f"write {node.value}{_octal(node.text)}", node.text)
        elif isinstance(node, Related):
            yield from _of_relation(node, values, called)


def of_parameters(condition: Condition, values: Mapping[str, Value], called: str) -> Iterator[Trap]:
    """Yield the traps of a condition that are in the values of its parameters."""
    names = {node.name for node in walk(condition) if isinstance(node, ParameterValue)} & values.keys()
    for name in sorted(names):
        value = values[name]
        for text in value if isinstance(value, tuple) else (value,):
            found = _look_alike(text, name) if isinstance(text, str) else ()
            yield from (replace_message(trap, f"{called} {quote(name)}: {trap.message}") for trap in found)
    for node in walk(condition):
        if isinstance(node, Related):
            yield from (trap for trap in _of_relation(node, values, called) if trap.words in names)


def replace_message(trap: Trap, message: str) -> Trap:
    """Return the trap with another message."""
    return Trap(trap.code, message, trap.hint, trap.words, trap.node)


def _look_alike(text: str, words: str) -> Iterator[Trap]:
    found = lookalike_in(text)
    if found is not None:
        code = "INVISIBLE_CHARACTER" if found.is_invisible else "LOOKALIKE_CHARACTER"
        message = f"{quote(text)} is not what it looks like: {found.message}"
        yield Trap(code, message, f'write "{found.meant}" if that is meant', words)


def _octal(text: str) -> str:
    is_octal = re.fullmatch(r"-?[0-7]+", text) is not None and int(text, 8) != int(text)
    return f", or {int(text, 8)} if the number is octal" if is_octal else ""


def _of_relation(node: Related, values: Mapping[str, Value], called: str) -> Iterator[Trap]:
    for side, other in ((node.right, node.left), (node.left, node.right)):
        if side.type.base is not Base.TEXT:
            continue
        name = _word(other)
        for text in _texts(side, values):
            who = f"{called} {quote(text.parameter)}, {quote(text.value)}," if text.parameter else quote(text.value)
            if node.relation is Relate.LIKE and side is node.right:
                yield from _of_glob(node, text, who)
            elif node.relation in _EXACT and name:
                yield from _of_exact(node, text, who, name, other)
    yield from _out_of_range(node, values, called)


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
            given = values.get(name)
            for text in given if isinstance(given, tuple) else (given,):
                if isinstance(text, str):
                    yield _Text(text, name, name)


def _of_exact(node: Related, text: _Text, who: str, name: str, other: Expression) -> Iterator[Trap]:
    """Yield what is wrong with a text that is compared as it is."""
    is_list = len(_SEVERAL.split(text.value)) > 1 and name not in _FREE_TEXT
    if (_STAR if name in _FREE_TEXT else _GLOB).search(text.value):
        shown = quote(str(node.relation))
        message = f"{shown} compares texts exactly, so {who} is not used as a glob"
        yield Trap("GLOB_NOT_USED", message, _like(node, other), text.words, node)
    elif is_list:
        yield _one_text(node, text, who)


def _like(node: Related, other: Expression) -> str:
    """Return the relation with `like` that was probably meant."""
    globs = node.left if other is node.right else node.right
    is_not = "not " * (node.negated or node.relation is Relate.UNEQUAL)
    if other.type.is_list:
        quantifier = "no" if is_not else "every" if node.relation is Relate.WITHIN else "some"
        return f"write `{quantifier} x in {other.text} satisfies x like {globs.text}`"
    return f"write `{other.text} {is_not}like {globs.text}`"


def _one_text(node: Related, text: _Text, who: str) -> Trap:
    parts = [part for part in _SEVERAL.split(text.value) if part]
    written = f"[{', '.join(_quoted(part) for part in parts)}]"
    hint = f"write a list: {written}"
    if text.parameter:
        hint = f"declare the parameter as `type: [string]`, with the value {written}"
    elif node.relation in (Relate.EQUAL, Relate.UNEQUAL):
        hint = f"write `{node.left.text} {'not ' * (node.relation is Relate.UNEQUAL)}in {written}`"
    return Trap("LIST_IN_TEXT", f"{who} is one text, not a list", hint, text.words, node)


def _quoted(text: str) -> str:
    return f'"{text}"'


def _of_glob(node: Related, text: _Text, who: str) -> Iterator[Trap]:
    """Yield what is wrong with a glob: a regular expression, several globs in one, a MAC address of another form."""
    glob = text.value
    if _word(node.left) == "mac" and mac_form(glob) != glob:
        if glob == glob.lower():  # capitals never match, which the analysis notes
            message = f"{who} never matches: a MAC address is written with colons"
            yield Trap("MAC_FORM", message, f'write like "{mac_form(glob)}"', text.words, node)
    elif _word(node.left) in _FREE_TEXT:
        return
    elif "(" not in glob and len(_SEVERAL.split(glob)) > 1 and "{" not in glob and not re.search(r"[\^$+]|\.\*", glob):
        yield _one_text(node, text, who)
    elif _REGEX.search(glob):
        meant = _as_globs(glob)
        shown = _quoted(meant[0]) if len(meant) == 1 else f"[{', '.join(map(_quoted, meant))}]"
        is_mended = meant and not any(_REGEX.search(each) for each in meant)
        hint = f"write like {shown}" if is_mended else "in a glob only `*`, `?` and `[a-z]` match other characters"
        message = f"{who} looks like a regular expression, and `like` takes globs"
        yield Trap("REGEX_IN_GLOB", message, hint, text.words, node)


def _as_globs(pattern: str) -> list[str]:
    """Return the globs that match about the same texts as a regular expression."""
    for group in (_GROUP, _BRACES):
        found = group.search(pattern)
        if found:
            parts = re.split(r"[|,]" if group is _BRACES else r"\|", found.group(1).removeprefix("?:"))
            each = [_as_globs(pattern[: found.start()] + part + pattern[found.end() :]) for part in parts]
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


def _out_of_range(node: Related, values: Mapping[str, Value], called: str) -> Iterator[Trap]:
    """Yield parameters whose value is outside the range of the word that they are compared with."""
    if node.relation not in _EXACT:
        return
    for side, other in ((node.right, node.left), (node.left, node.right)):
        if not isinstance(side, ParameterValue) or not isinstance(other, Read) or values.get(side.name) is None:
            continue
        possible = elements(other) if other.type.is_list else domain(other)
        given = values[side.name]
        for value in given if isinstance(given, tuple) else (given,):
            if not isinstance(value, int | str) or isinstance(value, bool) or _can_be(value, possible, side.type):
                continue
            message = f"{called} {quote(side.name)}, {quote(str(value))}, never equals {quote(other.text)}"
            hint = HINTS.get(_word(other), "")
            if isinstance(value, int):
                hint += "; for a parameter without a value use `optional: true`"
            yield Trap("PARAMETER_NEVER_EQUAL", message, hint, side.name, node)


def _can_be(value: int | str, possible: Numbers | Texts | None, type_: Type) -> bool:
    if isinstance(value, int):
        one = joined([(value, value)])
        return not isinstance(possible, Numbers) or type_.base is not Base.INTEGER or not possible.both(one).is_empty
    return not isinstance(possible, Texts) or not possible.both(Texts(frozenset({value}))).is_empty
