"""A policy text becomes a program: every mistake in it is reported at once, with its place.

A shipped policy's is prepared (`prepared.py`), so that this need not be imported for it.
"""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from msgspec import Struct

from evaluator.base.diagnostic import Diagnostic, PolicyError, Severity, in_order
from evaluator.base.lookalike import lookalike_in
from evaluator.base.source import Source, Span
from evaluator.base.text import quote
from evaluator.policy.check.inline import NamedConditions
from evaluator.policy.check.named import check_conditions, unused_conditions
from evaluator.policy.check.rules import check_rule
from evaluator.policy.language.environment import Literal
from evaluator.policy.language.program import Parameter, Program
from evaluator.policy.language.types import Base, Type
from evaluator.policy.language.verbs import VERBS
from evaluator.policy.language.vocabulary import FUNCTIONS, KEYWORDS, words_of
from evaluator.policy.lint.placed import Placed
from evaluator.policy.lint.rules import lint, lint_whole, unused_parameters
from evaluator.policy.parameters import TYPE_NAMES, read_value
from evaluator.policy.source.chain import Chain, Text, files_of, read_chain, recorded, string_of
from evaluator.policy.source.extend import Declared, Merged, levels, rule_maps
from evaluator.policy.source.identity import policy_digest, policy_text
from evaluator.policy.source.pin import check_pins
from evaluator.policy.source.problems import Problems
from evaluator.policy.source.structure import refuse_violations
from evaluator.policy.source.yaml_text import Located

_SCHEMA = "policy"
_DECLARED_BY_BASE = frozenset({"UNKNOWN_WORD", "UNKNOWN_STATE"})


def read_program(source: Source, search: Sequence[Path] = ()) -> Program:
    """Return the program of a policy text; PolicyError lists every mistake, and what else was noticed.

    Policies that it extends are found among the shipped ones, in files beside it and in the search path.
    """
    return program_of(read_chain(source, files_of(search)))


def program_of_texts(sources: Sequence[Source]) -> Program:
    """Return the program of texts that extend one another, base first; PolicyError with every mistake in them."""
    chain = read_chain(sources[-1], recorded(sources))
    if len(chain.sources) == len(sources) or chain.problems:
        return program_of(chain)
    message = f"the policy has {len(sources)} texts, and only {len(chain.sources)} of them extend one another"
    raise PolicyError([Diagnostic("POLICY_INVALID", message)])


def program_of(chain: Chain) -> Program:
    """Return the program of a policy's texts; PolicyError lists every mistake in any of them."""
    problems = Problems(chain.source)
    problems.found.extend(chain.problems)
    for text in chain.texts:
        refuse_violations(text.located, _SCHEMA, problems)
    if not chain.is_whole:
        _check_apart(chain.texts, problems)
    program = _build(chain, problems) if chain.is_whole and chain.texts else None
    if program is None or problems.has_errors:
        raise PolicyError(problems.found)
    return program


def _build(chain: Chain, problems: Problems) -> Program:
    mistakes = _errors(problems)
    *bases, merged = levels(chain.texts, problems)
    is_in_place = not bases or _errors(problems) == mistakes
    for base in bases:
        _check_alone(base, problems)
    if "policy" in chain.texts[-1].located.children:
        _warn_of_lookalikes(chain.texts[-1].located.children["policy"], "the policy's name", problems)
    checked = _check(merged, problems)
    if is_in_place:  # else what is odd about the order of the rules may be a consequence
        _lint(merged, checked, problems)
    check_pins(chain, problems)
    texts = tuple(policy_text(text.name, text.source.text) for text in chain.texts)
    return Program(
        name=merged.name,
        description=" ".join(merged.description.split()),
        parameters=checked.parameters,
        rules=tuple(one.rule for one in checked.placed),
        warnings=in_order(problems.found),
        contents=tuple(source.text for source in chain.sources),
        texts=texts,
        digest=policy_digest(texts),
    )


def _errors(problems: Problems) -> int:
    return sum(problem.severity is Severity.ERROR for problem in problems.found)


def _check_alone(base: Merged, problems: Problems) -> None:
    """Note what makes a base invalid as a policy of its own; what is odd about it is noted by its own check."""
    trial = Problems(problems.source)
    _lint(base, _check(base, trial), trial)
    problems.found.extend(problem for problem in trial.found if problem.severity is Severity.ERROR)


def _check_apart(texts: Sequence[Text], problems: Problems) -> None:
    """Note mistakes in the rules of texts whose base is missing, except in names that the base may declare."""
    trial = Problems(problems.source)
    for text in texts:
        for located in rule_maps(text.located):
            check_rule(located, text.name, {}, NamedConditions(), trial)
    problems.found.extend(problem for problem in trial.found if problem.code not in _DECLARED_BY_BASE)


