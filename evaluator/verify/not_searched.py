"""The words whose values the search of small hosts does not enumerate.

If a policy or a claim reads such a word, the search can miss a counterexample. Then the verdict "true for every small
host" could be wrong. So the verdict is that the property is undecided.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from evaluator.policy.language.environment import Value
from evaluator.policy.language.program import Program
from evaluator.verify.property import Claim, Unchanged
from evaluator.verify.search import statements_space


def words_not_searched(
    program: Program, statements: Iterable[Claim | Unchanged], parameters: Mapping[str, Value]
) -> tuple[str, ...]:
    """Return the words of the deciding rules and claims, except words whose values the search enumerates. Sorted."""
    known = {one.name for one in program.parameters}
    given = {name: value for name, value in parameters.items() if name in known}
    return statements_space(program, statements, given).left_out
