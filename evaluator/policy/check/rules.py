"""One rule of a policy file is checked: its verb, its subject, its condition, its finding."""

from __future__ import annotations

import re
from collections.abc import Mapping

from evaluator.base.diagnostic import Severity
from evaluator.base.text import did_you_mean, quote
from evaluator.policy.check.condition import ConditionChecker
from evaluator.policy.check.expression import Scope
from evaluator.policy.check.inline import NamedConditions, depth_of
from evaluator.policy.check.message import check_message
from evaluator.policy.language.checked import Condition
from evaluator.policy.language.program import Rule, Template
from evaluator.policy.language.types import Base, Type
from evaluator.policy.language.verbs import VERBS, Subject, Verb, named
from evaluator.policy.run.cost import cost_of
from evaluator.policy.source.problems import Problems
from evaluator.policy.source.scalar import Scalar, read_scalar
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
    """Return the rule that a map of the policy file describes; None where mistakes were noted."""
    before = len(problems.found)
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
    has_errors = any(problem.severity is Severity.ERROR for problem in problems.found[before:])
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
        text = f"with the conditions that it names, the rule is nested deeper than {DEEPEST_SENTENCE} levels"
        problems.error("RULE_TOO_DEEP", text, sentence.span, "split it into several rules")
    return condition


def _default_message(name: str) -> Template:
    return Template((f"the rule {quote(name)} fired",))


def _rule_name(located: Located, problems: Problems) -> str | None:
    name = located.children.get("name")
    if name is None or not isinstance(name.value, str):
        return None  # the schema has said so
    if _RULE_NAME.fullmatch(name.value):
        return name.value
    problems.error(
        "RULE_NAME",
        f"{quote(name.value)} is not the name of a rule",
        name.span,
        "letters, digits and dashes: not-over-a-bridge",
    )
    return None


def _scalar(located: Located, key: str, problems: Problems) -> Scalar | None:
    found = located.children.get(key)
    return None if found is None else scalar_of(found, key, problems)


def scalar_of(found: Located, key: str, problems: Problems) -> Scalar | None:
    """Return a rule, a condition, a message or a hint with its places; None if mistakes were noted."""
    if found.broken or not isinstance(found.value, str):
        return None  # noted already
    if key in _SENTENCES and found.style == ">":
        problems.error(
            "YAML_STYLE", f"a {key} cannot be a folded text (`>`)", found.span, "write it plain, quoted or after `|`"
        )
        return None
    try:
        scalar = read_scalar(problems.source, found.span.start, found.span.end, found.style)
    except ValueError as error:
        problems.error("YAML_STYLE", str(error), found.span)
        return None
    if found.style is None and scalar.text[:1] in ("“", "„", "‘", "«") and key not in _SENTENCES:
        message = f"the {key} begins with {quote(scalar.text[0])}, which belongs to the text"
        problems.warning("SMART_QUOTES", message, scalar.span(0, 1), "use straight quotes, or none")
    if found.cut_by_comment:
        message = f"the {key} ends before ` #`, where YAML begins a comment"
        hint = "quote the text if `#` belongs to it, else put the comment on a line of its own"
        problems.warning("CUT_BY_COMMENT", message, scalar.span(len(scalar.text), len(scalar.text)), hint)
    return scalar


def _verb(sentence: nodes.Sentence, problems: Problems) -> Verb | None:
    verb, subject = sentence.verb, sentence.subject
    known = VERBS.get(verb.text)
    if known is None:
        hint = foreign.hint_of(foreign.VERBS, verb.text) or did_you_mean(verb.text.lower(), VERBS)
        all_verbs = f"the verbs are {', '.join(VERBS)}"
        problems.error("UNKNOWN_VERB", f"unknown verb {quote(verb.text)}", verb.span, hint or all_verbs)
        return None
    if subject is not None and subject.text != "nic":
        problems.error(
            "UNKNOWN_SUBJECT",
            f"unknown subject {quote(subject.text)}: a rule is about `nic`",
            subject.span,
            f"write `{verb.text} nic when …`",
        )
        return None
    if subject is None and known.subject is Subject.NEEDED:
        message = f"the subject is missing: {quote(verb.text)} looks at each interface"
        problems.error("SUBJECT_MISSING", message, verb.span, f"write `{verb.text} nic when …`")
        return None
    if subject is not None and known.subject is Subject.REFUSED:
        message = f"{quote(verb.text)} looks at all candidates together, so it has no subject"
        problems.error("SUBJECT_NOT_WANTED", message, subject.span, f"write `{verb.text} when count(candidates) > 1`")
        return None
    return known


def _template(located: Located, key: str, scope: Scope, problems: Problems) -> Template:
    scalar = _scalar(located, key, problems)
    return Template(()) if scalar is None else check_message(scalar, scope, problems)


def _code(located: Located, name: str, verb: Verb | None, problems: Problems) -> str:
    found = located.children.get("code")
    if verb is not None and verb.chooses:
        for key in _FINDING_KEYS:
            if key in located.keys:
                message = f"{quote(verb.name)} gives no finding, so {quote(key)} has no use"
                problems.warning(
                    "FINDING_UNUSED",
                    message,
                    located.keys[key],
                    f"only {named(lambda verb: not verb.chooses)} give findings",
                )
        return ""
    if found is None or not isinstance(found.value, str):
        return default_code(name)
    if not _CODE.fullmatch(found.value):
        problems.error(
            "FINDING_CODE",
            f"{quote(found.value)} is not a finding code",
            found.span,
            "capitals, digits and underscores: SEVERAL_INTERFACES",
        )
    return found.value


def default_code(name: str) -> str:
    """Return the code of the findings of a rule that gives none."""
    return re.sub(r"[^A-Z0-9]", "_", name.upper())


def _severity(located: Located, verb: Verb, problems: Problems) -> Severity:
    found = located.children.get("severity")
    if verb.decides:
        if found is not None and not verb.chooses:
            message = f"the finding of {quote(verb.name)} is always an error"
            problems.warning("FINDING_UNUSED", message, found.span, "leave `severity` out")
        return Severity.ERROR
    return Severity(str(found.value)) if found is not None and found.value in list(Severity) else Severity.WARNING