class _Checked(Struct, frozen=True):
    """What is checked of a policy so far."""

    parameters: tuple[Parameter, ...]
    conditions: NamedConditions
    placed: tuple[Placed, ...]


def _check(merged: Merged, problems: Problems) -> _Checked:
    """Return the checked parameters, conditions and rules; mistakes in them are noted."""
    found = (_parameter(name, declared, problems) for name, declared in merged.parameters.items())
    parameters = tuple(parameter for parameter in found if parameter is not None)
    types = {parameter.name: parameter.type for parameter in parameters}
    conditions = check_conditions(merged.conditions, types, problems)
    placed: list[Placed] = []
    for entry in merged.entries:
        rule = check_rule(entry.located, entry.policy, types, conditions, problems)
        if rule is not None:
            has_own_finding = not {"code", "message", "hint"}.isdisjoint(entry.located.children)
            placed.append(Placed(rule, entry.located.children["rule"].span, has_own_finding))
    return _Checked(parameters, conditions, tuple(placed))


def _lint(merged: Merged, checked: _Checked, problems: Problems) -> None:
    """Note what is odd about the parameters, the conditions and the rules, each and together."""
    placed = checked.placed
    lint(placed, {parameter.name: parameter.default for parameter in checked.parameters}, problems)
    if len(placed) == len(merged.entries) and placed:
        lint_whole(placed, problems)
    if not problems.has_errors:
        own = [(name, declared.key) for name, declared in merged.parameters.items() if declared.is_own]
        unused_parameters(own, placed, problems)
        unused_conditions(merged.conditions, checked.conditions, problems)


def _parameter(text: str, declared_by: Declared, problems: Problems) -> Parameter | None:
    located = declared_by.located
    if not _is_parameter_name(text, declared_by.key, problems):
        return None
    declared = located.children.get("type")
    written = declared.value if declared is not None else None
    is_list = isinstance(written, list) and len(written) == 1
    base = TYPE_NAMES.get(str(written[0] if is_list and isinstance(written, list) else written))
    if base is None:
        return Parameter(text, Type(Base.NOTHING))  # the schema has said so; uses of it need not be noted as well
    may_miss = located.children.get("optional")
    type_ = Type(base, is_list, may_miss is not None and (may_miss.broken or may_miss.value is True))
    default = located.children.get("default")
    if default is not None and type_.optional and not declared_by.is_given:
        message, hint = "an optional parameter has no default", "remove `default` or `optional`"
        problems.error("PARAMETER_DEFAULT", message, default.span, hint)
    value = None
    if default is not None:
        value = _default(text, type_, default, problems)
        _warn_of_lookalikes(default, f"the default of {quote(text)}", problems)
    return Parameter(text, type_, value, " ".join(string_of(located, "description").split()))


def _is_parameter_name(text: str, span: Span, problems: Problems) -> bool:
    """Return whether a parameter may have this name; note it if not."""
    taken = {*words_of(None), *FUNCTIONS, *VERBS, *KEYWORDS, "nic", "other", "parameters"}
    if text.isidentifier() and text.isascii() and text not in taken:
        return True
    reason = "is a word of the language" if text in taken else "is not a valid name"
    reason = "is reserved" if text == "parameters" else reason
    hint = "letters, digits and underscores: management_network"
    problems.error("PARAMETER_NAME", f"{quote(text)} {reason}", span, hint)
    return False


def _default(text: str, type_: Type, located: Located, problems: Problems) -> Literal:
    """Return the value of a default; None if it is wrong, which is noted."""
    if located.broken or any(part.broken for part in located.children.values()):
        return None
    try:
        return read_value(type_.known, located.value)
    except ValueError as error:
        is_single = type_.is_list and not isinstance(located.value, list | dict)
        hint = f"write it in brackets: `default: [{problems.text(located.span)}]`" if is_single else ""
        problems.error("PARAMETER_DEFAULT", f"invalid default of {quote(text)}: {error}", located.span, hint)
        return None


def _warn_of_lookalikes(located: Located, what: str, problems: Problems) -> None:
    """Note characters that look like others, or like nothing, in a text or in the texts of a list."""
    for part in (located, *located.children.values()):
        found = lookalike_in(part.value) if isinstance(part.value, str) else None
        if found is not None:
            code = "INVISIBLE_CHARACTER" if found.is_invisible else "LOOKALIKE_CHARACTER"
            message = f"{what}, {quote(str(part.value))}, is not what it looks like: {found.message}"
            problems.warning(code, message, part.span, f"write {quote(found.meant)} if that is meant")
