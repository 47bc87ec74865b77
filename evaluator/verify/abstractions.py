"""The words that the proofs do not model exactly.

For example, the solver does not know which addresses the networks of `nic.routes` contain. A proof is still right,
because it is right for all possible networks. But some properties are true only because of the addresses that these
networks really contain. For such a property, no proof is found. So these words are named with each result. The table in
docs/verify.md has all words.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping

from evaluator.base.text import quote
from evaluator.policy.language.checked import (
    Condition,
    Constant,
    Expression,
    ListOf,
    ParameterValue,
    Read,
    Relate,
    Related,
    RouteTo,
    walk,
)
from evaluator.policy.language.environment import Value
from evaluator.policy.language.program import Program
from evaluator.policy.language.types import Base
from evaluator.verify.claim import check_claim
from evaluator.verify.property import Claim, Statement

_ORDERS = (Relate.LESS, Relate.AT_MOST, Relate.MORE, Relate.AT_LEAST)


def abstracted_words(program: Program, statement: Statement, parameters: Mapping[str, Value]) -> tuple[str, ...]:
    """Return a sentence for each word that the proofs do not model exactly.

    The words are those of the deciding rules and of the claim.
    """
    conditions = [rule.condition for rule in program.rules if rule.verb.decides]
    if isinstance(statement, Claim):
        conditions.append(check_claim(statement, program))
    return tuple(dict.fromkeys(_sentences(conditions, parameters)))


def _sentences(conditions: Iterable[Condition], parameters: Mapping[str, Value]) -> Iterator[str]:
    for node in (part for condition in conditions for part in walk(condition)):
        match node:
            case Read() if node.word.type.base is Base.CIDR:
                yield f"the solver does not know which addresses the networks in {quote(node.word.shown)} contain"
            case RouteTo():
                yield "the solver does not know which interfaces with a route to the address are in `route_to(…)`"
            case ParameterValue() if node.type.base is Base.CIDR and node.name not in parameters:
                yield f"the solver does not know the networks in the parameter {quote(node.name)}"
            case Related(relation=Relate.LIKE, right=right):
                yield from _patterns(right)
            case Related(left=left, relation=relation) if relation in _ORDERS and left.type.base is Base.TEXT:
                yield f"the solver does not know the order of the texts in {quote(node.text)}"


def _patterns(node: Expression) -> Iterator[str]:
    """Yield a sentence about each pattern of a comparison, unless the pattern is written in the policy."""
    if isinstance(node, ParameterValue):
        yield f"the solver does not know which texts the patterns in the parameter {quote(node.name)} match"
    elif not isinstance(node, Constant | ListOf):
        yield f"the solver does not know which texts the patterns in {quote(node.text)} match"
    elif isinstance(node, ListOf):
        for operand in node.operands:
            yield from _patterns(operand)
