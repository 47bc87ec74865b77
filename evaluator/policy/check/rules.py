"""Checks one rule of a policy file: its name, verb, subject, condition, and its finding (code, message, hint).

The parts are checked independently of each other, so that all mistakes of a rule are reported at once. For example, if
the verb is unknown, the condition and the message are still checked. Only a rule without any error becomes a `Rule`. If
a rule has a syntax error, its condition and message cannot be checked, but its code is checked.

The grammar accepts every name as verb and as subject. They are checked here, because the table of verbs gives better
hints than the parser. A rule that changes the candidates gives no finding. If such a rule has a code or a message, the
checker warns. If a rule has no code, the checker derives the code from the rule's name: `not-over-a-bridge` becomes
`NOT_OVER_A_BRIDGE`.
"""

from __future__ import annotations

import re
from collections.abc import Mapping

from evaluator.base.diagnostic import Severity
from evaluator.base.fix import Safety
from evaluator.base.source import Span
from evaluator.base.text import did_you_mean, quote
from evaluator.policy.check.condition import ConditionChecker
from evaluator.policy.check.expression import Scope
from evaluator.policy.check.inline import NamedConditions, depth_of
from evaluator.policy.check.message import check_message
from evaluator.policy.language.checked import Condition
from evaluator.policy.language.program import Rule, Template
from evaluator.policy.language.types import Base, Type
from evaluator.policy.language.verbs import VERBS, Subject, Verb, named
from evaluator.policy.run.degree import cost_of
from evaluator.policy.source.problems import Problems
from evaluator.policy.source.scalar import ScalarText, read_scalar
from evaluator.policy.source.yaml_text import Located
from evaluator.policy.syntax import foreign, nodes
from evaluator.policy.syntax.parse import DEEPEST_SENTENCE, parse_sentence

_RULE_NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9_-]*")
_CODE = re.compile(r"[A-Z][A-Z0-9_]*")
_SENTENCES = ("rule", "condition")
_FINDING_KEYS = ("code", "severity", "message", "hint")


def check_rule(
    located: Located,
    policy_name: str,
    parameters: Mapping[str, Type],
    conditions: NamedConditions,
    problems: Problems,
) -> Rule | None:
    """Return the checked rule of one entry of `rules`; None if mistakes were reported."""
    before = len(problems.diagnostics)
    name = _rule_name(located, problems)
    scalar = _scalar(located, "rule", problems)
    sentence = None if scalar is None else parse_sentence(scalar, problems)
    if sentence is None:
        _code(located, "", None, problems)
        return None
    verb, has_subject = _verb(sentence, problems), sentence.subject is not None
    variables = {"nic": Type(Base.NIC)} if has_subject else {}
    scope = Scope(parameters, sentence.verb.text, variables, conditions=conditions)
    condition = _condition(sentence, scope, problems)
    message, hint = (_template(located, key, scope, problems) for key in ("message", "hint"))
    code = _code(located, name or "", verb, problems)
    has_errors = any(problem.severity is Severity.ERROR for problem in problems.diagnostics[before:])
    if name is None or verb is None or condition is None or has_errors:
        return None
    line, column = problems.source.line_column(sentence.span.start)
    return Rule(
        name=name,
        verb_name=verb.name,
        has_subject=has_subject,
        condition=condition,
        text=problems.text(sentence.span),
        place=f"{policy_name}:{line}:{column}",
        cost=cost_of(condition, has_subject),
        code=code,
        severity=_severity(located, verb, problems),
        message=message if message.parts or verb.chooses else _default_message(name),
        hint=hint,
    )


def _condition(sentence: nodes.Sentence, scope: Scope, problems: Problems) -> Condition | None:
    condition = ConditionChecker(problems).check(sentence.condition, scope).condition
    if condition is not None and depth_of(condition) > DEEPEST_SENTENCE:
        text = f"the rule and its named conditions together are nested deeper than {DEEPEST_SENTENCE} levels"
        problems.error("RULE_TOO_DEEP", text, sentence.span, "split the rule into several rules")
    return condition


def _default_message(name: str) -> Template:
    return Template((f"the rule {quote(name)} fired",))


def _rule_name(located: Located, problems: Problems) -> str | None:
    name = located.children.get("name")
    if name is None or not isinstance(name.value, str):
        return None  # reported by the schema check
    if _RULE_NAME.fullmatch(name.value):
        return name.value
    problems.error(
        "RULE_NAME",
        f"{quote(name.value)} is not a valid name of a rule",
        name.span,
        "use letters, digits and dashes: not-over-a-bridge",
    )
    return None


def _scalar(located: Located, key: str, problems: Problems) -> ScalarText | None:
    value = located.children.get(key)
    return None if value is None else scalar_of(value, key, problems)


