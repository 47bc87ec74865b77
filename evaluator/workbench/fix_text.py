"""Applies the fixes of a policy's diagnostics to its text.

The checker creates a fix without knowing the rest of the text. So each fix is tried before it is used: the fixed text
is checked again. The fix is refused if the fixed text still has the problem, or if a valid policy becomes invalid or
gets another meaning.

First, all fixes that do not overlap are tried together. In most texts, none of these fixes is refused. Otherwise
smaller groups of fixes are tried. The check of the fixed text can give new fixes. They are tried in the same way, until
no more fix can be applied. So a second run changes nothing. Bytes outside the edits stay the same.

Only one safe fix may change the meaning of a valid policy: `nic.name = "virbr*"` becomes `nic.name like "virbr*"`.
Without the fix, the condition means an interface whose name contains a star. No host has such an interface, so the
author meant the glob.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable, Sequence

from msgspec import Struct

from evaluator.base.diagnostic import Diagnostic
from evaluator.base.fix import Fix, Location, Safety, applied
from evaluator.policy.language.program import Program
from evaluator.workbench.check_text import Checked
from evaluator.workbench.raw_text import in_raw

SAFE = frozenset({Safety.SAFE})
ALL = frozenset(Safety)
_CHANGES_MEANING = frozenset({"GLOB_NOT_USED"})
_NAMES = frozenset({"UNKNOWN_WORD", "UNKNOWN_STATE", "UNKNOWN_FUNCTION", "BAD_LITERAL"})
_MISFITS = frozenset({"WRONG_TYPE", "WRONG_ARGUMENTS", "BAD_LITERAL", "LIST_HAS_NO_FIELD"})
_MOST_ROUNDS = 200
Check = Callable[[str], Checked]
_Kind = tuple[str, str, str]
_Chosen = tuple[Diagnostic, Fix]


class Fixed(Struct, frozen=True):
    """A text after its fixes, the applied fixes in order, and the result of a new check of the text."""

    text: str
    fixes: tuple[Fix, ...]
    checked: Checked


def fix_text(before: Checked, check: Check, allowed: frozenset[Safety] = SAFE) -> Fixed:
    """Return the text of a policy after all fixes whose safety is in `allowed`.

    `check` checks a changed text as if it were the text of the policy.
    """
    state = Fixed("" if before.source is None else before.source.text, (), before)
    fixer = _Fixer(check, state.text)
    for _ in range(_MOST_ROUNDS):
        chosen = [one for one in _allowed(state.checked, allowed) if _key(one) not in fixer.refused]
        next_state = fixer.improved(state, _separate(chosen)) if chosen else None
        if next_state is None:
            break
        state = next_state
    return state


class _Fixer:
    """Tries fixes. `refused` are the keys of the fixes that were refused when each was tried alone."""

    def __init__(self, check: Check, text: str) -> None:
        self._check = check
        self._seen = {text}
        self.refused: set[tuple[str, ...]] = set()

    def improved(self, state: Fixed, chosen: Sequence[_Chosen]) -> Fixed | None:
        """Return the text after as many fixes as possible; None if all fixes are refused.

        If the fixes are refused together, each half of the fixes is tried. So a few bad fixes cost only a few checks.
        """
        after = self._try(state, chosen)
        if after is not None or len(chosen) == 1:
            self.refused.update(map(_key, chosen) if after is None else ())
            return after
        half = len(chosen) // 2
        return self.improved(state, chosen[:half]) or self.improved(state, chosen[half:])

    def _try(self, state: Fixed, chosen: Sequence[_Chosen]) -> Fixed | None:
        edits = sorted((edit for _, fix in chosen for edit in fix.edits), key=lambda edit: edit.start)
        text = applied(state.text, tuple(in_raw(state.text, edits)))
        if text in self._seen:
            return None
        after = self._check(text)
        if not _is_accepted(state.checked, after, chosen):
            return None
        self._seen.add(text)
        return Fixed(text, (*state.fixes, *(fix for _, fix in chosen)), after)


def _allowed(checked: Checked, allowed: frozenset[Safety]) -> Iterable[_Chosen]:
    """Yield the first allowed fix of each diagnostic, in the order of the text."""
    last: Diagnostic | None = None
    for problem, fix in checked.own_fixes:
        if fix.safety in allowed and problem is not last:
            last = problem
            yield problem, fix


def _key(chosen: _Chosen) -> tuple[str, ...]:
    problem, fix = chosen
    return problem.code, problem.message, problem.excerpt, fix.title


def _separate(chosen: Sequence[_Chosen]) -> list[_Chosen]:
    """Return the fixes that neither overlap nor touch a previous fix."""
    separate: list[_Chosen] = []
    used: list[tuple[int, int]] = []
    for one in chosen:
        ranges = [(edit.start, edit.end) for edit in one[1].edits]
        if all(end < first or last < start for start, end in ranges for first, last in used):
            separate.append(one)
            used += ranges
    return separate


def _is_accepted(before: Checked, after: Checked, chosen: Sequence[_Chosen]) -> bool:
    problems = [problem for problem, _ in chosen]
    if before.policy is not None:
        return after.policy is not None and (
            any(problem.code in _CHANGES_MEANING for problem in problems)
            or any(fix.safety is Safety.UNSAFE for _, fix in chosen)
            or means_the_same(before.policy.program, after.policy.program)
        )
    counts, now = _counts(before), _counts(after)
    if _is_yaml_mistake(problems):
        return _first(after) > _first(before)
    is_gone = all(now[_kind(problem)] < counts[_kind(problem)] for problem in problems)
    breaks_yaml = any(code == "YAML_SYNTAX" for code, *_ in now - counts)
    return is_gone and not breaks_yaml and not _misfits(counts, after, problems)


def _misfits(known: Counter[_Kind], after: Checked, problems: Sequence[Diagnostic]) -> bool:
    """Return whether a fix replaced a name by a name that cannot be used at this place."""
    if not any(problem.code in _NAMES for problem in problems):
        return False
    new = [problem for problem in after.diagnostics if problem.code in _MISFITS and not known[_kind(problem)]]
    if len(problems) > 1:
        return bool(new)
    return any(_contains(problem.location, problems[0].location) for problem in new)


def _contains(outer: Location | None, inner: Location | None) -> bool:
    return outer is not None and inner is not None and outer.start <= inner.start <= outer.end


def _is_yaml_mistake(problems: Sequence[Diagnostic]) -> bool:
    return any(problem.code == "YAML_SYNTAX" for problem in problems)


def _first(checked: Checked) -> tuple[bool, int]:
    """Return a sort key: the offset up to which the YAML parser has read the text. It stops at the first mistake."""
    mistakes = [problem.order for problem in checked.diagnostics if problem.code == "YAML_SYNTAX"]
    return not mistakes, min(mistakes, default=0)


def _counts(checked: Checked) -> Counter[_Kind]:
    return Counter(_kind(problem) for problem in checked.diagnostics)


def _kind(problem: Diagnostic) -> _Kind:
    """Return the code, message and line of a problem. The column is left out, because a fix can move other problems."""
    return problem.code, problem.message, problem.place.rsplit(":", 1)[0]


def means_the_same(one: Program, other: Program) -> bool:
    """Return whether two policies have the same rules, parameters and findings. Places and layout are ignored."""
    return _meaning(one) == _meaning(other)


def _meaning(program: Program) -> object:
    rules = [
        (rule.name, rule.verb_name, rule.has_subject, rule.condition, rule.code, rule.severity, rule.message, rule.hint)
        for rule in program.rules
    ]
    return program.name, program.description, program.parameters, rules
