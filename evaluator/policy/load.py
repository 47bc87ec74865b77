"""Reads a policy text and returns its program; all mistakes are reported at once, each with its place.

The stages report into one `Problems`, and each stage runs on everything that the stages before it have accepted. A rule
that cannot be parsed does not stop the check of the other rules. Two measures avoid errors that only follow from
other errors:

- A stage returns None for a part with mistakes, and later stages skip this part.
- Warnings about the policy as a whole (rules that never fire, unused parameters) need all rules. They are left out if
  a rule is missing, or if the rules of a base may be in the wrong order.

If a base is missing, its names are unknown. Then the rules are checked one by one, and unknown words and states are not
reported, because the base may declare them.

Shipped policies do not need this module: their programs are prepared (`prepared.py`).
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
from evaluator.policy.lint.placed import PlacedRule
from evaluator.policy.lint.rules import lint, lint_whole, unused_parameters
from evaluator.policy.parameters import TYPE_NAMES, read_value
from evaluator.policy.source.chain import ParsedText, PolicyChain, files_of, read_chain, recorded, string_of
from evaluator.policy.source.extend import MergedPolicy, ParameterDeclaration, levels, rule_maps
from evaluator.policy.source.identity import policy_digest, policy_text
from evaluator.policy.source.pin import check_pins
from evaluator.policy.source.problems import Problems
from evaluator.policy.source.structure import refuse_violations
from evaluator.policy.source.yaml_text import Located

_SCHEMA = "policy"
_CODES_OF_UNKNOWN_NAMES = frozenset({"UNKNOWN_WORD", "UNKNOWN_STATE"})


def read_program(source: Source, search: Sequence[Path] = ()) -> Program:
    """Return the program of a policy text.

    If the text extends a policy, three places are searched for this policy: the shipped policies, the folder of the
    text, and the folders in `search`. Raises PolicyError, with all mistakes and warnings, if the policy is invalid.
    """
    return program_of(read_chain(source, files_of(search)))


def program_of_texts(sources: Sequence[Source]) -> Program:
    """Return the program of a chain of texts, base first.

    Raises PolicyError, with all mistakes in the texts, if a text is invalid.
    """
    chain = read_chain(sources[-1], recorded(sources))
    if len(chain.sources) == len(sources) or chain.problems:
        return program_of(chain)
    message = f"the policy has {len(sources)} texts, but `extends` connects only {len(chain.sources)} of them"
    raise PolicyError([Diagnostic("POLICY_INVALID", message)])


def program_of(chain: PolicyChain) -> Program:
    """Return the program of a policy's texts.

    Raises PolicyError, with all mistakes in the texts, if a text is invalid.
    """
    problems = Problems(chain.source)
    problems.diagnostics.extend(chain.problems)
    for text in chain.texts:
        refuse_violations(text.located, _SCHEMA, problems)
    if not chain.is_whole:
        _check_without_base(chain.texts, problems)
    program = _build(chain, problems) if chain.is_whole and chain.texts else None
    if program is None or problems.has_errors:
        raise PolicyError(problems.diagnostics)
    return program


def _build(chain: PolicyChain, problems: Problems) -> Program:
    errors_before = _count_errors(problems)
    *bases, merged = levels(chain.texts, problems)
    is_order_certain = not bases or _count_errors(problems) == errors_before
    for base in bases:
        _check_base(base, problems)
    if "policy" in chain.texts[-1].located.children:
        _warn_of_lookalikes(chain.texts[-1].located.children["policy"], "the policy's name", problems)
    checked = _check(merged, problems)
    if is_order_certain:  # else warnings about the order of the rules may be consequences of other mistakes
        _lint(merged, checked, problems)
    check_pins(chain, problems)
    texts = tuple(policy_text(text.name, text.source.text) for text in chain.texts)
    return Program(
        name=merged.name,
        description=" ".join(merged.description.split()),
        parameters=checked.parameters,
        rules=tuple(placed.rule for placed in checked.placed),
        warnings=in_order(problems.diagnostics),
        contents=tuple(source.text for source in chain.sources),
        texts=texts,
        digest=policy_digest(texts),
    )


def _count_errors(problems: Problems) -> int:
    return sum(problem.severity is Severity.ERROR for problem in problems.diagnostics)


def _check_base(base: MergedPolicy, problems: Problems) -> None:
    """Report the errors of a base, checked as an independent policy.

    Warnings are left out: a check of the base reports them.
    """
    trial = Problems(problems.source)
    _lint(base, _check(base, trial), trial)
    problems.diagnostics.extend(problem for problem in trial.diagnostics if problem.severity is Severity.ERROR)


def _check_without_base(texts: Sequence[ParsedText], problems: Problems) -> None:
    """Report the mistakes in the rules of a policy whose base is missing.

    Unknown names are not reported, because the base possibly declares them.
    """
    trial = Problems(problems.source)
    for text in texts:
        for located in rule_maps(text.located):
            check_rule(located, text.name, {}, NamedConditions(), trial)
    problems.diagnostics.extend(problem for problem in trial.diagnostics if problem.code not in _CODES_OF_UNKNOWN_NAMES)


class _CheckedPolicy(Struct, frozen=True):
    """The checked parts of a policy; parts with mistakes are missing."""

    parameters: tuple[Parameter, ...]
    conditions: NamedConditions
    placed: tuple[PlacedRule, ...]


def _check(merged: MergedPolicy, problems: Problems) -> _CheckedPolicy:
    """Return the checked parameters, conditions and rules; report mistakes in them."""
    results = (_parameter(name, declaration, problems) for name, declaration in merged.parameters.items())
    parameters = tuple(parameter for parameter in results if parameter is not None)
    types = {parameter.name: parameter.type for parameter in parameters}
    conditions = check_conditions(merged.conditions, types, problems)
    placed: list[PlacedRule] = []
    for entry in merged.entries:
        rule = check_rule(entry.located, entry.policy, types, conditions, problems)
        if rule is not None:
            has_own_finding = not {"code", "message", "hint"}.isdisjoint(entry.located.children)
            placed.append(PlacedRule(rule, entry.located.children["rule"].span, has_own_finding))
    return _CheckedPolicy(parameters, conditions, tuple(placed))


def _lint(merged: MergedPolicy, checked: _CheckedPolicy, problems: Problems) -> None:
    """Report the warnings about each rule, about all rules together, and about unused parameters and conditions."""
    placed = checked.placed
    lint(placed, {parameter.name: parameter.default for parameter in checked.parameters}, problems)
    if len(placed) == len(merged.entries) and placed:
        lint_whole(placed, problems)
    if not problems.has_errors:
        own = [(name, declaration.key) for name, declaration in merged.parameters.items() if declaration.is_own]
        unused_parameters(own, placed, problems)
        unused_conditions(merged.conditions, checked.conditions, problems)


def _parameter(name: str, declaration: ParameterDeclaration, problems: Problems) -> Parameter | None:
    located = declaration.located
    if not _is_parameter_name(name, declaration.key, problems):
        return None
    type_value = located.children.get("type")
    written = type_value.value if type_value is not None else None
    is_list = isinstance(written, list) and len(written) == 1
    base = TYPE_NAMES.get(str(written[0] if is_list and isinstance(written, list) else written))
    if base is None:
        return Parameter(name, Type(Base.NOTHING))  # reported by the schema check; NOTHING avoids errors at each use
    optional = located.children.get("optional")
    type_ = Type(base, is_list, optional is not None and (optional.broken or optional.value is True))
    default = located.children.get("default")
    if default is not None and type_.optional and not declaration.is_given:
        message, hint = "an optional parameter cannot have a default", "remove `default` or `optional`"
        problems.error("PARAMETER_DEFAULT", message, default.span, hint)
    value = None
    if default is not None:
        value = _default(name, type_, default, problems)
        _warn_of_lookalikes(default, f"the default of {quote(name)}", problems)
    return Parameter(name, type_, value, " ".join(string_of(located, "description").split()))


def _is_parameter_name(name: str, span: Span, problems: Problems) -> bool:
    """Return whether a parameter can have this name. If not, report the name."""
    reserved = {*words_of(None), *FUNCTIONS, *VERBS, *KEYWORDS, "nic", "other", "parameters"}
    if name.isidentifier() and name.isascii() and name not in reserved:
        return True
    reason = "is a word of the language" if name in reserved else "is not a valid name"
    reason = "is reserved" if name == "parameters" else reason
    hint = "use letters, digits and underscores: management_network"
    problems.error("PARAMETER_NAME", f"{quote(name)} {reason}", span, hint)
    return False


def _default(name: str, type_: Type, located: Located, problems: Problems) -> Literal:
    """Return the default of a parameter. If the default is invalid, report the mistake and return None."""
    if located.broken or any(part.broken for part in located.children.values()):
        return None
    try:
        return read_value(type_.known, located.value)
    except ValueError as error:
        is_single = type_.is_list and not isinstance(located.value, list | dict)
        hint = f"write the default in brackets: `default: [{problems.text(located.span)}]`" if is_single else ""
        problems.error("PARAMETER_DEFAULT", f"invalid default of {quote(name)}: {error}", located.span, hint)
        return None


def _warn_of_lookalikes(located: Located, subject: str, problems: Problems) -> None:
    """Report invisible characters and lookalike characters in a text, or in the texts of a list."""
    for part in (located, *located.children.values()):
        lookalike = lookalike_in(part.value) if isinstance(part.value, str) else None
        if lookalike is not None:
            code = "INVISIBLE_CHARACTER" if lookalike.is_invisible else "LOOKALIKE_CHARACTER"
            message = f"{subject}, {quote(str(part.value))}, is not what it looks like: {lookalike.message}"
            problems.warning(code, message, part.span, f"write {quote(lookalike.meant)}")
