"""Finds whether a condition can depend on other addresses than host addresses.

An interface can own other addresses than the host addresses. These other addresses cannot change the condition
`nic.addresses overlaps host.addresses`, or the condition `some a in nic.addresses satisfies a = host.first_address`.
Most policies compare addresses only in these ways. So the search of small hosts needs no other addresses for these
policies, and decides far fewer hosts.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from evaluator.policy.language.checked import (
    AllOf,
    Condition,
    Expression,
    Quantified,
    Quantifier,
    Read,
    Relate,
    Related,
    Variable,
)
from evaluator.verify.uncovered import OF_HOST, OF_INTERFACE, title


def reads_other_addresses(nodes: Sequence[Condition | Expression]) -> bool:
    """Return whether an address that is not a host address can change one of these conditions."""
    reads = sum(_is_of_interface(node) for node in nodes)
    return reads > sum(sum(1 for _ in _unaffected(node)) for node in nodes)


def _unaffected(node: Condition | Expression) -> Iterator[Expression]:
    """Yield the address lists of an interface that can have other addresses without an effect on the condition.

    For example, in `nic.addresses overlaps host.addresses`, an address that is not a host address has no effect. So
    `nic.addresses` is yielded.
    """
    match node:
        case Related(left=left, relation=Relate.OVERLAPS, right=right):
            yield from (one for one, other in ((left, right), (right, left)) if _only_of_host(one, other))
        case Related(left=left, relation=Relate.IN | Relate.WITHIN, right=right) if _only_of_host(right, left):
            yield right
        case Quantified(quantifier=Quantifier.SOME | Quantifier.NO, variable=variable, domain=domain, body=body):
            parts = body.conditions if isinstance(body, AllOf) else (body,)
            if _is_of_interface(domain) and any(_is_host_address(variable, part) for part in parts):
                yield domain
        case _:
            pass


def _only_of_host(one: Expression, other: Expression) -> bool:
    return _is_of_interface(one) and _is_of_host(other)


def _is_host_address(variable: Variable, part: Condition) -> bool:
    """Return whether a condition is only true if the variable is a host address."""
    if not isinstance(part, Related) or part.negated or part.relation not in (Relate.EQUAL, Relate.IN):
        return False
    return any(
        one == variable and _is_of_host(other) for one, other in ((part.left, part.right), (part.right, part.left))
    )


def _is_of_interface(node: Condition | Expression) -> bool:
    return isinstance(node, Read) and title(node) in OF_INTERFACE


def _is_of_host(node: Expression) -> bool:
    return isinstance(node, Read) and title(node) in OF_HOST