def scalar_of(located: Located, key: str, problems: Problems) -> ScalarText | None:
    """Return the text of a rule, condition, message or hint with its offsets; None if mistakes were reported."""
    if located.broken or not isinstance(located.value, str):
        return None  # reported already
    if key in _SENTENCES and located.style == ">":
        message, hint = (
            f"a {key} cannot be a folded scalar (`>`)",
            "write the text without quotes, in quotes, or after `|`",
        )
        fixes = problems.fix(Span(located.span.start, located.span.start + 1), "|")
        problems.error("YAML_STYLE", message, located.span, hint, fixes)
        return None
    try:
        span, is_in_flow = located.span, located.is_in_flow
        scalar = read_scalar(problems.source, span.start, span.end, located.style, is_in_flow=is_in_flow)
    except ValueError as error:
        problems.error("YAML_STYLE", str(error), located.span)
        return None
    problems.knows_scalar(scalar)
    if located.style is None and scalar.text[:1] in ("“", "„", "‘", "«") and key not in _SENTENCES:
        message = f"the {key} begins with {quote(scalar.text[0])}, which YAML does not read as a quote"
        problems.warning("SMART_QUOTES", message, scalar.span(0, 1), "use straight quotes or no quotes")
    if located.cut_by_comment:
        message = f"the {key} ends before ` #`, which begins a comment in YAML"
        hint = "put the text in quotes if `#` is part of it, else put the comment on its own line"
        problems.warning("CUT_BY_COMMENT", message, scalar.span(len(scalar.text), len(scalar.text)), hint)
    return scalar


def _verb(sentence: nodes.Sentence, problems: Problems) -> Verb | None:
    verb, subject = sentence.verb, sentence.subject
    definition = VERBS.get(verb.text)
    if definition is None:
        hint = foreign.hint_of(foreign.VERBS, verb.text) or did_you_mean(verb.text.lower(), VERBS)
        all_verbs = f"the verbs are {', '.join(VERBS)}"
        fixes = problems.name_fix(verb.span, verb.text.lower(), VERBS) if hint.startswith("did you mean") else ()
        problems.error("UNKNOWN_VERB", f"unknown verb {quote(verb.text)}", verb.span, hint or all_verbs, fixes)
        return None
    if subject is not None and subject.text != "nic":
        problems.error(
            "UNKNOWN_SUBJECT",
            f"unknown subject {quote(subject.text)}: the subject must be `nic`",
            subject.span,
            f"write `{verb.text} nic when …`",
            problems.fix(subject.span, "nic"),
        )
        return None
    if subject is None and definition.subject is Subject.NEEDED:
        message = f"missing subject: {quote(verb.text)} needs `nic`, because it looks at each interface"
        fixes = problems.fix(verb.span, f"{verb.text} nic")
        problems.error("SUBJECT_MISSING", message, verb.span, f"write `{verb.text} nic when …`", fixes)
        return None
    if subject is not None and definition.subject is Subject.REFUSED:
        message = f"{quote(verb.text)} looks at all candidates together, so it has no subject"
        fixes = problems.fix(Span(verb.span.end, subject.span.end), "", Safety.UNSAFE)
        hint = f"write `{verb.text} when count(candidates) > 1`"
        problems.error("SUBJECT_NOT_WANTED", message, subject.span, hint, fixes)
        return None
    return definition


def _template(located: Located, key: str, scope: Scope, problems: Problems) -> Template:
    scalar = _scalar(located, key, problems)
    return Template(()) if scalar is None else check_message(scalar, scope, problems)


def _code(located: Located, name: str, verb: Verb | None, problems: Problems) -> str:
    code = located.children.get("code")
    if verb is not None and verb.chooses:
        for key in _FINDING_KEYS:
            if key in located.keys:
                message = f"{quote(verb.name)} gives no finding, so {quote(key)} has no effect"
                problems.warning(
                    "FINDING_UNUSED",
                    message,
                    located.keys[key],
                    f"only {named(lambda verb: not verb.chooses)} give findings",
                )
        return ""
    if code is None or not isinstance(code.value, str):
        return default_code(name)
    if not _CODE.fullmatch(code.value):
        problems.error(
            "FINDING_CODE",
            f"{quote(code.value)} is not a valid finding code",
            code.span,
            "use capital letters, digits and underscores: SEVERAL_INTERFACES",
        )
    return code.value


def default_code(name: str) -> str:
    """Return the finding code of a rule that has no key `code`."""
    return re.sub(r"[^A-Z0-9]", "_", name.upper())


def _severity(located: Located, verb: Verb, problems: Problems) -> Severity:
    severity = located.children.get("severity")
    if verb.decides:
        if severity is not None and not verb.chooses:
            message = f"the finding of {quote(verb.name)} is always an error"
            problems.warning("FINDING_UNUSED", message, severity.span, "remove `severity`")
        return Severity.ERROR
    is_valid = severity is not None and severity.value in list(Severity)
    return Severity(str(severity.value)) if severity is not None and is_valid else Severity.WARNING
