"""A rule of a policy and its place, as the checks of several rules get it."""

from __future__ import annotations

from msgspec import Struct

from evaluator.base.source import Span
from evaluator.policy.language.program import Rule


class Placed(Struct, frozen=True):
    """A checked rule and the place of its sentence; it `has_own_finding` if it gives a code, message or hint."""

    rule: Rule
    span: Span
    has_own_finding: bool = False
