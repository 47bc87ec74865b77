"""Formulas as SMT-LIB 2.6 texts, the language of all SMT solvers.

A formula is a text, so the proof of a property can be printed, read, and checked with another solver. The functions
simplify only constants (`true`, `false`), and connectives with one operand.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence

Formula = str
Variable = tuple[str, str]  # the name and the sort
TRUE, FALSE = "true", "false"


def apply(function: str, *arguments: str) -> Formula:
    """Return the application of a function; a constant has no arguments."""
    return f"({function} {' '.join(arguments)})" if arguments else function


def conjunction(formulas: Iterable[Formula]) -> Formula:
    """Return the conjunction of some formulas. Without formulas, return `true`."""
    parts = [formula for formula in formulas if formula != TRUE]
    if FALSE in parts:
        return FALSE
    return apply("and", *parts) if len(parts) > 1 else "".join(parts) or TRUE


def disjunction(formulas: Iterable[Formula]) -> Formula:
    """Return the disjunction of some formulas. Without formulas, return `false`."""
    parts = [formula for formula in formulas if formula != FALSE]
    if TRUE in parts:
        return TRUE
    return apply("or", *parts) if len(parts) > 1 else "".join(parts) or FALSE


def negation(formula: Formula) -> Formula:
    """Return the negation of a formula."""
    if formula in (TRUE, FALSE):
        return FALSE if formula == TRUE else TRUE
    return apply("not", formula)


def implication(premise: Formula, conclusion: Formula) -> Formula:
    """Return the implication `premise → conclusion`."""
    if TRUE in (premise, conclusion):
        return conclusion
    return TRUE if premise == FALSE else apply("=>", premise, conclusion)


def equal(left: str, right: str) -> Formula:
    """Return the equality of two terms, or the equivalence of two formulas."""
    return TRUE if left == right else apply("=", left, right)


def distinct(terms: Sequence[str]) -> Formula:
    """Return the formula that is true if all terms are different."""
    return apply("distinct", *terms) if len(terms) > 1 else TRUE


def exists(variables: Sequence[Variable], body: Formula) -> Formula:
    """Return `∃ variables: body`. All sorts have at least one element."""
    return _quantified("exists", variables, body)


def forall(variables: Sequence[Variable], body: Formula) -> Formula:
    """Return `∀ variables: body`. All sorts have at least one element."""
    return _quantified("forall", variables, body)


def _quantified(quantifier: str, variables: Sequence[Variable], body: Formula) -> Formula:
    if not variables or body in (TRUE, FALSE):
        return body
    return f"({quantifier} ({' '.join(f'({name} {sort})' for name, sort in variables)}) {body})"
