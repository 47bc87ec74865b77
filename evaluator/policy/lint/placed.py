"""A checked rule with its place in the policy file, for the checks of this package."""

from __future__ import annotations

from msgspec import Struct

from evaluator.base.source import Span
from evaluator.policy.language.program import Rule


class PlacedRule(Struct, frozen=True):
    """A checked rule and its sentence's span; `has_own_finding` is true if the rule has a code, message or hint."""

    rule: Rule
    span: Span
    has_own_finding: bool = False
