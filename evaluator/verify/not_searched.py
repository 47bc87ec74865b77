"""The words whose values the search of small hosts does not enumerate.

If a policy or a claim reads such a word, the search can miss a counterexample. Then the verdict "true for every small
host" could be wrong. So the verdict is that the property is undecided.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping

from evaluator.policy.language.checked import Condition, Constant, ListOf, ParameterValue, Read, Related, walk
from evaluator.policy.language.environment import Value
from evaluator.policy.language.program import Program
from evaluator.policy.language.types import Base
from evaluator.verify.claim import check_claim
from evaluator.verify.property import Claim, Unchanged
from evaluator.verify.search import statements_space

_FIXED = (Base.NIC, "name")  # the small hosts have one name for each interface, whatever the conditions compare it with


def words_not_searched(
    program: Program, statements: Iterable[Claim | Unchanged], parameters: Mapping[str, Value]
) -> tuple[str, ...]:
    """Return the words of the deciding rules and claims whose values the search does not enumerate, sorted."""
    statements = tuple(statements)
    known = {one.name for one in program.parameters}
    given = {name: value for name, value in parameters.items() if name in known}
    words = set(statements_space(program, statements, given).left_out)
    conditions = [rule.condition for rule in program.rules if rule.verb.decides]
    conditions += [check_claim(claim, program) for claim in statements if isinstance(claim, Claim)]
    if any(map(_compares_name, conditions)):
        words.add("nic.name")
    return tuple(sorted(words))


def _compares_name(condition: Condition) -> bool:
    return any(isinstance(node, Related) and any(_sides(node)) for node in walk(condition))


def _sides(node: Related) -> Iterator[bool]:
    """Yield for each side of a comparison whether it is `nic.name` and the other side is a text of the policy."""
    for side, other in ((node.left, node.right), (node.right, node.left)):
        is_name = isinstance(side, Read) and side.key == _FIXED
        yield is_name and isinstance(other, Constant | ListOf | ParameterValue)
